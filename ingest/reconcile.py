"""Finding what paging by offsets skipped: the identifiers that arXiv lists, against those that are stored.

ArXiv lists by the time of last change and pages by counting, so that a record that is stamped again between two pages
hides another. Identifiers come 20,000 a page, which makes it cheap to compare all of a set once a week. What is
missing is fetched one by one, or by windows of days where much is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from db import harvests, papers
from ingest.harvest import HarvestSummary, Progress, finished_runs, source_of, store_page
from ingest.http import PoliteClient
from ingest.oai import Header, Page, Window, get_record, list_identifiers, list_records
from ingest.recording import stored_requests

SOURCE = "reconcile"
EVERY = timedelta(days=7)
MANY = 3
"""So many missing papers of one day are fetched by the day, fewer by name."""
NEAR = timedelta(days=7)
"""Days with many missing papers that are nearer than this are fetched as one window."""


def reconcile(
    engine: Engine, client: PoliteClient, *, sets: Sequence[str], now: datetime, progress: Progress | None = None
) -> HarvestSummary:
    """Fetch what earlier harvests of some sets should have brought and did not; sets compared this week are left out.

    Args:
        engine: The database.
        client: Asks arXiv; its requests are written into the table ``request``.
        sets: Set names such as ``cs:cs:LG``; the empty name is all of arXiv.
        now: The time (UTC) at which the comparison begins.
        progress: Told after each page that was fetched.

    Raises:
        ingest.oai.OaiError: the server refuses a set or a date.
        ingest.http.ArxivError: arXiv refused or gave no answer; the next call compares again.
    """
    total = HarvestSummary()
    for set_spec in sets:
        window = _due_window(engine, client, set_spec, now)
        if window is None:
            continue
        source = {**source_of(client, set_spec), "source": SOURCE}
        with engine.begin() as connection:
            run = harvests.unfinished_run(connection, **source) or harvests.start_run(
                connection, **source, from_date=window.from_date, until_date=window.until_date, now=now
            )
        done = HarvestSummary()
        with stored_requests(engine, client, run.id):
            skipped = _skipped(engine, client, window, _first_day_by_oai(engine, client, set_spec), run.id, now)
            for page in _pages(client, set_spec, skipped):
                with engine.begin() as connection:
                    done += store_page(connection, run.id, page, now)
                if progress:
                    progress(set_spec, done)
        with engine.begin() as connection:
            harvests.end_run(connection, run.id, state="done", now=client.clock.now())
        total += done
    return total


def _due_window(engine: Engine, client: PoliteClient, set_spec: str, now: datetime) -> Window | None:
    """The days of a set that harvests have covered, None if there are none or they were compared this week."""
    source = source_of(client, set_spec)
    with engine.execution_options(read_only=True).connect() as connection:
        before = harvests.finished_runs(connection, **{**source, "source": SOURCE})
        runs = [run for run in finished_runs(connection, source) if run.response_date]
    if not runs or any(run.started_at > now - EVERY for run in before):
        return None
    starts = [run.from_date for run in runs]
    first = None if None in starts else min(day for day in starts if day)
    ends = [min(run.response_date.date(), run.until_date or date.max) for run in runs if run.response_date]
    return Window(set_spec, first, max(ends))


def _first_day_by_oai(engine: Engine, client: PoliteClient, set_spec: str) -> date:
    """The first day whose datestamps are OAI-PMH's; those of a snapshot may be of an older stamping."""
    with engine.execution_options(read_only=True).connect() as connection:
        runs = harvests.finished_runs(connection, **source_of(client, set_spec))
    return min((run.from_date or date.min for run in runs), default=date.max)


def _skipped(
    engine: Engine, client: PoliteClient, window: Window, first_by_oai: date, run_id: int, now: datetime
) -> list[Header]:
    """Headers of papers that are not stored, or stored as they were before the last change."""
    skipped: list[Header] = []
    for page in list_identifiers(client, window):
        with engine.begin() as connection:
            papers.mark_deleted(connection, page.deleted, run_id=run_id, now=now)
            known = papers.datestamps(connection, [header.arxiv_id for header in page.headers])
        for header in page.headers:
            stored = known.get(header.arxiv_id)
            if stored is None or (first_by_oai <= header.datestamp and stored < header.datestamp):
                skipped.append(header)
    return skipped


def _pages(client: PoliteClient, set_spec: str, skipped: Sequence[Header]) -> Iterable[Page]:
    """Pages that hold the skipped records, with as few requests as their days allow."""
    on_day = Counter(header.datestamp for header in skipped)
    for first, last in _windows(day for day, number in on_day.items() if number > MANY):
        yield from list_records(client, Window(set_spec, first, last))
    for header in skipped:
        if on_day[header.datestamp] <= MANY:
            yield get_record(client, header.arxiv_id)


def _windows(days: Iterable[date]) -> list[tuple[date, date]]:
    """First and last days of stretches of days that are near each other."""
    windows: list[tuple[date, date]] = []
    for day in sorted(days):
        if windows and day - windows[-1][1] <= NEAR:
            windows[-1] = (windows[-1][0], day)
        else:
            windows.append((day, day))
    return windows
