"""The nightly run: whole, repeatable, and one at a time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from db import views
from db.session import open_readonly
from ingest.replica.faults import Fault
from ingest.replica.server import Replica
from secateur.demo.literature import write_literature

SECATEUR = Path(sys.executable).parent / "secateur"
UNTIL = date(2026, 11, 1)


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder = tmp_path_factory.mktemp("literature") / "arxiv"
    write_literature(folder, seed=3, papers=60, until=UNTIL)
    with Replica(folder, page_size=7) as server:
        yield server


def command(folder: Path, replica: Replica, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        "SECATEUR_DB": str(folder / "a.db"),
        "SECATEUR_STATE": str(folder / "state"),
        "SECATEUR_ARXIV_URL": replica.url,
        "SECATEUR_SETS": "cs stat eess",
    }
    return subprocess.Popen(
        [SECATEUR, *arguments],
        env=os.environ | environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, replica: Replica, *arguments: str) -> tuple[int, str, str]:
    process = command(folder, replica, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def content(folder: Path) -> dict[str, list[Any]]:
    """What the database says, without row numbers and times of runs."""
    frames = ("papers", "tags", "results", "citations", "tables", "abstract_claims", "unread_items")
    numbers = ["reading_id", "cell_id", "paper_id", "document_table_id", "override_id"]
    with open_readonly(folder / "a.db").connect() as connection:
        content = {}
        for name in frames:
            frame = getattr(views, name)(connection)
            frame = frame.drop(columns=[column for column in numbers if column in frame])
            content[name] = sorted(map(repr, frame.itertuples(index=False, name=None)))
        findings = views.findings(connection)
        content["findings"] = sorted(findings["sentence"])
    return content


@pytest.fixture(scope="module")
def undisturbed(replica: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    code, out, err = run(folder, replica, "nightly")
    assert code == 0, err
    assert "60 new" in out
    return folder


def test_a_night_harvests_reads_and_publishes(undisturbed: Path) -> None:
    found = content(undisturbed)
    assert len(found["papers"]) == 60
    assert len(found["results"]) > 200
    assert found["unread_items"]
    assert (undisturbed / "site" / "index.html").is_file()


def test_a_second_night_changes_nothing(undisturbed: Path, replica: Replica) -> None:
    before = content(undisturbed)
    asked = sum("/src/" in request.target for request in replica.log)
    code, out, err = run(undisturbed, replica, "nightly")
    assert code == 0, err
    assert " 0 new, 0 changed" in out
    assert "tagged 0 papers" in out
    assert "read 0 e-prints" in out
    assert sum("/src/" in request.target for request in replica.log) == asked
    assert content(undisturbed) == before


def test_one_nightly_at_a_time(undisturbed: Path, replica: Replica) -> None:
    with FileLock(undisturbed / "nightly.lock"):
        code, out, err = run(undisturbed, replica, "nightly")
    assert (code, out) == (2, "")
    assert "another nightly is at work" in err
    assert err.count("\n") == 1


def test_a_night_that_arxiv_refuses_reads_what_is_here_and_says_what_failed(
    undisturbed: Path, replica: Replica
) -> None:
    replica.faults.add(Fault("status", status=429))
    code, out, err = run(undisturbed, replica, "nightly")
    assert code == 1, err
    assert "failed: harvest" in out
    assert "survey:" in out
    assert "Traceback" not in err
