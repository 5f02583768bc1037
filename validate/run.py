"""Runs a claim: freeze the plan, run its arms seed by seed, judge at every look, time the pruned layers at the end.

Every run is stored as soon as it is done, so a killed or timed-out validation goes on where it was. What can't be run
here gets its label and reason without running anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Engine

from corpus.scale import Lost, over
from db import validation as store
from db.validation import RunRow, TimingRow
from validate.claims.schema import Arm, Claim, Setting
from validate.engine.architectures import pretrained
from validate.engine.data import Dataset, MissingAssetError, load_dataset
from validate.engine.data.added import added_path, content_sha256
from validate.kernels.library import kernel_name
from validate.ledger import control_passed, refuse, stand_ins, store_frozen, verdict_rows
from validate.machine import describe_machine
from validate.plan import NotTestableError, Plan, SettingIncompleteError, canonical_sha256, freeze
from validate.report import ValidationReport, summarise_arms, warnings_of
from validate.speed.stage import is_speed, validate_speed
from validate.threads import one_thread
from validate.timing import measured_ratios, time_layers
from validate.verdict import Verdict, judge

if TYPE_CHECKING:
    from validate.engine.memory import TrainingMemory
    from validate.timing import TimedLayer

_RUNS_AHEAD = 2
"""Runs handed out for each worker: a run may take minutes, and what was handed out is finished after the deadline."""

ProgressReport = Callable[[int, int, str], object]
"""Called with the runs that are done, the runs up to the next look, and which one was done last."""


class EngineUnavailableError(ImportError):
    """The pruning engine can't run because torch is not installed."""


@dataclass(frozen=True)
class _Task:
    """One run, in a form that another process can take."""

    arm_name: str
    arm: Arm
    completion: str
    setting: Setting
    seed: int
    data_folder: Path | None
    device: str
    timed: bool = False
    """Whether its layers are timed when all is judged."""


@dataclass(frozen=True)
class _Ran:
    """A run's row, and of a timed one the layers of its network."""

    row: RunRow
    layers: tuple[TimedLayer, ...] = ()


@cache
def _dataset(name: str, folder: Path | None, sequence_length: int | None) -> Dataset:
    return load_dataset(name, folder, sequence_length=sequence_length)


def _dataset_of(setting: Setting, folder: Path | None) -> Dataset:
    return _dataset(setting.dataset, folder, setting.sequence_length)


def _assets_sha256(setting: Setting, folder: Path | None) -> str:
    """Checksum of the data, and of the pretrained model where there is one.

    Raises MissingAssetError if either is not on this machine.
    """
    data = _dataset_of(setting, folder).sha256
    if setting.model not in pretrained():
        return data
    model = content_sha256(added_path(setting.model.lower(), folder))
    return canonical_sha256([data, model])


@cache
def _trainings() -> TrainingMemory:
    """Of this process: the arms of a seed run one behind the other, and those that begin alike share it."""
    from validate.engine.memory import TrainingMemory

    return TrainingMemory()


def _unfinished(task: _Task) -> RunRow:
    """The row of a run that came to nothing."""
    return RunRow(
        arm=task.arm_name,
        completion=task.completion,
        seed=task.seed,
        outcome="failed",
        measures={},
        correct=None,
        examples=0,
        seconds=0.0,
        machine={},
        finished_at=datetime.min,
    )


def _run(task: _Task) -> _Ran:
    """One run. One that breaks gives the outcome ``failed`` with its error."""
    from validate.engine.inference import sparse_layers
    from validate.engine.outcome import run_arm

    began = time.perf_counter()
    row = replace(_unfinished(task), machine=describe_machine())
    try:
        with one_thread():
            data = _dataset_of(task.setting, task.data_folder)
            outcome = run_arm(
                task.arm,
                task.setting,
                data,
                task.seed,
                device=task.device,
                data_folder=task.data_folder,
                memory=_trainings(),
            )
    except Exception as error:  # a broken run is a result: it is stored, counted and shown
        reason = f"{type(error).__name__}: {error}"
        return _Ran(replace(row, seconds=time.perf_counter() - began, machine={**row.machine, "error": reason}))
    row = replace(
        row,
        outcome=outcome.state,
        measures=dict(outcome.measures),
        correct=np.packbits(outcome.correct).tobytes() if outcome.correct.size else None,
        examples=int(outcome.correct.size),
        seconds=time.perf_counter() - began,
    )
    return _Ran(row, tuple(sparse_layers(outcome.model)) if task.timed else ())


