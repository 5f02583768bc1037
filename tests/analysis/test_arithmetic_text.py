"""Numbers of the running text against those of the tables."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis.arithmetic import arithmetic_findings
from db.records import Finding

Make = Callable[..., pd.DataFrame]
TABLE = [
    {"method": "Dense", "role": "dense", "value": 76.8, "row": 0},
    {"method": "RigL", "value": 74.6, "row": 1, "sparsity": 0.8},
    {"method": "RigL", "value": 72.0, "row": 2, "sparsity": 0.9},
    {"method": "Ours", "role": "proposed", "value": 75.3, "row": 3, "sparsity": 0.8},
    {"method": "Ours", "role": "proposed", "value": 73.9, "row": 4, "sparsity": 0.9},
]


def said(sentence: str, printed: str, **more: Any) -> dict[str, Any]:
    place = {"arxiv_id": "2001.00001", "section": "Results", "tables": ["tab:main"], "refers": True, "in_tables": False}
    return place | {"sentence": sentence, "printed": printed, "value": float(printed), "unit": "%"} | more


def asked(make_results: Make, *texts: dict[str, Any], rows: list[dict[str, Any]] | None = None) -> list[Finding]:
    results = make_results(*(rows or TABLE))
    return [one for one in arithmetic_findings(results, pd.DataFrame(texts)) if one.rule == "text"]


def test_a_number_that_a_table_has_otherwise_is_a_finding(make_results: Make) -> None:
    sentence = "As Table tab:main shows, RigL reaches 72.9% at 90% sparsity."
    (found,) = asked(make_results, said(sentence, "72.9"))
    assert found.level == "finding"
    assert found.cells == (3,)
    assert found.size == pytest.approx(0.9)
    assert "The text says 72.9 % where table tab:main has a top-1 accuracy of 72.0 for RigL" in found.sentence


def test_without_a_reference_it_is_a_question(make_results: Make) -> None:
    (found,) = asked(make_results, said("At 90% sparsity we reach 73.6%.", "73.6", tables=[], refers=False))
    assert (found.level, found.cells) == ("question", (5,))
    assert found.explanations


@pytest.mark.parametrize(
    ("sentence", "printed"),
    [
        ("In Table tab:main, GMP reaches 72.9% at 90% sparsity.", "72.9"),
        ("In Table tab:main, RigL reaches 72.9% on CIFAR-10.", "72.9"),
        ("In Table tab:main, RigL reaches 72.9% with a ResNet-50.", "72.9"),
        ("In Table tab:main, RigL reaches 45.2% at 90% sparsity.", "45.2"),
        ("In Table tab:main, RigL reaches 73.3% on average.", "73.3"),
        ("In Table tab:main, the mean of RigL is 73.30%.", "73.30"),
        ("In Table tab:main, RigL has an error that is 2.6% larger.", "2.6"),
    ],
)
def test_another_subject_another_size_or_a_number_that_follows_is_innocent(
    make_results: Make, sentence: str, printed: str
) -> None:
    assert asked(make_results, said(sentence, printed)) == []


def test_a_dense_number_less_the_printed_change_is_innocent(make_results: Make) -> None:
    change = {"method": "RigL", "metric": "accuracy_change", "unit": "points", "value": -3.9, "row": 2, "col": 2}
    sentence = "In Table tab:main, RigL reaches 72.9% at 90% sparsity."
    assert asked(make_results, said(sentence, "72.9"), rows=[*TABLE, change | {"sparsity": 0.9}]) == []


def test_numbers_that_tables_have_are_not_asked_about(make_results: Make) -> None:
    assert asked(make_results, said("RigL reaches 72.0%.", "72.0", in_tables=True)) == []
