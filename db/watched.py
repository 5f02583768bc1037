"""What happened to certain papers: new versions, withdrawals, questions about their numbers, verdicts against them.

Papers are found by what a bibliography says of them: an arXiv identifier or a DOI; by title `db.search` finds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from db.schema import change, finding, paper, processing
from db.views import verdicts

MOST_NAMES = 500
"""Names in one statement."""
STANDING = ("new", "confirmed")
"""States of findings that no person has settled."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a paper."""

    seen_at: datetime
    """When the corpus came to know of it (UTC)."""
    arxiv_id: str
    what: str
    """new version, withdrawn, number changed, question, finding, or not reproduced."""
    detail: str


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """One version of a paper whose full text was read."""

    arxiv_id: str
    number: int
    first_read_at: datetime
    """UTC."""


def titles(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, str]:
    """Titles of those of the papers that are in the corpus."""
    columns = select(paper.c.arxiv_id, paper.c.title)
    return {
        row.arxiv_id: row.title
        for part in _parts(arxiv_ids)
        for row in connection.execute(columns.where(paper.c.arxiv_id.in_(part)))
    }


def papers_by_doi(connection: Connection, dois: Collection[str]) -> dict[str, str]:
    """Papers that state one of the DOIs, by the DOI in lower case."""
    stated = func.lower(paper.c.doi)
    columns = select(stated.label("doi"), paper.c.arxiv_id).order_by(paper.c.id)
    return {
        row.doi: row.arxiv_id
        for part in _parts({doi.lower() for doi in dois})
        for row in connection.execute(columns.where(stated.in_(part)))
    }


def happenings(connection: Connection, arxiv_ids: Collection[str]) -> list[Happening]:
    """All that the corpus knows to have happened to papers, oldest first, numbers between versions apart."""
    found = [*_new_versions(connection, arxiv_ids), *_withdrawals(connection, arxiv_ids)]
    found += [*_findings(connection, set(arxiv_ids)), *_refutations(connection, set(arxiv_ids))]
    return sorted(found, key=lambda one: (one.seen_at, one.arxiv_id, one.what, one.detail))


def read_versions(connection: Connection, arxiv_ids: Collection[str]) -> list[ReadVersion]:
    """The versions of papers whose full text was read, of each paper ascending."""
    number, first = processing.c.version, func.min(processing.c.at)
    query = (
        select(paper.c.arxiv_id, number, first)
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(processing.c.stage == "extract", processing.c.outcome == "done")
        .group_by(paper.c.arxiv_id, number)
        .order_by(paper.c.arxiv_id, number)
    )
    return [
        ReadVersion(*row)
        for part in _parts(arxiv_ids)
        for row in connection.execute(query.where(paper.c.arxiv_id.in_(part)))
    ]


def _parts(names: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(names)
    for start in range(0, len(ordered), MOST_NAMES):
        yield ordered[start : start + MOST_NAMES]


def _new_versions(connection: Connection, arxiv_ids: Collection[str]) -> Iterator[Happening]:
    query = select(change.c.seen_at, paper.c.arxiv_id, change.c.before, change.c.after).join(
        paper, paper.c.id == change.c.paper_id
    )
    for part in _parts(arxiv_ids):
        for row in connection.execute(query.where(change.c.field == "version", paper.c.arxiv_id.in_(part))):
            yield Happening(row.seen_at, row.arxiv_id, "new version", f"v{row.after} follows v{row.before}")


def _withdrawals(connection: Connection, arxiv_ids: Collection[str]) -> Iterator[Happening]:
    """Papers that are withdrawn now; those that no harvest saw otherwise count from the first one."""
    seen = (
        select(func.max(change.c.seen_at))
        .where(change.c.paper_id == paper.c.id, change.c.field == "withdrawn")
        .correlate(paper)
        .scalar_subquery()
    )
    query = select(func.coalesce(seen, paper.c.added_at), paper.c.arxiv_id, paper.c.comments).where(paper.c.withdrawn)
    for part in _parts(arxiv_ids):
        for at, arxiv_id, comments in connection.execute(query.where(paper.c.arxiv_id.in_(part))):
            yield Happening(at, arxiv_id, "withdrawn", comments or "arXiv says no more")


def _findings(connection: Connection, arxiv_ids: Collection[str]) -> Iterator[Happening]:
    query = select(finding.c.first_seen_at, finding.c.level, finding.c.sentence, finding.c.papers).where(
        finding.c.gone_at.is_(None), finding.c.state.in_(STANDING)
    )
    for row in connection.execute(query):
        for arxiv_id in sorted(set(row.papers).intersection(arxiv_ids)):
            yield Happening(row.first_seen_at, arxiv_id, row.level, row.sentence)


def _refutations(connection: Connection, arxiv_ids: Collection[str]) -> Iterator[Happening]:
    frame = verdicts(connection)
    whole = frame[(frame["part"] == "whole") & (frame["label"] == "not_reproduced")]
    for row in whole[whole["arxiv_id"].isin(list(arxiv_ids))].to_dict("records"):
        at = row["at"].to_pydatetime()
        yield Happening(at, row["arxiv_id"], "not reproduced", f"{row['claim_id']}: {row['title']}")
