"""How much independent numbers of one key differ beyond their own error: tau in points, and where the next one may lie.

Hardly any paper gives a deviation (1 of 81 in Blalock et al. 2020), so I-squared says nothing here. Copied numbers are
one measurement. From five independent numbers on tau and a prediction interval after Hartung and Knapp are given
(IntHout, Ioannidis, Rovers and Goeman 2016); of two to four only the range, and never an outlier.
"""

from __future__ import annotations

import functools
import math

import pandas as pd

from analysis.comparable import KEY, comparable
from analysis.own_dense import with_own_dense

FEWEST = 5
"""Independent numbers from which on tau is given."""
COLUMNS = (
    *KEY,
    "scale",
    "n_papers",
    "n_numbers",
    "low",
    "high",
    "range",
    "mean",
    "tau",
    "next_low",
    "next_high",
    "cells",
)
CONFIDENCE = 0.95


def heterogeneity(
    results: pd.DataFrame, *, fewest_papers: int = 2, compared: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a key and scale with independent numbers of ``fewest_papers`` papers or more, widest first.

    ``scale`` is ``value``, or ``change`` for the change from each paper's own dense model. Columns: the key, scale,
    n_papers, n_numbers (copies collapsed), low, high, range; mean, tau, next_low and next_high (95 % prediction
    interval for the number of one more paper) from five numbers on, NaN below; cells. Units are those of ``unit``.
    Of a paper with several numbers for a key their mean counts. Takes the frame of the view ``result``; ``compared`` is
    that of `analysis.comparable.comparable`, where it is made already.
    """
    compared = comparable(results) if compared is None else compared
    pruned = with_own_dense(compared)
    changes = pruned[pruned["change"].notna() & (pruned["unit"] == "%")]
    frames = [
        _of_scale(compared.assign(number=compared["amount"]), "value", fewest_papers),
        _of_scale(changes.assign(number=changes["change"]), "change", fewest_papers),
    ]
    frame = pd.concat([part for part in frames if not part.empty] or frames, ignore_index=True)
    return frame.sort_values(["tau", "range"], ascending=False, na_position="last", kind="stable", ignore_index=True)


def _of_scale(rows: pd.DataFrame, scale: str, fewest_papers: int) -> pd.DataFrame:
    groups = rows.groupby(list(KEY), sort=False).ngroup()
    rows = rows[[*KEY, "arxiv_id", "amount", "number", "half_unit", "cell_id"]].assign(group=groups)
    # A copied number is no measurement; it is told by its digits, whatever scale is looked at.
    measured = rows.drop_duplicates(["group", "amount"])
    own = measured.groupby(["group", "arxiv_id"], sort=False).agg(
        number=("number", "mean"), half_unit=("half_unit", "max"), cell_id=("cell_id", "first")
    )
    own = own[own.groupby(level="group")["number"].transform("size") >= fewest_papers]
    if own.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    own["rounding"] = own["half_unit"] ** 2
    by_key = own.groupby(level="group", sort=False)
    found = by_key.agg(
        n_papers=("number", "size"),
        low=("number", "min"),
        high=("number", "max"),
        average=("number", "mean"),
        variance=("number", "var"),
        rounding=("rounding", "mean"),
        cells=("cell_id", list),
    )
    found["n_numbers"] = found["n_papers"]
    found["range"] = (found["high"] - found["low"]).round(9)
    keys = rows.drop_duplicates("group").set_index("group")[list(KEY)]
    found = keys.join(found, how="inner").join(_predictions(found)).assign(scale=scale)
    return found[list(COLUMNS)].reset_index(drop=True)


def _predictions(found: pd.DataFrame) -> pd.DataFrame:
    """Mean, tau and prediction interval of each key with five numbers or more."""
    enough = found[found["n_papers"] >= FEWEST]
    columns = ("n_papers", "average", "variance", "rounding")
    rows = [predicted(*values) for values in zip(*(enough[name] for name in columns), strict=True)]
    return pd.DataFrame(rows, index=enough.index, columns=["mean", "tau", "next_low", "next_high"])


@functools.cache
def _student(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + CONFIDENCE) / 2, degrees))


def predicted(count: int, mean: float, variance: float, rounding: float) -> tuple[float, float, float, float]:
    """Mean, tau and the ends of the prediction interval for one more number.

    ``variance`` is that of ``count`` numbers, ``rounding`` the mean square of half a unit of their last digits, the
    only error that is known of them: uniform, so its variance is a third. Tau is what is left of the deviation between
    papers, so it holds seeds, recipes and mistakes alike. The interval is mean plus or minus t (k - 1 degrees of
    freedom) times the root of tau squared plus the squared error of the mean.
    """
    tau_squared = max(0.0, variance - rounding / 3)
    reach = _student(count - 1) * math.sqrt(tau_squared + variance / count)
    return mean, math.sqrt(tau_squared), mean - reach, mean + reach
