"""Why two printed numbers of one key may differ without anyone being wrong: the innocent causes, tried one by one.

The causes are those that Blalock et al. 2020 (sections 4 and 5) found between papers on pruning. A cause *settles* a
difference when the arithmetic bears its signature (a factor of two, a complement to one hundred); else it is only
possible.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.printed import quantities

FACTOR_TWO = (1.8, 2.2)
"""Multiply-adds counted once or twice: published pairs lie at 1.89 (ResNet-50) and 2.06 (VGG-16) in Blalock et al."""
COMPLEMENT = 3.0
"""How far from 100 an accuracy and an error rate of different papers may add up, in points."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two numbers of one key, in one unit."""

    low: float
    high: float
    metric: str
    unit: str
    model: str
    protocol: str
    scope: str
    half_units: float
    """Sum of the half-units of rounding of both."""
    names: tuple[str, str]
    """The method's name as printed with each number."""
    dense_low: float | None = None
    dense_high: float | None = None
    """The dense model's number in the paper of ``low`` and of ``high``."""
    tolerance: float = 0.0
    """Smallest difference worth a question, in the unit."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An innocent explanation."""

    name: str
    sentence: str
    settles: bool


def _counted_twice(pair: Difference) -> Cause | None:
    if pair.metric not in quantities().multiply_adds or pair.low <= 0:
        return None
    if not FACTOR_TWO[0] <= pair.high / pair.low <= FACTOR_TWO[1]:
        return None
    return Cause("multiply-adds", "a multiply-add is counted once in one paper and twice in the other", True)


def _kept_or_removed(pair: Difference) -> Cause | None:
    if pair.metric not in quantities().shares or pair.unit not in ("%", "% of dense"):
        return None
    if abs(pair.low + pair.high - 100) > pair.half_units + 0.1:
        return None
    return Cause("kept-removed", "one number is the share kept, the other the share removed", True)


def _error_or_accuracy(pair: Difference) -> Cause | None:
    if pair.metric not in quantities().accuracies or pair.unit != "%":
        return None
    if abs(pair.low + pair.high - 100) > COMPLEMENT or pair.high - pair.low < 2 * COMPLEMENT:
        return None
    return Cause("error-accuracy", "one number is an error rate, the other an accuracy", True)


def _unit_of_share(pair: Difference) -> Cause | None:
    if pair.low <= 0 or abs(pair.high / pair.low / 100 - 1) > 0.1:
        return None
    return Cause("percent", "one number is a fraction, the other a percentage", True)


def _dense_differs(pair: Difference) -> Cause | None:
    if pair.dense_low is None or pair.dense_high is None or pair.unit != "%":
        return None
    gap = pair.dense_high - pair.dense_low
    if gap <= pair.half_units or abs(pair.high - pair.low - gap) > pair.tolerance:
        return None
    return Cause("dense-model", f"the papers' dense models differ by {gap:.3g} points as well", True)


def _names(pair: Difference) -> Cause | None:
    one, other = ("".join(filter(str.isalnum, name)).casefold() for name in pair.names)
    if one == other:
        return None
    return Cause("names", f"two methods behind the names “{pair.names[0]}” and “{pair.names[1]}”", False)


def _variant(pair: Difference) -> Cause | None:
    what = quantities().variants.get(pair.model)
    return Cause("variant", f"variants of {pair.model}: {what}", False) if what else None


def _protocol(pair: Difference) -> Cause | None:
    if pair.protocol or pair.metric not in quantities().accuracies | {"perplexity", "f1", "map"}:
        return None
    example = "sequence length" if pair.metric == "perplexity" else "crop, shots or epoch"
    return Cause("protocol", f"the way of evaluating is not stated ({example})", False)


def _scope(pair: Difference) -> Cause | None:
    if pair.scope != "unknown":
        return None
    return Cause("scope", "which layers the sparsity counts is not stated", False)


RULES = (
    _counted_twice,
    _kept_or_removed,
    _error_or_accuracy,
    _unit_of_share,
    _dense_differs,
    _names,
    _variant,
    _protocol,
    _scope,
)
TRIED = (
    "rounding",
    "multiply-adds counted once or twice",
    "share kept against share removed",
    "error against accuracy",
    "fraction against percentage",
    "other dense model",
    "two methods of one name",
    "variant of the network",
    "way of evaluating",
    "scope of the sparsity",
)
"""What is tried on every difference, rounding (by the caller) first."""


def likely_causes(pair: Difference) -> list[Cause]:
    """The innocent causes that may explain the difference, those that settle it first."""
    causes = [cause for rule in RULES if (cause := rule(pair)) is not None]
    return sorted(causes, key=lambda cause: not cause.settles)
