"""Simulated literatures whose truth is known: what the statistics of this room are tested and measured on.

Papers propose methods, evaluate them beside earlier ones on shared benchmarks, and print numbers with the noise of
seeds. A paper's own number is the best of several tries (the winner's curse); a rival's number is copied from the paper
that proposed it, or run again, perhaps worse than is fair (deflation). Neutral papers propose nothing and re-run all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Sparsities at which papers report."""
STRUCTURES = ("unstructured", "filter-channel", "semi-structured")
LOSS = 0.25
"""Points lost by a method of skill 1 at 50 % sparsity; the loss doubles with every halving of what is kept."""


@dataclass(frozen=True, slots=True)
class World:
    """The truth that a simulated literature is drawn from."""

    papers: int = 200
    benchmarks: int = 6
    first: str = "2016-01-01"
    days: int = 3000
    """Papers are spread over so many days."""
    combinations: int = 2
    """Benchmarks a paper."""
    levels: int = 2
    """Sparsities a paper."""
    baselines: int = 3
    """Earlier methods that a paper compares with."""
    seed_deviation: float = 0.2
    """Standard deviation of one run, in points."""
    dense_deviation: float = 0.3
    """Standard deviation between the dense models of papers, in points."""
    tries: int = 3
    """A paper's own number is the best of so many runs."""
    copied: float = 0.4
    """Share of rivals' numbers that are copied from the paper that proposed them."""
    neutral: float = 0.15
    """Share of papers that propose no method."""
    deflation: float = 0.0
    """Points that a rival's re-run is lower than is fair."""
    shifted: float = 0.0
    """Share of rivals' numbers that are shifted by ``shift``, as a mistake would."""
    shift: float = 0.0
    """Points."""
    reporting: float = 0.2
    """Share of papers that print the standard deviation of five seeds beside their own numbers."""
    costs: float = 0.0
    """Share of papers that also print parameters, multiply-adds, changes of accuracy and theoretical speed-ups."""


@dataclass(frozen=True, slots=True)
class Literature:
    """Frames as `db.views` gives them, and what was planted."""

    papers: pd.DataFrame
    tags: pd.DataFrame
    results: pd.DataFrame
    citations: pd.DataFrame
    copies: frozenset[int] = frozenset()
    """Cells whose number was copied."""
    shifted: frozenset[int] = frozenset()
    """Cells whose number was shifted."""


DEFAULTS: Mapping[str, Any] = {
    "version": 1,
    "table_label": "tab:main",
    "table_position": 0,
    "caption": "Accuracy of pruned networks.",
    "table_kind": "results",
    "number": 0,
    "row_text": "",
    "col_text": "",
    "split": None,
    "protocol": None,
    "sparsity_form": "removed",
    "sparsity_low": np.nan,
    "sparsity_high": np.nan,
    "compression": np.nan,
    "pattern": None,
    "printed": "",
    "measured": False,
    "bold": False,
    "implemented_by": "unknown",
    "method_canonical": None,
    "override_id": None,
    "confidence": 1.0,
    "synthetic": True,
}
"""Columns of the view ``result`` that are the same in every row."""


@dataclass(slots=True)
class _Press:
    """Collects the rows of results as they are printed."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    copies: set[int] = field(default_factory=set)
    shifted: set[int] = field(default_factory=set)

    def print_number(self, **row: Any) -> int:
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)
        return len(self.columns["value"])


def simulate(world: World, seed: int) -> Literature:
    """A literature drawn from the world: frames with the columns of `db.views`, papers by date."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, world.days, world.papers))
    submitted = pd.Timestamp(world.first) + pd.to_timedelta(days, unit="D")
    ids = [f"{day:%y%m}.{number:05d}" for number, day in enumerate(submitted, 1)]
    neutral = rng.random(world.papers) < world.neutral
    reports = rng.random(world.papers) < world.reporting
    counts_costs = rng.random(world.papers) < world.costs
    structure = rng.integers(0, len(STRUCTURES), world.papers)
    skill = rng.lognormal(0, 0.2, world.papers)
    popularity = 1 / np.arange(1, world.benchmarks + 1)
    popularity /= popularity.sum()
    dense = np.linspace(70, 95, world.benchmarks)
    press = _Press()
    own: dict[tuple[int, int, float], float] = {}
    users: dict[tuple[int, int], list[int]] = {}
    cited: set[tuple[int, int]] = set()
    for paper in range(world.papers):
        place: dict[str, Any] = {"arxiv_id": ids[paper], "submitted": submitted[paper], "document_table_id": paper + 1}
        wanted = min(world.combinations, world.benchmarks)
        row = 0
        for benchmark in rng.choice(world.benchmarks, wanted, replace=False, p=popularity):
            here = place | {"dataset": f"Data-{benchmark}", "model": f"Net-{benchmark}"}
            base = dense[benchmark] + rng.normal(0, world.dense_deviation)
            here["base"] = round(base, 2) if counts_costs[paper] else None
            _print(press, here, row, "Dense", "dense", round(base, 2), None)
            row += 1
            rivals = users.setdefault((int(structure[paper]), int(benchmark)), [])
            count = min(world.baselines, len(rivals))
            # Papers compare with what others compared with before, so the list holds a method once for each use.
            chosen = dict.fromkeys(rivals[i] for i in rng.integers(0, len(rivals), count)) if rivals else {}
            levels = rng.choice(LEVELS, world.levels, replace=False)
            for level in levels:
                for method in chosen:
                    known = own.get((method, int(benchmark), float(level)))
                    cited.add((paper, method))
                    more = here | {"cited": f"p{method}"}
                    if known is not None and not neutral[paper] and rng.random() < world.copied:
                        cell = _print(press, more, row, f"M{method}", "baseline", known, level)
                        press.copies.add(cell)
                    else:
                        value = base - _loss(skill[method], level) + rng.normal(0, world.seed_deviation)
                        value -= 0 if neutral[paper] else world.deflation
                        wrong = bool(world.shifted) and rng.random() < world.shifted
                        value += world.shift if wrong else 0
                        cell = _print(press, more, row, f"M{method}", "baseline", round(value, 2), level)
                        press.shifted.update([cell] if wrong else [])
                    row += 1
                if not neutral[paper]:
                    luck = rng.normal(0, world.seed_deviation, world.tries).max()
                    value = round(base - _loss(skill[paper], level) + luck, 2)
                    own[paper, int(benchmark), float(level)] = value
                    spread = round(world.seed_deviation * float(np.sqrt(rng.chisquare(4) / 4)), 2)
                    more = here | ({"spread": spread} if reports[paper] else {})
                    _print(press, more, row, f"M{paper}", "proposed", value, level)
                    row += 1
            rivals.extend(chosen)
            if not neutral[paper]:
                rivals.append(paper)
    return _frames(press, ids, submitted, neutral, structure, cited)


