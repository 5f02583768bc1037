"""What a person may correct in a result, and the file of reviewed corrections that `secateur import overrides` loads.

A correction is checked before it is stored: a field that no result has, a role, scope or metric that nobody else uses,
or a sparsity above 1 would be one more error in the corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from corpus.knowledge import load_knowledge
from db.overrides import Anchor, Override
from db.records import ROLES
from ingest.arxiv_id import InvalidArxivIdError, parse


class CorrectionError(ValueError):
    """A correction can't be stored; the message is one line that names the field."""


def _role(value: str) -> str:
    if value not in ROLES:
        raise ValueError(f"{value!r} is no role; one of {', '.join(ROLES)}")
    return value


def _metric(value: str) -> str:
    known = load_knowledge().metrics
    if value not in known:
        raise ValueError(f"{value!r} is no metric of the knowledge base; one of {', '.join(sorted(known))}")
    return value


def _paper(value: object) -> str:
    if not isinstance(value, str):
        # YAML takes 1911.11134 for a number, and 2006.10910 for another one.
        raise ValueError("write the identifier in quotes, as '1911.11134'")
    try:
        return parse(value).paper
    except InvalidArxivIdError as error:
        raise ValueError(str(error)) from error


Word = Annotated[str, Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Meaning(BaseModel):
    """The fields of a result that can be corrected; those not named stay as they were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Word | None = None
    role: Annotated[str, AfterValidator(_role)] | None = None
    metric: Annotated[str, AfterValidator(_metric)] | None = None
    value: Finite | None = None
    unit: str | None = None
    method_canonical: Word | None = None
    modifiers: tuple[str, ...] | None = None
    implemented_by: Literal["copied", "re-run", "unknown"] | None = None
    dataset: Word | None = None
    split: Word | None = None
    protocol: Word | None = None
    model: Word | None = None
    spread: Annotated[Finite, Field(ge=0.0)] | None = None
    spread_kind: Literal["std", "stderr", "interval", "unknown"] | None = None
    sparsity: Fraction | None = None
    sparsity_printed: str | None = None
    sparsity_of: (
        Literal["weights", "filters", "channels", "layers", "activations", "multiply-adds", "bytes", "latency"] | None
    ) = None
    sparsity_form: Literal["removed", "kept", "ratio", "pattern"] | None = None
    sparsity_scope: (
        Literal["all", "prunable", "without-first", "without-last", "without-embedding", "unknown"] | None
    ) = None
    sparsity_low: Fraction | None = None
    sparsity_high: Fraction | None = None
    compression: Annotated[Finite, Field(gt=0.0)] | None = None
    pattern: Annotated[str, Field(pattern=r"^\d+:\d+$")] | None = None

    def stated(self) -> dict[str, Any]:
        """The fields that are corrected; a sparsity without its interval is taken as exact, as the old one is wrong."""
        found = self.model_dump(exclude_none=True)
        if "modifiers" in found:
            found["modifiers"] = list(found["modifiers"])
        if "sparsity" in found:
            found = {"sparsity_low": found["sparsity"], "sparsity_high": found["sparsity"]} | found
        return found


class Entry(BaseModel):
    """One entry of a file of corrections; `secateur override list --format json` prints such entries."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    paper: Annotated[str, BeforeValidator(_paper)]
    caption: str
    row_text: str
    col_text: str
    number: Annotated[int, Field(ge=0)] = 0
    text: str = ""
    meaning: Annotated[Meaning, Field(alias="set")] = Meaning()
    reject: bool = False
    author: Word
    note: str = ""
    at: datetime | None = None
    cells: int | None = None
    """How many numbers of the newest reading it meets, as the list prints it; not read."""
    read: dict[str, Any] | None = None
    """What the machine reads there today, as the list prints it; not read."""
    agrees: bool | None = None
    """Whether the machine reads it right today, as the list prints it; not read."""

    @model_validator(mode="after")
    def _says_something(self) -> Entry:
        if self.reject == bool(self.meaning.stated()):
            raise ValueError("an entry either sets fields or rejects the number")
        return self

    def override(self, now: datetime) -> Override:
        """The correction; ``now`` is when it was made if the entry does not say."""
        anchor = Anchor(self.paper, self.caption, self.row_text, self.col_text, self.number, self.text)
        at = self.at.replace(tzinfo=None) if self.at else now
        return Override(anchor, self.meaning.stated(), self.reject, self.author, self.note, at)


def checked(fields: Mapping[str, str]) -> dict[str, Any]:
    """Corrected fields from the words of a command line; raises CorrectionError. Modifiers are separated by ``;``."""
    unknown = [name for name in fields if name not in Meaning.model_fields]
    if unknown:
        raise CorrectionError(f"{unknown[0]}: no field of a result; one of {', '.join(Meaning.model_fields)}")
    values: dict[str, Any] = dict(fields)
    if "modifiers" in values:
        values["modifiers"] = [word.strip() for word in fields["modifiers"].split(";") if word.strip()]
    try:
        return Meaning.model_validate(values).stated()
    except ValidationError as error:
        raise CorrectionError(_first(error)) from error


def load_corrections(path: Path) -> list[Entry]:
    """The entries of a YAML (or JSON) file, all of them right; raises CorrectionError with file, entry and field."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CorrectionError(f"{path}: can't be read: {error}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise CorrectionError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, list):
        raise CorrectionError(f"{path}: a file of corrections is a list of entries, each with paper, caption, row_text")
    entries = []
    for position, body in enumerate(content, 1):
        try:
            entries.append(Entry.model_validate(body))
        except ValidationError as error:
            raise CorrectionError(f"{path}: entry {position}: {_first(error)}") from error
    return entries


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(step) for step in first["loc"])
    reason = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{place}: {reason.removeprefix('Value error, ')}" if place else reason.removeprefix("Value error, ")
