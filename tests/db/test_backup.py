"""A copy of the database is consistent and whole, whoever writes meanwhile."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from db.backup import BackupError, backup
from db.session import MissingDatabaseError, open_database, open_readonly

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
number = 0
while True:
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        number += 1
        connection.execute("INSERT INTO claim VALUES (?, 'x', NULL, ?, '{}', '2020-01-01')", (str(number), "t" * 2000))
    connection.execute("COMMIT")
    if number == 200:
        print("going", flush=True)
"""


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def test_a_copy_holds_whole_transactions_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    open_database(path).dispose()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            for number in range(3):
                copy = tmp_path / f"copy-{number}.db"
                assert backup(path, copy) == copy.stat().st_size
                assert writer.poll() is None
                assert integrity(copy) == "ok"
                with open_readonly(copy).connect() as connection:
                    claims = connection.exec_driver_sql("SELECT count(*) FROM claim").scalar_one()
                assert claims >= 200
                assert claims % 2 == 0
        finally:
            writer.kill()


def test_an_older_copy_is_replaced_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    open_database(tmp_path / "corpus.db").dispose()
    folder = tmp_path / "copies"
    folder.mkdir()
    backup(tmp_path / "corpus.db", folder / "copy.db")
    backup(tmp_path / "corpus.db", folder / "copy.db")
    assert [path.name for path in folder.iterdir()] == ["copy.db"]


def test_no_other_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db"
    open_database(path).dispose()
    with pytest.raises(BackupError, match="database itself"):
        backup(path, path)
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada")
    with pytest.raises(BackupError, match="no copy of a corpus"):
        backup(path, letter)
    assert letter.read_text() == "Dear Ada"


def test_what_cannot_be_copied_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingDatabaseError):
        backup(tmp_path / "absent.db", tmp_path / "copy.db")
    open_database(tmp_path / "corpus.db").dispose()
    with pytest.raises(BackupError, match="cannot write the copy"):
        backup(tmp_path / "corpus.db", tmp_path / "no" / "folder" / "copy.db")
    with pytest.raises(BackupError, match="own tools"):
        backup("postgresql://localhost/corpus", tmp_path / "copy.db")
