"""Runs in processes and on a cluster store the same rows as runs in one process."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from corpus.scale import ClusterError
from db import validation as store
from db.session import open_database
from validate.claims import Claim
from validate.run import validate_claim

NOW = datetime(2026, 1, 2, 3, 4, 5)
PRUNED = {"criterion": "magnitude", "sparsity": 0.8, "recovery": "fine-tuning", "recovery_epochs": 1}
CLAIM = Claim.model_validate(
    {
        "id": "SPREAD",
        "title": "Pruning loses nothing",
        "source": {"venue": "Here", "locator": "Table 1", "read": "own"},
        "timing": "after",
        "structure": "unstructured",
        "setting": {
            "dataset": "digits",
            "model": "MLP-16",
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "momentum": 0.9,
            "batch": 100,
            "epochs": 2,
        },
        "arms": {"dense": {}, "pruned": PRUNED},
        "parts": [{"id": "no loss", "kind": "delta", "quantity": "accuracy", "arm": "pruned", "against": "dense"}],
    }
)


def rows(folder, **where):
    """What is stored but for time and machine, and the label."""
    folder.mkdir()
    with closing(_Disposed(folder / "a.db")) as database:
        report = validate_claim(database.engine, CLAIM, now=NOW, **where)
        with database.engine.connect() as connection:
            stored = store.runs(connection, report.plan_sha256)
    return [replace(row, seconds=0.0, machine={}, finished_at=NOW) for row in stored], report.parts


class _Disposed:
    def __init__(self, path):
        self.engine = open_database(path)

    def close(self):
        self.engine.dispose()


@pytest.mark.slow
def test_processes_and_a_cluster_store_the_same_rows(tmp_path):
    distributed = pytest.importorskip("distributed")
    here = rows(tmp_path / "here")
    assert len(here[0]) >= 10
    assert rows(tmp_path / "jobs", jobs=2) == here
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert rows(tmp_path / "cluster", cluster=cluster.scheduler_address) == here


def test_a_cluster_that_is_not_there_is_said_in_one_line(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("corpus.scale.CLUSTER_SECONDS", 0.5)
    with pytest.raises(ClusterError, match="dask scheduler"):
        rows(tmp_path / "none", cluster="tcp://127.0.0.1:9")
