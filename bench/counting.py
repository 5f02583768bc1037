"""Hits, extras and misses of each paper by the scorers that come with the gold, and F1 with its bootstrap interval.

Papers are drawn again, not the facts within them: facts of one paper are right or wrong together (Efron & Tibshirani
1993, chapter 8). Intervals are percentiles of 2,000 draws with a fixed seed.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
FACETS = ("structure", "timing", "criterion", "recovery", "architecture", "contribution", "metrics")
NAMES = ("proposed", "baselines", "datasets", "models")
Counts = NDArray[np.float64]
"""One row a paper: hits, extras, misses."""


def load_tool(path: Path) -> ModuleType:
    """A scorer as a module, from its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


@dataclass(frozen=True)
class Score:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.2f}, {self.high:.2f}]"


def _draws(papers: int) -> NDArray[np.float64]:
    """How often each paper is drawn: shape (draws, papers)."""
    return np.random.default_rng(0).multinomial(papers, [1 / papers] * papers, size=DRAWS).astype(float)


def _with_interval(value: float, drawn: NDArray[np.float64]) -> Score:
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return Score(value, float(low), float(high))


def _share(hits: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where(hits + others > 0, hits / (hits + others), np.nan)


def _f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    hits, extras, misses = sums[..., 0], sums[..., 1], sums[..., 2]
    return np.nan_to_num(_share(2 * hits, extras + misses))


def f1(counts: Counts) -> Score:
    """F1 of all papers together."""
    return _with_interval(float(_f1(counts.sum(axis=0))), _f1(_draws(len(counts)) @ counts))


def mean_f1(each: Sequence[Counts]) -> Score:
    """The mean of the F1 of several kinds of facts about the same papers."""
    draws = _draws(len(each[0]))
    value = float(np.mean([_f1(counts.sum(axis=0)) for counts in each]))
    return _with_interval(value, np.mean([_f1(draws @ counts) for counts in each], axis=0))


def precision(counts: Counts) -> Score:
    """Hits of what was found."""
    sums, drawn = counts.sum(axis=0), _draws(len(counts)) @ counts
    return _with_interval(float(_share(sums[0], sums[1])), _share(drawn[:, 0], drawn[:, 1]))


def recall(counts: Counts) -> Score:
    """Hits of what was to be found."""
    sums, drawn = counts.sum(axis=0), _draws(len(counts)) @ counts
    return _with_interval(float(_share(sums[0], sums[2])), _share(drawn[:, 0], drawn[:, 2]))


def relevance_counts(gold: Sequence[Mapping[str, Any]], predicted: Mapping[str, Mapping[str, Any]]) -> Counts:
    """Whether each paper is found core, or wrongly, or not."""
    rows = []
    for paper in gold:
        want, have = paper["relevance"] == "core", predicted[paper["id"]]["relevance"] == "core"
        rows.append((want and have, have and not want, want and not have))
    return np.array(rows, dtype=float)


def tag_counts(
    tool: ModuleType, gold: Sequence[Mapping[str, Any]], predicted: Mapping[str, Mapping[str, Any]]
) -> dict[str, Counts]:
    """Counts by facet, kind of name and claims, over the papers that are core in the gold."""
    core = [paper for paper in gold if paper["relevance"] == "core"]
    counts = {
        facet: _stacked(
            tool.match_names(paper.get(facet, []), predicted[paper["id"]].get(facet) or []) for paper in core
        )
        for facet in (*FACETS, *NAMES)
    }
    counts["claims"] = _stacked(
        _match_claims(paper.get("claims", []), predicted[paper["id"]].get("claims") or []) for paper in core
    )
    return counts


def _stacked(rows: Iterable[tuple[int, int, int]]) -> Counts:
    return np.array(list(rows), dtype=float)


def _match_claims(gold: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> tuple[int, int, int]:
    """A claim is right if quantity and value agree."""
    rest = [(claim["quantity"], float(claim["value"])) for claim in found]
    hits = 0
    for claim in gold:
        key = claim["quantity"], float(claim["value"])
        if key in rest:
            rest.remove(key)
            hits += 1
    return hits, len(rest), len(gold) - hits


def tuple_counts(papers: Mapping[str, Mapping[str, int]]) -> Counts:
    """Counts of result tuples by paper, from what the scorer of results prints."""
    return _stacked((p["right"], p["predicted"] - p["right"], p["gold"] - p["right"]) for p in papers.values())
