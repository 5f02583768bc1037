"""The query API over real HTTP: sliced below its wall, its glitches survived, its errors said in a sentence."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest import atom
from ingest.atom import QueryRefusedError, Slice, TooManyResultsError, harvest_query, read_feed
from ingest.harvest import harvest
from ingest.http import BrokenBodyError, PoliteClient
from ingest.replica.faults import Fault
from ingest.replica.server import Replica

NOW = datetime(2026, 11, 22, 3, 0, 0)
CATEGORIES = {"astro-ph.CO", "quant-ph", "hep-th", "hep-ph", "math-ph"}
QUERY = " OR ".join(f"cat:{name}" for name in sorted(CATEGORIES))
Connect = Callable[..., PoliteClient]


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


@pytest.fixture
def replica(real_metadata: Path, clock: Any) -> Iterator[Replica]:
    with Replica(real_metadata, now=clock.now) as server:
        yield server


@pytest.fixture
def low_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atom, "WALL", 80)
    monkeypatch.setattr(atom, "PAGE_SIZE", 20)


@pytest.mark.parametrize("name", ["id_1605.08386", "id_2104.12255v1", "id_astro-ph_0601001", "q_testing_s0_m100"])
def test_arxivs_own_answers_are_read_whole(shared: Path, name: str) -> None:
    (path,) = (shared / "data" / "arxiv" / "atom_live").glob(f"{name}_*.200.xml")
    feed = read_feed(path.read_bytes())
    assert feed.unread == ()
    assert feed.results == (100 if name.startswith("q_") else 1)
    for record in feed.records:
        assert record.authors
        assert record.abstract
        assert record.datestamp is None
        assert record.versions[0].number == 1


def test_no_slice_reaches_the_wall_and_every_paper_comes(
    low_wall: None, replica: Replica, engine: Engine, connect: Connect
) -> None:
    summary = harvest_query(engine, connect(replica.url), query=QUERY, now=NOW)
    matching = _matching(replica)
    found = {row[0] for row in rows(engine, "SELECT arxiv_id FROM paper")}
    assert len(found) > 150
    assert summary.unread == 0
    assert found == matching
    assert all("start=80" not in request.target for request in replica.log)
    assert rows(engine, "SELECT source, state, query FROM harvest_run") == [("atom", "done", QUERY)]


def _matching(replica: Replica) -> set[str]:
    return {paper.current.paper_id for paper in replica.collection if CATEGORIES & set(paper.current.categories)}


def test_records_agree_with_those_of_oai(replica: Replica, tmp_path: Path, engine: Engine, connect: Connect) -> None:
    client = connect(replica.url)
    harvest_query(engine, client, query=QUERY, now=NOW)
    columns = "arxiv_id, title, abstract, submitted, updated, version, primary_category, comments, journal_ref, doi"
    by_query = rows(engine, f"SELECT {columns} FROM paper ORDER BY arxiv_id")
    names = "SELECT arxiv_id, position, name FROM {} JOIN paper ON id = paper_id ORDER BY 1, 2"
    lists = {name: rows(engine, names.format(name)) for name in ("author", "category")}
    harvest(engine, client, sets=[""], now=NOW)
    ids = ", ".join(f"'{row[0]}'" for row in by_query)
    assert len(by_query) > 50
    assert rows(engine, f"SELECT {columns} FROM paper WHERE arxiv_id IN ({ids}) ORDER BY arxiv_id") == by_query
    for name, before in lists.items():
        assert [row for row in rows(engine, names.format(name)) if f"'{row[0]}'" in ids] == before
    assert rows(engine, "SELECT count(*) FROM change WHERE field <> 'withdrawn'") == [(0,)]


def test_a_paper_known_from_oai_keeps_what_the_query_api_does_not_state(
    replica: Replica, engine: Engine, connect: Connect
) -> None:
    client = connect(replica.url)
    harvest(engine, client, sets=[""], now=NOW)
    tables = ("paper", "version", "author", "category", "change")
    before = [rows(engine, f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables]
    assert harvest_query(engine, client, query=QUERY, now=NOW).changed == 0
    known = [row[0] for row in before[0]]
    assert [row for row in rows(engine, "SELECT * FROM paper ORDER BY 1") if row[0] in known] == before[0]
    versions = rows(engine, "SELECT * FROM version ORDER BY 1, 2")
    assert [row for row in versions if row[0] in known] == before[1]


def test_a_newer_version_seen_by_the_query_api_joins_the_versions_known(
    arxiv_folder: Callable[..., Path], metadata_line: Any, engine: Engine, connect: Connect, clock: Any
) -> None:
    folder = arxiv_folder(
        metadata_line("2003.03033", version=1, is_current=0),
        metadata_line("2003.03033", version=2, created="2020-04-01 00:00:00"),
    )
    with Replica(folder, now=clock.now) as server:
        client = connect(server.url)
        harvest(engine, client, sets=["cs"], now=NOW)
        paper = server.collection.get("2003.03033")
        assert paper is not None
        third = replace(paper.current, version=3, created=NOW, title="Pruned again")
        server.collection.put(
            replace(paper, versions=(paper.versions[0], replace(paper.current, is_current=False), third))
        )
        assert harvest_query(engine, client, query="ti:pruned", now=NOW).changed == 1
    assert rows(engine, "SELECT version, title, datestamp, license <> '' FROM paper") == [
        (3, "Pruned again", "2020-03-09", 1)
    ]
    assert rows(engine, "SELECT number, size <> '' FROM version ORDER BY number") == [(1, 1), (2, 1), (3, 0)]


@pytest.mark.parametrize(
    "fault", [Fault("status"), Fault("truncate"), Fault("html"), Fault("reset")], ids=lambda fault: fault.kind
)
def test_a_fault_on_the_way_changes_nothing(
    low_wall: None, replica: Replica, engine: Engine, connect: Connect, fault: Fault
) -> None:
    replica.faults.add(replace(fault, match="start=20&"))
    harvest_query(engine, connect(replica.url), query=QUERY, now=NOW)
    assert len(replica.faults) == 0
    assert {row[0] for row in rows(engine, "SELECT arxiv_id FROM paper")} == _matching(replica)


def test_the_empty_page_that_arxiv_gives_at_times_is_asked_for_again(shared: Path) -> None:
    (path,) = (shared / "data" / "arxiv" / "atom_live").glob("id_0000.0000_*.xml")
    nothing = path.read_bytes()
    assert read_feed(nothing).results == 0
    glitch = nothing.replace(b">0</opensearch:totalResults>", b">7</opensearch:totalResults>")
    assert glitch != nothing
    with pytest.raises(BrokenBodyError, match="empty although"):
        read_feed(glitch)
    assert read_feed(glitch, expected=7).total == 7


def test_a_wrong_query_fails_with_arxivs_words(replica: Replica, engine: Engine, connect: Connect) -> None:
    with pytest.raises(QueryRefusedError, match="refuses"):
        harvest_query(engine, connect(replica.url), query="((cat:cs.LG", now=NOW)
    ((state, reason),) = rows(engine, "SELECT state, reason FROM harvest_run")
    assert state == "failed"
    assert "query API refuses" in reason


def test_more_papers_of_one_minute_than_the_wall_are_an_error(
    arxiv_folder: Callable[..., Path],
    metadata_line: Any,
    engine: Engine,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(atom, "WALL", 3)
    folder = arxiv_folder(*[metadata_line(f"2003.0000{number}") for number in range(1, 6)])
    day = date(2020, 3, 6)
    with Replica(folder) as server, pytest.raises(TooManyResultsError, match="2020-03-06 05:06"):
        harvest_query(engine, connect(server.url), query="all:pruning", from_date=day, until_date=day, now=NOW)


def test_a_harvest_that_was_killed_goes_on_where_it_stopped(
    low_wall: None, replica: Replica, engine: Engine, connect: Connect
) -> None:
    client = connect(replica.url)

    def killed(done: Any, _left: int) -> None:
        if done.pages == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harvest_query(engine, client, query=QUERY, now=NOW, progress=killed)
    asked = {request.target for request in replica.log}
    harvest_query(engine, client, query=QUERY, now=NOW)
    assert len({request.target for request in replica.log}) == len(replica.log) > len(asked)
    assert rows(engine, "SELECT state FROM harvest_run") == [("done",)]
    matching = _matching(replica)
    assert matching == {row[0] for row in rows(engine, "SELECT arxiv_id FROM paper")}


def test_parts_of_a_slice_leave_no_minute_out() -> None:
    whole = Slice(datetime(2020, 1, 1), datetime(2020, 1, 1, 0, 7))
    for count in range(2, 30):
        parts = whole.parts(count)
        assert parts[0].first == whole.first
        assert parts[-1].last == whole.last
        assert all(before.last == after.first for before, after in pairwise(parts))
        assert all(part.last > part.first for part in parts)
        assert max(part.last - part.first for part in parts) < timedelta(minutes=7)
