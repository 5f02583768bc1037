"""Fixtures of the tests of ingest: a clock that needs no waiting, an empty corpus, small made-up papers."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.schema import harvest_run, metadata, request
from db.session import open_database
from ingest.http import PoliteClient
from ingest.replica.clock import VirtualClock

NOW = datetime(2026, 11, 22, 3, 0, 0)


LOGS = (harvest_run, request)
NO_CONTENT = {"id", "run_id", "url", "seconds", "at", "fetched_at", "seen_at", "added_at", "changed_at"} | {
    "first_seen_at",
    "last_seen_at",
}
"""Columns that say when and by which way something came into the database."""


def _content_of(engine: Engine) -> dict[str, list[str]]:
    """What a database says: every row of every table but the logs, with the row itself in place of its number."""
    said: dict[str, dict[Any, str]] = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            said[table.name] = {}
            for row in connection.execute(select(table)).mappings():
                columns = {
                    column.name: said[key.column.table.name].get(row[column.name])
                    if (key := next(iter(column.foreign_keys), None)) is not None
                    else row[column.name]
                    for column in table.columns
                    if column.name not in NO_CONTENT
                }
                number = row["id"] if "id" in row else len(said[table.name])
                said[table.name][number] = repr(columns)
    logs = {table.name for table in LOGS}
    return {name: sorted(rows.values()) for name, rows in said.items() if name not in logs}


@pytest.fixture(scope="session")
def content_of() -> Callable[[Engine], dict[str, list[str]]]:
    """Gives the content of a database, to be compared with that of another."""
    return _content_of


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture(scope="session")
def empty_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database; copying it is faster than making one for each test."""
    path = tmp_path_factory.mktemp("empty") / "corpus.db"
    open_database(path).dispose()
    return path


@pytest.fixture
def engine(tmp_path: Path, empty_corpus: Path) -> Iterator[Engine]:
    engine = open_database(shutil.copy(empty_corpus, tmp_path / "corpus.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def connect(tmp_path: Path, clock: VirtualClock) -> Iterator[Callable[..., PoliteClient]]:
    """Makes clients towards a base address, on the virtual clock, with one state folder."""
    clients: list[PoliteClient] = []

    def make(url: str, **options: Any) -> PoliteClient:
        settings: dict[str, Any] = {"clock": clock, "gap_on_loopback": True, **options}
        clients.append(PoliteClient("Secateur-tests/1 (mailto:tests@example.org)", tmp_path / "state", url, **settings))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def _metadata_line(paper_id: str, **columns: Any) -> dict[str, Any]:
    """One row of arXiv's metadata table, with made-up values where none are given."""
    row: dict[str, Any] = {
        "paper_id": paper_id,
        "version": 1,
        "created": "2020-03-06 05:06:12",
        "updated": "2020-03-09 00:00:00",
        "modtime": 1583712000,
        "is_current": 1,
        "is_withdrawn": 0,
        "source_size": 1_089_536,
        "source_format": "pdftex",
        "source_flags": "",
        "title": f"Pruning networks, part {paper_id}",
        "authors": "Ada Lee, Bo Roy and Cy Diaz",
        "abs_categories": "cs.LG stat.ML",
        "comments": None,
        "report_num": None,
        "msc_class": None,
        "acm_class": None,
        "journal_ref": None,
        "doi": None,
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "abstract": "  We prune networks to 90\\% sparsity.",
    }
    return {**row, **columns}


def _write_metadata(folder: Path, *rows: dict[str, Any]) -> Path:
    """Write a replica's folder with these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture
def metadata_line() -> Callable[..., dict[str, Any]]:
    """Makes one row of arXiv's metadata table."""
    return _metadata_line


@pytest.fixture
def arxiv_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a replica's folder with some rows."""
    return lambda *rows: _write_metadata(tmp_path / "arxiv", *rows)


@pytest.fixture
def real_metadata(shared: Path) -> Path:
    """The metadata rows of 509 real papers."""
    return shared / "data" / "arxiv" / "db" / "arxiv_metadata_rows_from_oaipmh_testdb.jsonl"
