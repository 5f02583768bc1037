"""The intervals and tests behind verdicts: t intervals at calibrated levels, Wilson, Holm, and a crossed bootstrap.

Everything is a pure function of numbers. The levels for repeated looks stand in ``boundaries.json``, made by
``python -m validate.calibrate``; see docs/verdicts.md for how they were found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

BOUNDARIES = Path(__file__).with_name("boundaries.json")
LEVELS = (0.025, 0.05)
"""One-sided: for non-inferiority, ordering and refutation; for each side of an equivalence."""
_BOOTSTRAP_DRAWS = 2000
_BOOTSTRAP_SEED = 20
_CHUNK = 250


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval."""

    value: float
    low: float
    high: float


@cache
def _levels() -> dict[str, dict[str, float]]:
    levels: dict[str, dict[str, float]] = json.loads(BOUNDARIES.read_text(encoding="utf-8"))["levels"]
    return levels


def looks_name(looks: Sequence[int]) -> str:
    """How a schedule of looks is named in the boundaries, such as ``5,10,20``."""
    return ",".join(str(look) for look in looks)


def tail_at_each_look(level: float, looks: Sequence[int]) -> float:
    """One-sided level to use at each look, so that all looks together err with probability ``level`` at most.

    Raises KeyError for looks that were not calibrated.
    """
    if len(looks) == 1:
        return level
    try:
        return _levels()[looks_name(looks)][f"{level:g}"]
    except KeyError:
        raise KeyError(f"looks {looks_name(looks)} at level {level:g} are not calibrated") from None


def _deviation(values: NDArray[np.float64], resolution: float) -> float:
    """Standard error of the mean; values known only to ``resolution`` have at least the deviation of its rounding."""
    deviation = float(np.std(values, ddof=1))
    return max(deviation, resolution / np.sqrt(12)) / float(np.sqrt(len(values)))


def mean_interval(values: Sequence[float], tail: float, resolution: float = 0.0) -> Estimate:
    """Mean with the t interval that leaves ``tail`` on each side.

    ``resolution`` is the step between possible values, such as one test example. Raises ValueError under two values.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        raise ValueError("an interval needs at least two values")
    mean = float(array.mean())
    reach = float(stats.t.isf(tail, len(array) - 1)) * _deviation(array, resolution)
    return Estimate(mean, mean - reach, mean + reach)


def p_below(values: Sequence[float], bound: float, resolution: float = 0.0) -> float:
    """One-sided p value against "the mean is not below ``bound``": small when the mean lies below it."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        raise ValueError("a test needs at least two values")
    distance, error = float(array.mean()) - bound, _deviation(array, resolution)
    if error == 0:
        return 0.0 if distance < 0 else 1.0
    return float(stats.t.cdf(distance / error, len(array) - 1))


def p_above(values: Sequence[float], bound: float, resolution: float = 0.0) -> float:
    """One-sided p value against "the mean is not above ``bound``": small when the mean lies above it."""
    return p_below([-value for value in values], -bound, resolution)


def probability_of_improvement(differences: Sequence[float]) -> Estimate:
    """P(A > B) over seeds, ties counting half, with Wilson's 95 % interval.

    The criterion of Bouthillier et al. 2021 (arXiv 2103.03098), whose percentile bootstrap has no width when all seeds
    agree. It is not widened for looks: the paired difference, which is, has to hold as well.
    """
    array = np.asarray(differences, dtype=np.float64)
    count = len(array)
    if count == 0:
        raise ValueError("no differences")
    share = float((array > 0).mean() + 0.5 * (array == 0).mean())
    z2 = float(stats.norm.isf(0.025)) ** 2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = np.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return Estimate(share, float(centre - reach), float(centre + reach))


def _drawn_shares(rng: np.random.Generator, draws: int, count: int) -> NDArray[np.float64]:
    """How often each of ``count`` things is drawn in a sample of ``count`` with replacement: shares [draws, count]."""
    drawn = rng.integers(count, size=(draws, count)) + count * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * count).reshape(draws, count) / count


def crossed_bootstrap(differences: NDArray[np.float64], tail: float) -> Estimate:
    """Mean of differences[seeds, examples] with a bootstrap interval over other seeds *and* other examples.

    Seeds and examples are drawn independently (the pigeonhole bootstrap, Owen 2007, doi 10.1214/07-AOAS122, which errs
    on the wide side); ``tail`` is left out on each side. The draws are fixed, so that the result is a function of the
    data.
    """
    seeds, examples = differences.shape
    if not seeds or not examples:
        raise ValueError("no seeds or no examples")
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    means = np.concatenate(
        [
            np.einsum("bi,bi->b", _drawn_shares(rng, _CHUNK, seeds) @ differences, _drawn_shares(rng, _CHUNK, examples))
            for _ in range(_BOOTSTRAP_DRAWS // _CHUNK)
        ]
    )
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(differences.mean()), float(low), float(high))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which hypotheses are rejected at a family-wise ``level`` (Holm 1979)."""
    rejected = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] > level / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected


def prediction_interval(value: float, spread: float, original_seeds: int, seeds: int) -> Estimate:
    """Where the mean of ``seeds`` new runs falls with 95 % if they are like the original's (Patil, Peng, Leek 2016).

    ``spread`` is the standard deviation over the original's seeds. Raises ValueError under two original seeds.
    """
    if original_seeds < 2 or seeds < 1:
        raise ValueError("a prediction needs two original seeds and one new one")
    reach = float(stats.t.isf(0.025, original_seeds - 1)) * spread * float(np.sqrt(1 / original_seeds + 1 / seeds))
    return Estimate(value, value - reach, value + reach)
