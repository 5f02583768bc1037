"""Whether a paper's own table adds up, and that rounding alone never raises a question."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.arithmetic import arithmetic_findings
from analysis.printed import half_unit, ratio_interval, share_interval

Make = Callable[..., pd.DataFrame]


def change_row(dense: str, pruned: str, change: str, *, row: int = 0, **more: Any) -> list[dict[str, Any]]:
    """A row ``method | dense | pruned | change`` with the numbers as printed."""
    base = {"row": row, "dataset": "CIFAR-10", "model": "ResNet-56"} | more
    value = float(change.replace("−", "-").lstrip("↓"))
    return [
        base | {"col": 1, "role": "dense", "method_canonical": "Dense", "value": float(dense), "text": dense},
        base | {"col": 2, "value": float(pruned), "text": pruned},
        base | {"col": 3, "metric": "accuracy_change", "unit": "points", "value": value, "text": change},
    ]


def test_a_difference_that_is_not_the_difference_is_a_finding(make_results: Make) -> None:
    found = arithmetic_findings(make_results(*change_row("93.59", "93.26", "-0.53")))
    assert [item.rule for item in found] == ["printed-difference"]
    assert found[0].level == "finding"
    assert found[0].size == pytest.approx(0.2)
    assert found[0].cells == (1, 2, 3)
    assert found[0].papers == ("2001.00001",)
    assert "differs by 0.2; possible causes" in found[0].sentence


@pytest.mark.parametrize(
    ("dense", "pruned", "change"),
    [
        ("93.59", "93.26", "-0.33"),
        ("93.59", "93.26", "0.33"),
        ("93.6", "93.3", "-0.40"),
        ("80.00", "76.00", "-5.00"),
        ("76.15", "75.00", "-1.16"),
    ],
)
def test_rounding_sign_and_relative_changes_are_innocent(
    make_results: Make, dense: str, pruned: str, change: str
) -> None:
    assert arithmetic_findings(make_results(*change_row(dense, pruned, change))) == []


def test_changes_of_which_most_do_not_fit_are_one_question(make_results: Make) -> None:
    wrong = [row for n in range(4) for row in change_row("93.59", "93.26", f"-{n + 1}.53", row=n, method=f"M{n}")]
    right = change_row("93.59", "93.26", "-0.33", row=9, method="M9")
    (found,) = arithmetic_findings(make_results(*wrong, *right))
    assert (found.rule, found.level) == ("printed-difference", "question")
    assert found.sentence.startswith("4 of 5 changes of accuracy do not fit; possible causes: they refer to something")
    assert found.size == pytest.approx(4.2)
    assert len(found.cells) > 4


def test_numbers_of_two_tables_of_which_most_differ_are_one_question(make_results: Make) -> None:
    models = ("ResNet-18", "ResNet-34", "ResNet-50", "ResNet-101")
    first = [{"model": model, "value": 70.0 + n, "row": n, "sparsity": 0.9} for n, model in enumerate(models)]
    second = [row | {"value": row["value"] + 0.5, "document_table_id": 2, "table_label": "tab:other"} for row in first]
    (found,) = arithmetic_findings(make_results(*first, *second))
    assert found.sentence.startswith("4 of 4 numbers that two tables share differ; possible causes: the tables are of")
    assert len(found.cells) == 8
    second[0]["value"], second[1]["value"] = first[0]["value"], first[1]["value"]
    assert len(arithmetic_findings(make_results(*first, *second))) == 2


def test_another_dense_row_of_the_paper_is_innocent(make_results: Make) -> None:
    rows = change_row("93.59", "93.26", "-0.53")
    other = rows[0] | {"document_table_id": 2, "table_label": "tab:other", "table_kind": "other"}
    other |= {"value": 93.79, "text": "93.79"}
    assert arithmetic_findings(make_results(*rows, other)) == []


def test_the_base_of_another_methods_row_is_no_innocent_explanation(make_results: Make) -> None:
    rows = change_row("93.59", "93.26", "-0.53") + change_row("93.79", "93.70", "-0.09", row=1, method="SET")
    assert len(arithmetic_findings(make_results(*rows))) == 1


def test_a_change_whose_dense_model_stands_elsewhere_is_only_a_question(make_results: Make) -> None:
    rows = change_row("93.59", "93.26", "-0.53")
    rows[0] |= {"row": 7, "col": 9}
    assert [item.level for item in arithmetic_findings(make_results(*rows))] == ["question"]


def test_error_rates_fall_where_accuracy_rises(make_results: Make) -> None:
    rows = change_row("6.41", "6.74", "-0.33")
    for row in rows[:2]:
        row["metric"] = "error_rate"
    assert arithmetic_findings(make_results(*rows)) == []


def test_an_error_rate_beside_a_dense_accuracy_is_innocent(make_results: Make) -> None:
    rows = change_row("93.59", "6.74", "-0.33")
    rows[1]["metric"] = "error_rate"
    assert arithmetic_findings(make_results(*rows)) == []


def test_fractions_and_points_are_compared_in_points(make_results: Make) -> None:
    rows = change_row("0.9359", "0.9326", "-0.33")
    for row in rows[:2]:
        row["unit"] = "fraction"
    assert arithmetic_findings(make_results(*rows)) == []
    rows[1] |= {"value": 0.9226, "text": "0.9226"}
    assert len(arithmetic_findings(make_results(*rows))) == 1


def test_top5_numbers_of_another_column_do_not_count_as_top1(make_results: Make) -> None:
    rows = change_row("76.15", "75.00", "-1.15")
    top5 = rows[1] | {"col": 5, "metric": "top5_accuracy", "value": 92.0, "text": "92.00"}
    assert arithmetic_findings(make_results(*rows, top5)) == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dense=st.floats(20, 99.9),
    change=st.floats(-15, 5),
    digits=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    relative=st.booleans(),
)
def test_rounding_alone_never_raises_a_printed_difference(
    make_results: Make, dense: float, change: float, digits: tuple[int, int, int], relative: bool
) -> None:
    pruned = dense + change
    stated = 100 * change / dense if relative else change
    rows = change_row(f"{dense:.{digits[0]}f}", f"{pruned:.{digits[1]}f}", f"{stated:.{digits[2]}f}")
    assert arithmetic_findings(make_results(*rows)) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sparsity=st.floats(0.1, 0.99), digits=st.integers(0, 2), kept=st.booleans(), decimals=st.integers(0, 2))
def test_rounding_alone_never_raises_a_ratio(
    make_results: Make, sparsity: float, digits: int, kept: bool, decimals: int
) -> None:
    shown = f"{100 * (1 - sparsity if kept else sparsity):.{digits}f}"
    removed = 1 - float(shown) / 100 if kept else float(shown) / 100
    ratio = round(1 / (1 - sparsity), decimals)
    row = {"sparsity": removed, "sparsity_printed": f"{shown}%", "compression": ratio}
    assert arithmetic_findings(make_results(row)) == []


def test_a_ratio_beyond_its_share_asks_for_coding_and_below_it_for_unpruned_layers(make_results: Make) -> None:
    above, below = arithmetic_findings(
        make_results(
            {"sparsity": 0.9, "sparsity_printed": "90%", "compression": 35.0},
            {"sparsity": 0.9, "sparsity_printed": "90%", "compression": 6.0, "row": 1},
        )
    )
    assert (above.rule, above.level) == ("compression", "question")
    assert "quantisation" in above.sentence
    assert "not pruned" in below.sentence


def test_a_share_of_filters_is_never_compared_with_a_ratio(make_results: Make) -> None:
    assert arithmetic_findings(make_results({"sparsity": 0.5, "sparsity_of": "filters", "compression": 3.5})) == []


def test_the_papers_own_parameter_counts_explain_a_ratio(make_results: Make) -> None:
    row = {"sparsity": 0.9, "sparsity_printed": "90%", "compression": 6.0}
    counts = [
        {"metric": "params", "unit": "M", "value": 1.95, "role": "baseline", "col": 2},
        {"metric": "params", "unit": "M", "value": 11.69, "role": "dense", "row": 5, "col": 2},
    ]
    assert arithmetic_findings(make_results(row, *counts)) == []


def test_one_finding_a_row_however_many_numbers_it_has(make_results: Make) -> None:
    row = {"sparsity": 0.9, "sparsity_printed": "90%", "compression": 35.0}
    assert len(arithmetic_findings(make_results(*[row | {"col": col, "dataset": f"D{col}"} for col in range(4)]))) == 1


@pytest.mark.parametrize(
    ("pattern", "sparsity", "levels"),
    [
        ("2:4", 0.5, []),
        ("1:4", 0.75, []),
        ("1:4", 0.25, []),
        ("2:4", 0.42, ["question"]),
        ("2:4", 0.8, ["finding"]),
    ],
)
def test_patterns_against_the_stated_sparsity(
    make_results: Make, pattern: str, sparsity: float, levels: list[str]
) -> None:
    found = arithmetic_findings(make_results({"pattern": pattern, "sparsity": sparsity}))
    assert [item.level for item in found] == levels


def test_one_key_with_two_numbers_in_two_tables_is_a_question(make_results: Make) -> None:
    row = {"sparsity": 0.9, "sparsity_printed": "90%"}
    other = row | {"table_label": "tab:appendix", "document_table_id": 2}
    found = arithmetic_findings(make_results(row | {"value": 73.2}, other | {"value": 74.1}))
    assert [(item.rule, item.level, item.cells) for item in found] == [("same-number", "question", (1, 2))]
    assert arithmetic_findings(make_results(row | {"value": 73.2}, other | {"value": 73.0, "text": "73"})) == []
    noisy = {"spread": 0.5}
    assert arithmetic_findings(make_results(row | {"value": 73.2} | noisy, other | {"value": 74.1} | noisy)) == []


def test_real_tables_typed_with_their_printed_differences_add_up(make_results: Make, shared: Any) -> None:
    gold = json.loads((shared / "data" / "gold" / "tex_dev" / "lrfilters" / "gold.json").read_text())
    grids = {table["label"]: table["grid"] for table in gold["tables"]}
    names = ("row", "col", "method", "role", "metric", "value", "unit", "dataset", "model", "sparsity", "compression")
    tables = {label: number for number, label in enumerate(grids)}
    rows = [
        {name: result[name] for name in names}
        | {"table_label": result["table"], "document_table_id": tables[result["table"]]}
        | {"text": grids[result["table"]][result["row"]][result["col"]]}
        for result in gold["results"]
    ]
    assert sum(row["metric"] == "accuracy_change" for row in rows) > 10
    assert [item for item in arithmetic_findings(make_results(*rows)) if item.rule == "printed-difference"] == []
    wrong = next(row for row in rows if row["metric"] == "accuracy_change" and row["method"] == "FPGM")
    wrong |= {"value": wrong["value"] - 2.0, "text": "-2.33"}
    found = [item for item in arithmetic_findings(make_results(*rows)) if item.rule == "printed-difference"]
    assert len(found) == 1


@given(st.decimals(min_value=0, max_value=100000, places=3))
def test_half_a_unit_never_exceeds_what_was_printed(value: Any) -> None:
    text = f"accuracy {value:,} ± 0.1"
    assert half_unit(float(value), text) == pytest.approx(0.0005)


def test_half_units_intervals_and_trailing_zeros() -> None:
    assert half_unit(72.0, "72.0 (+0.1)") == pytest.approx(0.05)
    assert half_unit(72.0, "", None) == 0.5
    assert half_unit(8.2e9) == pytest.approx(5e7)
    assert half_unit(1070.0, "1,070 KB") == 0.5
    assert share_interval({"sparsity": 0.9, "sparsity_printed": "10% kept"}) == pytest.approx((0.895, 0.905))
    assert share_interval({"sparsity": 0.5, "sparsity_low": 0.45, "sparsity_high": 0.55}) == (0.45, 0.55)
    assert share_interval({"sparsity": float("nan")}) is None
    assert ratio_interval(12.0) == (11.5, 12.5)


def test_a_drop_of_top5_accuracy_is_not_compared_with_top1(make_results: Make) -> None:
    rows = change_row("73.92", "72.54", "-1.38")
    top5 = rows[1] | {"col": 5, "metric": "top5_accuracy", "value": 91.13, "text": "91.13"}
    drop = rows[2] | {"col": 6, "value": -0.49, "text": "0.49", "col_text": "Top-5 Acc. (%) | Drop"}
    assert arithmetic_findings(make_results(*rows, top5, drop)) == []
    dense = rows[0] | {"col": 7, "metric": "top5_accuracy", "value": 91.62, "text": "91.62"}
    assert arithmetic_findings(make_results(*rows, top5, drop, dense)) == []
    found = arithmetic_findings(make_results(*rows, top5, drop | {"value": -0.79, "text": "0.79"}, dense))
    assert [(item.rule, item.level) for item in found] == [("printed-difference", "finding")]


def amounts(metric: str, unit: str, dense: str, pruned: str, share: str, **more: Any) -> list[dict[str, Any]]:
    """A dense row, and a row of the paper's own method with its amount and the share removed, as printed."""
    base = {"model": "ResNet-56", "dataset": "CIFAR-10", "role": "proposed", "method": "Own"} | more
    reduction = f"{'params' if metric == 'params' else 'flops'}_reduction"
    return [
        base
        | {"row": 0, "col": 1, "metric": metric, "unit": unit, "value": float(dense), "text": dense}
        | {"role": "dense", "method": "Dense"},
        base | {"row": 1, "col": 1, "metric": metric, "unit": unit, "value": float(pruned), "text": pruned},
        base | {"row": 1, "col": 2, "metric": reduction, "unit": "%", "value": float(share), "text": share},
    ]


