"""Who copied which number from whom, and how a wrong number travels.

A number that stands with the same digits in an earlier paper, under the same key, may be a copy of it: of the paper
that proposed the method where that prints it, else of the first that did. It may also be chance, the more so the fewer
digits are printed and the more numbers there are to hit, so each copy says how likely chance was.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.comparable import KEY, comparable
from analysis.printed import tolerance

COPY_COLUMNS = (
    *KEY,
    "amount",
    "arxiv_id",
    "cell_id",
    "copied_from",
    "copied_cell",
    "origin",
    "chance",
    "agree",
    "common",
    "certainty",
)
TRAVEL_COLUMNS = (
    *KEY,
    "amount",
    "first_paper",
    "first_cell",
    "own",
    "own_papers",
    "difference",
    "n_papers",
    "papers",
    "cells",
)
FEWEST_AGREEING = 2
"""So many numbers that two papers have alike are no chance."""
LIKELY = 0.05
"""Chance of an equal number below which it is taken for a copy."""


def copies(results: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a number that stands with the same digits in an earlier paper.

    Columns: the key; amount; arxiv_id and cell_id of the later paper; copied_from and copied_cell; origin (``own``: the
    source proposed the method; ``other``); chance (that a re-run hits an earlier number, from the digits and the range
    of the key's numbers); agree and common (of how many keys that both papers give numbers for so many agree);
    certainty: ``stated`` where the later paper says that it copied, ``likely`` where chance is below 5 % or two keys or
    more agree, and most do, ``possible`` otherwise. Takes the frame of the view ``result``; ``compared`` is that of
    `analysis.comparable.comparable`, where it is made already.
    """
    return copies_among(comparable(results) if compared is None else compared)


def copies_among(compared: pd.DataFrame) -> pd.DataFrame:
    """`copies` of comparable results."""
    rows = _printed_once(compared)
    repeated = rows[rows.duplicated(["group", "amount"], keep=False)]
    if repeated.empty:
        return pd.DataFrame(columns=list(COPY_COLUMNS))
    sources = _sources(repeated)
    found = repeated.merge(sources, on=["group", "amount"], how="left")
    found = found[(found["arxiv_id"] != found["copied_from"]) & (found["role"] != "proposed")]
    # Two papers of one day are in no order.
    found = found[found["submitted"] > found["copied_at"]]
    found = _with_agreement(found, rows)
    found["chance"] = _chance(found, rows)
    likely = (found["agree"] >= FEWEST_AGREEING) & (2 * found["agree"] > found["common"])
    likely |= found["chance"] < LIKELY
    found["certainty"] = likely.map({True: "likely", False: "possible"})
    found.loc[found["implemented_by"] == "copied", "certainty"] = "stated"
    found["origin"] = found["is_own"].map({True: "own", False: "other"})
    return found[list(COPY_COLUMNS)].reset_index(drop=True)


def _printed_once(compared: pd.DataFrame) -> pd.DataFrame:
    """Each different number of a paper for a key once, with the number of the key's group."""
    rows = compared.assign(group=compared.groupby(list(KEY), sort=False).ngroup())
    return rows.drop_duplicates(["group", "arxiv_id", "amount"])


def _sources(repeated: pd.DataFrame) -> pd.DataFrame:
    """Where each repeated number comes from: the method's own paper first, else the earliest."""
    order = repeated.assign(is_own=repeated["role"] == "proposed")
    first = order.sort_values(["is_own", "submitted", "arxiv_id"], ascending=[False, True, True], kind="stable")
    first = first.drop_duplicates(["group", "amount"])
    names = {"arxiv_id": "copied_from", "cell_id": "copied_cell", "submitted": "copied_at"}
    return first[["group", "amount", "is_own", *names]].rename(columns=names)


def _chance(found: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Chance that a number drawn anywhere in the range of its key's numbers hits one of those before it.

    The method's own number is the one that is looked up, so it counts alone; else all that the key has may be hit. Of a
    narrow range the field's tolerance is taken, since what is not printed is no less likely.
    """
    numbers = rows.groupby("group")["amount"].agg(["min", "max", "nunique"]).loc[found["group"]]
    targets = np.where(found["is_own"], 1, numbers["nunique"] - 1)
    sizes = [tolerance(metric, unit) for metric, unit in zip(found["metric"], found["unit"], strict=True)]
    least = [size * abs(at) if relative else size for (size, relative), at in zip(sizes, found["amount"], strict=True)]
    width = np.maximum((numbers["max"] - numbers["min"]).to_numpy(), np.maximum(least, 1e-12))
    return pd.Series(np.minimum(1.0, targets * 2 * found["half_unit"].to_numpy() / width), index=found.index)


def _with_agreement(found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Adds agree and common of each pair of papers: for how many keys both give a number, and for how many the same."""
    pairs = found[["arxiv_id", "copied_from"]].drop_duplicates()
    later = rows.loc[rows["role"] == "baseline", ["arxiv_id", "group", "amount"]]
    # Keys of many papers would give a row for each two of them; only pairs with an equal number are asked for.
    mine = pairs.merge(later, on="arxiv_id")
    theirs = rows[["arxiv_id", "group", "amount"]].rename(columns={"arxiv_id": "copied_from", "amount": "theirs"})
    both = mine.merge(theirs, on=["copied_from", "group"])
    both["same"] = both["amount"] == both["theirs"]
    by_key = both.groupby(["arxiv_id", "copied_from", "group"], sort=False)["same"].any()
    counted = by_key.groupby(level=[0, 1], sort=False).agg(["sum", "count"])
    counted.columns = ["agree", "common"]
    return found.join(counted, on=["arxiv_id", "copied_from"])


def travelling_numbers(results: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> pd.DataFrame:
    """Numbers in two papers or more that are not what the method's own paper says: how far an error has travelled.

    One row a number of a key: first_paper and first_cell (where it stood first); own and own_papers; difference (amount
    less own); n_papers, papers and cells that print it, in order. Those in most papers come first. A key whose method's
    own paper prints no number says nothing of errors and is left out.
    """
    rows = _printed_once(comparable(results) if compared is None else compared)
    proposed = rows[rows["role"] == "proposed"].groupby("group")
    own = proposed["amount"].agg(["median", "min", "max"])
    proposers = proposed["arxiv_id"].agg(lambda papers: list(dict.fromkeys(papers)))
    rows = rows[(rows["role"] == "baseline") & rows["group"].isin(own.index)].join(own, on="group")
    beyond = (rows["amount"] < rows["min"] - rows["half_unit"]) | (rows["amount"] > rows["max"] + rows["half_unit"])
    other = rows[beyond]
    repeated = other[other.duplicated(["group", "amount"], keep=False)]
    travelled = []
    for _, members in repeated.groupby(["group", "amount"], sort=False):
        first = members.iloc[0]
        amount = float(first["amount"])
        travelled.append(
            {name: first[name] for name in KEY}
            | {"amount": amount, "first_paper": first["arxiv_id"], "first_cell": first["cell_id"]}
            | {"own": first["median"], "own_papers": proposers[first["group"]]}
            | {"difference": round(amount - first["median"], 9), "n_papers": members["arxiv_id"].nunique()}
            | {"papers": members["arxiv_id"].tolist(), "cells": members["cell_id"].tolist()}
        )
    frame = pd.DataFrame(travelled, columns=list(TRAVEL_COLUMNS))
    return frame.sort_values(["n_papers", "amount"], ascending=[False, True], kind="stable", ignore_index=True)
