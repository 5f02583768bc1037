"""The questions about growth in words: papers a day now, what the next year brings, and whether growth is exponential.

"Still exponential?" is asked of the local growth, window by window, and of what predicts the following year best
(`analysis.growth_models`); one global number would hide a slow-down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.growth import NORMAL_975, GrowthFit, TooFewCountsError, fit_growth, local_growth
from analysis.growth_models import compare_growth_models

DRAWS = 4000
WINDOW_YEARS = 4
CRITICAL = 2.34
"""Standard errors beyond which two windows differ: Student's t with the 34 degrees of freedom of a window (48 months
less 14 parameters) at 2.5 %, as the other half of the 5 % goes to the comparison of shapes."""


@dataclass(frozen=True, slots=True)
class GrowthAnswer:
    """What the counts say about the thesis that papers grow exponentially."""

    exponential: str
    """yes, no or undecided."""
    papers_per_day: float
    """As observed over the last year."""
    doubling_time: float
    """Years, in the newest window; infinite where it does not grow."""
    doubling_low: float
    doubling_high: float
    reasons: tuple[str, ...]

    def sentence(self) -> str:
        """The answer in a few sentences."""
        said = {
            "yes": "Growth is exponential as far as the counts can tell.",
            "no": "Growth is no longer exponential.",
            "undecided": "The counts do not decide whether growth is exponential.",
        }[self.exponential]
        pace = f"{self.papers_per_day:.2g} papers a day over the last year"
        if self.papers_per_day < 1 and self.papers_per_day > 0:
            pace += f", one in {1 / self.papers_per_day:.2g} days"
        return " ".join([f"{pace}.", said, *self.reasons])


def still_exponential(counts: pd.DataFrame, *, method: str = "nb2") -> GrowthAnswer:
    """Whether the counts of `analysis.growth` grow exponentially until now.

    *no*: the rates of the newest and oldest windows of four years differ beyond their error, or another shape of growth
    predicts the following years better by two standard errors. *yes*: neither holds, the newest window grows beyond
    its interval, and both questions could be asked. Else *undecided*.

    Raises TooFewCountsError where not even one trend can be fitted.
    """
    whole = fit_growth(counts, method=method)
    local = local_growth(counts, years=WINDOW_YEARS, method=method)
    newest = local.iloc[-1] if not local.empty else None
    reasons = []
    changed, reason = _change(local)
    reasons.append(reason)
    refuted, reason = _refuted(counts)
    reasons.append(reason)
    growing = newest is not None and newest["rate_low"] > 0
    if newest is not None:
        reasons.insert(0, _newest(newest))
    if changed or refuted:
        answer = "no"
    else:
        answer = "yes" if growing and changed is not None and refuted is not None else "undecided"
    low, high = whole.doubling_interval
    return GrowthAnswer(
        exponential=answer,
        papers_per_day=whole.papers_per_day,
        doubling_time=float(newest["doubling_time"]) if newest is not None else whole.doubling_time,
        doubling_low=float(newest["doubling_low"]) if newest is not None else low,
        doubling_high=float(newest["doubling_high"]) if newest is not None else high,
        reasons=tuple(reasons),
    )


def _newest(window: pd.Series) -> str:
    span = f"From {window['first']:%Y-%m} until {window['until']:%Y-%m}"
    if window["rate_low"] <= 0:
        return f"{span} no growth is compatible with the counts."
    return (
        f"{span} the number doubled every {window['doubling_time']:.2g} years "
        f"({window['doubling_low']:.2g} to {window['doubling_high']:.2g})."
    )


def _change(local: pd.DataFrame) -> tuple[bool | None, str]:
    """Whether the rates of the oldest and newest windows differ, None where two windows apart are lacking."""
    if len(local) <= WINDOW_YEARS:
        return None, "There are no two windows of four years apart to compare."
    first, last = local.iloc[0], local.iloc[-1]
    errors = [(row["rate_high"] - row["rate_low"]) / (2 * NORMAL_975) for row in (first, last)]
    distance = (last["rate"] - first["rate"]) / math.hypot(*errors)
    rates = f"from {100 * first['rate']:.0f} to {100 * last['rate']:.0f} % a year"
    if abs(distance) <= CRITICAL:
        return False, f"Between the oldest and newest four years the rate went {rates}, within its error."
    return True, f"Between the oldest and newest four years the rate went {rates}, beyond its error."


def _refuted(counts: pd.DataFrame) -> tuple[bool | None, str]:
    """Whether another shape predicts better than the exponential, None where the counts are too short to ask."""
    if counts["days"].min() > 31:
        return None, "Shapes of growth are compared on counts by month only."
    try:
        shapes = compare_growth_models(counts)
    except TooFewCountsError:
        return None, "The span is too short to compare shapes of growth."
    best = shapes.iloc[0]
    exponential = shapes.set_index("shape").loc["exponential"]
    if best["shape"] == "exponential":
        return False, "Of three shapes the exponential predicts the following year best."
    name = {"logistic": "saturating", "piecewise": "broken"}[best["shape"]]
    if exponential["behind"] <= 2 * exponential["behind_se"]:
        return False, f"A {name} trend predicts the following year no better than chance."
    return True, f"A {name} trend predicts the following year better."


def forecast(fit: GrowthFit, months: int = 12, *, seed: int = 0) -> pd.DataFrame:
    """Papers in the months after a monthly fit, if the trend goes on: columns start, expected, low, high.

    The band of 95 % holds the error of the trend and the scatter of single months; it knows nothing of a change of the
    trend. Raises ValueError for a yearly fit.
    """
    if fit.period != "month":
        raise ValueError("a forecast needs counts by month; fit those")
    rng = np.random.default_rng(seed)
    starts = pd.Series(pd.date_range(pd.Timestamp(fit.until), periods=months, freq="MS"))
    days = starts.dt.days_in_month.to_numpy(dtype=float)
    centre = fit.first.year + (fit.first.month - 1) / 12 + (fit.periods - 1) / 24
    ahead = (starts.dt.year + (starts.dt.month - 1) / 12 - centre).to_numpy(dtype=float)
    season = np.array(fit.season)
    effects = (season - np.log(np.mean(np.exp(season))))[starts.dt.month.to_numpy() - 1]
    expected = fit.trend(starts) * days * np.exp(effects)
    rate_error = (fit.rate_high - fit.rate_low) / (2 * NORMAL_975)
    drift = rng.normal(0, fit.level_deviation, (DRAWS, 1)) + rng.normal(0, rate_error, (DRAWS, 1)) * ahead
    low, high = np.quantile(_drawn(rng, expected * np.exp(drift), fit), [0.025, 0.975], axis=0)
    return pd.DataFrame({"start": starts, "expected": expected, "low": low, "high": high})


def _drawn(rng: np.random.Generator, means: np.ndarray[Any, np.dtype[np.float64]], fit: GrowthFit) -> Any:
    """Counts scattered about their means as the fit says."""
    if fit.method == "poisson" or (fit.alpha == 0 and fit.dispersion <= 1):
        return rng.poisson(means)
    # Gamma-mixed Poisson counts have the variance m + alpha m^2, or dispersion times m.
    shape = 1 / fit.alpha if fit.alpha else means / (fit.dispersion - 1)
    return rng.poisson(rng.gamma(shape, means / shape))
