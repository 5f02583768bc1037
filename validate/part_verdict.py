"""What the runs say of one part of a claim under one completion: pure statistics, by the kind of the part.

The tests, levels and intervals are those of docs/verdicts.md; ``verdict`` makes the whole of the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from db.validation import RunRow
from validate.claims.schema import COUNTED
from validate.plan import Plan, PlannedPart
from validate.statistics import (
    Estimate,
    crossed_bootstrap,
    mean_interval,
    p_above,
    p_below,
    prediction_interval,
    probability_of_improvement,
    tail_at_each_look,
)

FEWEST_SEEDS = 5
"""Below it a claim that depends on chance is never reproduced and never refuted."""

NO_COUNTER_EXAMPLE = "no counter-example"
"""How the cause of a universal part begins that no run contradicts."""

_SIGN = {"accuracy": 1.0, "last_accuracy": 1.0, "error": -1.0, "perplexity": -1.0, "early_stop_step": -1.0}
"""Whether more is better."""


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """What the runs say of one part under one completion."""

    part: str
    completion: str
    kind: str
    label: str
    """reproduced, not_reproduced or inconclusive."""
    cause: str = ""
    seeds: int = 0
    estimate: Estimate | None = None
    """The quantity (absolute), or the gain of the arm over the other, positive when it is better (delta, ordering)."""
    margin: float = 0.0
    new_examples: Estimate | None = None
    """The gain with an interval that also covers other test examples; delta and ordering only."""
    probability: Estimate | None = None
    """P(arm better than the other) over seeds; ordering only."""
    compatible: str = "unknown"
    """With the original, by its 95 % prediction interval: yes, no, unknown."""
    refutation_p: float = 1.0
    """One-sided p value of "the part is false by more than its margin"."""
    diverged: int = 0
    contradicted: int = 0
    """Runs that by themselves lie outside of what the part says by more than the margin."""


@dataclass(frozen=True, slots=True)
class _Tails:
    """One-sided levels to use at this look."""

    reproduce: float
    """Of orderings, deltas and comparisons with one side of a value."""
    refute: float
    equivalence: float
    """Of each side of an equivalence."""

    @classmethod
    def of(cls, looks: Sequence[int], points: int = 1) -> _Tails:
        """Those of a schedule of looks; with several points, one of which is enough, each gets its share (Holm)."""
        one, other = tail_at_each_look(0.025, looks), tail_at_each_look(0.05, looks)
        return cls(one / points, one, other / points)


def _by_seed(rows: Iterable[RunRow], arm: str, completion: str) -> dict[int, RunRow]:
    return {
        row.seed: row for row in rows if row.arm == arm and row.completion == completion and row.outcome != "failed"
    }


def _values(rows: Mapping[int, RunRow], seeds: Sequence[int], quantity: str) -> list[float]:
    return [float(rows[seed].measures[quantity]) for seed in seeds]


def _resolution(rows: Mapping[int, RunRow], quantity: str) -> float:
    """The step of an accuracy: one test example, in points."""
    examples = max((row.examples for row in rows.values()), default=0)
    return 100.0 / examples if quantity in ("accuracy", "last_accuracy", "error") and examples else 0.0


def _correctness(rows: Mapping[int, RunRow], seeds: Sequence[int]) -> NDArray[np.float64] | None:
    """Right (1) or wrong (0) for [seeds, examples]; None where it was not kept."""
    bits = []
    for seed in seeds:
        row = rows[seed]
        if row.correct is None or row.examples == 0:
            return None
        bits.append(np.unpackbits(np.frombuffer(row.correct, dtype=np.uint8), count=row.examples))
    return np.array(bits, dtype=np.float64)


def _absolute(planned: PlannedPart, values: Sequence[float], tails: _Tails, resolution: float) -> PartVerdict:
    """Two one-sided tests against value +- margin; refuted when the wider interval lies wholly outside.

    "At least" asks for the lower side alone.
    """
    assert planned.part.value is not None
    value = float(planned.part.value)
    one_sided = planned.part.compares == "at_least"
    low, high = value - planned.margin, np.inf if one_sided else value + planned.margin
    inner = mean_interval(values, tails.reproduce if one_sided else tails.equivalence, resolution)
    outer = mean_interval(values, tails.refute, resolution)
    refutation = min(p_below(values, low, resolution), 1.0 if one_sided else p_above(values, high, resolution))
    verdict = _blank(planned, estimate=outer, refutation_p=refutation)
    if low < inner.low and inner.high < high:
        return replace(verdict, label="reproduced", cause="", estimate=inner)
    if outer.high < low or outer.low > high:
        return replace(verdict, label="not_reproduced", cause="")
    return verdict


def _delta(planned: PlannedPart, gains: Sequence[float], tails: _Tails, resolution: float) -> PartVerdict:
    """Non-inferiority at the margin ("no loss"), or superiority ("improves")."""
    bound = 0.0 if planned.part.compares == "better" else -planned.margin
    inner = mean_interval(gains, tails.reproduce, resolution)
    outer = mean_interval(gains, tails.refute, resolution)
    verdict = _blank(planned, estimate=outer, refutation_p=p_below(gains, bound, resolution))
    if inner.low > bound:
        return replace(verdict, label="reproduced", cause="")
    if outer.high < bound:
        return replace(verdict, label="not_reproduced", cause="")
    return verdict


def _ordering(planned: PlannedPart, gains: Sequence[float], tails: _Tails, resolution: float) -> PartVerdict:
    """A paired difference above 0 that is also likely in a single pair of runs (Bouthillier et al. 2021)."""
    inner = mean_interval(gains, tails.reproduce, resolution)
    outer = mean_interval(gains, tails.refute, resolution)
    probability = probability_of_improvement(gains)
    verdict = _blank(planned, estimate=outer, refutation_p=p_below(gains, 0.0, resolution))
    verdict = replace(verdict, probability=probability)
    if inner.low > 0 and probability.low > 0.5 and probability.high > 0.75:
        return replace(verdict, label="reproduced", cause="")
    if inner.low > 0:
        return replace(verdict, cause="real_but_small")
    if outer.high < 0:
        return replace(verdict, label="not_reproduced", cause="reversed")
    return verdict


def _arithmetic(planned: PlannedPart, values: Sequence[float]) -> PartVerdict:
    """Compression and structural parts: what was measured, in every run, against the printed number's rounding."""
    assert planned.part.value is not None
    value = float(planned.part.value)
    estimate = Estimate(float(np.mean(values)), min(values), max(values))
    # A printed number may have been rounded either way, and a measured one carries the error of its own arithmetic.
    margin = planned.margin + 1e-9 * abs(value)
    low = value - margin
    high = np.inf if planned.part.compares == "at_least" else value + margin
    if low <= estimate.low and estimate.high <= high:
        return _blank(planned, estimate=estimate, label="reproduced", cause="")
    if estimate.high < low or estimate.low > high:
        return _blank(planned, estimate=estimate, label="not_reproduced", cause="", refutation_p=0.0)
    return _blank(planned, estimate=estimate, cause="conflicting")


