"""What a validation tells its reader: label, parts, arms and ratios of a claim, and the flat rows that are printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from db.validation import RunRow
from validate.part_verdict import PartVerdict
from validate.statistics import Estimate


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """Accuracy of one arm over its seeds."""

    arm: str
    completion: str
    seeds: int
    accuracy: float
    """Mean, in percent."""
    deviation: float
    """Over seeds, in points; 0 for one seed."""
    diverged: int


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a scaled-down claim says of the claim that it stands in for."""

    claim: str
    label: str
    """Always surrogate_only."""
    cause: str
    """supports, questions or undecided."""


@dataclass(frozen=True)
class ValidationReport:
    """The outcome of validating one claim."""

    claim: str
    title: str
    label: str
    cause: str
    plan_sha256: str
    seeds: int
    holds: int = 0
    completions: int = 0
    parts: tuple[PartVerdict, ...] = ()
    arms: tuple[ArmSummary, ...] = ()
    theoretical_ratio: float | None = None
    """Multiply-adds, original over pruned, of the arm whose layers are timed; never a speed-up."""
    measured_ratio: Mapping[int, float] | None = None
    """Seconds dense over sparse of the first pruned arm's layers, by batch size, on this machine."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Of a speed claim: median seconds of every arm at every point."""
    kernel: str = ""
    kernel_agrees: bool | None = None
    """Whether every pruned network gave the same logits through the sparse kernel."""
    stands_in_for: tuple[StandIn, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def compatible(self) -> str:
        """One line on each part for which the original gives a deviation; empty where nothing ran."""
        if not self.parts:
            return ""
        known = [part for part in self.parts if part.compatible != "unknown"]
        if not known:
            return "compatible with the original: unknown (it gives no deviation over seeds)"
        said = ", ".join(f"{part.part} {part.compatible}" for part in known)
        return f"compatible with the original: {said}"

    def rows(self) -> list[dict[str, Any]]:
        """Flat rows with the same columns: the whole claim, then its parts, then the claims it stands in for."""
        ratios = self.measured_ratio or {}
        whole = _row(
            self.claim,
            "whole",
            self.label,
            self.cause,
            seeds=self.seeds,
            accuracy="; ".join(_arm_text(arm, self.completions) for arm in self.arms),
            holds=f"{self.holds} of {self.completions}" if self.completions else "",
            theoretical_ratio=self.theoretical_ratio,
            measured_ratio_batch_1=ratios.get(1),
            measured_ratio_batch_64=ratios.get(64),
            microseconds="; ".join(f"{name} {1e6 * seconds:.1f}" for name, seconds in self.seconds.items()),
            kernel=self.kernel,
            compatible=self.compatible,
            warnings="; ".join(self.warnings),
        )
        parts = [
            _row(
                self.claim,
                part.part,
                part.label,
                part.cause,
                completion=part.completion,
                kind=part.kind,
                seeds=part.seeds,
                margin=None if part.kind == "ordering" else part.margin,
                compatible=part.compatible,
                **_columns(part.estimate, "estimate", "low", "high"),
                **_columns(part.new_examples, None, "new_examples_low", "new_examples_high"),
                **_columns(part.probability, "p_better", "p_better_low", "p_better_high"),
            )
            for part in self.parts
        ]
        others = [_row(self.claim, f"for {one.claim}", one.label, one.cause) for one in self.stands_in_for]
        return [whole, *parts, *others]


_COLUMNS = (
    "claim",
    "part",
    "label",
    "cause",
    "completion",
    "kind",
    "seeds",
    "estimate",
    "low",
    "high",
    "margin",
    "new_examples_low",
    "new_examples_high",
    "p_better",
    "p_better_low",
    "p_better_high",
    "accuracy",
    "holds",
    "theoretical_ratio",
    "measured_ratio_batch_1",
    "measured_ratio_batch_64",
    "microseconds",
    "kernel",
    "compatible",
    "warnings",
)


def _row(claim: str, part: str, label: str, cause: str, **values: Any) -> dict[str, Any]:
    given = {"claim": claim, "part": part, "label": label, "cause": cause, **values}
    return {name: given.get(name) for name in _COLUMNS}


def _columns(estimate: Estimate | None, value: str | None, low: str, high: str) -> dict[str, float | None]:
    columns = {low: estimate.low if estimate else None, high: estimate.high if estimate else None}
    if value is not None:
        columns[value] = estimate.value if estimate else None
    return columns


def _arm_text(arm: ArmSummary, completions: int) -> str:
    where = f" ({arm.completion})" if completions > 1 else ""
    diverged = f", {arm.diverged} diverged" if arm.diverged else ""
    spread = f" ± {arm.deviation:.2f}" if arm.seeds > 1 else ""
    return f"{arm.arm}{where} {arm.accuracy:.2f}{spread}{diverged}"


def summarise_arms(rows: Sequence[RunRow]) -> tuple[ArmSummary, ...]:
    """Accuracy of each arm under each completion, in the order in which they first ran."""
    groups: dict[tuple[str, str], list[RunRow]] = {}
    for row in rows:
        if row.outcome != "failed" and "accuracy" in row.measures:
            groups.setdefault((row.arm, row.completion), []).append(row)
    return tuple(
        ArmSummary(
            arm=arm,
            completion=completion,
            seeds=len(group),
            accuracy=float(np.mean([row.measures["accuracy"] for row in group])),
            deviation=float(np.std([row.measures["accuracy"] for row in group], ddof=1)) if len(group) > 1 else 0.0,
            diverged=sum(row.outcome == "diverged" for row in group),
        )
        for (arm, completion), group in groups.items()
    )


def warnings_of(rows: Sequence[RunRow]) -> tuple[str, ...]:
    """What a reader has to know of the runs: failures, divergence, emptied layers, kernels that disagree."""
    said: Counter[str] = Counter()
    for row in rows:
        if row.outcome == "failed":
            said[f"{row.arm}: failed: {row.machine.get('error', 'no reason given')}"] += 1
        if row.outcome == "diverged":
            said[f"{row.arm}: diverged"] += 1
        if row.measures.get("emptied_layers"):
            said[f"{row.arm}: {row.measures['emptied_layers']:.0f} layer(s) lost all their weights"] += 1
        if row.measures.get("kernel_agrees") == 0:
            said[f"{row.arm}: the sparse kernel gives other logits than torch"] += 1
    return tuple(f"{text} ({count} run{'s' if count > 1 else ''})" for text, count in said.items())
