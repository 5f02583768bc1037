"""The product of packed weights with a dense operand: what the C kernels are called with, for any layout of x and y.

``Product`` holds packed weights and the C structure that points into them. Operands are numpy arrays; contiguous rows
or contiguous columns (a transposed view) are taken as they are, anything else is copied first.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from validate.kernels import formats
from validate.kernels.formats import Compact, Stripes
from validate.kernels.library import (
    CompactWeights,
    KernelUnavailableError,
    Layout,
    Pixels,
    Unfolding,
    Weights,
    address,
    instruction_set,
    instruction_sets,
    library,
)

MOST_VECTORS = 12
_VECTORS = 8
"""Wide enough for products."""
_FLOAT_BYTES = 4
_MOST_LAYOUTS = 64


def _rows_contiguous(shape: tuple[int, int], strides: tuple[int, int]) -> bool:
    rows, columns = shape
    if columns > 1 and strides[1] != _FLOAT_BYTES:
        return False
    return rows <= 1 or (strides[0] % _FLOAT_BYTES == 0 and strides[0] >= columns * _FLOAT_BYTES)


def matrix_layout(shape: tuple[int, int], strides: tuple[int, int]) -> Layout | None:
    """How a float32 matrix of these strides (bytes) lies for the kernels; None if it has to be copied first."""
    rows, columns = shape
    if _rows_contiguous(shape, strides):
        row = strides[0] // _FLOAT_BYTES if rows > 1 else columns
        return Layout(runs=1, run=columns, image=columns, row=row)
    if _rows_contiguous(shape[::-1], strides[::-1]):
        row = strides[1] // _FLOAT_BYTES if columns > 1 else rows
        return Layout(runs=1, run=columns, image=columns, row=row, transposed=1)
    return None


def with_offsets(layout: Layout, offset: NDArray[np.int32]) -> Layout:
    """The layout with its rows at ``offset``; it keeps the array alive."""
    layout.offset = address(offset)
    layout.kept_offset = offset
    return layout


def _compact_weights(packed: Compact, isa: int, bias: int | None) -> CompactWeights:
    return CompactWeights(
        M=packed.shape[0],
        K=packed.shape[1],
        words=packed.words,
        kind=formats.COMPACT_KINDS.index(packed.kind),
        isa=isa,
        bits=address(packed.bits),
        first=address(packed.first),
        row=address(packed.row),
        value=address(packed.value),
        bias=bias,
    )


def _stripe_weights(packed: Stripes, isa: int, bias: int | None) -> Weights:
    return Weights(
        M=packed.shape[0],
        K=packed.shape[1],
        stripes=packed.stripes,
        block=packed.block,
        blocks=packed.blocks,
        kind=formats.KINDS.index(packed.kind),
        R=packed.rows,
        C=packed.columns,
        isa=isa,
        row=address(packed.row),
        entry=address(packed.entry),
        first=address(packed.first),
        count=address(packed.count) if len(packed.count) else None,
        column=address(packed.column),
        value=address(packed.value),
        bias=bias,
    )


class Product:
    """Packed weights, ready to multiply on any number of threads; what they are packed into must not change."""

    def __init__(
        self,
        packed: Stripes | Compact,
        *,
        vectors: int = _VECTORS,
        direct: bool = False,
        bias: NDArray[np.float32] | None = None,
    ) -> None:
        """``bias`` [M] is added to every column; ``vectors`` and ``direct`` are those of ``plan.Tile``.

        Raises KernelUnavailableError where the C kernels were not built.
        """
        kernels = library()
        if kernels is None:
            raise KernelUnavailableError("the C kernel was not built: use SparseMatrix.matmul, which runs on scipy")
        self._kernels = kernels
        self.packed = packed
        self._vectors = vectors
        self._direct = direct
        self._bias = None if bias is None else np.ascontiguousarray(bias, dtype=np.float32)
        self._layouts: dict[tuple[tuple[int, ...], tuple[int, ...]], Layout | None] = {}
        isa = instruction_sets()[instruction_set()]
        bias_address = None if self._bias is None else address(self._bias)
        self._weights: Weights | CompactWeights
        if isinstance(packed, Compact):
            self._weights = _compact_weights(packed, isa, bias_address)
            self._spmv = kernels.secateur_spmv_compact
        else:
            self._weights = _stripe_weights(packed, isa, bias_address)
            self._spmv = kernels.secateur_spmv
        self._has_vector_loop = packed.kind != "groups"
        self._reference = ctypes.byref(self._weights)

    @property
    def weights_address(self) -> int:
        """Where the C structure of weights packed in stripes lies, as long as this object lives."""
        return ctypes.addressof(self._weights)

    @property
    def multiplies_vectors_only(self) -> bool:
        """Whether there is no loop for more than one column of x."""
        return isinstance(self.packed, Compact)

    def multiply(self, x: NDArray[np.float32], y: NDArray[np.float32], threads: int = 1) -> None:
        """Y = W X + bias for float32 x[K,N] and y[M,N], or x[K] and y[M]; y is written, and must not overlap x."""
        single = x.ndim == 1 or x.shape[1] == 1
        if single and self._has_vector_loop and (y.ndim == 1 or y.flags.c_contiguous):
            vector = x if x.flags.c_contiguous else np.ascontiguousarray(x.reshape(-1))
            self._check(self._spmv(self._reference, address(vector), address(y), threads))
            return
        x, y = (x.reshape(-1, 1), y.reshape(-1, 1)) if x.ndim == 1 else (x, y)
        columns, result = self._layout(x, self._direct), self._layout(y, False)
        if columns is None:
            x = np.ascontiguousarray(x)
            columns = self._layout(x, self._direct)
        if result is None or columns is None:
            raise ValueError(f"y has strides {y.strides}: its rows or its columns must be contiguous")
        self.multiply_laid_out(address(x), columns, address(y), result, threads)

    def for_rows(self, n: int, threads: int) -> Callable[[int, int], None]:
        """What multiplies x[n,K] into y[n,M], both contiguous, given their addresses. Calls cost little."""
        reference, check = self._reference, self._check
        if n == 1 and self._has_vector_loop:
            spmv = self._spmv

            def multiply_vector(x: int, y: int) -> None:
                check(spmv(reference, x, y, threads))

            return multiply_vector
        spmm, options = self._kernels.secateur_spmm, (self._vectors, self._direct, threads)
        rows, columns = self.packed.shape
        x_layout, y_layout = (
            ctypes.byref(Layout(runs=1, run=n, image=n, row=size, transposed=1)) for size in (columns, rows)
        )

        def multiply(x: int, y: int) -> None:
            check(spmm(reference, x, x_layout, y, y_layout, *options))

        return multiply

    def convolve_pixels(self, pixels: Pixels, x: int, y: int, images: int, threads: int) -> None:
        """Images at the address x, whose stretches have weights that are packed like these."""
        given = (ctypes.byref(pixels), x, y, images, self._vectors, self._direct, threads)
        self._check(self._kernels.secateur_convolve_pixels(*given))

    def multiply_laid_out(self, x: int, columns: Layout, y: int, result: Layout, threads: int) -> None:
        """Y = W X + bias for operands at the addresses x and y, in any layout that spmm.h describes."""
        given = (self._reference, x, ctypes.byref(columns), y, ctypes.byref(result))
        self._check(self._kernels.secateur_spmm(*given, self._vectors, self._direct, threads))

    def convolve_laid_out(
        self, x: int, unfolding: Unfolding, columns: Layout, y: int, result: Layout, threads: int
    ) -> None:
        """The same for images at the address x, which are unfolded into ``columns`` first."""
        given = (self._reference, ctypes.byref(unfolding), x, ctypes.byref(columns), y, ctypes.byref(result))
        self._check(self._kernels.secateur_convolve(*given, self._vectors, self._direct, threads))

    def _check(self, status: int) -> None:
        if status:
            raise MemoryError(f"no memory for a panel of {self.packed.shape[1]} rows")

    def _layout(self, array: NDArray[np.float32], direct: bool) -> Layout | None:
        key = (array.shape, array.strides)
        if key not in self._layouts:
            layout = matrix_layout((array.shape[0], array.shape[1]), (array.strides[0], array.strides[1]))
            reach = 0 if layout is None else array.shape[0] * layout.row
            if layout is not None and direct and not layout.transposed and reach <= np.iinfo(np.int32).max:
                with_offsets(layout, np.arange(array.shape[0], dtype=np.int32) * np.int32(layout.row))
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[key] = layout
        return self._layouts[key]
