"""What a claim compares: an arm is one way to prune a network and let it recover, or a stack of layers that is timed.

The words are those of docs/engine.md and docs/verdicts.md. A combination that makes no sense is refused here, before
anything runs.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CriterionName = Literal[
    "magnitude",
    "random",
    "l1-filter",
    "snip",
    "grasp",
    "synflow",
    "taylor",
    "obd",
    "obs",
    "wanda",
    "sparsegpt",
]
DistributionName = Literal["global", "uniform", "er", "erk", "layerwise"]
ScheduleName = Literal[
    "one-shot",
    "iterative",
    "gradual",
    "at-initialisation",
    "set",
    "rigl",
    "sparse-momentum",
    "dynamic-network-surgery",
]
RecoveryName = Literal["none", "fine-tuning", "weight-rewinding", "learning-rate-rewinding", "from-scratch"]
PatternName = Annotated[
    str, Field(pattern=r"^(unstructured|filter|[1-9]\d{0,2}:[1-9]\d{0,2}|[1-9]\d{0,2}x[1-9]\d{0,2})$")
]
"""unstructured, filter, N:M such as 2:4, or blocks of rows x columns such as 4x1."""
IN_TRAINING = ("gradual", "set", "rigl", "sparse-momentum", "dynamic-network-surgery")
"""Schedules that prune while they train."""


class Strict(BaseModel):
    """A mapping of a claim file: frozen, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Layer(Strict):
    """A fully connected layer or a convolution that a speed claim times, with random weights as given."""

    rows: Annotated[int, Field(ge=1)]
    """Outputs; of a convolution their channels."""
    columns: Annotated[int, Field(ge=1)]
    """Inputs; of a convolution their channels."""
    image: Annotated[int, Field(ge=1)] | None = None
    """Pixels on a side of the images that a convolution gets, ``batch`` of them; None: the layer is fully connected."""
    kernel: Annotated[int, Field(ge=1, le=15)] = 1
    """Pixels on a side of a convolution's kernel; an odd number, as half of it is the border of zeros."""
    stride: Annotated[int, Field(ge=1, le=4)] = 1
    density: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Fraction of the weights that is kept; N:M patterns have their own."""
    pattern: PatternName = "unstructured"
    """Unstructured, N:M or blocks; a layer with fewer filters has fewer rows."""
    masks_only: bool = False
    """Whether pruned weights stay in the dense matrix as zeros, so that the dense product runs over them."""

    @model_validator(mode="after")
    def _is_a_layer(self) -> Self:
        if self.image is None and (self.kernel, self.stride) != (1, 1):
            raise ValueError("kernel and stride are those of a convolution: say the size of its image, too")
        if self.kernel % 2 == 0:
            raise ValueError(f"a kernel of {self.kernel} has no middle: convolutions are timed with odd kernels")
        if self.image is not None and self.pattern != "unstructured":
            raise ValueError(f"convolutions are timed without a pattern, or with fewer rows, not as {self.pattern}")
        return self

    @property
    def sparse(self) -> bool:
        """Whether a sparse kernel has to run it: some weights are pruned, and not just masked."""
        return not self.masks_only and (self.density < 1 or self.pattern != "unstructured")


class Arm(Strict):
    """One of the things that are compared: how a network is pruned and recovers."""

    model: str | None = None
    """Another network than the setting's, such as a smaller dense one."""
    method: str = ""
    """Name of a method that the engine does not have: the arm is written down, and can't be run."""
    layers: tuple[Layer, ...] = ()
    """For kind speed: the layers that are timed, one behind the other; nothing is trained."""
    criterion: Literal["none", CriterionName] = "none"
    sparsity: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Fraction removed at the end of what the pattern counts: prunable weights (all weights, no biases), blocks, or
    filters of each group. N:M has its own."""
    pattern: PatternName = "unstructured"
    compare: Literal["layer", "output"] = "layer"
    """Whether unstructured weights compete within their layer or within their output (as in Wanda's paper)."""
    distribution: DistributionName = "global"
    kept_by_layer: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    """Fraction kept of each layer, or group of filters; only for ``layerwise``, which it replaces ``sparsity`` for."""
    left_alone: tuple[str, ...] = ()
    """Layers that are not pruned; the sparsity is that of the others."""
    calibration: Annotated[int, Field(ge=1)] = 128
    """Training examples that the criterion looks at, drawn by the seed."""
    schedule: ScheduleName | None = None
    """Left out: one-shot, or iterative if there are rounds."""
    rounds: Annotated[int, Field(ge=1, le=1000)] = 1
    """Pruning rounds: 1 is one-shot; more approach the sparsity by removing the same fraction each round."""
    start: Annotated[float, Field(ge=0, le=1)] | None = None
    """Part of the training after which gradual pruning, or surgery, begins."""
    end: Annotated[float, Field(gt=0, le=1)] | None = None
    """Part of the training after which masks stay as they are, for schedules that prune while they train."""
    every: Annotated[int, Field(ge=1)] | None = None
    """Optimiser steps between two changes of the masks, for schedules that prune while they train."""
    drop_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    """Fraction of the living weights that SET, RigL and sparse momentum replace at first."""
    recovery: RecoveryName = "none"
    last_recovery: RecoveryName | None = None
    """Recovery of the last round of iterative pruning, where it is not that of the rounds before."""
    recovery_epochs: Annotated[int, Field(ge=1)] | None = None
    """Epochs of recovery after each round; left out: as many as the first training."""
    recovery_learning_rate: Annotated[float, Field(gt=0)] = 1.0
    """Learning rate of fine-tuning as a multiple of the setting's."""
    rewind_to_epoch: Annotated[int, Field(ge=0)] = 0
    """Epoch whose weights weight rewinding returns to; 0 is the initialisation."""
    stream: Annotated[int, Field(ge=0)] = 0
    """Arms of one stream share their seeds (paired); another stream draws its own, for A against A."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        n_of_m = self._n_of_m
        pruned = self.sparsity > 0 or bool(self.kept_by_layer) or n_of_m is not None
        if pruned and self.criterion == "none":
            raise ValueError("a pruned arm needs a criterion")
        if not pruned and self.criterion != "none":
            raise ValueError(f"criterion {self.criterion} without a sparsity prunes nothing")
        if bool(self.kept_by_layer) != (self.distribution == "layerwise"):
            raise ValueError("kept_by_layer goes with distribution: layerwise, and with no other")
        if self.kept_by_layer and self.sparsity:
            raise ValueError("sparsity follows from kept_by_layer: leave it out")
        if self.recovery == "none" and self.recovery_epochs is not None:
            raise ValueError("recovery_epochs without a recovery trains nothing")
        if self.last_recovery is not None and (self.rounds == 1 or self.schedule_name != "iterative"):
            raise ValueError("last_recovery is for iterative pruning in two rounds or more")
        if n_of_m is not None and n_of_m[0] >= n_of_m[1]:
            raise ValueError(f"pattern {self.pattern} keeps everything: N is less than M")
        if n_of_m is not None and (self.sparsity or self.distribution not in ("global", "uniform")):
            raise ValueError(
                f"pattern {self.pattern} says how much each layer keeps: leave sparsity and distribution out"
            )
        if self.compare == "output" and self.pattern != "unstructured":
            raise ValueError(f"compare: output is for unstructured weights, not for pattern {self.pattern}")
        if self.rounds > 1 and self.schedule_name not in ("iterative", "at-initialisation"):
            raise ValueError(f"schedule {self.schedule} has no rounds")
        if self.criterion != "none" and (self.layers or self.method):
            raise ValueError(f"criterion {self.criterion} is not used where layers are timed, or by another method")
        return self

    @model_validator(mode="after")
    def _names_what_its_schedule_uses(self) -> Self:
        given = {name for name in ("start", "end", "every", "drop_fraction") if getattr(self, name) is not None}
        used = {
            "gradual": {"start", "end", "every"},
            "dynamic-network-surgery": {"start", "end", "every"},
            "set": {"end", "every", "drop_fraction"},
            "rigl": {"end", "every", "drop_fraction"},
            "sparse-momentum": {"end", "every", "drop_fraction"},
        }.get(self.schedule_name, set())
        if given - used:
            raise ValueError(f"schedule {self.schedule_name} makes no use of {min(given - used)}")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("start lies after end")
        if self.rewind_to_epoch and self.recovery != "weight-rewinding":
            raise ValueError(f"rewind_to_epoch is for weight-rewinding, not for recovery {self.recovery}")
        return self

    @property
    def _n_of_m(self) -> tuple[int, int] | None:
        n, _, m = self.pattern.partition(":")
        return (int(n), int(m)) if m else None

    @property
    def pruned(self) -> bool:
        """Whether anything is removed."""
        return self.criterion != "none"

    @property
    def kept(self) -> float:
        """Fraction kept at the end of what the pattern counts; of ``layerwise`` it follows from the layers."""
        return self._n_of_m[0] / self._n_of_m[1] if self._n_of_m else 1 - self.sparsity

    @property
    def schedule_name(self) -> ScheduleName:
        """The schedule, also where it was left out."""
        return self.schedule or ("one-shot" if self.rounds == 1 else "iterative")
