"""One thread for everything: results are bit-identical for a seed only then, and times are comparable only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, BLAS and torch use one thread; what was set before comes back afterwards."""
    with threadpool_limits(limits=1):
        if find_spec("torch") is None:
            yield
            return
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
