"""From timed blocks to a verdict on a speed claim: pure, rows in, label out, by the protocol of docs/verdicts.md.

A ratio is judged on its logarithm: the median of the blocks of each pair of processes, their mean, and a bootstrap
interval over processes and blocks, made wider by how far two processes of the *same* arm are apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from db.validation import TimingRow
from validate.part_verdict import PartVerdict
from validate.plan import PlannedPart
from validate.speed.plan import Point, SpeedPlan
from validate.speed.products import TOLERANCE, agrees
from validate.statistics import LEVELS, Estimate, holm
from validate.verdict import Verdict

FEWEST_BLOCKS = 30
"""Of each arm; below it nothing is decided."""
FEWEST_ROUNDS = 3
HOLDS = {"reproduced": "holds here", "not_reproduced": "does not hold here", "inconclusive": "undecided here"}
"""What is said on hardware that is not the claim's."""
_DRAWS = 4000
_BOOTSTRAP_SEED = 20

Blocks = Mapping[tuple[int, int], Sequence[float]]
"""Seconds of the blocks of one arm at one point, by round and copy."""


@dataclass(frozen=True)
class _Bootstrap:
    """What is drawn of a log ratio, and how far processes of one arm are apart."""

    estimate: float
    draws: NDArray[np.float64]
    apart: Mapping[float, float]
    """By one-sided level."""

    def interval(self, tail: float) -> Estimate:
        """The ratio with ``tail`` left out on each side."""
        low, high = np.quantile(self.draws, [tail, 1 - tail])
        apart = self.apart[tail]
        return Estimate(math.exp(self.estimate), math.exp(low - apart), math.exp(high + apart))

    def p_below(self, bound: float) -> float:
        """One-sided p value against "the ratio is not below ``bound``"."""
        return self._p(self.draws + self.apart[LEVELS[0]] >= math.log(bound))

    def p_above(self, bound: float) -> float:
        """One-sided p value against "the ratio is not above ``bound``"."""
        return self._p(self.draws - self.apart[LEVELS[0]] <= math.log(bound))

    @staticmethod
    def _p(contrary: NDArray[np.bool_]) -> float:
        return float((1 + contrary.sum()) / (1 + len(contrary)))


def blocks_of(rows: Iterable[TimingRow], point: Point, arm: str) -> dict[tuple[int, int], list[float]]:
    """Seconds of the blocks of an arm at a point, in the order in which they were timed."""
    other = point.against if arm == point.arm else point.arm
    cache = "cold" if point.cold else "hot"
    chosen = [
        row
        for row in rows
        if (row.arm, row.batch) == (arm, point.batch)
        and (row.machine["cache"], row.machine["against"], row.machine["beside"]) == (cache, other, False)
    ]
    found: dict[tuple[int, int], list[float]] = {}
    for row in sorted(chosen, key=lambda one: (one.machine["round"], one.machine["copy"], one.machine["block"])):
        found.setdefault((row.machine["round"], row.machine["copy"]), []).append(row.seconds)
    return found


def _log_ratios(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]],
) -> NDArray[np.float64]:
    """Logarithms of the seconds of one over those of the other, [pairs of processes, blocks]."""
    count = min((min(len(one), len(other)) for one, other in pairs), default=0)
    return np.array([np.log(one[:count]) - np.log(other[:count]) for one, other in pairs]).reshape(len(pairs), count)


