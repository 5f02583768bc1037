"""Storing papers writes what is new or different and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from db.papers import StoredCounts, mark_deleted, store_papers, store_unread_records
from db.records import PaperRecord, Unread, VersionRecord
from db.schema import author, category, change, paper, unread, version
from db.session import open_database

NOW = datetime(2026, 11, 22, 3, 0, 0)
FIRST = VersionRecord(1, datetime(2020, 3, 6, 5, 6, 12), "8kb", "D")


def record(arxiv_id: str = "2003.03033", **fields: object) -> PaperRecord:
    base = PaperRecord(
        arxiv_id, "Title", "Abstract", ("Ada Lee", "Bo Roy"), ("cs.LG", "stat.ML"), (FIRST,), datestamp=date(2020, 3, 9)
    )
    return replace(base, **fields)  # type: ignore[arg-type]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "corpus.db")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def store(connection: Connection, *records: PaperRecord, now: datetime = NOW) -> StoredCounts:
    return store_papers(connection, records, run_id=None, now=now)


def dump(connection: Connection) -> list[list[tuple[object, ...]]]:
    return [
        [tuple(row) for row in connection.execute(select(table))]
        for table in (paper, version, author, category, change)
    ]


def test_the_same_record_again_writes_nothing(connection: Connection) -> None:
    assert store(connection, record()) == StoredCounts(added=1)
    before = dump(connection)
    assert store(connection, record(), now=NOW + timedelta(days=1)) == StoredCounts(same=1)
    assert dump(connection) == before


def test_of_two_records_of_one_paper_the_newer_counts(connection: Connection) -> None:
    newer = record(title="Newer", datestamp=date(2020, 3, 10))
    assert store(connection, newer, record()) == StoredCounts(added=1)
    assert connection.scalars(select(paper.c.title)).all() == ["Newer"]


def test_an_older_record_does_not_undo_a_newer_one(connection: Connection) -> None:
    second = VersionRecord(2, datetime(2021, 1, 1))
    store(connection, record(title="Newer", versions=(FIRST, second), datestamp=date(2021, 1, 2)))
    assert store(connection, record()) == StoredCounts(same=1)
    assert store(connection, record(title="Cached", versions=(FIRST, second))) == StoredCounts(same=1)
    assert connection.scalars(select(paper.c.title)).all() == ["Newer"]


def test_a_category_that_goes_is_gone(connection: Connection) -> None:
    store(connection, record())
    assert store(connection, record(categories=("stat.ML",))) == StoredCounts(changed=1)
    assert connection.execute(select(category.c.position, category.c.name)).all() == [(0, "stat.ML")]
    changes = connection.execute(select(change.c.field, change.c.before, change.c.after)).all()
    assert set(changes) == {
        ("primary_category", "cs.LG", "stat.ML"),
        ("categories", "cs.LG; stat.ML", "stat.ML"),
    }


def test_a_paper_that_arxiv_deleted_is_withdrawn_once(connection: Connection) -> None:
    store(connection, record())
    assert mark_deleted(connection, ["2003.03033", "9912.99999"], run_id=None, now=NOW) == 1
    assert mark_deleted(connection, ["2003.03033"], run_id=None, now=NOW) == 0
    assert connection.scalars(select(paper.c.withdrawn)).all() == [True]


def test_an_unread_record_is_kept_once_and_goes_when_it_is_read(connection: Connection) -> None:
    bad = Unread("record", "oai:arXiv.org:2003.03033", "it has no title")
    store_unread_records(connection, [bad, bad], now=NOW)
    store_unread_records(connection, [bad], now=NOW)
    assert len(connection.execute(select(unread)).all()) == 1
    store(connection, record())
    assert connection.execute(select(unread)).all() == []


def test_many_papers_are_stored_with_their_own_lists(connection: Connection) -> None:
    many = [record(f"2003.{number:05}", authors=(f"Author {number}",)) for number in range(1, 1001)]
    assert store(connection, *many).added == 1000
    found = connection.execute(select(paper.c.arxiv_id, author.c.name).join(author)).all()
    assert {(arxiv_id, name) for arxiv_id, name in found} == {(item.arxiv_id, item.authors[0]) for item in many}
    assert store(connection, *many).same == 1000


texts = st.text(max_size=8)
records = st.builds(
    record,
    title=texts,
    comments=texts,
    authors=st.lists(texts, max_size=3).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs.CV", "math.ST"]), min_size=1, unique=True).map(tuple),
    withdrawn=st.booleans(),
)


@given(st.lists(records, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_history_the_last_record_stands_and_changes_tell_the_way(
    engine: Engine, history: list[PaperRecord]
) -> None:
    with engine.connect() as connection:
        for item in history:
            store(connection, item)
        row = connection.execute(select(paper)).one()
        assert (row.title, row.comments, row.withdrawn) == (
            history[-1].title,
            history[-1].comments,
            history[-1].withdrawn,
        )
        names = connection.scalars(select(author.c.name).order_by(author.c.position)).all()
        assert tuple(names) == history[-1].authors
        titles = connection.execute(select(change.c.before, change.c.after).where(change.c.field == "title")).all()
        told = [history[0].title, *(after for _before, after in titles)]
        assert told == [
            item.title
            for position, item in enumerate(history)
            if position == 0 or item.title != history[position - 1].title
        ]
        connection.rollback()