@pytest.mark.parametrize(
    ("metric", "unit", "numbers", "levels"),
    [
        ("flops", "M", ("125.49", "62.72", "50.0"), []),
        ("flops", "M", ("313.73", "145.61", "53.5"), []),  # cut off, not rounded
        ("flops", "M", ("250.98", "62.72", "50.0"), []),  # multiply-adds counted once and twice
        ("params", "M", ("0.85", "0.49", "57.6"), []),  # the share that is kept
        ("params", "M", ("0.85", "0.49", "52.4"), ["question"]),  # of some layers, perhaps
        ("params", "M", ("0.85", "0.49", "32.4"), ["finding"]),
        ("flops", "M", ("125.49", "62.72", "30.0"), ["finding"]),
    ],
)
def test_shares_removed_against_the_amounts_beside_them(
    make_results: Make, metric: str, unit: str, numbers: tuple[str, str, str], levels: list[str]
) -> None:
    found = arithmetic_findings(make_results(*amounts(metric, unit, *numbers)))
    assert [item.level for item in found if item.rule == "counts"] == levels
    assert len(found) == len(levels)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dense=st.floats(1, 500),
    kept=st.floats(0.02, 0.95),
    digits=st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
    twice=st.booleans(),
)
def test_rounding_alone_never_raises_a_count(
    make_results: Make, dense: float, kept: float, digits: tuple[int, int, int], twice: bool
) -> None:
    pruned, share = dense * kept * (2 if twice else 1), 100 * (1 - kept)
    shown = f"{dense:.{digits[0]}f}", f"{pruned:.{digits[1]}f}", f"{share:.{digits[2]}f}"
    assert arithmetic_findings(make_results(*amounts("flops", "G", *shown, model="Unknown net"))) == []


