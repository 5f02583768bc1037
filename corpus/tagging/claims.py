"""The numeric results that an abstract states about its own method, read by a small grammar.

A value with its unit is found first ("3.2x", "48%", "11 tokens per second", "from 20% to 60%"); the quantity is the one
whose words stand nearest, what follows the number counting as nearer ("48% fewer FLOPs"); the direction comes from the
words of the same clause. The words are in `claim_words.yaml`. A range is two claims, "from a to b" is b.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from corpus.tagging.plain import sentences
from db.records import AbstractClaim

_FILE = Path(__file__).with_name("claim_words.yaml")

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNIT = (
    r"(?P<unit{n}> *%| percent\b| per cent\b|[ -]?(?:percentage[ -])?points?\b| pp\b|(?: *|-)(?:×|[xX](?!\w))"
    r"|[ -]times\b|[ -]?fold\b| ?ms\b| milliseconds?\b| (?:GPU[ -])?(?:seconds|minutes|hours|days)\b| ?(?:FPS|fps)\b"
    r"| frames per second\b| ?tokens(?: per second|/s(?:ec)?)\b| images(?: per second|/s(?:ec)?)\b"
    r"| ?(?:GB|MB|KB|GiB|MiB)\b| ?(?:mJ|mW|W)\b|[ -]?(?:million|billion|M|B) (?:trainable )?param\w*)"
)
_NUMBER_WITH_UNIT = re.compile(
    rf"(?<![\w.,:/^-])(?P<from>from )?(?P<first>{_NUMBER})(?:(?:{_UNIT.format(n=1)})?"
    rf"(?P<link> *(?:-+|to|and|~) *)(?P<second>{_NUMBER}))?{_UNIT.format(n=2)}",
)
_BREAK = re.compile(r"[,;.]|\b(?:and|while|with|without)\b")
_BREAK_BEFORE = re.compile(r"[,;]|\d|\b(?:while|with|without|and)\b")
_CHANGE_OF = re.compile(
    r"\s*(?:\w+ )?(?:reduction|increase|improvement|decrease|drop|gain|savings?|boost|decline)s? (?:in|of) "
    r"(?:[\w-]+ ){0,3}$"
)
"""Between a number and the quantity it is of: "2x reduction in end-to-end"."""
_WINDOW = 70
"""How far from a number, in characters, its quantity may be named."""
_VAGUE = 18
"""How many characters farther a word of gain or loss counts, as it may speak of any quantity."""
_MODIFIER = 15
"""How far before a number its own modifier stands ("only 20%")."""
_OPENING = 45
"""In how many characters the subject of a sentence stands."""
_A_LEVEL = 30
"""An accuracy above so many % is reached, not gained or lost, unless the words beside it say so."""
_BY = re.compile(r"\bby\b")
"""Before a number: it is a change."""
_RIVAL = re.compile(r"\b(?:compared (?:to|with)|vs\.?|versus|against)(?: the| a)?(?: (?!at|with|on)[\w-]+)? $")
"""Before a number: it is what the paper's own number is compared with."""

_BEATS = re.compile(
    r"\b(?:outperform|surpass|exceed)\w*\b[^.;]{0,80}? by (?:(?:up to|about|over|roughly|approximately|around|at least"
    r"|an average of|as much as|more than|nearly) )?~? ?$"
)
"""Before a number: it is how much better the paper's results are, whatever stands near."""
_IN_WHAT = re.compile(r" (?:in |on )?(?:(?:terms of|fewer|less|lower|higher|inference|average) )?")
_WHAT_FOLLOWS = 40
"""Where, behind such a number, another quantity may still be named ("by 20% in FLOPs")."""


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """Words by which a number's quantity and direction are told."""

    quantities: Mapping[str, re.Pattern[str]]
    directions: Mapping[str, re.Pattern[str]]
    units: Mapping[str, tuple[str, tuple[str, ...]]]
    """Unit as written (lower case) to its name and the quantities it can measure."""
    foreign: re.Pattern[str]
    """Words of sentences that speak of others' results or of the state of the field."""
    own: re.Pattern[str]
    """Words of sentences that speak of the paper's own results."""
    first_person: re.Pattern[str]
    """Words by which the authors speak of themselves."""
    vague: re.Pattern[str]
    """Words of gain and loss, which name no quantity."""


