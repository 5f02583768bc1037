"""How long the living survey takes to write, how large its pages are, and how fast it grows with the corpus.

The corpus is a simulated literature (`secateur.bench.planting`) with an abstract and three authors a paper, so that the
pages are as long as those of real papers.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from analysis.report import SurveyChoices, write_site
from db.session import open_readonly
from secateur.nightly import survey_data

RESULTS_A_PAPER = 25
NOW = datetime(2026, 1, 1)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One size of corpus."""

    papers: int
    results: int
    read_seconds: float
    """To read the frames from the database, in seconds of this process's CPU time, as all times here."""
    write_seconds: float
    """To write the whole site."""
    again_seconds: float
    """To write it again with nothing changed."""
    pages: int
    figures: int
    largest_page_bytes: int
    site_bytes: int
    milliseconds_a_paper: float
    """Reading and writing."""


def bench_report(sizes: tuple[int, ...], say: Progress) -> list[ReportRow]:
    """Writes the survey of a simulated literature of each size."""
    rows = []
    for papers in sizes:
        with tempfile.TemporaryDirectory(prefix="secateur-bench-") as folder:
            database = Path(folder) / "a.db"
            say(f"{papers} papers: simulating")
            planted = (str(database), str(papers), str(RESULTS_A_PAPER * papers))
            command = [sys.executable, "-m", "secateur.bench.planting", *planted]
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - this program's own module
            say(f"{papers} papers: writing")
            rows.append(_measured(papers, database, Path(folder) / "site"))
    return rows


def _measured(papers: int, database: Path, folder: Path) -> ReportRow:
    engine = open_readonly(str(database))
    began = time.process_time()
    with engine.connect() as connection:
        data = survey_data(connection)
    engine.dispose()
    was_read = time.process_time()
    choices = SurveyChoices(show_unreviewed=True)
    site = write_site(data, folder, now=NOW, choices=choices)
    written = time.process_time()
    write_site(data, folder, now=NOW, choices=choices)
    again = time.process_time()
    files = [path for path in folder.rglob("*") if path.is_file()]
    return ReportRow(
        papers=papers,
        results=len(data.results),
        read_seconds=was_read - began,
        write_seconds=written - was_read,
        again_seconds=again - written,
        pages=site.pages,
        figures=site.figures,
        largest_page_bytes=max(path.stat().st_size for path in files if path.suffix == ".html"),
        site_bytes=sum(path.stat().st_size for path in files),
        milliseconds_a_paper=1000 * (written - began) / papers,
    )
