"""One function over many items: the same results wherever it runs, and nothing lost when a worker dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import scale
from corpus.scale import ClusterError, Lost, over

sys.path.append(str(Path(__file__).parent / "workers"))
from scaled import die_always, die_once, refuse, square, who_and_square

NUMBERS = list(range(40))


def test_in_this_process_items_are_taken_one_by_one() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in NUMBERS:
            taken.append(number)
            yield number

    results = over(square, items())
    assert [next(results), next(results)] == [(0, 0), (1, 1)]
    assert taken == [0, 1]


def test_processes_give_the_same_in_the_same_order() -> None:
    assert list(over(square, iter(NUMBERS), jobs=2)) == list(over(square, NUMBERS))


def test_a_process_that_dies_loses_nothing(tmp_path: Path) -> None:
    tasks = [(tmp_path, number) for number in NUMBERS]
    assert list(over(die_once, tasks, jobs=2)) == [(task, square(task[1])) for task in tasks]
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_an_item_that_kills_every_worker_is_lost_alone() -> None:
    found = dict(over(die_always, range(16), jobs=2))
    assert isinstance(found.pop(7), Lost)
    assert found == {number: square(number) for number in range(16) if number != 7}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_function_ends_the_run(jobs: int) -> None:
    with pytest.raises(ValueError, match="0 is odd"):
        list(over(refuse, [0, 1], jobs=jobs))


def test_a_run_that_is_left_early_ends_its_processes() -> None:
    results = over(square, iter(range(10**9)), jobs=2)
    assert next(results) == (0, 0)
    results.close()


def test_a_cluster_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    monkeypatch.setattr(scale, "CLUSTER_SECONDS", 0.5)
    with pytest.raises(ClusterError, match=r"tcp://127\.0\.0\.1:9"):
        list(over(square, NUMBERS, cluster="tcp://127.0.0.1:9"))


def test_without_dask_a_cluster_says_what_to_install() -> None:
    code = """
import sys
sys.modules["distributed"] = None
from corpus.scale import ClusterError, over
try:
    list(over(abs, [1], cluster="tcp://127.0.0.1:9"))
except ClusterError as error:
    print(error)
print("torch" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "a cluster needs Dask: pip install 'secateur[cluster]'\nFalse\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Two worker processes on loopback."""
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_cluster_gives_the_same_in_the_same_order(cluster: str, tmp_path: Path) -> None:
    tasks = [(tmp_path, number) for number in NUMBERS]
    assert list(over(who_and_square, tasks, cluster=cluster)) == [(task, square(task[1])) for task in tasks]
    assert len(list(tmp_path.glob("pid-*"))) == 2


@pytest.mark.slow
def test_a_worker_of_a_cluster_that_dies_loses_nothing(cluster: str, tmp_path: Path) -> None:
    tasks = [(tmp_path, number) for number in NUMBERS]
    results = over(who_and_square, tasks, cluster=cluster)
    found = [next(results) for _ in range(4)]
    os.kill(int(next(tmp_path.glob("pid-*")).name.removeprefix("pid-")), signal.SIGKILL)
    found += results
    assert found == [(task, square(task[1])) for task in tasks]
    assert len(list(tmp_path.glob("pid-*"))) >= 2
