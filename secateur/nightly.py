"""The nightly run: harvest, reconcile, tag, fetch, extract, analyses, survey, digest; one at a time, safe to kill.

Every step is idempotent and goes on where a killed run stopped. A step that arXiv refuses or that fails is reported in
the digest and does not keep the later steps from reading what is already here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine

from analysis.findings import all_findings
from analysis.report import SiteSummary, SurveyChoices, SurveyData, write_site
from db import views
from db.findings import FindingCounts, save_findings
from db.imports import evaluations, imports, stated_comparisons
from db.nights import news
from db.own_measurements import own_timings
from db.survey import agreement, full_texts
from ingest.fulltext import FileStore, RefusedError, fetch
from ingest.harvest import harvest
from ingest.http import ArxivError, PoliteClient
from ingest.oai import OaiError
from ingest.reconcile import reconcile
from secateur.digest import Digest
from secateur.feed import NAME as FEED
from secateur.feed import add_night, last_night
from secateur.settings import Settings
from secateur.stages import Clock, extract_papers, tag_papers

Said = Callable[[str], None]


class AlreadyRunningError(Exception):
    """Another nightly works on the same database."""

    def __init__(self, lock: Path) -> None:
        super().__init__(f"another nightly is at work on this database (lock {lock}); nothing was done")


def nightly(
    engine: Engine,
    settings: Settings,
    client: PoliteClient,
    clock: Clock,
    *,
    fetch_limit: int,
    say: Said,
    jobs: int = 1,
) -> Digest:
    """Run every step once; raises AlreadyRunningError if another nightly works on the same database."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = settings.home / "nightly.lock"
    try:
        with FileLock(lock, timeout=0):
            return _run(engine, settings, client, clock, fetch_limit, say, jobs)
    except Timeout as error:
        raise AlreadyRunningError(lock) from error


def _run(
    engine: Engine, settings: Settings, client: PoliteClient, clock: Clock, fetch_limit: int, say: Said, jobs: int
) -> Digest:
    started = clock()
    failures: list[str] = []
    store = FileStore(settings.files_folder)
    since = last_night(settings.site_folder) or started
    harvested = fetched = reconciled = None
    try:
        say("harvest")
        harvested = harvest(engine, client, sets=settings.sets, now=clock())
        say("reconcile")
        reconciled = reconcile(engine, client, sets=settings.sets, now=clock())
    except (ArxivError, OaiError) as error:
        failures.append(f"{'reconcile' if harvested else 'harvest'}: {error}")
    say("tag")
    tagged = tag_papers(engine, clock, own_tagger=settings.own_tagger)
    try:
        say("fetch")
        fetched = fetch(engine, client, store, limit=fetch_limit, now=clock())
    except (ArxivError, RefusedError) as error:
        failures.append(f"fetch: {error}")
    say("extract")
    extracted = extract_papers(engine, store, clock, jobs=jobs)
    say("findings")
    found = find(engine, clock())
    say("survey")
    site = publish(engine, settings, clock(), since=since)
    with engine.execution_options(read_only=True).connect() as connection:
        brought = news(connection, since)
    digest = Digest(
        started_at=started,
        finished_at=clock(),
        since=since,
        news=brought,
        harvested=harvested,
        reconciled=reconciled,
        tagged=tagged,
        fetched=fetched,
        extracted=extracted,
        findings=found,
        site=site,
        failures=tuple(failures),
    )
    items = digest.items(show_unreviewed=settings.show_unreviewed)
    add_night(settings.site_folder, digest.finished_at, digest.title(), items)
    return digest


def find(engine: Engine, now: datetime) -> FindingCounts:
    """Apply every rule to the corpus as it is, and store what was found."""
    with engine.execution_options(read_only=True).connect() as connection:
        results, papers = views.results(connection), views.papers(connection)
        texts = views.text_numbers(connection)
    found = all_findings(results, papers, texts)
    with engine.begin() as connection:
        return save_findings(connection, found, now)


def publish(engine: Engine, settings: Settings, now: datetime, *, since: datetime | None) -> SiteSummary:
    """Write the living survey from the database as it is; the front page says what came since a moment (UTC)."""
    with engine.execution_options(read_only=True).connect() as connection:
        data = survey_data(connection, since)
    choices = survey_choices(settings)
    if since is not None or (settings.site_folder / FEED).is_file():
        choices = replace(choices, feed=FEED)
    return write_site(data, settings.site_folder, now=now, choices=choices)


def survey_choices(settings: Settings) -> SurveyChoices:
    """What the settings say of the survey."""
    return SurveyChoices(
        show_unreviewed=settings.show_unreviewed,
        mistakes=settings.report_mistakes_to,
        selected_by=settings.selected_by,
    )


def survey_data(connection: Connection, since: datetime | None = None) -> SurveyData:
    """All that the survey is made of, with what came since a moment (UTC), if any."""
    return SurveyData(
        papers=views.papers(connection),
        tags=views.tags(connection),
        results=views.results(connection),
        citations=views.citations(connection),
        tables=views.tables(connection),
        abstract_claims=views.abstract_claims(connection),
        findings=views.findings(connection),
        verdicts=views.verdicts(connection),
        status=views.status(connection),
        unread=views.unread_items(connection),
        full_texts=full_texts(connection),
        agreement=agreement(connection),
        imports=imports(connection),
        stated=stated_comparisons(connection),
        evaluations=evaluations(connection),
        timings=own_timings(connection),
        news=None if since is None else news(connection, since),
    )
