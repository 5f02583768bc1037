"""What a claim is: who says it where, which arms are compared in which setting, and the parts that must hold.

A claim is typed from a paper into YAML and checked here before anything runs. Numbers stand as printed (``value`` keeps
its last digit), and what the paper leaves open is either left out and completed by ``completions``, or the claim can't
be run. The words are those of docs/verdicts.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "absolute",
    "delta",
    "ordering",
    "threshold",
    "compression",
    "universal",
    "existential",
    "structural",
    "speed",
]
Comparator = Literal["equal", "no_worse", "better", "at_least"]
Quantity = Literal["accuracy", "error", "perplexity", "compression", "kept_percent", "time_ratio"]

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

COMPARATORS: dict[str, tuple[Comparator, ...]] = {
    "absolute": ("equal",),
    "delta": ("no_worse", "better"),
    "ordering": ("better",),
    "compression": ("at_least", "equal"),
    "structural": ("equal",),
    "threshold": ("equal", "better"),
    "universal": ("equal", "no_worse", "better", "at_least"),
    "existential": ("equal", "no_worse", "better", "at_least"),
    "speed": ("equal", "better", "at_least"),
}
"""Which comparisons make sense for a kind; the first is the default."""

FIRST_HAND = ("read_fulltext", "read_repo", "own")
"""Ways of reading after which a label may be about the paper."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where the claim stands."""

    venue: str
    locator: str
    """Table, figure, section or page, as short as a quotation's reference."""
    read: Literal["read_fulltext", "read_repo", "read_secondary", "memory_unverified", "mixed", "own"]
    """How the claim was read; ``own`` for a statement of Secateur's own."""
    arxiv: Annotated[str, Field(pattern=r"^(\d{4}\.\d{4,5}|[a-z-]+/\d{7})$")] | None = None
    quotation: str = ""


class Arm(_Strict):
    """One of the things that are compared: how a network is pruned and recovers."""

    criterion: Literal["none"] | CriterionName = "none"
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


class Setting(_Strict):
    """How networks are trained. A field that is left out is left open by the paper."""

    dataset: str
    model: str
    optimizer: Literal["sgd", "adam"] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    epochs: Annotated[int, Field(ge=0)] | None = None
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    learning_rate_drops: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Optimiser steps of the first training after which the learning rate is multiplied by the factor below."""
    learning_rate_drop_factor: Annotated[float, Field(gt=0, le=1)] = 0.1
    initialisation: Literal["glorot-normal", "glorot-uniform", "he-normal", "lecun-normal", "normal"] | None = None
    """Left out: the one that is usual for the network (docs/engine.md)."""
    standardised: bool = False
    """Whether images have mean 0 and deviation 1 in each channel, instead of grey values 0..1 (CIFAR has it anyway)."""
    augmentation: Literal["none", "crop-flip"] = "none"
    sequence_length: Annotated[int, Field(ge=1)] | None = None
    """Tokens in an example, for text."""
    claimed_on: str = ""
    """What the paper ran it on, where ``dataset`` and ``model`` are a scaled-down stand-in."""

    @property
    def open_fields(self) -> tuple[str, ...]:
        """Names of the fields without which nothing can be trained, and that are left open."""
        if self.epochs == 0:
            return ()
        needed = ("optimizer", "learning_rate", "batch", "epochs")
        return tuple(name for name in needed if getattr(self, name) is None)


class Completion(_Strict):
    """One way to fill in what the paper leaves open, declared before anything runs."""

    why: str
    optimizer: Literal["sgd", "adam"] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    epochs: Annotated[int, Field(ge=0)] | None = None
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    weight_decay: Annotated[float, Field(ge=0)] | None = None


class Part(_Strict):
    """One statement; a claim holds when all its parts do."""

    id: str
    kind: Kind
    quantity: Quantity
    arm: str
    against: str | None = None
    """The arm it is compared with, for delta and ordering."""
    comparator: Comparator | None = None
    """Left out: the kind's usual one (see COMPARATORS)."""
    value: Decimal | None = None
    """The number as printed, with its last digit (quote it in YAML: '1.60')."""
    unit: Literal["%", "x"] = "%"
    spread: Annotated[float, Field(ge=0)] | None = None
    """Standard deviation over the original's seeds."""
    original_seeds: Annotated[int, Field(ge=1)] | None = None
    statement: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        paired = self.kind in ("delta", "ordering")
        if paired and self.against is None:
            raise ValueError(f"a {self.kind} needs the arm that it is compared against")
        if not paired and self.value is None:
            raise ValueError(f"kind {self.kind} needs the value that is claimed")
        if self.comparator is not None and self.comparator not in COMPARATORS[self.kind]:
            raise ValueError(f"{self.comparator} is no comparison for kind {self.kind}: {COMPARATORS[self.kind]}")
        return self

    @property
    def compares(self) -> Comparator:
        """The comparison that is made."""
        return self.comparator or COMPARATORS[self.kind][0]

    @property
    def rounding(self) -> float:
        """Half of the last printed digit of ``value``; 0 without a value."""
        if self.value is None:
            return 0.0
        exponent = self.value.as_tuple().exponent
        assert isinstance(exponent, int)
        return 0.5 * 10.0**exponent


class Claim(_Strict):
    """A statement of a paper that can be run, or that is known not to be."""

    id: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Za-z0-9.-]*$")]
    title: str
    source: Source
    timing: Literal["before", "during", "after"]
    structure: Literal["unstructured", "semi-structured", "block", "filter-channel"]
    estimand: Literal["final_epoch", "best_epoch"] = "final_epoch"
    """The mean over seeds of the quantity at this epoch; the two are never mixed."""
    setting: Setting
    arms: Annotated[dict[str, Arm], Field(min_length=1)]
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    completions: dict[str, Completion] = {}
    positive_control: str | None = None
    """Id of the claim that has to be reproduced here before this one may be called not reproduced."""
    stands_in_for: tuple[str, ...] = ()
    """Ids of claims that this one, scaled down, can support or question but never refute."""
    expected: Literal["reproduced", "not_reproduced", "inconclusive"] | None = None
    """The label that a control must get; None for a claim of a paper."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for part in self.parts:
            for arm in (part.arm, part.against):
                if arm is not None and arm not in self.arms:
                    raise ValueError(f"part {part.id} names the arm {arm}, which is none of {', '.join(self.arms)}")
        names = [part.id for part in self.parts]
        if len(set(names)) < len(names) or "whole" in names:
            raise ValueError("parts need ids of their own, and none may be 'whole'")
        if len(self.completions) > 5:
            raise ValueError("more than five completions: declare three to five")
        return self

    @property
    def first_hand(self) -> bool:
        """Whether a label may be about the source."""
        return self.source.read in FIRST_HAND

    def settings(self) -> dict[str, Setting]:
        """The settings to run, by the name of the completion; ``as stated`` where there is none."""
        if not self.completions:
            return {"as stated": self.setting}
        return {
            name: self.setting.model_copy(update=completion.model_dump(exclude={"why"}, exclude_none=True))
            for name, completion in self.completions.items()
        }
