"""Extraction over processes and on a cluster stores the same rows as in one process."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from db.session import open_database
from ingest.fulltext import FileStore
from secateur.stages import DaemonicWorkerError, StageSummary, extract_papers

NOW = datetime(2026, 11, 22, 4, 30)
TABLES = ("document_table", "cell", "reading", "citation")


def content(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        found = [connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in TABLES]
        left = connection.execute("SELECT kind, locator, reason FROM unread ORDER BY kind, locator, reason").fetchall()
        columns = "id, paper_id, version, stage, stage_version, outcome, reason"
        return [*found, left, connection.execute(f"SELECT {columns} FROM processing ORDER BY id").fetchall()]


def extract(folder: Path, **where: Any) -> StageSummary:
    engine = open_database(folder / "a.db")
    try:
        return extract_papers(engine, FileStore(folder / "files"), lambda: NOW, **where)
    finally:
        engine.dispose()


@pytest.fixture
def unread_corpus(own_corpus: Path) -> Path:
    """The corpus before extraction."""
    with closing(sqlite3.connect(own_corpus / "a.db")) as connection:
        connection.execute("DELETE FROM document_table")
        connection.execute("DELETE FROM unread WHERE kind IN ('document', 'table', 'cell')")
        connection.execute("DELETE FROM processing WHERE stage = 'extract'")
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
        connection.commit()
    return own_corpus


def test_processes_store_the_same_rows_as_one(unread_corpus: Path, read_corpus: Path) -> None:
    summary = extract(unread_corpus, jobs=2)
    assert summary.read > 30
    assert content(unread_corpus) == content(read_corpus)
    assert extract(unread_corpus, jobs=2).read == 0


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    import dask

    with (
        dask.config.set({"distributed.worker.daemon": False}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_cluster_stores_the_same_rows_as_one_process(unread_corpus: Path, read_corpus: Path, cluster: str) -> None:
    assert extract(unread_corpus, cluster=cluster).read > 30
    assert content(unread_corpus) == content(read_corpus)


@pytest.mark.slow
def test_a_cluster_whose_workers_may_not_start_processes_is_refused(unread_corpus: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with (
        distributed.LocalCluster(n_workers=1, processes=True, host="127.0.0.1", dashboard_address=None) as cluster,
        pytest.raises(DaemonicWorkerError, match="DASK_DISTRIBUTED__WORKER__DAEMON"),
    ):
        extract(unread_corpus, cluster=cluster.scheduler_address)
    with closing(sqlite3.connect(unread_corpus / "a.db")) as connection:
        assert connection.execute("SELECT count(*) FROM processing WHERE stage = 'extract'").fetchone() == (0,)
