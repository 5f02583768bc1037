"""Layouts of spreadsheets: which column means what, read from layouts.yaml and checked when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class LayoutError(ValueError):
    """A file of layouts does not keep its form, or none of the layouts fits a spreadsheet."""


class Layout(BaseModel):
    """What every layout says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    needs: tuple[str, ...]
    """Columns by which the layout is recognised."""


class OperatingPoint(BaseModel):
    """A column that states how much was removed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    form: Literal["removed", "kept", "ratio"]
    of: str = "weights"


class Measure(BaseModel):
    """A column that holds a number of the row's network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    metric: str
    unit: str = ""
    role: Literal["proposed", "baseline", "dense"] = "proposed"
    spread: str | None = None
    """The column of its standard deviation."""
    theoretical: bool = False
    submetric: str | None = None


class ResultsLayout(Layout):
    """One row a pruned network, or (``long``) one row a number with columns named as in the corpus."""

    long: bool = False
    paper: str = "paper"
    method: str = "method"
    dataset: str = "dataset"
    model: str = "model"
    trials: str = "trials"
    absent: tuple[str, ...] = ()
    constants: Mapping[str, str] = {}
    """Columns that the sheet lacks, with the one text that holds in every row."""
    operating_points: tuple[OperatingPoint, ...] = ()
    measures: tuple[Measure, ...] = ()


class PapersLayout(Layout):
    """One row a paper."""

    paper: str
    submitted: str
    title: str | None = None
    authors: str | None = None
    arxiv: str | None = None
    bibtex: str | None = None
    """A column with a BibTeX entry, from which title, authors and arXiv identifier are taken."""


class ComparisonsLayout(Layout):
    """One row a paper, or a pair of papers."""

    paper: str
    compared_with: str


class Layouts(BaseModel):
    """The content of layouts.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    results: Annotated[tuple[ResultsLayout, ...], Field(min_length=1)]
    papers: Annotated[tuple[PapersLayout, ...], Field(min_length=1)]
    comparisons: Annotated[tuple[ComparisonsLayout, ...], Field(min_length=1)]


L = TypeVar("L", bound=Layout)


@cache
def known_layouts() -> Layouts:
    """The layouts that Secateur knows."""
    text = resources.files("secateur.imports").joinpath("layouts.yaml").read_text(encoding="utf-8")
    return Layouts.model_validate(yaml.safe_load(text))


def layout_of_file(path: Path) -> ResultsLayout:
    """A user's own layout of results; LayoutError names the field that is wrong."""
    try:
        return ResultsLayout.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise LayoutError(f"{path}: can't be read as YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise LayoutError(f"{path}: {place or 'the file'}: {first['msg']}") from error


def fitting(layouts: Sequence[L], header: Sequence[str], path: Path) -> L:
    """The first layout whose needed columns stand in the header; LayoutError says which columns would do."""
    for layout in layouts:
        if set(layout.needs) <= set(header):
            return layout
    wanted = " or ".join(", ".join(layout.needs) for layout in layouts)
    raise LayoutError(
        f"{path}: has the columns {', '.join(header)}; needed are {wanted}. Rename them, or name them with --layout"
    )
