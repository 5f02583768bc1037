"""How fast metadata come into the database and are found again, on made-up papers and a replica of arXiv.

The goals are the project's own. Times of a night are without the waits for the network, which arXiv's manners set.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import yaml

from db.papers import store_papers
from db.search import search
from db.session import open_database, open_readonly
from ingest.http import PoliteClient, RequestRecord
from ingest.oai import Window, parse_page
from ingest.replica.records import Paper
from ingest.replica.server import Replica
from secateur.bench.texts import MadeUpPaper, made_up_papers, metadata_row, snapshot_line
from secateur.nightly import nightly
from secateur.settings import Settings

PAGE_RECORDS = 1300
CHANGED_RECORDS = 3000
REPEATS = 5
QUERIES = Path(__file__).with_name("queries.yaml")
Progressed = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of the table."""

    what: str
    measured: float | None
    """None when what it is compared with is not installed."""
    unit: str
    goal: str
    met: bool | None


def bench_ingest(papers: int, progress: Progressed) -> list[Measurement]:
    """Measure loading, parsing, nights and search; the snapshot has so many papers, and so has the corpus searched."""
    with TemporaryDirectory(prefix="secateur-bench-") as name:
        folder = Path(name)
        # The page comes first: parsing is slower in a process that has made up a million papers.
        progress(0, 4, f"a page of {PAGE_RECORDS:,} records")
        rows = _page(folder)
        progress(1, 4, f"a snapshot of {papers:,} papers")
        rows += _snapshot(folder, papers)
        progress(2, 4, "search")
        rows += _search(folder / "snapshot.db", papers)
        progress(3, 4, f"a night with {CHANGED_RECORDS:,} changed records")
        rows += _nights(folder)
        progress(4, 4, "")
    return rows


def _at_least(what: str, measured: float, unit: str, goal: float) -> Measurement:
    return Measurement(what, round(measured, 3), unit, f">= {goal:g}", measured >= goal)


def _below(what: str, measured: float, unit: str, goal: float) -> Measurement:
    return Measurement(what, round(measured, 3), unit, f"< {goal:g}", measured < goal)


def _snapshot(folder: Path, papers: int) -> list[Measurement]:
    file = folder / "snapshot.json"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(snapshot_line(paper) + "\n" for paper in made_up_papers(papers))
    # A process of its own, because the memory of this one has held other things.
    command = [sys.executable, "-m", "secateur.bench.loading", str(file), str(folder / "snapshot.db")]
    loaded = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own module
    seconds, megabytes = json.loads(loaded.stdout)
    file.unlink()
    return [
        _at_least(f"snapshot of {papers:,} papers into SQLite with its search", papers / seconds, "records/s", 8000),
        _below("peak memory of that, reader included", megabytes, "MB", 300),
    ]


def _search(database: Path, papers: int) -> list[Measurement]:
    queries = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    seconds = []
    with open_readonly(database).connect() as connection:
        search(connection, "warm up")
        for words in queries:
            started = time.perf_counter()
            search(connection, words)
            seconds.append(1000 * (time.perf_counter() - started))
    of = f"of {len(queries)} searches in {papers:,} papers"
    return [
        _below(f"95th percentile {of}", float(np.percentile(seconds, 95)), "ms", 100),
        _below(f"median {of}", float(np.median(seconds)), "ms", 15),
    ]


def _page(folder: Path) -> list[Measurement]:
    arxiv = _arxiv_folder(folder / "page", list(made_up_papers(PAGE_RECORDS, seed=1)))
    with (
        Replica(arxiv, page_size=PAGE_RECORDS) as replica,
        PoliteClient("Secateur bench", folder / "state", replica.url) as client,
    ):
        body = client.get(client.addresses.oai, Window().params("ListRecords")).body
    engine = open_database(folder / "page.db")
    started = time.perf_counter()
    page = parse_page(body)
    with engine.begin() as connection:
        store_papers(connection, page.records, run_id=None, now=_now())
    stored = time.perf_counter() - started
    engine.dispose()
    theirs = _scythe(body)
    times = _fastest_in_turns(lambda: parse_page(body), *([theirs] if theirs else []))
    rows = [
        _below(f"a page of {len(page.records):,} records parsed and stored", stored, "s", 0.4),
        Measurement("parsing such a page", round(times[0], 3), "s", "", None),
    ]
    what = "parsing, against the iteration of oaipmh-scythe"
    if theirs is None:
        return [*rows, Measurement(f"{what} (not installed)", None, "times its seconds", "<= 1", None)]
    ratio = times[0] / times[1]
    return [*rows, Measurement(what, round(ratio, 3), "times its seconds", "<= 1", ratio <= 1)]


def _scythe(body: bytes) -> Callable[[], object] | None:
    """The independent client oaipmh-scythe iterating over the records of a page; None if it is not here."""
    try:
        client = importlib.import_module("oaipmh_scythe")
        response = importlib.import_module("oaipmh_scythe.response")
    except ModuleNotFoundError:
        return None
    scythe = client.Scythe("http://127.0.0.1")
    # The body comes from here, so that no network is timed.
    scythe.harvest = lambda query: response.OAIResponse(SimpleNamespace(content=body), query)
    return lambda: list(scythe.list_records(metadata_prefix="arXivRaw"))


def _fastest_in_turns(*works: Callable[[], object]) -> list[float]:
    """The least seconds of each, taking turns so that none has the machine's better minutes."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for work, taken in zip(works, seconds, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [min(taken) for taken in seconds]


def _nights(folder: Path) -> list[Measurement]:
    arxiv = _arxiv_folder(folder / "nights", list(made_up_papers(CHANGED_RECORDS, seed=2)))
    engine = open_database(folder / "nights.db")
    waits: list[float] = []

    def waited(request: RequestRecord) -> None:
        waits.append(request.seconds)

    with Replica(arxiv) as replica:
        settings = Settings(db=str(folder / "nights.db"), arxiv_url=replica.url, state=folder / "state", sets=[""])
        with PoliteClient("Secateur bench", folder / "state", replica.url, on_request=waited) as client:

            def night() -> float:
                waits.clear()
                started = time.perf_counter()
                nightly(engine, settings, client, _now, fetch_limit=settings.fetch_limit, say=lambda _step: None)
                return time.perf_counter() - started - sum(waits)

            night()
            for paper in list(replica.collection):
                replica.collection.put(_changed(paper))
            changed = night()
            nothing_new = night()
    engine.dispose()
    return [
        _below(f"a night with {CHANGED_RECORDS:,} changed records", changed, "s", 60),
        _below(f"a night with nothing new on {CHANGED_RECORDS:,} papers", nothing_new, "s", 5),
    ]


def _changed(paper: Paper) -> Paper:
    """The paper with a new version of today."""
    now = _now() - timedelta(hours=1)
    first = replace(paper.current, is_current=False)
    second = replace(
        paper.current,
        version=2,
        created=now,
        modtime=int(now.replace(tzinfo=UTC).timestamp()),
        abstract=f"{paper.current.abstract.strip()} Now with more experiments.",
    )
    return Paper((first, second))


def _arxiv_folder(folder: Path, papers: Sequence[MadeUpPaper]) -> Path:
    folder.mkdir()
    lines = (json.dumps(metadata_row(paper)) + "\n" for paper in papers)
    (folder / "metadata.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
