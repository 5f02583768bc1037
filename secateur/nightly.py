"""The nightly run: harvest, tag, fetch, extract, analyses, survey; one at a time, and safe to kill at any moment.

Every step is idempotent and goes on where a killed run stopped. A step that arXiv refuses or that fails is reported in
the digest and does not keep the later steps from reading what is already here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from analysis.findings import all_findings
from analysis.report import SiteSummary, SurveyData, write_site
from db import views
from db.findings import FindingCounts, save_findings
from ingest.fulltext import FetchSummary, FileStore, RefusedError, fetch
from ingest.harvest import HarvestSummary, harvest
from ingest.http import ArxivError, PoliteClient
from ingest.oai import OaiError
from secateur.settings import Settings
from secateur.stages import Clock, StageSummary, extract_papers, tag_papers

Said = Callable[[str], None]


class AlreadyRunningError(Exception):
    """Another nightly works on the same database."""

    def __init__(self, lock: Path) -> None:
        super().__init__(f"another nightly is at work on this database (lock {lock}); nothing was done")


@dataclass(frozen=True, slots=True)
class Digest:
    """What one night brought."""

    started_at: datetime
    finished_at: datetime
    harvested: HarvestSummary | None
    tagged: StageSummary
    fetched: FetchSummary | None
    extracted: StageSummary
    findings: FindingCounts
    site: SiteSummary
    failures: tuple[str, ...]
    """Steps that failed, with the reason."""

    def lines(self) -> list[str]:
        """The digest in a few plain lines."""
        said = [f"nightly {self.started_at:%Y-%m-%d %H:%M} to {self.finished_at:%H:%M} UTC"]
        if self.harvested:
            harvested = self.harvested
            said.append(
                f"harvested {harvested.records} records: {harvested.added} new, {harvested.changed} changed, "
                f"{harvested.unread} unread"
            )
        said.append(f"tagged {self.tagged.read} papers ({self.tagged.unread} unread)")
        if self.fetched:
            outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.fetched.outcomes.items()))
            said.append(f"fetched {outcomes or 'nothing'}")
        said.append(
            f"read {self.extracted.read} e-prints ({self.extracted.unread} unread): {self.extracted.found} results"
        )
        said.append(f"findings: {self.findings.added} new, {self.findings.kept} as before, {self.findings.gone} gone")
        said.append(f"survey: {self.site.pages} pages in {self.site.folder}")
        said.extend(f"failed: {failure}" for failure in self.failures)
        return said


def nightly(
    engine: Engine, settings: Settings, client: PoliteClient, clock: Clock, *, fetch_limit: int, say: Said
) -> Digest:
    """Run every step once; raises AlreadyRunningError if another nightly works on the same database."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = settings.home / "nightly.lock"
    try:
        with FileLock(lock, timeout=0):
            return _run(engine, settings, client, clock, fetch_limit, say)
    except Timeout as error:
        raise AlreadyRunningError(lock) from error


def _run(engine: Engine, settings: Settings, client: PoliteClient, clock: Clock, fetch_limit: int, say: Said) -> Digest:
    started = clock()
    failures: list[str] = []
    store = FileStore(settings.files_folder)
    harvested, fetched = None, None
    try:
        say("harvest")
        harvested = harvest(engine, client, sets=settings.sets, now=clock())
    except (ArxivError, OaiError) as error:
        failures.append(f"harvest: {error}")
    say("tag")
    tagged = tag_papers(engine, clock)
    try:
        say("fetch")
        fetched = fetch(engine, client, store, limit=fetch_limit, now=clock())
    except (ArxivError, RefusedError) as error:
        failures.append(f"fetch: {error}")
    say("extract")
    extracted = extract_papers(engine, store, clock)
    say("findings")
    found = find(engine, clock())
    say("survey")
    site = publish(engine, settings.site_folder, clock(), show_unreviewed=settings.show_unreviewed)
    return Digest(started, clock(), harvested, tagged, fetched, extracted, found, site, tuple(failures))


def find(engine: Engine, now: datetime) -> FindingCounts:
    """Apply every rule to the corpus as it is, and store what was found."""
    with engine.execution_options(read_only=True).connect() as connection:
        results, papers = views.results(connection), views.papers(connection)
    found = all_findings(results, papers)
    with engine.begin() as connection:
        return save_findings(connection, found, now)


def publish(engine: Engine, folder: Path, now: datetime, *, show_unreviewed: bool) -> SiteSummary:
    """Write the living survey from the database as it is."""
    with engine.execution_options(read_only=True).connect() as connection:
        data = SurveyData(
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
        )
    return write_site(data, folder, now=now, show_unreviewed=show_unreviewed)
