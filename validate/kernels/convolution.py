"""Two-dimensional convolutions with sparse kernels: how their windows become the rows of X in Y = W X.

The C kernels unfold an image into one shifted copy for each horizontal tap (``convolve.c``); ``Geometry`` says where
the copies begin and where each row of X lies in them. A 1x1 kernel needs no copy: its X is the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from validate.kernels.library import Layout, Unfolding, address
from validate.kernels.product import Product, with_offsets
from validate.kernels.sparse import ShapeError

Pair = tuple[int, int]


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
    """A window over images of one size: the copies of the image that it needs, and where X lies in them."""

    window: Window
    channels: int
    height: int
    width: int

    @cached_property
    def output(self) -> Pair:
        """Height and width of the output."""
        return self.window.output(self.height, self.width)

    @cached_property
    def _vertical(self) -> tuple[list[int], NDArray[np.int64], NDArray[np.int64]]:
        """The phases of the stride that vertical taps fall into; each tap's phase, as an index, and row within it."""
        row = np.arange(self.window.kernel[0]) * self.window.dilation[0]
        phases, phase_of_tap = np.unique(row % self.window.stride[0], return_inverse=True)
        return phases.tolist(), phase_of_tap, row // self.window.stride[0]

    @cached_property
    def copies(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Row and column of the image where each copy begins, negative in the border."""
        phases, _, _ = self._vertical
        taps = np.arange(self.window.kernel[1]) * self.window.dilation[1] - self.window.before[1]
        y, x = np.meshgrid(np.array(phases) - self.window.before[0], taps, indexing="ij")
        return y.reshape(-1).astype(np.int32), x.reshape(-1).astype(np.int32)

    @cached_property
    def inside(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The columns of each copy that lie inside the image: the first, and the one after the last."""
        step = self.window.stride[1]
        begin = self.copies[1].astype(np.int64)
        last = np.clip(-(-(self.width - begin) // step), 0, self.output[1])
        first = np.minimum(np.maximum(-(begin // step), 0), last)
        return first.astype(np.int32), last.astype(np.int32)

    @cached_property
    def copy_rows(self) -> int:
        """Rows of each copy; its columns are those of the output."""
        return int(self.output[0] + self._vertical[2].max())

    @cached_property
    def unfolded_size(self) -> int:
        """Floats of an unfolded image."""
        return self.channels * len(self.copies[0]) * self.copy_rows * self.output[1]

    @cached_property
    def offsets(self) -> NDArray[np.int32]:
        """Where row k of X begins in an unfolded image, for k in order of channel, vertical and horizontal tap."""
        if self.unfolded_size > np.iinfo(np.int32).max:
            raise ShapeError(f"an image of {self.channels} x {self.height} x {self.width} is too large to unfold")
        _, phase, row = self._vertical
        channel = np.arange(self.channels)[:, None, None] * len(self.copies[0])
        copy = phase[:, None] * self.window.kernel[1] + np.arange(self.window.kernel[1])
        return ((channel + copy) * self.copy_rows + row[:, None]).reshape(-1).astype(np.int32) * np.int32(
            self.output[1]
        )


class Convolution:
    """Packed weights and a geometry, ready to convolve batches of images of one size."""

    def __init__(self, product: Product, geometry: Geometry) -> None:
        """``product`` has weights [out channels, channels * taps], in the order of ``Geometry.offsets``."""
        self._product = product
        self._geometry = geometry
        self._run = geometry.output[0] * geometry.output[1]
        self._starts = (*geometry.copies, *geometry.inside)
        self._unfolding = Unfolding(
            channels=geometry.channels,
            height=geometry.height,
            width=geometry.width,
            copies=len(self._starts[0]),
            rows=geometry.copy_rows,
            columns=geometry.output[1],
            stride_y=geometry.window.stride[0],
            stride_x=geometry.window.stride[1],
            y=address(self._starts[0]),
            x=address(self._starts[1]),
            first=address(self._starts[2]),
            last=address(self._starts[3]),
        )
        pointwise = geometry.window.is_pointwise
        self._offsets = np.arange(geometry.channels, dtype=np.int32) * np.int32(self._run)
        if not pointwise:
            self._offsets = geometry.offsets
        image = geometry.channels * self._run if pointwise else geometry.unfolded_size
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
