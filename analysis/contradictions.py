"""Numbers of one key that differ between papers by more than seeds, rounding and the papers' dense models explain.

The two papers farthest apart are looked at, and how far the farther one is from the median of all others: the bound is
what honest numbers exceed once in 500 keys, however many papers there are. Where papers print their dense model the
change from it decides, else the number itself. What is left is ranked, with innocent causes that may explain it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from analysis.baselines import runs
from analysis.causes import TRIED, Difference, likely_causes
from analysis.comparable import KEY, comparable
from analysis.noise import seed_deviations
from analysis.own_dense import with_own_dense
from analysis.printed import tidy, tolerance

ENDS = ("amount", "change", "dense", "paper", "cell", "role")
COLUMNS = (
    *(*KEY, "n_papers", "n_numbers", "scale", "gap"),
    *(f"{end}_{name}" for end in ("gap_low", "gap_high") for name in ENDS),
    *("gap_names", "tolerance", "excess", "causes", "explained", "tried", "papers"),
)
CERTAINTY = 0.998
"""Share of keys with honest numbers that stay below the bound."""
READ = (
    *("arxiv_id", "amount", "half_unit", "role", "cell_id", "printed_method", "dense", "change"),
    *KEY,
)


def contradictions(results: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> pd.DataFrame:
    """Keys whose numbers in different papers differ beyond what seeds explain, the worst first.

    Columns: the key; n_papers; n_numbers (copies collapsed); scale (``change`` from the own dense model where both ends
    know it, else ``amount``); gap (the difference on that scale beyond rounding); both ends with amount, change, dense,
    paper, cell and role; gap_names (printed names of the method); tolerance (the bound, in ``unit``); excess (gap over
    tolerance); causes (sentences of innocent explanations); explained (whether the arithmetic bears the signature of
    one, so that it is a cause rather than a contradiction; such rows come last); tried; papers. Dense models are
    included. Takes the frame of the view ``result``; ``compared`` is that of `analysis.comparable.comparable`, where it
    is made already.
    """
    compared = comparable(results) if compared is None else compared
    rows = pd.concat([with_own_dense(compared), compared[compared["role"] == "dense"]]).sort_index()
    rows["group"] = rows.groupby(list(KEY), sort=False).ngroup()
    rows = rows[rows.groupby("group")["arxiv_id"].transform("nunique") > 1]
    # A number that an earlier paper printed is a copy, and no second measurement.
    measured = rows.drop_duplicates(["group", "amount"]).sort_values("group", kind="stable")
    papers = rows.groupby("group")["arxiv_id"].agg(lambda names: list(dict.fromkeys(names)))
    seeds = {
        tuple(key): deviation for *key, deviation, _ in seed_deviations(results).itertuples(index=False, name=None)
    }
    columns = {name: measured[name].tolist() for name in READ}
    groups = measured["group"].to_numpy()
    found = []
    for start, end in runs(groups):
        members = [{name: columns[name][place] for name in READ} for place in range(start, end)]
        row = _contradiction(members, seeds)
        if row is not None:
            names = papers[groups[start]]
            found.append(row | {"papers": names, "n_papers": len(names)})
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    return frame.sort_values(["explained", "excess"], ascending=[True, False], kind="stable", ignore_index=True)


def _contradiction(members: list[dict[str, Any]], seeds: Mapping[tuple[Any, ...], float]) -> dict[str, Any] | None:
    """The widest difference of one key that is beyond its bound, one that dense models do not explain before others."""
    key = {name: members[0][name] for name in KEY}
    best = None
    for scale, rows in _scales(members):
        low, high = _ends(rows, scale)
        rounding = low["half_unit"] + high["half_unit"]
        apart = tidy(high["amount"] - low["amount"] - rounding)
        # The dense numbers are rounded as well.
        gap = apart if scale == "amount" else tidy(high["change"] - low["change"] - 2 * rounding)
        least = _bound(rows, low, seeds)
        if apart <= 0 or least == 0 or gap <= least or _from_the_others(rows, (low, high), scale) - rounding <= least:
            continue
        row = _row(key, low, high, gap, least, scale)
        # What is far apart as printed and not on the scale of change, where there is one, the dense models explain.
        both_changes = not (_unknown(low["change"]) or _unknown(high["change"]))
        row["explained"] |= scale == "amount" and key["unit"] == "%" and both_changes
        if best is None or (row["explained"], -row["excess"]) < (best["explained"], -best["excess"]):
            best = row
    return None if best is None else best | {"n_numbers": len(members)}


def _scales(members: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The scales on which numbers of two papers or more can be compared."""
    stated = [row for row in members if not _unknown(row["change"])] if members[0]["unit"] == "%" else []
    for scale, rows in (("change", stated), ("amount", members)):
        if len({row["arxiv_id"] for row in rows}) > 1:
            yield scale, rows


