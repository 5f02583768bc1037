"""What a pruned number changed against the unpruned network of its own paper.

Papers start from dense models up to five points apart (Blalock et al. 2020, section 4), so the effect of pruning is the
change from the paper's own dense model, never the difference of absolute numbers of two papers.
"""

from __future__ import annotations

import pandas as pd

EVALUATION = ("arxiv_id", "dataset", "split", "protocol", "model", "metric", "unit", "synthetic")
"""Columns in which a pruned number agrees with its dense model's."""


def with_own_dense(compared: pd.DataFrame) -> pd.DataFrame:
    """The pruned rows of `analysis.comparable.comparable` with the columns dense and change.

    ``dense`` is the paper's own number for the unpruned network in the same evaluation (the median of several), NaN
    where it prints none; ``change`` is amount less dense, in ``unit``.
    """
    dense = compared[compared["role"] == "dense"].groupby(list(EVALUATION), sort=False)["amount"].median()
    pruned = compared[compared["role"] != "dense"].join(dense.rename("dense"), on=list(EVALUATION))
    return pruned.assign(change=(pruned["amount"] - pruned["dense"]).round(9))
