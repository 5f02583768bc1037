"""Which format and tile multiplies a given sparse matrix fastest, found by a short trial against the dense product.

``plan(weight, n)`` times about ten tiles and the dense products of this machine on a random x of n columns and keeps
the fastest; where that is a dense one, the plan says so. A plan multiplies any x, is best for n columns, and can be
saved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from validate.kernels.choice import (
    DENSE_PRODUCTS,
    SCIPY,
    TRIAL_SECONDS,
    Choice,
    choose,
    choose_without_kernels,
    untried,
)
from validate.kernels.dense import dense_products
from validate.kernels.library import address, kernel_name
from validate.kernels.plan_file import PlanFileError, read_plan, write_plan
from validate.kernels.product import Product
from validate.kernels.sparse import ShapeError, SparseMatrix
from validate.kernels.tiles import Packing, Tile, candidate_tiles, pack, product_of

_KIND = "matrix"


def _is_plain_vector(x: object, length: int) -> TypeGuard[NDArray[np.float32]]:
    """Whether x needs no conversion: small layers are multiplied in the time that conversions take."""
    return (
        type(x) is np.ndarray
        and x.ndim == 1
        and x.dtype == np.float32
        and x.shape[0] == length
        and x.flags.c_contiguous
    )


@dataclass(frozen=True, eq=False)
class Plan:
    """A sparse matrix W[M,K], and how it is multiplied with n columns on some threads."""

    matrix: SparseMatrix
    n: int
    bias: NDArray[np.float32] | None
    choice: Choice

    def __getstate__(self) -> dict[str, Any]:
        """Without packed weights, whose addresses mean nothing in a copy or in another process."""
        return {name: self.__dict__[name] for name in ("matrix", "n", "bias", "choice")}

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
    def _vector(self) -> Callable[[int, int], None] | None:
        """What multiplies a vector at an address with the least ado; None where that is not how the plan multiplies."""
        return None if self.choice.is_dense else self.for_rows(1)

    @cached_property
    def dense_weight(self) -> NDArray[np.float32]:
        """The weights W[M,K] with zeros where none is stored."""
        return self.matrix.to_dense()

    def multiply(self, x: ArrayLike, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """W x + bias for x[K,N], giving [M,N], or for a vector x[K], giving [M]; in float32.

        ``out`` takes the result if given: float32, its rows or columns contiguous. Where the plan is dense and the
        result is not finite, it is computed again from the stored weights alone, so that a pruned weight contributes
        nothing. Raises ShapeError when x or out does not fit.
        """
        if out is None and _is_plain_vector(x, self.matrix.shape[1]) and (multiply_vector := self._vector) is not None:
            vector = np.empty(self.matrix.shape[0], dtype=np.float32)
            multiply_vector(address(x), address(vector))
            return vector
        dense = np.asarray(x, dtype=np.float32)
        if dense.ndim not in (1, 2) or dense.shape[0] != self.matrix.shape[1]:
            raise ShapeError(
                f"W has shape {self.matrix.shape}, so x needs {self.matrix.shape[1]} rows; it has shape {dense.shape}"
            )
        shape = (self.matrix.shape[0], *dense.shape[1:])
        result = np.empty(shape, dtype=np.float32) if out is None else out
        if result.shape != shape or result.dtype != np.float32:
            raise ShapeError(f"the result has shape {shape} in float32, and out is {result.dtype} of {result.shape}")
        if not (self.choice.is_dense and self._multiply_dense(dense, result)):
            self.multiply_sparse(dense, result)
        return result

    def _multiply_dense(self, x: NDArray[np.float32], result: NDArray[np.float32]) -> bool:
        """Whether the dense product was finite, and so is the result."""
        with np.errstate(invalid="ignore", over="ignore"):
            if self.choice.winner == "numpy":
                result[...] = self.dense_weight @ x
            else:
                import torch

                result[...] = (torch.from_numpy(self.dense_weight) @ torch.from_numpy(np.ascontiguousarray(x))).numpy()
            self._add_bias(result)
            return bool(np.isfinite(result.sum()))

    def _add_bias(self, result: NDArray[np.float32]) -> None:
        if self.bias is not None:
            result += self.bias if result.ndim == 1 else self.bias[:, None]

    def multiply_sparse(self, x: NDArray[np.float32], result: NDArray[np.float32]) -> None:
        """The same from the stored weights alone, whatever the trial said of dense; float32, nothing is checked."""
        if self.choice.kernel == SCIPY:
            result[...] = self.matrix.matmul(x, kernel=SCIPY)
            self._add_bias(result)
            return
        single = x.ndim == 1 or x.shape[1] == 1
        product = self._tiled if single else self._for_several_columns
        product.multiply(x, result, self.choice.threads)

    def for_rows(self, n: int) -> Callable[[int, int], None] | None:
        """``Product.for_rows`` of the sparse product; None without the C kernels."""
        if self.choice.kernel == SCIPY:
            return None
        return (self._tiled if n == 1 else self._for_several_columns).for_rows(n, self.choice.threads)

    def save(self, path: str | Path) -> None:
        """Writes weights, bias and choice to an ``.npz`` file, without pickle; ``load_plan`` reads it."""
        write_plan(path, _KIND, self.matrix, self.bias, self.choice, {"n": self.n})


def plan(
    weight: ArrayLike | SparseMatrix,
    n: int,
    *,
    threads: int = 1,
    bias: ArrayLike | None = None,
    seconds: float = TRIAL_SECONDS,
    dense: Collection[str] = DENSE_PRODUCTS,
    transposed: bool = False,
) -> Plan:
    """Finds the fastest way to multiply weight[M,K] with n columns on so many threads.

    ``bias`` [M] is added to every column; about ``seconds`` go into the trial; ``dense`` names the dense products that
    take part (none: the fastest sparse one is found); ``transposed`` means that the columns of x and of the result will
    be contiguous, as in the [batch, features] of a linear layer. Without the C kernels the choice is between scipy's
    CSR and dense. Raises ShapeError where weight is no matrix, or n, threads or bias do not fit it.
    """
    matrix = weight if isinstance(weight, SparseMatrix) else SparseMatrix.from_dense(weight)
    added = None if bias is None else np.ascontiguousarray(bias, dtype=np.float32)
    if n < 1 or threads < 1:
        raise ShapeError(f"a plan needs at least one column and one thread, not n={n} and threads={threads}")
    if added is not None and added.shape != (matrix.shape[0],):
        raise ShapeError(f"W has {matrix.shape[0]} rows, so the bias needs as many; it has shape {added.shape}")
    if 0 in matrix.shape:
        return Plan(matrix, n, added, untried(threads))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((matrix.shape[1], n), dtype=np.float32)
    y = np.empty((matrix.shape[0], n), dtype=np.float32)
    if transposed:
        x, y = np.asfortranarray(x), np.asfortranarray(y)
    rivals = {name: run for name, run in dense_products(matrix.to_dense(), x).items() if name in dense} if dense else {}
    if kernel_name() == SCIPY:
        scipy = partial(matrix.matmul, x, kernel=SCIPY)
        return Plan(matrix, n, added, choose_without_kernels(scipy, rivals, threads=threads, seconds=seconds))
    packing = Packing(matrix, added)
    choice = choose(
        candidate_tiles(matrix, n),
        lambda tile: partial(packing.product(tile).multiply, x, y, threads),
        rivals,
        threads=threads,
        seconds=seconds,
    )
    return Plan(matrix, n, added, choice)


def load_plan(path: str | Path) -> Plan:
    """The plan that ``Plan.save`` wrote. Its tile is used on this machine too, where another might be faster.

    Where the C kernels are missing it runs on scipy, and says so. Raises PlanFileError where the file is no plan.
    """
    matrix, bias, choice, told = read_plan(path, _KIND)
    if not isinstance(told.get("n"), int) or told["n"] < 1:
        raise PlanFileError(f"{path} does not say for how many columns it is")
    return Plan(matrix, told["n"], bias, choice)
