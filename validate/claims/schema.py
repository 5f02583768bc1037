"""What a claim is: who says it where, which arms are compared in which setting, and the parts that must hold.

A claim is typed from a paper into YAML and checked here before anything runs. Numbers stand as printed (``value`` keeps
its last digit), and what the paper leaves open is either left out and completed by ``completions``, or the claim can't
be run. The words are those of docs/verdicts.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from validate.claims.arms import IN_TRAINING, Arm, Layer, Strict

__all__ = [
    "COMPARATORS",
    "COUNTED",
    "FIRST_HAND",
    "IN_TRAINING",
    "Arm",
    "Claim",
    "Comparator",
    "Completion",
    "Hardware",
    "Kind",
    "Layer",
    "Part",
    "Quantity",
    "Replication",
    "Setting",
    "Source",
]

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
Quantity = Literal[
    "accuracy",
    "error",
    "perplexity",
    "last_accuracy",
    "early_stop_step",
    "compression",
    "kept_percent",
    "weights",
    "emptied_layers",
    "multiply_add_ratio",
    "time_ratio",
]
"""What is measured: docs/verdicts.md says each in words."""
OF_EARLY_STOPPING: tuple[Quantity, ...] = ("last_accuracy", "early_stop_step")
"""Measured beside the estimand ``early_stop``: the accuracy after the last step, and the step of the early stop."""
COUNTED: tuple[Quantity, ...] = ("compression", "kept_percent", "weights", "emptied_layers", "multiply_add_ratio")
"""Quantities that are counted on the masks: they have no noise and no margin but the rounding of what is printed."""

COMPARATORS: dict[str, tuple[Comparator, ...]] = {
    "absolute": ("equal",),
    "delta": ("no_worse", "better"),
    "ordering": ("better",),
    "compression": ("at_least", "equal"),
    "structural": ("equal", "at_least"),
    "threshold": ("equal", "better", "at_least"),
    "universal": ("equal", "no_worse", "better", "at_least"),
    "existential": ("equal", "no_worse", "better", "at_least"),
    "speed": ("equal", "better", "at_least"),
}
"""Which comparisons make sense for a kind; the first is the default."""

FIRST_HAND = ("read_fulltext", "read_repo", "own")
"""Ways of reading after which a label may be about the paper."""


class Source(Strict):
    """Where the claim stands."""

    venue: str
    locator: str
    """Table, figure, section or page, as short as a quotation's reference."""
    read: Literal["read_fulltext", "read_repo", "read_secondary", "memory_unverified", "mixed", "own"]
    """How the claim was read; ``own`` for a statement of Secateur's own."""
    arxiv: Annotated[str, Field(pattern=r"^(\d{4}\.\d{4,5}|[a-z-]+/\d{7})$")] | None = None
    quotation: str = ""


class Setting(Strict):
    """How networks are trained. A field that is left out is left open by the paper."""

    dataset: str
    model: str
    optimizer: Literal["sgd", "adam"] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    epochs: Annotated[int, Field(ge=0, le=100_000)] | None = None
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
    validation_examples: Annotated[int, Field(ge=0)] | None = None
    """Training examples that the seed keeps for validation, 0 for a training with all; left out: a tenth."""
    evaluate_every: Annotated[int, Field(ge=1)] | None = None
    """Optimiser steps between two looks at the validation loss, for the estimand ``early_stop``."""
    claimed_on: str = ""
    """What the paper ran it on, where ``dataset`` and ``model`` are a scaled-down stand-in."""

    @property
    def open_fields(self) -> tuple[str, ...]:
        """Names of the fields without which nothing can be trained, and that are left open."""
        if self.epochs == 0:
            return ()
        needed = ("optimizer", "learning_rate", "batch", "epochs")
        return tuple(name for name in needed if getattr(self, name) is None)


class Completion(Strict):
    """One way to fill in what the paper leaves open, declared before anything runs."""

    why: str
    optimizer: Literal["sgd", "adam"] | None = None
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    epochs: Annotated[int, Field(ge=0, le=100_000)] | None = None
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    weight_decay: Annotated[float, Field(ge=0)] | None = None


class Hardware(Strict):
    """What a speed was measured on."""

    kind: Literal["cpu", "mobile-cpu", "gpu"]
    name: str
    """As the source names it; a library may be named too."""


