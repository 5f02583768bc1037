"""The weekly comparison finds what paging skipped, and fetches that and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest.harvest import HarvestSummary, harvest
from ingest.http import PoliteClient, TrafficStoppedError
from ingest.reconcile import reconcile
from ingest.replica.faults import Fault
from ingest.replica.server import Replica

NOW = datetime(2026, 11, 22, 3, 0, 0)
Connect = Callable[..., PoliteClient]
Folder = Callable[..., Path]
Lines = Callable[..., dict[str, Any]]


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def forget(engine: Engine, condition: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM paper WHERE {condition}")


def asked(replica: Replica, verb: str) -> int:
    return sum(f"verb={verb}" in request.target for request in replica.log)


def test_a_record_hidden_by_a_restamped_one_is_fetched_alone(
    arxiv_folder: Folder, metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    day = int((NOW - timedelta(days=30)).timestamp())
    folder = arxiv_folder(*[metadata_line(f"2003.0000{number}", modtime=day + number) for number in range(1, 7)])
    with Replica(folder, page_size=3, now=clock.now) as replica:
        client = connect(replica.url)

        def restamp(_set: str, done: HarvestSummary) -> None:
            if done.pages == 1:
                replica.collection.restamp("2003.00001", NOW)

        harvest(engine, client, sets=["cs"], now=clock.now(), progress=restamp)
        assert rows(engine, "SELECT count(*) FROM paper") == [(5,)]
        found = reconcile(engine, client, sets=["cs"], now=clock.now())
        assert found == HarvestSummary(pages=1, records=1, added=1)
        assert (asked(replica, "ListIdentifiers"), asked(replica, "GetRecord")) == (1, 1)
    assert rows(engine, "SELECT count(*) FROM paper") == [(6,)]


def test_a_change_that_was_skipped_is_fetched(
    arxiv_folder: Folder, metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], now=clock.now())
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE paper SET datestamp = '2010-01-01', title = 'Before'")
        assert reconcile(engine, client, sets=["cs"], now=clock.now()).changed == 1


def test_nothing_is_fetched_where_nothing_is_missing_and_nothing_asked_twice_a_week(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(real_metadata, identifiers_page_size=60, now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["math"], now=clock.now())
        assert reconcile(engine, client, sets=["math"], now=clock.now()) == HarvestSummary()
        listed = asked(replica, "ListIdentifiers")
        assert listed > 1
        clock.time += timedelta(days=6)
        reconcile(engine, client, sets=["math"], now=clock.now())
        assert asked(replica, "ListIdentifiers") == listed
        clock.time += timedelta(days=1, hours=1)
        reconcile(engine, client, sets=["math"], now=clock.now())
        assert asked(replica, "ListIdentifiers") == 2 * listed
        assert asked(replica, "GetRecord") == 0


def test_much_that_is_missing_comes_by_windows_of_days(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(real_metadata, now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=[""], now=clock.now())
        before = rows(engine, "SELECT arxiv_id, title FROM paper ORDER BY 1")
        forget(engine, "id % 2 = 0")
        lists = asked(replica, "ListRecords")
        found = reconcile(engine, client, sets=[""], now=clock.now())
        assert found.added == 254
        assert 0 < asked(replica, "ListRecords") - lists < 100
    assert rows(engine, "SELECT arxiv_id, title FROM paper ORDER BY 1") == before


def test_days_that_were_never_harvested_are_not_missing(
    arxiv_folder: Folder, metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    recent = int((NOW - timedelta(days=2)).timestamp())
    folder = arxiv_folder(metadata_line("2003.00001"), metadata_line("2003.00002", modtime=recent))
    with Replica(folder, now=clock.now) as replica:
        client = connect(replica.url)
        assert reconcile(engine, client, sets=["cs"], now=clock.now()) == HarvestSummary()
        assert len(replica.log) == 0
        harvest(engine, client, sets=["cs"], from_date=date(2026, 11, 1), now=clock.now())
        forget(engine, "1")
        assert reconcile(engine, client, sets=["cs"], now=clock.now()).added == 1
    assert rows(engine, "SELECT arxiv_id FROM paper") == [("2003.00002",)]


def test_a_comparison_that_arxiv_refused_is_made_at_the_next_call(
    arxiv_folder: Folder, metadata_line: Lines, engine: Engine, connect: Connect, clock: Any
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as replica:
        client = connect(replica.url)
        harvest(engine, client, sets=["cs"], now=clock.now())
        forget(engine, "1")
        replica.faults.add(Fault("status", match="GetRecord", status=429))
        with pytest.raises(TrafficStoppedError):
            reconcile(engine, client, sets=["cs"], now=clock.now())
        clock.time += timedelta(minutes=11)
        assert reconcile(engine, client, sets=["cs"], now=clock.now()).added == 1
    assert rows(engine, "SELECT source, state FROM harvest_run") == [("oai", "done"), ("reconcile", "done")]
