"""Intervals and tests agree with scipy and statsmodels, and the calibrated levels hold what they promise."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from validate.calibrate import collapses, read_seed_results, smallest_p_values
from validate.plan import LOOKS
from validate.statistics import (
    crossed_bootstrap,
    holm,
    mean_interval,
    p_above,
    p_below,
    prediction_interval,
    probability_of_improvement,
    tail_at_each_look,
)

QUICK = settings(deadline=None, max_examples=50)

samples = st.lists(st.floats(-50, 50), min_size=3, max_size=20).filter(lambda values: np.std(values) > 1e-3)


@QUICK
@given(samples)
def test_the_interval_of_a_mean_is_the_t_interval(values):
    found = mean_interval(values, 0.025)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


@QUICK
@given(samples, st.floats(-50, 50))
def test_p_values_are_those_of_the_t_test_and_the_two_sides_add_up_to_one(values, bound):
    assert p_below(values, bound) == pytest.approx(stats.ttest_1samp(values, bound, alternative="less").pvalue)
    assert p_below(values, bound) + p_above(values, bound) == pytest.approx(1)


@QUICK
@given(samples, st.floats(-60, 60), st.sampled_from([0.001, 0.025, 0.05]))
def test_an_interval_excludes_a_bound_exactly_when_the_test_rejects_it(values, bound, tail):
    interval, p = mean_interval(values, tail), p_below(values, bound)
    if abs(p - tail) > 1e-9:
        assert (interval.high < bound) == (p < tail)


def test_values_that_are_all_the_same_are_known_to_their_resolution_only():
    point = mean_interval([97.0] * 5, 0.025)
    assert point.low == point.high == 97
    coarse = mean_interval([97.0] * 5, 0.025, resolution=0.125)
    assert coarse.low < 97 < coarse.high
    assert p_below([0.0] * 5, 0.0) == 1.0
    assert p_below([-1.0] * 5, 0.0) == 0.0


def test_one_value_has_no_interval():
    with pytest.raises(ValueError, match="two values"):
        mean_interval([1.0], 0.025)
    with pytest.raises(ValueError, match="two values"):
        p_below([1.0], 0.0)


@QUICK
@given(wins=st.integers(0, 20), losses=st.integers(0, 20))
def test_the_probability_of_improvement_has_wilsons_interval(wins, losses):
    if wins + losses == 0:
        with pytest.raises(ValueError, match="no differences"):
            probability_of_improvement([])
        return
    found = probability_of_improvement([1.0] * wins + [-1.0] * losses)
    low, high = proportion_confint(wins, wins + losses, method="wilson")
    assert found.value == pytest.approx(wins / (wins + losses))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_ties_count_half():
    assert probability_of_improvement([0.0, 0.0, 1.0, -1.0]).value == 0.5


@QUICK
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_where_the_adjusted_p_value_is_at_most_the_level(p_values, level):
    order = np.argsort(p_values)
    steps = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.array(p_values)[order] * steps)
    clear = np.abs(adjusted - level) > 1e-12
    assert (np.array(holm(p_values, level)) == (adjusted <= level))[clear].all()


def test_a_prediction_is_wider_than_either_deviation_alone():
    few, many = prediction_interval(1.9, 0.1, 20, 5), prediction_interval(1.9, 0.1, 20, 500)
    assert few.low < many.low < 1.9 < many.high < few.high
    assert (many.high - 1.9) == pytest.approx(stats.t.isf(0.025, 19) * 0.1 * np.sqrt(1 / 20 + 1 / 500))
    with pytest.raises(ValueError, match="two original seeds"):
        prediction_interval(1.9, 0.1, 1, 5)


def test_the_crossed_bootstrap_covers_seeds_and_examples():
    rng = np.random.default_rng(0)
    by_seed, by_example = rng.normal(0, 1, (20, 1)), rng.normal(0, 10, (1, 200))
    interval = crossed_bootstrap(by_seed + by_example, 0.025)
    half = (interval.high - interval.low) / 2
    expected = 1.96 * np.sqrt(np.var(by_seed) / 20 + np.var(by_example) / 200)
    assert half == pytest.approx(expected, rel=0.15)
    assert interval.low < interval.value < interval.high


def test_the_crossed_bootstrap_is_a_mirror():
    differences = np.random.default_rng(1).integers(-1, 2, (10, 50)).astype(float)
    one, other = crossed_bootstrap(differences, 0.025), crossed_bootstrap(-differences, 0.025)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    with pytest.raises(ValueError, match="no examples"):
        crossed_bootstrap(np.empty((5, 0)), 0.025)


def test_more_looks_cost_a_stricter_level_and_unknown_looks_are_refused():
    assert tail_at_each_look(0.025, (5,)) == 0.025
    assert tail_at_each_look(0.025, (5, 10, 20)) < tail_at_each_look(0.025, (5, 10)) < 0.025
    with pytest.raises(KeyError, match="not calibrated"):
        tail_at_each_look(0.025, (3, 7))


@pytest.mark.parametrize("level", [0.025, 0.05])
def test_looking_three_times_at_real_seed_results_errs_no_more_often_than_promised(level):
    arms = {name: values for name, values in read_seed_results().items() if not collapses(values)}
    assert len(arms) >= 5
    tail = tail_at_each_look(level, LOOKS)
    names = list(arms)
    for one, other in pairwise(names):
        difference = arms[one] - arms[other]
        p = smallest_p_values(difference - difference.mean(), LOOKS, simulations=4000, seed=7)
        assert (p <= tail).mean() <= level + 3 * np.sqrt(level * (1 - level) / 4000)
