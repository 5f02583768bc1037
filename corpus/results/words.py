"""Loads the tables of words and patterns that stand as YAML beside these modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml


def load(name: str) -> dict[str, Any]:
    """The contents of one YAML file of this package."""
    loaded: dict[str, Any] = yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return loaded


def _compile(text: str) -> re.Pattern[str]:
    return re.compile(text, re.I)


_WORDS = load("words.yaml")
PHRASES: Mapping[str, re.Pattern[str]] = {
    name: _compile(text) for name, text in _WORDS.items() if isinstance(text, str)
}
"""Turns of phrase by name."""
SPLITS: Mapping[str, re.Pattern[str]] = {name: _compile(text) for name, text in _WORDS["splits"].items()}
"""Words for the split of a data set."""
PROTOCOLS: Mapping[str, re.Pattern[str]] = {name: _compile(text) for name, text in _WORDS["protocols"].items()}
"""Words for the protocol of an evaluation."""
