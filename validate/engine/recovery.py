"""What happens to a network after weights were removed: nothing, or fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from validate.engine.training import Trainer


class Recovery(Protocol):
    """Repairs a pruned network in place."""

    def recover(self, model: nn.Sequential, masks: Mapping[str, Tensor], trainer: Trainer) -> None:
        """Called after each pruning round; weights outside ``masks`` stay zero."""


class NoRecovery:
    """The pruned network as it is."""

    def recover(self, model: nn.Sequential, masks: Mapping[str, Tensor], trainer: Trainer) -> None:
        """Does nothing."""


@dataclass(frozen=True)
class FineTuning:
    """Further training of what is left, from the weights it has (Han et al. 2015, arXiv 1506.02626, section 3)."""

    epochs: int | None
    """None: as many as the first training."""
    learning_rate_factor: float
    """Multiple of the learning rate of the first training."""

    def recover(self, model: nn.Sequential, masks: Mapping[str, Tensor], trainer: Trainer) -> None:
        """Trains for ``epochs`` epochs."""
        epochs = self.epochs if self.epochs is not None else trainer.setting.epochs
        assert epochs is not None
        trainer.train(model, epochs, masks, self.learning_rate_factor)
