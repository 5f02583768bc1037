"""How much independent numbers of one key differ beyond their own error: tau in points, and where the next one may lie.

Hardly any paper gives a deviation (1 of 81 in Blalock et al. 2020), so I-squared says nothing here. Copied numbers are
one measurement. From five independent numbers on tau and a prediction interval after Hartung and Knapp are given
(IntHout, Ioannidis, Rovers and Goeman 2016); of two to four only the range, and never an outlier.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
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


def heterogeneity(results: pd.DataFrame, *, fewest_papers: int = 2) -> pd.DataFrame:
    """One row a key and scale with independent numbers of ``fewest_papers`` papers or more, widest first.

    ``scale`` is ``value``, or ``change`` for the change from each paper's own dense model. Columns: the key, scale,
    n_papers, n_numbers (copies collapsed), low, high, range; mean, tau, next_low and next_high (95 % prediction
    interval for the number of one more paper) from five numbers on, NaN below; cells. Units are those of ``unit``.
    Of a paper with several numbers for a key their mean counts. Takes the frame of the view ``result``.
    """
    compared = comparable(results)
    pruned = with_own_dense(compared)
    changes = pruned.dropna(subset=["change"]).assign(number=lambda rows: rows["change"])
    values = compared.assign(number=compared["amount"])
    frames = [
        _of_scale(values, "value", fewest_papers),
        _of_scale(changes[changes["unit"] == "%"], "change", fewest_papers),
    ]
    frame = pd.concat([part for part in frames if not part.empty] or frames, ignore_index=True)
    return frame.sort_values(["tau", "range"], ascending=False, na_position="last", kind="stable", ignore_index=True)


def _of_scale(rows: pd.DataFrame, scale: str, fewest_papers: int) -> pd.DataFrame:
    rows = rows.assign(group=rows.groupby(list(KEY), sort=False).ngroup())
    # A copied number is no measurement; it is told by its digits, whatever scale is looked at.
    measured = rows.drop_duplicates(["group", "amount"])
    own = measured.groupby(["group", "arxiv_id"], sort=False).agg(
        number=("number", "mean"), half_unit=("half_unit", "max"), cell_id=("cell_id", "first")
    )
    counts = own.groupby(level="group").size()
    keys = rows.drop_duplicates("group").set_index("group")[list(KEY)]
    found = []
    for group, members in own[own.index.get_level_values("group").isin(counts.index[counts >= fewest_papers])].groupby(
        level="group", sort=False
    ):
        numbers = members["number"].to_numpy(dtype=float)
        found.append(
            keys.loc[[group]].iloc[0].to_dict()
            | {"scale": scale, "n_papers": len(numbers), "n_numbers": len(numbers)}
            | {"low": numbers.min(), "high": numbers.max(), "range": round(float(np.ptp(numbers)), 9)}
            | predicted(numbers, members["half_unit"].to_numpy(dtype=float))
            | {"cells": members["cell_id"].tolist()}
        )
    return pd.DataFrame(found, columns=list(COLUMNS))


def predicted(numbers: Any, half_units: Any) -> dict[str, float]:
    """Mean, tau and the prediction interval of one more number; NaN for fewer than five numbers.

    The only error that is known of each number is its rounding, uniform within half a unit of its last digit: tau is
    what is left of the deviation between papers, so it holds seeds, recipes and mistakes alike. The interval is mean
    plus or minus t (k - 1 degrees of freedom) times the root of tau squared plus the squared error of the mean.
    """
    count = len(numbers)
    if count < FEWEST:
        return dict.fromkeys(("mean", "tau", "next_low", "next_high"), math.nan)
    from scipy.stats import t

    mean = float(np.mean(numbers))
    variance = float(np.var(numbers, ddof=1))
    tau_squared = max(0.0, variance - float(np.mean(np.square(half_units))) / 3)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, count - 1)) * math.sqrt(tau_squared + variance / count)
    return {"mean": mean, "tau": math.sqrt(tau_squared), "next_low": mean - reach, "next_high": mean + reach}
