"""How many bytes a weight takes in the formats that sparse weights are stored in, with what its indices cost.

Values have four bytes in all of them, so that only the indices differ; half precision stands beside. Indices and
starts of rows have four bytes, as in scipy's and MKL's CSR.
"""

from __future__ import annotations

from math import ceil

from validate.audit.patterns import Zeros

VALUE_BYTES = 4
INDEX_BYTES = 4
FORMATS = ("dense", "dense, half precision", "COO", "CSR", "bit mask", "2:4", "blocks")


def stored_bytes(shape: tuple[int, ...], zeros: Zeros) -> dict[str, int | None]:
    """Bytes of one weight by format; None for a format whose pattern it has not."""
    kept = zeros.weights - zeros.zeros
    two_four: int | None = None
    if "2:4" in zeros.patterns:
        # Two values of each four are stored, zeros among them, with two bits each for their places.
        stored = zeros.weights // 2
        two_four = stored * VALUE_BYTES + ceil(stored * 2 / 8)
    return {
        "dense": zeros.weights * VALUE_BYTES,
        "dense, half precision": zeros.weights * VALUE_BYTES // 2,
        "COO": kept * (VALUE_BYTES + 2 * INDEX_BYTES),
        "CSR": kept * (VALUE_BYTES + INDEX_BYTES) + (shape[0] + 1) * INDEX_BYTES,
        "bit mask": kept * VALUE_BYTES + ceil(zeros.weights / 8),
        "2:4": two_four,
        "blocks": min((_in_blocks(shape[0], *block) for block in zeros.blocks), default=None),
    }


def _in_blocks(outputs: int, rows: int, columns: int, alive: int) -> int:
    """Bytes of blocked CSR: whole blocks, a column for each and a start for each row of blocks."""
    return alive * (rows * columns * VALUE_BYTES + INDEX_BYTES) + (ceil(outputs / rows) + 1) * INDEX_BYTES
