"""Spread of baselines and dense models, and which differences are contradictions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.baselines import baseline_spread, dense_spread, describe_key, plot_baseline_spread
from analysis.comparable import comparable, method_name, stated_protocol
from analysis.contradictions import contradictions

Make = Callable[..., pd.DataFrame]
AT_90 = {"sparsity": 0.9, "sparsity_printed": "90%", "sparsity_of": "weights", "sparsity_scope": "all"}


def paper(year: int, value: float, **more: Any) -> dict[str, Any]:
    return AT_90 | {"arxiv_id": f"{year:02d}01.00001", "value": value} | more


def test_one_row_a_key_with_range_median_and_own_value(make_results: Make) -> None:
    spread = baseline_spread(make_results(paper(19, 73.0, role="proposed"), paper(20, 72.0), paper(21, 74.5)))
    assert len(spread) == 1
    row = spread.iloc[0]
    assert (row["n_papers"], row["n_numbers"], row["low"], row["high"], row["median"]) == (3, 3, 72.0, 74.5, 73.0)
    assert row["range"] == pytest.approx(2.5)
    assert row["own"] == 73.0
    assert row["own_papers"] == ["1901.00001"]
    assert row["papers"] == ["1901.00001", "2001.00001", "2101.00001"]
    assert describe_key(row.to_dict()) == "RigL at 90 % sparsity (all): ResNet-18, ImageNet"


def test_the_same_printed_number_in_a_later_paper_is_a_copy(make_results: Make) -> None:
    row = baseline_spread(make_results(paper(19, 73.0), paper(20, 73.0), paper(21, 73.1))).iloc[0]
    assert (row["n_papers"], row["n_numbers"], row["n_copies"]) == (3, 2, 1)
    assert row["cells"] == [1, 3]


def test_a_fraction_and_its_percentage_are_one_number(make_results: Make) -> None:
    rows = make_results(paper(19, 75.58), paper(20, 0.7558, unit="fraction"))
    row = baseline_spread(rows).iloc[0]
    assert (row["n_numbers"], row["n_copies"], row["unit"]) == (1, 1, "%")


@pytest.mark.parametrize(
    "difference",
    [
        {"sparsity_of": "filters"},
        {"sparsity_scope": "prunable"},
        {"dataset": "CIFAR-10"},
        {"model": "ResNet-50"},
        {"protocol": "5 shots"},
        {"caption": "Perplexity with a context of 4096 tokens."},
        {"modifiers": ["5x epochs"]},
        {"extra": {"variant": "ERK"}},
        {"sparsity": 0.95, "sparsity_printed": "95%"},
        {"synthetic": True},
        {"metric": "top5_accuracy"},
    ],
)
def test_numbers_of_different_keys_are_never_compared(make_results: Make, difference: dict[str, Any]) -> None:
    spread = baseline_spread(make_results(paper(19, 73.0), paper(20, 60.0, **difference)))
    assert list(spread["n_papers"]) == [1, 1]


def test_sparsities_are_one_point_within_their_rounding(make_results: Make) -> None:
    exact = {"sparsity": 0.902, "sparsity_printed": "90.2%"}
    assert len(baseline_spread(make_results(paper(19, 73.0), paper(20, 72.0, **exact)))) == 1
    other = {"sparsity": 0.908, "sparsity_printed": "90.8%"}
    assert len(baseline_spread(make_results(paper(19, 73.0), paper(20, 72.0, **other)))) == 2


def test_ratios_and_patterns_are_operating_points_too(make_results: Make) -> None:
    rows = make_results(
        {"arxiv_id": "1901.00001", "compression": 12.0},
        {"arxiv_id": "2001.00001", "compression": 12.2},
        {"arxiv_id": "2001.00001", "pattern": "2:4", "sparsity": 0.5},
        {"arxiv_id": "2101.00001", "pattern": "2:4"},
    )
    assert sorted(baseline_spread(rows)["point"]) == ["12.2×", "2:4"]


def test_a_ratio_is_the_share_of_weights_that_it_leaves_out(make_results: Make) -> None:
    ratio = {
        "sparsity": None,
        "sparsity_printed": None,
        "sparsity_of": None,
        "sparsity_scope": None,
        "compression": 10.0,
    }
    share = {"sparsity_scope": None}
    assert list(baseline_spread(make_results(paper(19, 73.0, **ratio), paper(20, 70.0, **share)))["n_papers"]) == [2]
    for_filters = share | {"sparsity_of": "filters"}
    assert len(baseline_spread(make_results(paper(19, 73.0, **ratio), paper(20, 70.0, **for_filters)))) == 2
    half = ratio | {"compression": 2.0}
    at_35 = share | {"sparsity": 0.35, "sparsity_printed": "35%"}
    assert len(baseline_spread(make_results(paper(19, 73.0, **half), paper(20, 70.0, **at_35)))) == 2


def test_numbers_without_an_operating_point_or_outside_result_tables_are_left_out(make_results: Make) -> None:
    rows = make_results(
        paper(19, 73.0, sparsity=None), paper(20, 72.0, table_kind="ablation"), paper(21, 1, model=None)
    )
    assert comparable(rows).empty
    assert baseline_spread(rows).empty
    assert contradictions(rows).empty


@pytest.mark.parametrize(
    ("caption", "protocol"),
    [
        ("WikiText-2 perplexity, sequence length 2048.", "sequence length 2048"),
        ("Perplexity with a context of 4096 tokens; lower is better.", "sequence length 4096"),
        ("Context size of 2K.", "sequence length 2048"),
        ("5-shot accuracy on MMLU.", "shots 5"),
        ("five-shot", "shots 5"),
        ("2048 tokens", "sequence length 2048"),
        ("context window 4,096", "sequence length 4096"),
        ("128 calibration samples of 2048 tokens.", ""),
        ("Sequence length 2048 above and sequence length 4096 below.", ""),
        ("ResNet-50 on ImageNet at 224×224, single crop.", "resolution 224, crops 1"),
        ("LLaMA-2-7B at 50% sparsity, 128 calibration samples.", ""),
    ],
)
def test_the_way_of_evaluating_is_read_from_the_caption(caption: str, protocol: str) -> None:
    assert stated_protocol(caption) == protocol


def test_one_way_of_evaluating_is_one_however_it_is_worded(make_results: Make) -> None:
    words = ("context of 2048 tokens", "sequence length 2,048", "2048 tokens")
    rows = comparable(make_results(*(paper(19 + place, 70.0, protocol=one) for place, one in enumerate(words))))
    assert set(rows["protocol"]) == {"sequence length 2048"}


def test_a_pruned_method_at_no_sparsity_is_left_out(make_results: Make) -> None:
    assert comparable(make_results(paper(19, 73.0, sparsity=0.0, sparsity_printed="0%"))).empty


def test_ours_of_two_papers_is_no_common_method() -> None:
    row = {"role": "proposed", "method_canonical": None, "method": "Ours", "arxiv_id": "2001.00001"}
    assert method_name(row) != method_name(row | {"arxiv_id": "2001.00002"})
    assert method_name(row | {"method": "FlatPrune (ours)"}) == "FlatPrune"


def test_a_difference_within_rounding_is_no_contradiction(make_results: Make) -> None:
    rows = make_results(paper(19, 73.0, text="73"), paper(20, 74.0, text="74"))
    assert baseline_spread(rows).iloc[0]["gap"] == 0
    assert contradictions(rows).empty


def test_contradictions_are_ranked_and_name_both_ends(make_results: Make) -> None:
    rows = make_results(
        paper(19, 73.0), paper(20, 72.0), paper(19, 60.0, dataset="CIFAR-10"), paper(20, 64.0, dataset="CIFAR-10")
    )
    found = contradictions(rows)
    assert list(found["dataset"]) == ["CIFAR-10", "ImageNet"]
    assert not found["explained"].any()
    worst = found.iloc[0]
    assert (worst["gap_low_paper"], worst["gap_low_cell"]) == ("1901.00001", 3)
    assert (worst["gap_high_paper"], worst["gap_high_cell"]) == ("2001.00001", 4)
    assert worst["gap"] == pytest.approx(3.9)


def test_both_extremes_in_one_paper_do_not_hide_another_paper(make_results: Make) -> None:
    found = contradictions(make_results(paper(19, 70.0), paper(19, 80.0, row=1), paper(20, 74.0)))
    assert {found.iloc[0]["gap_low_paper"], found.iloc[0]["gap_high_paper"]} == {"1901.00001", "2001.00001"}
    assert found.iloc[0]["gap_high_amount"] - found.iloc[0]["gap_low_amount"] == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("low", "high", "more", "word"),
    [
        (15.47, 30.97, {"metric": "flops", "unit": "G"}, "multiply-add"),
        (30.0, 70.0, {"metric": "flops_reduction"}, "kept"),
        (24.5, 75.0, {"metric": "top1_accuracy"}, "error"),
    ],
)
def test_arithmetic_signatures_are_causes_and_come_last(
    make_results: Make, low: float, high: float, more: dict[str, Any], word: str
) -> None:
    rows = make_results(
        paper(19, low, **more),
        paper(20, high, **more),
        paper(19, 73.0, model="VGG-16"),
        paper(20, 72.0, model="VGG-16"),
    )
    found = contradictions(rows)
    assert list(found["explained"]) == [False, True]
    assert word in " ".join(found.iloc[1]["causes"])
    assert "batch normalisation" in " ".join(found.iloc[0]["causes"])


def test_other_printed_names_are_a_possible_cause(make_results: Make) -> None:
    same = make_results(
        paper(19, 73.0, method="Gradual magnitude", method_canonical="GMP"),
        paper(20, 70.0, method="GMP (ours)", method_canonical="GMP"),
    )
    (causes,) = contradictions(same)["causes"]
    assert "two methods behind the names “GMP” and “Gradual magnitude”" in causes
    spelled = make_results(
        paper(19, 73.0, method="L1-Norm", method_canonical="L1"),
        paper(20, 70.0, method="L1 norm", method_canonical="L1"),
    )
    assert not any("names" in cause for cause in contradictions(spelled)["causes"][0])


def test_dense_models_that_differ_as_much_explain_a_difference(make_results: Make) -> None:
    rows = [paper(19, 73.0), paper(20, 75.0)]
    dense = {"role": "dense", "method": "Dense", "sparsity": 0.0}
    assert not contradictions(make_results(*rows)).iloc[0]["explained"]
    found = contradictions(make_results(*rows, paper(19, 76.0, **dense), paper(20, 78.0, **dense)))
    pruned = found[found["point"] != "dense"].iloc[0]
    assert pruned["explained"]
    assert not found[found["point"] == "dense"].iloc[0]["explained"]


def blalock_dense(shared: Path) -> list[dict[str, Any]]:
    raw = pd.read_csv(shared / "data" / "blalock2020" / "Results.csv", encoding="utf-8-sig")
    numbers = {name: raw[name].str.rstrip("%").astype(float) for name in ("OrigTop1", "OrigErr1")}
    top1 = numbers["OrigTop1"].fillna(100 - numbers["OrigErr1"])
    accuracy = [("top1_accuracy", "%", value) for value in top1]
    flops = [("flops", "G", value) for value in raw["OrigGFLOPS"].astype(float)]
    rows = []
    for number, (metric, unit, value) in enumerate([*accuracy, *flops]):
        source = raw.iloc[number % len(raw)]
        if pd.isna(value):
            continue
        place = {"arxiv_id": "1901.00001", "dataset": source["Dataset"], "model": source["Model"], "role": "dense"}
        rows.append(place | {"metric": metric, "unit": unit, "value": round(float(value), 6), "paper": source["Paper"]})
    papers = {name: f"1901.{index:05d}" for index, name in enumerate(sorted({row["paper"] for row in rows}))}
    return [
        {name: value for name, value in row.items() if name != "paper"} | {"arxiv_id": papers[row["paper"]]}
        for row in rows
    ]


@pytest.mark.parametrize(
    ("dataset", "model", "metric", "low", "high", "papers"),
    [
        ("ImageNet", "ResNet-50", "top1_accuracy", 72.88, 76.69, 12),
        ("ImageNet", "VGG-16", "top1_accuracy", 68.34, 73.37, 11),
        ("ImageNet", "AlexNet", "top1_accuracy", 56.8, 62.4, 4),
        ("ImageNet", "CaffeNet", "top1_accuracy", 56.58, 58.70, 7),
        ("ImageNet", "ResNet-18", "top1_accuracy", 68.20, 70.28, 5),
        ("CIFAR-10", "ResNet-56", "top1_accuracy", 92.66, 93.90, 10),
        ("ImageNet", "VGG-16", "flops", 15.0e9, 30.97e9, None),
        ("ImageNet", "ResNet-50", "flops", 4.089e9, 7.729e9, None),
    ],
)
def test_dense_spread_of_the_corpus_of_blalock_2020(
    make_results: Make, shared: Path, dataset: str, model: str, metric: str, low: float, high: float, papers: int | None
) -> None:
    results = make_results(*blalock_dense(shared))
    spread = dense_spread(results)
    row = spread[(spread["dataset"] == dataset) & (spread["model"] == model) & (spread["metric"] == metric)].iloc[0]
    assert (row["low"], row["high"]) == (pytest.approx(low, rel=1e-4), pytest.approx(high, rel=1e-4))
    assert papers is None or row["n_papers"] == papers
    if metric == "flops":
        found = contradictions(results)
        twice = found[(found["model"] == model) & (found["metric"] == "flops") & (found["dataset"] == dataset)].iloc[0]
        assert twice["explained"]


def test_plot_draws_one_row_a_key(make_results: Make) -> None:
    spread = baseline_spread(make_results(paper(19, 73.0), paper(20, 72.0), paper(20, 64.0, dataset="CIFAR-10")))
    ax = plot_baseline_spread(spread)
    assert [label.get_text().split(",")[-1].strip() for label in ax.get_yticklabels()] == ["CIFAR-10", "ImageNet"]
