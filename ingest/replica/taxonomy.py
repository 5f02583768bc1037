"""ArXiv's sets and categories, and names that mean another category.

``sets.csv`` is what ListSets gives; ``aliases.csv`` is from arXiv's public taxonomy (github.com/arXiv/arxiv-base).
``both`` in aliases.csv says that a record of one category is in the sets of both; the others are names of archives
that were closed.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def sets() -> tuple[tuple[str, str], ...]:
    """Set names with what they are called, in the order of ListSets."""
    with (_FOLDER / "sets.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["set_spec"], row["name"]) for row in csv.DictReader(file))


@cache
def set_specs(category: str) -> tuple[str, ...]:
    """The category-level sets of a category's records, none for a name that arXiv does not know."""
    return tuple(
        f"{group}:{name.replace('.', ':')}" for name in _names(category) if (group := _groups().get(name.split(".")[0]))
    )


@cache
def category_name(category: str) -> str:
    """What a category is called, the name itself if unknown."""
    names = dict(sets())
    specs = set_specs(category)
    return names.get(specs[0], category) if specs else category


@cache
def _groups() -> dict[str, str]:
    """Archive to group."""
    return {spec.split(":")[1]: spec.split(":")[0] for spec, _name in sets() if ":" in spec}


@cache
def _names(category: str) -> tuple[str, ...]:
    with (_FOLDER / "aliases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["both"] == "1" and category in (row["name"], row["canonical"]):
                other = row["canonical"] if category == row["name"] else row["name"]
                return category, other
            if category == row["name"]:
                return (row["canonical"],)
    return (category,)
