"""How papers state how much was removed: headers, running text and the numbers below a header.

Forms: removed (``90% sparsity``), kept (``10% of the weights remain``, ``density 0.1``), ratio (``10×``), pattern
(``2:4``). The stated quantity (weights, channels, ...) stays with the number, since shares of filters are no shares of weights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.results.numbers import Number, read_numbers
from db.records import Sparsity

_SHARE_WORDS = {
    "half": 0.5,
    "one half": 0.5,
    "a third": 1 / 3,
    "one third": 1 / 3,
    "two thirds": 2 / 3,
    "a quarter": 0.25,
    "one quarter": 0.25,
    "three quarters": 0.75,
    "one fifth": 0.2,
    "a fifth": 0.2,
    "one tenth": 0.1,
    "a tenth": 0.1,
}
_WORD = "|".join(sorted(_SHARE_WORDS, key=len, reverse=True))
_OF = (
    r"(?P<of>weights?|parameters?|params?|connections?|synapses|filters?|channels?|neurons?|heads?|layers?|blocks?|"
    r"experts?|activations?|tokens?|flops|macs|multiply-adds)"
)
_PLAIN_OF = _OF.replace("?P<of>", "?:")
_AMOUNT = rf"(?P<amount>\d+(?:\.\d+)?\s*%|0?\.\d+|{_WORD})"
_REMOVED = r"(?:removed|pruned(?:\s+away)?|zeroed|zero|dropped|cut|deleted|eliminated|discarded|masked|sparsified|gone)"
_KEPT = r"(?:kept|remain(?:ing|s)?|left|retained|preserved|surviving|survive|non-?zero|active)"

_STATEMENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), form)
    for pattern, form in (
        (
            rf"{_AMOUNT}\s*(?:of\s+)?(?:the\s+|its\s+|all\s+)?(?:\w+\s+)?{_OF}?\s*(?:are\s+|is\s+|were\s+|being\s+)?{_KEPT}\b",
            "kept",
        ),
        (rf"{_AMOUNT}\s*{_KEPT}\s+{_OF}", "kept"),
        (rf"{_KEPT}\s+{_OF}?\s*(?:of|=|:|ratio)?\s*{_AMOUNT}", "kept"),
        (rf"\bdensit(?:y|ies)\s*(?:of|=|:|is|level)?\s*{_AMOUNT}", "kept"),
        (rf"{_AMOUNT}\s*densit(?:y|ies)", "kept"),
        (
            rf"\b(?:with|at|,)\s+(?:only\s+)?{_AMOUNT}\s+of\s+(?:the|its)\s+(?:\w+\s+)?{_OF}\b(?!\s+(?:are\s+|is\s+)?{_REMOVED})",
            "kept",
        ),
        (
            rf"{_AMOUNT}\s*(?:of\s+)?(?:the\s+|its\s+|all\s+)?(?:\w+\s+)?{_OF}?\s*(?:are\s+|is\s+|were\s+|being\s+|have\s+been\s+)?{_REMOVED}\b",
            "removed",
        ),
        (
            rf"(?:removing|pruning|prunes?|removes?|dropping|zeroing)\s+(?:away\s+)?{_AMOUNT}\s*(?:of\s+)?(?:the\s+|its\s+|all\s+)?(?:\w+\s+)?{_OF}?",
            "removed",
        ),
        (rf"(?:removed|pruned|cut)\s+by\s+{_AMOUNT}", "removed"),
        (rf"\b(?:un)?(?:structured\s+)?sparsity\s*(?:ratio|level|rate|of|=|:|at|is|\s)*\s*{_AMOUNT}", "removed"),
        (rf"{_AMOUNT}\s*(?:\w+-?\w*\s+)?(?:sparsity|sparse\b|sparsification|pruning\b)", "removed"),
        (rf"\b(?:pruning|prune|sparsity)\s*(?:ratio|rate|level)s?\s*(?:of|=|:|is|at)?\s*{_AMOUNT}", "removed"),
        (rf"\b(?:pruned|prune|sparsified)\s+(?:to|at)\s+{_AMOUNT}", "removed"),
    )
)
_PATTERN = re.compile(r"(?<![\d:.])(\d{1,2})\s*:\s*(\d{1,3})(?![\d:])")
_RATIO = re.compile(
    r"(?:compress(?:ion|ed)|smaller|pruning|sparsity)\s*(?:ratio|rate|factor|by|of|=|:|a\s|\s)*\s*(\d+(?:\.\d+)?)\s*(?:×|x\b)"
    r"|(\d+(?:\.\d+)?)\s*(?:×|x\b)[-\s]*(?:compress(?:ion|ed)|smaller|fewer\s+(?:weights|parameters|params))",
    re.I,
)
_SHARE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*%")
_BARE_SHARE = re.compile(r"^[~≈]?\s*(\d+(?:\.\d+)?)\s*%$")

_QUANTITIES = {
    "weight": "weights",
    "param": "weights",
    "connection": "weights",
    "synaps": "weights",
    "filter": "filters",
    "channel": "channels",
    "neuron": "channels",
    "head": "channels",
    "layer": "layers",
    "block": "layers",
    "expert": "layers",
    "activation": "activations",
    "token": "activations",
    "flop": "multiply-adds",
    "mac": "multiply-adds",
    "multiply": "multiply-adds",
}


@dataclass(frozen=True, slots=True)
class Removal:
    """What is stated of how much was removed; all three may be absent."""

    sparsity: Sparsity | None = None
    compression: float | None = None
    pattern: str | None = None

    def __bool__(self) -> bool:
        return self.sparsity is not None or self.compression is not None or self.pattern is not None


@dataclass(frozen=True, slots=True)
class RemovalHeader:
    """A header above (or beside) numbers that state how much was removed."""

    form: str
    """removed, kept, ratio, pattern or any (a number's own form decides)."""
    of: str = "weights"
    percent: bool = False
    """True when the header prints the unit %."""
    explicit: bool = True
    """False for words such as ``Ratio`` that mean this only in a pruning table."""


_HEADERS: tuple[tuple[re.Pattern[str], str, bool], ...] = tuple(
    (re.compile(pattern, re.I), form, explicit)
    for pattern, form, explicit in (
        (
            rf"{_KEPT}\b|\bdensity\b|keep(?:ing)?[\s-]*(?:ratio|rate)|percent(?:age)? of (?:weights|parameters)$|preserv",
            "kept",
            True,
        ),
        (r"\bpatterns?\b|\bn\s*:\s*m\b", "any", True),
        (r"\bcompr(?:ession|\.)?\s*(?:ratio|rate|factor)?\b|^cr\b|\bsize reduction\b", "ratio", True),
        (r"\bsparsit(?:y|ies)\b|\bsp\.?$|\bsparse(?:ness)?\s*(?:ratio|level|rate)|^sparsity", "removed", True),
        (
            r"\bprun(?:ing|ed|e)\s*-?(?:ratio|rate|amount|level|percentage|fraction|%|\(%\))|^pr\b|^p\.?r\.?$|%\s*pruned|removal (?:ratio|rate)|drop(?:ping)? (?:ratio|rate)$",
            "removed",
            True,
        ),
        (rf"{_PLAIN_OF}\s*{_REMOVED}|{_REMOVED}\s*{_PLAIN_OF}|(?:fraction|share|%)\s*{_REMOVED}", "removed", True),
        (r"^ratios?$|^rate$|^prune$|^level$", "removed", False),
    )
)


def quantity_of(text: str) -> str:
    """Which quantity a text speaks of, weights by default."""
    lowered = text.lower()
    for stem, name in _QUANTITIES.items():
        if stem in lowered:
            return name
    return "weights"


def read_header(text: str) -> RemovalHeader | None:
    """The meaning of a header whose numbers state how much was removed; None for other headers."""
    cleaned = re.sub(r"[↓↑]", "", text).strip(" .:")
    if not cleaned or re.search(
        r"accura|error|\bacc\b|top-?\s?[15]|flops|macs|speed|latency|perplex|memory", cleaned, re.I
    ):
        return None
    percent = "%" in cleaned or "percent" in cleaned.lower()
    for pattern, form, explicit in _HEADERS:
        if pattern.search(cleaned):
            return RemovalHeader(form, quantity_of(cleaned), percent, explicit)
    return None


def from_number(header: RemovalHeader, number: Number) -> Removal:
    """What a number below a removal header states. Raises nothing: a number that fits no form gives nothing."""
    if header.form == "ratio" or number.unit == "x":
        if header.form == "ratio" and number.unit == "%":
            return _share(number.value / 100, "removed", header.of, number, 100)
        return Removal(compression=number.value) if number.value >= 1 else Removal()
    if number.unit == "%" or (header.percent and not 0 < number.value < 0) or number.value > 1:
        return _share(number.value / 100, header.form, header.of, number, 100)
    return _share(number.value, header.form, header.of, number, 1)


def _share(share: float, form: str, of: str, number: Number, scale: int) -> Removal:
    if not 0 <= share <= 1:
        return Removal()
    kept = form == "kept"
    fraction = 1 - share if kept else share
    half = 0.5 * 10.0**-number.decimals / scale
    printed = number.printed + ("%" if number.unit == "%" else "")
    return Removal(
        Sparsity(
            fraction=round(fraction, 10),
            printed=printed,
            of=of,
            form="kept" if kept else "removed",
            low=max(0.0, round(fraction - half, 10)),
            high=min(1.0, round(fraction + half, 10)),
        )
    )


def in_cell(header: RemovalHeader, text: str) -> Removal:
    """What a cell below a removal header states; nothing when it holds neither number, share nor pattern."""
    pattern = read_pattern(text)
    if pattern is not None:
        return pattern
    numeric = read_numbers(text)
    if numeric is not None:
        return from_number(header, numeric.present[0])
    found = read_removals(text)
    if found:
        return found[0]
    if match := _SHARE.search(text):
        number = Number(float(match.group(1)), match.group(1), "%", decimals=len(match.group(1).partition(".")[2]))
        return from_number(header, number)
    return Removal()


def read_pattern(text: str) -> Removal | None:
    """An N:M pattern in a text: N of M consecutive weights stay."""
    for match in _PATTERN.finditer(text):
        kept, group = int(match.group(1)), int(match.group(2))
        if 0 < kept < group and group in (2, 4, 5, 8, 10, 16, 32, 64, 128, 256):
            fraction = 1 - kept / group
            printed = f"{kept}:{group}"
            return Removal(Sparsity(fraction, printed, form="pattern", low=fraction, high=fraction), None, printed)
    return None


def read_removals(text: str) -> list[Removal]:
    """Everything that running text states of how much was removed, in order and without repeats."""
    found: list[tuple[int, Removal]] = []
    taken: list[tuple[int, int]] = []
    for pattern, form in _STATEMENTS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            removal = _statement(match, form)
            if removal:
                taken.append(match.span())
                found.append((match.start(), removal))
    for match in _PATTERN.finditer(text):
        if removal := read_pattern(match.group()):
            found.append((match.start(), removal))
    for match in _RATIO.finditer(text):
        found.append((match.start(), Removal(compression=float(match.group(1) or match.group(2)))))
    return list(dict.fromkeys(removal for _, removal in sorted(found, key=lambda pair: pair[0])))


def _statement(match: re.Match[str], form: str) -> Removal:
    groups = match.groupdict()
    amount = next((value for name, value in groups.items() if name.startswith("amount") and value), None)
    if amount is None:
        amount = next((value for value in match.groups() if value and (value[-1:] == "%" or value[:1].isdigit())), None)
    if amount is None:
        return Removal()
    amount = amount.strip()
    of = quantity_of(groups.get("of") or match.group())
    word = _SHARE_WORDS.get(amount.lower())
    if word is not None:
        return _share(word, form, of, Number(word, amount, decimals=4), 1)
    percent = amount.endswith("%")
    digits = amount.rstrip("% ")
    number = Number(float(digits), digits, "%" if percent else "", decimals=len(digits.partition(".")[2]))
    if percent:
        return _share(number.value / 100, form, of, number, 100)
    return _share(number.value, form, of, number, 1) if number.value < 1 else Removal()


def read_bare(text: str) -> Number | None:
    """The number of a header that is nothing but a percentage (``90%``)."""
    match = _BARE_SHARE.match(text.strip())
    return (
        Number(float(match.group(1)), match.group(1), "%", decimals=len(match.group(1).partition(".")[2]))
        if match
        else None
    )
