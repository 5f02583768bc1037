"""Compares what was planted in an invented literature with what the real way of a paper found of it.

Recall is the share of the planted that was found, precision the share of the found that was planted. A result is right
only if its place and every field that the truth states are right. What is salvaged from broken sources is not scored.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.frames import absent, records
from secateur.demo.truth import Contradiction, LookAlike, Slip, TruePaper, TrueResult, Truth

ACCURACIES = frozenset({"accuracy", "top1_accuracy", "zero_shot_accuracy"})
"""Names of one metric in the tables of this field."""
WIDER = 3.29 / 1.96
"""Half-width of a 99.9 % interval over that of a 95 % interval of the growth rate."""
SHARE_TOLERANCE = 0.0051
"""How far a sparsity may be off: half a per cent, what rounding to whole per cents can do."""

WITHHELD = frozenset({"encrypted", "pdf-only"})
"""Reasons for which arXiv gives no source at all, so that nothing arrives that could be unread."""

LEAST = {
    "papers harvested": (1.0, 1.0),
    "relevance core": (0.95, 0.95),
    "withdrawn": (1.0, 1.0),
    "unread as planted": (1.0, 0.9),
    "results": (0.9, 0.9),
    "comparisons between papers": (0.9, 0.9),
    "contradictions": (0.9, 0.7),
    "arithmetic slips": (0.9, 0.7),
}
"""Recall and precision that a row needs to be all right."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the real way of a paper made of the invented literature: frames of `db.views` and results of `analysis`."""

    papers: pd.DataFrame
    results: pd.DataFrame
    findings: pd.DataFrame
    unread: pd.DataFrame
    comparisons: frozenset[tuple[str, str]]
    """Pairs of arXiv ids: the first compares with the second. Papers outside of the literature are left out."""
    doubling_years: float
    doubling_interval: tuple[float, float]
    changed_by_second_night: int
    """Records that a second harvest found new or changed; -1 if it failed."""


@dataclass(frozen=True, slots=True)
class DemoRow:
    """One line of the comparison."""

    what: str
    planted: str
    found: str
    recall: float | None
    """Share of the planted that was found."""
    precision: float | None
    """Share of the found that was planted; None where it means nothing."""
    ok: bool


def score_demo(truth: Truth, found: Found) -> list[DemoRow]:
    """One row for each kind of thing that was planted."""
    harvested = set(found.papers["arxiv_id"])
    papers = records(found.papers)
    broken = {paper.arxiv_id for paper in truth.papers if paper.unread is not None}
    results = [row for row in records(found.results) if row["arxiv_id"] not in broken]
    return [
        _row("papers harvested", {paper.arxiv_id for paper in truth.papers}, harvested),
        _second_night(found.changed_by_second_night),
        _row(
            "relevance core",
            {paper.arxiv_id for paper in truth.papers if paper.relevance == "core"},
            {paper["arxiv_id"] for paper in papers if paper["relevance"] == "core"},
        ),
        _row(
            "withdrawn",
            {paper.arxiv_id for paper in truth.papers if paper.withdrawn},
            {paper["arxiv_id"] for paper in papers if paper["withdrawn"]},
        ),
        _unread(truth.papers, found.unread),
        _growth(truth, found),
        _results(truth.results, results),
        _comparisons(truth, found),
        *_errors(truth, found),
    ]


def _row(what: str, planted: set[Any], found: set[Any], shown: int | None = None) -> DemoRow:
    both = len(planted & found)
    recall = both / len(planted) if planted else 1.0
    precision = both / len(found) if found else 1.0
    return _judged(what, str(len(planted)), str(len(found) if shown is None else shown), recall, precision)


def _judged(what: str, planted: str, found: str, recall: float, precision: float) -> DemoRow:
    least_recall, least_precision = LEAST[what]
    ok = recall >= least_recall and precision >= least_precision
    return DemoRow(what, planted, found, round(recall, 3), round(precision, 3), ok)


def _second_night(changed: int) -> DemoRow:
    return DemoRow("records changed by a second night", "0", str(changed), None, None, changed == 0)


def _unread(papers: Iterable[TruePaper], unread: pd.DataFrame) -> DemoRow:
    """Papers, not items: one broken file may leave several. Papers without a source from arXiv count neither way."""
    silent = {paper.arxiv_id for paper in papers if paper.withdrawn or paper.unread in WITHHELD}
    kinds = unread[unread["kind"].isin(["document", "table"])]
    planted = {paper.arxiv_id for paper in papers if paper.unread is not None}
    return _row("unread as planted", planted - silent, set(kinds["arxiv_id"].dropna()) - silent)


def _growth(truth: Truth, found: Found) -> DemoRow:
    low, high = found.doubling_interval
    shown = f"{found.doubling_years:.2f} ({low:.2f} to {high:.2f})"
    planted = truth.growth.doubling_years
    # A 95 % interval misses once in twenty literatures, and every month has another one: the row asks for 99.9 %.
    half = (1 / low - 1 / high) / 2 * WIDER
    inside = math.isfinite(high) and abs(1 / planted - 1 / found.doubling_years) <= half
    return DemoRow("doubling time of core papers, years", f"{planted:.2f}", shown, None, None, inside)


