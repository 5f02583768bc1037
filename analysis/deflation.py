"""Do papers print lower numbers for their competitors than is fair? Differences in differences, or "not identified".

A paper's own number is a selected maximum, so any fair re-run is lower (the winner's curse), copied numbers are exact
ties, and one paper gives many pairs. So re-runs by papers that propose a method (rivals) are set against re-runs of the
same method by papers that propose none (neutral), on the change from each paper's own dense model, within one key:
evaluation, network, operating point and setting. Copies are left out and counted. Errors are clustered by the paper
that re-ran and by the method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.comparable import KEY, comparable
from analysis.genealogy import copies_among
from analysis.own_dense import with_own_dense

FEWEST_RIVALS = 8
FEWEST_NEUTRAL = 5
"""Papers of an arm; with fewer clusters the standard errors mean nothing."""
ARM_COLUMNS = (*KEY, "arxiv_id", "cell_id", "arm", "change")


@dataclass(frozen=True, slots=True)
class Deflation:
    """How much lower re-runs by rivals are than re-runs by neutral papers."""

    identified: bool
    reason: str
    """Why it is not identified; empty where it is."""
    estimate: float
    """Rivals less neutral, in points; negative where rivals' re-runs are lower. NaN where not identified."""
    low: float
    high: float
    """95 % interval."""
    keys: int
    """Keys with re-runs of both arms."""
    rivals: int
    """Papers of the arm of rivals, in those keys."""
    neutral: int
    methods: int
    copied: float
    """Share of the numbers for others' methods that are copies; those are left out."""
    against_own: float
    """Re-runs less the method's own number, in points: no evidence, since own numbers are selected maxima."""

    def sentence(self) -> str:
        """The answer in words."""
        copied = f"{100 * self.copied:.0f} % of the numbers for others' methods are copies."
        if not self.identified:
            return f"Deflation is not identified: {self.reason}. {copied}"
        found = "lower" if self.high < 0 else "higher" if self.low > 0 else "no different beyond its error"
        return (
            f"Re-runs by rivals are {found}: {self.estimate:+.2f} points ({self.low:+.2f} to {self.high:+.2f}) against "
            f"re-runs by neutral papers, over {self.keys} keys, {self.rivals} rivals, {self.neutral} neutral papers. "
            f"{copied}"
        )


def deflation(results: pd.DataFrame, tags: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> Deflation:
    """Whether rivals' re-runs are lower than neutral papers' re-runs.

    Takes the frames of the view ``result`` and of tags (arxiv_id, facet, value). A paper is neutral when neither its
    tables nor its abstract propose a method. Shares of right answers alone count, in points.
    """
    compared = comparable(results) if compared is None else compared
    arms, copied, against_own = rerun_arms(compared, tags)
    both = arms.groupby("group")["arm"].transform("nunique") == 2
    matched = arms[both]
    papers = matched.groupby("arm")["arxiv_id"].nunique()
    rivals, neutral = int(papers.get("rival", 0)), int(papers.get("neutral", 0))
    about: dict[str, Any] = {
        "keys": int(matched["group"].nunique()),
        "rivals": rivals,
        "neutral": neutral,
        "methods": int(matched["method"].nunique()),
        "copied": copied,
        "against_own": against_own,
    }
    reason = _why_not(arms, rivals, neutral)
    if reason:
        return Deflation(False, reason, math.nan, math.nan, math.nan, **about)
    estimate, low, high = _within_keys(matched)
    return Deflation(True, "", estimate, low, high, **about)


def rerun_arms(compared: pd.DataFrame, tags: pd.DataFrame) -> tuple[pd.DataFrame, float, float]:
    """The re-runs of others' methods with their arm, the share of copies, and re-runs less the methods' own numbers.

    One row a key and paper (ARM_COLUMNS and group); ``change`` is the mean of the paper's numbers for the key.
    """
    pruned = with_own_dense(compared)
    pruned = pruned[pruned["unit"] == "%"]
    pruned = pruned.assign(group=pruned.groupby(list(KEY), sort=False).ngroup())
    proposing = set(tags.loc[tags["facet"] == "proposed", "arxiv_id"])
    proposing |= set(compared.loc[compared["role"] == "proposed", "arxiv_id"])
    others = pruned[pruned["role"] == "baseline"]
    copied = copies_among(compared[compared["unit"] == "%"])
    # An equal number that may be chance is left out in both arms alike where it is the method's own.
    taken = copied.loc[(copied["certainty"] != "possible") | (copied["origin"] == "own"), "cell_id"]
    is_copy = others["cell_id"].isin(taken) | (others["implemented_by"] == "copied")
    reruns = others[~is_copy].dropna(subset=["change"])
    # A number under a name that only its own paper uses is no re-run of another's method.
    own = pruned[pruned["role"] == "proposed"].groupby("group")["change"].median()
    reruns = reruns.assign(arm=reruns["arxiv_id"].isin(proposing).map({True: "rival", False: "neutral"}))
    first = dict.fromkeys((*KEY, "cell_id", "arm"), "first")
    arms = reruns.groupby(["group", "arxiv_id"], sort=False).agg(first | {"change": "mean"}).reset_index()
    against = (arms["change"] - arms["group"].map(own)).mean()
    return arms, float(is_copy.mean()) if len(others) else 0.0, float(against)


def _why_not(arms: pd.DataFrame, rivals: int, neutral: int) -> str:
    if not (arms["arm"] == "neutral").any():
        return "no paper that proposes nothing re-ran a method beside its own dense model, so there is no neutral arm"
    if rivals < FEWEST_RIVALS or neutral < FEWEST_NEUTRAL:
        return (
            f"only {rivals} rivals and {neutral} neutral papers re-ran the same things; "
            f"{FEWEST_RIVALS} and {FEWEST_NEUTRAL} are needed"
        )
    return ""


def _within_keys(matched: pd.DataFrame) -> tuple[float, float, float]:
    """Difference of the arms within keys with its 95 % interval, errors clustered by paper and by method.

    The largest of the errors clustered by paper, by method and by both counts, with Student's t of one degree
    of freedom less than the fewest clusters (Cameron, Gelbach and Miller 2011).
    """
    from scipy.stats import t

    rival = (matched["arm"] == "rival").astype(float)
    x = (rival - rival.groupby(matched["group"]).transform("mean")).to_numpy()
    y = (matched["change"] - matched.groupby("group")["change"].transform("mean")).to_numpy()
    weight = float(x @ x)
    estimate = float(x @ y) / weight
    scores = x * (y - estimate * x)
    papers, methods = pd.factorize(matched["arxiv_id"])[0], pd.factorize(matched["method"])[0]
    single = [_clustered(scores, clusters) for clusters in (papers, methods)]
    crossed = pd.factorize(pd.Series(list(zip(papers, methods, strict=True))))[0]
    both = sum(single) - _clustered(scores, crossed)
    fewest = min(papers.max(), methods.max()) + 1
    reach = float(t.ppf(0.975, fewest - 1)) * math.sqrt(max(*single, both)) / weight
    return estimate, estimate - reach, estimate + reach


def _clustered(scores: np.ndarray, clusters: np.ndarray) -> float:
    """Sum of the squared scores of clusters, corrected for how few there are."""
    count = clusters.max() + 1
    return float(np.square(np.bincount(clusters, weights=scores)).sum()) * count / max(count - 1, 1)
