"""What happens to a network after weights were removed: nothing, or training of one kind or another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from validate.claims.schema import Arm
    from validate.engine.experiment import Experiment


class Recovery(Protocol):
    """Repairs a pruned network in place."""

    def recover(self, experiment: Experiment) -> None:
        """Called after each pruning round; weights outside the masks stay zero."""


class NoRecovery:
    """The pruned network as it is."""

    def recover(self, experiment: Experiment) -> None:
        """Does nothing."""


@dataclass(frozen=True)
class FineTuning:
    """Further training of what is left, from the weights it has (Han et al. 2015, arXiv 1506.02626, section 3)."""

    epochs: int | None
    """None: as many as the first training."""
    learning_rate_factor: float
    """Multiple of the learning rate of the first training, constant."""

    def recover(self, experiment: Experiment) -> None:
        """Trains for ``epochs`` epochs."""
        epochs = self.epochs if self.epochs is not None else experiment.trainer.epochs
        experiment.train(epochs, self.learning_rate_factor)


@dataclass(frozen=True)
class WeightRewinding:
    """What is left goes back to the weights of an earlier epoch, and is trained from there to the end.

    Epoch 0 is the initialisation (Frankle, Carbin 2019, arXiv 1803.03635); a later one follows arXiv 1912.05671. The
    learning rate's schedule is that of those epochs; the optimiser's momentum begins at zero.
    """

    to_epoch: int

    def recover(self, experiment: Experiment) -> None:
        """Rewinds, and trains the rest of the epochs."""
        experiment.rewind()
        _train_last_epochs(experiment, experiment.trainer.epochs - self.to_epoch)


@dataclass(frozen=True)
class LearningRateRewinding:
    """What is left is trained from the weights it has, with the learning rates of the last epochs once more.

    Renda, Frankle, Carbin 2020, arXiv 2003.02389, section 3.
    """

    epochs: int | None
    """None: all."""

    def recover(self, experiment: Experiment) -> None:
        """Trains with the schedule of the last ``epochs`` epochs."""
        _train_last_epochs(experiment, self.epochs if self.epochs is not None else experiment.trainer.epochs)


@dataclass(frozen=True)
class FromScratch:
    """The weights are drawn anew, and the pruned network is trained as the first one was.

    Liu et al. 2019, arXiv 1810.05270, section 3: as many epochs as the first training, or more.
    """

    epochs: int | None
    """None: as many as the first training."""

    def recover(self, experiment: Experiment) -> None:
        """Draws and trains."""
        experiment.reinitialise()
        epochs = self.epochs if self.epochs is not None else experiment.trainer.epochs
        experiment.train(epochs, first_step=0)


def _train_last_epochs(experiment: Experiment, epochs: int) -> None:
    before = max(0, experiment.trainer.epochs - epochs)
    experiment.train(epochs, first_step=before * experiment.trainer.steps_per_epoch)


RECOVERIES: Mapping[str, Callable[[Arm], Recovery]] = {
    "none": lambda arm: NoRecovery(),
    "fine-tuning": lambda arm: FineTuning(arm.recovery_epochs, arm.recovery_learning_rate),
    "weight-rewinding": lambda arm: WeightRewinding(arm.rewind_to_epoch),
    "learning-rate-rewinding": lambda arm: LearningRateRewinding(arm.recovery_epochs),
    "from-scratch": lambda arm: FromScratch(arm.recovery_epochs),
}
"""Every recovery, by the name that claims use."""
