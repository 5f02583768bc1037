"""Two-dimensional convolutions with sparse kernels: how their windows become the rows of X in Y = W X.

The C kernels unfold an image into a few copies (``convolve.c``); ``Copies`` says where they begin and where each row of
X lies in them. A 1x1 kernel needs no copy: its X is the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from validate.kernels.formats import Stripes
from validate.kernels.library import Layout, Unfolding, address
from validate.kernels.product import Product, with_offsets
from validate.kernels.sparse import ShapeError

Pair = tuple[int, int]
_LINES_BEGIN_AT = 8
"""Floats of which the width of a padded copy is a multiple: half a cache line."""
_FLOATS_SHARING_CACHE = 1024
"""Floats at this distance (4 KB) come to the same few lines of a first-level cache."""


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image; pairs are vertical, horizontal."""

    kernel: Pair
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    """Zeros above and left of the image."""
    after: Pair = (0, 0)
    """Zeros below and right of it."""
    dilation: Pair = (1, 1)

    @property
    def is_pointwise(self) -> bool:
        """Whether every output is made of one pixel, in the same order."""
        return self.kernel == self.stride == (1, 1) and self.before == self.after == (0, 0)

    def output(self, height: int, width: int) -> Pair:
        """Height and width of the output. Raises ShapeError where the kernel does not fit into the image."""
        reach = [taps + (taps - 1) * (step - 1) for taps, step in zip(self.kernel, self.dilation, strict=True)]
        padded = (height + self.before[0] + self.after[0], width + self.before[1] + self.after[1])
        if padded[0] < reach[0] or padded[1] < reach[1]:
            raise ShapeError(
                f"a kernel that reaches over {tuple(reach)} does not fit into an image of {padded}, padded"
            )
        return (padded[0] - reach[0]) // self.stride[0] + 1, (padded[1] - reach[1]) // self.stride[1] + 1


@dataclass(frozen=True)
class Geometry:
    """A window over images of one size."""

    window: Window
    channels: int
    height: int
    width: int

    @cached_property
    def output(self) -> Pair:
        """Height and width of the output."""
        return self.window.output(self.height, self.width)


