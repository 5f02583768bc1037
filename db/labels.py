"""A person's answers about papers: relevance, facets, names and claims, which win over what the tagger says.

One answer is all values of one facet by one labeller; giving it again replaces it. Where labellers differ the newest
answer stands. An answer that there is none (an empty facet) is stored as one row with an empty value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, select

from db.records import FACETS, NAMES, VOCABULARY
from db.schema import label, paper, processing, tag

LABEL_FACETS = ("relevance", *FACETS, *NAMES, "claims")
"""What a person can be asked about a paper; a claim's value is its JSON object."""


class LabelError(ValueError):
    """An answer is outside of the vocabulary, or its paper is not in the corpus."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All values of one facet of one paper, as a person gives them."""

    arxiv_id: str
    facet: str
    values: tuple[str, ...]
    """Empty when there is none."""
    labeller: str
    at: datetime
    note: str = ""
    canonical: tuple[str | None, ...] = ()
    """Canonical name of each value in the knowledge base, for names; empty for none at all."""

    def __post_init__(self) -> None:
        if self.facet not in LABEL_FACETS:
            raise LabelError(f"{self.facet!r} is no facet; one of {', '.join(LABEL_FACETS)}")
        allowed = VOCABULARY.get(self.facet)
        for value in self.values:
            if allowed is not None and value not in allowed:
                raise LabelError(f"{value!r} is no value of {self.facet}; one of {', '.join(allowed)}")
            if not value.strip():
                raise LabelError(f"a value of {self.facet} is empty")
        if self.facet == "relevance" and len(self.values) != 1:
            raise LabelError(f"relevance has exactly one value: {', '.join(VOCABULARY['relevance'])}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tagged paper that nobody has labelled."""

    arxiv_id: str
    title: str
    abstract: str
    relevance: str
    """As the tagger says."""
    confidence: float
    """The tagger's score of that relevance, 0..1."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Title and abstract of a paper with the relevance that a person gave it."""

    arxiv_id: str
    title: str
    abstract: str
    relevance: str


def save_answers(connection: Connection, answers: Iterable[Answer]) -> int:
    """Store answers in place of what the same labeller answered before; how many say something new.

    Raises LabelError for a paper that is not in the corpus.
    """
    new = 0
    for answer in answers:
        paper_id = connection.execute(select(paper.c.id).where(paper.c.arxiv_id == answer.arxiv_id)).scalar()
        if paper_id is None:
            raise LabelError(f"{answer.arxiv_id} is not in the corpus; `secateur harvest` brings it")
        same = and_(label.c.paper_id == paper_id, label.c.facet == answer.facet, label.c.labeller == answer.labeller)
        values = list(dict.fromkeys(answer.values)) or [""]
        known = connection.execute(select(label.c.value, label.c.note).where(same).order_by(label.c.id)).all()
        if [tuple(row) for row in known] == [(value, answer.note) for value in values]:
            continue
        connection.execute(delete(label).where(same))
        canonical = dict(zip(answer.values, answer.canonical, strict=False))
        about = {"labeller": answer.labeller, "at": answer.at, "note": answer.note}
        place = {"paper_id": paper_id, "facet": answer.facet}
        rows = [place | about | {"value": value, "canonical": canonical.get(value)} for value in values]
        connection.execute(insert(label), rows)
        new += 1
    return new


def known_papers(connection: Connection, arxiv_ids: Iterable[str]) -> set[str]:
    """Those of the papers that are in the corpus."""
    wanted = set(arxiv_ids)
    return {name for name in connection.scalars(select(paper.c.arxiv_id)) if name in wanted}


def all_answers(connection: Connection) -> list[Answer]:
    """Every answer of every labeller, papers by identifier."""
    rows: dict[tuple[str, str, str], list[Any]] = {}
    query = select(label, paper.c.arxiv_id).join(paper, paper.c.id == label.c.paper_id)
    for row in connection.execute(query.order_by(paper.c.arxiv_id, label.c.labeller, label.c.id)):
        rows.setdefault((row.arxiv_id, row.labeller, row.facet), []).append(row)
    return [
        Answer(
            arxiv_id,
            facet,
            tuple(row.value for row in group if row.value),
            labeller,
            group[0].at,
            group[0].note,
            tuple(row.canonical for row in group if row.value),
        )
        for (arxiv_id, labeller, facet), group in rows.items()
    ]


def standing_labels() -> Select[Any]:
    """Paper id, facet, value, canonical and note of the newest answer to each facet of each paper."""
    rank = (
        func.dense_rank()
        .over(partition_by=(label.c.paper_id, label.c.facet), order_by=(label.c.at.desc(), label.c.labeller))
        .label("rank")
    )
    columns = (label.c.id, label.c.paper_id, label.c.facet, label.c.value, label.c.canonical, label.c.note)
    ranked = select(*columns, rank).subquery()
    return select(*(ranked.c[column.name] for column in columns)).where(ranked.c.rank == 1)


def labelled_texts(connection: Connection) -> list[LabelledText]:
    """Papers whose relevance a person has given, by identifier."""
    standing = standing_labels().subquery()
    query = (
        select(paper.c.arxiv_id, paper.c.title, paper.c.abstract, standing.c.value)
        .join(standing, standing.c.paper_id == paper.c.id)
        .where(standing.c.facet == "relevance")
        .order_by(paper.c.arxiv_id)
    )
    return [LabelledText(*row) for row in connection.execute(query)]


def candidates(connection: Connection, limit: int) -> list[Candidate]:
    """Papers without a person's relevance, those first of which the tagger is least certain."""
    rank = (
        func.row_number()
        .over(partition_by=processing.c.paper_id, order_by=(processing.c.version.desc(), processing.c.id.desc()))
        .label("rank")
    )
    ranked = select(processing.c.id, rank).where(processing.c.stage == "tag", processing.c.outcome == "done").subquery()
    answered = select(label.c.id).where(label.c.paper_id == paper.c.id, label.c.facet == "relevance").exists()
    query = (
        select(paper.c.arxiv_id, paper.c.title, paper.c.abstract, tag.c.value, tag.c.confidence)
        .join(tag, tag.c.paper_id == paper.c.id)
        .join(ranked, ranked.c.id == tag.c.processing_id)
        .where(ranked.c.rank == 1, tag.c.facet == "relevance", ~paper.c.withdrawn, ~answered)
        .order_by(tag.c.confidence, paper.c.id)
        .limit(limit)
    )
    return [Candidate(*row) for row in connection.execute(query)]
