"""What a speed claim times: layers with random weights, each multiplied with a batch on one path, hot or cold.

Dense paths and bfloat16 are those of the kernel benchmark (``validate.kernels.bench.peers``); the sparse path is a
kernel plan whose tile was frozen beforehand. *Cold* goes round copies of the weights that no cache holds.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.kernels.bench.peers import CONTESTANTS, DENSE, PeerUnavailableError
from validate.kernels.bench.weights import pruned_weight
from validate.kernels.bench.worker import COLD_BYTES, MOST_COPIES
from validate.kernels.choice import SCIPY, Choice, running
from validate.kernels.plan import Plan, plan
from validate.kernels.sparse import SparseMatrix
from validate.kernels.tiles import Tile
from validate.kernels.trial import fastest_turns

SPARSE = "sparse"
BF16 = "torch_bf16"
LINEAR = "torch_linear"
TOLERANCE = 1e-4
"""Largest difference from sums in float64, as a fraction of the largest output: the order of float32 sums."""
_CHECKED_ROWS = 64
_WEIGHTS_SEED, _INPUT_SEED = 0, 1
_SPARSE_BYTES, _DENSE_BYTES = 6, 4
"""Of a stored weight with its index, and of a weight."""


@dataclass(frozen=True)
class Product:
    """One layer at one operating point."""

    rows: int
    """Outputs."""
    columns: int
    """Inputs."""
    density: float
    """Fraction of the weights that is kept."""
    mask: str
    """Which weights are kept, as ``validate.kernels.bench.weights.pruned_weight`` names it."""
    batch: int
    cold: bool
    path: str
    """A dense path, ``torch_bf16`` or ``sparse``."""
    tile: Mapping[str, Any] | None = None
    """The frozen tile of the sparse path; None on scipy."""

    @property
    def cache(self) -> str:
        """hot or cold."""
        return "cold" if self.cold else "hot"


@lru_cache(maxsize=4)
def _weight(rows: int, columns: int, density: float, mask: str) -> NDArray[np.float32]:
    return pruned_weight(rows, columns, 1 - density, mask, _WEIGHTS_SEED)


def weight_of(product: Product) -> NDArray[np.float32]:
    """The weights [rows, columns], pruned ones as zeros: the same on every path, and in every process."""
    return _weight(product.rows, product.columns, product.density, product.mask)


def input_of(product: Product) -> NDArray[np.float32]:
    """The input [columns, batch]."""
    rng = np.random.default_rng(_INPUT_SEED)
    return rng.standard_normal((product.columns, product.batch), dtype=np.float32)


def _bytes(product: Product) -> int:
    if product.path == SPARSE:
        return _SPARSE_BYTES * int(np.count_nonzero(weight_of(product)))
    return _DENSE_BYTES * product.rows * product.columns


def _copies(stack: Sequence[Product]) -> int:
    if not stack[0].cold:
        return 1
    return min(MOST_COPIES, -(-COLD_BYTES // max(sum(_bytes(product) for product in stack), 1)))


def _sparse_plan(product: Product) -> Plan:
    kernel, isa = running()
    tile = None if product.tile is None or kernel == SCIPY else Tile(**product.tile)
    choice = Choice(tile, str(tile or SCIPY), kernel, isa, 1, {})
    return Plan(SparseMatrix.from_dense(weight_of(product)), product.batch, None, choice)


def _calls_of_layer(product: Product, copies: int) -> list[Callable[[], Any]]:
    x = input_of(product)
    if product.path != SPARSE:
        return CONTESTANTS[product.path](weight_of(product), x, 1, copies)
    made = _sparse_plan(product)
    columns = x if product.batch > 1 else x[:, 0]
    return [partial(copy.deepcopy(made).multiply, columns) for _ in range(copies)]


def calls_of(stack: Sequence[Product]) -> list[Callable[[], list[Any]]]:
    """One call for each copy of the weights, giving the outputs of all layers, on one thread.

    Raises PeerUnavailableError where a path is not installed.
    """
    copies = _copies(stack)
    layers = [_calls_of_layer(product, copies) for product in stack]
    return [partial(_outputs, turn) for turn in zip(*layers, strict=True)]


def _outputs(turn: Sequence[Callable[[], Any]]) -> list[Any]:
    return [call() for call in turn]


def deviation_of(product: Product, result: Any) -> float:
    """Largest difference of some outputs from sums in float64, as a fraction of the largest of them."""
    values = result.float().numpy() if hasattr(result, "numpy") else np.asarray(result)
    outputs = values.reshape(product.batch, -1).T if product.path == LINEAR else values.reshape(-1, product.batch)
    chosen = slice(0, _CHECKED_ROWS)
    exact = weight_of(product)[chosen].astype(np.float64) @ input_of(product).astype(np.float64)
    largest = float(np.abs(exact).max()) or 1.0
    return float(np.abs(outputs[chosen] - exact).max()) / largest


def agrees(deviation: float) -> bool:
    """Whether outputs are those of the layer but for rounding in float32; one that is no number never agrees."""
    return math.isfinite(deviation) and deviation <= TOLERANCE


def fastest_dense(product: Product, seconds: float) -> tuple[str, dict[str, float]]:
    """The fastest dense path of this machine for a product, and the seconds of each, from a trial of about ``seconds``.

    The trial is as hot or cold as the product.
    """
    rivals = {}
    for path in DENSE:
        try:
            calls = calls_of([replace(product, path=path)])
        except PeerUnavailableError:
            continue
        rivals[path] = _rotating(calls)
    times = fastest_turns(rivals, seconds)
    return min(times, key=times.__getitem__), times


def fastest_tile(product: Product, seconds: float) -> dict[str, Any] | None:
    """The tile of the sparse kernels for a product, from a trial of about ``seconds``; None on scipy."""
    tile = plan(weight_of(product), product.batch, dense=(), seconds=seconds).choice.tile
    return None if tile is None else asdict(tile)


def _rotating(calls: list[Callable[[], Any]]) -> Callable[[], Any]:
    """A call that goes on to the next copy each time."""
    turn = count()
    return lambda: calls[next(turn) % len(calls)]()
