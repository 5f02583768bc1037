"""How many weights each layer keeps: globally by score, by the same fraction, by its shape, or as stated.

Counts are of units of the pattern: weights, blocks or filters. All of them are exact: they add up to the rounded
fraction of all units (``Uniform`` and ``Layerwise``: of each layer). On its way a schedule asks for a fraction between
1 and the last one, by an *approach*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Protocol

import torch
from torch import Tensor

Approach = Callable[[float], float]
"""From the fraction that is kept in the end to the fraction that is kept now."""


def geometric(progress: float) -> Approach:
    """Equal steps of progress (0..1) remove equal fractions of what is left."""
    return lambda kept: kept**progress


def cubic(progress: float) -> Approach:
    """s = s_end (1 - (1 - t)³), with s the sparsity, t the progress (Zhu, Gupta 2017, arXiv 1710.01878, equation 1)."""
    return lambda kept: 1 - (1 - kept) * (1 - (1 - progress) ** 3)


ARRIVED: Approach = geometric(1.0)
"""All the way."""


class Distribution(Protocol):
    """Says how many units each layer keeps."""

    by_score: ClassVar[bool]
    """Whether the counts depend on the scores of all layers; else the scores of any may be unknown."""

    def counts(self, units: Mapping[str, Tensor], approach: Approach = ARRIVED) -> dict[str, int]:
        """Units to keep of each layer, for the scores of its units."""


def highest(scores: Tensor, kept: int) -> Tensor:
    """A mask of the ``kept`` highest scores, in the shape of the scores; of equal scores the first."""
    flat = scores.flatten()
    if kept <= 0 or kept >= len(flat):
        return torch.full_like(scores, kept > 0, dtype=torch.bool)
    # Selecting the threshold is linear, where sorting the fifteen million weights of a VGG-16 takes seconds.
    threshold = flat.kthvalue(len(flat) - kept + 1).values
    mask = flat > threshold
    ties = flat == threshold
    mask |= ties & (ties.cumsum(0) <= kept - int(mask.sum()))
    return mask.reshape(scores.shape)


@dataclass(frozen=True)
class Global:
    """The highest scores of all layers in one ranking."""

    kept: float
    by_score: ClassVar[bool] = True

    def counts(self, units: Mapping[str, Tensor], approach: Approach = ARRIVED) -> dict[str, int]:
        """How many of the best of all lie in each layer."""
        flat = torch.cat([scores.flatten() for scores in units.values()])
        best = highest(flat, round(approach(self.kept) * flat.numel()))
        pieces = best.split([scores.numel() for scores in units.values()])
        return {name: int(piece.sum()) for name, piece in zip(units, pieces, strict=True)}


@dataclass(frozen=True)
class Uniform:
    """The same fraction of every layer."""

    kept: float
    by_score: ClassVar[bool] = False

    def counts(self, units: Mapping[str, Tensor], approach: Approach = ARRIVED) -> dict[str, int]:
        """The rounded fraction of each layer."""
        return {name: round(approach(self.kept) * scores.numel()) for name, scores in units.items()}


@dataclass(frozen=True)
class Layerwise:
    """A stated fraction of each layer; a layer that is not stated keeps everything."""

    kept_by_layer: Mapping[str, float]
    by_score: ClassVar[bool] = False

    def counts(self, units: Mapping[str, Tensor], approach: Approach = ARRIVED) -> dict[str, int]:
        """The rounded fraction of each layer."""
        return {
            name: round(approach(self.kept_by_layer.get(name, 1.0)) * scores.numel()) for name, scores in units.items()
        }


@dataclass(frozen=True)
class ErdosRenyi:
    """Layers with more inputs and outputs keep smaller fractions.

    A layer keeps a fraction in proportion to (inputs + outputs) / (inputs * outputs) (Mocanu et al. 2018, arXiv
    1707.04780, equation 4, there as a chance); with ``kernel`` the width and height of a convolution count too (RigL,
    arXiv 1911.11134, section 3). Layers that would keep more than everything keep everything.
    """

    kept: float
    shapes: Mapping[str, tuple[int, ...]]
    """Of the weights, by layer."""
    kernel: bool
    by_score: ClassVar[bool] = False

    def _weight(self, name: str) -> float:
        shape = self.shapes[name]
        counted = shape if self.kernel else shape[:2]
        return sum(counted) / prod(counted)

    def counts(self, units: Mapping[str, Tensor], approach: Approach = ARRIVED) -> dict[str, int]:
        """Whole numbers that add up to the rounded fraction of all units."""
        sizes = {name: scores.numel() for name, scores in units.items()}
        wanted = round(approach(self.kept) * sum(sizes.values()))
        shares = _capped_shares(sizes, {name: self._weight(name) for name in units}, wanted)
        counts = {name: int(share) for name, share in shares.items()}
        # What rounding down left goes to the layers that lost most by it.
        by_loss = sorted(shares, key=lambda name: counts[name] - shares[name])
        for name in by_loss[: wanted - sum(counts.values())]:
            counts[name] += 1
        return counts


def _capped_shares(sizes: Mapping[str, int], weights: Mapping[str, float], wanted: int) -> dict[str, float]:
    """Shares of ``wanted`` in proportion to size times weight, none larger than its size."""
    full: set[str] = set()
    while True:
        rest = wanted - sum(sizes[name] for name in full)
        mass = sum(sizes[name] * weights[name] for name in sizes if name not in full)
        scale = rest / mass if mass else 0.0
        over = {name for name in sizes if name not in full and scale * weights[name] > 1}
        if not over:
            break
        full |= over
    return {name: float(size) if name in full else scale * weights[name] * size for name, size in sizes.items()}
