"""A harvest over real HTTP stores every paper as arXiv has it, survives faults, and repeats without a trace."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.harvest import HarvestSummary, harvest
from ingest.http import PoliteClient, TrafficStoppedError
from ingest.oai import InvalidSetError, OaiError, RepeatedTokenError, Window, list_identifiers
from ingest.replica.faults import Fault
from ingest.replica.records import Collection
from ingest.replica.server import Replica

NOW = datetime(2026, 11, 22, 3, 0, 0)
CONTENT = ("paper", "version", "author", "category", "change", "unread")
Connect = Callable[..., PoliteClient]
Lines = Callable[..., dict[str, Any]]


def content(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that holds content."""
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2")]
            for name in CONTENT
        }


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_every_real_paper_is_stored_as_arxiv_has_it(
    real_metadata: Path, tmp_path: Path, engine: Engine, connect: Connect, clock: Any
) -> None:
    folder = tmp_path / "arxiv"
    folder.mkdir()
    (folder / "metadata.jsonl").symlink_to(real_metadata)
    with Replica(folder, page_size=50, now=clock.now) as replica:
        summary = harvest(engine, connect(replica.url), sets=[""], now=NOW)
        assert replica.most_connections == 1
        assert len({request.target for request in replica.log}) == len(replica.log) == summary.pages
        times = [request.at for request in replica.log]
        assert all((b - a).total_seconds() >= 3 for a, b in pairwise(times))
    assert summary.added == summary.records == 509
    assert summary.unread == 0

    expected: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in real_metadata.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expected[row["paper_id"]].append(row)
    stored = rows(engine, "SELECT arxiv_id, submitted, version, withdrawn FROM paper")
    versions = grouped(
        engine, "SELECT arxiv_id, t.submitted FROM version t JOIN paper p ON p.id = paper_id ORDER BY number"
    )
    categories = grouped(
        engine, "SELECT arxiv_id, name FROM category JOIN paper p ON p.id = paper_id ORDER BY position"
    )
    assert {row[0] for row in stored} == set(expected)
    for arxiv_id, submitted, version, withdrawn in stored:
        rows_of_paper = sorted(expected[arxiv_id], key=lambda row: row["version"])
        newest = rows_of_paper[-1]
        assert submitted[:19] == rows_of_paper[0]["created"]
        assert version == newest["version"]
        assert bool(withdrawn) == bool(newest["is_withdrawn"])
        assert categories[arxiv_id] == newest["abs_categories"].split()
        assert [moment[:19] for moment in versions[arxiv_id]] == [row["created"] for row in rows_of_paper]


def grouped(engine: Engine, sql: str) -> dict[str, list[Any]]:
    """Second columns by first."""
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in rows(engine, sql):
        found[key].append(value)
    return found


def test_a_second_harvest_changes_nothing(real_metadata: Path, engine: Engine, connect: Connect) -> None:
    with Replica(real_metadata) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["math", "cs"], now=NOW)
        before = content(engine)
        later = NOW + timedelta(days=1)
        again = harvest(engine, client, sets=["math", "cs"], from_date=date(2005, 9, 16), now=later)
    assert again.records > 150
    assert (again.added, again.changed) == (0, 0)
    assert content(engine) == before


@pytest.mark.parametrize("page_size", [2, 7, 509])
def test_any_page_size_gives_the_same(
    real_metadata: Path, tmp_path: Path, engine: Engine, connect: Connect, page_size: int
) -> None:
    with Replica(real_metadata, page_size=page_size) as replica:
        summary = harvest(engine, connect(replica.url), sets=["cs"], now=NOW)
        assert summary.added == sum(
            any(name.startswith("cs.") for name in paper.current.categories) or _is_alias(paper.current.categories)
            for paper in replica.collection
        )


def _is_alias(categories: tuple[str, ...]) -> bool:
    return bool({"math.IT", "math.NA", "eess.SY", "cmp-lg"} & set(categories))