@dataclass(frozen=True, eq=False)
class Copies:
    """The copies of each channel that windows are read from, with zeros around the image: where X lies in them."""

    geometry: Geometry
    y: NDArray[np.int32]
    """Row of the image where each copy begins, negative in the border."""
    x: NDArray[np.int32]
    """The same of its column."""
    of_tap: NDArray[np.int64]
    """The copy that each tap is read from, [kernel height, kernel width]."""
    row: NDArray[np.int64]
    """The row of that copy where it begins, for each vertical tap."""
    column: NDArray[np.int64]
    """The column of that copy where it begins, for each horizontal tap."""
    columns: int
    """Of each copy."""

    @cached_property
    def rows(self) -> int:
        """Of each copy. One more where the same row of all channels would share a part of the first-level cache."""
        rows = int(self.geometry.output[0] + self.row.max())
        return rows + (rows * self.columns * len(self.y) % _FLOATS_SHARING_CACHE == 0)

    @cached_property
    def inside(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The columns of each copy that lie inside the image: the first, and the one after the last."""
        step = self.geometry.window.stride[1]
        begin = self.x.astype(np.int64)
        last = np.clip(-(-(self.geometry.width - begin) // step), 0, self.columns)
        first = np.minimum(np.maximum(-(begin // step), 0), last)
        return first.astype(np.int32), last.astype(np.int32)

    @cached_property
    def size(self) -> int:
        """Floats of an unfolded image."""
        return self.geometry.channels * len(self.y) * self.rows * self.columns

    @cached_property
    def offsets(self) -> NDArray[np.int32]:
        """Where row k of X begins in an unfolded image, for k in order of channel, vertical and horizontal tap.

        Raises ShapeError where 32 bits do not count that far.
        """
        g = self.geometry
        _check_size(g, self.size)
        copy = np.arange(g.channels)[:, None, None] * len(self.y) + self.of_tap
        return ((copy * self.rows + self.row[:, None]) * self.columns + self.column).reshape(-1).astype(np.int32)


def shifted_copies(geometry: Geometry) -> Copies:
    """One copy for each horizontal tap and each phase of the vertical stride, as wide as the output.

    Every row of X is then one run of floats.
    """
    window, taps = geometry.window, np.arange(geometry.window.kernel[1])
    phases, phase, row = _phases(window, 0)
    y, x = np.meshgrid(phases - window.before[0], taps * window.dilation[1] - window.before[1], indexing="ij")
    of_tap = phase[:, None] * len(taps) + taps
    return Copies(geometry, _flat(y), _flat(x), of_tap, row, np.zeros_like(taps), geometry.output[1])


def padded_copies(geometry: Geometry) -> Copies:
    """One copy for each phase of the stride, wide enough for all horizontal taps.

    A row of X is then one run of floats for each line of the output. Lines begin at halves of a cache line, where the
    rows of X that do too are read as fast as if they began with one.
    """
    window = geometry.window
    (phases, phase, row), (phases_x, phase_x, column) = (_phases(window, axis) for axis in (0, 1))
    y, x = np.meshgrid(phases - window.before[0], phases_x - window.before[1], indexing="ij")
    wide = geometry.output[1] + int(column.max())
    of_tap = phase[:, None] * len(phases_x) + phase_x
    return Copies(geometry, _flat(y), _flat(x), of_tap, row, column, -(-wide // _LINES_BEGIN_AT) * _LINES_BEGIN_AT)


def _phases(window: Window, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The phases of the stride that taps fall into; each tap's phase, as an index, and place within it."""
    place = np.arange(window.kernel[axis]) * window.dilation[axis]
    phases, phase_of_tap = np.unique(place % window.stride[axis], return_inverse=True)
    return phases, phase_of_tap, place // window.stride[axis]


def _flat(starts: NDArray[np.int64]) -> NDArray[np.int32]:
    return starts.reshape(-1).astype(np.int32)


def _check_size(geometry: Geometry, floats: int) -> None:
    """Raises ShapeError where 32 bits do not count the floats of an image."""
    if floats > np.iinfo(np.int32).max:
        raise ShapeError(f"an image of {geometry.channels} x {geometry.height} x {geometry.width} is too large")


def _offsets_of_planes(geometry: Geometry) -> NDArray[np.int32]:
    """Where each channel of an image begins, which is X of a pointwise convolution as it is."""
    plane = geometry.output[0] * geometry.output[1]
    _check_size(geometry, geometry.channels * plane)
    return (np.arange(geometry.channels) * plane).astype(np.int32)


class Convolution:
    """Packed weights and a geometry, ready to convolve batches of images of one size."""

    def __init__(self, product: Product, geometry: Geometry, *, lines: bool = False) -> None:
        """``product`` has weights [out channels, channels * taps], in the order of ``Copies.offsets``.

        ``lines`` reads lines of padded copies in place. Raises ValueError where entries have several columns, which may
        reach beyond the last row of X.
        """
        if lines and isinstance(product.packed, Stripes) and product.packed.columns > 1:
            raise ValueError(f"lines take entries of one column, not of {product.packed.columns}")
        self._product = product
        self._geometry = geometry
        self._run = geometry.output[0] * geometry.output[1]
        pointwise = geometry.window.is_pointwise
        self._copies = padded_copies(geometry) if lines else shifted_copies(geometry)
        self._inside = self._copies.inside
        self._unfolding = Unfolding(
            channels=geometry.channels,
            height=geometry.height,
            width=geometry.width,
            copies=len(self._copies.y),
            rows=self._copies.rows,
            columns=self._copies.columns,
            line=geometry.output[1] if lines else 0,
            stride_y=geometry.window.stride[0],
            stride_x=geometry.window.stride[1],
            y=address(self._copies.y),
            x=address(self._copies.x),
            first=address(self._inside[0]),
            last=address(self._inside[1]),
        )
        self._offsets = _offsets_of_planes(geometry) if pointwise else self._copies.offsets
        image = geometry.channels * self._run if pointwise else self._copies.size
        self._columns = with_offsets(Layout(run=self._run, image=image, row=self._run), self._offsets)
        self._result = Layout(run=self._run, image=product.packed.shape[0] * self._run, row=self._run)

    def multiply(self, x: NDArray[np.float32], y: NDArray[np.float32], threads: int = 1) -> None:
        """Convolves x[images, channels, height, width], contiguous, into y[images, out channels, height, width]."""
        columns, result = Layout.from_buffer_copy(self._columns), Layout.from_buffer_copy(self._result)
        columns.runs = result.runs = x.shape[0]
        if self._geometry.window.is_pointwise:
            self._product.multiply_laid_out(address(x), columns, address(y), result, threads)
        else:
            self._product.convolve_laid_out(address(x), self._unfolding, columns, address(y), result, threads)
