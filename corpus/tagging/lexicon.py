"""The words by which facets and relevance are recognised, read from `lexicon.yaml` and compiled once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from db.records import FACETS, VOCABULARY

_FILE = Path(__file__).with_name("lexicon.yaml")


class LexiconError(ValueError):
    """The lexicon has an unknown facet or value, or a pattern that is no regular expression."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns by facet and value, and the groups of cues that relevance is judged by."""

    facets: Mapping[str, Mapping[str, re.Pattern[str]]]
    scopes: Mapping[str, str]
    """Where the words of a facet count: all, study, own, results."""
    cues: Mapping[str, re.Pattern[str]]
    """Patterns over text in lower case."""
    subject: re.Pattern[str]
    """Parts of words of which every core paper has at least one, in lower case."""
    related: re.Pattern[str]
    """Parts of words of which a related paper without those has at least one, in lower case."""


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in a YAML file.

    It has ``subject`` and ``related`` (lists of patterns), ``cues`` (lists by group), ``scopes`` (a scope by facet) and
    ``facets`` (lists by facet and value).

    Raises:
        LexiconError: a facet or value is not in the vocabulary, or a pattern does not compile.
    """
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    for facet, values in raw["facets"].items():
        if facet not in FACETS:
            raise LexiconError(f"{path.name}: facets: {facet!r} is no facet; one of {', '.join(FACETS)}")
        for value in values:
            if value not in VOCABULARY[facet]:
                raise LexiconError(f"{path.name}: facets.{facet}: {value!r} is not in the vocabulary")
    return Lexicon(
        scopes=raw["scopes"],
        facets={
            facet: {value: _compiled(path, f"facets.{facet}.{value}", patterns) for value, patterns in values.items()}
            for facet, values in raw["facets"].items()
        },
        cues={group: _compiled(path, f"cues.{group}", patterns, 0) for group, patterns in raw["cues"].items()},
        subject=_compiled(path, "subject", raw["subject"], 0, "(?:"),
        related=_compiled(path, "related", raw["related"], 0, "(?:"),
    )


def _compiled(
    path: Path, place: str, patterns: list[str], flags: int = re.IGNORECASE, opening: str = r"\b(?:"
) -> re.Pattern[str]:
    """One pattern of all; a part in ``(?-i:...)`` is matched in its very case."""
    try:
        return re.compile(opening + "|".join(patterns) + ")", flags)
    except re.error as error:
        raise LexiconError(f"{path.name}: {place}: no regular expression: {error}") from error


@cache
def load_lexicon(path: Path = _FILE) -> Lexicon:
    """The lexicon shipped beside this module, read once a process."""
    return read_lexicon(path)
