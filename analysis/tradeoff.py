"""Trade-off of sparsity and quality: what each pruned number lost or won against its own paper's dense model.

Papers start from different dense models, so their absolute numbers can't be put into one picture; the change from the
paper's own dense model can (Blalock et al. 2020, sections 4.4 and 5). No rank is made of it: training and recovery
differ still.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.comparable import method_name, protocol_of
from analysis.frames import absent, as_text, grouped, records
from analysis.printed import common_unit, quantities, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVALUATION = ("dataset", "model", "metric", "unit", "sparsity_of", "synthetic")
"""What the numbers of one trade-off curve have in common."""
COLUMNS = (
    *EVALUATION,
    "method",
    "series",
    "arxiv_id",
    "submitted",
    "cell_id",
    "role",
    "sparsity",
    "pattern",
    "value",
    "dense",
    "change",
    "table_label",
)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Where the axis of shares may have a tick."""
RATIOS = (0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000, 10000)
MANY = 1500
"""Points of one style from which on they are drawn as pixels, since each mark of an SVG figure takes 100 bytes."""
MARKERS = "os^Dv<>PX*"
INKS = ("#1c6652", "#b4552d", "#4a6fa5", "#8a6d1f", "#7a4b8a", "#3d8f7a", "#a33d5e", "#5d6b2f")


def changes_from_dense(results: pd.DataFrame) -> pd.DataFrame:
    """One row a pruned number whose paper prints its dense model's number for the same evaluation, by date.

    ``sparsity`` is the fraction removed of what ``sparsity_of`` names, from the stated share or compression ratio of
    the row; ``change`` is ``value`` less ``dense`` in points for shares of right answers, and else the ratio of both.
    The dense number is that of the same table, where a table has one, and else the paper's; where these differ among
    themselves, their median. Takes the frame of the view ``result``.
    """
    rows = [row for row in records(results) if _of_interest(row)]
    dense: dict[tuple[Hashable, ...], list[float]] = {}
    for row in rows:
        if row["role"] == "dense":
            for key in (_place(row, table=True), _place(row, table=False)):
                dense.setdefault(key, []).append(_amount(row)[0])
    points = [point for row in rows if row["role"] != "dense" and (point := _point(row, dense)) is not None]
    frame = pd.DataFrame(points, columns=list(COLUMNS))
    return frame.sort_values(["submitted", "arxiv_id", "cell_id"], kind="stable", ignore_index=True)


def _of_interest(row: dict[str, Any]) -> bool:
    known = not (absent(row["dataset"]) or absent(row["model"]) or absent(row["value"]))
    return known and (row["metric"] in quantities().accuracies or row["metric"] == "perplexity")


def _place(row: dict[str, Any], *, table: bool) -> tuple[Hashable, ...]:
    protocol = protocol_of(as_text(row["protocol"]), as_text(row["caption"]))
    where = row["document_table_id"] if table else None
    evaluation = (row["dataset"], as_text(row["split"]), protocol, row["model"], row["metric"])
    return row["arxiv_id"], where, *evaluation


def _amount(row: dict[str, Any]) -> tuple[float, str]:
    return common_unit(float(row["value"]), as_text(row["unit"]))


def _sparsity(row: dict[str, Any]) -> float | None:
    """The fraction removed, as far as the row states it."""
    if not absent(row["sparsity"]) and 0 < row["sparsity"] < 1:
        return float(row["sparsity"])
    if not absent(row["compression"]) and row["compression"] > 1:
        return float(1 - 1 / row["compression"])
    return None


def _series(row: dict[str, Any]) -> str:
    """What the numbers of one line have in common beside paper and method: as printed, evaluated and modified."""
    modifiers = row["modifiers"] if isinstance(row["modifiers"], (list, tuple)) else ()
    extra = row["extra"] if isinstance(row["extra"], dict) else {}
    stated = (as_text(row["method"]), as_text(row["split"]), as_text(row["protocol"]), as_text(row["pattern"]))
    return "; ".join([*stated, *map(str, modifiers), *(f"{name} {extra[name]}" for name in sorted(extra))])


