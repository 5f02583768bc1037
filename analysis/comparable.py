"""Which numbers of a frame of results may be compared: the same thing measured on the same network, equally sparse.

The key holds method, data set, split, protocol, network, metric, what was pruned over which scope, how much of it, and
every modifier and extra that the reader found. A number whose key has a hole (no data set, no network, no operating
point) is compared with nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.frames import absent, as_text, grouped, records
from analysis.printed import common_unit, half_unit, quantities, ratio_interval, share_interval, tidy

KEY = (
    "method",
    "dataset",
    "split",
    "protocol",
    "model",
    "metric",
    "unit",
    "setting",
    "of",
    "scope",
    "point",
    "synthetic",
)
"""Columns in which comparable numbers agree."""
COLUMNS = (
    *KEY,
    "amount",
    "half_unit",
    "printed_method",
    "role",
    "arxiv_id",
    "submitted",
    "cell_id",
    "table_label",
    "caption",
)
NOT_SETTINGS = frozenset(["trials"])
"""What is said of a number that does not change what was measured."""
OWN_MARKS = re.compile(r"\s*[(\[](?:ours?|this (?:paper|work)|proposed)[)\]]\s*", re.IGNORECASE)
NAMELESS = re.compile(r"^(?:ours?|our (?:method|approach)|proposed(?: method)?|this (?:paper|work)|)$", re.IGNORECASE)


def method_name(row: Mapping[str, Any]) -> str:
    """The name under which a result's method is compared: the canonical one, else as printed without "(ours)".

    A method that its paper calls only "ours" gets a name that no other paper shares.
    """
    if row["role"] == "dense":
        return "Dense"
    if not absent(row["method_canonical"]):
        return str(row["method_canonical"])
    name = OWN_MARKS.sub(" ", str(row["method"])).strip()
    return f"method of {row['arxiv_id']}" if NAMELESS.match(name) else name


def _setting(row: Mapping[str, Any]) -> str:
    modifiers = row["modifiers"] if isinstance(row["modifiers"], (list, tuple)) else ()
    extra = row["extra"] if isinstance(row["extra"], Mapping) else {}
    named = (f"{name} {extra[name]}" for name in sorted(extra) if name not in NOT_SETTINGS)
    return ", ".join([*sorted(map(str, modifiers)), *named])


@functools.lru_cache(maxsize=4096)
def stated_protocol(caption: str) -> str:
    """The way of evaluating that a caption states: ``sequence length 2048``; empty where it states none, or several."""
    stated = []
    for name, pattern in quantities().protocols.items():
        values = {value.lower() for value in pattern.findall(caption)}
        if len(values) == 1:
            stated.append(f"{name} {values.pop()}")
    return ", ".join(stated)


def comparable(results: pd.DataFrame) -> pd.DataFrame:
    """The results whose key is whole, one row a number, with the columns COLUMNS.

    ``amount`` and ``half_unit`` are in ``unit``, which values of the kind are compared in. Sparsities and ratios (10×
    is 90 % of the weights) whose intervals of rounding have a common point are one ``point``; dense rows have the point
    ``dense``. Only tables of results count, since an ablation changes the method. Takes the frame of the view
    ``result``.
    """
    items = [item for row in records(results) if (item := _item(row)) is not None]
    kinds = [name for name in KEY if name != "point"] + ["kind"]
    rows = [item for members in grouped(items, *kinds).values() for item in _with_points(members)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["submitted", "arxiv_id", "cell_id"], kind="stable", ignore_index=True)


def _item(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["table_kind"] != "results" or absent(row["dataset"]) or absent(row["model"]) or absent(row["value"]):
        return None
    amount, unit = common_unit(float(row["value"]), as_text(row["unit"]))
    half, _ = common_unit(half_unit(float(row["value"]), row["printed"], row["text"]), as_text(row["unit"]))
    metric = str(row["metric"])
    if metric in quantities().complements and unit == "%":
        metric, amount = quantities().complements[metric], tidy(100 - amount)
    item = {
        "method": method_name(row),
        "dataset": str(row["dataset"]),
        "split": as_text(row["split"]),
        "protocol": as_text(row["protocol"]) or stated_protocol(as_text(row["caption"])),
        "model": str(row["model"]),
        "metric": quantities().same.get(metric, metric),
        "unit": unit,
        "setting": _setting(row),
        "of": "",
        "scope": "",
        "synthetic": bool(row["synthetic"]),
        "amount": amount,
        "half_unit": half,
        "printed_method": OWN_MARKS.sub(" ", as_text(row["method"])).strip(),
        **{name: row[name] for name in ("role", "arxiv_id", "submitted", "cell_id", "table_label", "caption")},
    }
    if row["role"] == "dense":
        return item | {"kind": "dense", "point": "dense"}
    if not absent(row["pattern"]):
        return item | {"kind": "pattern", "point": str(row["pattern"]), "of": as_text(row["sparsity_of"]) or "weights"}
    share = share_interval(row)
    # A pruned network of which nothing is pruned was not what the paper meant.
    if share is not None and row["sparsity"] > 0:
        of, scope = as_text(row["sparsity_of"]) or "weights", as_text(row["sparsity_scope"]) or "unknown"
        label = f"{100 * row['sparsity']:.6g} %"
        return item | {"kind": "share", "of": of, "scope": scope, "interval": share, "label": label}
    if not absent(row["compression"]) and row["compression"] > 1:
        ratio = float(row["compression"])
        stated = {"of": "weights", "scope": "unknown", "label": f"{ratio:g}×"}
        return item | {"kind": "share", "interval": _share_of_ratio(ratio)} | stated
    return None


def _share_of_ratio(ratio: float) -> tuple[float, float]:
    """The share of weights that a ratio removes. Ratios of few digits are mostly exact, so rounding counts to 2 %."""
    low, high = ratio_interval(ratio)
    return 1 - 1 / max(low, 0.98 * ratio), 1 - 1 / min(high, 1.02 * ratio)


def _with_points(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The members of one group, each with its operating point."""
    if "interval" not in members[0]:
        return members
    members = sorted(members, key=lambda item: item["interval"])
    clusters: list[list[dict[str, Any]]] = []
    end = float("-inf")
    for item in members:
        low, high = item["interval"]
        if low > end:
            clusters.append([])
            end = high
        clusters[-1].append(item)
        end = min(end, high)
    pointed: list[dict[str, Any]] = []
    for cluster in clusters:
        # A share says more than a ratio, and the one with most digits most.
        point = min(cluster, key=lambda item: ("×" in item["label"], item["interval"][1] - item["interval"][0]))[
            "label"
        ]
        pointed += [item | {"point": point} for item in cluster]
    return pointed
