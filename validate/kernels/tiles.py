"""The tiles that a plan tries: a format, and how the loops over rows, columns and K are cut.

The list is measured, not reasoned: each of them was the fastest somewhere among the shapes of ``bench.py`` at 50 to
98 %. Widths are in floats, so that one tile means the same panel of X on every instruction set; what its registers do
not hold is cut further by the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from validate.kernels import formats
from validate.kernels.formats import PatternError
from validate.kernels.library import lanes
from validate.kernels.product import MOST_VECTORS, Product
from validate.kernels.sparse import SparseMatrix


@dataclass(frozen=True, slots=True)
class Tile:
    """A format and the sizes that its loops run with."""

    format: str
    """rows, groups, blocks, sliced, bitmask or two_four."""
    rows: int = 1
    """Rows of W in a stripe."""
    columns: int = 1
    """Columns of W in an entry; 1 but for blocks."""
    block: int | None = None
    """Rows of X in a block of K; None: all of them."""
    width: int = 64
    """Most columns of X in a panel."""
    direct: bool = False
    """Read X in place instead of copying a panel of it side by side."""
    lines: bool = False
    """Convolve lines of a padded image in place, with one copy of it for all horizontal taps."""
    pixelwise: bool = False
    """Convolve each output pixel of a batch by itself, without the taps that fall outside the image."""

    def __str__(self) -> str:
        sizes = {"rows": "rows", "groups": f"groups of {self.rows}", "blocks": f"blocks {self.rows}x{self.columns}"}
        if self.format not in sizes:
            return self.format
        flags = (("direct", self.direct), ("lines", self.lines), ("pixelwise", self.pixelwise))
        said = [sizes[self.format], f"{self.width} wide", f"K by {self.block}" if self.block else ""]
        return ", ".join(filter(None, [*said, *(word for word, holds in flags if holds)]))


_UNSTRUCTURED = (
    Tile("rows", width=64, block=256),
    Tile("rows", width=96, block=256),
    Tile("rows", width=64),
    Tile("rows", width=128),
    Tile("groups", rows=2, width=64, block=256),
    Tile("groups", rows=2, width=96, block=128),
    Tile("groups", rows=2, width=128),
    Tile("groups", rows=3, width=112, block=256),
    Tile("groups", rows=4, width=48),
    Tile("groups", rows=4, width=80, block=128),
    Tile("groups", rows=4, width=80),
)
_CONVOLUTIONS = (
    Tile("rows", width=64, block=256),
    Tile("rows", width=96, block=256),
    Tile("rows", width=64, block=576),
    Tile("rows", width=128, block=144, direct=True),
    Tile("rows", width=128, block=288, lines=True),
    Tile("rows", width=192, block=288, lines=True),
    Tile("groups", rows=2, width=64, block=256),
    Tile("groups", rows=2, width=96, block=144),
    Tile("groups", rows=2, width=128, block=144, direct=True),
    Tile("groups", rows=3, width=112, block=144, direct=True),
    Tile("groups", rows=3, width=112, block=288, lines=True),
    Tile("groups", rows=4, width=80, block=144),
    Tile("groups", rows=4, width=80, block=144, direct=True),
    Tile("groups", rows=4, width=48, block=256),
)
"""For kernels larger than 1x1: an unfolded image is small enough to be read in place; 144 rows of X are 16 channels."""
_PIXELWISE = (
    Tile("rows", width=64, block=256, pixelwise=True),
    Tile("rows", width=128, block=144, pixelwise=True),
)
"""For many images so small that much of what a kernel covers lies outside of them."""
_BLOCKED = ((80, None), (80, 256), (48, None))
"""Widths and blocks of K that are tried for weights in blocks."""
_VECTOR = (Tile("rows"), Tile("sliced"), Tile("bitmask"), Tile("two_four"))
_GROUPS_PAY_BELOW = 0.98
"""Sparsity at which two rows of random weights hardly ever meet in a column."""


def pack(matrix: SparseMatrix, tile: Tile) -> formats.Stripes | formats.Compact:
    """The matrix in the format of the tile. Raises PatternError where it has not the pattern."""
    if tile.format == "bitmask":
        return formats.pack_bitmask(matrix)
    if tile.format == "two_four":
        return formats.pack_two_four(matrix)
    if tile.format == "sliced":
        return formats.pack_sliced(matrix)
    if tile.format == "blocks":
        return formats.pack_blocks(matrix, tile.rows, tile.columns, tile.block)
    if tile.format == "groups":
        return formats.pack_groups(matrix, tile.rows, tile.block)
    return formats.pack_rows(matrix, tile.block)


class Packing:
    """A matrix and its bias, packed once for all tiles that differ in nothing that is packed."""

    def __init__(self, matrix: SparseMatrix, bias: NDArray[np.float32] | None) -> None:
        """``bias`` [M] is added to every column."""
        self._matrix, self._bias = matrix, bias
        self._packed: dict[tuple[object, ...], formats.Stripes | formats.Compact] = {}

    def product(self, tile: Tile) -> Product:
        """The weights as the tile wants them, ready to multiply."""
        key = (tile.format, tile.rows, tile.columns, tile.block)
        if key not in self._packed:
            self._packed[key] = pack(self._matrix, tile)
        return product_of(self._packed[key], tile, self._bias)


def product_of(packed: formats.Stripes | formats.Compact, tile: Tile, bias: NDArray[np.float32] | None) -> Product:
    """Weights that were packed for the tile, ready to multiply."""
    vectors = max(1, min(MOST_VECTORS, tile.width // lanes()))
    return Product(packed, vectors=vectors, direct=tile.direct, bias=bias)


def candidate_tiles(matrix: SparseMatrix, n: int, *, convolution: bool = False, pixelwise: bool = False) -> list[Tile]:
    """The tiles worth a trial for n columns of x: those that the pattern of the weights allows, each once.

    ``convolution`` is for kernels larger than 1x1, and for any number of columns; ``pixelwise`` adds what is for many
    small images.
    """
    if n == 1 and not convolution:
        blocks = [Tile("blocks", rows=rows, columns=columns) for rows, columns in formats.BLOCKS]
        return [tile for tile in (*_VECTOR, *blocks) if _fits(matrix, tile)]
    tiles = [
        tile
        for tile in (*(_CONVOLUTIONS if convolution else _UNSTRUCTURED), *(_PIXELWISE if pixelwise else ()))
        if tile.format == "rows" or matrix.sparsity < _GROUPS_PAY_BELOW
    ]
    for rows, columns in formats.BLOCKS:
        if _fits(matrix, Tile("blocks", rows=rows, columns=columns)):
            tiles += [Tile("blocks", rows, columns, block=block, width=width) for width, block in _BLOCKED]
    whole = -(-n // lanes()) * lanes()
    fitted = [
        replace(
            tile,
            width=min(tile.width, whole),
            block=None if tile.block is None or tile.block >= matrix.shape[1] else tile.block,
        )
        for tile in tiles
    ]
    return list(dict.fromkeys(fitted))


def _fits(matrix: SparseMatrix, tile: Tile) -> bool:
    if tile.format == "two_four":
        return formats.is_two_four(matrix)
    if tile.format == "sliced":
        return matrix.shape[1] <= formats.MOST_SLICED_COLUMNS
    if tile.format == "blocks":
        counts = np.diff(matrix.start)
        whole = counts[: len(counts) // tile.rows * tile.rows].reshape(-1, tile.rows)
        if (whole != whole[:, :1]).any():
            return False
        try:
            formats.pack_blocks(matrix, tile.rows, tile.columns)
        except PatternError:
            return False
    return True
