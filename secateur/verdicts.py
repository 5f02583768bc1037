"""How a verdict is shown: on a terminal a table of its parts and the facts beside them, elsewhere flat rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from secateur.output import Format, default_format, print_rows

PART_COLUMNS = ("part", "kind", "completion", "label", "cause", "seeds", "estimate", "low", "high", "margin")
FACTS = {
    "accuracy": "accuracy, per cent, over seeds",
    "holds": "completions in which it holds",
    "theoretical_ratio": "multiply-adds, original / pruned (theoretical)",
    "measured_ratio_batch_1": "seconds, dense / sparse, batch 1 (measured here)",
    "measured_ratio_batch_64": "seconds, dense / sparse, batch 64 (measured here)",
    "microseconds": "microseconds of the CPU (measured here)",
    "kernel": "sparse kernel",
    "compatible": "deviation of the original",
    "warnings": "warnings",
}


def print_verdicts(rows: Iterable[Mapping[str, Any]], wanted: Format | None) -> None:
    """Print the rows of one or more validation reports."""
    rows = list(rows)
    if (wanted or default_format(sys.stdout)) is not Format.TABLE:
        print_rows(rows, wanted)
        return
    for claim in dict.fromkeys(row["claim"] for row in rows):
        parts = [row for row in rows if row["claim"] == claim]
        shown = [{name: rounded(row[name]) for name in PART_COLUMNS} for row in parts]
        print_rows(shown, Format.TABLE, columns=PART_COLUMNS, title=f"{claim}: {parts[0]['label']}")
        facts = [
            {"what": FACTS[name], "value": rounded(parts[0][name])}
            for name in FACTS
            if parts[0][name] not in (None, "")
        ]
        if facts:
            print_rows(facts, Format.TABLE)


def rounded(value: Any) -> Any:
    """A measured number with the digits that runs can tell apart; other formats have all of them."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