def _lost(task: _Task, reason: str) -> RunRow:
    """The row of a run whose worker died."""
    return replace(_unfinished(task), machine={"error": reason})


def _results(
    tasks: Sequence[_Task], jobs: int, cluster: str | None, deadline: float | None
) -> Generator[_Ran, None, None]:
    """Runs tasks here, in ``jobs`` processes or on a cluster, and stops handing them out at the deadline."""
    in_time = takewhile(lambda task: deadline is None or time.monotonic() < deadline, tasks)
    for task, ran in over(_run, in_time, jobs=jobs, cluster=cluster, ahead=_RUNS_AHEAD):
        yield _Ran(_lost(task, ran.reason)) if isinstance(ran, Lost) else ran


@dataclass
class _Validation:
    """One call of validate_claim: its plan, where it stores, and when it has to stop."""

    engine: Engine
    plan: Plan
    now: datetime
    jobs: int
    deadline: float | None
    progress: ProgressReport | None
    began: float
    data_folder: Path | None
    device: str
    cluster: str | None
    timed: tuple[TimedLayer, ...] = ()
    """The layers to be timed, where this call has trained them."""

    @property
    def at(self) -> datetime:
        """The time now, by the caller's clock."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def rows(self) -> list[RunRow]:
        with self.engine.connect() as connection:
            return store.runs(connection, self.plan.sha256)

    def missing(self, seeds: int) -> list[_Task]:
        """Runs that a look at so many seeds still needs, seed by seed, so that arms stay paired when time runs out."""
        done = {row.key for row in self.rows() if row.outcome != "failed"}
        timed = (_timed_arm(self.plan.claim), next(iter(self.plan.settings)), 0)
        return [
            _Task(
                name,
                arm,
                completion,
                setting,
                seed,
                self.data_folder,
                self.device,
                timed=(name, completion, seed) == timed,
            )
            for seed in range(seeds)
            for completion, setting in self.plan.settings.items()
            for name, arm in self.plan.claim.arms.items()
            if (name, completion, seed) not in done
        ]

    def run_until(self, seeds: int) -> bool:
        """Runs what a look needs; False if time ran out before it was complete."""
        tasks = self.missing(seeds)
        if tasks and find_spec("torch") is None:
            raise EngineUnavailableError("running a claim needs torch: pip install 'secateur[validate]'")
        total = seeds * len(self.plan.settings) * len(self.plan.claim.arms)
        finished = 0
        with closing(_results(tasks, self.jobs, self.cluster, self.deadline)) as results:
            for ran in results:
                row = ran.row
                self.timed = self.timed or ran.layers
                finished += 1
                with self.engine.begin() as connection:
                    store.store_run(connection, self.plan.sha256, replace(row, finished_at=self.at))
                if self.progress is not None:
                    name = f"{row.arm}, {row.completion}, seed {row.seed}"
                    self.progress(total - len(tasks) + finished, total, name)
        return finished == len(tasks)

    def look(self, seeds: int, *, out_of_time: bool = False) -> Verdict:
        """The verdict on the first ``seeds`` seeds, stored."""
        rows = [row for row in self.rows() if row.seed < seeds]
        with self.engine.begin() as connection:
            passed = control_passed(connection, self.plan.claim)
            verdict = judge(self.plan, rows, control_passed=passed, out_of_time=out_of_time)
            store.store_verdict(connection, self.plan.sha256, verdict_rows(verdict, self.plan.claim, self.at))
        return verdict

    def times(self) -> list[TimingRow]:
        """Timings of the pruned layers, taken now unless they are there, with nothing else of ours running."""
        with self.engine.connect() as connection:
            stored = store.timings(connection, self.plan.sha256)
        name = _timed_arm(self.plan.claim)
        if stored or name is None or find_spec("torch") is None:
            return stored
        timings = time_layers(self.timed or self._trained_again(name), self.at)
        with self.engine.begin() as connection:
            store.replace_timings(connection, self.plan.sha256, timings)
        return timings

    def _trained_again(self, arm: str) -> tuple[TimedLayer, ...]:
        """The layers of an arm's first seed, where an earlier call has trained it."""
        completion, setting = next(iter(self.plan.settings.items()))
        ran = _run(
            _Task(
                arm,
                self.plan.claim.arms[arm],
                completion,
                setting,
                seed=0,
                data_folder=self.data_folder,
                device=self.device,
                timed=True,
            )
        )
        return ran.layers