@pytest.mark.parametrize("status", [429, 406])
def test_a_refusal_stops_the_harvest_and_the_next_goes_on(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any, status: int
) -> None:
    with Replica(real_metadata, page_size=20) as replica:
        client = connect(replica.url)
        replica.faults.add(Fault("status", match="resumptionToken", status=status))
        with pytest.raises(TrafficStoppedError) as stopped:
            harvest(engine, client, sets=["math"], now=NOW)
        with pytest.raises(TrafficStoppedError):
            harvest(engine, client, sets=["math"], now=NOW)
        assert len(replica.log) == 2
        assert rows(engine, "SELECT count(*) FROM paper") == [(20,)]
        clock.time = stopped.value.until
        harvest(engine, client, sets=["math"], now=NOW)
        first_requests = [request for request in replica.log if "resumptionToken" not in request.target]
        assert len(first_requests) == 1
    assert rows(engine, "SELECT state, records FROM harvest_run") == [("done", len(_papers_of(real_metadata, "math")))]


def _papers_of(metadata: Path, set_spec: str) -> list[Any]:
    return Collection.load(metadata).changed_between(date(2005, 9, 16), date(2030, 1, 1), set_spec)


class KilledError(Exception):
    pass


def test_a_harvest_killed_between_pages_goes_on_at_that_page(
    real_metadata: Path, engine: Engine, connect: Connect
) -> None:
    def kill(_set: str, done: HarvestSummary) -> None:
        if done.pages == 3:
            raise KilledError

    with Replica(real_metadata, page_size=20) as replica:
        client = connect(replica.url)
        with pytest.raises(KilledError):
            harvest(engine, client, sets=["math"], now=NOW, progress=kill)
        stored = rows(engine, "SELECT count(*) FROM paper")[0][0]
        assert stored == 60
        total = harvest(engine, client, sets=["math"], now=NOW)
        targets = [request.target for request in replica.log]
        assert len(set(targets)) == len(targets)
    everything = len(_papers_of(real_metadata, "math"))
    assert stored + total.added == everything
    assert rows(engine, "SELECT state, records, added FROM harvest_run") == [("done", everything, everything)]


def test_a_forgotten_token_begins_the_window_again(real_metadata: Path, engine: Engine, connect: Connect) -> None:
    with Replica(real_metadata, page_size=100) as replica:
        client = connect(replica.url)
        with pytest.raises(KilledError):
            harvest(engine, client, sets=["math"], now=NOW, progress=_killed)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE harvest_run SET resumption_token = 'expired'")
        harvest(engine, client, sets=["math"], now=NOW)
    assert rows(engine, "SELECT count(*) FROM paper") == [(len(_papers_of(real_metadata, "math")),)]
    assert rows(engine, "SELECT state FROM harvest_run") == [("done",)]


def _killed(_set: str, _done: HarvestSummary) -> None:
    raise KilledError


