"""Harvesting metadata by OAI-PMH into the database, so that a run killed anywhere goes on where it stopped.

Each page's records and the token that leads on are stored in one transaction. A window's end is frozen when it
begins, and the next one overlaps it by two days: arXiv lists by the time of last change, and a record that is
re-stamped between two pages shifts the others, so that one may be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from db import harvests, papers
from db.harvests import HarvestRun
from ingest.http import PoliteClient
from ingest.oai import BadTokenError, OaiError, Page, Window, list_records
from ingest.recording import stored_requests

SOURCE = "oai"
SNAPSHOT = "snapshot"
"""Source of runs that loaded arXiv's bulk snapshot; a whole one stands for a harvest of every set."""
OVERLAP = timedelta(days=2)
MAX_REWINDS = 3
"""How often in a row the server may forget its token before a harvest gives up."""


@dataclass(frozen=True, slots=True)
class HarvestSummary:
    """What a harvest did, over all its sets."""

    pages: int = 0
    records: int = 0
    added: int = 0
    changed: int = 0
    unread: int = 0
    deleted: int = 0

    def __add__(self, other: HarvestSummary) -> HarvestSummary:
        return HarvestSummary(
            self.pages + other.pages,
            self.records + other.records,
            self.added + other.added,
            self.changed + other.changed,
            self.unread + other.unread,
            self.deleted + other.deleted,
        )


Progress = Callable[[str, HarvestSummary], None]
"""Called after each page with the set and what was done of it so far."""


def harvest(
    engine: Engine,
    client: PoliteClient,
    *,
    sets: Sequence[str],
    from_date: date | None = None,
    until_date: date | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> HarvestSummary:
    """Store the metadata of all papers of some sets that changed within a window of days.

    Args:
        engine: The database.
        client: Asks arXiv; its requests are written into the table ``request``.
        sets: Set names such as ``cs:cs:LG``; the empty name is all of arXiv.
        from_date: First day of change; None goes on from the last finished run, or from arXiv's beginning.
        until_date: Last day of change; None is today.
        now: The time (UTC) at which the harvest begins.
        progress: Told after each page.

    Raises:
        ingest.oai.OaiError: the server refuses a set or a date, or its list has no end; the run is marked failed.
        ingest.http.ArxivError: arXiv refused or gave no answer; calling again goes on where this call stopped.
    """
    total = HarvestSummary()
    until = until_date or now.date()
    windows = [Window(set_spec, from_date, until) for set_spec in sets]
    for window in windows:
        left = _left_unfinished(engine, client, window.set_spec)
        if left:
            total += _Harvest(engine, client, left, progress).to_its_end()
        if not (left and left.until_date == until and from_date in (None, left.from_date)):
            run = _new_run(engine, client, window, now)
            total += _Harvest(engine, client, run, progress).to_its_end()
    return total


def _left_unfinished(engine: Engine, client: PoliteClient, set_spec: str) -> HarvestRun | None:
    with engine.execution_options(read_only=True).connect() as connection:
        return harvests.unfinished_run(connection, **source_of(client, set_spec))


def _new_run(engine: Engine, client: PoliteClient, window: Window, now: datetime) -> HarvestRun:
    source = source_of(client, window.set_spec)
    with engine.begin() as connection:
        start = window.from_date or _covered(finished_runs(connection, source))
        if start and window.until_date:
            # A clock that was set back must not turn the window round.
            start = min(start, window.until_date)
        return harvests.start_run(connection, **source, from_date=start, until_date=window.until_date, now=now)


def source_of(client: PoliteClient, set_spec: str) -> dict[str, str]:
    """What names the runs of a set in the database."""
    return {"source": SOURCE, "base_url": client.addresses.base_url or "", "set_spec": set_spec}


def finished_runs(connection: Connection, source: Mapping[str, str]) -> list[HarvestRun]:
    """Finished harvests of a source (``source_of``), and of the snapshots that hold its set."""
    snapshots = harvests.finished_runs(connection, source=SNAPSHOT, base_url=source["base_url"])
    return harvests.finished_runs(connection, **source) + snapshots


def _covered(finished: Sequence[HarvestRun]) -> date | None:
    """The first day of the next window: the overlap before the day up to which a set is known."""
    days = [
        min(run.response_date.date(), run.until_date or run.response_date.date())
        for run in finished
        if run.response_date is not None
    ]
    return max(days) - OVERLAP if days else None


def store_page(connection: Connection, run_id: int, page: Page, now: datetime) -> HarvestSummary:
    """Store what a page holds, and where the run goes on; call it in one transaction."""
    counts = papers.store_papers(connection, page.records, run_id=run_id, now=now)
    papers.mark_deleted(connection, page.deleted, run_id=run_id, now=now)
    papers.store_unread_records(connection, page.unread, now=now)
    harvests.advance_run(
        connection,
        run_id,
        token=page.token,
        response_date=page.response_date,
        records=len(page.records),
        added=counts.added,
        changed=counts.changed,
    )
    return HarvestSummary(1, len(page.records), counts.added, counts.changed, len(page.unread), len(page.deleted))


class _Harvest:
    """One run on its way to its end."""

    def __init__(self, engine: Engine, client: PoliteClient, run: HarvestRun, progress: Progress | None) -> None:
        self._engine = engine
        self._client = client
        self._run = run
        self._progress = progress
        self._done = HarvestSummary()

    def to_its_end(self) -> HarvestSummary:
        run = self._run
        window = Window(run.set_spec, run.from_date, run.until_date)
        token = run.resumption_token
        rewinds = 0
        with stored_requests(self._engine, self._client, run.id):
            while True:
                try:
                    for page in list_records(self._client, window, token):
                        self._store(page)
                    return self._done
                except BadTokenError as error:
                    rewinds += 1
                    if rewinds > MAX_REWINDS:
                        self._fail(error)
                        raise
                    token = None
                    with self._engine.begin() as connection:
                        harvests.rewind_run(connection, run.id)
                except OaiError as error:
                    self._fail(error)
                    raise

    def _store(self, page: Page) -> None:
        with self._engine.begin() as connection:
            stored = store_page(connection, self._run.id, page, self._client.clock.now())
            if page.token is None:
                harvests.end_run(connection, self._run.id, state="done", now=self._client.clock.now())
        self._done += stored
        if self._progress:
            self._progress(self._run.set_spec, self._done)

    def _fail(self, error: OaiError) -> None:
        with self._engine.begin() as connection:
            harvests.end_run(connection, self._run.id, state="failed", now=self._client.clock.now(), reason=str(error))
