"""Deflation of competitors' numbers: found where planted, not where not, and "not identified" without a neutral arm."""

import pytest
from scipy.stats import binom

from analysis.deflation import deflation
from analysis.planted import World, simulate

FAIR = World(papers=150, benchmarks=3, neutral=0.25)
UNFAIR = World(papers=150, benchmarks=3, neutral=0.25, deflation=0.3)


def test_planted_deflation_is_found_with_its_size() -> None:
    literature = simulate(UNFAIR, seed=1)
    found = deflation(literature.results, literature.tags)
    assert found.identified
    assert found.high < 0
    assert found.low <= -0.3 <= found.high
    assert "Re-runs by rivals are lower" in found.sentence()


def test_the_winners_curse_is_not_taken_for_deflation() -> None:
    literature = simulate(FAIR, seed=2)
    found = deflation(literature.results, literature.tags)
    assert found.against_own < -0.1
    assert found.low <= 0 <= found.high


def test_copies_are_left_out_and_counted() -> None:
    literature = simulate(FAIR, seed=3)
    planted = len(literature.copies) / (literature.results["role"] == "baseline").sum()
    assert deflation(literature.results, literature.tags).copied == pytest.approx(planted, abs=0.03)


def test_without_neutral_papers_it_is_not_identified() -> None:
    literature = simulate(World(papers=150, benchmarks=3, neutral=0.0, deflation=0.3), seed=1)
    found = deflation(literature.results, literature.tags)
    assert not found.identified
    assert "no neutral arm" in found.sentence()


def test_with_few_papers_it_is_not_identified() -> None:
    literature = simulate(World(papers=20, benchmarks=3, neutral=0.25), seed=1)
    found = deflation(literature.results, literature.tags)
    assert not found.identified
    assert "are needed" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize("planted", [0.0, 0.3])
def test_the_interval_covers_what_was_planted_at_its_nominal_rate(planted: float) -> None:
    """250 literatures with winner's curse and copies in them."""
    runs = covered = denied = 0
    for seed in range(250):
        literature = simulate(World(papers=120, benchmarks=3, neutral=0.25, deflation=planted), seed)
        found = deflation(literature.results, literature.tags)
        if found.identified:
            runs += 1
            covered += found.low <= -planted <= found.high
            denied += found.high < 0
    assert runs >= 235
    low, high = binom.ppf([0.005, 0.995], runs, 0.95)
    # The largest of three errors is taken, so the interval may cover more often than it says.
    assert low <= covered <= max(high, 0.99 * runs)
    assert denied == runs if planted else denied <= binom.ppf(0.995, runs, 0.025)
