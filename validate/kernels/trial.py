"""Timing of rivals that take turns (A B C, A B C, ...), so that what disturbs the machine meets them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

FEWEST_TURNS = 5
_HOPELESS = 2.0
_TURN_SECONDS = 5e-4
"""Threads of others spin for up to a fifth of a millisecond before they let go of a core."""


def interleave(contestants: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Seconds of each turn of each contestant, taking turns for about ``seconds``, at least five turns each."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or len(next(iter(times.values()))) < FEWEST_TURNS:
        for name, run in contestants.items():
            times[name].append(_timed(run, time.perf_counter))
    return times


def fastest_turns(
    contestants: Mapping[str, Callable[[], object]], seconds: float, *, threads: int = 1
) -> dict[str, float]:
    """Seconds of the fastest turn of each contestant: what it can do when nothing else runs.

    For choosing between them: one that takes twice as long as the best drops out after two turns. With one thread the
    seconds are those that this thread has the CPU, which other programs do not lengthen. With several, a short run is
    repeated within its turn, and never drops out: the threads of the contestant before it still spin when its turn
    begins, its own have to wake, and both may last for two turns.
    """
    turn = _once if threads == 1 else _repeated
    best = {name: min(turn(run), turn(run)) for name, run in contestants.items()}
    deadline = time.perf_counter() + seconds
    turns = 0
    while time.perf_counter() < deadline or turns < FEWEST_TURNS:
        limit = _HOPELESS * min(best.values())
        for name, run in contestants.items():
            if best[name] <= limit or (threads > 1 and best[name] < _TURN_SECONDS):
                best[name] = min(best[name], turn(run))
        turns += 1
    return best


def _once(run: Callable[[], object]) -> float:
    return _timed(run, time.thread_time)


def _repeated(run: Callable[[], object]) -> float:
    """The fastest of as many runs as fit into a turn, one at least."""
    end = time.perf_counter() + _TURN_SECONDS
    best = _timed(run, time.perf_counter)
    while time.perf_counter() < end:
        best = min(best, _timed(run, time.perf_counter))
    return best


def _timed(run: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    run()
    return clock() - began
