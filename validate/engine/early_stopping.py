"""Early stopping after the fact: the weights of the smallest validation loss, by which lottery tickets are judged.

Training goes on to its end whatever the loss does; the weights are only kept (Frankle, Carbin 2019, arXiv 1803.03635,
section 1). Only the last training of a run counts, so each training begins anew.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from math import inf
from typing import Any

import torch
from torch import Tensor, nn

from validate.engine.measures import evaluate
from validate.engine.training import StepHook


@dataclass(eq=False)
class EarlyStopping(StepHook):
    """Looks at the validation loss every ``every`` steps of each training."""

    model: nn.Module
    examples: tuple[Tensor, Tensor]
    """Kept for validation."""
    every: int
    loss: float = inf
    """The smallest of the present training."""
    step: int = 0
    """Where it was reached: steps done since that training began."""
    _done: int = 0
    _weights: dict[str, Any] | None = None

    def begin(self) -> None:
        """Forgets the training before."""
        self.loss, self.step, self._done, self._weights = inf, 0, 0, None

    def after_step(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """Keeps the weights if it is time, and they are the best so far."""
        self._done += 1
        if self._done % self.every:
            return
        _, loss = evaluate(self.model, *self.examples)
        if loss < self.loss:
            self.loss, self.step = loss, self._done
            self._weights = copy.deepcopy(self.model.state_dict())

    def restore(self) -> None:
        """Puts the weights of that step back; without any, the network stays as it is."""
        if self._weights is not None:
            self.model.load_state_dict(self._weights)
