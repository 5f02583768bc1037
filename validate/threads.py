"""How many threads numerical libraries use: only with one are a seed's results bit-identical, and times comparable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec

from threadpoolctl import threadpool_limits


@contextmanager
def limit_threads(threads: int) -> Iterator[None]:
    """Within it, BLAS and torch use at most ``threads`` threads; what was set before comes back afterwards."""
    with threadpool_limits(limits=threads):
        if find_spec("torch") is None:
            yield
            return
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def one_thread() -> AbstractContextManager[None]:
    """Within it, BLAS and torch use one thread."""
    return limit_threads(1)
