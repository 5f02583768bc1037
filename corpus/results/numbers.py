"""The grammar of a numeric cell: which numbers a cell prints, with unit, spread, sign, arrow and bound.

Covers ``76.1 ± 0.2``, ``76.15/75.40``, ``76.15 → 75.40``, ``↓0.45``, ``93.5%``, ``2.3×``, ``1.2G``, ``108.61M(65.3%)``,
``3.2×10^18``, ``1,070 KB``, ``>100`` and dashes for what a paper does not give.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MISSING = frozenset(
    {
        "",
        "-",
        "–",
        "—",
        "−",
        "--",
        "---",
        "n/a",
        "na",
        "n.a.",
        "n.a",
        "nan",
        "/",
        "✗",
        "×",
        "*",
        "∗",
        "✓",
        "oom",
        "?",
        "tbd",
    }
)

_NUMBER = re.compile(
    r"""
    (?P<bound>[<>≤≥~≈≲≳])?\s*
    (?P<arrow>[↓↑▼▲⬇⬆])?\s*
    (?P<sign>[-+−–﹣])?\s*
    (?P<arrow2>[↓↑▼▲])?\s*
    (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d*)?|\.\d+)
    (?:\s*(?:[×x·*∗]\s*10\s*\^\s*\{?|[eE])(?P<power>[-+−]?\d+)\}?|\^(?P<caret>\d+(?:\.\d+)?))?
    \s*(?P<unit>%|×|[xX](?![a-zA-Z])|times\b|pp\b|pts?\b|points?\b
        |[kKmMGTPB](?![a-zA-Z])|[KMGT]?i?[bB]ytes?\b|[KMGT]i?B(?![a-zA-Z])|bytes?\b
        |[KMGT]?(?:FLOPs?|MACs?)(?![a-zA-Z])|[KMBG]\s+(?:params|FLOPs|MACs)
        |[mµμun]?s(?:ec)?(?![a-zA-Z])|min(?![a-zA-Z])|h(?:rs?|ours?)?(?![a-zA-Z])
        |[mµμk]?J(?![a-zA-Z])|[mk]?W(?![a-zA-Z])|dB(?![a-zA-Z])
        |tok(?:en)?s?/s(?:ec)?|fps\b|FPS\b|(?:img|images?|samples?)s?/s)?
    \s*(?P<after>[↓↑▼▲])?
    """,
    re.VERBOSE,
)
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-|∓)\s*(\d*\.?\d+)\s*%?")
_SPREAD_BRACKET = re.compile(r"\s*[\[(]\s*±\s*(\d*\.?\d+)\s*%?\s*[\])]")
_MARKS = re.compile(r"[†‡§¶∗*⋆★♯♮♢♠♣♡✩✝]|(?<=\d)\^\{?[a-z]\}?(?![a-z])|^\^\{?[a-z\d]\}?")
_SEPARATOR = re.compile(r"\s*(→|->|=>|/|,|;|\||\(|\)|\[|\]|–|—|\bto\b|\bvs\.?)\s*|\s+")
_ABSENT = re.compile(r"(?:n/?a\.?|-{1,3}|–|—|−)(?![\d.])", re.I)


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a cell as printed."""

    value: float
    """With its sign and power of ten, in the unit as printed."""
    printed: str
    """Digits, sign and arrow as printed, without unit and spread."""
    unit: str = ""
    """As printed (``%``, ``×`` as ``x``, ``M``, ``ms``); empty without one."""
    spread: float | None = None
    bound: str = ""
    arrow: str = ""
    """↓ or ↑ beside the number."""
    signed: bool = False
    """True when a sign is printed."""
    bracketed: bool = False
    """True when it stands in brackets after another number."""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class NumericCell:
    """A cell that holds numbers and nothing else of meaning."""

    numbers: tuple[Number | None, ...]
    """In order; None for one that the paper does not give (``N/A → 1.92%``)."""
    separators: tuple[str, ...] = ()
    """What stands between them: ``/``, ``→``, ``,``, ``(`` or a space."""

    @property
    def present(self) -> list[Number]:
        """The numbers that are given."""
        return [number for number in self.numbers if number is not None]


