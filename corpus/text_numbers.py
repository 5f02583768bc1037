"""Numbers of the running text that say how good a network is: accuracies, perplexities and so on, in their sentences.

Left out is what says something else: differences, shares removed, costs, settings, approximations, and numbers that a
sentence ascribes to another paper or to a figure.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from importlib import resources
from itertools import islice

import yaml

from corpus.reading import Document
from corpus.tagging.plain import sentences
from db.records import TextNumber

_WORDS: dict[str, list[str]] = yaml.safe_load(
    resources.files("corpus").joinpath("text_numbers.yaml").read_text(encoding="utf-8")
)


def _any(name: str) -> str:
    return rf"(?<!\w)(?:{'|'.join(_WORDS[name])})(?!\w)"


_QUALITY, _ERROR, _OF_OTHERS, _OF_FIGURES = (
    re.compile(_any(name), re.IGNORECASE) for name in ("quality", "errors", "of_others", "of_figures")
)
_OTHER_BEFORE = re.compile(rf"(?:{_any('before')}(?: {_any('between')}){{0,3}}|±|\bat) ?\(?$", re.IGNORECASE)
_SHARE_OF = rf"of (?:the|its|all|their|our|each)?\s?(?:\w+ ){{0,2}}{_any('wholes')}"
_OTHER_AFTER = re.compile(
    rf"^\s?(?:±[\s\d.]+)?[\s-]?(?:×|{_any('after')}|{_SHARE_OF})",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,/:×=<>≈~+−–—^_{\[-])(?<![=<>≈~+−–-] )(\d{1,3}\.\d{1,3})(?![\w.]\w|\d|[-–−/:]\d)\s?(%)?")
LEAST_SHARE = 10.0
"""Percent; a smaller share is a difference, unless errors are spoken of."""
_IN_CELLS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d+)?(?![\w.]\w)")
NEAR = 60
"""Characters before and behind a number that say what it is."""
MAX_SENTENCE = 600
"""Characters of a sentence; the rest of a longer one is left out."""
MAX_NUMBERS = 300
"""Of one paper."""


def text_numbers(document: Document) -> tuple[TextNumber, ...]:
    """The numbers of a document's sections that say how good a network is, in order."""
    return tuple(islice(_text_numbers(document), MAX_NUMBERS))


def _text_numbers(document: Document) -> Iterator[TextNumber]:
    printed = sorted(set(_numbers_of_tables(document)))
    labels = {table.table.label for table in document.tables}
    for section in document.sections:
        for paragraph in section.paragraphs:
            referred = tuple(dict.fromkeys(label for label in paragraph.references if label in labels))
            quality = False
            for start, end in sentences(paragraph.text):
                sentence = paragraph.text[start:end]
                quality = quality or _QUALITY.search(sentence) is not None
                if _OF_OTHERS.search(sentence):
                    continue
                own = tuple(label for label in referred if _names(sentence, label))
                if _OF_FIGURES.search(sentence) and not own:
                    continue
                for number, unit in _numbers(sentence, quality=quality and bool(referred)):
                    yield TextNumber(
                        section=section.title,
                        sentence=sentence[:MAX_SENTENCE],
                        printed=number,
                        value=float(number),
                        unit=unit,
                        tables=own or referred,
                        refers=bool(own),
                        in_tables=_stands_in(printed, number),
                    )


def _names(sentence: str, label: str) -> bool:
    return label in sentence and re.search(rf"(?<![\w:.-]){re.escape(label)}(?![\w:-]|\.\w)", sentence) is not None


def _numbers(sentence: str, *, quality: bool) -> Iterator[tuple[str, str]]:
    """Each number with its unit, ``%`` or nothing; ``quality`` says that the sentences before it speak of quality."""
    quality = quality or _QUALITY.search(sentence) is not None
    for match in _NUMBER.finditer(sentence):
        unit = match[2] or ""
        before = sentence[max(0, match.start() - NEAR) : match.start()]
        after = sentence[match.end() : match.end() + NEAR]
        if unit and float(match[1]) < LEAST_SHARE and not _ERROR.search(sentence):
            continue
        if (unit or quality) and not _OTHER_BEFORE.search(before) and not _OTHER_AFTER.search(after):
            yield match[1], unit


def _numbers_of_tables(document: Document) -> Iterator[tuple[float, float]]:
    """The numbers of all cells with half a unit of their last digit; shares also as percentages, and all as what they
    leave of 100.
    """
    for table in document.tables:
        for text in {cell.text for row in table.cells for cell in row}:
            for match in _IN_CELLS.finditer(text):
                value, half = float(match[0]), _half(match[0])
                yield value, half
                yield 100 - value, half
                if value <= 1 and "." in match[0]:
                    yield 100 * value, 100 * half
                    yield 100 - 100 * value, 100 * half


def _half(printed: str) -> float:
    return 0.5 * 10.0 ** -len(printed.partition(".")[2])


def _stands_in(numbers: list[tuple[float, float]], printed: str) -> bool:
    """Whether a number is one of the sorted ones, rounded or cut off to its own digits; theirs may be one fewer, but of
    a whole number only itself.
    """
    value, half = float(printed), _half(printed)
    most = 11 * half
    for other, other_half in numbers[bisect_left(numbers, (value - 2 * most, 0.0)) :]:
        if other > value + 2 * most:
            return False
        room = max(half, other_half) if other_half < 0.5 and other_half <= 10 * half else 0.0
        if abs(other - value) <= room * (2 if other > value else 1) + 1e-9:
            return True
    return False
