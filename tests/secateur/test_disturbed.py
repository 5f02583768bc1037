"""Killed at any moment, out of room, or started twice: run again, the corpus is that of an undisturbed run."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db import views
from db.session import open_readonly
from ingest.replica.faults import Fault
from ingest.replica.server import Replica
from secateur.demo.literature import write_literature

KILLS = 50
KILLS_OF_ONE_CORPUS = 5
WORKER = """
import sys
from secateur.cli import main
from secateur import stages
print("ready", flush=True)
for command in sys.argv[1:]:
    try:
        main([command, "--format", "json"])
    except SystemExit as left:
        if left.code:
            raise
"""
"""Does some commands in one process, having said when it has imported what they need."""
FRAMES = ("papers", "tags", "results", "citations", "tables", "abstract_claims", "unread_items")
NUMBERS = ["reading_id", "cell_id", "paper_id", "document_table_id", "override_id"]
BUILD = ("harvest", "tag", "fetch", "extract")


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder = tmp_path_factory.mktemp("literature") / "arxiv"
    write_literature(folder, seed=3, papers=40, until=date(2026, 11, 1))
    with Replica(folder, page_size=5) as server:
        yield server


def start(
    folder: Path, replica: Replica, *commands: str, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *commands],
        env=os.environ | environment(folder, replica),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def environment(folder: Path, replica: Replica) -> Mapping[str, str]:
    return {
        "SECATEUR_DB": str(folder / "a.db"),
        "SECATEUR_STATE": str(folder / "state"),
        "SECATEUR_ARXIV_URL": replica.url,
        "SECATEUR_SETS": "cs stat eess",
    }


def build(
    folder: Path, replica: Replica, *commands: str, before: Callable[[], None] | None = None
) -> tuple[int, str, float]:
    """Exit code, stderr, and seconds after the imports."""
    process = start(folder, replica, *(commands or BUILD), before=before)
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    _, err = process.communicate(timeout=120)
    return process.returncode, err, time.monotonic() - began


def content(folder: Path) -> dict[str, list[str]]:
    """What the database says, without row numbers and times of runs."""
    found = {}
    with open_readonly(folder / "a.db").connect() as connection:
        for name in FRAMES:
            frame: Any = getattr(views, name)(connection)
            frame = frame.drop(columns=[column for column in NUMBERS if column in frame])
            found[name] = sorted(map(repr, frame.itertuples(index=False, name=None)))
        for table in ("paper", "version", "author", "category", "document", "processing", "change"):
            (count,) = connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').one()
            found[f"rows of {table}"] = [str(count)]
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    return found


@pytest.fixture(scope="module")
def undisturbed(replica: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    code, err, _ = build(folder, replica)
    assert code == 0, err
    assert len(content(folder)["results"]) > 100
    return folder


def half_written(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.name.startswith(".incoming")]


@pytest.mark.slow
def test_killed_at_fifty_moments_it_ends_with_the_same_content(
    replica: Replica, undisturbed: Path, tmp_path: Path
) -> None:
    moments = random.Random(20261122)
    expected = content(undisturbed)
    _, _, seconds = build(tmp_path, replica)
    stopped_midway = 0
    for corpus in range(KILLS // KILLS_OF_ONE_CORPUS):
        folder = tmp_path / str(corpus)
        folder.mkdir()
        for _ in range(KILLS_OF_ONE_CORPUS):
            process = start(folder, replica, *BUILD)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(moments.uniform(0.0, seconds))
            stopped_midway += process.poll() is None
            process.kill()
            process.communicate()
        code, err, _ = build(folder, replica)
        assert code == 0, err
        assert content(folder) == expected
    assert stopped_midway > KILLS // 2


@pytest.mark.parametrize("kilobytes", [450, pytest.param(700, marks=pytest.mark.slow)])
def test_a_full_disk_is_told_in_one_line_and_the_run_goes_on_when_there_is_room(
    kilobytes: int, replica: Replica, undisturbed: Path, tmp_path: Path
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    code, err, _ = build(tmp_path, replica, before=limit)
    assert code == 2
    assert err.count("\n") == 1
    assert "cannot write the database" in err
    assert "make room" in err
    assert "Traceback" not in err
    content(tmp_path)
    assert half_written(tmp_path) == []
    code, err, _ = build(tmp_path, replica)
    assert code == 0, err
    assert content(tmp_path) == content(undisturbed)


@pytest.mark.slow
def test_a_file_store_without_room_keeps_no_half_file(replica: Replica, undisturbed: Path, tmp_path: Path) -> None:
    assert build(tmp_path, replica, "harvest", "tag")[0] == 0
    (tmp_path / "files").touch()
    code, err, _ = build(tmp_path, replica, "fetch")
    assert code == 2
    assert err.count("\n") == 1
    assert "cannot keep an e-print" in err
    (tmp_path / "files").unlink()
    assert build(tmp_path, replica, "fetch", "extract")[0] == 0
    assert content(tmp_path) == content(undisturbed)


@pytest.mark.slow
def test_of_two_nightlies_started_at_once_one_works_and_the_other_says_so(
    replica: Replica, undisturbed: Path, tmp_path: Path
) -> None:
    replica.faults.add(Fault("delay", match="/oai", seconds=3.0))
    command = [str(Path(sys.executable).parent / "secateur"), "nightly"]
    nights = [
        subprocess.Popen(
            command,
            env=os.environ | environment(tmp_path, replica),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ends = sorted((night.communicate(timeout=120), night.returncode) for night in nights)
    (refused, worked) = sorted(ends, key=lambda end: -end[1])
    assert (refused[1], worked[1]) == (2, 0)
    assert "another nightly is at work" in refused[0][1]
    assert refused[0][1].count("\n") == 1
    assert "40 new" in worked[0][0]
    assert content(tmp_path) == content(undisturbed)
