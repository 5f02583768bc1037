"""How strict a paper's comparisons are: the ladder of Wang et al. 2023 (arXiv 2301.05219), as far as tables show it.

S1: same data set, network and rate. S2: and same base model. S3.1: and same fine-tuning epochs. S3.2: and same
fine-tuning schedule (the least that they advise). S4.1, S4.2: and same pruning epochs, schedule. SX-A: same total
epochs. SX-B: same total FLOPs. A rung is shown by cells or by words; what is above it stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.comparable import KEY, comparable

LADDER: Mapping[str, str] = {
    "S1": "same data set, network and rate",
    "S2": "and same base model",
    "S3.1": "and same fine-tuning epochs",
    "S3.2": "and same fine-tuning schedule",
    "SX-B": "same total budget",
}
"""The rungs that tables and captions can show, and what each asks for."""
STATED = {"S3.1": "same_epochs", "S3.2": "same_schedule", "SX-B": "same_budget"}
"""Rungs of which a caption may speak, and the words for them."""
SAME_NETWORK = [name for name in KEY if name not in ("method", "setting")]

Rung = tuple[str, str, list[int], str]
"""Paper, rung, cells that show it, and quotation."""


def ladder(
    results: pd.DataFrame, words: Mapping[str, Sequence[re.Pattern[str]]], *, compared: pd.DataFrame | None = None
) -> Iterator[Rung]:
    """The rungs that each paper's tables show, with evidence. Takes the frame of the view ``result``.

    S1: an own and another's method stand at one operating point of one evaluation. S2: moreover one dense number of
    that network alone stands in the table, so that all were pruned from it. The rungs above need S2 and a caption that
    says so.
    """
    compared = comparable(results) if compared is None else compared
    pruned = compared[compared["role"] != "dense"]
    place = ["arxiv_id", "table_label", *SAME_NETWORK]
    sides = pruned.groupby(place, sort=False)["role"].transform("nunique")
    faced = pruned[sides > 1]
    dense = compared[compared["role"] == "dense"]
    evaluation = ["arxiv_id", "table_label", "dataset", "split", "protocol", "model", "metric", "unit"]
    single = dense.groupby(evaluation, sort=False)["amount"].nunique()
    single = single[single == 1].rename("bases")
    same_base = faced.join(single, on=evaluation).dropna(subset=["bases"])
    captions = results[["arxiv_id", "table_label", "caption"]].drop_duplicates()
    for rung, rows in (("S1", faced), ("S2", same_base)):
        for arxiv_id, cells in rows.groupby("arxiv_id", sort=False)["cell_id"]:
            yield str(arxiv_id), rung, cells.tolist(), ""
    tables = same_base[["arxiv_id", "table_label"]].drop_duplicates()
    for arxiv_id, _, caption in tables.merge(captions).itertuples(index=False, name=None):
        for rung, name in STATED.items():
            match = next((found for pattern in words[name] if (found := pattern.search(str(caption)))), None)
            if match is not None:
                yield arxiv_id, rung, [], match.group()
