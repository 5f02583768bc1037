"""Copied numbers, how errors travel, and how far independent numbers differ."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.comparable import comparable
from analysis.genealogy import copies, travelling_numbers
from analysis.heterogeneity import heterogeneity, predicted
from analysis.own_dense import with_own_dense
from analysis.planted import World, simulate

Make = Callable[..., pd.DataFrame]
AT_90 = {"sparsity": 0.9, "sparsity_printed": "90%", "sparsity_of": "weights", "sparsity_scope": "all"}


def paper(year: int, value: float, **more: Any) -> dict[str, Any]:
    return AT_90 | {"arxiv_id": f"{year:02d}01.00001", "value": value, "text": f"{value:.2f}"} | more


def dense(year: int, value: float, **more: Any) -> dict[str, Any]:
    return paper(year, value, role="dense", method="Dense", sparsity=0.0) | more


def test_an_equal_number_is_a_copy_of_what_the_methods_own_paper_prints(make_results: Make) -> None:
    rows = make_results(paper(19, 73.12, role="proposed"), paper(20, 72.04), paper(21, 73.12), paper(22, 72.04))
    found = copies(rows).set_index("arxiv_id")
    assert found.loc["2101.00001", "copied_from"] == "1901.00001"
    assert found.loc["2101.00001", "origin"] == "own"
    assert found.loc["2201.00001", "copied_from"] == "2001.00001"
    assert found.loc["2201.00001", "origin"] == "other"


def test_few_digits_and_many_numbers_make_an_equal_number_chance(make_results: Make) -> None:
    coarse = make_results(paper(19, 73.0, text="73", role="proposed"), paper(20, 73.0, text="73"))
    assert copies(coarse).iloc[0]["certainty"] == "possible"
    fine = make_results(paper(19, 73.12, role="proposed"), paper(20, 73.12))
    assert copies(fine).iloc[0]["certainty"] == "likely"
    assert copies(fine).iloc[0]["chance"] == pytest.approx(0.02)


def test_two_numbers_alike_are_no_chance(make_results: Make) -> None:
    first = [
        paper(19, 73.0, text="73", role="proposed"),
        paper(19, 64.0, text="64", role="proposed", dataset="CIFAR-10"),
    ]
    second = [paper(20, 73.0, text="73"), paper(20, 64.0, text="64", dataset="CIFAR-10")]
    found = copies(make_results(*first, *second))
    assert list(found["certainty"]) == ["likely", "likely"]
    assert list(found["agree"]) == [2, 2]


def test_what_a_paper_states_as_copied_is_certain(make_results: Make) -> None:
    rows = make_results(paper(19, 73.0, text="73"), paper(20, 73.0, text="73", implemented_by="copied"))
    assert copies(rows).iloc[0]["certainty"] == "stated"


def test_papers_of_one_day_copy_nothing_from_each_other(make_results: Make) -> None:
    one = paper(19, 73.12)
    assert copies(make_results(one, one | {"arxiv_id": "1901.00002"})).empty


def test_a_number_that_spread_and_is_not_the_own_papers_has_travelled(make_results: Make) -> None:
    rows = make_results(
        paper(19, 73.12, role="proposed"), paper(20, 70.31), paper(21, 70.31), paper(22, 70.31), paper(23, 73.12)
    )
    (row,) = travelling_numbers(rows).to_dict("records")
    assert (row["first_paper"], row["n_papers"], row["own"]) == ("2001.00001", 3, 73.12)
    assert row["difference"] == pytest.approx(-2.81)
    assert row["papers"] == ["2001.00001", "2101.00001", "2201.00001"]
    assert row["own_papers"] == ["1901.00001"]


def test_without_the_own_paper_nothing_is_said_to_be_wrong(make_results: Make) -> None:
    assert travelling_numbers(make_results(paper(20, 70.31), paper(21, 70.31))).empty


def test_planted_copies_are_found_and_most_that_are_likely_were_planted() -> None:
    literature = simulate(World(papers=300, benchmarks=8), seed=1)
    found = copies(literature.results)
    assert literature.copies <= set(found["cell_id"])
    likely = set(found.loc[found["certainty"] == "likely", "cell_id"])
    assert len(likely & literature.copies) >= 0.9 * len(likely)
    assert len(likely & literature.copies) >= 0.9 * len(literature.copies)


def test_the_change_is_from_the_papers_own_dense_model(make_results: Make) -> None:
    rows = make_results(dense(19, 76.0), paper(19, 73.0), dense(20, 77.0), paper(20, 75.0), paper(21, 70.0))
    pruned = with_own_dense(comparable(rows))
    assert pruned["change"].tolist()[:2] == [-3.0, -2.0]
    assert np.isnan(pruned["change"].iloc[2])


def test_dense_models_that_differ_vanish_on_the_scale_of_change(make_results: Make) -> None:
    bases = [70.0, 72.0, 74.0, 76.0, 78.0, 80.0]
    losses = [3.0, 3.1, 2.9, 3.05, 2.95, 3.02]
    rows = []
    for year, (base, loss) in enumerate(zip(bases, losses, strict=True), 15):
        rows += [dense(year, base), paper(year, round(base - loss, 2))]
    found = heterogeneity(make_results(*rows))
    pruned = found[found["point"] != "dense"].set_index("scale")
    assert pruned.loc["value", "tau"] > 3
    assert pruned.loc["change", "tau"] < 0.1
    assert pruned.loc["change", "next_low"] < -3 < pruned.loc["change", "next_high"]


def test_two_to_four_numbers_have_a_range_and_no_tau(make_results: Make) -> None:
    row = heterogeneity(make_results(paper(19, 73.0), paper(20, 72.0), paper(21, 90.0))).iloc[0]
    assert row["range"] == 18.0
    assert np.isnan([row["mean"], row["tau"], row["next_low"]]).all()


def test_copied_numbers_are_one_measurement(make_results: Make) -> None:
    rows = make_results(
        *(paper(year, value) for year, value in zip(range(15, 21), [73.0, 73.0, 72.0, 71.0, 70.0, 73.0], strict=True))
    )
    row = heterogeneity(rows).iloc[0]
    assert row["n_numbers"] == 4
    assert np.isnan(row["tau"])


def test_the_next_number_lies_in_the_interval_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        *numbers, last = np.round(rng.normal(73, 0.6, 8), 2)
        _, _, low, high = predicted(7, float(np.mean(numbers)), float(np.var(numbers, ddof=1)), 0.005**2)
        inside += low <= last <= high
    # Binomial 99 % band around 95 %.
    assert 1874 <= inside <= 1924


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=5, max_size=12))
def test_the_prediction_interval_holds_the_mean(numbers: list[float]) -> None:
    mean, tau, low, high = predicted(len(numbers), float(np.mean(numbers)), float(np.var(numbers, ddof=1)), 0.0)
    assert low <= mean + 1e-9
    assert mean <= high + 1e-9
    assert tau >= 0
