"""The words around names, read from `name_words.yaml`: what introduces a name, and what looks like a name but is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("name_words.yaml")


@dataclass(frozen=True, slots=True)
class NameWords:
    """Compiled words around names."""

    proposing: re.Pattern[str]
    """After these a paper names its own method."""
    barrier: re.Pattern[str]
    """Between such a word and a name, these say that the name is of something else."""
    generic: re.Pattern[str]
    """A phrase that starts so is a description of a kind."""
    common: frozenset[str]
    """Acronyms of the field that name no method, data set or network, in case-folded form."""


@cache
def load_name_words(path: Path = _FILE) -> NameWords:
    """The words in `name_words.yaml`, read once a process."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return NameWords(
        proposing=re.compile(r"\b(?:" + "|".join(raw["proposing"]) + r")\b", re.IGNORECASE),
        barrier=re.compile(r"\b(?:" + "|".join(raw["barrier"]) + r")\b|[;:]"),
        generic=re.compile(r"^(?:" + "|".join(raw["generic"]) + r")\b"),
        common=frozenset(str(word).casefold() for word in raw["common"]),
    )