def _timed_arm(claim: Claim) -> str | None:
    """The arm whose layers are timed: the first that is pruned."""
    return next((name for name, arm in claim.arms.items() if arm.pruned), None)


def _report(validation: _Validation, verdict: Verdict, timings: Sequence[TimingRow]) -> ValidationReport:
    plan = validation.plan
    rows = validation.rows()
    agreements = [row.measures["kernel_agrees"] for row in rows if "kernel_agrees" in row.measures]
    timed = _timed_arm(plan.claim)
    ratios = [row.measures["multiply_add_ratio"] for row in rows if row.outcome == "done" and row.arm == timed]
    return ValidationReport(
        claim=plan.claim.id,
        title=plan.claim.title,
        label=verdict.label,
        cause=verdict.cause,
        plan_sha256=plan.sha256,
        seeds=verdict.seeds,
        holds=verdict.holds,
        completions=verdict.completions,
        parts=verdict.parts,
        arms=summarise_arms(rows),
        theoretical_ratio=ratios[0] if ratios else None,
        measured_ratio=measured_ratios(timings) or None,
        kernel=kernel_name(),
        kernel_agrees=all(agreements) if agreements else None,
        stands_in_for=stand_ins(plan.claim, verdict),
        warnings=warnings_of(rows),
    )


def validate_claim(
    engine: Engine,
    claim: Claim,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    budget_seconds: float | None = None,
    progress: ProgressReport | None = None,
    data_folder: Path | None = None,
    device: str = "cpu",
    now: datetime,
) -> ValidationReport:
    """Runs a claim on this machine, or goes on where an earlier call ended, and reports its verdict.

    ``jobs`` processes run arms side by side, each on one thread; or the workers of a Dask ``cluster`` do, which see
    ``data_folder`` under the same path. Times are taken in this process alone. ``budget_seconds`` ends the runs (the
    label is then ``inconclusive`` with cause ``budget`` unless an earlier look decided it); ``data_folder`` holds the
    data sets that were fetched, and pretrained models; ``device`` is where networks are trained; ``now`` is the time
    stored, in UTC.
    Raises EngineUnavailableError if something has to run and torch is not installed, DeviceUnavailableError if there is
    no such device, ClusterError if the cluster can't be used.
    """
    if is_speed(claim):
        return validate_speed(engine, claim, budget_seconds=budget_seconds, progress=progress, now=now)
    try:
        # What can't be tested at all is said before data is asked for.
        freeze(claim, data_sha256="")
        plan = freeze(claim, _assets_sha256(claim.setting, data_folder))
    except NotTestableError as error:
        return refuse(engine, claim, "not_testable_here", str(error), now)
    except SettingIncompleteError as error:
        return refuse(engine, claim, "setting_incomplete", str(error), now)
    except MissingAssetError as error:
        return refuse(engine, claim, "needs_assets", str(error), now)
    if device != "cpu" and find_spec("torch") is not None:
        from validate.engine.devices import device_of

        device_of(device)
    with engine.begin() as connection:
        store_frozen(connection, claim, plan.sha256, plan.body, now)
    began = time.monotonic()
    deadline = None if budget_seconds is None else began + budget_seconds
    validation = _Validation(engine, plan, now, jobs, deadline, progress, began, data_folder, device, cluster)
    verdict, complete_look = None, plan.looks[0]
    for seeds in plan.looks:
        if not validation.run_until(seeds):
            verdict = validation.look(complete_look, out_of_time=True)
            break
        complete_look = seeds
        verdict = validation.look(seeds)
        if verdict.decided:
            break
    assert verdict is not None
    return _report(validation, verdict, validation.times() if verdict.seeds else [])
