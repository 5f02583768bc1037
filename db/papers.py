"""What a harvest stores of papers: metadata, versions, authors, categories, and what changed.

Storing a record that is already there as it is writes nothing, so that a harvest can be repeated at will. A record
older than the one stored is left out: a cached answer must not undo a newer one. Sources differ in what they state
(the query API knows two versions and no datestamp, the bulk snapshot no sizes); what a source does not state is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from db.bulk import insert_rows
from db.records import PaperRecord, Unread
from db.schema import author, category, change, paper, unread, version
from db.search import indexed_together

_CHUNK = 400
"""Identifiers in one query; SQLite takes some 32,000 parameters, older ones 999."""
_MANY = 1000
"""From so many new papers on, the full-text index is filled at once."""


@dataclass(frozen=True, slots=True)
class StoredCounts:
    """What storing records did."""

    added: int = 0
    changed: int = 0
    same: int = 0


_Items = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A paper as it stands in the database, in the shape in which a record is compared with it."""

    id: int
    datestamp: date | None
    version: int
    scalars: tuple[Any, ...]
    lists: Mapping[str, _Items]


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
_UNSTATED = ("submitter", "report_number", "license", "synthetic")
"""Columns that the query API, whose records have no datestamp, does not know."""
_LISTS: Mapping[str, tuple[Table, tuple[str, ...], Callable[[PaperRecord], _Items]]] = {
    "versions": (
        version,
        ("number", "submitted", "size", "source_type"),
        lambda record: tuple((item.number, item.submitted, item.size, item.source_type) for item in record.versions),
    ),
    "authors": (author, ("position", "name"), lambda record: tuple(enumerate(record.authors))),
    "categories": (category, ("position", "name"), lambda record: tuple(enumerate(record.categories))),
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


def has_papers(connection: Connection) -> bool:
    """Whether the corpus holds any paper."""
    return connection.scalar(select(paper.c.id).limit(1)) is not None


def datestamps(connection: Connection, arxiv_ids: Sequence[str]) -> dict[str, date | None]:
    """The datestamps of those of the papers that are stored; None where only the query API has told of it."""
    found: dict[str, date | None] = {}
    for part in _chunks(arxiv_ids):
        rows = connection.execute(select(paper.c.arxiv_id, paper.c.datestamp).where(paper.c.arxiv_id.in_(part)))
        found.update((arxiv_id, datestamp) for arxiv_id, datestamp in rows)
    return found


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


def _scalars(record: PaperRecord) -> tuple[Any, ...]:
    """The values of _SCALARS."""
    return (
        record.title,
        record.abstract,
        record.submitted,
        record.updated,
        record.version,
        record.categories[0],
        record.submitter,
        record.comments,
        record.journal_ref,
        record.report_number,
        record.doi,
        record.license,
        record.withdrawn,
        record.synthetic,
    )


def _stored(connection: Connection, arxiv_ids: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    columns = [paper.c[name] for name in ("id", "arxiv_id", "datestamp", *_SCALARS)]
    for part in _chunks(arxiv_ids):
        rows = connection.execute(select(*columns).where(paper.c.arxiv_id.in_(part))).all()
        ids = [row[0] for row in rows]
        lists = {name: _stored_list(connection, table, names, ids) for name, (table, names, _of) in _LISTS.items()}
        for paper_id, arxiv_id, datestamp, *scalars in rows:
            mine = {name: tuple(items.get(paper_id, ())) for name, items in lists.items()}
            number = scalars[_SCALARS.index("version")]
            found[arxiv_id] = _Stored(paper_id, datestamp, number, tuple(scalars), mine)
    return found


def _stored_list(
    connection: Connection, table: Table, columns: Sequence[str], paper_ids: Sequence[int]
) -> dict[int, list[tuple[Any, ...]]]:
    items: dict[int, list[tuple[Any, ...]]] = {}
    if not paper_ids:
        return items
    query = select(table.c.paper_id, *(table.c[name] for name in columns)).where(table.c.paper_id.in_(paper_ids))
    for row in connection.execute(query.order_by(table.c.paper_id, table.c[columns[0]])):
        items.setdefault(row[0], []).append(tuple(row[1:]))
    return items


def _add(connection: Connection, records: Sequence[PaperRecord], now: datetime) -> None:
    """Insert papers that are not there yet."""
    names = ("arxiv_id", *_SCALARS, "datestamp", "added_at", "changed_at")
    rows = [(record.arxiv_id, *_scalars(record), record.datestamp, now, now) for record in records]
    if len(rows) < _MANY:
        insert_rows(connection, paper, names, rows)
    else:
        with indexed_together(connection):
            insert_rows(connection, paper, names, rows)
    ids: dict[str, int] = {}
    for part in _chunks([record.arxiv_id for record in records]):
        found = connection.execute(select(paper.c.arxiv_id, paper.c.id).where(paper.c.arxiv_id.in_(part)))
        ids.update((arxiv_id, paper_id) for arxiv_id, paper_id in found)
    for table, columns, items_of in _LISTS.values():
        items = [(ids[record.arxiv_id], *values) for record in records for values in items_of(record)]
        insert_rows(connection, table, ("paper_id", *columns), items)


def _bring_up_to_date(
    connection: Connection, record: PaperRecord, stored: _Stored, run_id: int | None, now: datetime
) -> bool:
    """Write what is different; return whether anything but the datestamp, or what was not stated before, was."""
    if _is_older(record, stored):
        return False
    changes: list[tuple[str, str, str]] = []
    values: dict[str, Any] = {}
    for name, before, after in zip(_SCALARS, stored.scalars, _stated_scalars(record, stored), strict=True):
        if after != before:
            values[name] = after
            changes.append((name, str(before), str(after)))
    for name, items in _stated_lists(record, stored).items():
        if items != stored.lists[name]:
            _replace_list(connection, name, stored.id, items)
            if name != "versions" or not _completes(stored.lists[name], items):
                changes.append((name, _joined(name, stored.lists[name]), _joined(name, items)))
    if record.datestamp and stored.datestamp is None and record.version == stored.version:
        # OAI-PMH's first word on a paper known from the query API alone says more of the same.
        changes = []
    if changes:
        values["changed_at"] = now
        _write_changes(connection, stored.id, changes, run_id, now)
    if record.datestamp and record.datestamp != stored.datestamp:
        values["datestamp"] = record.datestamp
    if values:
        connection.execute(update(paper).where(paper.c.id == stored.id).values(values))
    return bool(changes)


def _is_older(record: PaperRecord, stored: _Stored) -> bool:
    """Whether what is stored is newer, or as new and known better."""
    if record.version < stored.version or stored.datestamp is None:
        return record.version < stored.version
    if record.datestamp is None:
        return record.version == stored.version
    return record.datestamp < stored.datestamp


def _stated_scalars(record: PaperRecord, stored: _Stored) -> tuple[Any, ...]:
    """The record's values, and the stored ones where its source states none."""
    values = _scalars(record)
    kept = set(_UNSTATED) if record.datestamp is None else set()
    if not record.versions[-1].size and record.version == stored.version:
        # Without a version's size its flags are not stated either, and one of them marks a withdrawal.
        kept.add("withdrawn")
    if not kept:
        return values
    return tuple(
        (after or before) if name in kept else after
        for name, before, after in zip(_SCALARS, stored.scalars, values, strict=True)
    )


def _stated_lists(record: PaperRecord, stored: _Stored) -> dict[str, _Items]:
    """The record's lists; versions, sizes and flags that its source does not state are the stored ones."""
    lists = {name: items_of(record) for name, (_table, _columns, items_of) in _LISTS.items()}
    if lists["versions"] != stored.lists["versions"]:
        known = {item[0]: item for item in stored.lists["versions"]}
        stated = {item[0]: item for item in lists["versions"]}
        for number, item in stated.items():
            if number in known and not item[2]:
                stated[number] = (*item[:2], *known[number][2:])
        lists["versions"] = tuple(sorted((known | stated).values()))
    return lists


def _completes(before: _Items, after: _Items) -> bool:
    """Whether a list of versions says the same as before, only with sizes, flags and versions that were not stated."""
    known = {item[0]: item for item in before}
    return all(
        item[0] < before[-1][0] if item[0] not in known else item == known[item[0]] or not known[item[0]][2]
        for item in after
    )


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
    table, columns, _items_of = _LISTS[name]
    connection.execute(delete(table).where(table.c.paper_id == paper_id))
    insert_rows(connection, table, ("paper_id", *columns), [(paper_id, *values) for values in items])


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