def is_missing(text: str) -> bool:
    """True for an empty cell, a dash, a check mark and the like."""
    return text.strip().strip("()").lower() in MISSING


def read_numbers(text: str) -> NumericCell | None:
    """The numbers of a cell; None when the cell holds other words or no number at all."""
    text = _MARKS.sub("", text).strip()
    if not text or text[0] in "[{" or not any(character.isdigit() for character in text):
        return None
    numbers: list[Number | None] = []
    separators: list[str] = []
    position, depth, separator = 0, 0, ""
    while position < len(text):
        match = _NUMBER.match(text, position) if not _is_range(text, position, separator) else None
        absent = _ABSENT.match(text, position)
        if match:
            position, number = _finish(text, match, bracketed=depth > 0)
            if not math.isfinite(number.value):
                return None
            numbers.append(number)
        elif absent:
            position = absent.end()
            numbers.append(None)
        else:
            return None
        if len(numbers) > 1:
            separators.append(separator)
        position, depth, separator, done = _separators(text, position, depth)
        if done:
            break
        if not separator:
            return None
    if not any(number is not None for number in numbers) or len(numbers) > 6:
        return None
    return NumericCell(tuple(numbers), tuple(separators))


def _is_range(text: str, position: int, separator: str) -> bool:
    return separator in ("–", "—") and position >= len(text)


def _separators(text: str, position: int, depth: int) -> tuple[int, int, str, bool]:
    """Position after separators, depth of brackets, the separator that counts, and whether the text is over."""
    found = ""
    while position < len(text):
        match = _SEPARATOR.match(text, position)
        if match is None or match.end() == position:
            return position, depth, found, False
        sign = match.group(1) or " "
        if sign == "–" and re.match(r"\d", text[match.end() :]) and found:
            return position, depth, found, False
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        if sign not in ")] " or not found:
            found = {"->": "→", "=>": "→", "to": "→", "[": "("}.get(sign, sign) if sign not in ")]" else found or " "
        position = match.end()
    return position, depth, found, True


def _finish(text: str, match: re.Match[str], *, bracketed: bool) -> tuple[int, Number]:
    end = match.end()
    spread = None
    for pattern in (_PLUS_MINUS, _SPREAD_BRACKET):
        found = pattern.match(text, end)
        if found:
            spread, end = float(found.group(1)), found.end()
            break
    digits = match.group("digits").replace(",", "")
    value = float(digits)
    if match.group("power"):
        value *= _power(10.0, int(match.group("power").replace("−", "-")))
        value = float(f"{value:.12g}")
    elif match.group("caret"):
        value = float(f"{_power(value, float(match.group('caret'))):.12g}")
    sign = match.group("sign") or ""
    if sign and sign != "+":
        value = -value
    arrow = match.group("arrow") or match.group("arrow2") or match.group("after") or ""
    unit = match.group("unit") or ""
    if not unit and spread is not None and end < len(text) and text[end] == "%":
        unit, end = "%", end + 1
    if text[match.end() : end].endswith("%"):
        unit = "%"
    return end, Number(
        value=value,
        printed=_as_printed(match, sign, arrow),
        unit=_unit(unit),
        spread=spread,
        bound=match.group("bound") or "",
        arrow={"▼": "↓", "▲": "↑", "⬇": "↓", "⬆": "↑"}.get(arrow, arrow),
        signed=bool(sign),
        bracketed=bracketed,
        decimals=len(digits.partition(".")[2]),
    )


def _power(base: float, exponent: float) -> float:
    """Infinity where the power is larger than any printed result."""
    try:
        return base**exponent
    except OverflowError:
        return math.inf


def _as_printed(match: re.Match[str], sign: str, arrow: str) -> str:
    power = match.group("power")
    tail = f"e{power}" if power else f"^{match.group('caret')}" if match.group("caret") else ""
    return f"{arrow}{sign.replace('−', '-').replace('–', '-')}{match.group('digits')}{tail}"


def _unit(unit: str) -> str:
    unit = unit.strip()
    if unit in ("×", "X", "times"):
        return "x"
    if unit.startswith("bytes") or unit == "byte":
        return "bytes"
    return unit
