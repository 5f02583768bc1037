"""Sparse training whose weights come and go: the smallest are dropped, others grow from zero, the number stays.

All three work on the units of any pattern. Between updates the masks hold as in any training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import Tensor

from validate.engine.distributions import highest
from validate.engine.training import StepHook

if TYPE_CHECKING:
    from validate.claims.schema import Arm
    from validate.engine.experiment import Experiment

_MOMENTUM = ("momentum_buffer", "exp_avg")
_STATE = (*_MOMENTUM, "exp_avg_sq")
"""What torch's SGD and Adam remember of each weight."""


@dataclass(frozen=True, eq=False)
class Regrowth(StepHook, ABC):
    """Base of the three; ``dropped`` is the fraction of a layer's living units that an update drops at first."""

    experiment: Experiment
    every: int
    end: int
    """Step after which nothing changes any more."""
    dropped: float
    usual_dropped: ClassVar[float]
    usual_end: ClassVar[float] = 1.0
    usual_every: ClassVar[int | None] = None
    """None: an epoch."""

    @classmethod
    def of(cls, arm: Arm, experiment: Experiment) -> Self:
        """As an arm asks for, or else as usual; the last epoch, or the last interval, is left in peace."""
        trainer = experiment.trainer
        steps = trainer.epochs * trainer.steps_per_epoch
        every = arm.every or cls.usual_every or max(1, trainer.steps_per_epoch)
        end = round((arm.end if arm.end is not None else cls.usual_end) * steps)
        dropped = arm.drop_fraction if arm.drop_fraction is not None else cls.usual_dropped
        return cls(experiment, every, min(end, steps - 1), dropped)

    def _due(self, step: int) -> bool:
        return (step + 1) % self.every == 0 and step < self.end

    def _annealed(self, step: int) -> float:
        """The fraction to drop now, on half a cosine from ``dropped`` to 0."""
        return self.dropped / 2 * (1 + cos(pi * step / self.end))

    def _survivors(self, fraction: float) -> dict[str, Tensor]:
        """The units with the largest mean weights, by layer, when a fraction of the living has been dropped."""
        experiment = self.experiment
        magnitudes = experiment.pattern.pool(
            {
                name: layer.weight.abs().masked_fill(~experiment.masks[name], -torch.inf)
                for name, layer in experiment.layers.items()
            }
        )
        survivors = {}
        for name, magnitude in magnitudes.items():
            living = int(experiment.units[name].sum())
            survivors[name] = highest(magnitude, living - int(fraction * living)) & experiment.units[name]
        return survivors

    @abstractmethod
    def growth(self, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """How much each weight wants to grow, by layer."""

    def _grow(self, survivors: dict[str, Tensor], counts: dict[str, int], optimizer: torch.optim.Optimizer) -> None:
        """Fills each layer up to its count with the units that want to grow most; all of them begin at zero."""
        experiment = self.experiment
        wishes = experiment.pattern.pool(self.growth(optimizer))
        before = dict(experiment.masks)
        chosen = {
            name: experiment.pattern.select(wishes[name].masked_fill(survivors[name], torch.inf), counts[name])
            for name in survivors
        }
        experiment.keep(chosen)
        self._forget(before, optimizer)

    def _forget(self, before: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
        """Weights that have just grown have no past."""
        for name, layer in self.experiment.layers.items():
            grown = self.experiment.masks[name] & ~before[name]
            for key, state in optimizer.state[layer.weight].items():
                if key in _STATE and state is not None:
                    state.masked_fill_(grown, 0)

    def update(self, fraction: float, optimizer: torch.optim.Optimizer) -> None:
        """Drops and grows, each layer for itself."""
        counts = {name: int(units.sum()) for name, units in self.experiment.units.items()}
        self._grow(self._survivors(fraction), counts, optimizer)


class SparseEvolution(Regrowth):
    """SET: after each epoch the smallest 30 % of weights go, and as many grow at random places.

    Mocanu et al. 2018, arXiv 1707.04780, algorithm 1; here by absolute value, not by sign.
    """

    usual_dropped: ClassVar[float] = 0.3

    def after_step(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """Updates at the end of an epoch."""
        if self._due(step):
            self.update(self.dropped, optimizer)

    def growth(self, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Random numbers."""
        generator = self.experiment.generators["masks"]
        return {
            name: torch.rand(layer.weight.shape, generator=generator).to(layer.weight.device)
            for name, layer in self.experiment.layers.items()
        }


class RigL(Regrowth):
    """Every 100 steps the smallest weights go, and those with the largest gradients grow, instead of a step.

    Evci et al. 2020, arXiv 1911.11134, algorithm 1: 30 % at first, less along a cosine, none in the last quarter.
    """

    usual_dropped: ClassVar[float] = 0.3
    usual_end: ClassVar[float] = 0.75
    usual_every: ClassVar[int | None] = 100

    def before_step(self, step: int, optimizer: torch.optim.Optimizer) -> bool:
        """Updates in place of a step."""
        if not self._due(step):
            return False
        self.update(self._annealed(step), optimizer)
        return True

    def growth(self, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Size of the gradient."""
        gradients = {name: layer.weight.grad for name, layer in self.experiment.layers.items()}
        return {name: gradient.abs() for name, gradient in gradients.items() if gradient is not None}


class SparseMomentum(Regrowth):
    """After each epoch the smallest weights go; layers with larger momentum get more of them, where momentum is large.

    Dettmers, Zettlemoyer 2019, arXiv 1907.04840, section 3: half of the weights at first, less along a cosine.
    """

    usual_dropped: ClassVar[float] = 0.5

    def after_step(self, step: int, optimizer: torch.optim.Optimizer) -> None:
        """Updates at the end of an epoch."""
        if self._due(step):
            self.update(self._annealed(step), optimizer)

    def growth(self, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Size of the momentum, or of the gradient where the optimiser has none."""
        sizes = {}
        for name, layer in self.experiment.layers.items():
            state = optimizer.state[layer.weight]
            momentum = next((state[key] for key in _MOMENTUM if state.get(key) is not None), layer.weight.grad)
            assert momentum is not None
            sizes[name] = momentum.abs()
        return sizes

    def update(self, fraction: float, optimizer: torch.optim.Optimizer) -> None:
        """Drops in each layer, and grows the same number over all layers in proportion to their mean momentum."""
        experiment = self.experiment
        survivors = self._survivors(fraction)
        if not experiment.pattern.movable:
            super().update(fraction, optimizer)
            return
        momentum = experiment.pattern.pool(self.growth(optimizer))
        means = {
            name: float(size[experiment.units[name]].mean()) if experiment.units[name].any() else 0.0
            for name, size in momentum.items()
        }
        room = {name: int((~survivor).sum()) for name, survivor in survivors.items()}
        dropped = sum(int(experiment.units[name].sum()) - int(survivor.sum()) for name, survivor in survivors.items())
        grown = shared_out(dropped, means, room)
        self._grow(survivors, {name: int(survivors[name].sum()) + grown[name] for name in survivors}, optimizer)

    def _forget(self, before: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
        """Momentum stays: it is why these weights grow."""


def shared_out(total: int, weights: dict[str, float], room: dict[str, int]) -> dict[str, int]:
    """``total`` units shared in proportion to the weights, no more than there is room for, exactly.

    ``total`` must not be more than all the room.
    """
    shares = dict.fromkeys(room, 0)
    while (rest := total - sum(shares.values())) > 0:
        open_layers = [name for name in room if shares[name] < room[name]]
        mass = sum(weights[name] for name in open_layers)
        for name in open_layers:
            part = weights[name] / mass if mass > 0 else 1 / len(open_layers)
            shares[name] += min(int(rest * part), room[name] - shares[name])
        if total - sum(shares.values()) == rest:
            # Less than one unit each: the heaviest layer takes one.
            shares[max(open_layers, key=lambda name: weights[name])] += 1
    return shares
