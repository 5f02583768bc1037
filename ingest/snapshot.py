"""Loading arXiv's bulk snapshot into the database: thirty years of metadata in minutes, without asking arXiv.

Each batch and the place in the file that follows it are stored in one transaction, so that a load killed anywhere goes
on there. Once the file is at its end, harvests by OAI-PMH go on from the newest day that stands in it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine

from db import harvests, papers
from db.harvests import HarvestRun
from ingest.harvest import SNAPSHOT, HarvestSummary
from ingest.snapshot_lines import Batch, NotASnapshotError, Position, read_batches, read_beside

LARGE_BYTES = 16 * 2**20
"""A file larger than this is read by a process of its own, whose start takes a third of a second."""
COLLECT_EVERY = 10
"""Batches between two collections of the little garbage that the database layer leaves."""

Progress = Callable[[int, int, HarvestSummary], None]
"""Called after each batch with the bytes of the file that were read, the file's size, and what was done."""


def load_snapshot(
    engine: Engine, path: Path, *, base_url: str = "", now: datetime, progress: Progress | None = None
) -> HarvestSummary:
    """Store the records of a snapshot file; what is known better or newer already stays as it is.

    Args:
        engine: The database.
        path: The file, plain, gzip or zip.
        base_url: Base of the server whose papers it holds, so that harvests from there go on from it; empty for arXiv.
        now: The time (UTC) at which the load begins.
        progress: Told after each batch.

    Raises:
        ingest.snapshot_lines.NotASnapshotError: the file is something else.
        ingest.snapshot_lines.BrokenSnapshotError: a packed file is damaged; what stands before that is stored.
        OSError: the file can't be read.
    """
    stamp = path.stat()
    total = stamp.st_size
    # The same place in another file means nothing, so the run is of this file as it is now.
    identity = json.dumps([str(path.resolve()), total, stamp.st_mtime_ns])
    run = _run(engine, base_url, identity, now)
    start, newest = _read_token(run.resumption_token)
    done = HarvestSummary()
    read = read_beside if total > LARGE_BYTES else read_batches
    with _collection_paused():
        for batch in read(path, start):
            newest = max([newest, *(record.datestamp for record in batch.records if record.datestamp)])
            done += _store(engine, run.id, batch, newest, now)
            start = batch.end
            if done.pages % COLLECT_EVERY == 0:
                gc.collect()
            if progress:
                progress(batch.bytes_read, total, done)
    if start.line == 0:
        raise NotASnapshotError(path, "it is empty")
    with engine.begin() as connection:
        harvests.end_run(connection, run.id, state="done", now=now)
        harvests.cover(connection, run.id, newest)
    return done


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Collect only when asked: records hold no cycles, and looking for some in each batch takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _run(engine: Engine, base_url: str, identity: str, now: datetime) -> HarvestRun:
    source = {"source": SNAPSHOT, "base_url": base_url, "query": identity}
    with engine.begin() as connection:
        left = harvests.unfinished_run(connection, **source)
        return left or harvests.start_run(connection, **source, from_date=None, until_date=None, now=now)


def _store(engine: Engine, run_id: int, batch: Batch, newest: date, now: datetime) -> HarvestSummary:
    with engine.begin() as connection:
        counts = papers.store_papers(connection, batch.records, run_id=run_id, now=now)
        papers.store_unread_records(connection, batch.unread, now=now)
        harvests.advance_run(
            connection,
            run_id,
            token=_token(batch.end, newest),
            response_date=None,
            records=len(batch.records),
            added=counts.added,
            changed=counts.changed,
        )
    return HarvestSummary(1, len(batch.records), counts.added, counts.changed, len(batch.unread))


def _token(place: Position, newest: date) -> str:
    return json.dumps({"offset": place.offset, "line": place.line, "newest": newest.isoformat()})


def _read_token(token: str | None) -> tuple[Position, date]:
    if token is None:
        return Position(), date.min
    parts = json.loads(token)
    return Position(parts["offset"], parts["line"]), date.fromisoformat(parts["newest"])
