"""Running the command line in process, on a corpus harvested from the replica of arXiv."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.replica.server import Replica
from secateur.cli import main


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
