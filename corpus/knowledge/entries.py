"""The kinds of entries of the knowledge base: methods, data sets, networks and metrics, as frozen, checked models.

Each YAML file beside this module is a list of one kind of entry. An unknown field, a value outside the facets'
vocabulary (`db.records.VOCABULARY`) or a wrong type is refused when the file is loaded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from db.records import VOCABULARY

Kind = Literal["method", "dataset", "model", "metric"]
KINDS: tuple[Kind, ...] = ("method", "dataset", "model", "metric")


def _of_facet(facet: str) -> AfterValidator:
    allowed = VOCABULARY[facet]

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is no {facet}; one of {', '.join(allowed)}")
        return value

    return AfterValidator(check)


Structure = Annotated[str, _of_facet("structure")]
Timing = Annotated[str, _of_facet("timing")]
Criterion = Annotated[str, _of_facet("criterion")]


class Entry(BaseModel):
    """What every entry has: one canonical name, and other spellings of the same thing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1)
    """Canonical spelling; resolves to itself."""
    aliases: tuple[str, ...] = Field(default=(), strict=False)
    """Other spellings. Case, spaces and hyphens need no alias of their own."""
    exact: tuple[str, ...] = Field(default=(), strict=False)
    """Those of the spellings that count only in exactly this case, as they are ordinary words otherwise (SET, STR)."""

    alone: tuple[str, ...] = Field(default=(), strict=False)
    """Those that count only as a whole text, such as a table's cell, as sentences use them for other things."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """The canonical name and all aliases."""
        return (self.name, *self.aliases)


class Method(Entry):
    """A method of pruning or sparse training, or what such methods are compared with. What no source settles is empty.

    Only what removes a part of the network has a structure.
    """

    arxiv: str | None = Field(default=None, pattern=r"^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})$")
    """arXiv id of the paper that introduced it."""
    titles: tuple[str, ...] = Field(default=(), strict=False)
    """Titles of that paper, the present one first: papers change their titles, and lists cite the former ones."""
    year: int | None = Field(default=None, ge=1985, le=2100)
    """Year of the first publication."""
    structure: tuple[Structure, ...] = Field(default=(), strict=False)
    timing: tuple[Timing, ...] = Field(default=(), strict=False)
    criterion: tuple[Criterion, ...] = Field(default=(), strict=False)
    control: bool = False
    """True for an arm that prunes nothing: the dense network, training from scratch, fine-tuning alone."""


class Dataset(Entry):
    """A data set or an evaluation task."""

    task: str
    """What is asked: image classification, language modelling, question answering, ..."""
    test_size: int | None = Field(default=None, gt=0)
    """Size of the split on which results are usually given: test, or validation where the test set is closed."""
    test_unit: str = "examples"
    """What `test_size` counts: examples (images, questions, sentences, utterances), words, characters, pairs, books."""


class Network(Entry):
    """A network architecture in one size."""

    family: str
    """The architecture whose sizes these are: ResNet, OPT, LLaMA-2."""
    parameters: float | None = Field(default=None, gt=0)
    """Number of parameters."""
    multiply_adds: float | None = Field(default=None, gt=0)
    """Multiply-adds of one input at the usual resolution (224 x 224 for ImageNet, 32 x 32 for CIFAR)."""
    generic: bool = False
    """True for a kind of network (LSTM, MLP, vision transformer) rather than one architecture."""


class Metric(Entry):
    """A measured quantity."""

    unit: str = ""
    """The usual unit; empty for a pure number."""
    direction: Literal["higher", "lower"]
    """Which way is better."""
    quantity: str
    """The kind of outcome it belongs to: one of ``VOCABULARY['metrics']``."""
