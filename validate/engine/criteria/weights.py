"""Criteria that look at nothing but the weights."""

from __future__ import annotations

import torch
from torch import Tensor

from validate.engine.criteria.base import Criterion
from validate.engine.criteria.subject import Subject


class Magnitude(Criterion):
    """|w|: the absolute value of a weight (Han et al. 2015, arXiv 1506.02626)."""

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """|w|."""
        return {name: weight.abs() for name, weight in subject.weights.items()}


class Random(Criterion):
    """No information: the control that a criterion has to beat. Scores are uniform in 0..1."""

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Drawn from the subject's generator, layer by layer."""
        return {
            name: torch.rand(weight.shape, generator=subject.generator).to(weight.device)
            for name, weight in subject.weights.items()
        }


class FilterNorm(Criterion):
    """Σ |w| over the filter, or the unit, that a weight belongs to (Li et al. 2017, arXiv 1608.08710, section 3.1)."""

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """The same score for all weights of one output channel."""
        scores = {}
        for name, weight in subject.weights.items():
            norms = weight.abs().flatten(1).sum(1)
            scores[name] = norms.reshape(-1, *[1] * (weight.ndim - 1)).expand(weight.shape).clone()
        return scores
