"""Brings in a network of the user's own: any torch module, or a checkpoint of Hugging Face, pruned as a claim's arm is.

    pruned = prune_model(my_network, Arm(criterion="wanda", pattern="2:4"), x, y)
    pruned = prune_model("my/checkpoint", Arm(criterion="sparsegpt", pattern="2:4"), ids[:, :-1], ids[:, 1:])

A module takes the examples as one tensor and gives logits [..., classes]. Checkpoints are OPT or LLaMA in safetensors;
their examples are token ids, with the ids one place later as targets.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from validate.claims.schema import Arm, Setting
from validate.engine.devices import device_of
from validate.engine.experiment import Experiment, generators_of, run_schedule
from validate.engine.measures import emptied_layers
from validate.engine.models.checkpoint import load_decoder
from validate.engine.training import Trainer

UNTRAINED = Setting(dataset="own", model="own", epochs=0)
"""Nothing is trained: for pruning once, without recovery."""


@dataclass(frozen=True, eq=False)
class PrunedModel:
    """A network with its zeros in place."""

    model: nn.Module
    masks: Mapping[str, Tensor]
    """By layer, true for weights that are kept."""
    emptied: tuple[str, ...]
    """Layers that keep no weight."""

    @property
    def sparsity(self) -> float:
        """Fraction of the prunable weights that is removed."""
        return 1 - sum(int(mask.sum()) for mask in self.masks.values()) / sum(m.numel() for m in self.masks.values())


def bring_in(source: nn.Module | Path | str) -> nn.Module:
    """A copy of a module, or the decoder of a checkpoint's folder. Raises CheckpointError."""
    return copy.deepcopy(source) if isinstance(source, nn.Module) else load_decoder(Path(source))


def prune_model(
    source: nn.Module | Path | str,
    arm: Arm,
    x: Tensor,
    y: Tensor,
    *,
    setting: Setting = UNTRAINED,
    seed: int = 0,
    device: str = "cpu",
) -> PrunedModel:
    """Prunes a copy of a network by an arm, and trains it where the arm and the setting say so.

    ``x`` and ``y`` are examples and their classes; the criterion looks at ``arm.calibration`` of them, training at all.
    Raises InapplicableError if the criterion can't score the network, UnknownWiringError if its filters can't be
    removed, CheckpointError for a folder that holds no checkpoint, DivergedError if training leaves the numbers.
    """
    place = device_of(device)
    model = bring_in(source).to(place)
    generators = generators_of(seed, arm.stream)
    trainer = Trainer(setting, x.to(place), y.to(place), generators["order"], tuple(x.shape[1:]))
    experiment = Experiment(arm, model, trainer, generators, setting)
    was_training = model.training
    run_schedule(experiment)
    model.train(was_training)
    return PrunedModel(model, experiment.masks, emptied_layers(experiment.masks))
