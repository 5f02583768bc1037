"""One contestant of a speed claim in a process of its own: ``python -m validate.speed.worker NAME THREADS``.

It answers lines of JSON with lines of JSON: {"dense": product} and {"tile": product} are the trials before a plan is
frozen, {"prepare": [product, ...]} packs weights and checks the outputs, and {"block": seconds} times calls for about
so long.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from validate.kernels.bench.peers import PeerUnavailableError
from validate.speed.products import Product, calls_of, deviation_of, fastest_dense, fastest_tile

FEWEST_CALLS = 3
"""In a block, however long they take."""
_TRIAL_SECONDS = 0.3
_STRETCH_SECONDS = 5e-5
"""Calls are timed together until the clock can tell them apart."""


def time_block(calls: list[Callable[[], Any]], seconds: float, turn: int) -> tuple[float, int, int]:
    """Median seconds of a call over about ``seconds``, the turn to go on with, and how many calls there were.

    The seconds are those of the CPU, which other programs on this machine do not lengthen.
    """
    together = 1
    times: list[float] = []
    first = turn
    deadline = time.perf_counter() + seconds
    while len(times) < FEWEST_CALLS or time.perf_counter() < deadline:
        began = time.process_time()
        for _ in range(together):
            calls[turn % len(calls)]()
            turn += 1
        took = time.process_time() - began
        times.append(took / together)
        if took < _STRETCH_SECONDS:
            together *= 2
            times.clear()
    return statistics.median(times), turn, turn - first


class Worker:
    """The weights that are packed at the moment, and where their rotation stands."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], Any]] = []
        self._turn = 0

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request. Raises PeerUnavailableError where the path is not installed."""
        if "dense" in request:
            path, times = fastest_dense(Product(**request["dense"]), _TRIAL_SECONDS)
            return {"path": path, "seconds": times}
        if "tile" in request:
            return {"tile": fastest_tile(Product(**request["tile"]), _TRIAL_SECONDS)}
        if "prepare" in request:
            self._calls.clear()
            stack = [Product(**product) for product in request["prepare"]]
            self._calls, self._turn = calls_of(stack), 0
            outputs = [call() for call in self._calls][-1]
            return {"deviations": [deviation_of(*pair) for pair in zip(stack, outputs, strict=True)]}
        seconds, self._turn, calls = time_block(self._calls, request["block"], self._turn)
        return {"seconds": seconds, "calls": calls}


def main() -> None:
    """Answers requests until standard input ends; the environment says how many threads libraries use."""
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except PeerUnavailableError as error:
            answer = {"missing": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
