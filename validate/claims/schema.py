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
Quantity = Literal["accuracy", "error", "compression", "kept_percent", "time_ratio"]

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
    """One of the things that are compared: how a trained network is pruned and recovers."""

    criterion: Literal["none", "magnitude", "random"] = "none"
    sparsity: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Fraction of the prunable weights (all weights, no biases) that is removed at the end."""
    distribution: Literal["global", "uniform", "layerwise"] = "global"
    kept_by_layer: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    """Fraction of weights kept in each layer; only for ``layerwise``, which it replaces ``sparsity`` for."""
    rounds: Annotated[int, Field(ge=1, le=100)] = 1
    """Pruning rounds: 1 is one-shot; more approach the sparsity by removing the same fraction each round."""
    recovery: Literal["none", "fine-tuning"] = "none"
    recovery_epochs: Annotated[int, Field(ge=1)] | None = None
    """Epochs of fine-tuning after each round; left out: as many as the first training."""
    recovery_learning_rate: Annotated[float, Field(gt=0)] = 1.0
    """Learning rate of fine-tuning as a multiple of the setting's."""
    stream: Annotated[int, Field(ge=0)] = 0
    """Arms of one stream share their seeds (paired); another stream draws its own, for A against A."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        pruned = self.sparsity > 0 or bool(self.kept_by_layer)
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
        return self

    @property
    def pruned(self) -> bool:
        """Whether anything is removed."""
        return self.criterion != "none"


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
