"""Numbers as they were printed: units made equal, half a unit of the last printed digit, intervals of sparsity.

A difference that rounding alone can make is no difference, so every comparison of the analyses asks this module first.
Units and tolerances stand in quantities.yaml.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pandas as pd
import yaml

NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+")
LEAST_HALF_UNIT = 1e-9


@dataclass(frozen=True, slots=True)
class Quantities:
    """The content of quantities.yaml."""

    units: Mapping[str, tuple[str, float]]
    tolerance: Mapping[str, float]
    multiply_adds: frozenset[str]
    shares: frozenset[str]
    accuracies: frozenset[str]
    higher_is_better: frozenset[str]
    lower_is_better: frozenset[str]
    costs: frozenset[str]
    savings: frozenset[str]
    same: Mapping[str, str]
    complements: Mapping[str, str]
    variants: Mapping[str, str]
    protocols: Mapping[str, re.Pattern[str]]
    number_words: Mapping[str, str]
    """Digits for the numbers that protocols print as words."""
    names: Mapping[str, str]
    other_splits: Mapping[str, tuple[int, ...]]
    """Examples of splits other than the usual one, by data set."""


@functools.cache
def quantities() -> Quantities:
    """How the analyses treat units and metrics."""
    raw = yaml.safe_load(resources.files("analysis").joinpath("quantities.yaml").read_text(encoding="utf-8"))
    return Quantities(
        units={name: (str(unit), float(factor)) for name, (unit, factor) in raw["units"].items()},
        tolerance=raw["tolerance"],
        multiply_adds=frozenset(raw["multiply_adds"]),
        shares=frozenset(raw["shares"]),
        accuracies=frozenset(raw["accuracies"]),
        higher_is_better=frozenset(raw["higher_is_better"]),
        lower_is_better=frozenset(raw["lower_is_better"]),
        costs=frozenset(raw["costs"]),
        savings=frozenset(raw["savings"]),
        same=raw["same"],
        complements=raw["complements"],
        variants=raw["variants"],
        protocols={name: re.compile(pattern, re.IGNORECASE) for name, pattern in raw["protocols"].items()},
        number_words=raw["number_words"],
        names=raw["names"],
        other_splits={name: tuple(sizes) for name, sizes in raw["other_splits"].items()},
    )


def metric_name(metric: str) -> str:
    """A metric as running text: ``top-1 accuracy``."""
    return quantities().names.get(metric, metric.replace("_", " "))


def common_unit(value: float, unit: str | None) -> tuple[float, str]:
    """The value in the unit that values of its kind are compared in: 0.7558 (fraction) is 75.58 %, 4.09 G is 4.09e9."""
    name, factor = quantities().units.get(unit or "", (unit or "", 1.0))
    return tidy(value * factor), name


def tidy(value: float) -> float:
    """The value to twelve digits: 0.7558 × 100 and 75.58 are one number, 72.16 − 65.22 is 6.94."""
    return float(f"{value:.12g}")


def half_unit(value: float, *printed: str | None) -> float:
    """Half a unit of the last digit of ``value`` as it stands in the first of the texts that contains it.

    Trailing zeros count: 72.0 gives 0.05. Where no text contains the value, its shortest decimal form decides, which
    is never finer than what was printed.
    """
    for text in printed:
        for match in NUMBER.finditer(text or ""):
            digits = match.group().replace(",", "")
            if math.isclose(float(digits), abs(value), rel_tol=1e-12, abs_tol=1e-12):
                return 0.5 * 10.0 ** -len(digits.partition(".")[2])
    mantissa, _, exponent = f"{value!r}".partition("e")
    decimals = len(mantissa.partition(".")[2].rstrip("0"))
    if decimals == 0 and not exponent and value != 0 and abs(value) >= 1e6:
        return 0.5 * 10.0 ** (len(mantissa.split(".")[0]) - len(mantissa.split(".")[0].rstrip("0")))
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals)


def with_digits(value: float, half: float) -> str:
    """The value with the decimals that half a unit of its last printed digit implies: what was 6.60 stays 6.60."""
    decimals = max(0, round(-math.log10(2 * half)))
    return f"{value:.{decimals}f}" if decimals <= 6 and abs(value) < 1e6 else f"{value:.6g}"


def share_interval(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Interval of rounding of a result's sparsity (fraction removed); None where no sparsity is stated."""
    fraction = row["sparsity"]
    if pd.isna(fraction):
        return None
    low, high = row.get("sparsity_low"), row.get("sparsity_high")
    if not pd.isna(low) and not pd.isna(high):
        return min(low, fraction), max(high, fraction)
    half = min(_share_half_unit(fraction, row.get("sparsity_printed")), 0.005)
    return fraction - half, fraction + half


def _share_half_unit(fraction: float, printed: str | None) -> float:
    for scale in (1.0, 100.0):
        for share in (fraction, 1 - fraction):
            rounded = round(share * scale, 9)
            if printed and any(math.isclose(float(m.replace(",", "")), rounded) for m in NUMBER.findall(printed)):
                return half_unit(rounded, printed) / scale
    return half_unit(round(fraction * 100, 9)) / 100


def ratio_interval(ratio: float) -> tuple[float, float]:
    """Interval of rounding of a compression ratio, taken from its shortest decimal form."""
    half = half_unit(ratio)
    return max(ratio - half, LEAST_HALF_UNIT), ratio + half


def tolerance(metric: str, unit: str) -> tuple[float, bool]:
    """The smallest difference worth a question, and whether it is a fraction of the value rather than points."""
    table = quantities().tolerance
    if unit in ("%", "points"):
        return table["points"], False
    return table.get(metric, table["other"]), True
