"""Sparse weight matrices and their product with dense inputs, on one thread of the CPU.

The product runs in the C library built from ``spmm.c``; where that was not built, or ``SECATEUR_KERNEL=scipy`` is set,
it runs in scipy's CSR, which is several times slower. Either way only stored weights are multiplied, so that a pruned
weight contributes nothing even where the input is NaN or infinite.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

KERNELS = ("c", "scipy")
_INDEX_LIMIT = np.iinfo(np.int32).max


class KernelUnavailableError(RuntimeError):
    """A kernel was asked for that does not exist or was not built here."""


class ShapeError(ValueError):
    """An operand has a shape that the product cannot take."""


@cache
def _library() -> ctypes.CDLL | None:
    """The compiled kernels, or None where the optional extension was not built for this machine."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_spmm{suffix}")
        if path.exists():
            try:
                library = ctypes.CDLL(str(path))
            except OSError:
                return None
            size, pointer = ctypes.c_int64, ctypes.c_void_p
            library.secateur_spmm.argtypes = [size, size, size, *[pointer] * 5]
            library.secateur_spmm.restype = ctypes.c_int
            library.secateur_spmv.argtypes = [size, *[pointer] * 5]
            library.secateur_spmv.restype = None
            return library
    return None


def kernel_name(kernel: str | None = None) -> str:
    """The kernel that a product uses: ``c`` or ``scipy``.

    ``kernel`` forces one; without it ``SECATEUR_KERNEL`` does; without both it is ``c`` where that was built.
    Raises KernelUnavailableError for an unknown name, and for ``c`` where it was not built.
    """
    wanted = kernel or os.environ.get("SECATEUR_KERNEL") or None
    if wanted is None:
        return "c" if _library() is not None else "scipy"
    if wanted not in KERNELS:
        raise KernelUnavailableError(f"unknown kernel {wanted!r}: use one of {', '.join(KERNELS)}")
    if wanted == "c" and _library() is None:
        raise KernelUnavailableError(
            "the C kernel was not built: install a C compiler and run `python setup.py build_ext --inplace`, "
            "or use SECATEUR_KERNEL=scipy"
        )
    return wanted


def _address(array: NDArray[Any]) -> int:
    """Where an array begins; quicker than ``array.ctypes.data``, which counts for small layers."""
    address: int = array.__array_interface__["data"][0]
    return address


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """A matrix W[M,K] in compressed sparse rows: float32 values, 32-bit indices, columns ascending within a row."""

    shape: tuple[int, int]
    start: NDArray[np.int32]
    """M + 1 positions: row m holds the entries start[m] to start[m + 1]."""
    column: NDArray[np.int32]
    value: NDArray[np.float32]

    def __post_init__(self) -> None:
        rows, columns = self.shape
        for name, kind in (("start", np.int32), ("column", np.int32), ("value", np.float32)):
            array = getattr(self, name)
            if array.dtype != kind or array.ndim != 1 or not array.flags.c_contiguous:
                raise ShapeError(f"{name} must be a contiguous vector of {kind.__name__}")
        if len(self.start) != rows + 1 or self.start[0] != 0 or (np.diff(self.start) < 0).any():
            raise ShapeError(f"start must rise from 0 over {rows + 1} entries, one more than there are rows")
        if not len(self.column) == len(self.value) == self.start[-1]:
            raise ShapeError(f"start promises {self.start[-1]} entries: column and value must have as many")
        if len(self.column) and not 0 <= self.column.min() <= self.column.max() < columns:
            raise ShapeError(f"a column lies outside 0..{columns - 1}")
        falls = np.flatnonzero(np.diff(self.column) <= 0) + 1
        if not np.isin(falls, self.start).all():
            raise ShapeError("columns must ascend within a row")

    def __getstate__(self) -> dict[str, Any]:
        """Without the cached addresses, which mean nothing in a copy or in another process."""
        return {name: value for name, value in self.__dict__.items() if name != "_addresses"}

    @classmethod
    def from_dense(cls, weight: ArrayLike) -> SparseMatrix:
        """The non-zero entries of a dense weight[M,K], as float32. NaN counts as an entry.

        Raises ShapeError if ``weight`` has not two dimensions or holds more entries than 32-bit indices can count.
        """
        dense = np.asarray(weight)
        if dense.ndim != 2:
            raise ShapeError(f"a weight matrix has two dimensions, this has {dense.ndim}: reshape it to [M, K]")
        if max(dense.size, *dense.shape) > _INDEX_LIMIT:
            raise ShapeError(f"a matrix of {dense.size} entries is beyond 32-bit indices: split it by rows")
        dense = dense.astype(np.float32, copy=False)
        row, column = np.nonzero(dense)
        start = np.zeros(dense.shape[0] + 1, dtype=np.int32)
        np.cumsum(np.bincount(row, minlength=dense.shape[0]), out=start[1:])
        return cls(
            shape=(dense.shape[0], dense.shape[1]),
            start=start,
            column=column.astype(np.int32),
            value=np.ascontiguousarray(dense[row, column]),
        )

    @property
    def entries(self) -> int:
        """Number of stored weights."""
        return len(self.value)

    @property
    def sparsity(self) -> float:
        """Fraction of weights that are not stored; 0 for an empty matrix."""
        size = self.shape[0] * self.shape[1]
        return 1.0 - self.entries / size if size else 0.0

    def to_dense(self) -> NDArray[np.float32]:
        """The matrix W[M,K] with zeros where nothing is stored."""
        dense = np.zeros(self.shape, dtype=np.float32)
        dense[np.repeat(np.arange(self.shape[0]), np.diff(self.start)), self.column] = self.value
        return dense

    def matmul(self, x: ArrayLike, *, kernel: str | None = None) -> NDArray[np.float32]:
        """W x for x[K,N], giving [M,N], or for a vector x[K], giving [M]; computed in float32.

        ``kernel`` is as in ``kernel_name``. Raises ShapeError when x does not fit.
        """
        dense = np.ascontiguousarray(x, dtype=np.float32)
        if dense.ndim not in (1, 2) or dense.shape[0] != self.shape[1]:
            raise ShapeError(f"W has shape {self.shape}, so x needs {self.shape[1]} rows; it has shape {dense.shape}")
        if kernel_name(kernel) == "scipy":
            return self._multiply_with_scipy(dense)
        return self._multiply_with_c(dense)

    @cached_property
    def _addresses(self) -> tuple[int, int, int]:
        return _address(self.start), _address(self.column), _address(self.value)

    def _multiply_with_c(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        library = _library()
        assert library is not None
        rows, columns = self.shape
        product = np.empty((rows, *x.shape[1:]), dtype=np.float32)
        if product.size == rows:
            library.secateur_spmv(rows, *self._addresses, _address(x), _address(product))
        elif library.secateur_spmm(rows, columns, x.shape[1], *self._addresses, _address(x), _address(product)):
            raise MemoryError(f"no memory for a panel of {columns} rows")
        return product

    def _multiply_with_scipy(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        from scipy.sparse import csr_array

        weights: Any = csr_array((self.value, self.column, self.start), shape=self.shape)
        product: NDArray[np.float32] = weights @ x
        return product