def _point(row: dict[str, Any], dense: dict[tuple[Hashable, ...], list[float]]) -> dict[str, Any] | None:
    sparsity = _sparsity(row)
    start = dense.get(_place(row, table=True)) or dense.get(_place(row, table=False))
    if sparsity is None or not start:
        return None
    value, unit = _amount(row)
    origin = statistics.median(start)
    metric = quantities().complements.get(row["metric"], row["metric"])
    if metric != row["metric"] and unit == "%":
        value, origin = tidy(100 - value), tidy(100 - origin)
    if unit != "%" and origin == 0:
        return None
    return {
        "metric": quantities().same.get(metric, metric),
        "unit": unit,
        "method": method_name(row),
        "series": _series(row),
        "sparsity": sparsity,
        "sparsity_of": as_text(row["sparsity_of"]) or "weights",
        "value": value,
        "dense": origin,
        "change": tidy(value - origin) if unit == "%" else tidy(value / origin),
        **{
            name: row[name]
            for name in (
                "dataset",
                "model",
                "synthetic",
                "arxiv_id",
                "submitted",
                "cell_id",
                "role",
                "pattern",
                "table_label",
            )
        },
    }


def curves(points: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """The points of each evaluation that two papers or more have in common, most papers first."""
    found = []
    for key, members in grouped(records(points), *EVALUATION).items():
        frame = pd.DataFrame(members, columns=list(COLUMNS))
        papers = frame["arxiv_id"].nunique()
        if papers > 1:
            found.append((dict(zip(EVALUATION, key, strict=True)) | {"papers": papers}, frame))
    return sorted(found, key=lambda item: (-item[0]["papers"], *map(str, item[0].values())))


def plot_tradeoff(points: pd.DataFrame, ax: Axes | None = None, *, most: int = 8) -> Axes:
    """Draws one line a paper and series: the change from the paper's own dense model against the share removed.

    The methods with most papers have colours and a legend, all others are grey. Takes the points of one evaluation.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.figure(figsize=(8, 4)).subplots()
    shares = points["unit"].iloc[0] == "%"
    papers = points.groupby("method")["arxiv_id"].nunique().sort_values(ascending=False, kind="stable")
    named = papers.index[:most].tolist()
    for place, method in [(-1, None), *enumerate(named)]:
        of_style = points[points["method"] == method] if method else points[~points["method"].isin(named)]
        _draw_lines(ax, of_style, _style(place), str(method)[:26] if method else None)
    ax.axhline(0 if shares else 1, color="#8a8f8b", linewidth=0.9, linestyle="--")
    _share_axis(ax, points["sparsity"].min(), points["sparsity"].max())
    if not shares and points["change"].min() > 0:
        ax.set_yscale("log")
        ax.minorticks_off()
        low, high = ax.get_ylim()
        ticks = [ratio for ratio in RATIOS if low <= ratio <= high]
        ax.set_yticks(ticks, [f"{ratio:g}×" for ratio in ticks])
    ax.set_ylabel("points from own dense model" if shares else "times the own dense model's")
    ax.grid(axis="y", linewidth=0.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def _style(place: int) -> dict[str, Any]:
    if place < 0:
        return {"color": "#9aa19c", "marker": ".", "zorder": 1.5}
    return {"color": INKS[place % len(INKS)], "marker": MARKERS[place % len(MARKERS)], "zorder": 3 - 0.01 * place}


def _draw_lines(ax: Axes, points: pd.DataFrame, style: dict[str, Any], label: str | None) -> None:
    """All lines of one style; as one object each for lines and marks, and as pixels where there are very many."""
    from matplotlib.collections import LineCollection

    if points.empty:
        return
    points = points.sort_values("sparsity", kind="stable")
    ratio = 1 / (1 - points["sparsity"])
    many = len(points) > MANY
    at = points.assign(ratio=ratio).groupby(["method", "arxiv_id", "series"], sort=True)[["ratio", "change"]]
    segments = [line.to_numpy() for _, line in at if len(line) > 1]
    quiet = {"alpha": 0.85, "rasterized": many, "zorder": style["zorder"]}
    ax.add_collection(LineCollection(segments, colors=style["color"], linewidths=0.9, **quiet))
    marks = {"color": style["color"], "marker": style["marker"], "linestyle": "none", "markersize": 4}
    ax.plot(ratio.to_numpy(), points["change"].to_numpy(), label=label, **marks, **quiet)


def _share_axis(ax: Axes, low: float, high: float) -> None:
    """Shares removed, spaced as compression ratios, with a tick only where its words have room."""
    width = max(math.log((1 - low) / (1 - high)), 0.2)
    ticks: list[float] = []
    for share in SHARES:
        place = -math.log(1 - share)
        room = not ticks or place + math.log(1 - ticks[-1]) > 0.09 * width
        if -math.log(1 - low) - 0.1 * width <= place <= -math.log(1 - high) + 0.1 * width and room:
            ticks.append(share)
    margin = math.exp(0.06 * width)
    ax.set_xlim(1 / (1 - low) / margin, 1 / (1 - high) * margin)
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks([1 / (1 - share) for share in ticks], [f"{100 * share:g} %" for share in ticks])
    ax.set_xlabel("removed")
