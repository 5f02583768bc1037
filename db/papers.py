"""What a harvest stores of papers: metadata, versions, authors, categories, and what changed.

Storing a record that is already there as it is writes nothing, so that a harvest can be repeated at will. A record
older than the one stored is left out: a cached answer must not undo a newer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from db.records import PaperRecord, Unread
from db.schema import author, category, change, paper, unread, version

_CHUNK = 400
"""Identifiers in one query; SQLite takes some 32,000 parameters, older ones 999."""


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """What storing records did."""

    added: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class _Stored:
    """A paper as it stands in the database, in the shape in which a record is compared with it."""

    id: int
    columns: Mapping[str, Any]
    lists: Mapping[str, tuple[Any, ...]]


_SCALARS = (
    "title",
    "abstract",
    "submitted",
    "updated",
    "version",
    "primary_category",
    "submitter",
    "comments",
    "journal_ref",
    "report_number",
    "doi",
    "license",
    "withdrawn",
    "synthetic",
)
_LISTS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "versions": (version, ("number", "submitted", "size", "source_type")),
    "authors": (author, ("position", "name")),
    "categories": (category, ("position", "name")),
}


def store_papers(
    connection: Connection, records: Iterable[PaperRecord], *, run_id: int | None, now: datetime
) -> StoredCounts:
    """Add new papers and bring known ones up to date; each difference becomes a row of ``change``.

    A datestamp alone is no difference: arXiv re-stamps records in bulk.
    """
    newest = {record.arxiv_id: record for record in sorted(records, key=_age)}
    stored = _stored(connection, list(newest))
    added = [record for record in newest.values() if record.arxiv_id not in stored]
    changed = same = 0
    for record in newest.values():
        if record.arxiv_id in stored:
            if _bring_up_to_date(connection, record, stored[record.arxiv_id], run_id, now):
                changed += 1
            else:
                same += 1
    _add(connection, added, now)
    _forget_unread(connection, newest)
    return StoredCounts(len(added), changed, same)


def mark_deleted(connection: Connection, arxiv_ids: Iterable[str], *, run_id: int | None, now: datetime) -> int:
    """Mark papers that arXiv calls deleted as withdrawn; return how many were not so before."""
    marked = 0
    for part in _chunks(list(arxiv_ids)):
        present = select(paper.c.id).where(paper.c.arxiv_id.in_(part), paper.c.withdrawn.is_(False))
        ids = connection.scalars(present).all()
        connection.execute(update(paper).where(paper.c.id.in_(ids)).values(withdrawn=True, changed_at=now))
        for paper_id in ids:
            _write_changes(connection, paper_id, [("withdrawn", "False", "True")], run_id, now)
        marked += len(ids)
    return marked


def store_unread_records(connection: Connection, records: Iterable[Unread], *, now: datetime) -> None:
    """Keep what of a page could not be read; each locator and reason once."""
    found = {(item.kind, item.locator, item.reason): item for item in records}
    locators = [item.locator for item in found.values()]
    known = {
        tuple(row)
        for part in _chunks(locators)
        for row in connection.execute(
            select(unread.c.kind, unread.c.locator, unread.c.reason).where(unread.c.locator.in_(part))
        )
    }
    for key, item in found.items():
        if key not in known:
            connection.execute(
                insert(unread).values(kind=item.kind, locator=item.locator, reason=item.reason, seen_at=now)
            )


def _age(record: PaperRecord) -> tuple[str, int]:
    return (record.datestamp.isoformat() if record.datestamp else "", record.version)


def _columns(record: PaperRecord) -> dict[str, Any]:
    columns = {name: getattr(record, name) for name in _SCALARS if name != "primary_category"}
    return {**columns, "primary_category": record.categories[0]}


def _lists(record: PaperRecord) -> dict[str, tuple[Any, ...]]:
    return {
        "versions": tuple((item.number, item.submitted, item.size, item.source_type) for item in record.versions),
        "authors": tuple(enumerate(record.authors)),
        "categories": tuple(enumerate(record.categories)),
    }


def _stored(connection: Connection, arxiv_ids: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for part in _chunks(arxiv_ids):
        rows = connection.execute(select(paper).where(paper.c.arxiv_id.in_(part))).mappings().all()
        ids = [row["id"] for row in rows]
        lists = {name: _stored_list(connection, table, columns, ids) for name, (table, columns) in _LISTS.items()}
        for row in rows:
            mine = {name: tuple(items.get(row["id"], ())) for name, items in lists.items()}
            found[row["arxiv_id"]] = _Stored(row["id"], {str(name): value for name, value in row.items()}, mine)
    return found


def _stored_list(
    connection: Connection, table: Table, columns: Sequence[str], paper_ids: Sequence[int]
) -> dict[int, list[tuple[Any, ...]]]:
    items: dict[int, list[tuple[Any, ...]]] = {}
    query = select(table.c.paper_id, *(table.c[name] for name in columns)).where(table.c.paper_id.in_(paper_ids))
    for paper_id, *values in connection.execute(query.order_by(table.c.paper_id, table.c[columns[0]])):
        items.setdefault(paper_id, []).append(tuple(values))
    return items


def _add(connection: Connection, records: Sequence[PaperRecord], now: datetime) -> None:
    if not records:
        return
    rows = [
        {
            **_columns(record),
            "arxiv_id": record.arxiv_id,
            "datestamp": record.datestamp,
            "added_at": now,
            "changed_at": now,
        }
        for record in records
    ]
    ids = connection.scalars(insert(paper).returning(paper.c.id, sort_by_parameter_order=True), rows).all()
    for name, (table, columns) in _LISTS.items():
        items = [
            {"paper_id": paper_id, **dict(zip(columns, values, strict=True))}
            for paper_id, record in zip(ids, records, strict=True)
            for values in _lists(record)[name]
        ]
        if items:
            connection.execute(insert(table), items)


def _bring_up_to_date(
    connection: Connection, record: PaperRecord, stored: _Stored, run_id: int | None, now: datetime
) -> bool:
    """Write what is different; return whether anything but the datestamp was."""
    before, after = stored.columns, _columns(record)
    if record.version < before["version"]:
        return False
    if record.datestamp and before["datestamp"] and record.datestamp < before["datestamp"]:
        return False
    values: dict[str, Any] = {name: value for name, value in after.items() if value != before[name]}
    changes = [(name, str(before[name]), str(value)) for name, value in values.items()]
    for name, items in _lists(record).items():
        if items != stored.lists[name]:
            _replace_list(connection, name, stored.id, items)
            changes.append((name, _joined(name, stored.lists[name]), _joined(name, items)))
    if changes:
        values["changed_at"] = now
        _write_changes(connection, stored.id, changes, run_id, now)
    if record.datestamp != before["datestamp"]:
        values["datestamp"] = record.datestamp
    if values:
        connection.execute(update(paper).where(paper.c.id == stored.id).values(values))
    return bool(changes)


def _write_changes(
    connection: Connection, paper_id: int, changes: Iterable[tuple[str, str, str]], run_id: int | None, now: datetime
) -> None:
    connection.execute(
        insert(change),
        [
            {"paper_id": paper_id, "run_id": run_id, "seen_at": now, "field": name, "before": before, "after": after}
            for name, before, after in changes
        ],
    )


def _replace_list(connection: Connection, name: str, paper_id: int, items: Sequence[tuple[Any, ...]]) -> None:
    table, columns = _LISTS[name]
    connection.execute(delete(table).where(table.c.paper_id == paper_id))
    if items:
        connection.execute(
            insert(table), [{"paper_id": paper_id, **dict(zip(columns, values, strict=True))} for values in items]
        )


def _joined(name: str, items: Iterable[tuple[Any, ...]]) -> str:
    """A list as the text of a change: ``v1 2020-03-06 05:06:12 1064kb D; …`` or the names."""
    if name == "versions":
        return "; ".join(f"v{number} {submitted} {size} {kind}".rstrip() for number, submitted, size, kind in items)
    return "; ".join(str(item) for _position, item in items)


def _forget_unread(connection: Connection, read: Mapping[str, PaperRecord]) -> None:
    """Drop the unread rows of records that could be read this time."""
    of_harvests = (unread.c.kind == "record", unread.c.paper_id.is_(None))
    known = connection.execute(select(unread.c.id, unread.c.locator).where(*of_harvests)).all()
    gone = [row.id for row in known if row.locator.rpartition(":")[2] in read]
    for part in _chunks(gone):
        connection.execute(delete(unread).where(unread.c.id.in_(part)))


def _chunks(items: Sequence[Any]) -> Iterable[list[Any]]:
    return (list(items[start : start + _CHUNK]) for start in range(0, len(items), _CHUNK))
