"""The floating-point peak of this machine, measured: what the roofline of ``docs/kernels.md`` begins with."""

from __future__ import annotations

import time

from validate.kernels.library import instruction_set, instruction_sets, library

_ROUNDS = 200_000
_REPETITIONS = 8


def peak_gflops(threads: int = 1) -> float | None:
    """10⁹ float32 operations a second with multiply-adds on registers alone; None without the C kernels."""
    kernels = library()
    if kernels is None:
        return None
    isa = instruction_sets()[instruction_set()]
    rates = []
    for _ in range(_REPETITIONS):
        began = time.perf_counter()
        operations = kernels.secateur_peak(isa, _ROUNDS, threads)
        rates.append(1e-9 * threads * operations / (time.perf_counter() - began))
    return max(rates)
