"""Runs of the harvester and the requests that were sent: where to go on, and what arXiv was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db.schema import harvest_run, request


@dataclass(frozen=True, slots=True)
class HarvestRun:
    """One harvest of one window of one set."""

    id: int
    source: str
    base_url: str
    """Empty for arXiv itself."""
    set_spec: str
    query: str | None
    """Of the query API, or the name of a snapshot's file."""
    from_date: date | None
    until_date: date | None
    resumption_token: str | None
    state: str
    """running, done, failed."""
    started_at: datetime
    response_date: datetime | None
    """The server's clock in its first answer."""
    pages: int
    records: int
    added: int
    changed: int


def start_run(
    connection: Connection,
    *,
    source: str,
    base_url: str,
    set_spec: str = "",
    query: str | None = None,
    from_date: date | None,
    until_date: date | None,
    now: datetime,
) -> HarvestRun:
    """Write a new run and return it."""
    result = connection.execute(
        insert(harvest_run).values(
            source=source,
            base_url=base_url,
            set_spec=set_spec,
            query=query,
            from_date=from_date,
            until_date=until_date,
            state="running",
            started_at=now,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return run(connection, key[0])


def run(connection: Connection, run_id: int) -> HarvestRun:
    """Return a run as it stands."""
    return _run(connection.execute(_select().where(harvest_run.c.id == run_id)).mappings().one())


def unfinished_run(
    connection: Connection, *, source: str, base_url: str, set_spec: str = "", query: str | None = None
) -> HarvestRun | None:
    """Return the newest run of a set, query or file that was left before its end, else None."""
    runs = _of_set(source, base_url, set_spec, "running").where(harvest_run.c.query == query)
    row = connection.execute(runs.limit(1)).mappings().first()
    return _run(row) if row else None


def finished_runs(connection: Connection, *, source: str, base_url: str, set_spec: str = "") -> list[HarvestRun]:
    """Return the runs of a set that reached their end, newest first."""
    return [_run(row) for row in connection.execute(_of_set(source, base_url, set_spec, "done")).mappings()]


def advance_run(
    connection: Connection,
    run_id: int,
    *,
    token: str | None,
    response_date: datetime | None,
    records: int,
    added: int,
    changed: int,
) -> None:
    """Count one more page and remember where to go on; call it in the transaction that stores the page."""
    columns = harvest_run.c
    connection.execute(
        update(harvest_run)
        .where(columns.id == run_id)
        .values(
            resumption_token=token,
            pages=columns.pages + 1,
            records=columns.records + records,
            added=columns.added + added,
            changed=columns.changed + changed,
        )
    )
    connection.execute(
        update(harvest_run)
        .where(columns.id == run_id, columns.response_date.is_(None))
        .values(response_date=response_date)
    )


def rewind_run(connection: Connection, run_id: int) -> None:
    """Let a run begin its window again; its counts go on."""
    connection.execute(update(harvest_run).where(harvest_run.c.id == run_id).values(resumption_token=None))


def end_run(connection: Connection, run_id: int, *, state: str, now: datetime, reason: str | None = None) -> None:
    """Close a run as ``done`` or ``failed``."""
    connection.execute(
        update(harvest_run)
        .where(harvest_run.c.id == run_id)
        .values(state=state, finished_at=now, resumption_token=None, reason=reason)
    )


def cover(connection: Connection, run_id: int, until: date) -> None:
    """Write up to which day a run has brought everything, where no server says so."""
    connection.execute(
        update(harvest_run)
        .where(harvest_run.c.id == run_id)
        .values(until_date=until, response_date=datetime.combine(until, time()))
    )


def add_request(
    connection: Connection,
    *,
    run_id: int | None,
    at: datetime,
    url: str,
    status: int | None,
    bytes: int,  # noqa: A002 - the column's name
    seconds: float,
    etag: str | None,
    error: str | None,
) -> None:
    """Write that a request was sent and what came of it."""
    connection.execute(
        insert(request).values(
            run_id=run_id, at=at, url=url, status=status, bytes=bytes, seconds=seconds, etag=etag, error=error
        )
    )


_COLUMNS = tuple(HarvestRun.__dataclass_fields__)


def _select() -> Any:
    return select(*(harvest_run.c[name] for name in _COLUMNS))


def _of_set(source: str, base_url: str, set_spec: str, state: str) -> Any:
    columns = harvest_run.c
    return (
        _select()
        .where(
            columns.source == source,
            columns.base_url == base_url,
            columns.set_spec == set_spec,
            columns.state == state,
        )
        .order_by(columns.id.desc())
    )


def _run(row: Mapping[Any, Any]) -> HarvestRun:
    return HarvestRun(**{name: row[name] for name in _COLUMNS})