def test_a_dense_network_of_another_size_than_known_is_a_question(make_results: Make) -> None:
    row = {"role": "dense", "metric": "flops", "unit": "G", "model": "ResNet-50", "value": 4.1}
    assert arithmetic_findings(make_results(row)) == []
    assert arithmetic_findings(make_results(row | {"value": 8.2})) == []
    assert arithmetic_findings(make_results(row | {"value": 16.4, "dataset": "CIFAR-10"})) == []
    found = arithmetic_findings(make_results(row | {"value": 16.4}))
    assert [(item.rule, item.level) for item in found] == [("known-counts", "question")]


def test_a_measured_speed_up_above_what_the_operations_allow_is_a_question(make_results: Make) -> None:
    share = {"metric": "flops_reduction", "value": 50.0, "unit": "%", "text": "50.0", "sparsity": 0.6}
    speed = {"metric": "speedup", "unit": "x", "measured": True, "col": 2, "sparsity": 0.6}
    assert arithmetic_findings(make_results(share, speed | {"value": 2.0, "text": "2.0"})) == []
    found = arithmetic_findings(make_results(share, speed | {"value": 2.8, "text": "2.8"}))
    assert [(item.rule, item.level) for item in found] == [("speed-up", "question")]
    counted = speed | {"value": 2.8, "text": "2.8", "col_text": "#FLOPs (×)"}
    assert arithmetic_findings(make_results(share, counted)) == []


