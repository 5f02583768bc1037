"""Finding the names of one kind in running text, by one Aho-Corasick automaton over the keys of all spellings.

A mention stands between word boundaries, is the longest one at its place, and gives exact character offsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ahocorasick

from corpus.knowledge.spelling import HYPHENS, breaks, key, letters, strip_marks


@dataclass(frozen=True, slots=True)
class Mention:
    """A known name in a text: ``text == source[start:end]``."""

    start: int
    end: int
    text: str
    canonical: str


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a canonical name."""

    text: str
    canonical: str
    exact: bool
    """True when only this very case counts."""
    alone: bool = False
    """True when it is a name only where it is the whole text."""


class Matcher:
    """Resolves names and finds their mentions. Immutable once made."""

    def __init__(self, spellings: Iterable[Spelling]) -> None:
        self._by_key: dict[str, list[Spelling]] = {}
        for spelling in spellings:
            self._by_key.setdefault(key(spelling.text), []).append(spelling)
        self._automaton = ahocorasick.Automaton()
        for name_key, group in self._by_key.items():
            in_text = tuple(spelling for spelling in group if not spelling.alone)
            if in_text:
                allowed = frozenset[int]().union(*(breaks(spelling.text) for spelling in in_text))
                self._automaton.add_word(name_key, (len(name_key), allowed, in_text))
        if len(self._automaton):
            self._automaton.make_automaton()

    def resolve(self, text: str) -> str | None:
        """Canonical name of a name as printed, or None when it is not known."""
        bare = strip_marks(text)
        return _choose(self._by_key.get(key(bare), ()), bare)

    def mentions(self, text: str) -> list[Mention]:
        """Known names in the text, ascending and without overlaps."""
        if not len(self._automaton):
            return []
        stream, offsets = _stream(text)
        found: list[Mention] = []
        for last, (length, allowed, group) in self._automaton.iter(stream):
            first = last - length + 1
            start, end = offsets[first], offsets[last] + 1
            if not _stands_alone(text, start, end) or not _broken_where_allowed(offsets, first, length, allowed):
                continue
            canonical = _choose(group, text[start:end])
            if canonical is not None:
                found.append(Mention(start, end, text[start:end], canonical))
        return _longest(found)


@lru_cache(maxsize=8)
def _stream(text: str) -> tuple[str, tuple[int, ...]]:
    """The letters that keys are made of, and their offsets; kept a while, as names of each kind are sought in turn."""
    stream, offsets = letters(text)
    return stream, tuple(offsets)


def _choose(group: Iterable[Spelling], written: str) -> str | None:
    """The canonical name that a spelling written so belongs to; an exact spelling beats one that ignores case."""
    loose = None
    bare = "".join(written.split())
    for spelling in group:
        if not spelling.exact:
            loose = spelling.canonical
        elif bare == "".join(spelling.text.split()):
            return spelling.canonical
    return loose


def _stands_alone(text: str, start: int, end: int) -> bool:
    """False inside a word, and where a number goes on: ResNet in "ResNet-500", Qwen3 in "Qwen3.5"."""
    before = text[start - 1] if start else " "
    after = text[end : end + 2]
    if before.isalnum() or after[:1].isalnum():
        return False
    goes_on = after[1:].isdigit() and (after[0] in HYPHENS or (after[0] == "." and text[end - 1].isdigit()))
    return not goes_on


def _broken_where_allowed(offsets: Sequence[int], first: int, length: int, allowed: frozenset[int]) -> bool:
    return all(offsets[first + i] - offsets[first + i - 1] == 1 or i in allowed for i in range(1, length))


def _longest(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (m.start, -(m.end - m.start))):
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept
