"""How long all analyses take over a large corpus, how much memory, and whether time grows faster than the results.

The corpus is a simulated literature (`analysis.planted`) in a database of its own. Planting it and measuring are
processes of their own, so that the memory is that of reading and analysing alone. Frames are read once, as the survey
does. The goals are the project's own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from secateur.bench.memory import peak_megabytes

GOAL_SECONDS = 60.0
GOAL_MEGABYTES = 1000.0
LINEAR = 1.3
"""Seconds a result may grow by this factor from a quarter of the papers to all of them: what is linear has noise."""
FEWEST_SECONDS = 0.5
"""An analysis that takes less at a quarter of the papers is all overhead there, and its growth means nothing."""
QUARTER = 4
Progressed = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """One measurement."""

    what: str
    seconds: float
    """Of processor time."""
    megabytes: float
    """The highest memory of the process until then."""
    growth: float | None
    """Seconds a result, over those at a quarter of the papers; None where that took too short to tell."""
    goal: str
    met: bool | None


def bench_analyses(papers: int, results: int, progress: Progressed) -> list[AnalysisRow]:
    """Time every analysis over so many papers and at most so many results, and over a quarter of them."""
    with TemporaryDirectory(prefix="secateur-bench-") as name:
        folder = Path(name)
        measured = []
        for step, share in enumerate((QUARTER, 1)):
            database = folder / f"{share}.db"
            progress(2 * step, 4, f"a literature of {papers // share:,} papers")
            planted = int(_child("secateur.bench.planting", database, papers // share, results // share))
            progress(2 * step + 1, 4, f"analyses of {planted:,} results")
            measured.append((planted, json.loads(_child("secateur.bench.analyses", database))))
    (few, quarter), (many, whole) = measured
    seconds_before = {row["what"]: row["seconds"] for row in quarter}
    rows = []
    for row in whole:
        before = seconds_before[row["what"]]
        growth = (row["seconds"] / many) / (before / few) if before >= FEWEST_SECONDS else None
        linear = None if growth is None else growth <= LINEAR
        rows.append(AnalysisRow(row["what"], row["seconds"], row["megabytes"], growth, f"at most {LINEAR:g}", linear))
    total, memory = sum(row["seconds"] for row in whole), max(row["megabytes"] for row in whole)
    goal = f"under {GOAL_SECONDS:g} s and {GOAL_MEGABYTES:g} MB"
    met = total < GOAL_SECONDS and memory < GOAL_MEGABYTES
    return [*rows, AnalysisRow(f"all, {many:,} results of {papers:,} papers", total, memory, None, goal, met)]


def _child(module: str, *arguments: object) -> str:
    """What a module prints when it is run in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own module


def measure(database: Path) -> list[dict[str, Any]]:
    """Run every analysis on a database, one after the other: what, seconds, megabytes."""
    rows: list[dict[str, Any]] = []
    steps = _steps(database)
    while True:
        began = time.process_time()
        what = next(steps, None)
        if what is None:
            return rows
        rows.append({"what": what, "seconds": time.process_time() - began, "megabytes": peak_megabytes()})


def _steps(database: Path) -> Iterator[str]:
    """Does one analysis after the other, and says which it was."""
    from analysis import (
        acceleration,
        arithmetic,
        baselines,
        comparable,
        comparison_table,
        comparisons,
        contradictions,
        deflation,
        genealogy,
        growth,
        growth_answer,
        heterogeneity,
        noise,
        rigor,
    )
    from db import views
    from db.own_measurements import own_runs, own_timings
    from db.session import open_readonly

    needs = (*comparable.NEEDS, *arithmetic.NEEDS, "cited", "spread_kind", "theoretical", "measured")
    with open_readonly(database).connect() as connection:
        results = views.results(connection, columns=list(dict.fromkeys(needs)))
        yield "reading results"
        papers, tags, citations = views.papers(connection), views.tags(connection), views.citations(connection)
        runs, timings = own_runs(connection), own_timings(connection)
        yield "reading papers, tags and citations"
    newest: date = papers["submitted"].max().date()
    growth_answer.still_exponential(growth.monthly_counts(papers, newest.replace(day=1)))
    yield "growth"
    compared = comparable.comparable(results)
    yield "comparable results"
    baselines.baseline_spread(results, compared=compared)
    baselines.dense_spread(results, compared=compared)
    yield "baselines"
    contradictions.contradictions(results, compared=compared)
    yield "contradictions"
    genealogy.copies(results, compared=compared)
    genealogy.travelling_numbers(results, compared=compared)
    yield "genealogy"
    heterogeneity.heterogeneity(results, compared=compared)
    yield "heterogeneity"
    deflation.deflation(results, tags, compared=compared)
    yield "deflation"
    arithmetic.arithmetic_findings(results, compared=compared)
    yield "arithmetic"
    rigor.rigor_by_year(rigor.rigor_by_paper(papers, results, compared=compared))
    yield "rigor"
    graph = comparisons.comparison_graph(papers, tags, results, citations)
    comparisons.missing_comparisons(graph)
    comparisons.centre_by_year(graph)
    comparisons.summarise(graph)
    yield "comparisons"
    comparisons.fragmentation(results)
    yield "fragmentation"
    acceleration.acceleration(acceleration.speedups(results, tags), timings)
    yield "acceleration"
    dataset, model = results[["dataset", "model"]].value_counts().index[0]
    noise.noise(results, runs, dataset, model, 0.9)
    yield "noise"
    comparison_table.comparison_table(results, papers, tags, dataset, model, sparsities=(0.8, 0.95))
    yield "table"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))))
