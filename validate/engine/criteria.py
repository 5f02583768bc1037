"""Pruning criteria: which weights matter. A criterion is a small class with one method that returns scores.

The weights with the highest scores are kept; how many of them in which layer is the distribution's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor


class Criterion(Protocol):
    """Scores the weights of one layer."""

    def scores(self, weight: Tensor, generator: torch.Generator) -> Tensor:
        """One score for each weight, higher for those to keep; randomness comes from the generator alone."""


class Magnitude:
    """The absolute value of a weight (Han et al. 2015, arXiv 1506.02626)."""

    def scores(self, weight: Tensor, generator: torch.Generator) -> Tensor:
        """|w|."""
        return weight.abs()


class Random:
    """No information: the control that a criterion has to beat."""

    def scores(self, weight: Tensor, generator: torch.Generator) -> Tensor:
        """Uniform in 0..1."""
        return torch.rand(weight.shape, generator=generator)


CRITERIA: Mapping[str, Criterion] = {"magnitude": Magnitude(), "random": Random()}
