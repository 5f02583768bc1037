"""How long sparse products take beside dense ones: measured times on this machine, one thread, nothing theoretical.

The contestants take turns (A B C D, A B C D, ...), so that a change of the clock meets all of them, and the median of
the turns counts. ``SHAPES`` are seven layers of common networks: 1x1 convolutions of ResNet-50 and MobileNet, a
feed-forward block, and the first layer of LeNet-300-100.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.kernels.dense import dense_products
from validate.kernels.library import kernel_name
from validate.kernels.sparse import SparseMatrix
from validate.kernels.trial import interleave
from validate.threads import one_thread

SHAPES = (
    (256, 64, 3136),
    (512, 128, 784),
    (2048, 512, 49),
    (512, 512, 196),
    (1024, 1024, 49),
    (3072, 768, 128),
    (300, 784, 64),
)
"""M, K, N of Y[M,N] = W[M,K] X[K,N]."""

SPARSITIES = (0.5, 0.8, 0.9, 0.95)
_FEWEST_TURNS = 5


@dataclass(frozen=True, slots=True)
class BenchRow:
    """Median seconds of each contestant on one shape at one sparsity, with a random mask."""

    m: int
    k: int
    n: int
    sparsity: float
    """Fraction of weights that are zero, as drawn."""
    kernel: str
    """Our kernel: c or scipy."""
    turns: int
    sparse: float
    scipy: float
    numpy: float
    torch: float | None
    """torch's matrix product; None where torch is not installed."""
    torch_linear: float | None
    """torch's linear layer, with the input as [N, K]."""
    ratio: float
    """Fastest dense seconds / our sparse seconds, measured."""


def _scipy_product(weight: NDArray[np.float32], x: NDArray[np.float32]) -> Callable[[], object]:
    from scipy.sparse import csr_array

    matrix: Any = csr_array(weight)
    return lambda: matrix @ x


def _bench_one(shape: tuple[int, int, int], sparsity: float, seconds: float, rng: np.random.Generator) -> BenchRow:
    m, k, n = shape
    weight = rng.standard_normal((m, k), dtype=np.float32)
    weight[rng.random((m, k)) < sparsity] = 0
    x = rng.standard_normal((k, n), dtype=np.float32)
    sparse = SparseMatrix.from_dense(weight)
    dense = dense_products(weight, x)
    times = interleave({"sparse": lambda: sparse.matmul(x), "scipy": _scipy_product(weight, x), **dense}, seconds)
    medians = {name: statistics.median(turns) for name, turns in times.items()}
    return BenchRow(
        m=m,
        k=k,
        n=n,
        sparsity=sparse.sparsity,
        kernel=kernel_name(),
        turns=len(times["sparse"]),
        sparse=medians["sparse"],
        scipy=medians["scipy"],
        numpy=medians["numpy"],
        torch=medians.get("torch"),
        torch_linear=medians.get("torch_linear"),
        ratio=min(medians[name] for name in dense) / medians["sparse"],
    )


def bench(
    shapes: Iterable[tuple[int, int, int]] = SHAPES,
    sparsities: Sequence[float] = SPARSITIES,
    seconds: float = 0.2,
    *,
    progress: Callable[[BenchRow], object] | None = None,
    seed: int = 0,
) -> list[BenchRow]:
    """Times our sparse product, scipy's CSR and the dense products of numpy and torch, on one thread.

    ``seconds`` is spent on each shape (M, K, N) at each sparsity; ``progress`` is called with each row when it is
    known. Weights, masks and inputs are random by ``seed``; masks of trained networks are less even than these.
    """
    rng = np.random.default_rng(seed)
    rows = []
    with one_thread():
        for shape in shapes:
            for sparsity in sparsities:
                row = _bench_one(shape, sparsity, seconds, rng)
                rows.append(row)
                if progress is not None:
                    progress(row)
    return rows