def scores_on(dataset: str, *printed: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"dataset": dataset, "row": row, "metric": "accuracy", "value": float(text), "text": text} | more
        for row, text in enumerate(printed)
    ]


@pytest.mark.parametrize(
    ("dataset", "possible", "wrong"),
    [
        ("RTE", ("64.98", "66.43", "54.87"), "65.21"),
        ("ARC-c", ("43.34", "42.75", "40.19", "38.91"), "41.03"),
        ("WinoGrande", ("69.06", "68.51", "67.88", "70.01", "67.09"), "66.74"),
        ("OpenBookQA", ("31.40", "29.80", "33.20"), "30.47"),
    ],
)
def test_an_accuracy_that_no_count_of_right_answers_gives(
    make_results: Make, dataset: str, possible: tuple[str, ...], wrong: str
) -> None:
    assert arithmetic_findings(make_results(*scores_on(dataset, *possible))) == []
    found = arithmetic_findings(make_results(*scores_on(dataset, *possible, wrong)))
    assert [(item.rule, item.cells) for item in found] == [("test-size", (len(possible) + 1,))]
    assert (
        arithmetic_findings(make_results(*scores_on(dataset, *possible), *scores_on(dataset, wrong, spread=0.4))) == []
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    right=st.lists(st.integers(40, 240), min_size=1, max_size=6),
    digits=st.integers(1, 3),
    cut=st.booleans(),
)
def test_shares_of_the_test_set_are_never_asked_about(
    make_results: Make, right: list[int], digits: int, cut: bool
) -> None:
    scale = 10**digits
    texts = [f"{(100 * k * scale // 277) / scale if cut else 100 * k / 277:.{digits}f}" for k in right]
    assert arithmetic_findings(make_results(*scores_on("RTE", *texts))) == []


def test_ten_thousand_images_at_two_decimals_say_nothing(make_results: Make) -> None:
    assert arithmetic_findings(make_results(*scores_on("CIFAR-10", "93.21", "93.57", "94.03", "93.999"))) == []


def test_a_deviation_of_zero_is_a_question_where_it_tells_one_example(make_results: Make) -> None:
    row = {"dataset": "CIFAR-10", "value": 91.1, "spread": 0.0}
    found = arithmetic_findings(make_results(row | {"text": "91.10 ± 0.00"}, row | {"text": "91.10 ± 0.00", "row": 1}))
    assert [(item.rule, item.level, len(item.cells)) for item in found] == [("no-deviation", "question", 2)]
    assert arithmetic_findings(make_results(row | {"text": "91.1 ± 0.0"})) == []
