"""What is new in the corpus since a moment: the numbers of the nightly digest, and what of it a reader wants to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from db.readings import newest_relevance
from db.schema import change, finding, paper


@dataclass(frozen=True, slots=True)
class News:
    """What came since a moment."""

    new: int
    """Papers that were not there."""
    changed: int
    """Papers that were there and are different."""
    withdrawn: int
    """Papers that arXiv has called withdrawn since."""
    relevant: tuple[tuple[str, str], ...]
    """Identifier and title of each core paper that is new or different, newest first."""
    contradictions: tuple[tuple[str, str], ...]
    """State and sentence of each contradiction that was not seen before."""


def news(connection: Connection, since: datetime) -> News:
    """What came since a moment (UTC, included)."""
    total = select(func.count()).select_from(paper)
    relevance = newest_relevance().subquery()
    withdrawn = select(func.count(change.c.paper_id.distinct())).where(
        change.c.field == "withdrawn", change.c.after == "True", change.c.seen_at >= since
    )
    core = (
        select(paper.c.arxiv_id, paper.c.title)
        .join(relevance, relevance.c.paper_id == paper.c.id)
        .where(relevance.c.relevance == "core", paper.c.changed_at >= since)
        .order_by(paper.c.submitted.desc(), paper.c.arxiv_id)
    )
    contradictions = (
        select(finding.c.state, finding.c.sentence)
        .where(finding.c.rule == "contradiction", finding.c.first_seen_at >= since, finding.c.gone_at.is_(None))
        .order_by(finding.c.size.desc(), finding.c.id)
    )
    return News(
        new=connection.execute(total.where(paper.c.added_at >= since)).scalar_one(),
        changed=connection.execute(total.where(paper.c.added_at < since, paper.c.changed_at >= since)).scalar_one(),
        withdrawn=connection.execute(withdrawn).scalar_one(),
        relevant=tuple((row.arxiv_id, row.title) for row in connection.execute(core)),
        contradictions=tuple((row.state, row.sentence) for row in connection.execute(contradictions)),
    )
