"""One run: train, prune, recover, measure. A function of arm, setting, data and seed, bit-identical on one thread.

The seed decides the initial weights, the order of examples, the split of training and validation examples, the examples
that a criterion looks at, and random masks; each of them has a generator of its own, so that two arms with one seed
share all that they have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from validate.claims.schema import Arm, Setting
from validate.engine.criteria.subject import evaluating
from validate.engine.data import Dataset
from validate.engine.devices import device_of
from validate.engine.early_stopping import EarlyStopping
from validate.engine.experiment import Experiment, generators_of, run_schedule
from validate.engine.inference import TOLERANCE, relative_difference
from validate.engine.measures import emptied_layers, kernel_measures, positions, quality_measures, size_measures
from validate.engine.memory import TrainingMemory
from validate.engine.models import UnsuitableDataError, build_model, prunable_layers
from validate.engine.models.shrink import shrink
from validate.engine.patterns import Filters
from validate.engine.training import DivergedError, Trainer

VALIDATION_FRACTION = 0.1
"""Of the training examples, drawn by the seed, kept from training."""
CHECKED_EXAMPLES, CHECKED_TOKENS = 256, 2048
"""Test examples, or tokens of them, whose logits are compared with those of the sparse kernels."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one run came to."""

    state: str
    """done or diverged."""
    measures: Mapping[str, float]
    """Quantity to value: accuracies in percent, sparsity as a fraction removed, ratios as original over new.

    Three of them warn: ``emptied_layers`` counts layers without weights; ``kernel_agrees`` and ``cut_agrees`` are 0
    where the sparse kernels, or the network with its filters cut out, give other logits.
    """
    correct: NDArray[np.bool_]
    """One entry for each test target."""
    model: nn.Module
    masks: Mapping[str, Tensor]
    """Of every prunable layer, true for weights that are kept."""
    emptied: tuple[str, ...]
    """Layers that keep no weight."""


@dataclass(frozen=True, eq=False)
class _Examples:
    """The examples of a run on its device: for training, kept for validation, and for testing."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def _split(data: Dataset, held: int | None, generator: torch.Generator, device: torch.device) -> _Examples:
    x, y, test_x, test_y = (
        torch.from_numpy(array).to(device) for array in (data.train_x, data.train_y, data.test_x, data.test_y)
    )
    order = torch.randperm(len(y), generator=generator)
    count = int(VALIDATION_FRACTION * len(order)) if held is None else held
    held_out, used = (part.to(device) for part in order.tensor_split([count]))
    return _Examples((x[used], y[used]), (x[held_out], y[held_out]), (test_x, test_y))


def _cut_measures(experiment: Experiment, x: Tensor) -> dict[str, float]:
    """Whether the smaller network, with its filters cut out for real, computes the same; nothing where none was."""
    if not isinstance(experiment.pattern, Filters) or not all(bool(kept.any()) for kept in experiment.units.values()):
        return {}
    with torch.no_grad(), evaluating(experiment.model):
        small = shrink(experiment.model, experiment.units)
        difference = relative_difference(experiment.model(x).cpu().numpy(), small(x).cpu().numpy())
    return {"cut_difference": difference, "cut_agrees": float(difference <= TOLERANCE)}


def _outcome(experiment: Experiment, examples: _Examples, data: Dataset, state: str) -> Outcome:
    """What is measured at the end."""
    model = experiment.model
    masks = {name: torch.ones_like(layer.weight, dtype=torch.bool) for name, layer in prunable_layers(model).items()}
    masks |= experiment.masks
    train_x, test_x = examples.train[0], examples.test[0]
    measures = size_measures(
        masks, positions(model, train_x[:1] if len(train_x) else train_x.new_zeros(1, data.features))
    )
    correct = np.empty(0, dtype=bool)
    if len(test_x):
        quality, correct = quality_measures(model, examples.test)
        measures |= quality
        if len(examples.validation[0]):
            measures["validation_accuracy"] = quality_measures(model, examples.validation)[0]["accuracy"]
        if state == "done":
            checked = max(1, CHECKED_TOKENS // data.features) if data.tokens else CHECKED_EXAMPLES
            measures |= kernel_measures(model, test_x[:checked]) | _cut_measures(experiment, test_x[:checked])
    return Outcome(state, measures, correct, model, masks, emptied_layers(masks))


def run_arm(
    arm: Arm,
    setting: Setting,
    data: Dataset,
    seed: int,
    *,
    device: str = "cpu",
    data_folder: Path | None = None,
    memory: TrainingMemory | None = None,
) -> Outcome:
    """Runs one arm once. A loss that is no number gives the state ``diverged``, measured like any other network.

    With ``evaluate_every`` in the setting everything is measured on the weights of the smallest validation loss, and
    ``last_accuracy`` and ``early_stop_step`` stand beside.

    Call it within ``one_thread()``: the result is a function of the arguments only then. ``data_folder`` holds
    pretrained models; with a ``memory`` no training is done twice. Raises DeviceUnavailableError, UnsuitableDataError
    if the network or the augmentation can't take the examples, and what building the network and scoring it raise.
    """
    if setting.augmentation != "none" and not data.shape:
        raise UnsuitableDataError(f"augmentation {setting.augmentation} is for images, and {data.name} has none")
    place = device_of(device)
    identity = data.sha256 if memory else ""
    data = data.standardised() if setting.standardised else data
    generators = generators_of(seed, arm.stream)
    examples = _split(data, setting.validation_examples, generators["split"], place)
    model = build_model(
        arm.model or setting.model, data, generators["initialisation"], setting.initialisation, data_folder
    )
    trainer = Trainer(setting, *examples.train, generators["order"], data.shape)
    model = model.to(place)
    stopping = EarlyStopping(model, examples.validation, setting.evaluate_every) if setting.evaluate_every else None
    alike = (identity, arm.model, seed, arm.stream, device)
    experiment = Experiment(arm, model, trainer, generators, setting, stopping, memory, alike)
    state = "done"
    try:
        run_schedule(experiment)
    except DivergedError:
        state = "diverged"
    if stopping is None or state == "diverged":
        return _outcome(experiment, examples, data, state)
    last, _ = quality_measures(model, examples.test)
    stopping.restore()
    outcome = _outcome(experiment, examples, data, state)
    early = {"last_accuracy": last["accuracy"], "early_stop_step": float(stopping.best.step)}
    return replace(outcome, measures={**outcome.measures, **early})
