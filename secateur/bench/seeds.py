"""What two seeds cost when they run side by side, against one alone: the claim engine's processes share nothing.

A network is trained and pruned on scikit-learn's digits, which are always here. Each run has one thread, as every run
of a claim has; two take turns with one alone, so that what else the machine does meets both.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from corpus.scale import Lost, over
from validate.claims.arms import Arm
from validate.claims.schema import Setting

GOAL = 1.15
ROUNDS = 3
_SEEDS = (0, 1)
_ARM = Arm(criterion="magnitude", sparsity=0.9)
Progressed = Callable[[int, int | None, str], None]


class RunLostError(RuntimeError):
    """A process that trained a network died."""


@dataclass(frozen=True, slots=True)
class SeedsRow:
    """What was measured; seconds are of the wall clock, medians over the rounds."""

    cores: int
    load: float
    """Programs that wanted to run in the minute before: above 0 they take time from the two."""
    threads: int
    """Of torch in each process, while it trains."""
    one_seconds: float
    """One seed alone."""
    two_seconds: float
    """Two seeds side by side, from when the first begins until the last ends."""
    ratio: float
    """Two over one."""
    cpu_ratio: float
    """Seconds of the CPU of a seed beside another, over those of one alone: what sharing caches and memory costs."""
    goal: float
    met: bool


@dataclass(frozen=True, slots=True)
class _Run:
    began: float
    ended: float
    cpu_seconds: float
    threads: int


def _setting(epochs: int) -> Setting:
    return Setting(
        dataset="digits", model="LeNet-300-100", optimizer="sgd", learning_rate=0.05, batch=50, epochs=epochs
    )


def _train(task: tuple[int, int]) -> _Run:
    """One seed for so many epochs; the clock starts when everything is loaded."""
    import torch

    from validate.engine.data import load_dataset
    from validate.engine.outcome import run_arm
    from validate.threads import one_thread

    seed, epochs = task
    data = load_dataset("digits")
    with one_thread():
        run_arm(_ARM, _setting(1), data, seed)
        began, cpu = time.monotonic(), time.process_time()
        run_arm(_ARM, _setting(epochs), data, seed)
        return _Run(began, time.monotonic(), time.process_time() - cpu, torch.get_num_threads())


def _runs(seeds: tuple[int, ...], epochs: int) -> list[_Run]:
    """Seeds side by side, each in a new process. Raises RunLostError."""
    runs = []
    for _, run in over(_train, [(seed, epochs) for seed in seeds], jobs=max(2, len(seeds))):
        if isinstance(run, Lost):
            raise RunLostError(f"a training ended with its process: {run.reason}")
        runs.append(run)
    return runs


def bench_seeds(epochs: int, progress: Progressed) -> SeedsRow:
    """Times one seed and two of them in turns, each for so many epochs. Raises RunLostError."""
    load = os.getloadavg()[0]
    alone, together = [], []
    for number in range(ROUNDS):
        progress(2 * number, 2 * ROUNDS, "one seed")
        alone += _runs(_SEEDS[:1], epochs)
        progress(2 * number + 1, 2 * ROUNDS, "two seeds")
        together.append(_runs(_SEEDS, epochs))
    one = statistics.median(run.ended - run.began for run in alone)
    two = statistics.median(max(run.ended for run in pair) - min(run.began for run in pair) for pair in together)
    cpu_alone = statistics.median(run.cpu_seconds for run in alone)
    cpu_beside = statistics.median(run.cpu_seconds for pair in together for run in pair)
    return SeedsRow(
        cores=os.cpu_count() or 1,
        load=load,
        threads=max(run.threads for run in alone),
        one_seconds=one,
        two_seconds=two,
        ratio=two / one,
        cpu_ratio=cpu_beside / cpu_alone,
        goal=GOAL,
        met=two / one <= GOAL,
    )