def _results(planted: tuple[TrueResult, ...], found: list[dict[str, Any]]) -> DemoRow:
    by_place: dict[Hashable, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        by_place[_place(row)].append(row)
    right = sum(
        any(agrees(result, row) for row in by_place[result.arxiv_id, result.table, result.row, result.col])
        for result in planted
    )
    counted = _countable(planted, found)
    recall = right / len(planted) if planted else 1.0
    precision = min(1.0, right / counted) if counted else 1.0
    return _judged("results", str(len(planted)), str(counted), recall, precision)


def _place(row: Mapping[str, Any]) -> tuple[str, str, int, int]:
    return (row["arxiv_id"], row["table_label"], int(row["row"]), int(row["col"]))


def _countable(planted: tuple[TrueResult, ...], found: list[dict[str, Any]]) -> int:
    """Found results, a dense number that its row repeats left out: it may be read once or in every column."""
    repeated = {
        (result.arxiv_id, result.table, result.row, result.value) for result in planted if result.role == "dense"
    }
    places = {(result.arxiv_id, result.table, result.row, result.col) for result in planted}
    extra = sum(
        _place(row) not in places
        and (row["arxiv_id"], row["table_label"], int(row["row"]), float(row["value"])) in repeated
        for row in found
    )
    return len(found) - extra


def agrees(planted: TrueResult, found: Mapping[str, Any]) -> bool:
    """Whether a found result says what was planted, in every field that the truth states."""
    names = {_plain(planted.method), _plain(planted.method_canonical)}
    return (
        bool(names & {_plain(found["method"]), _plain(found["method_canonical"])})
        and math.isclose(float(found["value"]), planted.value, rel_tol=0, abs_tol=0.0051)
        and _plain(found["dataset"]) == _plain(planted.dataset)
        and _plain(found["model"]) == _plain(planted.model)
        and _same_metric(planted.metric, str(found["metric"]))
        and _same_sparsity(planted, found)
        and (planted.pattern is None or planted.pattern == found["pattern"])
    )


def _same_metric(planted: str, found: str) -> bool:
    return planted == found or {planted, found} <= ACCURACIES


def _same_sparsity(planted: TrueResult, found: Mapping[str, Any]) -> bool:
    if planted.sparsity is None:
        return True
    sparsity = found["sparsity"]
    if absent(sparsity) and not absent(found["compression"]):
        sparsity = 1 - 1 / float(found["compression"])
    return not absent(sparsity) and abs(float(sparsity) - planted.sparsity) <= SHARE_TOLERANCE


def _plain(text: object) -> str:
    return "" if absent(text) else re.sub(r"[^a-z0-9ℓ]", "", str(text).lower())


def _comparisons(truth: Truth, found: Found) -> DemoRow:
    invented = {paper.arxiv_id for paper in truth.papers}
    planted = {(pair.citing, pair.cited) for pair in truth.comparisons}
    broken = {paper.arxiv_id for paper in truth.papers if paper.unread is not None}
    pairs = {pair for pair in found.comparisons if pair[0] not in broken and pair[1] in invented}
    return _row("comparisons between papers", planted, pairs)


def _errors(truth: Truth, found: Found) -> list[DemoRow]:
    """Planted contradictions, slips and look-alikes against the findings and the cells that they point to."""
    places = {int(row["cell_id"]): _place(row) for row in records(found.results)}
    raised = [
        (set(row["papers"]), {places[int(cell)] for cell in row["cells"] if int(cell) in places})
        for row in records(found.findings)
    ]
    between = [cells for papers, cells in raised if len(papers) > 1]
    within = [cells for papers, cells in raised if len(papers) == 1]
    return [
        _hits("contradictions", truth.contradictions, between),
        _hits("arithmetic slips", truth.slips, within),
        _look_alikes(truth, [cells for _, cells in raised]),
    ]


def _hits(what: str, planted: Sequence[Contradiction | Slip], raised: list[set[tuple[str, str, int, int]]]) -> DemoRow:
    hit = sum(any(_touches(item, cells) for cells in raised) for item in planted)
    right = sum(any(_touches(item, cells) for item in planted) for cells in raised)
    recall = hit / len(planted) if planted else 1.0
    precision = right / len(raised) if raised else 1.0
    return _judged(what, str(len(planted)), str(len(raised)), recall, precision)


def _touches(item: Contradiction | Slip | LookAlike, cells: set[tuple[str, str, int, int]]) -> bool:
    """Whether a finding points to the planted cell, to its row, or for a whole table to any of its cells."""
    for arxiv_id, table, row, col in cells:
        if (arxiv_id, table) != (item.arxiv_id, item.table):
            continue
        if isinstance(item, Contradiction):
            if (row, col) == (item.row, item.col):
                return True
        elif item.row is None or row == item.row:
            return True
    return False


def _look_alikes(truth: Truth, raised: list[set[tuple[str, str, int, int]]]) -> DemoRow:
    """How many look-alikes some finding points to that points to no planted error."""
    errors: list[Contradiction | Slip] = [*truth.contradictions, *truth.slips]
    innocent = [cells for cells in raised if not any(_touches(error, cells) for error in errors)]
    taken = sum(any(_touches(item, cells) for cells in innocent) for item in truth.look_alikes)
    return DemoRow("look-alikes raised as errors", "0", f"{taken} of {len(truth.look_alikes)}", None, None, taken == 0)
