"""Weight matrices to measure with: random masks, masks as training leaves them, and patterns that hardware likes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MASKS = ("random", "trained", "4x1", "8x1", "4x4", "2:4")
_SPREAD = 0.5
"""Standard deviation of the logarithm of the scales of rows and columns in ``trained``."""


class UnknownMaskError(ValueError):
    """There is no such kind of mask."""


def pruned_weight(m: int, k: int, sparsity: float, mask: str, seed: int) -> NDArray[np.float32]:
    """A weight[m,k] with normal values of which ``sparsity`` are zero (2:4: half, whatever is asked).

    ``random`` prunes each weight alike. ``trained`` prunes the smallest after rows and columns were scaled by
    lognormal factors, so that some rows stay full and some columns are hardly used, as magnitude pruning leaves them
    after training. The rest prunes blocks, or two of every four weights. Raises UnknownMaskError.
    """
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((m, k), dtype=np.float32)
    if mask == "random":
        return weight * (rng.random((m, k)) >= sparsity)
    if mask == "trained":
        scale = np.exp(_SPREAD * (rng.standard_normal((m, 1)) + rng.standard_normal((1, k))))
        size = np.abs(weight) * scale
        return weight * (size >= np.quantile(size, sparsity))
    if mask == "2:4":
        keys = rng.random((m, -(-k // 4), 4))
        kept = keys >= np.sort(keys, axis=2)[:, :, 2:3]
        return weight * kept.reshape(m, -1)[:, :k]
    if mask in MASKS:
        rows, columns = (int(part) for part in mask.split("x"))
        kept = rng.random((-(-m // rows), -(-k // columns))) >= sparsity
        return weight * kept.repeat(rows, axis=0).repeat(columns, axis=1)[:m, :k]
    raise UnknownMaskError(f"unknown mask {mask!r}: use one of {', '.join(MASKS)}")
