"""Findings have identity, are questions where an innocent explanation may fit, and name papers and cells."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.findings import all_findings
from db.findings import finding_id

Make = Callable[..., pd.DataFrame]
AT_90 = {"sparsity": 0.9, "sparsity_printed": "90%", "sparsity_of": "weights"}


def two_papers() -> list[dict[str, Any]]:
    return [
        AT_90 | {"arxiv_id": "1901.00001", "value": 73.0},
        AT_90 | {"arxiv_id": "2001.00001", "value": 70.5, "document_table_id": 2},
    ]


def test_a_contradiction_between_papers_is_a_question_with_both_cells(make_results: Make) -> None:
    (found,) = all_findings(make_results(*two_papers()))
    assert (found.rule, found.level, found.cells) == ("contradiction", "question", (1, 2))
    assert found.papers == ("2001.00001", "1901.00001")
    assert "differs by 2.5; possible causes:" in found.sentence
    assert "rounding" in found.tried


def test_identity_depends_on_rule_and_cells_alone(make_results: Make) -> None:
    rows = make_results(*two_papers())
    (before,) = all_findings(rows)
    (after,) = all_findings(rows.iloc[::-1].assign(caption="Another caption."))
    assert finding_id(before.rule, before.cells) == finding_id(after.rule, after.cells)


def test_what_arithmetic_settles_is_not_raised(make_results: Make) -> None:
    rows = [row | {"metric": "flops", "unit": "G"} for row in two_papers()]
    rows[0]["value"], rows[1]["value"] = 4.1, 8.2
    assert all_findings(make_results(*rows)) == []


def test_withdrawn_papers_raise_nothing(make_results: Make) -> None:
    papers = pd.DataFrame({"arxiv_id": ["1901.00001", "2001.00001"], "withdrawn": [False, True]})
    assert all_findings(make_results(*two_papers()), papers) == []


def test_an_empty_corpus_raises_nothing(make_results: Make) -> None:
    assert all_findings(make_results()) == []


def test_a_table_that_does_not_add_up_is_among_them(make_results: Make) -> None:
    row = {"pattern": "2:4", "sparsity": 0.8}
    (found,) = all_findings(make_results(row))
    assert (found.rule, found.level) == ("pattern", "finding")
