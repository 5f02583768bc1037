"""Which tile convolves images of one size fastest with a sparse kernel: a trial against torch's convolution."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, NDArray

from validate.kernels.choice import SCIPY, TRIAL_SECONDS, Choice, choose, choose_without_kernels, untried
from validate.kernels.convolution import Convolution, Geometry, Window
from validate.kernels.library import kernel_name
from validate.kernels.pixels import PixelConvolution, images_inside, is_worth_a_trial
from validate.kernels.plan_file import PlanFileError, read_plan, write_plan
from validate.kernels.sparse import ShapeError, SparseMatrix
from validate.kernels.tiles import Packing, Tile, candidate_tiles, pack, product_of

if TYPE_CHECKING:
    from torch import Tensor

_KIND = "convolution"


@dataclass(frozen=True, eq=False)
class ConvolutionPlan:
    """A sparse kernel, and how it is moved over images of one size; pairs and order of axes are torch's."""

    matrix: SparseMatrix
    """[out channels, channels * kernel height * kernel width]"""
    geometry: Geometry
    bias: NDArray[np.float32] | None
    choice: Choice
    images: int = 1
    """In a batch that the plan is best for."""

    def __getstate__(self) -> dict[str, Any]:
        """Without packed weights, whose addresses mean nothing in a copy or in another process."""
        return {name: self.__dict__[name] for name in ("matrix", "geometry", "bias", "choice", "images")}

    @cached_property
    def _convolution(self) -> Convolution | PixelConvolution:
        tile = self.choice.tile or Tile("rows", block=256)
        if tile.pixelwise:
            inside = images_inside(self.images, self.choice.threads)
            return pixel_convolution(self.matrix, tile, self.bias, self.geometry, inside)
        return Convolution(Packing(self.matrix, self.bias).product(tile), self.geometry, lines=tile.lines)

    def multiply(self, x: ArrayLike, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Convolves x[images, channels, height, width] from the stored weights alone, whatever the trial said of dense.

        ``out``, contiguous float32, takes the result if given. Raises ShapeError where the images have not the size
        that the plan was made for, or out not that of the result.
        """
        g = self.geometry
        images = np.ascontiguousarray(x, dtype=np.float32)
        if images.ndim != 4 or images.shape[1:] != (g.channels, g.height, g.width):
            raise ShapeError(
                f"the plan is for images of {g.channels} x {g.height} x {g.width}, and x has shape {images.shape}"
            )
        shape = (len(images), self.matrix.shape[0], *g.output)
        y = np.empty(shape, dtype=np.float32) if out is None else out
        if y.shape != shape or y.dtype != np.float32 or not y.flags.c_contiguous:
            raise ShapeError(f"the result is contiguous float32 of shape {shape}, and out is {y.dtype} of {y.shape}")
        if self.choice.kernel == SCIPY:
            y[...] = convolve_with_scipy(self.matrix, images, g, self.bias)
            return y
        self._convolution.multiply(images, y, self.choice.threads)
        return y

    def save(self, path: str | Path) -> None:
        """Writes kernel, bias and choice to an ``.npz`` file, without pickle; ``load_convolution_plan`` reads it."""
        told = {**asdict(self.geometry), "images": self.images}
        write_plan(path, _KIND, self.matrix, self.bias, self.choice, told)


def pixel_convolution(
    matrix: SparseMatrix, tile: Tile, bias: NDArray[np.float32] | None, geometry: Geometry, inside: int
) -> PixelConvolution:
    """A convolution pixel by pixel whose weights are packed for the tile, ``inside`` images at a time."""
    return PixelConvolution(matrix, lambda part: product_of(pack(part, tile), tile, bias), geometry, inside)


def convolve_with_scipy(
    matrix: SparseMatrix, x: NDArray[np.float32], geometry: Geometry, bias: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """The convolution where the C kernels are missing: windows of the padded images, copied, times scipy's CSR."""
    window, (height, width) = geometry.window, geometry.output
    border = [(0, 0), (0, 0), *zip(window.before, window.after, strict=True)]
    padded = np.pad(x, border)
    image, channel, row, column = padded.strides
    windows = as_strided(
        padded,
        (geometry.channels, *window.kernel, len(x), height, width),
        (
            channel,
            row * window.dilation[0],
            column * window.dilation[1],
            image,
            row * window.stride[0],
            column * window.stride[1],
        ),
        writeable=False,
    )
    product = matrix.matmul(windows.reshape(matrix.shape[1], -1), kernel=SCIPY)
    if bias is not None:
        product += bias[:, None]
    by_image = product.reshape(matrix.shape[0], len(x), height, width).transpose(1, 0, 2, 3)
    return np.ascontiguousarray(by_image)


def plan_convolution(
    weight: ArrayLike,
    images: tuple[int, int, int],
    window: Window,
    *,
    threads: int = 1,
    bias: ArrayLike | None = None,
    seconds: float = TRIAL_SECONDS,
    dense: bool = True,
) -> ConvolutionPlan:
    """Finds the fastest way to convolve ``images`` = (number, height, width) with weight[out, in, height, width].

    torch's convolution takes part in the trial where torch is installed, unless ``dense=False``. Raises ShapeError
    where the weight has not four dimensions or does not fit the window or the images.
    """
    kernel = np.asarray(weight, dtype=np.float32)
    if kernel.ndim != 4 or kernel.shape[2:] != window.kernel:
        raise ShapeError(f"a kernel over {window.kernel} has the shape [out, in, *{window.kernel}], not {kernel.shape}")
    number, height, width = images
    matrix = SparseMatrix.from_dense(kernel.reshape(kernel.shape[0], -1))
    geometry = Geometry(window, kernel.shape[1], height, width)
    added = None if bias is None else np.ascontiguousarray(bias, dtype=np.float32)
    rows, columns = geometry.output
    if number * rows * columns * matrix.shape[0] * matrix.shape[1] == 0:
        return ConvolutionPlan(matrix, geometry, added, untried(threads), number)
    x = np.random.default_rng(0).standard_normal((number, kernel.shape[1], height, width), dtype=np.float32)
    rivals = _dense_convolution(kernel, x, window) if dense else {}
    if kernel_name() == SCIPY:
        scipy = partial(convolve_with_scipy, matrix, x, geometry, added)
        choice = choose_without_kernels(scipy, rivals, threads=threads, seconds=seconds)
        return ConvolutionPlan(matrix, geometry, added, choice, number)
    y = np.empty((number, matrix.shape[0], rows, columns), dtype=np.float32)
    packing = Packing(matrix, added)

    def prepared(tile: Tile) -> Callable[[], object]:
        if tile.pixelwise:
            inside = images_inside(number, threads)
            return partial(pixel_convolution(matrix, tile, added, geometry, inside).multiply, x, y, threads)
        return partial(Convolution(packing.product(tile), geometry, lines=tile.lines).multiply, x, y, threads)

    # A single pixel is multiplied by the loops for several columns, too: those for a vector alone know no images.
    tiles = candidate_tiles(
        matrix,
        max(2, rows * columns * number),
        convolution=not window.is_pointwise,
        pixelwise=is_worth_a_trial(geometry, number),
    )
    choice = choose(tiles, prepared, rivals, threads=threads, seconds=seconds)
    return ConvolutionPlan(matrix, geometry, added, choice, number)


def _dense_convolution(
    kernel: NDArray[np.float32], x: NDArray[np.float32], window: Window
) -> dict[str, Callable[[], object]]:
    if find_spec("torch") is None:
        return {}
    import torch

    return {"torch_conv2d": partial(convolve_with_torch, torch.from_numpy(x), torch.from_numpy(kernel), None, window)}


def convolve_with_torch(x: Tensor, weight: Tensor, bias: Tensor | None, window: Window) -> Tensor:
    """torch's own convolution."""
    from torch.nn import functional

    padding = window.before
    if window.before != window.after:
        (top, left), (bottom, right) = window.before, window.after
        x, padding = functional.pad(x, (left, right, top, bottom)), (0, 0)
    return functional.conv2d(x, weight, bias, stride=window.stride, padding=padding, dilation=window.dilation)


def load_convolution_plan(path: str | Path) -> ConvolutionPlan:
    """The plan that ``ConvolutionPlan.save`` wrote; the rest is as for ``plan.load_plan``."""
    matrix, bias, choice, told = read_plan(path, _KIND)
    images = told.pop("images", 1)
    try:
        window = Window(**{name: tuple(pair) for name, pair in told.pop("window").items()})
        geometry = Geometry(window, **told)
        fits = matrix.shape[1] == geometry.channels * math.prod(window.kernel) and min(window.stride) > 0
        if not fits or min(geometry.output) < 1:
            raise ValueError(f"a filter has {matrix.shape[1]} weights, which does not fit {geometry}")
    except (KeyError, TypeError, ValueError) as error:
        raise PlanFileError(f"{path} holds no plan: {error}") from error
    return ConvolutionPlan(matrix, geometry, bias, choice, images)
