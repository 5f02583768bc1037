"""A network on its way from initial weights to the end of an arm: what it keeps, and how schedules train and prune it.

Masks are held while it trains, unless a schedule lets pruned weights learn. What a whole run is made of, and what is
measured at its end, is in ``outcome``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from validate.claims.schema import Arm, Setting
from validate.engine.criteria import CRITERIA, Subject
from validate.engine.criteria.subject import evaluating, portions
from validate.engine.distributions import (
    ARRIVED,
    Approach,
    Distribution,
    ErdosRenyi,
    Global,
    Layerwise,
    Uniform,
)
from validate.engine.early_stopping import EarlyStopping
from validate.engine.memory import TrainingMemory, training_key
from validate.engine.models import Prunable, chain, prunable_layers
from validate.engine.models.build import default_initialisation, initialise
from validate.engine.patterns import Filters, Pattern, pattern_of
from validate.engine.recovery import RECOVERIES
from validate.engine.schedules import SCHEDULES
from validate.engine.training import DivergedError, StepHook, Trainer

_PURPOSES = ("initialisation", "order", "split", "masks", "calibration", "recovery")


def generators_of(seed: int, stream: int) -> dict[str, torch.Generator]:
    """A generator for each purpose that chance has in a run."""
    states = np.random.SeedSequence((seed, stream)).generate_state(len(_PURPOSES), dtype=np.uint64)
    return {
        purpose: torch.Generator().manual_seed(int(state >> np.uint64(1)))
        for purpose, state in zip(_PURPOSES, states, strict=True)
    }


def distribution_of(arm: Arm, shapes: Mapping[str, tuple[int, ...]]) -> Distribution:
    """The distribution that an arm asks for, over layers whose weights have these shapes."""
    if arm.distribution == "layerwise":
        return Layerwise(arm.kept_by_layer)
    if ":" in arm.pattern or arm.distribution == "uniform":
        return Uniform(arm.kept)
    if arm.distribution == "global":
        return Global(arm.kept)
    return ErdosRenyi(arm.kept, shapes, kernel=arm.distribution == "erk")


class _Snapshot(StepHook):
    """Keeps the weights of one step."""

    def __init__(self, experiment: Experiment, step: int) -> None:
        self._experiment = experiment
        self._step = step

    def before_forward(self, step: int) -> None:
        if step == self._step:
            self._experiment.remember()


@dataclass(eq=False)
class Experiment:
    """A network on its way from initial weights to the end of an arm; schedules and recoveries tell it what to do."""

    arm: Arm
    model: nn.Module
    trainer: Trainer
    generators: Mapping[str, torch.Generator]
    setting: Setting
    stopping: EarlyStopping | None = None
    """Looks at every training."""
    memory: TrainingMemory | None = None
    """Of trainings that were done before."""
    alike: tuple[object, ...] = ()
    """What must be alike for two trainings to be one, beside weights, masks and order: data, seed, device."""
    layers: Mapping[str, Prunable] = field(init=False)
    """The layers that may be pruned."""
    pattern: Pattern = field(init=False)
    distribution: Distribution = field(init=False)
    masks: dict[str, Tensor] = field(init=False)
    """Of ``layers``, true for weights that are kept."""
    units: dict[str, Tensor] = field(init=False)
    """The pattern's units that are kept, by layer or group."""
    _parameter_masks: dict[str, Tensor] = field(init=False)
    """Ones and zeros of everything that removed units remove, by name of the parameter; changed in place, as training
    holds them."""
    _held: bool = True
    _remembered: dict[str, Any] | None = None
    _calibration: tuple[Tensor, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        every = prunable_layers(self.model)
        self.pattern = pattern_of(self.arm.pattern, self.model, self.arm.compare, self.arm.left_alone)
        # Filters take columns of the layers that are left alone with them.
        alone = () if isinstance(self.pattern, Filters) else self.arm.left_alone
        self.layers = {name: layer for name, layer in every.items() if name not in alone}
        shapes = {name: tuple(layer.weight.shape) for name, layer in self.layers.items()}
        self.distribution = distribution_of(self.arm, shapes)
        self.masks = {name: torch.ones_like(layer.weight, dtype=torch.bool) for name, layer in self.layers.items()}
        self.units = self._units_of(self.masks)
        companions = self.pattern.companions(self.units)
        weights = {f"{name}.weight": mask for name, mask in self.masks.items()}
        # As numbers: multiplying by booleans takes seven times as long.
        self._parameter_masks = {name: mask.float() for name, mask in (weights | companions).items()}
        chosen = torch.randperm(len(self.trainer.y), generator=self.generators["calibration"])[: self.arm.calibration]
        chosen = chosen.to(self.trainer.x.device)
        self._calibration = self.trainer.x[chosen], self.trainer.y[chosen]

    @property
    def _shapes(self) -> dict[str, torch.Size]:
        return {name: layer.weight.shape for name, layer in self.layers.items()}

    @property
    def _pruned(self) -> bool:
        return not all(bool(mask.all()) for mask in self.masks.values())

    def _units_of(self, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: units > 0 for name, units in self.pattern.pool({k: m.float() for k, m in masks.items()}).items()}

    def train(
        self,
        epochs: int,
        learning_rate_factor: float = 1.0,
        *,
        first_step: int | None = None,
        hooks: tuple[StepHook, ...] = (),
    ) -> None:
        """Trains with the masks held, unless the memory has what comes of it. Raises DivergedError."""
        masks = self._parameter_masks if self._held and (hooks or self._pruned) else {}
        watchers = (self.stopping,) if self.stopping else ()
        if self.memory is None or hooks or not epochs:
            self.trainer.train(
                self.model, epochs, masks, learning_rate_factor, hooks=(*hooks, *watchers), first_step=first_step
            )
            return
        rest = (self.setting, *self.alike, epochs, learning_rate_factor, first_step)
        held = {f"{name} kept": mask for name, mask in masks.items()}
        order = self.trainer.generator
        key = training_key(rest, {**self.model.state_dict(), **held, "order": order.get_state()})
        known = self.memory.get(key)
        if known is None:
            self.trainer.train(self.model, epochs, masks, learning_rate_factor, hooks=watchers, first_step=first_step)
            best = self.stopping.best if self.stopping else None
            self.memory.keep(key, self.model.state_dict(), order, best)
            return
        self.model.load_state_dict(known.weights)
        order.set_state(known.order)
        if self.stopping and known.best:
            self.stopping.best = known.best

    def train_first(self, *hooks: StepHook) -> None:
        """The whole training of the setting, with its learning rates. Raises DivergedError."""
        if self.arm.recovery == "weight-rewinding":
            self.remember()
            step = self.arm.rewind_to_epoch * self.trainer.steps_per_epoch
            hooks = (*hooks, _Snapshot(self, step)) if step else hooks
        self.train(self.trainer.epochs, first_step=0, hooks=hooks)
        if self.arm.recovery == "weight-rewinding" and self.arm.rewind_to_epoch >= self.trainer.epochs:
            self.remember()

    def remember(self) -> None:
        """Keeps the weights as they are, for rewinding."""
        self._remembered = copy.deepcopy(self.model.state_dict())

    def rewind(self) -> None:
        """Returns to the remembered weights; what is pruned stays so."""
        assert self._remembered is not None
        self.model.load_state_dict(self._remembered)
        self._apply()

    def reinitialise(self) -> None:
        """Draws all weights anew; what is pruned stays so."""
        name = self.setting.initialisation or default_initialisation(self.model)
        initialise(self.model, name, self.generators["recovery"])
        self._apply()

    def recover(self, *, last: bool = True) -> None:
        """The arm's recovery after its last round, or after one before. Raises DivergedError."""
        name = self.arm.last_recovery if last and self.arm.last_recovery else self.arm.recovery
        RECOVERIES[name](self.arm).recover(self)

    def release(self) -> None:
        """From here on pruned weights keep their values, and training does not hold the masks."""
        self._held = False

    def hold(self) -> None:
        """Pruned weights become zero, and stay so."""
        self._held = True
        self._apply()

    def _subject(self, module: nn.Module, layers: Mapping[str, Prunable], x: Tensor) -> Subject:
        masks = {name: self.masks[name] for name in layers}
        return Subject(module, layers, masks, x, self._calibration[1], self.generators["masks"])

    def scores(self) -> dict[str, Tensor]:
        """The criterion's scores of all weights, pruned ones too. Raises DivergedError if one is no number."""
        x, y = self._calibration
        whole = {name: torch.ones_like(mask) for name, mask in self.masks.items()}
        subject = Subject(self.model, self.layers, whole, x, y, self.generators["masks"])
        return _finite(CRITERIA[self.arm.criterion].scores(subject))

    def prune(self, approach: Approach = ARRIVED) -> None:
        """Removes units down to what the approach asks for; what was pruned before stays pruned.

        A criterion that looks at layers one by one prunes them one behind the other, on what the pruned ones before
        give, unless counts or units concern several layers. Raises DivergedError if a score is no number.
        """
        with torch.no_grad():
            if CRITERIA[self.arm.criterion].layerwise and self.pattern.separable and not self.distribution.by_score:
                self._prune_step_by_step(approach)
            else:
                self._prune_part(self._subject(self.model, self.layers, self._calibration[0]), None, approach)

    def _prune_step_by_step(self, approach: Approach) -> None:
        nothing = {name: torch.zeros(shape) for name, shape in self._shapes.items()}
        counts = self.distribution.counts(self.pattern.pool(nothing), approach)
        x, left = self._calibration[0], set(self.layers)
        for name, step in chain(self.model):
            within = {key: layer for key, layer in self.layers.items() if _lies_in(key, name)}
            if within:
                self._prune_part(self._subject(step, within, x), counts, approach)
                left -= within.keys()
            if not left:
                # What is behind the last layer, such as the logits of a vocabulary, is nobody's input.
                break
            with evaluating(step):
                x = torch.cat([step(x[part]) for part in portions(x)])

    def _prune_part(self, subject: Subject, counts: Mapping[str, int] | None, approach: Approach) -> None:
        criterion = CRITERIA[self.arm.criterion]
        scores = {
            name: score.masked_fill(~self.masks[name], -torch.inf)
            for name, score in _finite(criterion.scores(subject)).items()
        }
        units = self.pattern.pool(scores)
        wanted = counts if counts is not None else self.distribution.counts(units, approach)
        chosen = {name: self.pattern.select(unit, wanted[name]) for name, unit in units.items()}
        shapes = {name: layer.weight.shape for name, layer in subject.layers.items()}
        masks = {name: mask & self.masks[name] for name, mask in self.pattern.expand(chosen, shapes).items()}
        choice = self.pattern.select_columns if self.pattern.separable else None
        masks = dict(criterion.compensate(subject, masks, choice))
        self._set(
            {**self.masks, **masks}, {**self.units, **self._units_of(masks)} if self.pattern.separable else chosen
        )

    def keep(self, units: Mapping[str, Tensor]) -> None:
        """Keeps these units and no others; units that were not kept before begin at zero."""
        self._set(self.pattern.expand(units, self._shapes), units)

    def _set(self, masks: Mapping[str, Tensor], units: Mapping[str, Tensor]) -> None:
        self.masks, self.units = dict(masks), dict(units)
        for name, mask in self.masks.items():
            self._parameter_masks[f"{name}.weight"].copy_(mask)
        for name, mask in self.pattern.companions(self.units).items():
            self._parameter_masks[name].copy_(mask)
        self._apply()

    def _apply(self) -> None:
        """Zeroes what is pruned."""
        if not self._held:
            return
        self.pattern.settle(self.units)
        with torch.no_grad():
            for name, mask in self._parameter_masks.items():
                self.model.get_parameter(name).mul_(mask)


def _lies_in(layer: str, step: str) -> bool:
    """Whether a layer is a step, or a part of it; the nameless step is the whole network."""
    return not step or layer == step or layer.startswith(f"{step}.")


def _finite(scores: dict[str, Tensor]) -> dict[str, Tensor]:
    for name, score in scores.items():
        if not bool(torch.isfinite(score).all()):
            raise DivergedError(f"scores of {name} are not finite")
    return scores


def run_schedule(experiment: Experiment) -> None:
    """Takes an experiment from its initial weights to the end of its arm. Raises DivergedError."""
    arm = experiment.arm
    if arm.pruned:
        SCHEDULES[arm.schedule_name](arm).run(experiment)
    else:
        experiment.train_first()
        experiment.recover()
