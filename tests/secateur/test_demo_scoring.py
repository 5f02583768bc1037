"""The comparison of planted and found: all right when everything was found, wrong where something was spoiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from secateur.demo.literature import write_literature
from secateur.demo.scoring import DemoRow, Found, agrees, score_demo
from secateur.demo.truth import TrueResult, Truth

Place = tuple[str, str, int]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return write_literature(tmp_path_factory.mktemp("scored"), seed=4, until=date(2026, 11, 1))


def finding(papers: Iterable[str], cells: Iterable[int]) -> dict[str, Any]:
    return {"rule": "any", "papers": list(papers), "cells": list(cells)}


def result_row(result: TrueResult, cell_id: int) -> dict[str, Any]:
    return {**asdict(result), "table_label": result.table, "cell_id": cell_id}


@pytest.fixture(scope="module")
def perfect(truth: Truth) -> Found:
    """What a system without a fault would find."""
    places = {(item.arxiv_id, item.table, item.row, item.col): number for number, item in enumerate(truth.results)}
    results = pd.DataFrame([result_row(item, number) for number, item in enumerate(truth.results)]).astype(object)
    findings = [
        finding([item.arxiv_id, item.others[0]], [places[item.arxiv_id, item.table, item.row, item.col]])
        for item in truth.contradictions
    ]
    for slip in truth.slips:
        cells = [places[place] for place in places if place[:3] == (slip.arxiv_id, slip.table, slip.row)]
        findings.append(finding([slip.arxiv_id], cells))
    broken = [item for item in truth.papers if item.unread is not None]
    return Found(
        papers=pd.DataFrame(asdict(item) for item in truth.papers),
        results=results,
        findings=pd.DataFrame(findings),
        unread=pd.DataFrame({"kind": ["document"] * len(broken), "arxiv_id": [item.arxiv_id for item in broken]}),
        comparisons=frozenset((item.citing, item.cited) for item in truth.comparisons) | {("2401.90007", "1506.02626")},
        doubling_years=2.1,
        doubling_interval=(1.8, 2.6),
        changed_by_second_night=0,
    )


def scored(truth: Truth, found: Found, what: str) -> DemoRow:
    (row,) = [row for row in score_demo(truth, found) if row.what.startswith(what)]
    return row


def test_finding_everything_and_nothing_else_is_all_right(truth: Truth, perfect: Found) -> None:
    rows = score_demo(truth, perfect)
    assert [row.what for row in rows if not row.ok] == []
    assert {row.recall for row in rows} == {row.precision for row in rows} == {1.0, None}


def test_finding_nothing_is_wrong_everywhere(truth: Truth, perfect: Found) -> None:
    nothing = Found(
        papers=perfect.papers.head(0),
        results=perfect.results.head(0),
        findings=perfect.findings.head(0),
        unread=perfect.unread.head(0),
        comparisons=frozenset(),
        doubling_years=float("inf"),
        doubling_interval=(2.0, float("inf")),
        changed_by_second_night=-1,
    )
    right = [row.what for row in score_demo(truth, nothing) if row.ok]
    assert right == ["look-alikes raised as errors"]


def test_a_wrong_value_costs_recall_and_precision(truth: Truth, perfect: Found) -> None:
    results = perfect.results.copy()
    half = len(results) // 2
    results.loc[: half - 1, "value"] = [value + 1 for value in results["value"].head(half)]
    row = scored(truth, replace(perfect, results=results), "results")
    assert row.recall == row.precision == pytest.approx(0.5, abs=0.001)
    assert not row.ok


def test_invented_results_cost_precision_alone(truth: Truth, perfect: Found) -> None:
    extra = perfect.results.assign(row=lambda frame: frame["row"] + 1000)
    row = scored(truth, replace(perfect, results=pd.concat([perfect.results, extra])), "results")
    assert (row.recall, row.precision) == (1.0, 0.5)


def test_a_dense_number_read_in_every_column_that_repeats_it_costs_nothing(truth: Truth, perfect: Found) -> None:
    dense = next(item for item in truth.results if item.role == "dense")
    repeated = pd.DataFrame([result_row(replace(dense, col=dense.col + 50), 10**6)])
    row = scored(truth, replace(perfect, results=pd.concat([perfect.results, repeated])), "results")
    assert row.precision == 1.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", "Another"),
        ("dataset", "Elsewhere"),
        ("model", None),
        ("metric", "flops"),
        ("value", 12.34),
        ("sparsity", 0.42),
    ],
)
def test_every_field_of_a_result_must_be_right(field: str, value: object) -> None:
    planted = TrueResult(
        arxiv_id="2401.90007",
        table="tab:main",
        row=3,
        col=2,
        method="Ours",
        method_canonical="AlderPrune",
        role="proposed",
        dataset="ImageNet",
        model="ResNet-50",
        metric="top1_accuracy",
        value=75.5,
        unit="%",
        sparsity=0.9,
    )
    found = {**asdict(planted), "metric": "accuracy", "sparsity": 0.9, "dataset": "imagenet"}
    assert agrees(planted, found)
    wrong = {**found, field: value} | ({"method_canonical": None} if field == "method" else {})
    assert not agrees(planted, wrong)


def test_a_ratio_answers_for_a_sparsity() -> None:
    planted = TrueResult("1", "t", 1, 1, "A", "A", "proposed", "MNIST", "LeNet-5", "accuracy", 99.0, "%", sparsity=0.9)
    assert agrees(planted, {**asdict(planted), "sparsity": float("nan"), "compression": 10.0})
    assert not agrees(planted, {**asdict(planted), "sparsity": float("nan"), "compression": None})


def test_a_look_alike_raised_as_an_error_is_counted(truth: Truth, perfect: Found) -> None:
    item = next(item for item in truth.look_alikes if item.kind == "sequence-length")
    cells = perfect.results[
        (perfect.results["arxiv_id"] == item.arxiv_id) & (perfect.results["table_label"] == item.table)
    ]
    raised = finding([item.arxiv_id, "2401.90007"], [int(cells["cell_id"].iloc[-1])])
    found = replace(perfect, findings=pd.concat([perfect.findings, pd.DataFrame([raised])], ignore_index=True))
    assert scored(truth, found, "look-alikes").found.startswith("1 of")
    assert not scored(truth, found, "look-alikes").ok
    assert scored(truth, found, "contradictions").precision < 1


def test_a_second_night_that_changes_something_is_wrong(truth: Truth, perfect: Found) -> None:
    assert not scored(truth, replace(perfect, changed_by_second_night=3), "records changed").ok


def test_sources_that_arxiv_withholds_need_not_be_unread(truth: Truth, perfect: Found) -> None:
    arrived = {item.arxiv_id for item in truth.papers if item.unread not in (None, "encrypted", "pdf-only")}
    unread = perfect.unread[perfect.unread["arxiv_id"].isin(arrived)]
    assert scored(truth, replace(perfect, unread=unread), "unread").ok
    assert not scored(truth, replace(perfect, unread=unread.head(1)), "unread").ok
