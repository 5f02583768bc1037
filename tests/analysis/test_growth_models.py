"""Which shape of growth predicts best, on counts whose shape is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

from analysis.growth import TooFewCountsError
from analysis.growth_models import compare_growth_models, log_likelihood


def counts_of(expected: np.ndarray, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = pd.date_range("2012-01-01", periods=len(expected), freq="MS")
    papers = rng.poisson(rng.gamma(20, expected / 20))
    return pd.DataFrame({"start": start, "days": start.days_in_month, "papers": papers})


YEARS = np.arange(108) / 12


def test_saturated_growth_is_predicted_by_the_logistic_curve() -> None:
    scores = compare_growth_models(counts_of(120 / (1 + np.exp(-1.2 * (YEARS - 4))), seed=1)).set_index("shape")
    assert scores.loc["exponential", "behind"] > 2 * scores.loc["exponential", "behind_se"] > 0
    assert scores.loc["logistic", "log_score"] > scores.loc["exponential", "log_score"]


def test_a_broken_trend_is_predicted_by_the_piecewise_one() -> None:
    expected = 5 * np.exp(0.7 * np.minimum(YEARS, 5) + 0.05 * np.maximum(0, YEARS - 5))
    scores = compare_growth_models(counts_of(expected, seed=2)).set_index("shape")
    assert scores.loc["piecewise", "log_score"] > scores.loc["exponential", "log_score"] + 0.2


def test_exponential_growth_is_not_called_anything_else() -> None:
    scores = compare_growth_models(counts_of(4 * np.exp(0.3 * YEARS), seed=3)).set_index("shape")
    assert scores.loc["exponential", "behind"] < 0.05
    assert set(scores["origins"]) == {5}


def test_short_series_are_refused() -> None:
    with pytest.raises(TooFewCountsError, match="72 months, here are 71"):
        compare_growth_models(counts_of(np.full(71, 5.0), seed=1))


def test_likelihood_is_that_of_the_negative_binomial() -> None:
    papers, mean, alpha = np.array([0.0, 3.0, 11.0]), np.array([2.0, 4.0, 6.0]), 0.3
    right = nbinom.logpmf(papers, 1 / alpha, 1 / (1 + alpha * mean)).sum()
    assert log_likelihood(np.log(mean), np.log(alpha), papers) == pytest.approx(right)
