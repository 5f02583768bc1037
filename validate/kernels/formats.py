"""The layouts that a sparse matrix is packed into for the C kernels, and which of them a matrix can take.

Each answers to another limit of the CPU (docs/kernels.md has the reasoning): ``rows`` keeps the sums of one row of W in
registers; ``groups`` lets a vector of X that was loaded once serve two to four rows; ``blocks`` does so without any
choice, for weights that were pruned in blocks; ``sliced``, ``bitmask`` and ``two_four`` are for a single vector, where
reading W and picking from x is what takes time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from validate.kernels.sparse import SparseMatrix

KINDS = ("rows", "groups", "blocks")
COMPACT_KINDS = ("bitmask", "two_four", "sliced")
BLOCKS = ((4, 1), (8, 1), (4, 4))
"""Rows and columns of the blocks that there are loops for."""
LONGEST_BLOCK = 32768
"""Rows of X in a block of K: columns and counts within it have 16 bits."""
_VALUES_READ_BEYOND = 16
SLICE = 8
"""Rows in a slice."""
MOST_SLICED_COLUMNS = 65535
"""Columns of W that 16 bits can count beside the one that fills up rows."""
_MASK_COLUMNS = 64
_CODE_COLUMNS = 32


class PatternError(ValueError):
    """A matrix has not the pattern that a format needs."""


@dataclass(frozen=True, eq=False, slots=True)
class Stripes:
    """W[M,K] in stripes of ``rows`` rows, each cut into blocks of K: the formats of SpMM, ``struct weights`` in C."""

    kind: str
    shape: tuple[int, int]
    rows: int
    """Rows of W in a stripe."""
    columns: int
    """Columns of W in an entry; 1 but for blocks."""
    block: int
    """Rows of X in a block of K."""
    row: NDArray[np.int32]
    """Row of Y for each place of each stripe; -1 where the last stripe is not full."""
    entry: NDArray[np.uint32]
    """Where the entries of a stripe begin in ``column``, block after block."""
    first: NDArray[np.uint32]
    """Where its weights begin in ``value``."""
    count: NDArray[np.uint16]
    """Entries of each class of rows, for each stripe of each block; empty but for groups."""
    column: NDArray[np.uint16]
    """First column of each entry, from the begin of its block."""
    value: NDArray[np.float32]

    @property
    def stripes(self) -> int:
        """Number of stripes."""
        return len(self.row) // self.rows

    @property
    def blocks(self) -> int:
        """Number of blocks of K, at least 1."""
        return _blocks_of(self.shape[1], self.block)

    @property
    def nbytes(self) -> int:
        """Bytes that the packed weights take, indices included."""
        return sum(array.nbytes for array in (self.row, self.entry, self.first, self.count, self.column, self.value))


@dataclass(frozen=True, eq=False, slots=True)
class Compact:
    """W[M,K] with its columns as bits: the formats of SpMV, ``struct compact`` in C."""

    kind: str
    shape: tuple[int, int]
    words: int
    """Words of bits in a row; for ``sliced`` the number of slices."""
    bits: NDArray[np.uint64] | NDArray[np.uint32] | NDArray[np.uint16]
    """Words; for ``sliced`` the column of each weight."""
    first: NDArray[np.uint32]
    """Where the weights of each row or slice begin; empty for ``two_four``."""
    row: NDArray[np.int32]
    """Row of each place of each slice, -1 for none; empty but for ``sliced``."""
    value: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        """Bytes that the packed weights take, indices included."""
        return self.bits.nbytes + self.first.nbytes + self.row.nbytes + self.value.nbytes


def _begins(counts: NDArray[np.int64]) -> NDArray[np.uint32]:
    begins = np.zeros(len(counts) + 1, dtype=np.uint32)
    np.cumsum(counts, out=begins[1:])
    return begins


def _blocks_of(columns: int, block: int) -> int:
    return max(1, -(-columns // block))


def _rows_of_entries(matrix: SparseMatrix) -> NDArray[np.int64]:
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.start))


def _checked_block(block: int | None, columns: int, step: int) -> int:
    """Rows of X in a block: all of them if None, at most what 16 bits can count, whole entries."""
    wanted = min(block or LONGEST_BLOCK, LONGEST_BLOCK, max(columns, 1))
    return -(-wanted // step) * step


def pack_rows(matrix: SparseMatrix, block: int | None = None) -> Stripes:
    """One row of W at a time. Any matrix can be packed so; ``block`` is the rows of X in a block of K (None: all)."""
    rows, columns = matrix.shape
    block = _checked_block(block, columns, 1)
    blocks = _blocks_of(columns, block)
    stripe = matrix.column // block * np.int64(rows) + _rows_of_entries(matrix)
    order = np.argsort(stripe, kind="stable") if blocks > 1 else slice(None)
    entry = _begins(np.bincount(stripe, minlength=blocks * rows))
    return Stripes(
        kind="rows",
        shape=matrix.shape,
        rows=1,
        columns=1,
        block=block,
        row=np.arange(rows, dtype=np.int32),
        entry=entry,
        first=entry,
        count=np.zeros(0, np.uint16),
        column=(matrix.column[order] % block).astype(np.uint16),
        value=matrix.value[order],
    )


def pack_groups(matrix: SparseMatrix, rows: int, block: int | None = None) -> Stripes:
    """``rows`` (2 to 4) rows of W together, their columns sorted by which of the rows have a weight there.

    Rows with about as many weights share a stripe: the full ones of a trained layer then meet in many columns.
    Any matrix can be packed so.
    """
    if not 2 <= rows <= 4:
        raise ValueError(f"groups have 2 to 4 rows, not {rows}")
    M, K = matrix.shape
    block = _checked_block(block, K, 1)
    blocks, stripes, classes = _blocks_of(K, block), -(-M // rows), (1 << rows) - 1
    by_count = np.argsort(-np.diff(matrix.start), kind="stable")
    row = np.full(stripes * rows, -1, dtype=np.int32)
    row[:M] = by_count
    position = np.empty(M, dtype=np.int64)
    position[by_count] = np.arange(M)

    place = position[_rows_of_entries(matrix)]
    lane = place % rows
    stripe = matrix.column // block * np.int64(stripes) + place // rows
    where = stripe * block + matrix.column % block
    where, entry_of_value = np.unique(where, return_inverse=True)
    subset = np.bincount(entry_of_value, weights=1 << lane, minlength=len(where)).astype(np.int64)
    stripe_of_entry, column = where // block, where % block
    by_class = np.lexsort((column, subset, stripe_of_entry))
    rank = np.empty(len(where), dtype=np.int64)
    rank[by_class] = np.arange(len(where))
    return Stripes(
        kind="groups",
        shape=matrix.shape,
        rows=rows,
        columns=1,
        block=block,
        row=row,
        entry=_begins(np.bincount(stripe_of_entry, minlength=blocks * stripes)),
        first=_begins(np.bincount(stripe, minlength=blocks * stripes)),
        count=np.bincount(stripe_of_entry * classes + subset - 1, minlength=blocks * stripes * classes).astype(
            np.uint16
        ),
        column=column[by_class].astype(np.uint16),
        value=matrix.value[np.argsort(rank[entry_of_value] * rows + lane)],
    )


def pack_blocks(matrix: SparseMatrix, rows: int, columns: int, block: int | None = None) -> Stripes:
    """Blocks of ``rows`` x ``columns`` weights (one of BLOCKS) that are all stored or all pruned.

    Raises PatternError where a block has both: a pruned weight would meet NaN and infinity in x.
    """
    if (rows, columns) not in BLOCKS:
        raise ValueError(f"there are blocks of {BLOCKS}, not of {rows} x {columns}")
    M, K = matrix.shape
    block = _checked_block(block, K, columns)
    blocks, stripes, across = _blocks_of(K, block), -(-M // rows), -(-K // columns)
    row_of_value = _rows_of_entries(matrix)
    where, entry_of_value, counts = np.unique(
        row_of_value // rows * across + matrix.column // columns, return_inverse=True, return_counts=True
    )
    high = np.minimum(rows, M - where // max(across, 1) * rows)
    wide = np.minimum(columns, K - where % max(across, 1) * columns)
    if (counts != high * wide).any():
        raise PatternError(f"the weights are not in blocks of {rows} x {columns} that are stored or pruned as one")
    column = where % max(across, 1) * columns
    stripe = column // block * stripes + where // max(across, 1)
    order = np.argsort(stripe, kind="stable")
    rank = np.empty(len(where), dtype=np.int64)
    rank[order] = np.arange(len(where))
    value = np.zeros((len(where), columns, rows), dtype=np.float32)
    value[rank[entry_of_value], matrix.column % columns, row_of_value % rows] = matrix.value
    row = np.full(stripes * rows, -1, dtype=np.int32)
    row[:M] = np.arange(M)
    entry = _begins(np.bincount(stripe, minlength=blocks * stripes))
    return Stripes(
        kind="blocks",
        shape=matrix.shape,
        rows=rows,
        columns=columns,
        block=block,
        row=row,
        entry=entry,
        first=entry * np.uint32(rows * columns),
        count=np.zeros(0, np.uint16),
        column=(column[order] % block).astype(np.uint16),
        value=value.reshape(-1),
    )


def pack_bitmask(matrix: SparseMatrix) -> Compact:
    """One bit for each place of W beside the weights. Any matrix can be packed so."""
    M, K = matrix.shape
    words = -(-K // _MASK_COLUMNS)
    present = np.zeros((M, words * _MASK_COLUMNS), dtype=bool)
    present[_rows_of_entries(matrix), matrix.column] = True
    bits = np.packbits(present, axis=1, bitorder="little").view("<u8").reshape(-1)
    return Compact(
        kind="bitmask",
        shape=matrix.shape,
        words=words,
        bits=bits.astype(np.uint64),
        first=matrix.start.astype(np.uint32),
        row=np.zeros(0, np.int32),
        value=np.concatenate([matrix.value, np.zeros(_VALUES_READ_BEYOND * 4, np.float32)]),
    )


def pack_sliced(matrix: SparseMatrix) -> Compact:
    """Eight rows side by side, those with about as many weights together; shorter rows are filled up with zeros.

    Raises PatternError where 16 bits can't count the columns and one more.
    """
    M, K = matrix.shape
    if K > MOST_SLICED_COLUMNS:
        raise PatternError(f"slices have 16-bit columns, too few for {K}")
    slices = -(-M // SLICE)
    counts = np.diff(matrix.start).astype(np.int64)
    by_count = np.argsort(-counts, kind="stable")
    row = np.full(slices * SLICE, -1, dtype=np.int32)
    row[:M] = by_count
    position = np.empty(M, dtype=np.int64)
    position[by_count] = np.arange(M)
    first = _begins(counts[by_count[::SLICE]] * SLICE)
    row_of_value = _rows_of_entries(matrix)
    in_row = np.arange(matrix.entries) - matrix.start[row_of_value]
    place = position[row_of_value]
    to = first[place // SLICE] + in_row * SLICE + place % SLICE
    column = np.full(int(first[-1]), K, dtype=np.uint16)
    value = np.zeros(len(column) + _VALUES_READ_BEYOND, dtype=np.float32)
    column[to], value[to] = matrix.column, matrix.value
    return Compact("sliced", matrix.shape, slices, column, first, row, value)


def is_two_four(matrix: SparseMatrix) -> bool:
    """Whether every four weights side by side in a row have exactly two that are stored."""
    M, K = matrix.shape
    if K % 4 or M * K == 0 or 2 * matrix.entries != M * K:
        return False
    group = _rows_of_entries(matrix) * (K // 4) + matrix.column // 4
    return bool((np.bincount(group, minlength=M * K // 4) == 2).all())


def pack_two_four(matrix: SparseMatrix) -> Compact:
    """Two of every four weights, with two bits each. Raises PatternError unless ``is_two_four``."""
    if not is_two_four(matrix):
        raise PatternError("not every four weights of a row have exactly two that are stored")
    M, K = matrix.shape
    words = -(-K // _CODE_COLUMNS)
    value = np.zeros((M, words * _CODE_COLUMNS // 2), dtype=np.float32)
    value[:, : K // 2] = matrix.value.reshape(M, K // 2)
    in_group = np.zeros(value.shape, dtype=np.uint32)
    in_group[:, : K // 2] = matrix.column.reshape(M, K // 2) % 4
    shifted = in_group.reshape(M, words, 16) << (2 * np.arange(16, dtype=np.uint32))
    return Compact(
        kind="two_four",
        shape=matrix.shape,
        words=words,
        bits=np.bitwise_or.reduce(shifted, axis=2).astype(np.uint32).reshape(-1),
        first=np.zeros(0, np.uint32),
        row=np.zeros(0, np.int32),
        value=value.reshape(-1),
    )
