"""Whatever goes wrong on the way to arXiv, in the end the database says what an undisturbed harvest makes it say."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine

from db.session import open_database
from ingest.fulltext import FileStore, fetch
from ingest.harvest import harvest
from ingest.http import PoliteClient, TrafficStoppedError
from ingest.replica.faults import Fault
from ingest.replica.server import Replica

Connect = Callable[..., PoliteClient]
Content = Callable[[Engine], dict[str, list[str]]]
PAGE_SIZE = 4
PAPERS = 18
NIGHTS = 2
SECOND = "resumptionToken"
ALL = [f"2003.{number:05}" for number in range(1, PAPERS + 1)]
WITHDRAWN, ENCRYPTED, SOURCELESS, PDF_ONLY = ALL[10:14]


def day(number: int) -> int:
    return int(datetime(2020, 3, 1, tzinfo=UTC).timestamp()) + 86_400 * number


@pytest.fixture
def folder(arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]]) -> Path:
    """Papers over some days; the sixth to the fifteenth are of one day, which makes more than a page."""
    rows = []
    for number in range(1, PAPERS + 1):
        columns: dict[str, Any] = {"title": f"Pr\u00fcning, part {number}", "authors": r"Ada Lee and J. Fr\"ankle"}
        columns["modtime"] = day(min(number, 6) + max(0, number - 15)) + number
        rows.append(metadata_line(f"2003.{number:05}", **columns))
        if number % 5 == 0:
            rows[-1]["is_current"] = 0
            rows.append(metadata_line(f"2003.{number:05}", **columns, version=2, created="2023-08-02 00:41:18"))
    kinds: dict[str, dict[str, Any]] = {
        WITHDRAWN: {"is_withdrawn": 1, "source_format": "withdrawn", "comments": "This paper has been withdrawn"},
        ENCRYPTED: {"source_flags": "S"},
        PDF_ONLY: {"source_format": "pdf"},
    }
    folder = arxiv_folder(*[{**row, **kinds.get(row["paper_id"], {})} for row in rows])
    (folder / "src").mkdir()
    for row in rows:
        write_source(folder, row["paper_id"])
    return folder


def write_source(folder: Path, paper_id: str) -> None:
    if paper_id == PDF_ONLY:
        (folder / "src" / f"{paper_id}.pdf").write_bytes(b"%PDF-1.5\n%%EOF\n")
    elif paper_id not in (WITHDRAWN, ENCRYPTED, SOURCELESS):
        text = f"\\documentclass{{article}}\n% {paper_id}\n" * 40
        (folder / "src" / f"{paper_id}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


@pytest.fixture
def replica(folder: Path, clock: Any) -> Iterator[Replica]:
    with Replica(folder, page_size=PAGE_SIZE, now=clock.now) as replica:
        yield replica


@pytest.fixture
def undisturbed(
    replica: Replica, tmp_path: Path, connect: Connect, clock: Any, content_of: Content
) -> Callable[..., dict[str, list[str]]]:
    """Gives the content that comes about when nothing goes wrong, with arXiv as it is now."""

    def content(*, full_text: bool = False) -> dict[str, list[str]]:
        assert len(replica.faults) == 0, "not every fault was met"
        engine = open_database(tmp_path / "undisturbed.db")
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], now=clock.now())
        if full_text:
            fetch(engine, client, FileStore(tmp_path / "undisturbed"), arxiv_ids=ALL, now=clock.now())
        found = content_of(engine)
        engine.dispose()
        return found

    return content


def persist(step: Callable[[], object], clock: Any) -> None:
    """Do it again when arXiv refused, as the next run of a user would."""
    for _ in range(5):
        try:
            step()
            return
        except TrafficStoppedError as stopped:
            clock.time = stopped.until
    raise AssertionError("arXiv refused too often")


WAY = {
    "503 of the cache": [Fault("status"), Fault("status", match=SECOND)],
    "503 with Retry-After": [Fault("status", retry_after="30"), Fault("status", match=SECOND, retry_after="40")],
    "500": [Fault("status", status=500), Fault("status", status=500)],
    "429": [Fault("status", match=SECOND, status=429)],
    "429 with Retry-After": [Fault("status", status=429, retry_after="900")],
    "406": [Fault("status", status=406), Fault("status", match=SECOND, status=406)],
    "hang": [Fault("hang"), Fault("hang", match=SECOND)],
    "late answer": [Fault("delay", seconds=0.6)],
    "reset in mid-body": [Fault("reset"), Fault("reset", match=SECOND), Fault("reset")],
    "truncated": [Fault("truncate"), Fault("truncate", match=SECOND)],
    "web page with status 200": [Fault("html"), Fault("html", match=SECOND)],
    "one after the other": [Fault("hang"), Fault("status"), Fault("reset"), Fault("truncate"), Fault("html")],
}
LISTS = {
    "Latin-1 called UTF-8": [Fault("latin_1"), Fault("latin_1", match=SECOND)],
    "expired token": [Fault("expired", match=SECOND)],
    "expired again and again": [Fault("expired", match=SECOND)] * 3,
    "foreign token": [Fault("foreign")],
    "record stamped again between two pages": [Fault("restamp", match=SECOND, paper="2003.00002")],
    "same record on two pages": [Fault("repeat"), Fault("repeat", match=SECOND)],
    "page size that changes": [Fault("page_size", size=1), Fault("page_size", match=SECOND, size=9)],
    "empty last page": [Fault("dangling", match="ListRecords")] * 5,
}


@pytest.mark.parametrize("faults", [*WAY.values(), *LISTS.values()], ids=[*WAY, *LISTS])
def test_a_harvest_survives(
    faults: list[Fault],
    replica: Replica,
    engine: Engine,
    connect: Connect,
    clock: Any,
    content_of: Content,
    undisturbed: Callable[..., dict[str, list[str]]],
) -> None:
    replica.faults.add(*faults)
    client = connect(replica.url, read_timeout=0.3)
    for _ in range(NIGHTS):
        persist(lambda: harvest(engine, client, sets=["cs"], now=clock.now()), clock)
        clock.time += timedelta(days=1)
    assert replica.log.smallest_gap() >= 3.0
    assert replica.log.without_user_agent() == []
    assert replica.most_connections == 1
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM request WHERE run_id IS NOT NULL").scalar()
    assert stored == len(replica.log)
    found = content_of(engine)
    assert len(found["paper"]) == PAPERS
    assert found == undisturbed()


@pytest.mark.parametrize("faults", WAY.values(), ids=WAY)
def test_fetching_survives(
    faults: list[Fault],
    replica: Replica,
    engine: Engine,
    connect: Connect,
    clock: Any,
    tmp_path: Path,
    content_of: Content,
    undisturbed: Callable[..., dict[str, list[str]]],
) -> None:
    client = connect(replica.url, read_timeout=0.3)
    harvest(engine, client, sets=["cs"], now=clock.now())
    replica.faults.add(*[Fault(f.kind, "/src/", f.status, f.retry_after, f.seconds) for f in faults])
    store = FileStore(tmp_path / "files")
    for _ in range(NIGHTS):
        persist(lambda: fetch(engine, client, store, arxiv_ids=ALL, now=clock.now()), clock)
    assert replica.log.smallest_gap() >= 3.0
    assert replica.log.repeated() == []
    assert replica.most_connections == 1
    found = content_of(engine)
    eprints = [row for row in found["document"] if "'kind': 'eprint'" in row]
    assert sum("'outcome': 'stored'" in row for row in eprints) == PAPERS - 4
    for paper, outcome in [
        (WITHDRAWN, "withdrawn"),
        (ENCRYPTED, "encrypted"),
        (SOURCELESS, "no_source"),
        (PDF_ONLY, "pdf_only"),
    ]:
        assert sum(paper in row and f"'outcome': '{outcome}'" in row for row in eprints) == 1
    assert found == undisturbed(full_text=True)


def test_an_eprint_that_arxiv_has_only_in_part_is_asked_for_thrice_and_kept(
    folder: Path, replica: Replica, engine: Engine, connect: Connect, clock: Any, tmp_path: Path
) -> None:
    source = folder / "src" / f"{ALL[0]}.gz"
    source.write_bytes(source.read_bytes()[:-20])
    client, store = connect(replica.url), FileStore(tmp_path / "files")
    harvest(engine, client, sets=["cs"], now=clock.now())
    for _ in range(NIGHTS):
        fetch(engine, client, store, arxiv_ids=ALL[:1], now=clock.now())
    assert sum("/src/" in request.target for request in replica.log) == 3
    (path,) = (path for path in store.folder.rglob("*") if path.is_file())
    assert path.read_bytes() == source.read_bytes()


def test_growth_is_dated_by_version_1_although_created_is_that_of_the_newest(
    replica: Replica, engine: Engine, connect: Connect, clock: Any
) -> None:
    record = {"verb": "GetRecord", "identifier": "oai:arXiv.org:2003.00005", "metadataPrefix": "arXiv"}
    assert "<created>2023-08-02</created>" in requests.get(f"{replica.url}/oai", params=record, timeout=5).text
    harvest(engine, connect(replica.url), sets=["cs"], now=clock.now())
    with engine.connect() as connection:
        query = "SELECT submitted, updated, version FROM paper WHERE arxiv_id = '2003.00005'"
        (row,) = connection.exec_driver_sql(query)
    assert [str(value)[:10] for value in row] == ["2020-03-06", "2023-08-02", "2"]


@pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_goes_backwards_is_survived(
    back: timedelta,
    folder: Path,
    replica: Replica,
    engine: Engine,
    connect: Connect,
    clock: Any,
    content_of: Content,
    undisturbed: Callable[..., dict[str, list[str]]],
) -> None:
    client = connect(replica.url)
    right = clock.time
    replica.now = lambda: right

    def set_back(_set: str, done: Any) -> None:
        if done.pages == 2:
            clock.time -= back

    harvest(engine, client, sets=["cs"], now=clock.now(), progress=set_back)
    harvest(engine, client, sets=["cs"], now=clock.now())
    clock.time = right + timedelta(hours=1)
    harvest(engine, client, sets=["cs"], now=clock.now())
    assert max(clock.slept) <= 3.0
    assert content_of(engine) == undisturbed()


def test_a_hang_costs_one_request_and_the_read_timeout(replica: Replica, connect: Connect) -> None:
    replica.faults.add(Fault("hang"))
    assert connect(replica.url, read_timeout=0.2).get(f"{replica.url}/oai").status == 200
    assert [request.status for request in replica.log] == [0, 200]


def test_the_atom_api_has_its_glitches(replica: Replica) -> None:
    replica.faults.add(Fault("empty_feed"))
    query = {"search_query": "cat:cs.LG", "max_results": "5"}
    empty, whole = (requests.get(f"{replica.url}/api/query", params=query, timeout=5).text for _ in range(2))
    total = f"<opensearch:totalResults>{PAPERS}</opensearch:totalResults>"
    assert total in empty
    assert total in whole
    assert (empty.count("<entry>"), whole.count("<entry>")) == (0, 5)


def test_the_atom_wall_can_be_moved(folder: Path) -> None:
    with Replica(folder, atom_wall=10) as replica:
        query = {"search_query": "cat:cs.LG", "max_results": "5"}
        answers = [
            requests.get(f"{replica.url}/api/query", params={**query, "start": start}, timeout=5).status_code
            for start in (0, 5, 10)
        ]
    assert answers == [200, 200, 500]
