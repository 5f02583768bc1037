"""Is growth still exponential? Three shapes of growth, compared by how well each predicts the year after what it saw.

Exponential, logistic (saturating) and piecewise exponential growth are fitted to the counts up to an origin and scored
on the months after it, from several origins: the log score of a predictive distribution (Gneiting and Raftery 2007),
here negative binomial (NB2). A shape with more parameters gains nothing from them unless it predicts better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis.growth import TooFewCountsError

SHAPES = ("exponential", "logistic", "piecewise")
HORIZON = 12
"""Months that are predicted from each origin."""
FEWEST_BEFORE = 48
"""Months that a fit sees at least."""
MOST_ORIGINS = 8
KNOT_MARGIN = 24
"""Months on both sides of a piecewise trend's knot."""
FARTHEST_MIDPOINT = 20.0
"""Years after the last count up to which a logistic curve may have its midpoint; later it is exponential."""

Array = np.ndarray[Any, np.dtype[np.float64]]
Trend = Callable[[Array, Array], tuple[Array, Array]]
"""From parameters and years: the logarithm of the expected papers a month, and its derivative by each parameter."""


def compare_growth_models(counts: pd.DataFrame) -> pd.DataFrame:
    """Scores the three shapes on the monthly counts of `analysis.growth.monthly_counts`, best first.

    Returns the columns shape, log_score (mean log probability of a month's count, higher is better), behind (how far
    below the best), behind_se (standard error of that over the origins, NaN for the best), origins. A difference of
    less than two standard errors decides nothing. Raises TooFewCountsError for fewer than 72 months, which give two
    origins.
    """
    origins = list(range(len(counts) - HORIZON, FEWEST_BEFORE - 1, -HORIZON))[:MOST_ORIGINS]
    if len(origins) < 2:
        least = FEWEST_BEFORE + 2 * HORIZON
        raise TooFewCountsError(f"comparing shapes of growth needs at least {least} months, here are {len(counts)}")
    years = np.arange(len(counts), dtype=float) / 12
    papers = counts["papers"].to_numpy(dtype=float)
    scores = {
        shape: np.array([_score(shape, years, papers, origin) for origin in origins]) / HORIZON for shape in SHAPES
    }
    best = max(SHAPES, key=lambda shape: scores[shape].mean())
    rows = []
    for shape in SHAPES:
        behind = scores[best] - scores[shape]
        error = behind.std(ddof=1) / np.sqrt(len(origins)) if shape != best else np.nan
        rows.append(
            {
                "shape": shape,
                "log_score": float(scores[shape].mean()),
                "behind": float(behind.mean()),
                "behind_se": float(error),
                "origins": len(origins),
            }
        )
    return pd.DataFrame(rows).sort_values("log_score", ascending=False, ignore_index=True)


def _score(shape: str, years: Array, papers: Array, origin: int) -> float:
    """Log probability of the months after the origin under the shape fitted to those before."""
    trend, params = _fitted(shape, years[:origin], papers[:origin])
    ahead = slice(origin, origin + HORIZON)
    return float(log_likelihood(trend(params[:-1], years[ahead])[0], params[-1], papers[ahead]))


def _fitted(shape: str, years: Array, papers: Array) -> tuple[Trend, Array]:
    slope, level = np.polyfit(years, np.log(papers + 0.5), 1)
    if shape == "exponential":
        return _exponential, _maximise(_exponential, [level, slope], [(None, None), (-5, 5)], years, papers)[0]
    if shape == "logistic":
        end = years[-1]
        bounds = [(None, None), (0.01, 5), (years[0], end + FARTHEST_MIDPOINT)]
        starts = [[np.log(papers[-12:].mean() * 2 + 1), max(slope, 0.1), middle] for middle in (end / 2, end, end + 10)]
        fits = [_maximise(_logistic, start, bounds, years, papers) for start in starts]
        return _logistic, max(fits, key=lambda fit: fit[1])[0]
    fits = []
    trends = [_piecewise(years[knot]) for knot in range(KNOT_MARGIN, len(years) - KNOT_MARGIN + 1, HORIZON)]
    for trend in trends:
        fits.append(_maximise(trend, [level, slope, 0.0], [(None, None), (-5, 5), (-5, 5)], years, papers))
    best = max(range(len(trends)), key=lambda number: fits[number][1])
    return trends[best], fits[best][0]


def _exponential(params: Array, years: Array) -> tuple[Array, Array]:
    columns = np.column_stack([np.ones_like(years), years])
    return columns @ params, columns


def _logistic(params: Array, years: Array) -> tuple[Array, Array]:
    """Ceiling (logarithm), rate, midpoint."""
    ceiling, rate, midpoint = params
    late = rate * (years - midpoint)
    room = 1 / (1 + np.exp(np.clip(late, -50, 50)))
    columns = np.column_stack([np.ones_like(years), room * (years - midpoint), -room * rate])
    return ceiling - np.logaddexp(0, -late), columns


def _piecewise(knot: float) -> Trend:
    """Level, rate, and the change of the rate at the knot."""

    def trend(params: Array, years: Array) -> tuple[Array, Array]:
        columns = np.column_stack([np.ones_like(years), years, np.maximum(0, years - knot)])
        return columns @ params, columns

    return trend


def _maximise(
    trend: Trend, start: list[float], bounds: list[tuple[float | None, float | None]], years: Array, papers: Array
) -> tuple[Array, float]:
    """The parameters of greatest likelihood, the last the logarithm of NB2's alpha, and their log likelihood."""
    from scipy.optimize import minimize
    from scipy.special import digamma

    def loss(params: Array) -> tuple[float, Array]:
        log_mean, columns = trend(params[:-1], years)
        mean, size = np.exp(np.clip(log_mean, -20, 20)), np.exp(-params[-1])
        by_mean = columns.T @ ((papers - mean) * size / (size + mean))
        by_size = digamma(papers + size) - digamma(size) + np.log(size / (size + mean))
        by_size += 1 - (size + papers) / (size + mean)
        gradient = np.append(by_mean, -size * by_size.sum())
        return -log_likelihood(log_mean, params[-1], papers), -gradient

    first = np.array([*start, np.log(0.1)])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=[*bounds, (-12, 3)])
    return np.asarray(found.x), -float(found.fun)


def log_likelihood(log_mean: Array, log_alpha: float, papers: Array) -> float:
    """Log probability of counts, added up, under NB2 with mean m and variance m + alpha m^2."""
    from scipy.special import gammaln

    # Means beyond e^20 papers a month only occur while the maximum is sought.
    mean, size = np.exp(np.clip(log_mean, -20, 20)), np.exp(-log_alpha)
    terms = gammaln(papers + size) - gammaln(size) - gammaln(papers + 1)
    terms += size * np.log(size / (size + mean)) + papers * np.log(mean / (size + mean))
    return float(terms.sum())
