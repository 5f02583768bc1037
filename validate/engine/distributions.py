"""How many weights each layer keeps: globally by score, the same fraction everywhere, or stated layer by layer.

All of them keep an exact number of weights, and break ties by position, so that a mask is a function of the scores.
``progress`` is how far the schedule has come, 0..1: on the way a fraction ``kept`` is approached as ``kept**progress``,
so that equal steps of progress remove equal fractions of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Distribution(Protocol):
    """Turns the scores of all layers into masks."""

    def masks(self, scores: Mapping[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Boolean masks by layer, true for weights to keep."""


def _highest(scores: Tensor, kept: float) -> Tensor:
    """A mask of the fraction ``kept`` with the highest scores, rounded to whole weights; of equal scores the first."""
    order = torch.argsort(scores.flatten(), descending=True, stable=True)
    mask = torch.zeros(scores.numel(), dtype=torch.bool)
    mask[order[: round(kept * scores.numel())]] = True
    return mask.reshape(scores.shape)


@dataclass(frozen=True)
class Global:
    """The highest scores of all layers in one ranking."""

    kept: float

    def masks(self, scores: Mapping[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Masks that together keep ``kept**progress`` of all weights."""
        ranking = _highest(torch.cat([layer.flatten() for layer in scores.values()]), self.kept**progress)
        pieces = ranking.split([layer.numel() for layer in scores.values()])
        return {name: piece.reshape(scores[name].shape) for name, piece in zip(scores, pieces, strict=True)}


@dataclass(frozen=True)
class Uniform:
    """The same fraction of every layer."""

    kept: float

    def masks(self, scores: Mapping[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Masks that each keep ``kept**progress`` of their layer."""
        return {name: _highest(layer, self.kept**progress) for name, layer in scores.items()}


@dataclass(frozen=True)
class Layerwise:
    """A stated fraction of each layer."""

    kept_by_layer: Mapping[str, float]

    def masks(self, scores: Mapping[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Masks that each keep their own fraction; a layer that is not stated keeps everything."""
        return {name: _highest(layer, self.kept_by_layer.get(name, 1.0) ** progress) for name, layer in scores.items()}
