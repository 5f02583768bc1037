"""Files of labels: JSON lines and CSV, one paper a line, with the fields that `secateur classify` prints.

A field that is absent or empty was not answered; an empty list says that there is none. In CSV a list is written in
JSON or with semicolons. Facets of a paper that is not core are not asked for, so empty lists beside such a relevance
say nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from corpus.knowledge import Knowledge
from corpus.knowledge.entries import Kind
from db.labels import LABEL_FACETS, Answer, LabelError
from db.records import FACETS, NAMES, VOCABULARY
from ingest.arxiv_id import InvalidArxivIdError, parse

KIND_OF: Mapping[str, Kind] = {"proposed": "method", "baselines": "method", "datasets": "dataset", "models": "model"}
LISTS = (*FACETS, *NAMES, "claims")
NOT_LABELS = frozenset(["title", "abstract", "scores", "stratum", "weight"])
"""Fields that such files have besides labels."""


class Claim(BaseModel):
    """A number that an abstract states about its own method."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[str, Field(pattern=f"^(?:{'|'.join(VOCABULARY['metrics'])})$")]
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    direction: Literal["removed", "kept", "gain", "loss", "level"]
    text: Annotated[str, Field(min_length=1)]


class Line(BaseModel):
    """One line of a file of labels."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(validation_alias=AliasChoices("id", "arxiv_id", "paper"), min_length=1)]
    relevance: str | None = None
    structure: list[str] | None = None
    timing: list[str] | None = None
    criterion: list[str] | None = None
    recovery: list[str] | None = None
    architecture: list[str] | None = None
    contribution: list[str] | None = None
    metrics: list[str] | None = None
    proposed: list[str] | None = None
    baselines: list[str] | None = None
    datasets: list[str] | None = None
    models: list[str] | None = None
    claims: list[Claim] | None = None
    labeller: str | None = None
    at: datetime | None = None
    note: str = ""

    def answers(self, labeller: str, now: datetime, knowledge: Knowledge) -> Iterator[Answer]:
        """The answers of the line; ``labeller`` and ``now`` hold where the line does not say."""
        about = (self.labeller or labeller, self.at.replace(tzinfo=None) if self.at else now, self.note)
        for facet in LABEL_FACETS:
            given = getattr(self, facet)
            if given is None or (not given and self.relevance not in (None, "core")):
                continue
            if facet == "claims":
                values = tuple(json.dumps(claim.model_dump(), ensure_ascii=False) for claim in given)
            else:
                values = (given,) if facet == "relevance" else tuple(given)
            yield answer(arxiv_identifier(self.id) or self.id, facet, values, *about, knowledge)


def answer(
    arxiv_id: str, facet: str, values: Sequence[str], labeller: str, at: datetime, note: str, knowledge: Knowledge
) -> Answer:
    """An answer with its names resolved by the knowledge base; raises LabelError."""
    kind = KIND_OF.get(facet)
    canonical = tuple(knowledge.resolve(kind, value) for value in values) if kind else ()
    return Answer(arxiv_id, facet, tuple(values), labeller, at, note, canonical)


def arxiv_identifier(text: str) -> str | None:
    """The identifier without version, None for what is none (a label may be of a paper that is not on arXiv)."""
    try:
        return parse(text).paper
    except InvalidArxivIdError:
        return None


def load_labels(path: Path, labeller: str, now: datetime, knowledge: Knowledge) -> list[Answer]:
    """All answers of a file, ``.csv`` or JSON lines; raises LabelError with file, line and field of the first error."""
    found: list[Answer] = []
    for number, fields in _lines(path):
        try:
            line = Line.model_validate({name: value for name, value in fields.items() if name not in NOT_LABELS})
            found.extend(line.answers(labeller, now, knowledge))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(step) for step in first["loc"])
            reason = "there is no such facet" if first["type"] == "extra_forbidden" else first["msg"]
            raise LabelError(f"{path}:{number}: {place}: {reason}") from error
        except LabelError as error:
            raise LabelError(f"{path}:{number}: {error}") from error
    return found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: can't be read: {error}") from error
    if path.suffix.lower() == ".csv":
        rows = csv.DictReader(text.splitlines(keepends=True))
        for row in rows:
            if None in row:
                raise LabelError(f"{path}:{rows.line_num}: more cells than the header names")
            yield rows.line_num, {name: _cell(name, value) for name, value in row.items() if value}
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise LabelError(f"{path}:{number}: no JSON object on this line: {error}") from error
        if not isinstance(fields, dict):
            raise LabelError(f"{path}:{number}: no JSON object on this line")
        yield number, fields


def _cell(name: str, value: str) -> Any:
    if name not in LISTS:
        return value
    if value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [item.strip() for item in value.split(";") if item.strip()]


def label_lines(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """One line a paper and labeller, as `load_labels` reads them; facets that were not answered are None."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for given in answers:
        empty: dict[str, Any] = {"id": given.arxiv_id} | dict.fromkeys(LABEL_FACETS)
        about = {"labeller": given.labeller, "at": given.at, "note": given.note}
        line = lines.setdefault((given.arxiv_id, given.labeller), empty | about)
        values: Any = [json.loads(value) for value in given.values] if given.facet == "claims" else list(given.values)
        line[given.facet] = values[0] if given.facet == "relevance" else values
        line["at"] = max(line["at"], given.at)
        line["note"] = line["note"] or given.note
    return list(lines.values())
