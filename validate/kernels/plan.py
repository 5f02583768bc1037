"""Which format and tile multiplies a given sparse matrix fastest, found by a short trial against the dense product.

``plan(weight, n)`` times about ten tiles and the dense products of this machine on a random x of n columns and keeps
the fastest; where that is a dense one, the plan says so. A plan multiplies any x, is best for n columns, and can be
saved.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from validate.kernels.dense import dense_products
from validate.kernels.library import instruction_set, kernel_name
from validate.kernels.product import Product
from validate.kernels.sparse import ShapeError, SparseMatrix
from validate.kernels.tiles import Tile, candidate_tiles, pack, product_of
from validate.kernels.trial import fastest_turns
from validate.threads import limit_threads

TRIAL_SECONDS = 0.05
DENSE = ("numpy", "torch", "torch_linear", "torch_conv2d")
SCIPY = "scipy"
_VERSION = 1


class PlanFileError(ValueError):
    """A file holds no plan, or one of another version."""


@dataclass(frozen=True)
class Choice:
    """What a trial found: the fastest way, and how long each one took."""

    tile: Tile | None
    """The tile that won; None where a dense product or scipy did, or where nothing was tried."""
    winner: str
    """The tile in words, the name of a dense product, or ``scipy``."""
    kernel: str
    """c or scipy: what sparse products ran on."""
    isa: str
    """Instruction set of the C kernels; empty without them."""
    threads: int
    seconds: Mapping[str, float]
    """Fastest turn of each contestant."""

    @property
    def is_dense(self) -> bool:
        """Whether a dense product was faster than every sparse one."""
        return self.winner in DENSE

    @property
    def against_dense(self) -> float:
        """Seconds of the fastest dense product over those of the fastest sparse one; NaN where nothing was tried."""
        dense = [seconds for name, seconds in self.seconds.items() if name in DENSE]
        sparse = [seconds for name, seconds in self.seconds.items() if name not in DENSE]
        return min(dense) / min(sparse) if dense and sparse else float("nan")

    def __str__(self) -> str:
        where = "scipy, no C kernels" if self.kernel == SCIPY else self.isa
        if self.is_dense:
            return f"dense ({self.winner}) is faster here: sparse reaches {self.against_dense:.2f} of it ({where})"
        return f"{self.winner}: {self.against_dense:.2f} times the speed of dense ({where})"


def choose(
    matrix: SparseMatrix,
    tiles: list[Tile],
    run: Callable[[Product], Callable[[], object]],
    dense: Mapping[str, Callable[[], object]],
    *,
    bias: NDArray[np.float32] | None,
    threads: int,
    seconds: float,
) -> tuple[Choice, Product]:
    """Times every tile and every dense product, and returns the choice with the fastest sparse product, packed.

    ``run`` makes of a product what is timed. Needs the C kernels.
    """
    kept: dict[tuple[object, ...], Any] = {}
    products = {}
    for tile in tiles:
        key = (tile.format, tile.rows, tile.columns, tile.block)
        if key not in kept:
            kept[key] = pack(matrix, tile)
        products[str(tile)] = product_of(kept[key], tile, bias)
    with limit_threads(threads):
        times = fastest_turns({**{name: run(product) for name, product in products.items()}, **dense}, seconds)
    winner = min(times, key=times.__getitem__)
    fastest = min(products, key=times.__getitem__)
    won = None if winner in dense else next(tile for tile in tiles if str(tile) == winner)
    return Choice(won, winner, "c", instruction_set(), threads, times), products[fastest]


@dataclass(frozen=True, eq=False)
class Plan:
    """A sparse matrix W[M,K], and how it is multiplied with n columns on some threads."""

    matrix: SparseMatrix
    n: int
    bias: NDArray[np.float32] | None
    choice: Choice

    @cached_property
    def _tiled(self) -> Product:
        tile = self.choice.tile or Tile("rows")
        return product_of(pack(self.matrix, tile), tile, self.bias)

    @cached_property
    def _for_several_columns(self) -> Product:
        return self._tiled if not self._tiled.multiplies_vectors_only else self._plain

    @cached_property
    def _plain(self) -> Product:
        return product_of(pack(self.matrix, Tile("rows")), Tile("rows"), self.bias)

    @cached_property
    def _dense_weight(self) -> NDArray[np.float32]:
        return self.matrix.to_dense()

    def multiply(self, x: ArrayLike, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """W x + bias for x[K,N], giving [M,N], or for a vector x[K], giving [M]; in float32.

        ``out`` takes the result if given: float32, its rows or columns contiguous. Where the plan is dense and the
        result is not finite, it is computed again from the stored weights alone, so that a pruned weight contributes
        nothing. Raises ShapeError when x or out does not fit.
        """
        dense = np.asarray(x, dtype=np.float32)
        if dense.ndim not in (1, 2) or dense.shape[0] != self.matrix.shape[1]:
            raise ShapeError(
                f"W has shape {self.matrix.shape}, so x needs {self.matrix.shape[1]} rows; it has shape {dense.shape}"
            )
        shape = (self.matrix.shape[0], *dense.shape[1:])
        result = np.empty(shape, dtype=np.float32) if out is None else out
        if result.shape != shape or result.dtype != np.float32:
            raise ShapeError(f"the result has shape {shape} in float32, and out is {result.dtype} of {result.shape}")
        if self.choice.is_dense:
            with np.errstate(invalid="ignore", over="ignore"):
                self._multiply_dense(dense, result)
        elif self.choice.kernel == SCIPY:
            result[...] = self.matrix.matmul(dense, kernel=SCIPY)
            self._add_bias(result)
        else:
            self._multiply_tiled(dense, result)
        return result

    def _multiply_dense(self, x: NDArray[np.float32], result: NDArray[np.float32]) -> None:
        if self.choice.winner == "numpy":
            result[...] = self._dense_weight @ x
        else:
            import torch

            result[...] = (torch.from_numpy(self._dense_weight) @ torch.from_numpy(np.ascontiguousarray(x))).numpy()
        if not np.isfinite(result.sum()):
            result[...] = self.matrix.matmul(x)
        self._add_bias(result)

    def _add_bias(self, result: NDArray[np.float32]) -> None:
        if self.bias is not None:
            result += self.bias if result.ndim == 1 else self.bias[:, None]

    def _multiply_tiled(self, x: NDArray[np.float32], result: NDArray[np.float32]) -> None:
        single = x.ndim == 1 or x.shape[1] == 1
        product = self._tiled if single else self._for_several_columns
        product.multiply(x, result, self.choice.threads)

    def save(self, path: str | Path) -> None:
        """Writes weights, bias and choice to an ``.npz`` file, without pickle; ``load_plan`` reads it."""
        told = {"version": _VERSION, "shape": self.matrix.shape, "n": self.n, "choice": asdict(self.choice)}
        arrays: dict[str, Any] = {"start": self.matrix.start, "column": self.matrix.column, "value": self.matrix.value}
        if self.bias is not None:
            arrays["bias"] = self.bias
        with Path(path).open("wb") as file:
            np.savez(file, told=np.array(json.dumps(told)), **arrays)


def plan(
    weight: ArrayLike | SparseMatrix,
    n: int,
    *,
    threads: int = 1,
    bias: ArrayLike | None = None,
    seconds: float = TRIAL_SECONDS,
    dense: bool = True,
) -> Plan:
    """Finds the fastest way to multiply weight[M,K] with n columns on so many threads.

    ``bias`` [M] is added to every column; about ``seconds`` go into the trial; ``dense=False`` keeps it to sparse
    products. Without the C kernels the choice is between scipy's CSR and dense. Raises ShapeError where weight is no
    matrix, or n, threads or bias do not fit it.
    """
    matrix = weight if isinstance(weight, SparseMatrix) else SparseMatrix.from_dense(weight)
    added = None if bias is None else np.ascontiguousarray(bias, dtype=np.float32)
    if n < 1 or threads < 1:
        raise ShapeError(f"a plan needs at least one column and one thread, not n={n} and threads={threads}")
    if added is not None and added.shape != (matrix.shape[0],):
        raise ShapeError(f"W has {matrix.shape[0]} rows, so the bias needs as many; it has shape {added.shape}")
    if 0 in matrix.shape:
        return Plan(matrix, n, added, _untried(threads))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((matrix.shape[1], n), dtype=np.float32)
    y = np.empty((matrix.shape[0], n), dtype=np.float32)
    rivals = dense_products(matrix.to_dense(), x) if dense else {}
    if kernel_name() == SCIPY:
        return Plan(matrix, n, added, _choose_without_kernels(matrix, x, rivals, threads, seconds))
    choice, _ = choose(
        matrix,
        candidate_tiles(matrix, n),
        lambda product: partial(product.multiply, x, y, threads),
        rivals,
        bias=added,
        threads=threads,
        seconds=seconds,
    )
    return Plan(matrix, n, added, choice)


def _running() -> tuple[str, str]:
    """The kernel that products run on, and its instruction set."""
    kernel = kernel_name()
    return kernel, "" if kernel == SCIPY else instruction_set()


def _untried(threads: int) -> Choice:
    kernel, isa = _running()
    tile = None if kernel == SCIPY else Tile("rows")
    return Choice(tile, str(tile or SCIPY), kernel, isa, threads, {})


def _choose_without_kernels(
    matrix: SparseMatrix,
    x: NDArray[np.float32],
    rivals: Mapping[str, Callable[[], object]],
    threads: int,
    seconds: float,
) -> Choice:
    contestants: dict[str, Callable[[], object]] = {SCIPY: partial(matrix.matmul, x, kernel=SCIPY), **rivals}
    with limit_threads(threads):
        times = fastest_turns(contestants, seconds)
    return Choice(None, min(times, key=times.__getitem__), SCIPY, "", threads, times)


def load_plan(path: str | Path) -> Plan:
    """The plan that ``Plan.save`` wrote. Its tile is used on this machine too, where another might be faster.

    Where the C kernels are missing it runs on scipy, and says so. Raises PlanFileError where the file is no plan of
    this version.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            told = json.loads(str(arrays["told"]))
            if told["version"] != _VERSION:
                raise PlanFileError(f"{path} is a plan of version {told['version']}, not {_VERSION}: make it again")
            rows, columns = told["shape"]
            matrix = SparseMatrix((rows, columns), arrays["start"], arrays["column"], arrays["value"])
            bias = arrays.get("bias")
            tile = told["choice"].pop("tile")
            choice = Choice(tile=None if tile is None else Tile(**tile), **told["choice"])
            kernel, isa = _running()
            made = Plan(matrix, told["n"], bias, replace(choice, kernel=kernel, isa=isa))
    except PlanFileError:
        raise
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise PlanFileError(f"{path} holds no plan: {error}") from error
    return made
