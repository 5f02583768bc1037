"""Frames of results as db/views.py gives them, and whole corpora for the survey."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest

from analysis.findings import all_findings
from analysis.report import SurveyData
from db.findings import finding_id

DEFAULTS: dict[str, Any] = {
    "version": 1,
    "table_label": "tab:main",
    "table_position": 0,
    "caption": "Main results.",
    "table_kind": "results",
    "row": 0,
    "col": 1,
    "number": 0,
    "text": None,
    "row_text": "",
    "col_text": "",
    "method": "RigL",
    "role": "baseline",
    "metric": "top1_accuracy",
    "value": 75.0,
    "unit": "%",
    "method_canonical": None,
    "modifiers": None,
    "implemented_by": "unknown",
    "dataset": "ImageNet",
    "split": None,
    "protocol": None,
    "model": "ResNet-18",
    "spread": None,
    "spread_kind": None,
    "sparsity": None,
    "sparsity_printed": None,
    "sparsity_of": None,
    "sparsity_form": None,
    "sparsity_scope": None,
    "sparsity_low": None,
    "sparsity_high": None,
    "compression": None,
    "pattern": None,
    "printed": "",
    "measured": False,
    "theoretical": False,
    "bold": False,
    "cited": None,
    "confidence": 1.0,
    "assumed": None,
    "extra": None,
    "submitted": None,
    "synthetic": False,
}
NUMBERS = ("value", "spread", "sparsity", "sparsity_low", "sparsity_high", "compression", "confidence")


def _results(*rows: dict[str, Any]) -> pd.DataFrame:
    whole = []
    for number, row in enumerate(rows, start=1):
        arxiv_id = row.get("arxiv_id", "2001.00001")
        place = {"reading_id": number, "cell_id": number, "document_table_id": 1, "arxiv_id": arxiv_id}
        filled = DEFAULTS | place | {"modifiers": [], "assumed": [], "extra": {}} | row
        if filled["submitted"] is None:
            filled["submitted"] = pd.Timestamp(2000 + int(arxiv_id[:2]), int(arxiv_id[2:4]), 1)
        filled["text"] = filled["text"] if filled["text"] is not None else f"{filled['value']}"
        whole.append(filled)
    names = ["reading_id", "cell_id", "arxiv_id", "document_table_id", *DEFAULTS]
    frame = pd.DataFrame(whole, columns=names).astype(object)
    frame["submitted"] = pd.to_datetime(frame["submitted"])
    return frame.astype(dict.fromkeys(NUMBERS, float) | {"cell_id": int, "synthetic": bool, "bold": bool})


@pytest.fixture
def make_results() -> Callable[..., pd.DataFrame]:
    """A frame of results from rows that give only what matters; cells count from 1, papers are dated by their ids."""
    return _results


FRAMES = {
    "papers": "arxiv_id title abstract submitted updated version primary_category withdrawn synthetic relevance "
    "authors comments",
    "tags": "arxiv_id facet value canonical confidence field start_char end_char quotation",
    "citations": "arxiv_id key text title year cited_arxiv_id matched_by",
    "tables": "arxiv_id version document_table_id label position caption kind grid",
    "abstract_claims": "arxiv_id quantity value unit direction quotation confidence",
    "findings": "id rule level state sentence size explanations tried papers reviewer note cells",
    "verdicts": "claim_id arxiv_id title part label cause seeds estimate low high at",
    "status": "name value",
    "unread": "kind arxiv_id version locator reason",
    "full_texts": "arxiv_id outcome reason read unread_reason",
    "agreement": "facet papers both person_only machine_only",
    "imports": "arxiv_id what source at",
    "stated": "arxiv_id compared_with source",
    "evaluations": "arxiv_id method dataset model trials",
    "timings": "claim_id arxiv_id dataset model layer batch arm kernel sparsity seconds cpu at",
}


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=FRAMES[name].split()).astype(object)
    if name == "papers":
        made["submitted"], made["updated"] = pd.to_datetime(made["submitted"]), pd.to_datetime(made["updated"])
        made = made.astype({"withdrawn": bool, "synthetic": bool})
    return made.where(made.notna(), None) if rows else made


def _paper(number: int, **more: Any) -> dict[str, Any]:
    day = pd.Timestamp(2019, 1, 1) + pd.DateOffset(months=number % 80, days=number % 28)
    facts = {"arxiv_id": f"{day:%y%m}.{number:05d}", "title": f"Paper {number}", "abstract": "We prune single weights."}
    facts |= {"submitted": day, "updated": day, "version": 1, "primary_category": "cs.LG", "withdrawn": False}
    return facts | {"synthetic": False, "relevance": "core", "authors": ["A. Author", "B. Author"]} | more


def _survey(
    make_results: Callable[..., pd.DataFrame],
    papers: list[dict[str, Any]],
    more_results: Sequence[dict[str, Any]] = (),
    **frames: list[dict[str, Any]],
) -> SurveyData:
    """A corpus in which every paper prints RigL's and the dense accuracy, and each other's number differs."""
    rows = []
    for number, row in enumerate(papers):
        place = {"arxiv_id": row["arxiv_id"], "document_table_id": number, "synthetic": row["synthetic"]}
        place |= {"submitted": row["submitted"]}
        rows.append(place | {"sparsity": 0.9, "value": 70.0 + number % 4, "method_canonical": "RigL"})
        rows.append(place | {"role": "dense", "method": "Dense", "value": 76.0, "row": 1})
    results = make_results(*rows, *more_results)
    found = [
        {"id": finding_id(item.rule, item.cells), "rule": item.rule, "level": item.level, "state": "new"}
        | {"reviewer": None, "note": ""}
        | {"sentence": item.sentence, "size": item.size, "explanations": [], "tried": list(item.tried)}
        | {"papers": list(item.papers), "cells": list(item.cells)}
        for item in all_findings(results)
    ]
    tags = [
        {"arxiv_id": row["arxiv_id"], "facet": "structure", "value": "unstructured", "confidence": 0.9}
        | {"field": "abstract", "start_char": 9, "end_char": 23, "quotation": "single weights"}
        for row in papers
    ]
    given = {"papers": papers, "tags": tags, "findings": found} | frames
    return SurveyData(results=results, **{name: _frame(name, given.get(name, [])) for name in FRAMES})


@pytest.fixture(scope="session")
def make_paper() -> Callable[..., dict[str, Any]]:
    """A paper of the survey by its number; every field can be given."""
    return _paper


@pytest.fixture(scope="session")
def make_survey() -> Callable[..., SurveyData]:
    """A corpus of papers (`make_paper`) that each print RigL's and the dense accuracy; other frames can be given."""
    return functools.partial(_survey, _results)
