"""Frames of results as db/views.py gives them."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

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
    "cited": None,
    "confidence": 1.0,
    "assumed": None,
    "extra": None,
    "submitted": None,
    "synthetic": False,
}
NUMBERS = ("value", "spread", "sparsity", "sparsity_low", "sparsity_high", "compression", "confidence")


@pytest.fixture
def make_results() -> Callable[..., pd.DataFrame]:
    """A frame of results from rows that give only what matters; cells count from 1, papers are dated by their ids."""

    def build(*rows: dict[str, Any]) -> pd.DataFrame:
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
        return frame.astype(dict.fromkeys(NUMBERS, float) | {"cell_id": int, "synthetic": bool})

    return build
