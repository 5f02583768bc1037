"""Claims, plans, runs, timings and verdicts: what validation stores, so that a killed run goes on where it was.

Raw rows are kept for good: a run is one arm under one completion with one seed, with one packed bit a test example, and
a verdict can be made again from them at any time. Storing what is already there changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from db.schema import claim, plan, run, timing, verdict

RUN_OUTCOMES = ("done", "diverged", "failed")


@dataclass(frozen=True, slots=True)
class RunRow:
    """The raw result of one run."""

    arm: str
    completion: str
    seed: int
    outcome: str
    """One of RUN_OUTCOMES; a failed run has no measures and is run again."""
    measures: Mapping[str, float]
    correct: bytes | None
    """One bit a test example, right or wrong, packed by numpy.packbits."""
    examples: int
    seconds: float
    machine: Mapping[str, Any]
    finished_at: datetime
    """UTC."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Arm, completion and seed: which run of its plan this is."""
        return (self.arm, self.completion, self.seed)


@dataclass(frozen=True, slots=True)
class TimingRow:
    """Median seconds of one layer's product, or of a stack of layers: over several blocks, or in one of them."""

    layer: str
    batch: int
    arm: str
    """dense or sparse, or an arm of a speed claim."""
    kernel: str
    sparsity: float
    seconds: float
    blocks: int
    machine: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What was decided of one part of a claim, or of the whole."""

    part: str
    label: str
    cause: str
    seeds: int
    estimate: float | None
    low: float | None
    high: float | None
    detail: Mapping[str, Any]
    verdict_version: str
    at: datetime


def store_claim(
    connection: Connection,
    claim_id: str,
    sha256: str,
    arxiv_id: str | None,
    title: str,
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store a claim, or its newer wording; plans keep the wording they were frozen with."""
    values = {"sha256": sha256, "arxiv_id": arxiv_id, "title": title, "body": dict(body), "stored_at": now}
    stored = connection.execute(select(claim.c.sha256).where(claim.c.id == claim_id)).scalar_one_or_none()
    if stored is None:
        connection.execute(insert(claim).values(id=claim_id, **values))
    elif stored != sha256:
        connection.execute(update(claim).where(claim.c.id == claim_id).values(**values))


def store_plan(connection: Connection, sha256: str, claim_id: str, body: Mapping[str, Any], now: datetime) -> None:
    """Store a frozen plan; one that is there stays as it is."""
    if connection.execute(select(plan.c.sha256).where(plan.c.sha256 == sha256)).first() is None:
        connection.execute(insert(plan).values(sha256=sha256, claim_id=claim_id, body=dict(body), frozen_at=now))


def plans(connection: Connection, claim_id: str) -> list[dict[str, Any]]:
    """The frozen bodies of a claim's plans, the newest first."""
    statement = select(plan.c.body).where(plan.c.claim_id == claim_id).order_by(plan.c.frozen_at.desc())
    return [dict(body) for body in connection.execute(statement).scalars()]


def store_run(connection: Connection, plan_sha256: str, row: RunRow) -> None:
    """Store one run; a failed run of the same key is replaced, any other is kept and the new one dropped.

    Raises ValueError for an outcome that is none of RUN_OUTCOMES.
    """
    if row.outcome not in RUN_OUTCOMES:
        raise ValueError(f"{row.outcome!r} is no outcome of a run: {', '.join(RUN_OUTCOMES)}")
    same = (
        (run.c.plan_sha256 == plan_sha256)
        & (run.c.arm == row.arm)
        & (run.c.completion == row.completion)
        & (run.c.seed == row.seed)
    )
    connection.execute(delete(run).where(same & (run.c.outcome == "failed")))
    if connection.execute(select(run.c.id).where(same)).first() is None:
        connection.execute(insert(run).values(plan_sha256=plan_sha256, **asdict(row)))


def runs(connection: Connection, plan_sha256: str) -> list[RunRow]:
    """All runs of a plan, by completion, seed and arm."""
    statement = select(run).where(run.c.plan_sha256 == plan_sha256).order_by(run.c.completion, run.c.seed, run.c.arm)
    names = RunRow.__dataclass_fields__
    return [RunRow(**{name: row[name] for name in names}) for row in connection.execute(statement).mappings()]


def replace_timings(connection: Connection, plan_sha256: str, rows: Iterable[TimingRow]) -> None:
    """Store the timings of a plan in place of those it had."""
    connection.execute(delete(timing).where(timing.c.plan_sha256 == plan_sha256))
    add_timings(connection, plan_sha256, rows)


def add_timings(connection: Connection, plan_sha256: str, rows: Iterable[TimingRow]) -> None:
    """Store timings beside those that the plan has."""
    values = [{"plan_sha256": plan_sha256, **asdict(row)} for row in rows]
    if values:
        connection.execute(insert(timing), values)


def timings(connection: Connection, plan_sha256: str) -> list[TimingRow]:
    """The timings of a plan in the order in which they were taken."""
    statement = select(timing).where(timing.c.plan_sha256 == plan_sha256).order_by(timing.c.id)
    names = TimingRow.__dataclass_fields__
    return [TimingRow(**{name: row[name] for name in names}) for row in connection.execute(statement).mappings()]


def store_verdict(connection: Connection, plan_sha256: str, rows: Iterable[VerdictRow]) -> None:
    """Store a verdict's rows; one that says what the row of its part, version and seeds says leaves that in place."""
    for row in rows:
        same = (
            (verdict.c.plan_sha256 == plan_sha256)
            & (verdict.c.part == row.part)
            & (verdict.c.verdict_version == row.verdict_version)
            & (verdict.c.seeds == row.seeds)
        )
        said = select(verdict.c.label, verdict.c.cause, verdict.c.estimate, verdict.c.low, verdict.c.high).where(same)
        stored = connection.execute(said).first()
        if stored is None:
            connection.execute(insert(verdict).values(plan_sha256=plan_sha256, **asdict(row)))
        elif tuple(stored) != (row.label, row.cause, row.estimate, row.low, row.high):
            connection.execute(update(verdict).where(same).values(**asdict(row)))


def verdicts(connection: Connection, plan_sha256: str) -> list[VerdictRow]:
    """All verdicts on a plan, oldest first."""
    statement = select(verdict).where(verdict.c.plan_sha256 == plan_sha256).order_by(verdict.c.id)
    names = VerdictRow.__dataclass_fields__
    return [VerdictRow(**{name: row[name] for name in names}) for row in connection.execute(statement).mappings()]


def newest_label(connection: Connection, claim_id: str) -> str | None:
    """The label of a claim as a whole: of its newest plan, after the most seeds; None before its first verdict."""
    statement = (
        select(verdict.c.label)
        .join(plan, plan.c.sha256 == verdict.c.plan_sha256)
        .where((plan.c.claim_id == claim_id) & (verdict.c.part == "whole"))
        .order_by(plan.c.frozen_at.desc(), verdict.c.seeds.desc(), verdict.c.id.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A frozen plan."""

    sha256: str
    claim_id: str
    frozen_at: datetime
    """UTC."""


def newest_plans(connection: Connection) -> list[PlanRow]:
    """The newest plan of every claim, by claim."""
    statement = select(plan).order_by(plan.c.claim_id, plan.c.frozen_at)
    newest = {row["claim_id"]: row for row in connection.execute(statement).mappings()}
    return [PlanRow(row["sha256"], row["claim_id"], row["frozen_at"]) for row in newest.values()]