class Part(Strict):
    """One statement; a claim holds when all its parts do."""

    id: str
    kind: Kind
    quantity: Quantity
    arm: str
    against: str | None = None
    """The arm it is compared with; a speed part's ratio is its seconds over those of ``arm``."""
    or_arms: tuple[str, ...] = ()
    """Existential only: the other points of the grid, one of which is enough."""
    comparator: Comparator | None = None
    """Left out: the kind's usual one (see COMPARATORS)."""
    value: Decimal | None = None
    """The number as printed, with its last digit (quote it in YAML: '1.60')."""
    unit: Literal["%", "x"] = "%"
    spread: Annotated[float, Field(ge=0)] | None = None
    """Standard deviation over the original's seeds."""
    original_seeds: Annotated[int, Field(ge=1)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    """Speed only: examples in one product."""
    cache: Literal["hot", "cold"] | None = None
    """Speed only: whether the weights are in the processor's caches already, or come from memory."""
    beside: tuple[str, ...] = ()
    """Speed only: arms that are timed beside and decide nothing, such as the smaller dense layers of equal accuracy."""
    statement: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.comparator is not None and self.comparator not in COMPARATORS[self.kind]:
            raise ValueError(f"{self.comparator} is no comparison for kind {self.kind}: {COMPARATORS[self.kind]}")
        paired = self.kind == "speed" or self.compares in ("no_worse", "better")
        if paired and self.against is None:
            raise ValueError(f"a {self.kind} needs the arm that it is compared against")
        if not paired and self.against is not None:
            raise ValueError(f"{self.compares} compares with a value, not with the arm {self.against}")
        if self.compares in ("equal", "at_least") and self.value is None:
            raise ValueError(f"kind {self.kind} needs the value that is claimed")
        if self.or_arms and self.kind != "existential":
            raise ValueError(f"or_arms are for kind existential, not for {self.kind}")
        return self

    @model_validator(mode="after")
    def _says_how_speed_is_measured(self) -> Self:
        speed = self.kind == "speed"
        if speed != (self.quantity == "time_ratio"):
            raise ValueError("kind speed goes with quantity time_ratio, and with no other")
        if speed and (self.batch is None or self.cache is None):
            raise ValueError("a speed part says its batch and its cache, hot or cold")
        if not speed and (self.batch is not None or self.cache is not None or self.beside):
            raise ValueError(f"batch, cache and beside are for kind speed, not for {self.kind}")
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


class Replication(Strict):
    """What others print for a part of a claim, from runs of their own; it decides nothing about the claim itself."""

    by: str
    """Who, as the source names them."""
    part: str
    value: Decimal | None = None
    """Their number, in the unit of the part, with its last digit; None where they print none."""
    statement: str = ""
    """What they say of it, where a number alone doesn't tell."""


class Claim(Strict):
    """A statement of a paper that can be run, or that is known not to be."""

    id: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Za-z0-9.-]*$")]
    title: str
    source: Source
    timing: Literal["before", "during", "after"]
    structure: Literal["unstructured", "semi-structured", "block", "filter-channel"]
    estimand: Literal["final_epoch", "best_epoch", "early_stop"] = "final_epoch"
    """When the quantity is measured whose mean over seeds counts: after the last epoch, at the epoch of the best test
    accuracy, or at the step of the smallest validation loss in the last training. They are never mixed."""
    hardware: Hardware | None = None
    """What the source measured its speed on."""
    setting: Setting
    arms: Annotated[dict[str, Arm], Field(min_length=1)]
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    completions: dict[str, Completion] = Field(default_factory=dict)
    positive_control: str | None = None
    """Id of the claim that has to be reproduced here before this one may be called not reproduced."""
    replications: tuple[Replication, ...] = ()
    """What others found for its parts: a number of theirs within the margin makes this claim's a replicated number."""
    stands_in_for: tuple[str, ...] = ()
    """Ids of claims that this one, scaled down, can support or question but never refute."""
    expected: Literal["reproduced", "not_reproduced", "inconclusive"] | None = None
    """The label that a control must get; None for a claim of a paper."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for part in self.parts:
            named = [arm for arm in (part.arm, part.against, *part.or_arms, *part.beside) if arm is not None]
            for arm in named:
                if arm not in self.arms:
                    raise ValueError(f"part {part.id} names the arm {arm}, which is none of {', '.join(self.arms)}")
                if bool(self.arms[arm].layers) != (part.kind == "speed"):
                    raise ValueError(f"part {part.id}: arms with layers go with kind speed, and with no other: {arm}")
            if part.quantity in OF_EARLY_STOPPING and self.estimand != "early_stop":
                raise ValueError(f"part {part.id}: {part.quantity} goes with estimand early_stop, and with no other")
        names = [part.id for part in self.parts]
        if len(set(names)) < len(names) or "whole" in names:
            raise ValueError("parts need ids of their own, and none may be 'whole'")
        for replication in self.replications:
            if replication.part not in names:
                known = ", ".join(names)
                raise ValueError(f"a replication names the part {replication.part}, which is none of {known}")
            if replication.value is None and not replication.statement:
                raise ValueError(f"the replication by {replication.by} needs a value or a statement")
        if sum(part.kind == "threshold" for part in self.parts) == 1:
            raise ValueError("a threshold lies between two points: it needs two parts of that kind")
        if len({part.kind == "speed" for part in self.parts}) > 1:
            raise ValueError("speed is measured in a claim of its own: leave other kinds out")
        if len(self.completions) > 5:
            raise ValueError("more than five completions: declare three to five")
        if (self.estimand == "early_stop") != (self.setting.evaluate_every is not None):
            raise ValueError("estimand early_stop goes with evaluate_every in the setting, and with no other")
        if self.estimand == "early_stop" and self.setting.validation_examples == 0:
            raise ValueError("estimand early_stop needs validation_examples above 0 in the setting")
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
