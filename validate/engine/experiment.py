"""One run: train, prune, recover, measure. A function of arm, setting, data and seed, bit-identical on one thread.

The seed decides the initial weights, the order of examples, the split of training and validation examples, and random
masks; each of them has a generator of its own, so that two arms with one seed share all that they have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from validate.claims.schema import Arm, Setting
from validate.engine.criteria import CRITERIA
from validate.engine.data import Dataset
from validate.engine.distributions import Distribution, Global, Layerwise, Uniform
from validate.engine.inference import TOLERANCE, relative_difference, sparse_logits
from validate.engine.models import build_model, prunable_layers
from validate.engine.recovery import FineTuning, NoRecovery, Recovery
from validate.engine.schedules import Iterative, OneShot, Schedule
from validate.engine.training import DivergedError, Trainer

VALIDATION_FRACTION = 0.1
"""Of the training examples, drawn by the seed, kept from training."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one run came to."""

    state: str
    """done or diverged."""
    measures: Mapping[str, float]
    """Quantity to value: accuracies in percent, sparsity as a fraction removed, ratios as original over new.

    Two of them warn: ``emptied_layers`` counts layers without weights, ``kernel_agrees`` is 0 for other logits.
    """
    correct: NDArray[np.bool_]
    """One entry for each test example."""
    model: nn.Sequential


def _generators(seed: int, stream: int) -> dict[str, torch.Generator]:
    purposes = ("initialisation", "order", "split", "masks")
    states = np.random.SeedSequence((seed, stream)).generate_state(len(purposes), dtype=np.uint64)
    return {
        purpose: torch.Generator().manual_seed(int(state >> np.uint64(1)))
        for purpose, state in zip(purposes, states, strict=True)
    }


def distribution_of(arm: Arm) -> Distribution:
    """The distribution that an arm asks for."""
    if arm.distribution == "layerwise":
        return Layerwise(arm.kept_by_layer)
    return Global(1 - arm.sparsity) if arm.distribution == "global" else Uniform(1 - arm.sparsity)


def schedule_of(arm: Arm) -> Schedule:
    """The schedule that an arm asks for."""
    return OneShot() if arm.rounds == 1 else Iterative(arm.rounds)


def recovery_of(arm: Arm) -> Recovery:
    """The recovery that an arm asks for."""
    return NoRecovery() if arm.recovery == "none" else FineTuning(arm.recovery_epochs, arm.recovery_learning_rate)


def _prune(
    arm: Arm, model: nn.Sequential, masks: dict[str, Tensor], progress: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """Masks of the next round, applied to the weights; what was pruned before stays pruned."""
    layers = prunable_layers(model)
    criterion = CRITERIA[arm.criterion]
    with torch.no_grad():
        scores = {
            name: criterion.scores(layer.weight, generator).masked_fill(~masks[name], -torch.inf)
            for name, layer in layers.items()
        }
        masks = distribution_of(arm).masks(scores, progress)
        for name, layer in layers.items():
            layer.weight.mul_(masks[name])
    return masks


def _train_and_prune(
    arm: Arm, model: nn.Sequential, trainer: Trainer, masks: dict[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    epochs = trainer.setting.epochs
    assert epochs is not None
    trainer.train(model, epochs, {})
    if not arm.pruned:
        recovery_of(arm).recover(model, {}, trainer)
        return masks
    for progress in schedule_of(arm).progress():
        masks = _prune(arm, model, masks, progress, generator)
        recovery_of(arm).recover(model, masks, trainer)
    return masks


def _evaluate(model: nn.Sequential, x: Tensor, y: Tensor) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Logits, and which answers are right; an answer that is not a number is wrong."""
    with torch.no_grad():
        logits = model(x)
    right = (logits.argmax(dim=1) == y) & torch.isfinite(logits).all(dim=1)
    return logits.numpy(), right.numpy()


def _size_measures(masks: Mapping[str, Tensor]) -> dict[str, float]:
    """Sizes over all prunable weights; biases are not counted. Index cost: CSR with 32-bit columns and row starts."""
    total = sum(mask.numel() for mask in masks.values())
    kept = sum(int(mask.sum()) for mask in masks.values())
    rows = sum(mask.shape[0] + 1 for mask in masks.values())
    measures = {
        "sparsity": 1 - kept / total,
        "kept_percent": 100 * kept / total,
        "compression": total / max(kept, 1),
        "compression_with_index": 4 * total / (8 * kept + 4 * rows),
        "multiply_add_ratio": total / max(kept, 1),
        "emptied_layers": float(sum(not bool(mask.any()) for mask in masks.values())),
    }
    if kept == total:
        measures["compression_with_index"] = 1.0
    return measures


def run_arm(arm: Arm, setting: Setting, data: Dataset, seed: int) -> Outcome:
    """Runs one arm once. A loss that is no number gives the state ``diverged``, measured like any other network.

    Call it within ``one_thread()``: the result is a function of the arguments only then.
    """
    generators = _generators(seed, arm.stream)
    order = torch.randperm(len(data.train_y), generator=generators["split"])
    held_out, used = order.tensor_split([int(VALIDATION_FRACTION * len(order))])
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    model = build_model(setting.model, data, generators["initialisation"])
    trainer = Trainer(setting, x[used], y[used], generators["order"])
    masks = {name: torch.ones_like(layer.weight, dtype=torch.bool) for name, layer in prunable_layers(model).items()}
    state = "done"
    try:
        masks = _train_and_prune(arm, model, trainer, masks, generators["masks"])
    except DivergedError:
        state = "diverged"
    measures = _size_measures(masks)
    correct = np.empty(0, dtype=bool)
    if len(data.test_y):
        logits, correct = _evaluate(model, torch.from_numpy(data.test_x), torch.from_numpy(data.test_y))
        measures["accuracy"] = 100 * float(correct.mean())
        measures["error"] = 100 - measures["accuracy"]
        measures["validation_accuracy"] = 100 * float(_evaluate(model, x[held_out], y[held_out])[1].mean())
        if state == "done":
            difference = relative_difference(logits, sparse_logits(model, data.test_x))
            measures["kernel_difference"] = difference
            measures["kernel_agrees"] = float(difference <= TOLERANCE)
    return Outcome(state, measures, correct, model)