def _ends(rows: list[dict[str, Any]], scale: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers of two papers that lie farthest apart."""
    least, most = min(rows, key=lambda row: row[scale]), max(rows, key=lambda row: row[scale])
    pairs = [(least, row) for row in rows if row["arxiv_id"] != least["arxiv_id"]]
    pairs += [(row, most) for row in rows if row["arxiv_id"] != most["arxiv_id"]]
    return max(pairs, key=lambda pair: pair[1][scale] - pair[0][scale])


def _from_the_others(rows: list[dict[str, Any]], ends: tuple[dict[str, Any], ...], scale: str) -> float:
    """How far the one of both ends that is farther off lies from the median of the other papers' numbers."""
    return max(
        abs(end[scale] - statistics.median(row[scale] for row in rows if row["arxiv_id"] != end["arxiv_id"]))
        for end in ends
    )


def _unknown(value: Any) -> bool:
    return value is None or math.isnan(value)


def _bound(rows: list[dict[str, Any]], low: dict[str, Any], seeds: Mapping[tuple[Any, ...], float]) -> float:
    """How far a number may lie from the median of the others before it is worth a question.

    The field's tolerance is for two numbers. Where papers report how much seeds move the network's accuracy, the bound
    is that of honest numbers, if it is larger.
    """
    size, relative = tolerance(low["metric"], low["unit"])
    of_two = size * abs(low["amount"]) if relative else size
    deviation = seeds.get((low["dataset"], low["model"]))
    papers = len({row["arxiv_id"] for row in rows})
    if deviation is not None and low["unit"] == "%":
        return max(of_two, distance_quantile(papers) * deviation)
    return of_two * max(1.0, distance_quantile(papers) / distance_quantile(2))


@lru_cache(maxsize=1024)
def distance_quantile(count: int) -> float:
    """How far, in deviations, the farthest of so many normal numbers may lie from the median of the others.

    Exceeded with the probability 1 - CERTAINTY, by Bonferroni's bound over the numbers; the median of n numbers has the
    variance pi / 2 n, of one or two 1 / n.
    """
    from scipy.stats import norm

    others = count - 1
    variance = 1 + (math.pi / 2 if others > 2 else 1.0) / others
    ways = 1 if count == 2 else count
    return float(norm.ppf(1 - (1 - CERTAINTY) / (2 * ways))) * math.sqrt(variance)


def _row(
    key: dict[str, Any], low: dict[str, Any], high: dict[str, Any], gap: float, least: float, scale: str
) -> dict[str, Any]:
    causes = likely_causes(_difference(key, low, high, least))
    ends: dict[str, Any] = {}
    for name, row in (("gap_low", low), ("gap_high", high)):
        ends |= {f"{name}_{part}": row[part] for part in ("amount", "change", "dense", "role")}
        ends |= {f"{name}_paper": row["arxiv_id"], f"{name}_cell": row["cell_id"]}
    return {
        **key,
        **ends,
        "scale": scale,
        "gap": gap,
        "gap_names": (low["printed_method"], high["printed_method"]),
        "tolerance": least,
        "excess": tidy(gap / least),
        "causes": [cause.sentence for cause in causes],
        "explained": any(cause.settles for cause in causes),
        "tried": list(TRIED),
    }


def _difference(key: dict[str, Any], low: dict[str, Any], high: dict[str, Any], least: float) -> Difference:
    pruned = key["point"] != "dense"
    return Difference(
        low=low["amount"],
        high=high["amount"],
        metric=key["metric"],
        unit=key["unit"],
        model=key["model"],
        protocol=key["protocol"] or key["split"],
        scope=key["scope"],
        half_units=low["half_unit"] + high["half_unit"],
        names=(low["printed_method"], high["printed_method"]) if pruned else ("", ""),
        dense_low=None if _unknown(low["dense"]) else low["dense"],
        dense_high=None if _unknown(high["dense"]) else high["dense"],
        tolerance=least,
    )
