"""Running the command line in process, on a corpus harvested from the replica of arXiv."""

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from db.session import open_database
from ingest.fulltext import FileStore, fetch
from ingest.harvest import harvest
from ingest.http import PoliteClient
from ingest.replica.server import Replica
from secateur.cli import main
from secateur.demo.literature import write_literature
from secateur.nightly import find
from secateur.stages import extract_papers, tag_papers

NOW = datetime(2026, 11, 22, 4, 30)


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Secateur:
    """The command line on one database."""

    db: Path
    url: str

    def __call__(self, *arguments: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["--db", str(self.db), *arguments])
        code = left.value.code
        return Answer(code if isinstance(code, int) else 1, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def gold_folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replica's folder: the 509 real records."""
    folder = tmp_path_factory.mktemp("real")
    rows = shared / "data" / "arxiv" / "db" / "arxiv_metadata_rows_from_oaipmh_testdb.jsonl"
    shutil.copy(rows, folder / "metadata.jsonl")
    return folder


@pytest.fixture(scope="module")
def secateur(gold_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secateur]:
    """The command line on a database that a test module shares, with the real records served by a replica."""
    with Replica(gold_folder) as replica, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECATEUR_ARXIV_URL", replica.url)
        patch.setenv("SECATEUR_SETS", '[""]')
        patch.setenv("SECATEUR_STATE", str(tmp_path_factory.mktemp("state")))
        yield Secateur(tmp_path_factory.mktemp("db") / "a.db", replica.url)


@pytest.fixture(scope="session")
def read_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an invented literature after the real stages, ``a.db`` and ``files``; only to be read."""
    folder = tmp_path_factory.mktemp("corpus")
    write_literature(folder / "arxiv", seed=5, papers=60, until=date(2026, 11, 1))
    engine = open_database(folder / "a.db")
    store = FileStore(folder / "files")
    with Replica(folder / "arxiv") as replica, PoliteClient("tests", folder / "state", replica.url) as client:
        harvest(engine, client, sets=[""], now=NOW)
        tag_papers(engine, lambda: NOW)
        fetch(engine, client, store, now=NOW)
    extract_papers(engine, store, lambda: NOW)
    find(engine, NOW)
    engine.dispose()
    return folder


@pytest.fixture
def own_corpus(read_corpus: Path, tmp_path: Path) -> Path:
    """A copy of the corpus that was read, for a test that changes it."""
    shutil.copytree(read_corpus / "files", tmp_path / "files")
    with closing(sqlite3.connect(read_corpus / "a.db")) as source, closing(sqlite3.connect(tmp_path / "a.db")) as copy:
        source.backup(copy)
    return tmp_path


@pytest.fixture
def on_own_corpus(own_corpus: Path) -> Secateur:
    """The command line on a corpus that a test changes."""
    return Secateur(own_corpus / "a.db", "")
