"""The corpus as it was: takes everything that came after a moment out of a copy of the database.

Rows carry the time at which they came, and ``change`` holds what a harvest overwrote, so that the past can be restored.
What no row remembers can't be: a reading that was repeated with the same outcome counts from its last time, and what
was unread before a better reader came is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, select, update

from db.findings import FindingState
from db.schema import (
    author,
    category,
    change,
    claim,
    document,
    document_table,
    finding,
    harvest_run,
    label,
    override,
    paper,
    plan,
    processing,
    request,
    run,
    timing,
    unread,
    verdict,
    version,
)
from db.session import DatabaseError

TIMED = (
    (verdict, "at"),
    (timing, "at"),
    (run, "finished_at"),
    (plan, "frozen_at"),
    (claim, "stored_at"),
    (label, "at"),
    (override, "at"),
    (unread, "seen_at"),
    (document, "fetched_at"),
    (finding, "first_seen_at"),
    (request, "at"),
    (harvest_run, "started_at"),
    (processing, "at"),
)
"""Tables with the column that says when a row came, those that others point to last."""
FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "submitted": datetime.fromisoformat,
    "updated": datetime.fromisoformat,
    "version": int,
    "withdrawn": "True".__eq__,
    "synthetic": "True".__eq__,
}
"""Columns of a paper that are no text, and how a change writes them."""
LISTS = {"authors": author, "categories": category}


class BeforeTheCorpusError(DatabaseError):
    """Nothing was in the corpus yet at the moment that was asked for."""


def first_moment(connection: Connection) -> datetime | None:
    """When the first paper came into the corpus (UTC)."""
    return connection.execute(select(func.min(paper.c.added_at))).scalar()


def rewind(connection: Connection, moment: datetime) -> None:
    """Bring a copy of a database back to a moment (UTC, included); raises BeforeTheCorpusError."""
    first = first_moment(connection)
    if first is None or first > moment:
        begins = "it is empty" if first is None else f"its first paper came on {first:%Y-%m-%d}"
        raise BeforeTheCorpusError(f"the corpus held nothing on {moment:%Y-%m-%d}: {begins}")
    _point_tables_to_earlier_readings(connection, moment)
    connection.execute(delete(paper).where(paper.c.added_at > moment))
    _undo_changes(connection, moment)
    for table, column in TIMED:
        connection.execute(delete(table).where(table.c[column] > moment))
    connection.execute(update(finding).where(finding.c.gone_at > moment).values(gone_at=None))
    not_yet = {"state": FindingState.NEW, "reviewer": None, "reviewed_at": None, "note": ""}
    connection.execute(update(finding).where(finding.c.reviewed_at > moment).values(not_yet))


def _point_tables_to_earlier_readings(connection: Connection, moment: datetime) -> None:
    """A table belongs to the newest reading that found it, which may be later than the moment."""
    late = exists().where(processing.c.id == document_table.c.processing_id, processing.c.at > moment)
    newer = processing.alias()
    earlier = (
        select(func.max(processing.c.id))
        .join(newer, newer.c.id == document_table.c.processing_id)
        .where(
            and_(processing.c.paper_id == document_table.c.paper_id, processing.c.version == document_table.c.version),
            processing.c.stage == newer.c.stage,
            processing.c.outcome == "done",
            processing.c.at <= moment,
        )
        .correlate(document_table)
        .scalar_subquery()
    )
    connection.execute(delete(document_table).where(late, earlier.is_(None)))
    connection.execute(update(document_table).where(late).values(processing_id=earlier))


def _undo_changes(connection: Connection, moment: datetime) -> None:
    """Write back what harvests after the moment overwrote, the newest first."""
    later = select(change.c.paper_id, change.c.field, change.c.before).where(change.c.seen_at > moment)
    for paper_id, field, before in connection.execute(later.order_by(change.c.id.desc())).all():
        if field in LISTS:
            rows = [
                {"paper_id": paper_id, "position": position, "name": name}
                for position, name in enumerate(filter(None, before.split("; ")))
            ]
            connection.execute(delete(LISTS[field]).where(LISTS[field].c.paper_id == paper_id))
            if rows:
                connection.execute(insert(LISTS[field]), rows)
        elif field in paper.c:
            value = FROM_TEXT.get(field, str)(before)
            connection.execute(update(paper).where(paper.c.id == paper_id).values({field: value}))
    connection.execute(delete(change).where(change.c.seen_at > moment))
    number = select(paper.c.version).where(paper.c.id == version.c.paper_id).scalar_subquery()
    connection.execute(delete(version).where(version.c.number > number))
    latest = func.coalesce(
        select(func.max(change.c.seen_at)).where(change.c.paper_id == paper.c.id).scalar_subquery(), paper.c.added_at
    )
    connection.execute(update(paper).where(paper.c.changed_at > moment).values(changed_at=latest))