def _blank(
    planned: PlannedPart,
    *,
    label: str = "inconclusive",
    cause: str = "underpowered",
    estimate: Estimate | None = None,
    refutation_p: float = 1.0,
) -> PartVerdict:
    part = planned.part
    return PartVerdict(
        part.id, "", part.kind, label, cause, estimate=estimate, margin=planned.margin, refutation_p=refutation_p
    )


def _compatible(planned: PlannedPart, values: Sequence[float]) -> str:
    part = planned.part
    if part.value is None or part.spread is None or part.original_seeds is None or part.original_seeds < 2:
        return "unknown"
    expected = prediction_interval(float(part.value), part.spread, part.original_seeds, len(values))
    return "yes" if expected.low <= float(np.mean(values)) <= expected.high else "no"


def _universal(verdict: PartVerdict) -> PartVerdict:
    """What was never seen to fail is not proved, and what failed in a few runs is not refuted."""
    if verdict.label == "not_reproduced":
        return replace(verdict, cause="counter_example")
    if verdict.seeds < FEWEST_SEEDS or verdict.cause == "failed":
        return verdict
    against = verdict.contradicted
    said = f"contradicted in {against} of {verdict.seeds}" if against else f"{NO_COUNTER_EXAMPLE} in {verdict.seeds}"
    return replace(verdict, label="inconclusive", cause=said)