def test_the_next_nights_window_overlaps_by_two_days(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs:cs:LG"], now=clock.now())
        clock.time += timedelta(days=1)
        harvest(engine, client, sets=["cs:cs:LG"], now=clock.now())
        assert replica.log[-1].target == (
            "/oai?verb=ListRecords&metadataPrefix=arXivRaw&from=2026-11-20&until=2026-11-23&set=cs%3Acs%3ALG"
        )
    assert rows(engine, "SELECT from_date, until_date, state FROM harvest_run") == [
        (None, "2026-11-22", "done"),
        ("2026-11-20", "2026-11-23", "done"),
    ]


def test_a_harvest_left_yesterday_is_finished_and_then_brought_up_to_today(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(real_metadata, page_size=20, now=clock.now) as replica:
        client = connect(replica.url)
        with pytest.raises(KilledError):
            harvest(engine, client, sets=["cs"], now=clock.now(), progress=_killed)
        clock.time += timedelta(days=1)
        harvest(engine, client, sets=["cs"], now=clock.now())
    assert rows(engine, "SELECT from_date, until_date, state, records > 0 FROM harvest_run ORDER BY id") == [
        (None, "2026-11-22", "done", 1),
        ("2026-11-20", "2026-11-23", "done", 0),
    ]


def test_days_before_arxivs_first_datestamp_ask_for_everything(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        harvest(engine, connect(replica.url), sets=["cs"], from_date=date(1991, 8, 1), now=clock.now())
        assert "from=" not in replica.log[0].target
    assert rows(engine, "SELECT count(*) FROM paper") == [(1,)]


def test_a_window_of_the_past_does_not_hide_what_came_after(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], from_date=date(2020, 1, 1), until_date=date(2020, 6, 1), now=clock.now())
        harvest(engine, client, sets=["cs"], now=clock.now())
    assert rows(engine, "SELECT from_date FROM harvest_run ORDER BY id DESC")[0] == ("2020-05-30",)


def test_a_record_stamped_again_between_two_pages_is_caught_by_the_overlap(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    day = int((NOW - timedelta(days=1)).timestamp())
    folder = arxiv_folder(*[metadata_line(f"2003.0000{number}", modtime=day + number) for number in range(1, 7)])
    with Replica(folder, page_size=3, now=clock.now) as replica:
        client = connect(replica.url)

        def restamp(_set: str, done: HarvestSummary) -> None:
            if done.pages == 1:
                replica.collection.restamp("2003.00001", NOW + timedelta(hours=1))

        harvest(engine, client, sets=["cs"], now=clock.now(), progress=restamp)
        assert rows(engine, "SELECT arxiv_id FROM paper WHERE arxiv_id = '2003.00004'") == []
        clock.time += timedelta(days=1)
        harvest(engine, client, sets=["cs"], now=clock.now())
    assert rows(engine, "SELECT count(*) FROM paper") == [(6,)]


def test_a_change_is_written_with_what_was_before(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], now=clock.now())
        paper = replica.collection.get("2003.03033")
        assert paper is not None
        second = replace(
            paper.current, version=2, created=NOW, title="Pruned", authors="Ada Lee", modtime=int(NOW.timestamp())
        )
        replica.collection.put(replace(paper, versions=(replace(paper.current, is_current=False), second)))
        clock.time += timedelta(days=1)
        summary = harvest(engine, client, sets=["cs"], now=clock.now())
    assert (summary.added, summary.changed) == (0, 1)
    changes = {name: (before, after) for name, before, after in rows(engine, "SELECT field, before, after FROM change")}
    assert set(changes) == {"title", "updated", "version", "versions", "authors"}
    assert changes["version"] == ("1", "2")
    assert changes["authors"] == ("Ada Lee; Bo Roy; Cy Diaz", "Ada Lee")
    assert rows(engine, "SELECT title, version, changed_at > added_at FROM paper") == [("Pruned", 2, 1)]
    assert rows(engine, "SELECT name FROM author") == [("Ada Lee",)]


def test_a_record_stamped_again_without_a_change_is_no_change(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], now=clock.now())
        replica.collection.restamp("2003.03033", NOW)
        clock.time += timedelta(days=1)
        assert harvest(engine, client, sets=["cs"], now=clock.now()).changed == 0
    assert rows(engine, "SELECT datestamp, changed_at = added_at FROM paper") == [("2026-11-22", 1)]
    assert rows(engine, "SELECT count(*) FROM change") == [(0,)]


def test_a_malformed_record_is_stored_as_unread_until_it_is_mended(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    folder = arxiv_folder(metadata_line("2003.00001"), metadata_line("2003.00002", title=" "))
    with Replica(folder, now=clock.now) as replica:
        client = connect(replica.url)
        summary = harvest(engine, client, sets=["cs"], now=clock.now())
        assert (summary.added, summary.unread) == (1, 1)
        window = {"from_date": date(2005, 9, 16), "now": clock.now()}
        harvest(engine, client, sets=["cs"], **window)
        assert rows(engine, "SELECT kind, locator, reason FROM unread") == [
            ("record", "oai:arXiv.org:2003.00002", "it has no title")
        ]
        paper = replica.collection.get("2003.00002")
        assert paper is not None
        replica.collection.put(replace(paper, versions=(replace(paper.current, title="Mended"),)))
        harvest(engine, client, sets=["cs"], **window)
    assert rows(engine, "SELECT count(*) FROM unread") == [(0,)]
    assert rows(engine, "SELECT count(*) FROM paper") == [(2,)]


def test_a_category_is_no_set_and_arxiv_is_not_asked(engine: Engine, connect: Connect) -> None:
    with pytest.raises(InvalidSetError, match="such as cs, cs:cs:LG"):
        harvest(engine, connect("http://127.0.0.1:9"), sets=["cs", "cs.LG"], now=NOW)
    assert rows(engine, "SELECT count(*) FROM harvest_run") == [(0,)]


def test_an_unknown_set_fails_with_arxivs_words(
    arxiv_folder: Callable[..., Path], metadata_line: Lines, engine: Engine, connect: Connect
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033"))) as replica, pytest.raises(OaiError, match="Set does not"):
        harvest(engine, connect(replica.url), sets=["cs:cs:XX"], now=NOW)
    state, reason = rows(engine, "SELECT state, reason FROM harvest_run")[0]
    assert state == "failed"
    assert "Set does not exist" in reason


def test_a_list_that_goes_round_in_circles_is_left(
    arxiv_folder: Callable[..., Path],
    metadata_line: Lines,
    engine: Engine,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = arxiv_folder(*[metadata_line(f"2003.0000{number}") for number in range(1, 6)])
    with Replica(folder, page_size=1) as replica:
        answer = type(replica.oai).answer
        second: list[bytes] = []

        def stuck(server: Any, arguments: Any, now: datetime, fault: Fault | None) -> bytes:
            if "resumptionToken" in dict(arguments) and not second:
                second.append(answer(server, arguments, now, fault))
            return second[0] if second else answer(server, arguments, now, fault)

        monkeypatch.setattr(type(replica.oai), "answer", stuck)
        with pytest.raises(RepeatedTokenError):
            harvest(engine, connect(replica.url), sets=["cs"], now=NOW)
        assert len(replica.log) == 3


def test_identifiers_can_be_listed_for_reconciling(real_metadata: Path, connect: Connect) -> None:
    with Replica(real_metadata, identifiers_page_size=200) as replica:
        pages = list(list_identifiers(connect(replica.url), Window()))
    assert [len(page.headers) for page in pages] == [200, 200, 109]
    assert len({header.arxiv_id for page in pages for header in page.headers}) == 509


def test_a_page_of_1300_records_is_stored_in_well_under_a_second(
    real_metadata: Path, tmp_path: Path, engine: Engine, connect: Connect
) -> None:
    collection = Collection.load(real_metadata)
    with Replica(real_metadata) as replica:
        for number, paper in enumerate([*collection, *collection, *collection][: 1300 - len(collection)], 1):
            versions = tuple(replace(version, paper_id=f"1501.{number:05}") for version in paper.versions)
            replica.collection.put(replace(paper, versions=versions))
        client = connect(replica.url, gap_on_loopback=False)
        body_size = len(client.get(client.addresses.oai, Window().params("ListRecords")).body)
        started = time.perf_counter()
        summary = harvest(engine, client, sets=[""], now=NOW)
        seconds = time.perf_counter() - started
    assert (summary.pages, summary.added) == (1, 1300)
    sys.stdout.write(f"one page of 1,300 records ({body_size:,} bytes) served, read, stored in {seconds:.2f} s\n")
    assert seconds < 4.0
