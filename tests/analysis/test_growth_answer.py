"""Corrected counts, forecasts, and the answer to whether growth is still exponential."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from analysis.growth import GrowthFit, fit_growth, yearly_counts
from analysis.growth_answer import forecast, still_exponential
from analysis.growth_audit import AuditError, audit_by_year, correct_counts


def counts_of(expected: np.ndarray, seed: int, alpha: float = 0.05) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = pd.date_range("2012-01-01", periods=len(expected), freq="MS")
    papers = rng.poisson(rng.gamma(1 / alpha, expected * alpha))
    return pd.DataFrame({"start": start, "days": start.days_in_month, "papers": papers})


def exponential(months: int = 120, rate: float = 0.3, level: float = 6.0) -> np.ndarray:
    return level * np.exp(rate * np.arange(months) / 12)


def audit_of(recalls: list[float], sample: int = 2000, precision: float = 0.9) -> pd.DataFrame:
    rows = [(2012 + i, sample, precision * sample, sample, recall * sample) for i, recall in enumerate(recalls)]
    return pd.DataFrame(rows, columns=["year", "called", "called_right", "relevant", "relevant_found"])


def test_a_classifier_that_misses_ever_more_hides_growth_until_it_is_corrected() -> None:
    recalls = list(np.linspace(0.95, 0.5, 10))
    seen = exponential() * np.repeat(recalls, 12) / 0.9
    counts = counts_of(seen, seed=1)
    naive, corrected = fit_growth(counts), fit_growth(correct_counts(counts, audit_of(recalls)))
    assert naive.rate_high < 0.3
    assert corrected.rate_low < 0.3 < corrected.rate_high
    assert corrected.corrected
    assert corrected.papers_per_day > 1.4 * naive.papers_per_day


def test_a_small_audit_widens_the_interval() -> None:
    recalls = [0.8] * 10
    counts = counts_of(exponential(), seed=2)
    wide, narrow = (fit_growth(correct_counts(counts, audit_of(recalls, sample=n))) for n in (20, 5000))
    assert wide.rate_high - wide.rate_low > 1.2 * (narrow.rate_high - narrow.rate_low)


def test_an_audit_gives_precision_recall_and_what_is_found() -> None:
    row = audit_by_year(audit_of([0.8], sample=999)).iloc[0]
    assert row["precision"] == pytest.approx(0.9, abs=0.002)
    assert row["found"] == pytest.approx(0.8 / 0.9, abs=0.004)
    assert 0 < row["found_error"] < 0.03


def test_impossible_audits_are_refused() -> None:
    with pytest.raises(AuditError, match="relevant_found is absent"):
        audit_by_year(audit_of([0.8]).drop(columns="relevant_found"))
    with pytest.raises(AuditError, match="2012: called_right is 30 of 20"):
        audit_by_year(audit_of([0.8]).assign(called=20, called_right=30))
    with pytest.raises(AuditError, match="no sample of 2013"):
        correct_counts(counts_of(exponential(24), seed=1), audit_of([0.8]))


def test_a_forecast_covers_the_months_to_come() -> None:
    inside = total = 0
    for seed in range(30):
        counts = counts_of(exponential(132), seed)
        band = forecast(fit_growth(counts.iloc[:120].reset_index(drop=True)))
        ahead = counts.iloc[120:].reset_index(drop=True)
        assert list(band["start"]) == list(ahead["start"])
        inside += int(((band["low"] <= ahead["papers"]) & (ahead["papers"] <= band["high"])).sum())
        total += len(ahead)
    # Months of one series share the error of its trend, so single coverages scatter more than coins.
    assert 0.90 <= inside / total <= 0.99


def test_a_forecast_follows_the_seasons() -> None:
    months = np.arange(120)
    counts = counts_of(exponential() * np.where(months % 12 == 4, 2.0, 1.0), seed=3)
    band = forecast(fit_growth(counts))
    assert band["start"].iloc[int(band["expected"].argmax())].month == 5


def test_a_yearly_fit_has_no_forecast() -> None:
    years = pd.DataFrame(
        {"start": pd.date_range("2014", periods=5, freq="YS"), "days": 365, "papers": [4, 6, 14, 19, 22]}
    )
    with pytest.raises(ValueError, match="by month"):
        forecast(fit_growth(years))


def test_exponential_growth_is_called_so() -> None:
    answer = still_exponential(counts_of(exponential(132), seed=8))
    assert answer.exponential == "yes"
    assert answer.doubling_low < np.log(2) / 0.3 < answer.doubling_high
    assert "doubled every" in answer.sentence()


def test_growth_that_ended_is_not_called_exponential() -> None:
    ended = np.concatenate([exponential(72, 0.6), np.full(60, exponential(72, 0.6)[-1])])
    answer = still_exponential(counts_of(ended, seed=5))
    assert answer.exponential == "no"
    assert "beyond its error" in answer.sentence()


def test_a_short_span_is_undecided() -> None:
    answer = still_exponential(counts_of(exponential(60), seed=6))
    assert answer.exponential == "undecided"
    assert "no two windows" in answer.sentence()


def test_one_paper_in_two_days_is_said_in_words() -> None:
    sentence = still_exponential(counts_of(np.full(60, 15.0), seed=7)).sentence()
    assert "papers a day over the last year, one in 2" in sentence


@pytest.mark.slow
def test_the_doubling_time_is_covered_at_its_nominal_rate() -> None:
    """2,000 literatures of seven years: the 95 % interval covers the truth, within the binomial band."""
    runs, rate = 2000, 0.3
    inside = sum(_covers(counts_of(exponential(84, rate, 8.0), seed, alpha=0.1), rate) for seed in range(runs))
    low, high = binom.ppf([0.005, 0.995], runs, 0.95)
    # The wider of two intervals is taken, so it may cover a little more often than it says.
    assert low <= inside <= max(high, 0.975 * runs)


def _covers(counts: pd.DataFrame, rate: float) -> bool:
    fit: GrowthFit = fit_growth(counts)
    return fit.rate_low <= rate <= fit.rate_high


@pytest.mark.slow
def test_exponential_growth_is_rarely_denied() -> None:
    """Of 60 exponential literatures no more are denied than at a rate of 5 %, within the binomial band."""
    denied = sum(still_exponential(counts_of(exponential(132), seed)).exponential == "no" for seed in range(60))
    assert denied <= binom.ppf(0.995, 60, 0.05)


def test_blalock_2020_grows_by_year_as_published() -> None:
    papers = pd.DataFrame(
        {
            "submitted": [
                pd.Timestamp(year, 6, 1)
                for year, n in zip(range(2014, 2019), [4, 6, 14, 19, 22], strict=True)
                for _ in range(n)
            ]
        }
    )
    answer = still_exponential(yearly_counts(papers, date(2019, 1, 1)))
    assert answer.exponential == "undecided"
    assert answer.papers_per_day == pytest.approx(22 / 365)