def _loss(skill: float, level: float) -> float:
    return float(LOSS * skill * 0.5 / (1 - level))


def _print(
    press: _Press,
    place: Mapping[str, Any],
    row: int,
    method: str,
    role: str,
    value: float,
    level: float | None,
) -> int:
    """Print a row of the table; returns the cell of its accuracy."""
    share = 0.0 if level is None else float(level)
    common = {name: place[name] for name in ("arxiv_id", "submitted", "document_table_id", "dataset", "model")} | {
        "method": method,
        "role": role,
        "row": row,
        "sparsity": share,
        "sparsity_printed": f"{100 * share:g}%",
        "sparsity_of": "weights",
        "sparsity_scope": "all",
        "cited": place.get("cited"),
        "spread": place.get("spread", np.nan),
        "spread_kind": "std" if "spread" in place else None,
    }
    numbers = [("top1_accuracy", value, "%")]
    if place["base"] is not None:
        numbers += [("params", round(25.5 * (1 - share), 2), "M"), ("flops", round(4.1 * (1 - 0.9 * share), 2), "G")]
        if level is not None:
            numbers.append(("accuracy_change", round(value - place["base"], 2), "points"))
            numbers.append(("speedup", round(1 / (1 - 0.9 * share), 2), "x"))
    cells = []
    for col, (metric, amount, unit) in enumerate(numbers, 1):
        # The deviation is that of the accuracy.
        more = common if metric == "top1_accuracy" else common | {"spread": np.nan, "spread_kind": None}
        stated = {"metric": metric, "value": amount, "unit": unit, "theoretical": metric == "speedup"}
        cells.append(press.print_number(**more, **stated, col=col, text=f"{amount:.2f}"))
    return cells[0]


def _frames(
    press: _Press,
    ids: list[str],
    submitted: pd.DatetimeIndex,
    neutral: np.ndarray[Any, np.dtype[np.bool_]],
    structure: np.ndarray[Any, np.dtype[np.int_]],
    cited: set[tuple[int, int]],
) -> Literature:
    results = pd.DataFrame(press.columns).astype({"cited": object})
    results["cited"] = results["cited"].where(results["cited"].notna(), None)
    number = np.arange(1, len(results) + 1)
    empty: dict[str, Any] = {"modifiers": [], "assumed": [], "extra": {}}
    results = results.assign(reading_id=number, cell_id=number, paper_id=results["document_table_id"], **DEFAULTS)
    for name, value in empty.items():
        results[name] = pd.Series([value] * len(results), dtype=object)
    papers = pd.DataFrame(
        {
            "arxiv_id": ids,
            "title": [f"Paper {name}" for name in ids],
            "abstract": "",
            "submitted": submitted,
            "updated": submitted,
            "version": 1,
            "primary_category": "cs.LG",
            "withdrawn": False,
            "synthetic": True,
            "comments": "",
            "relevance": "core",
        }
    )
    papers["authors"] = pd.Series([["A. Nonymous"]] * len(papers), dtype=object)
    tags = [(name, "structure", STRUCTURES[kind]) for name, kind in zip(ids, structure, strict=True)]
    tags += [(name, "proposed", f"M{i}") for i, name in enumerate(ids) if not neutral[i]]
    frame = pd.DataFrame(tags, columns=["arxiv_id", "facet", "value"]).assign(canonical=None, quotation="")
    entries = [(ids[paper], f"p{method}", ids[method]) for paper, method in sorted(cited)]
    citations = pd.DataFrame(entries, columns=["arxiv_id", "key", "cited_arxiv_id"]).assign(title="", year=None)
    return Literature(papers, frame, results, citations, frozenset(press.copies), frozenset(press.shifted))
