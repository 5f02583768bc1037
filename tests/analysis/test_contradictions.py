"""Contradictions between papers: found where shifted numbers were planted, rare where none were."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis.comparable import KEY, comparable
from analysis.contradictions import contradictions, distance_quantile
from analysis.findings import contradiction_findings
from analysis.planted import Literature, World, simulate

Make = Callable[..., pd.DataFrame]
AT_90 = {"sparsity": 0.9, "sparsity_printed": "90%", "sparsity_of": "weights", "sparsity_scope": "all"}
SEED = 0.2


def paper(year: int, value: float, **more: Any) -> dict[str, Any]:
    return AT_90 | {"arxiv_id": f"{year:02d}01.00001", "value": value, "text": f"{value:.2f}"} | more


def dense(year: int, value: float) -> dict[str, Any]:
    return paper(year, value, role="dense", method="Dense", sparsity=0.0)


def shifted_world(shift: float) -> World:
    """A number in thirty is shifted by so many deviations of a seed."""
    return World(papers=120, benchmarks=3, shifted=0.03, shift=shift * SEED, seed_deviation=SEED)


def scores(literature: Literature) -> tuple[int, int, dict[int, list[int]]]:
    """Hits and false alarms among pruned keys; by number of papers, how many keys were shifted and how many found."""
    found = contradictions(literature.results)
    found = found[~found["explained"] & (found["point"] != "dense")]
    ends = list(zip(found["gap_low_cell"], found["gap_high_cell"], strict=True))
    hits = sum(not literature.shifted.isdisjoint(pair) for pair in ends)
    named = {cell for pair in ends for cell in pair}
    rows = comparable(literature.results)
    rows = rows[rows["role"] != "dense"]
    by_papers: dict[int, list[int]] = {}
    for _, key in rows.groupby(list(KEY)):
        cells = set(key["cell_id"])
        papers = key["arxiv_id"].nunique()
        if papers > 1 and cells & literature.shifted:
            count = by_papers.setdefault(papers, [0, 0])
            count[0] += 1
            count[1] += bool(cells & literature.shifted & named)
    return hits, len(ends) - hits, by_papers


def test_a_weaker_dense_model_hides_no_contradiction(make_results: Make) -> None:
    rows = [dense(19, 76.0), paper(19, 73.0), dense(20, 76.0), paper(20, 73.1), dense(21, 78.0), paper(21, 72.4)]
    (row,) = (row for row in contradictions(make_results(*rows)).to_dict("records") if row["point"] != "dense")
    assert row["scale"] == "change"
    assert row["gap_low_paper"] == "2101.00001"
    assert row["gap_low_change"] == pytest.approx(-5.6)
    assert not row["explained"]
    (finding,) = (f for f in contradiction_findings(make_results(*rows)) if "Dense" not in f.sentence)
    assert "72.4 % in 2101.00001 (-5.6 from its dense model)" in finding.sentence


def test_perplexities_apart_beside_equal_dense_models_are_a_contradiction(make_results: Make) -> None:
    measured = {"metric": "perplexity", "unit": "", "dataset": "WikiText-2", "model": "LLaMA-7B", "pattern": "2:4"}
    rows = [paper(year, value, **measured) for year, value in ((21, 11.0), (22, 11.0), (23, 17.0))]
    found = contradictions(
        make_results(*rows, *(dense(year, 5.68) | measured | {"pattern": None} for year in (21, 22, 23)))
    )
    assert found["explained"].tolist() == [False]


def test_equal_numbers_beside_unequal_dense_models_are_no_contradiction(make_results: Make) -> None:
    rows = make_results(dense(19, 76.0), paper(19, 73.0), dense(20, 78.0), paper(20, 73.04, text="73.0"))
    assert contradictions(rows)["point"].tolist() == ["dense"]


def test_reported_deviations_widen_what_is_no_contradiction(make_results: Make) -> None:
    rows = [paper(19, 73.0), paper(20, 72.0)]
    assert len(contradictions(make_results(*rows))) == 1
    noisy = rows[0] | {"spread": 0.4, "spread_kind": "std"}
    assert contradictions(make_results(noisy, rows[1])).empty


def test_the_bound_hardly_grows_with_the_number_of_papers() -> None:
    quantiles = [distance_quantile(count) for count in (2, 3, 6, 20, 100)]
    assert all(4.0 < quantile < 4.7 for quantile in quantiles)


def test_without_shifts_contradictions_are_rare() -> None:
    keys = alarms = 0
    for seed in range(4):
        literature = simulate(World(papers=120, benchmarks=3, seed_deviation=SEED), seed)
        rows = comparable(literature.results)
        rows = rows[rows["role"] != "dense"]
        keys += int((rows.groupby(list(KEY))["arxiv_id"].nunique() > 1).sum())
        hits, false, _ = scores(literature)
        assert hits == 0
        alarms += false
    assert keys > 400
    assert alarms <= 0.01 * keys


def test_shifts_of_nine_deviations_are_found() -> None:
    hits, false, by_papers = scores(simulate(shifted_world(9), seed=1))
    planted, found = (sum(count[i] for count in by_papers.values()) for i in (0, 1))
    assert planted >= 15
    assert found >= 0.9 * planted
    assert hits >= 0.9 * (hits + false)


@pytest.mark.slow
def test_precision_and_recall_as_a_curve_over_shift_and_papers() -> None:
    """At six deviations, from three papers on: precision 0.95 and recall 0.9; with two papers, less."""
    recall: dict[tuple[float, str], float] = {}
    precision = {}
    for shift in (2.0, 4.0, 6.0, 8.0):
        hits = false = 0
        planted, found = {"two": 0, "more": 0}, {"two": 0, "more": 0}
        for seed in range(40):
            one, other, by_papers = scores(simulate(shifted_world(shift), seed))
            hits, false = hits + one, false + other
            for papers, (there, named) in by_papers.items():
                kind = "two" if papers == 2 else "more"
                planted[kind] += there
                found[kind] += named
        precision[shift] = hits / (hits + false)
        recall |= {(shift, kind): found[kind] / planted[kind] for kind in planted}
    assert precision[6.0] >= 0.95
    assert recall[6.0, "more"] >= 0.9
    assert recall[6.0, "two"] >= 0.65
    for kind in ("two", "more"):
        curve = [recall[shift, kind] for shift in (2.0, 4.0, 6.0, 8.0)]
        assert curve == sorted(curve)
        assert curve[0] < 0.2
        assert curve[-1] > 0.9