def _existential(plan: Plan, planned: PlannedPart, completion: str, rows: Sequence[RunRow]) -> PartVerdict:
    """One point of the named grid is enough; each is tested at its share of the level (Holm's first step).

    Refuted only where every point is.
    """
    part = planned.part
    arms = (part.arm, *part.or_arms)
    points = [
        _judge_point(plan, planned, completion, rows, arm, _Tails.of(plan.looks, points=len(arms))) for arm in arms
    ]
    found = next((point for point in points if point.label == "reproduced"), None)
    if found is not None:
        return found
    if all(point.label == "not_reproduced" for point in points):
        return max(points, key=lambda point: point.refutation_p)
    return next(point for point in points if point.label == "inconclusive")


def _judge_point(
    plan: Plan, planned: PlannedPart, completion: str, rows: Sequence[RunRow], arm: str, tails: _Tails
) -> PartVerdict:
    """A part, tested on one arm."""
    part = planned.part
    ours = _by_seed(rows, arm, completion)
    theirs = _by_seed(rows, part.against, completion) if part.against else ours
    seeds = sorted(ours.keys() & theirs.keys())
    diverged = sum(row.outcome == "diverged" for both in (ours, theirs) for row in both.values())
    fewest = 1 if part.kind in ("structural", "compression") else FEWEST_SEEDS
    if len(seeds) < fewest:
        broken = any(
            row.outcome == "failed" and row.completion == completion and row.arm in (arm, part.against) for row in rows
        )
        cause = "failed" if broken else "underpowered"
        return replace(_blank(planned, cause=cause), seeds=len(seeds), diverged=diverged)
    values = _values(ours, seeds, part.quantity)
    resolution = _resolution(ours, part.quantity)
    new_examples = None
    if part.against is not None:
        gains = _gains(part.quantity, values, _values(theirs, seeds, part.quantity))
        contradicted = sum(gain < -planned.margin for gain in gains)
        judged = _ordering if part.kind in ("ordering", "threshold") else _delta
        verdict = judged(planned, gains, tails, resolution)
        new_examples = _over_examples(ours, theirs, seeds, part.quantity, tails)
    else:
        contradicted = _outside(planned, values)
        counted = part.quantity in COUNTED
        verdict = _arithmetic(planned, values) if counted else _absolute(planned, values, tails, resolution)
    return replace(
        verdict,
        seeds=len(seeds),
        new_examples=new_examples,
        compatible=_compatible(planned, values),
        diverged=diverged,
        contradicted=contradicted,
    )


def _outside(planned: PlannedPart, values: Sequence[float]) -> int:
    """How many values lie outside value +- margin, or below it for "at least"."""
    assert planned.part.value is not None
    value, reach = float(planned.part.value), planned.margin + 1e-9 * abs(float(planned.part.value))
    if planned.part.compares == "at_least":
        return sum(one < value - reach for one in values)
    return sum(abs(one - value) > reach for one in values)


def _gains(quantity: str, values: Sequence[float], others: Sequence[float]) -> list[float]:
    """How much better the arm is than the other, seed by seed."""
    sign = _SIGN.get(quantity, 1.0)
    return [sign * (one - other) for one, other in zip(values, others, strict=True)]


def _over_examples(
    ours: Mapping[int, RunRow], theirs: Mapping[int, RunRow], seeds: Sequence[int], quantity: str, tails: _Tails
) -> Estimate | None:
    """The gain in points with an interval over other test examples too; None where that is no gain in accuracy."""
    if quantity not in ("accuracy", "error"):
        return None
    right, their_right = _correctness(ours, seeds), _correctness(theirs, seeds)
    if right is None or their_right is None:
        return None
    return crossed_bootstrap(100 * (right - their_right), tails.refute)


def judge_part(plan: Plan, planned: PlannedPart, completion: str, rows: Sequence[RunRow]) -> PartVerdict:
    """The verdict on one part from the raw runs of a claim, in any order."""
    part = planned.part
    if part.kind == "existential":
        verdict = _existential(plan, planned, completion, rows)
    else:
        verdict = _judge_point(plan, planned, completion, rows, part.arm, _Tails.of(plan.looks))
    if part.kind == "universal":
        verdict = _universal(verdict)
    return replace(verdict, completion=completion)
