"""One function over many items: in this process, over processes, or on a Dask cluster, with the same results.

Results come in the order of the items whatever ran where, so that the one process that may write a database writes the
same rows each time. A worker that dies loses nothing: what it had is done again, alone. Only an item on which workers
die every time comes back as `Lost`. The function and its items are pickled, so the function stands at the top of a
module.
"""

from __future__ import annotations

import importlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TRIES = 3
"""So many workers may die on one item."""
AHEAD = 4
"""So many items are handed out for each worker, that none waits for the parent; fewer where items take minutes."""
CLUSTER_SECONDS = 60.0
"""Time until a cluster has answered and has a worker."""


class ClusterError(Exception):
    """The cluster can't be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Lost:
    """In place of a result: the item's worker died each time."""

    reason: str


def over(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    jobs: int = 1,
    cluster: str | None = None,
    ahead: int = AHEAD,
) -> Iterator[tuple[Item, Result | Lost]]:
    """Each item with what the function makes of it, in the order of the items.

    Args:
        function: at the top of a module that workers can import; an exception it raises ends the run.
        items: taken as they are needed, so that there may be any number.
        jobs: processes to run in; with 1 it is this one.
        cluster: address of a Dask scheduler such as ``tcp://host:8786``, instead of processes here.
        ahead: items taken for each worker before their results are wanted.

    Raises:
        ClusterError: the cluster does not answer, has no worker, or Dask is not installed.
    """
    if cluster is not None:
        yield from _over_cluster(function, items, cluster, ahead)
    elif jobs > 1:
        yield from _over_processes(function, items, jobs, ahead)
    else:
        for item in items:
            yield item, function(item)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # The parent alone answers Ctrl-C; it then ends the workers.
    return ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
    )


def _over_processes(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int, ahead: int
) -> Iterator[tuple[Item, Result | Lost]]:
    queue = iter(items)
    pool = _pool(jobs)
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        while True:
            room = ahead * jobs - len(waiting)
            waiting.extend((item, _submitted(pool, function, item)) for item in islice(queue, room))
            if not waiting:
                return
            try:
                result = waiting[0][1].result()
            except BrokenProcessPool:
                pool.shutdown()
                # Which item killed its worker is not known, so each that was out is done by itself.
                for item, future in waiting:
                    yield item, future.result() if _is_whole(future) else _alone(function, item)
                waiting.clear()
                pool = _pool(jobs)
                continue
            yield waiting.popleft()[0], result
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Item], Result], item: Item) -> Future[Result]:
    """What comes of an item; a pool that broke takes none, and the item is done like those it held."""
    try:
        return pool.submit(function, item)
    except BrokenProcessPool as error:
        refused: Future[Result] = Future()
        refused.set_exception(error)
        return refused


def _is_whole(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and not isinstance(future.exception(), BrokenProcessPool)


def _alone(function: Callable[[Item], Result], item: Item) -> Result | Lost:
    for _ in range(TRIES):
        with _pool(1) as pool:
            try:
                return pool.submit(function, item).result()
            except BrokenProcessPool:
                continue
    return Lost(f"{TRIES} processes died on it")


def _over_cluster(
    function: Callable[[Item], Result], items: Iterable[Item], address: str, ahead: int
) -> Iterator[tuple[Item, Result | Lost]]:
    try:
        # Dask comes with an extra, and so do its types.
        dask = importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError("a cluster needs Dask: pip install 'secateur[cluster]'") from error
    try:
        client = dask.Client(address, timeout=CLUSTER_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=CLUSTER_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask cluster with a worker answers at {address} within {CLUSTER_SECONDS:g} s: start `dask scheduler` "
            f"and `dask worker {address}` ({error or type(error).__name__})"
        ) from error
    queue = iter(items)
    waiting: deque[tuple[Item, Any]] = deque()
    with client:
        while True:
            # Workers may join and leave while it runs.
            room = ahead * max(1, sum(client.nthreads().values())) - len(waiting)
            waiting.extend((item, client.submit(function, item, pure=False)) for item in islice(queue, max(0, room)))
            if not waiting:
                return
            item, future = waiting.popleft()
            try:
                result = future.result()
            except dask.KilledWorker:
                result = Lost("several workers of the cluster died on it")
            yield item, result
