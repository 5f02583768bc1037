"""Dynamic network surgery: pruned weights go on learning behind the mask, and come back when they have grown.

Guo, Yao, Chen 2016, arXiv 1608.04493, equations 2 and 3: a weight is cut below a threshold a and spliced in above
b > a. Here both thresholds are set at every update so that the asked number of units is kept, with b / a = 1.1 / 0.9,
the ratio of the paper's code. The paper begins with a trained network; here a part of the training comes before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from validate.engine.distributions import ARRIVED
from validate.engine.training import StepHook

if TYPE_CHECKING:
    from validate.engine.experiment import Experiment

CUT, SPLICED = 0.9, 1.1
"""Thresholds, as multiples of one that is set by the number of units to keep."""


@dataclass(eq=False)
class Surgery(StepHook):
    """Masks the weights for each pass, and gives them all back for each step."""

    experiment: Experiment
    start: int
    """Step after which the network is pruned."""
    end: int
    """Step after which the masks stay."""
    every: int
    _whole: dict[str, Tensor] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """From here on the experiment does not hold its masks itself."""
        self.experiment.release()
        return self

    def __exit__(self, *_error: object) -> None:
        """Zeroes what is pruned, for good."""
        self.experiment.hold()

    def before_forward(self, step: int) -> None:
        """Only what is kept takes part in the pass."""
        with torch.no_grad():
            for name, layer in self.experiment.layers.items():
                self._whole[name] = layer.weight.detach().clone()
                layer.weight.mul_(self.experiment.masks[name])

    def before_step(self, step: int, optimizer: torch.optim.Optimizer) -> bool:
        """All weights learn from the gradient of the masked network."""
        for name, layer in self.experiment.layers.items():
            layer.weight.copy_(self._whole[name])
        return False

    def after_step(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """Cuts and splices if it is time."""
        experiment, done = self.experiment, step + 1
        if done == self.start:
            experiment.prune(ARRIVED)
        if not self.start < done <= self.end or (done - self.start) % self.every:
            return
        units = experiment.pattern.pool(experiment.scores())
        chosen = {}
        for name, scores in units.items():
            living = experiment.units[name]
            advantage = torch.where(living, 1 / CUT, 1 / SPLICED)
            chosen[name] = experiment.pattern.select(scores * advantage, int(living.sum()))
        experiment.keep(chosen)
