"""Counts how often verdicts err: claims of every kind, simulated at its bound, judged look by look as real ones are.

Run ``python -m validate.simulate``. At the bound a claim is just true or just false, so that ``reproduced`` and
``not_reproduced`` are errors, each to be seen no more often than its level. What has no noise (compression, structural)
is put a little beside its rounding, where any error would be one.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from db.validation import RunRow
from validate.claims.schema import COUNTED, Claim
from validate.plan import Plan, freeze
from validate.speed.plan import BLOCKS, COPIES, ROUNDS
from validate.speed.verdict import compare, decide
from validate.verdict import judge

CLAIMS = 10_000
_TRUE = 97.0
_EPOCH = datetime(2000, 1, 1)
_BASE = {
    "title": "A claim at its bound",
    "source": {"venue": "simulation", "locator": "none", "read": "own"},
    "timing": "after",
    "structure": "unstructured",
    "setting": {
        "dataset": "digits",
        "model": "MLP-16",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "batch": 100,
        "epochs": 1,
    },
    "positive_control": "CONTROL",
}
_PRUNED = {"criterion": "magnitude", "sparsity": 0.9}
_DEVIATION = 0.5
"""Of the paired difference over seeds, in points; what a t statistic says at a bound does not depend on it."""
_SPEED_NOISES = ((0.02, 0.0), (0.02, 0.03))
"""Of the logarithm of seconds: of blocks, and of whole processes."""


@dataclass(frozen=True)
class Case:
    """Claims of one kind at one bound."""

    kind: str
    bound: str
    """In words."""
    parts: tuple[dict[str, Any], ...]
    gains: dict[str, float]
    """True mean of each arm's quantity above 97 points, which the arm ``other`` has; or its counted value."""
    levels: dict[str, float] = field(default_factory=dict)
    """How often each wrong label may come, at most."""

    @property
    def counted(self) -> bool:
        """Whether the quantity is counted, and has no noise."""
        return self.parts[0]["quantity"] in COUNTED


_GAIN = {"quantity": "accuracy", "arm": "arm", "against": "other"}
_VALUE = {"quantity": "accuracy", "arm": "arm", "value": "97.0"}
_SIZE = {"quantity": "compression", "arm": "arm", "value": "10.0", "unit": "x"}
_BOTH = {"reproduced": 0.025, "not_reproduced": 0.025}
CASES = (
    Case(
        "absolute",
        "margin above the value",
        ({"kind": "absolute", **_VALUE},),
        {"arm": 1.0},
        {**_BOTH, "reproduced": 0.05},
    ),
    Case("delta, no worse", "worse by the margin", ({"kind": "delta", **_GAIN},), {"arm": -1.0}, _BOTH),
    Case("delta, better", "no difference", ({"kind": "delta", "comparator": "better", **_GAIN},), {"arm": 0.0}, _BOTH),
    Case("ordering", "no difference", ({"kind": "ordering", **_GAIN},), {"arm": 0.0}, _BOTH),
    Case(
        "threshold",
        "one of two points without a difference",
        (
            {"kind": "threshold", "comparator": "better", **_GAIN},
            {"kind": "threshold", "comparator": "better", **_GAIN, "arm": "far"},
        ),
        {"arm": 0.0, "far": 5.0},
        _BOTH,
    ),
    Case(
        "universal",
        "worse by the margin",
        ({"kind": "universal", "comparator": "no_worse", **_GAIN},),
        {"arm": -1.0},
        {"reproduced": 0.0, "not_reproduced": 0.025},
    ),
    Case(
        "existential",
        "three points without a difference",
        ({"kind": "existential", "comparator": "better", **_GAIN, "or_arms": ["second", "third"]},),
        {"arm": 0.0, "second": 0.0, "third": 0.0},
        _BOTH,
    ),
    Case(
        "compression",
        "inside its rounding",
        ({"kind": "compression", **_SIZE, "comparator": "equal"},),
        {"arm": 10.0499},
        {"not_reproduced": 0.0},
    ),
    Case(
        "compression",
        "outside its rounding",
        ({"kind": "compression", **_SIZE, "comparator": "equal"},),
        {"arm": 10.0501},
        {"reproduced": 0.0},
    ),
    Case(
        "structural",
        "inside its rounding",
        ({"kind": "structural", **_SIZE},),
        {"arm": 9.9501},
        {"not_reproduced": 0.0},
    ),
    Case(
        "structural", "outside its rounding", ({"kind": "structural", **_SIZE},), {"arm": 9.9499}, {"reproduced": 0.0}
    ),
)
"""Every kind but speed, at the bound where its label is hardest to get right."""


@dataclass(frozen=True)
class Rate:
    """How often one wrong label came."""

    kind: str
    bound: str
    noise: str
    label: str
    claims: int
    rate: float
    level: float

    @property
    def held(self) -> bool:
        """Whether the rate is within three binomial deviations of its level."""
        return self.rate <= self.level + 3 * math.sqrt(self.level * (1 - self.level) / self.claims)