@cache
def load_claim_words(path: Path = _FILE) -> ClaimWords:
    """The words in `claim_words.yaml`, read once a process."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))

    def words(patterns: list[str]) -> re.Pattern[str]:
        return re.compile(r"\b(?:" + "|".join(patterns) + ")", re.IGNORECASE)

    return ClaimWords(
        quantities={quantity: words(patterns) for quantity, patterns in raw["quantities"].items()},
        directions={direction: words(patterns) for direction, patterns in raw["directions"].items()},
        units={
            written: (name, tuple(entry["measures"]))
            for name, entry in raw["units"].items()
            for written in entry["written"]
        },
        foreign=words(raw["foreign"]),
        own=words(raw["own"]),
        first_person=words(raw["first_person"]),
        vague=words(raw["vague"]),
    )


@dataclass(frozen=True, slots=True)
class _Number:
    """One printed number with its unit, and the stretch that a quotation must contain."""

    value: float
    unit: str
    measures: tuple[str, ...]
    start: int
    end: int


def find_claims(abstract: str, text: str) -> list[AbstractClaim]:
    """Claims of an abstract, in order.

    ``text`` is the abstract's plain form of the same length; quotations are taken from ``abstract``.
    """
    words = load_claim_words()
    claims: list[AbstractClaim] = []
    spans = sentences(text)
    for place, (start, end) in enumerate(spans):
        if _speaks_of_others(text[start:end], words, early=place < len(spans) / 2):
            continue
        for number in _numbers(text, start, end, words):
            claim = _read(abstract, text, (start, end), number, words)
            if claim is not None:
                claims.append(claim)
    return _without_repeats(claims)


def _speaks_of_others(sentence: str, words: ClaimWords, early: bool) -> bool:
    foreign = words.foreign.search(sentence, 0, _OPENING)
    if foreign is not None and words.own.search(sentence, 0, foreign.start()) is None:
        return True
    if not early or words.first_person.search(sentence):
        return False
    return words.foreign.search(sentence) is not None or words.own.search(sentence) is None


def _numbers(text: str, start: int, end: int, words: ClaimWords) -> Iterator[_Number]:
    for match in _NUMBER_WITH_UNIT.finditer(text, start, end):
        unit, measures = words.units[_unit_key(match["unit2"])]
        if _RIVAL.search(text, max(start, match.start() - _WINDOW), match.start()):
            continue
        values = [match["second"] or match["first"]]
        if match["second"] and _is_range(text, match):
            values.insert(0, match["first"])
        for value in values:
            yield _Number(float(value.replace(",", "")), unit, measures, match.start(), match.end())


def _unit_key(written: str) -> str:
    key = written.strip(" -").lower().replace("-", " ")
    if "param" in key:
        return key.split()[0] + " parameters"
    return key


def _is_range(text: str, match: re.Match[str]) -> bool:
    """False for "from a to b", where only b is the result; "ranging from a to b" is a range."""
    before = text[max(0, match.start() - 12) : match.start()].lower()
    return not match["from"] or "rang" in before


def _read(
    abstract: str, text: str, sentence: tuple[int, int], number: _Number, words: ClaimWords
) -> AbstractClaim | None:
    beats = _beats(text, sentence, number, words)
    found = ("accuracy", beats, number.end) if beats is not None else _quantity(text, sentence, number, words)
    if found is None:
        return None
    quantity, start, end = found
    clause = text[max(sentence[0], number.start - _WINDOW) : min(sentence[1], number.end + _WINDOW)]
    near = text[max(sentence[0], min(start, number.start - _MODIFIER)) : end]
    return AbstractClaim(
        quantity=quantity,
        value=number.value,
        unit=number.unit,
        direction="gain" if beats is not None else _direction(quantity, number, near, clause, words),
        text=abstract[start:end],
        start=start,
        end=end,
        confidence=0.7,
    )


def _beats(text: str, sentence: tuple[int, int], number: _Number, words: ClaimWords) -> int | None:
    """Where "outperforms the baseline by" begins before a number without a quantity of its own behind it, else None."""
    beats = _BEATS.search(text, max(sentence[0], number.start - 2 * _WINDOW), number.start)
    if beats is None or "accuracy" not in number.measures:
        return None
    after = text[number.end : min(sentence[1], number.end + _WHAT_FOLLOWS)]
    behind = _IN_WHAT.match(after)
    named = behind is not None and any(
        words.quantities[quantity].match(after, behind.end()) for quantity in number.measures if quantity != "accuracy"
    )
    return None if named else beats.start()


def _quantity(text: str, sentence: tuple[int, int], number: _Number, words: ClaimWords) -> tuple[str, int, int] | None:
    """The quantity named nearest to the number, and the stretch from its name to the number."""
    low, high = max(sentence[0], number.start - _WINDOW), min(sentence[1], number.end + _WINDOW)
    best: tuple[float, str, int, int] | None = None
    for quantity in number.measures:
        for match in words.quantities[quantity].finditer(text, low, high):
            cost = _distance(text, match, number)
            if quantity == "accuracy" and words.vague.match(match[0]):
                cost += _VAGUE
            if best is None or cost < best[0]:
                best = (cost, quantity, min(match.start(), number.start), max(match.end(), number.end))
    if best is not None:
        return best[1:]
    if len(number.measures) == 1:
        return number.measures[0], number.start, number.end
    return None


def _distance(text: str, word: re.Match[str], number: _Number) -> float:
    """Characters between a word and a number, more where a clause ends between them or the word stands before."""
    if word.start() >= number.end:
        gap = text[number.end : word.start()]
        if _CHANGE_OF.match(gap):
            return len(gap) / 4
        return len(gap) + (40 if _BREAK.search(gap) else 0)
    if word.end() <= number.start:
        gap = text[word.end() : number.start]
        return len(gap) + 8 + (25 if _BREAK_BEFORE.search(gap) else 0)
    return 0


def _direction(quantity: str, number: _Number, near: str, clause: str, words: ClaimWords) -> str:
    """What happened to the quantity, by the words around the number, the nearest first."""
    says = words.directions
    if quantity == "speedup":
        if number.unit not in {"x", "%"}:
            return "level"
        return "removed" if number.unit == "%" and says["removed"].search(near) else "gain"
    if quantity in {"accuracy", "perplexity"}:
        is_level = quantity == "accuracy" and number.unit == "%" and number.value > _A_LEVEL and not _BY.search(near)
        for stretch in (near,) if is_level else (near, clause):
            if says["loss"].search(stretch):
                return "gain" if quantity == "perplexity" else "loss"
            if says["gain"].search(stretch):
                return "gain"
        return "level"
    if says["kept"].search(near):
        return "kept" if number.unit == "%" else "level"
    if quantity == "sparsity" or number.unit in {"x", "%"} or says["removed"].search(near):
        return "gain" if quantity == "training-cost" and number.unit == "x" else "removed"
    return "level"


def _without_repeats(claims: list[AbstractClaim]) -> list[AbstractClaim]:
    """Each value of a quantity once: an abstract often says its main figure twice."""
    first: dict[tuple[str, float, str], AbstractClaim] = {}
    for claim in claims:
        first.setdefault((claim.quantity, claim.value, claim.unit), claim)
    return list(first.values())
