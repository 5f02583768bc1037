"""How papers report: each item with its evidence, and unknown is not no."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis.rigor import ITEMS, operating_points, plot_rigor, rigor_by_paper, rigor_by_year, rigor_totals, rigor_words

Make = Callable[..., pd.DataFrame]
READ, UNREAD = "2101.00001", "2201.00001"
AT_90 = {"sparsity": 0.9, "sparsity_printed": "90%", "sparsity_of": "weights", "sparsity_scope": "all"}


def papers(**more: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arxiv_id": [READ, UNREAD],
            "submitted": pd.to_datetime(["2021-01-05", "2022-01-05"]),
            "relevance": ["core", "core"],
            "abstract": ["", ""],
            "comments": ["", ""],
        }
        | more
    )


def number(**more: Any) -> dict[str, Any]:
    return AT_90 | {"arxiv_id": READ, "method": "Mine", "role": "proposed"} | more


def answers(results: pd.DataFrame, frame: pd.DataFrame | None = None, paper: str = READ) -> dict[str, dict[str, Any]]:
    found = rigor_by_paper(papers() if frame is None else frame, results)
    return found[found["arxiv_id"] == paper].set_index("item").to_dict("index")


def test_what_was_not_read_is_unknown_and_what_is_not_there_is_not_seen(make_results: Make) -> None:
    rows = make_results(number(value=75.0))
    mine, other = answers(rows), answers(rows, paper=UNREAD)
    assert mine["numbers"]["answer"] == "yes"
    assert mine["numbers"]["cells"] == [1]
    assert mine["deviations"]["answer"] == "not seen"
    assert {row["answer"] for row in other.values()} == {"unknown"}
    assert set(mine) == set(ITEMS)


@pytest.mark.parametrize(
    ("item", "rows"),
    [
        ("deviations", [{"spread": 0.2, "spread_kind": "std"}]),
        ("trials", [{"extra": {"trials": "5"}}]),
        ("hardware", [{"metric": "latency_ms", "extra": {"device": "A100"}}]),
        ("dense_baseline", [{"role": "dense", "method": "Dense"}]),
        ("multiply_adds", [{"metric": "speedup", "unit": "x", "theoretical": True}]),
        ("only_theoretical_speed", [{"metric": "speedup", "unit": "x", "theoretical": True}]),
        ("measured_speed", [{"metric": "speedup", "unit": "x", "measured": True}]),
        ("sizes_and_multiply_adds", [{"metric": "params", "unit": "M"}, {"metric": "flops", "unit": "G"}]),
        ("several_datasets", [{}, {"dataset": "CIFAR-10"}]),
        ("several_networks", [{}, {"model": "VGG-16"}]),
        ("several_operating_points", [{}, {"sparsity": 0.95, "sparsity_printed": "95%", "row": 1}]),
        ("random_control", [{"role": "baseline", "method": "Random", "method_canonical": "Random pruning"}]),
        ("magnitude_control", [{"role": "baseline", "method": "GMP", "method_canonical": "GMP"}]),
        ("S1", [{}, {"role": "baseline", "method": "GMP"}]),
        ("S2", [{}, {"role": "baseline", "method": "GMP"}, {"role": "dense", "method": "Dense"}]),
    ],
)
def test_tables_show_an_item_with_the_cells(make_results: Make, item: str, rows: list[dict[str, Any]]) -> None:
    answer = answers(make_results(*(number(**row) for row in rows)))[item]
    assert answer["answer"] == "yes"
    assert answer["cells"]
    without = answers(make_results(number()))[item]
    assert without["answer"] == ("yes" if not rows[0] and len(rows) == 1 else "not seen")


def test_a_measured_speed_beside_a_theoretical_one_is_not_only_theoretical(make_results: Make) -> None:
    speed = {"metric": "speedup", "unit": "x"}
    rows = make_results(number(**speed, theoretical=True), number(**speed, measured=True))
    assert answers(rows)["only_theoretical_speed"]["answer"] == "not seen"


def test_two_dense_models_in_a_table_are_no_common_base(make_results: Make) -> None:
    dense = {"role": "dense", "method": "Dense"}
    rows = [number(), number(role="baseline", method="GMP"), number(**dense, value=76.0), number(**dense, value=77.0)]
    found = answers(make_results(*rows))
    assert (found["S1"]["answer"], found["S2"]["answer"]) == ("yes", "not seen")


@pytest.mark.parametrize(
    ("item", "text", "value"),
    [
        ("trials", "Accuracy averaged over three random seeds.", "3"),
        ("trials", "Mean and std of 5 runs.", "5"),
        ("deviations", "We report mean ± standard deviation.", ""),
        ("hardware", "Latency on an NVIDIA A100 with batch 64.", "NVIDIA A100"),
        ("hardware", "Measured on a Raspberry Pi 4.", "Raspberry Pi 4"),
        ("code", "Code is available at https://github.com/a/b.", "https://github.com/a/b."),
        ("code", "Our code will be publicly released.", ""),
    ],
)
def test_words_show_an_item_with_a_quotation(make_results: Make, item: str, text: str, value: str) -> None:
    rows = make_results(number())
    in_abstract = answers(rows, papers(abstract=["", text]), UNREAD)[item]
    assert in_abstract["answer"] == "yes"
    assert in_abstract["quotation"] in text
    assert in_abstract["value"] == value
    assert answers(make_results(number(caption=text)))[item]["answer"] == "yes"


@pytest.mark.parametrize(
    "text", ["We prune three networks.", "Ten layers are run.", "Codes of the output.", "The A star algorithm."]
)
def test_other_words_show_nothing(make_results: Make, text: str) -> None:
    found = answers(make_results(number()), papers(abstract=[text, ""]))
    assert {found[item]["answer"] for item in ("trials", "deviations", "hardware", "code")} == {"not seen"}


def test_a_caption_may_show_a_higher_rung_of_a_strict_comparison(make_results: Make) -> None:
    caption = "All models are fine-tuned with the same training schedule and the same number of epochs."
    dense = {"role": "dense", "method": "Dense"}
    rows = [number(), number(role="baseline", method="GMP"), number(**dense)]
    found = answers(make_results(*(row | {"caption": caption} for row in rows)))
    assert found["S3.2"]["answer"] == "yes"
    assert "same training schedule" in found["S3.2"]["quotation"]
    assert answers(make_results(*(row | {"caption": caption} for row in rows[:2])))["S3.2"]["answer"] == "not seen"


def test_operating_points_are_stated_ones_or_rows(make_results: Make) -> None:
    rows = make_results(
        number(),
        number(metric="flops", unit="G"),
        number(sparsity=0.95, row=1),
        number(arxiv_id=UNREAD, sparsity=None, row=0),
        number(arxiv_id=UNREAD, sparsity=None, row=1),
    )
    assert operating_points(rows).set_index("arxiv_id")["points"].to_dict() == {READ: 2, UNREAD: 2}


def test_shares_are_of_the_papers_that_were_read(make_results: Make) -> None:
    by_paper = rigor_by_paper(papers(), make_results(number()))
    totals = rigor_totals(by_paper).set_index("item")
    assert totals.loc["numbers", ["yes", "not_seen", "unknown", "share"]].tolist() == [1, 0, 1, 1.0]
    by_year = rigor_by_year(by_paper)
    assert by_year["year"].unique().tolist() == [2021, 2022]
    late = by_year[(by_year["year"] == 2022) & (by_year["item"] == "numbers")].iloc[0]
    assert pd.isna(late["share"])
    assert list(totals.index) == list(ITEMS)
    assert plot_rigor(by_year).get_ylabel() == "% of papers read"


def test_controls_are_methods_of_the_knowledge_base() -> None:
    from corpus.knowledge import load_knowledge

    known = load_knowledge().methods
    assert all(name in known for names in rigor_words().controls.values() for name in names)
