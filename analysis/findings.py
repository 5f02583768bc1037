"""All questions that the corpus raises: contradictions between papers, and papers that contradict themselves.

A finding is known by its rule and its cells (`db.findings.finding_id`), so the same question keeps what people said of
it however often it is raised.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.arithmetic import arithmetic_findings
from analysis.baselines import describe_key
from analysis.comparable import comparable
from analysis.contradictions import contradictions
from analysis.frames import records
from analysis.printed import metric_name, tidy
from db.records import Finding


def all_findings(
    results: pd.DataFrame, papers: pd.DataFrame | None = None, texts: pd.DataFrame | None = None
) -> list[Finding]:
    """What every rule raises, largest first within a rule, each set of cells once.

    ``results`` is the frame of the view ``result``. With ``papers``, results of withdrawn papers are left out; with
    ``texts``, the frame of `db.views.text_numbers`, the running text is looked at, too.
    """
    if papers is not None:
        withdrawn = set(papers.loc[papers["withdrawn"].astype(bool), "arxiv_id"])
        results = results[~results["arxiv_id"].isin(withdrawn)]
    compared = comparable(results)
    found = contradiction_findings(results, compared=compared)
    found += arithmetic_findings(results, texts, compared=compared)
    distinct = {(item.rule, item.cells): item for item in reversed(found)}
    return sorted(distinct.values(), key=lambda item: (item.rule, -item.size, item.cells))


def contradiction_findings(results: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> list[Finding]:
    """Rule ``contradiction``: one key has different numbers in different papers, and no cause settles it.

    Always a question: protocols, variants and seeds that papers leave unsaid can never be ruled out from tables.
    """
    found = contradictions(results, compared=compared)
    return [_contradiction(row) for row in records(found[~found["explained"].astype(bool)])]


def _contradiction(row: dict[str, Any]) -> Finding:
    causes = tuple(row["causes"]) or ("another dense model, recipe or seed", "a misprint")
    size = tidy(row["gap_high_amount"] - row["gap_low_amount"])
    unit = f" {row['unit']}" if row["unit"] else ""
    ends = [
        f"{row[f'{end}_amount']:.6g}{unit} in {row[f'{end}_paper']}"
        + (f" ({row[f'{end}_change']:+.4g} from its dense model)" if row["scale"] == "change" else "")
        for end in ("gap_low", "gap_high")
    ]
    sentence = (
        f"{describe_key(row)}: {metric_name(row['metric'])} is {ends[0]} and {ends[1]}: differs by {size:.3g}; "
        f"possible causes: {'; '.join(causes)}."
    )
    return Finding(
        rule="contradiction",
        cells=tuple(sorted((row["gap_low_cell"], row["gap_high_cell"]))),
        level="question",
        sentence=sentence,
        size=size,
        explanations=causes,
        tried=tuple(row["tried"]),
        papers=(row["gap_low_paper"], row["gap_high_paper"]),
    )