def plan_of(case: Case) -> Plan:
    """The frozen plan of a case's claims."""
    parts = [{"id": f"part {number}", **part} for number, part in enumerate(case.parts, 1)]
    arms = dict.fromkeys((*case.gains, "other"), _PRUNED)
    return freeze(Claim.model_validate({"id": "SIMULATED", **_BASE, "arms": arms, "parts": parts}), data_sha256="")


def _row(arm: str, seed: int, value: float) -> RunRow:
    measures = {"accuracy": value, "error": 100 - value, "compression": value}
    return RunRow(arm, "as stated", seed, "done", measures, None, 0, 0.0, {}, _EPOCH)


def _verdict(case: Case, plan: Plan, rng: np.random.Generator) -> str:
    """The label of one claim, after the look that decides it."""
    seeds = plan.looks[-1]
    others = _TRUE + 0.2 * rng.standard_normal(seeds)
    values = {"other": others}
    for arm, gain in case.gains.items():
        paired = others if "against" in case.parts[0] else np.full(seeds, _TRUE)
        values[arm] = np.full(seeds, gain) if case.counted else paired + gain + _DEVIATION * rng.standard_normal(seeds)
    label = ""
    for look in plan.looks:
        rows = [_row(arm, seed, float(values[arm][seed])) for arm in values for seed in range(look)]
        verdict = judge(plan, rows, control_passed=True)
        label = verdict.ran
        if verdict.decided:
            break
    return label


def simulate(case: Case, claims: int, seed: int) -> list[Rate]:
    """How often each wrong label came among so many claims of a case."""
    plan, rng = plan_of(case), np.random.default_rng(seed)
    labels = [_verdict(case, plan, rng) for _ in range(claims)]
    return _rates(case.kind, case.bound, "none" if case.counted else f"seeds {_DEVIATION:g}", labels, case.levels)


def _rates(kind: str, bound: str, noise: str, labels: Sequence[str], levels: dict[str, float]) -> list[Rate]:
    count = len(labels)
    return [
        Rate(kind, bound, noise, label, count, labels.count(label) / count, level) for label, level in levels.items()
    ]


_SPEED_PART = {"id": "ratio", "kind": "speed", "quantity": "time_ratio", "arm": "a", "against": "b", "unit": "x"}
_SPEED: tuple[tuple[str, dict[str, Any], float, dict[str, float]], ...] = (
    ("equal to 1, at 1.1", {"comparator": "equal", "value": "1.0"}, 1.1, {**_BOTH, "reproduced": 0.05}),
    ("faster, at 1", {"comparator": "better"}, 1.0, _BOTH),
    ("at least 3, at 3 / 1.1", {"comparator": "at_least", "value": "3.00"}, 3 / 1.1, _BOTH),
)


def simulate_speed(claims: int, seed: int) -> list[Rate]:
    """The same for speed: blocks of two processes of either arm, in as many rounds as a plan has."""
    rates = []
    for bound, changes, ratio, levels in _SPEED:
        part = {**_SPEED_PART, **changes, "batch": 1, "cache": "hot"}
        arms = {name: {"layers": [{"rows": 1, "columns": 1}]} for name in ("a", "b")}
        body = {"id": "SIMULATED", **_BASE, "arms": arms, "parts": [part]}
        (planned,) = freeze(Claim.model_validate(body), data_sha256="").parts
        for block_noise, process_noise in _SPEED_NOISES:
            rng = np.random.default_rng(seed)
            labels = []
            for _ in range(claims):
                one, other = (_blocks(rng, log, block_noise, process_noise) for log in (-math.log(ratio), 0.0))
                found = compare(one, other)
                assert found is not None
                labels.append(decide(planned, found).label)
            noise = f"blocks {block_noise:g}, processes {process_noise:g}"
            rates += _rates("speed", bound, noise, labels, levels)
    return rates


def _blocks(rng: np.random.Generator, log: float, block: float, process: float) -> dict[tuple[int, int], list[float]]:
    return {
        (number, copy): list(np.exp(log + process * rng.standard_normal() + block * rng.standard_normal(BLOCKS)))
        for number in range(ROUNDS)
        for copy in range(COPIES)
    }


def table(rates: Sequence[Rate]) -> str:
    """The rates as a table in Markdown."""
    lines = [
        "| kind | at its bound | noise | wrong label | claims | came in | level |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.kind} | {one.bound} | {one.noise} | `{one.label}` | {one.claims:,} | {one.rate:.4f} | {one.level:g} |"
        for one in rates
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Prints the table; 1 if a rate lies above its level by more than three binomial deviations."""
    parser = argparse.ArgumentParser(prog="python -m validate.simulate", description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS, help="claims for each row of the table")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    rates = [rate for case in CASES for rate in simulate(case, options.claims, options.seed)]
    rates += simulate_speed(options.claims, options.seed)
    write(table(rates))
    return int(not all(rate.held for rate in rates))


if __name__ == "__main__":
    sys.exit(main())