@cache
def _choices(pairs: int, blocks: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The fixed draws: pairs [draws, pairs], which sample of blocks each takes [draws, pairs], and the samples.

    A sample of blocks has a median whatever its order, so there are few of them (35 of 4 blocks) for many draws.
    """
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    chosen = rng.integers(pairs, size=(_DRAWS, pairs, 1))[..., 0]
    drawn = np.sort(rng.integers(blocks, size=(_DRAWS, pairs, blocks)), axis=2)
    samples, which = np.unique(drawn.reshape(-1, blocks), axis=0, return_inverse=True)
    return chosen, which.reshape(_DRAWS, pairs), samples


def _drawn(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over drawn pairs of medians over drawn blocks of values[pairs, blocks]; the draws are fixed."""
    chosen, which, samples = _choices(*values.shape)
    means: NDArray[np.float64] = np.median(values[:, samples], axis=2)[chosen, which].mean(axis=1)
    return means


def _apart(arm: Blocks) -> dict[float, float]:
    """How far two processes of one arm may be apart: the farther end of the interval of their log ratio."""
    rounds = sorted({number for number, _ in arm})
    pairs = [(arm[number, 0], arm[number, 1]) for number in rounds if (number, 0) in arm and (number, 1) in arm]
    values = _log_ratios(pairs)
    if not values.size:
        return dict.fromkeys(LEVELS, math.inf)
    draws = _drawn(values)
    return {tail: float(np.abs(np.quantile(draws, [tail, 1 - tail])).max()) for tail in LEVELS}


def compare(arm: Blocks, against: Blocks) -> _Bootstrap | None:
    """The log ratio of seconds, ``against`` over ``arm``: positive where the arm is faster. None without blocks."""
    values = _log_ratios([(against[key], arm[key]) for key in sorted(arm.keys() & against.keys())])
    if not values.size:
        return None
    spreads = (_apart(arm), _apart(against))
    apart = {tail: max(spread[tail] for spread in spreads) for tail in LEVELS}
    return _Bootstrap(float(np.median(values, axis=1).mean()), _drawn(values), apart)


def _bounds(planned: PlannedPart) -> tuple[float, float]:
    """The ratios between which a part holds; a margin is as many times below the value as above it."""
    if planned.part.compares == "better":
        return 1.0, math.inf
    assert planned.part.value is not None
    value = float(planned.part.value)
    times = 1 + planned.margin / value
    return value / times, math.inf if planned.part.compares == "at_least" else value * times


def decide(planned: PlannedPart, found: _Bootstrap) -> PartVerdict:
    """The label of a part: both intervals inside its bounds, or wholly outside, or neither."""
    low, high = _bounds(planned)
    equivalence = math.isfinite(high)
    outer = found.interval(LEVELS[0])
    inner = found.interval(LEVELS[1]) if equivalence else outer
    refuted = min(found.p_below(low), found.p_above(high) if equivalence else 1.0)
    verdict = PartVerdict(
        part=planned.part.id,
        completion="as stated",
        kind="speed",
        label="inconclusive",
        cause="underpowered",
        estimate=outer,
        margin=planned.margin,
        refutation_p=refuted,
    )
    if low < inner.low and inner.high < high:
        return replace(verdict, label="reproduced", cause="", estimate=inner)
    if outer.high < low or outer.low > high:
        return replace(verdict, label="not_reproduced", cause="")
    return verdict


def _strangest(rows: Sequence[TimingRow], point: Point) -> TimingRow | None:
    """A row of one of the point's arms whose outputs are not those of its layers."""
    return next(
        (row for row in rows if row.arm in (point.arm, point.against) and not agrees(row.machine["deviation"])), None
    )


def _judge_part(plan: SpeedPlan, planned: PlannedPart, rows: Sequence[TimingRow]) -> PartVerdict:
    point = Point.of(planned.part)
    arm, against = (blocks_of(rows, point, name) for name in (point.arm, point.against))
    rounds = len({number for number, _ in arm.keys() & against.keys()})
    blocks = min(sum(map(len, arm.values())), sum(map(len, against.values())))
    found = compare(arm, against)
    open_part = PartVerdict(planned.part.id, "as stated", "speed", "inconclusive", "underpowered", seeds=rounds)
    if found is None or blocks < FEWEST_BLOCKS or rounds < FEWEST_ROUNDS:
        return replace(open_part, margin=planned.margin)
    stranger = _strangest(rows, point)
    if stranger is not None:
        cause = f"failed: {stranger.arm} is off by {stranger.machine['deviation']:.1g} of the largest output"
        return replace(open_part, cause=f"{cause} (at most {TOLERANCE:g})", margin=planned.margin)
    return replace(decide(planned, found), seeds=rounds)


def like_hardware(plan: SpeedPlan) -> bool:
    """Whether this machine's CPU is the one that the claim was measured on."""
    named = plan.claim.hardware
    cpu = str(plan.machine["cpu"]).casefold()
    return named is not None and named.kind == "cpu" and bool(cpu) and cpu in named.name.casefold()


def _limit(plan: SpeedPlan, label: str, cause: str, control_passed: bool) -> tuple[str, str]:
    """What may be said of the source: on other hardware than its own a speed holds here, or does not, and no more."""
    claim = plan.claim
    here = f"{HOLDS[label]} ({plan.machine['cpu']})" + (f": {cause}" if cause else "")
    if not claim.first_hand:
        return "claim_unverified", f"{here}; the claim was read second-hand ({claim.source.read})"
    if label == "inconclusive":
        return label, cause
    if not like_hardware(plan):
        made_on = f"was made on {claim.hardware.name}" if claim.hardware else "names no hardware"
        return "surrogate_only", f"{here}; the claim {made_on}"
    if label == "not_reproduced" and not control_passed:
        return "inconclusive", f"{here}, but no positive control has passed"
    return label, cause


def judge_speed(
    plan: SpeedPlan, rows: Iterable[TimingRow], *, control_passed: bool = False, out_of_time: bool = False
) -> Verdict:
    """The verdict on a speed plan from its blocks, in any order; ``seeds`` are rounds of fresh processes.

    ``control_passed`` and ``out_of_time`` are as in ``validate.verdict.judge``.
    """
    kept = list(rows)
    parts = [_judge_part(plan, planned, kept) for planned in plan.frozen.parts]
    ran, cause = _whole(parts)
    if out_of_time and cause == "underpowered":
        cause = "budget"
    label, why = _limit(plan, ran, cause, control_passed)
    return Verdict(
        label=label,
        cause=why,
        ran=ran,
        ran_cause=cause,
        seeds=min(part.seeds for part in parts),
        parts=tuple(parts),
        holds=int(ran == "reproduced"),
        completions=1,
    )


def _whole(parts: Sequence[PartVerdict]) -> tuple[str, str]:
    """All parts hold, or one is refuted after Holm, or neither."""
    if all(part.label == "reproduced" for part in parts):
        return "reproduced", ""
    refuted = holm([part.refutation_p for part in parts], LEVELS[0])
    against = [part.part for part, sure in zip(parts, refuted, strict=True) if sure and part.label == "not_reproduced"]
    if against:
        return "not_reproduced", "" if len(parts) == 1 else f"against it: {', '.join(against)}"
    return "inconclusive", next((part.cause for part in parts if part.cause), "underpowered")


def seconds_of(rows: Iterable[TimingRow], plan: SpeedPlan) -> dict[str, float]:
    """Median seconds of every arm at every point, bfloat16 beside among them, in the order of the plan."""
    found: dict[str, list[float]] = {}
    kept = list(rows)
    for point in plan.points:
        for row in kept:
            sides = (point.arm, point.against)
            if (row.batch, row.machine["cache"] == "cold") == (point.batch, point.cold) and (
                row.arm in sides or (row.machine["beside"] and row.machine["against"] == point.arm)
            ):
                found.setdefault(point.named(row.arm), []).append(row.seconds)
    return {name: float(np.median(seconds)) for name, seconds in found.items()}
