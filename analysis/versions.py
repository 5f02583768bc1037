"""What differs between the results of two versions of one paper.

A number is followed by what stands beside it (row, column, which number of the cell), first within a table of the same
caption, then in any table, since captions are reworded between versions. Numbers of the same place are taken in order.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

_PLACES: Sequence[Sequence[str]] = (
    ("caption", "row_text", "col_text", "number"),
    ("row_text", "col_text", "number", "metric"),
)
"""Columns by which a result is found again, strictest first."""
COLUMNS = ("what", "table_label", "method", "dataset", "model", "metric", "sparsity", "before", "after", "unit")


def compare_versions(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the results that differ.

    Args:
        before: Results of the older version: caption, row_text, col_text, number, table_label, method, dataset, model,
            metric, sparsity, value, unit; in the paper's order.
        after: Those of the newer version.

    Returns:
        One row a difference, with COLUMNS; ``what`` is changed, new or gone, ``before`` and ``after`` are values.
    """
    old, new = _records(before), _records(after)
    pairs: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]] = []
    for place in _PLACES:
        waiting: dict[tuple[Any, ...], deque[Mapping[str, Any]]] = defaultdict(deque)
        for item in old:
            waiting[_key(item, place)].append(item)
        left = []
        for item in new:
            same = waiting[_key(item, place)]
            if same:
                pairs.append((same.popleft(), item))
            else:
                left.append(item)
        new = left
        old = [item for items in waiting.values() for item in items]
    pairs += [(item, None) for item in old] + [(None, item) for item in new]
    rows = [_difference(one, other) for one, other in pairs if one is None or other is None or _differ(one, other)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _records(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _key(item: Mapping[str, Any], place: Sequence[str]) -> tuple[Any, ...]:
    return tuple(item[name] for name in place)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["value"] != other["value"] or one["unit"] != other["unit"])


def _difference(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any]:
    shown = other or one
    assert shown is not None
    what = "changed" if one and other else "new" if other else "gone"
    return {
        **{name: shown[name] for name in COLUMNS if name in shown},
        "what": what,
        "before": one["value"] if one else None,
        "after": other["value"] if other else None,
    }
