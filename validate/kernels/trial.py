"""Timing of rivals that take turns (A B C, A B C, ...), so that what disturbs the machine meets them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

FEWEST_TURNS = 5
_HOPELESS = 2.0


def interleave(contestants: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Seconds of each turn of each contestant, taking turns for about ``seconds``, at least five turns each."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or len(next(iter(times.values()))) < FEWEST_TURNS:
        for name, run in contestants.items():
            times[name].append(_timed(run))
    return times


def fastest_turns(contestants: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Seconds of the fastest turn of each contestant: what it can do when nothing else runs.

    For choosing between them: one that takes twice as long as the best drops out after two turns.
    """
    best = {name: min(_timed(run), _timed(run)) for name, run in contestants.items()}
    deadline = time.perf_counter() + seconds
    turns = 0
    while time.perf_counter() < deadline or turns < FEWEST_TURNS:
        limit = _HOPELESS * min(best.values())
        for name, run in contestants.items():
            if best[name] <= limit:
                best[name] = min(best[name], _timed(run))
        turns += 1
    return best


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
