"""The demo: an invented literature goes the whole real way, and what was planted is compared with what was found.

Nothing here is a mock: a replica of arXiv serves the papers on loopback, the nightly harvests, fetches, reads and
publishes them over HTTP, and one claim is validated by training networks.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from analysis.comparisons import comparison_graph
from analysis.growth import fit_growth, monthly_counts
from db import views
from db.session import open_database
from ingest.http import PoliteClient
from ingest.replica.server import Replica
from secateur.demo.literature import write_literature
from secateur.demo.scoring import DemoRow, Found, score_demo
from secateur.demo.truth import Truth
from secateur.feed import night_before
from secateur.nightly import nightly, publish
from secateur.output import Format, default_format, print_rows, say
from secateur.settings import Settings, load_settings
from secateur.verdicts import print_verdicts
from validate.claims import load_registry
from validate.run import ValidationReport, validate_claim

CLAIM = "DIGITS-NO-LOSS"
MARK = ".secateur-demo"
PARTS = ("arxiv", "files", "site", "state", "secateur.db", "secateur.db-wal", "secateur.db-shm", "nightly.lock", MARK)


class FolderNotEmptyError(Exception):
    """The folder for the demo holds something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds other files; name an empty folder with -o")


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo gave."""

    rows: tuple[DemoRow, ...]
    report: ValidationReport
    site: Path
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything planted was found within its bounds."""
        return all(row.ok for row in self.rows)


def run_demo(folder: Path, *, seed: int, papers: int, say: Callable[[str], None]) -> Demo:
    """Make the literature in ``folder``, run the nightly twice and the claim once.

    Raises FolderNotEmptyError if the folder holds something else.
    """
    began = time.perf_counter()
    _clear(folder)
    until = _now().date().replace(day=1)
    say(f"demo: inventing {papers} papers")
    truth = write_literature(folder / "arxiv", seed=seed, papers=papers, until=until)
    settings = load_settings(
        db=str(folder / "secateur.db"),
        files=folder / "files",
        site=folder / "site",
        state=folder / "state",
        sets=["cs", "stat", "eess"],
        fetch_limit=papers,
        show_unreviewed=True,
    )
    engine = open_database(settings.db)
    changed = _two_nights(engine, settings, folder, say)
    say(f"demo: validating {CLAIM} by training")
    report = validate_claim(engine, load_registry()[CLAIM], now=_now())
    site = publish(engine, settings, _now(), since=night_before(settings.site_folder))
    rows = score_demo(truth, _found(engine, truth, changed))
    return Demo(tuple(rows), report, site.folder / "index.html", time.perf_counter() - began)


def _clear(folder: Path) -> None:
    """Make way for a new demo; what is not of an earlier one is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / MARK).is_file():
        raise FolderNotEmptyError(folder)
    for name in PARTS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (folder / MARK).write_text("This folder is made anew by each `secateur demo`.\n", encoding="utf-8")


def _two_nights(engine: Engine, settings: Settings, folder: Path, say: Callable[[str], None]) -> int:
    """Run the nightly, and again; how many records the second one found new or changed."""
    with Replica(folder / "arxiv", page_size=100) as replica:
        say(f"demo: arXiv's replica answers at {replica.url}")
        client = PoliteClient(settings.user_agent, settings.state, base_url=replica.url)
        with client:
            for night in ("first", "second"):
                say(f"demo: the {night} night")
                digest = nightly(engine, settings, client, _now, fetch_limit=settings.fetch_limit, say=_silent)
                for line in digest.lines():
                    say(f"  {line}")
    return digest.harvested.added + digest.harvested.changed if digest.harvested else -1


def _found(engine: Engine, truth: Truth, changed: int) -> Found:
    with engine.execution_options(read_only=True).connect() as connection:
        papers, results = views.papers(connection), views.results(connection)
        findings, unread = views.findings(connection), views.unread_items(connection)
        graph = comparison_graph(papers, views.tags(connection), results, views.citations(connection))
    core = papers[papers["relevance"] == "core"]
    fit = fit_growth(monthly_counts(core, datetime.fromisoformat(truth.until).date()))
    return Found(
        papers=papers,
        results=results,
        findings=findings,
        unread=unread,
        comparisons=frozenset(graph.edges),
        doubling_years=fit.doubling_time,
        doubling_interval=fit.doubling_interval,
        changed_by_second_night=changed,
    )


def print_demo(demo: Demo, wanted: Format | None) -> bool:
    """Print planted truth against what was found, then the verdict; whether all of it is within its bounds."""
    print_rows(
        [asdict(row) for row in demo.rows], wanted, title="planted truth against what was found (synthetic papers)"
    )
    if (wanted or default_format(sys.stdout)) is Format.TABLE:
        print_verdicts(demo.report.rows(), Format.TABLE)
    say(f"demo: {demo.seconds:.0f} s; open {demo.site.resolve()}")
    return demo.passed


def _silent(_step: str) -> None:
    return


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
