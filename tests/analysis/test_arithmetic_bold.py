"""Bold that is not best: what is asked about, and what is taken for another meaning of bold."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.arithmetic import arithmetic_findings
from db.records import Finding

Make = Callable[..., pd.DataFrame]
METHODS = ("Magnitude", "SNIP", "RigL", "Ours")


def column(number: int, values: Sequence[float], bold: str, **more: Any) -> list[dict[str, Any]]:
    """The accuracies of four methods at one sparsity, with the bold one."""
    return [
        {
            "method": method,
            "role": "proposed" if method == "Ours" else "baseline",
            "value": value,
            "text": f"{value:.2f}",
        }
        | {"row": row, "col": number, "sparsity": 0.5 + 0.1 * number, "bold": method in bold.split(), "extra": {}}
        | more
        for row, (method, value) in enumerate(zip(METHODS, values, strict=True))
    ]


def bold_findings(make_results: Make, *columns: list[dict[str, Any]]) -> list[Finding]:
    rows = [row for column in columns for row in column]
    return [one for one in arithmetic_findings(make_results(*rows)) if one.rule == "bold"]


BEST = [
    column(1, (74.1, 74.9, 75.6, 75.9), "Ours"),
    column(2, (73.0, 73.5, 75.2, 75.1), "RigL"),
    column(3, (71.0, 71.9, 73.3, 73.8), "Ours"),
]


def test_a_wrong_bold_number_among_right_ones_is_a_finding(make_results: Make) -> None:
    (found,) = bold_findings(make_results, *BEST, column(4, (66.0, 67.2, 70.9, 70.4), "Ours"))
    assert found.level == "finding"
    assert found.cells == (15, 16)
    assert found.size == pytest.approx(0.5)
    assert "70.40 in bold" in found.sentence
    assert "RigL beside it has 70.90" in found.sentence


def test_a_method_that_is_never_in_bold_may_take_no_part(make_results: Make) -> None:
    (found,) = bold_findings(make_results, *BEST, column(4, (71.5, 67.2, 70.1, 70.4), "Ours"))
    assert found.level == "question"
    assert found.explanations == ("Magnitude takes no part in the comparison",)
    beaten_twice = [*BEST, column(4, (71.5, 67.2, 70.1, 70.4), "Ours"), column(5, (69.5, 60.2, 68.1, 68.4), "Ours")]
    assert bold_findings(make_results, *beaten_twice) == []


def test_a_method_of_its_own_that_is_always_in_bold_is_only_marked(make_results: Make) -> None:
    assert bold_findings(make_results, column(1, (74.1, 74.9, 75.6, 75.2), "Ours")) == []
    always = [column(number, (74.1, 74.9, 75.6, 75.9), "Ours") for number in (1, 2, 3)]
    (found,) = bold_findings(make_results, *always, column(4, (74.1, 74.9, 75.6, 75.2), "Ours"))
    assert "bold marks the paper's own method" in found.explanations


@pytest.mark.parametrize(
    "more",
    [
        {"table_kind": "ablation"},
        {"metric": "latency_ms", "unit": "ms"},
        {"metric": "params", "unit": "M"},
    ],
)
def test_where_bold_means_something_else_nothing_is_asked(make_results: Make, more: dict[str, Any]) -> None:
    assert bold_findings(make_results, *BEST, column(4, (66.0, 67.2, 70.9, 70.4), "Ours", **more)) == []


def test_ties_several_bold_numbers_and_small_groups_are_innocent(make_results: Make) -> None:
    assert bold_findings(make_results, *BEST, column(4, (66.0, 67.2, 70.4, 70.4), "Ours")) == []
    assert bold_findings(make_results, *BEST, column(4, (66.0, 70.9, 71.2, 70.4), "Ours SNIP")) == []
    assert bold_findings(make_results, *BEST, column(4, (66.0, 67.2, 70.9, 70.4), "Ours")[2:]) == []


def test_a_dense_network_takes_no_part(make_results: Make) -> None:
    dense = column(4, (66.0, 67.2, 70.1, 70.4), "Ours")
    dense[1] |= {"role": "dense", "value": 76.2, "text": "76.20"}
    assert bold_findings(make_results, *BEST, dense) == []


def test_a_better_number_with_less_removed_or_at_a_higher_cost_is_innocent(make_results: Make) -> None:
    apart = column(4, (66.0, 67.2, 70.9, 70.4), "Ours")
    for number, row in enumerate(apart):
        row["sparsity"] = 0.8 + 0.02 * number
    assert bold_findings(make_results, *BEST, apart) == []
    costs = [
        {"method": method, "metric": "flops", "unit": "G", "value": value, "row": row, "col": 5, "sparsity": 0.9}
        for row, (method, value) in enumerate(zip(METHODS, (1.0, 1.0, 1.2, 0.9), strict=True))
    ]
    dearer = column(4, (66.0, 67.2, 70.9, 70.4), "Ours")
    assert bold_findings(make_results, *BEST, dearer, costs) == []
    costs[2]["value"] = 0.8
    assert len(bold_findings(make_results, *BEST, dearer, costs)) == 1


def test_of_perplexities_the_least_is_best(make_results: Make) -> None:
    falling = {"metric": "perplexity", "unit": ""}
    fits = [column(number, (9.1, 8.2, 7.0, 6.1), "Ours", **falling) for number in (1, 2, 3)]
    assert bold_findings(make_results, *fits) == []
    fits[0] = column(1, (9.1, 8.2, 6.0, 6.1), "RigL", **falling)
    assert [one.level for one in bold_findings(make_results, *fits, column(4, (9, 8, 7, 6), "RigL", **falling))] == [
        "finding"
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.integers(6000, 8000).map(lambda value: value / 100), min_size=4, max_size=4), min_size=1, max_size=6
    )
)
def test_bold_that_is_best_is_never_asked_about(make_results: Make, columns: list[list[float]]) -> None:
    marked = [
        column(number, values, " ".join(m for m, value in zip(METHODS, values, strict=True) if value == max(values)))
        for number, values in enumerate(columns, 1)
    ]
    assert bold_findings(make_results, *marked) == []
