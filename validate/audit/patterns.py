"""Which patterns hold for the zeros of one weight.

A weight [outputs, inputs, ...] is looked at as the matrix that it is multiplied as: a row for each output. N:M is
counted along the inputs (of a convolution: along the input channels at each pixel of the kernel), as sparse tensor
cores do (arXiv 2104.08378). A pattern of blocks, rows or columns holds when every zero lies in one that is all zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_OF_M = ((1, 4), (2, 4), (4, 8), (2, 8), (1, 2))
"""Patterns looked for, of M consecutive inputs at most N are kept."""
BLOCKS = ((4, 1), (8, 1), (1, 4), (4, 4), (16, 16), (32, 32))
"""Rows and columns of blocks looked for."""


@dataclass(frozen=True, slots=True)
class Zeros:
    """The zeros of one weight."""

    weights: int
    zeros: int
    zero_outputs: int
    """Filters, or rows of a matrix, that are all zero."""
    zero_inputs: int
    """Input channels, or columns of a matrix, that are all zero."""
    patterns: tuple[str, ...]
    """What holds, the strictest first: ``filters``, ``inputs``, N:M, rows x columns of blocks, else ``unstructured``;
    empty for a weight without zeros."""
    blocks: tuple[tuple[int, int, int], ...] = ()
    """Rows, columns and number of blocks that are not zero, for each pattern of blocks that holds."""

    @property
    def sparsity(self) -> float:
        """Fraction of the weights that is zero."""
        return self.zeros / self.weights


def find_zeros(values: NDArray[Any]) -> Zeros:
    """Count the zeros of a weight [outputs, inputs, ...] and find their patterns; NaN is no zero."""
    kept = values != 0
    matrix = kept.reshape(len(kept), -1)
    channels = np.moveaxis(kept, 1, -1).reshape(-1, kept.shape[1])
    count = int(kept.size - np.count_nonzero(kept))
    empty_rows = ~matrix.any(axis=1)
    empty_inputs = ~channels.any(axis=0)
    patterns: list[str] = []
    blocks: list[tuple[int, int, int]] = []
    if count:
        patterns = _vectors(kept, empty_rows, empty_inputs, count)
        patterns += [f"{n}:{m}" for n, m in N_OF_M if _is_n_of_m(channels, n, m)]
        held = [(rows, columns, _blocks_alive(matrix, rows, columns, count)) for rows, columns in BLOCKS]
        blocks = [(rows, columns, alive) for rows, columns, alive in held if alive is not None]
        patterns += [f"{rows}x{columns}" for rows, columns, _ in blocks]
    return Zeros(
        int(kept.size),
        count,
        int(empty_rows.sum()),
        int(empty_inputs.sum()),
        tuple(patterns or (["unstructured"] if count else [])),
        tuple(blocks),
    )


def _vectors(kept: NDArray[np.bool_], rows: NDArray[np.bool_], inputs: NDArray[np.bool_], count: int) -> list[str]:
    """Whether all zeros lie in whole filters, or in whole inputs, or in either."""
    per_row, per_input = kept.size // kept.shape[0], kept.size // kept.shape[1]
    in_rows, in_inputs = int(rows.sum()) * per_row, int(inputs.sum()) * per_input
    both = int(rows.sum()) * int(inputs.sum()) * (kept.size // (kept.shape[0] * kept.shape[1]))
    if in_rows == count:
        return ["filters"]
    if in_inputs == count:
        return ["inputs"]
    return ["filters and inputs"] if in_rows + in_inputs - both == count else []


def _is_n_of_m(channels: NDArray[np.bool_], n: int, m: int) -> bool:
    """Whether no group of m consecutive inputs keeps more than n; inputs that fill no group must fit by themselves."""
    whole = channels.shape[1] // m * m
    if whole == 0:
        return False
    groups = channels[:, :whole].reshape(len(channels), -1, m)
    return bool((groups.sum(axis=2) <= n).all() and (channels[:, whole:].sum(axis=1) <= n).all())


def _blocks_alive(matrix: NDArray[np.bool_], rows: int, columns: int, count: int) -> int | None:
    """How many blocks are not zero; None unless all zeros lie in zero blocks, the last of which may stand over."""
    if matrix.shape[0] < rows or matrix.shape[1] < columns:
        return None
    missing = (-matrix.shape[0] % rows, -matrix.shape[1] % columns)
    filled = np.pad(matrix, ((0, missing[0]), (0, missing[1])))
    alive = filled.reshape(filled.shape[0] // rows, rows, filled.shape[1] // columns, columns).any(axis=(1, 3))
    covered = np.repeat(np.repeat(alive, rows, axis=0), columns, axis=1)[: matrix.shape[0], : matrix.shape[1]]
    return int(alive.sum()) if covered.size - np.count_nonzero(covered) == count else None
