"""The rows of a first look, as CSV beside this module: one a run, and one a part of a verdict.

The answers to single test examples are left out. The rows are copied from databases by ``secateur claims export``, of
each claim from the last one that has run it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from db import validation as store
from db.validation import PlanRow, RunRow, TimingRow, VerdictRow
from validate.claims.schema import Claim
from validate.timing import measured_ratios

FOLDER = Path(__file__).parent
RUNS, VERDICTS = "runs.csv", "verdicts.csv"


@dataclass(frozen=True, slots=True)
class Run:
    """One arm under one completion with one seed."""

    claim: str
    plan: str
    """SHA-256 of the plan."""
    arm: str
    completion: str
    seed: int
    outcome: str
    measures: str
    """JSON of quantities and values."""
    seconds: float
    machine: str
    """CPU and versions."""
    finished_at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the newest verdict on a plan says of one part, or of the whole."""

    claim: str
    plan: str
    part: str
    completion: str
    label: str
    cause: str
    seeds: int
    estimate: float | None
    low: float | None
    high: float | None
    new_examples_low: float | None
    """Of the interval that covers other test examples too."""
    new_examples_high: float | None
    compatible: str
    """With the original, by the deviation that it states: yes or no; empty where it states none, and of the whole."""
    theoretical_ratio: float | None
    """Of the whole: multiply-adds of the first pruned arm, original over pruned."""
    measured_ratio_1: float | None
    """Of the whole: seconds of its layers, dense over sparse, at batch 1."""
    measured_ratio_64: float | None
    load: float | None
    """Of the whole: processes that wanted to run while those seconds were measured."""
    at: str
    """UTC, ISO 8601."""


_Row = TypeVar("_Row", Run, Judged)


def _machine(row: RunRow) -> str:
    told = row.machine
    return f"{told.get('cpu')}, torch {told.get('torch')}, Python {told.get('python')}"


def _run(plan: PlanRow, row: RunRow) -> Run:
    measures = json.dumps({name: float(f"{value:.10g}") for name, value in sorted(row.measures.items())})
    return Run(
        claim=plan.claim_id,
        plan=plan.sha256,
        arm=row.arm,
        completion=row.completion,
        seed=row.seed,
        outcome=row.outcome,
        measures=measures,
        seconds=round(row.seconds, 2),
        machine=_machine(row),
        finished_at=row.finished_at.isoformat(timespec="seconds"),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.10g}")


def _judged(plan: PlanRow, row: VerdictRow, ratios: Mapping[str, float | None]) -> Judged:
    wider = row.detail.get("new_examples") or {}
    own = ratios if row.part == "whole" else {}
    compatible = str(row.detail.get("compatible", ""))
    return Judged(
        claim=plan.claim_id,
        plan=plan.sha256,
        part=str(row.detail.get("part", row.part)),
        completion=str(row.detail.get("completion", "")),
        label=row.label,
        cause=row.cause,
        seeds=row.seeds if row.part == "whole" else int(row.detail.get("seeds", row.seeds)),
        estimate=_rounded(row.estimate),
        low=_rounded(row.low),
        high=_rounded(row.high),
        new_examples_low=_rounded(wider.get("low")),
        new_examples_high=_rounded(wider.get("high")),
        compatible=compatible if compatible in ("yes", "no") else "",
        theoretical_ratio=_rounded(own.get("theoretical")),
        measured_ratio_1=_rounded(own.get("1")),
        measured_ratio_64=_rounded(own.get("64")),
        load=_rounded(own.get("load")),
        at=row.at.isoformat(timespec="seconds"),
    )


def _newest(verdicts: Sequence[VerdictRow]) -> list[VerdictRow]:
    """Of each part the row that was written last."""
    rows = sorted(verdicts, key=lambda row: (row.at, row.part == "whole"))
    last = rows[-1] if rows else None
    newest = {row.part: row for row in rows}
    return [row for row in newest.values() if last is not None and row.verdict_version == last.verdict_version]


def _ratios(claim: Claim, rows: Sequence[RunRow], timings: Sequence[TimingRow]) -> dict[str, float | None]:
    """Of the first pruned arm, which is timed; a speed claim has no network, and its parts say what was measured."""
    load = max((float(row.machine["load"]) for row in timings if row.machine.get("load") is not None), default=None)
    if not rows:
        return {"load": load}
    measured = measured_ratios(timings)
    arm = next((name for name, arm in claim.arms.items() if arm.pruned), None)
    counted = [row.measures["multiply_add_ratio"] for row in rows if row.arm == arm and row.outcome == "done"]
    timed = {str(batch): ratio for batch, ratio in measured.items()}
    return {"theoretical": counted[0] if counted and measured else None, "load": load, **timed}


def rows_of(connection: Connection, claims: Mapping[str, Claim]) -> tuple[list[Run], list[Judged]]:
    """Runs and verdicts of the newest plans of these claims, by claim, completion, seed and arm."""
    runs: list[Run] = []
    judged: list[Judged] = []
    for plan in store.newest_plans(connection):
        if plan.claim_id not in claims:
            continue
        own = store.runs(connection, plan.sha256)
        ratios = _ratios(claims[plan.claim_id], own, store.timings(connection, plan.sha256))
        runs += [_run(plan, row) for row in own]
        judged += [_judged(plan, row, ratios) for row in _newest(store.verdicts(connection, plan.sha256))]
    return runs, judged


def write_rows(folder: Path, runs: Sequence[Run], judged: Sequence[Judged]) -> None:
    """Writes ``runs.csv`` and ``verdicts.csv``."""
    for name, kind, rows in ((RUNS, Run, runs), (VERDICTS, Judged, judged)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            names = [field.name for field in fields(kind)]
            writer.writerow(names)
            writer.writerows([getattr(row, field) for field in names] for row in rows)


def with_earlier(
    earlier: tuple[list[Run], list[Judged]], runs: list[Run], judged: list[Judged]
) -> tuple[list[Run], list[Judged]]:
    """The rows of a database, and of the claims that it does not have those that were exported earlier, in that order.

    A claim's rows are never mixed: its newest plan in the database stands for it alone.
    """
    old_runs, old_judged = earlier
    own = {row.claim for row in runs} | {row.claim for row in judged}
    all_runs = [*(row for row in old_runs if row.claim not in own), *runs]
    all_judged = [*(row for row in old_judged if row.claim not in own), *judged]
    return _in_order(all_runs, old_runs), _in_order(all_judged, old_judged)


def _in_order(rows: list[_Row], earlier: Sequence[_Row]) -> list[_Row]:
    """Rows by claim in the order of the earlier ones, and behind them those of other claims."""
    order = {name: place for place, name in enumerate(dict.fromkeys(row.claim for row in earlier))}
    return sorted(rows, key=lambda row: order.get(row.claim, len(order)))


def read_rows(folder: Path = FOLDER) -> tuple[list[Run], list[Judged]]:
    """What ``write_rows`` wrote."""
    with (folder / RUNS).open(newline="", encoding="utf-8") as file:
        runs = [Run(**_typed(Run, row)) for row in csv.DictReader(file)]
    with (folder / VERDICTS).open(newline="", encoding="utf-8") as file:
        judged = [Judged(**_typed(Judged, row)) for row in csv.DictReader(file)]
    return runs, judged


def _typed(kind: type[Run] | type[Judged], row: Mapping[str, str]) -> dict[str, Any]:
    readers: dict[str, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "float | None": lambda text: float(text) if text else None,
    }
    return {field.name: readers.get(str(field.type), str)(row[field.name]) for field in fields(kind)}
