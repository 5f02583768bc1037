"""Which full texts are wanted and what came of asking for them.

Wanted are the newest versions of papers that the tagger calls core. An outcome is settled unless it is ``failed``:
arXiv is not asked again for that version.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, or_, select, update

from db.readings import newest_relevance
from db.records import FetchedDocument
from db.schema import document, paper, version

_LACKING = ("no_source", "encrypted", "too_large")
"""Outcomes after which another form of the full text is asked for."""
_ON_ARXIV = ~paper.c.arxiv_id.contains(":")
"""An imported paper that is not on arXiv is called ``source:name``."""


@dataclass(frozen=True, slots=True)
class WantedDocument:
    """A paper's newest version, whose full text is wanted."""

    paper_id: int
    arxiv_id: str
    version: int
    withdrawn: bool
    source_type: str
    """arXiv's flags of the version."""


def wanted_documents(connection: Connection, kind: str, limit: int | None = None) -> list[WantedDocument]:
    """Core papers, not withdrawn, whose newest version has no settled document of the kind; newest first."""
    relevance = newest_relevance().subquery()
    query = (
        _newest_versions()
        .outerjoin(document, _document_of_newest(kind))
        .where(
            paper.c.id.in_(select(relevance.c.paper_id).where(relevance.c.relevance == "core")),
            paper.c.withdrawn.is_(False),
            _ON_ARXIV,
            or_(document.c.id.is_(None), document.c.outcome == "failed"),
        )
        .order_by(paper.c.submitted.desc(), paper.c.id.desc())
        .limit(limit)
    )
    return _wanted(connection, query)


def wanted_instead(
    connection: Connection, kind: str, lacking: Sequence[str], arxiv_ids: Sequence[str] | None = None
) -> list[WantedDocument]:
    """Papers, not withdrawn, whose newest version arXiv cannot give in some forms and was not asked for in this one.

    Newest first; core papers, or the given ones.
    """
    query = _newest_versions().where(
        paper.c.withdrawn.is_(False), _ON_ARXIV, ~_has(kind, document.c.outcome != "failed")
    )
    for form in lacking:
        query = query.where(_has(form, document.c.outcome.in_(_LACKING)))
    if arxiv_ids is None:
        relevance = newest_relevance().subquery()
        query = query.where(paper.c.id.in_(select(relevance.c.paper_id).where(relevance.c.relevance == "core")))
    else:
        query = query.where(paper.c.arxiv_id.in_(arxiv_ids))
    return _wanted(connection, query.order_by(paper.c.submitted.desc(), paper.c.id.desc()))


def _has(kind: str, condition: Any) -> Any:
    """That there is a document of a kind of the newest version for which a condition holds."""
    return select(document.c.id).where(_document_of_newest(kind), condition).correlate(paper).exists()


def documents_of(connection: Connection, arxiv_ids: Sequence[str]) -> list[WantedDocument]:
    """The newest versions of the given papers, in the order given; unknown papers are left out."""
    found = {
        item.arxiv_id: item for item in _wanted(connection, _newest_versions().where(paper.c.arxiv_id.in_(arxiv_ids)))
    }
    return [found[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in found]


def settled(connection: Connection, paper_ids: Collection[int], kind: str) -> set[int]:
    """Those of the papers whose newest version has a settled document of the kind."""
    query = (
        select(paper.c.id)
        .join(document, _document_of_newest(kind))
        .where(paper.c.id.in_(paper_ids), document.c.outcome != "failed")
    )
    return set(connection.scalars(query))


def store_document(connection: Connection, paper_id: int, number: int, fetched: FetchedDocument) -> None:
    """Write the outcome for one version; it takes the place of an earlier one."""
    key = and_(document.c.paper_id == paper_id, document.c.version == number, document.c.kind == fetched.kind)
    values = asdict(fetched)
    if connection.execute(select(document.c.id).where(key)).first():
        connection.execute(update(document).where(key).values(values))
    else:
        connection.execute(insert(document).values(paper_id=paper_id, version=number, **values))


def _newest_versions() -> Select[Any]:
    return select(paper.c.id, paper.c.arxiv_id, paper.c.version, paper.c.withdrawn, version.c.source_type).join(
        version, and_(version.c.paper_id == paper.c.id, version.c.number == paper.c.version)
    )


def _document_of_newest(kind: str) -> Any:
    return and_(document.c.paper_id == paper.c.id, document.c.version == paper.c.version, document.c.kind == kind)


def _wanted(connection: Connection, query: Select[Any]) -> list[WantedDocument]:
    return [WantedDocument(*row) for row in connection.execute(query)]
