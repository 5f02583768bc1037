"""One contestant in a process of its own: ``python -m validate.kernels.bench.worker NAME THREADS``.

Several OpenMP runtimes in one process spin against each other, so every contestant gets a process, and waits at its
standard input while another one runs. Requests and answers are lines of JSON: {"prepare": {...}} and
{"convolve": {...}} pack weights, and {"run": seconds} multiplies them for about that long.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.kernels.bench.convolution_peers import CONVOLUTIONS
from validate.kernels.bench.peers import CONTESTANTS, SPARSE_PEERS, PeerUnavailableError
from validate.kernels.bench.weights import pruned_weight
from validate.kernels.convolution_plan import ConvolutionPlan
from validate.kernels.plan import Plan

COLD_BYTES = 96 * 2**20
"""Weights that a cold run goes round: more than the last-level cache of most CPUs."""
MOST_COPIES = 512
_SPARSE_BYTES, _DENSE_BYTES = 6, 4
"""Of a stored weight with its index, and of a weight."""


@dataclass(frozen=True)
class Job:
    """A product to measure."""

    m: int
    k: int
    n: int
    sparsity: float
    mask: str
    seed: int
    cold: bool


@dataclass(frozen=True)
class ConvolutionJob:
    """A convolution to measure: square images and kernels, padded by half a kernel."""

    images: int
    channels: int
    out: int
    size: int
    kernel: int
    stride: int
    sparsity: float
    mask: str
    seed: int


def _copies(job: Job, name: str, entries: int) -> int:
    if not job.cold:
        return 1
    sparse = name == "ours" or name in SPARSE_PEERS
    size = entries * _SPARSE_BYTES if sparse else job.m * job.k * _DENSE_BYTES
    return min(MOST_COPIES, -(-COLD_BYTES // max(size, 1)))


def _prepared_convolution(
    name: str, threads: int, job: ConvolutionJob
) -> tuple[list[Callable[[], Any]], dict[str, Any]]:
    flat = pruned_weight(job.out, job.channels * job.kernel**2, job.sparsity, job.mask, job.seed)
    weight = flat.reshape(job.out, job.channels, job.kernel, job.kernel)
    shape = (job.images, job.channels, job.size, job.size)
    x = np.random.default_rng(job.seed + 1).standard_normal(shape, dtype=np.float32)
    call = CONVOLUTIONS[name](weight, x, job.stride, threads)
    return [call], _told(call, flat)


def _told(call: Callable[[], Any], weight: NDArray[np.float32]) -> dict[str, Any]:
    """What the result of a call amounts to, and for ours what runs."""
    result = call()
    values = result.float().numpy() if hasattr(result, "numpy") else np.asarray(result)
    told: dict[str, Any] = {"size": float(np.abs(values).sum()), "entries": int(np.count_nonzero(weight))}
    plan = getattr(getattr(call, "func", None), "__self__", None)
    if isinstance(plan, Plan | ConvolutionPlan):
        told |= {"kernel": plan.choice.kernel, "isa": plan.choice.isa, "format": plan.choice.winner}
    return told


def _prepared(name: str, threads: int, job: Job) -> tuple[list[Callable[[], Any]], dict[str, Any]]:
    weight = pruned_weight(job.m, job.k, job.sparsity, job.mask, job.seed)
    x = np.random.default_rng(job.seed + 1).standard_normal((job.k, job.n), dtype=np.float32)
    calls = CONTESTANTS[name](weight, x, threads, _copies(job, name, int(np.count_nonzero(weight))))
    for call in calls[1:]:
        call()
    return calls, _told(calls[0], weight)


def _run(calls: list[Callable[[], Any]], threads: int, seconds: float, turn: int) -> tuple[float, int]:
    """Median seconds of a call over about ``seconds``, and the turn to go on with.

    With one thread they are those of the CPU, which other programs on this machine do not lengthen.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while not times or time.perf_counter() < deadline:
        call = calls[turn % len(calls)]
        began = clock()
        call()
        times.append(clock() - began)
        turn += 1
    return statistics.median(times), turn


def main(name: str, threads: int) -> None:
    """Answers requests until standard input ends."""
    calls: list[Callable[[], Any]] = []
    turn = 0
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                calls, answer = _prepared(name, threads, Job(**request["prepare"]))
            elif "convolve" in request:
                calls, answer = _prepared_convolution(name, threads, ConvolutionJob(**request["convolve"]))
            else:
                seconds, turn = _run(calls, threads, request["run"], turn)
                answer = {"seconds": seconds}
        except PeerUnavailableError as error:
            answer = {"missing": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
