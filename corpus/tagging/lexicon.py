"""The words by which facets and relevance are recognised, read from `lexicon.yaml` and compiled once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from db.records import FACETS, VOCABULARY

_FILE = Path(__file__).with_name("lexicon.yaml")
SENTENCE_KINDS = ("rival", "own", "background")


class LexiconError(ValueError):
    """The lexicon has an unknown facet or value, or a pattern that is no regular expression."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns by facet and value, and the groups of cues that relevance is judged by."""

    facets: Mapping[str, Mapping[str, re.Pattern[str]]]
    scopes: Mapping[str, str]
    """Where the words of a facet count: all, study, own, results."""
    cues: Mapping[str, re.Pattern[str]]
    """Patterns of the groups, over text in lower case."""
    unions: Mapping[str, tuple[str, ...]]
    """Names of groups of cues that are counted together; the first union is the subject."""
    membership: NDArray[np.float64]
    """Which group is in which union, 0 or 1: shape (groups, unions)."""
    sentences: Mapping[str, re.Pattern[str]]
    """Kinds of sentences in the order of `SENTENCE_KINDS`: a sentence is of the first kind that is found in it."""
    subject: re.Pattern[str]
    """Parts of words of which every core paper has at least one, in lower case."""
    related: re.Pattern[str]
    """Parts of words of which a related paper without those has at least one, in lower case."""


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in a YAML file.

    It has ``subject`` and ``related`` (lists of patterns), ``words`` (alternatives by name), ``cues`` (lists by group,
    in which ``<name>`` stands for the alternatives), ``unions`` (names of groups), ``sentences`` (lists by kind),
    ``scopes`` (a scope by facet) and ``facets`` (lists by facet and value).

    Raises:
        LexiconError: a facet, value or group is unknown, or a pattern does not compile.
    """
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    for facet, values in raw["facets"].items():
        if facet not in FACETS:
            raise LexiconError(f"{path.name}: facets: {facet!r} is no facet; one of {', '.join(FACETS)}")
        for value in values:
            if value not in VOCABULARY[facet]:
                raise LexiconError(f"{path.name}: facets.{facet}: {value!r} is not in the vocabulary")
    unions = {union: tuple(groups) for union, groups in raw["unions"].items()}
    for union, groups in unions.items():
        if unknown := set(groups) - set(raw["cues"]):
            raise LexiconError(f"{path.name}: unions.{union}: no such groups of cues: {', '.join(sorted(unknown))}")
    return Lexicon(
        scopes=raw["scopes"],
        facets={
            facet: {value: _compiled(path, f"facets.{facet}.{value}", patterns) for value, patterns in values.items()}
            for facet, values in raw["facets"].items()
        },
        cues={group: _compiled(path, f"cues.{group}", patterns, 0) for group, patterns in _expanded(raw).items()},
        unions=unions,
        membership=np.array([[float(group in union) for union in unions.values()] for group in raw["cues"]]),
        sentences={
            kind: _compiled(path, f"sentences.{kind}", raw["sentences"][kind], closing=r")\b")
            for kind in SENTENCE_KINDS
        },
        subject=_compiled(path, "subject", raw["subject"], 0, "(?:"),
        related=_compiled(path, "related", raw["related"], 0, "(?:"),
    )


def _expanded(raw: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Patterns of the cues by group, with each ``<name>`` of the section ``words`` put in."""
    words: dict[str, str] = {}
    for name, pattern in raw.get("words", {}).items():
        words[f"<{name}>"] = _with_words(pattern, words)
    return {group: [_with_words(pattern, words) for pattern in patterns] for group, patterns in raw["cues"].items()}


def _with_words(pattern: str, words: Mapping[str, str]) -> str:
    for name, alternatives in words.items():
        pattern = pattern.replace(name, alternatives)
    return pattern


def _compiled(
    path: Path,
    place: str,
    patterns: list[str],
    flags: int = re.IGNORECASE,
    opening: str = r"\b(?:",
    closing: str = ")",
) -> re.Pattern[str]:
    """One pattern of all; a part in ``(?-i:...)`` is matched in its very case."""
    try:
        return re.compile(opening + "|".join(patterns) + closing, flags)
    except re.error as error:
        raise LexiconError(f"{path.name}: {place}: no regular expression: {error}") from error


@cache
def load_lexicon(path: Path = _FILE) -> Lexicon:
    """The lexicon shipped beside this module, read once a process."""
    return read_lexicon(path)
