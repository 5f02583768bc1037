"""The timing stage: every pruned layer of a network, sparse kernel against the fastest dense product, run by itself.

Blocks of the two take turns (A B A B ...), each long enough for the clock, and the median block counts. The dense
product is the fastest of numpy's and torch's on this machine, chosen by a short trial before the blocks begin; so is
the format of the sparse one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import numpy as np

from db.validation import TimingRow
from validate.kernels.dense import dense_products
from validate.kernels.library import kernel_name
from validate.kernels.plan import Plan, plan
from validate.kernels.sparse import SparseMatrix
from validate.kernels.trial import interleave
from validate.machine import describe_machine
from validate.threads import one_thread

BATCHES = (1, 64)
BLOCKS = 30
_BLOCK_SECONDS = 2e-4
_TRIAL_SECONDS = 0.01


class TimedLayer(Protocol):
    """A layer that can be timed: its name and its weight as the matrix that it is multiplied as."""

    @property
    def name(self) -> str:
        """Of the layer, unique in its network."""

    @property
    def weight(self) -> SparseMatrix:
        """W[outputs, inputs]; of a convolution its unfolded kernel."""


def _block(run: Callable[[], object]) -> Callable[[], float]:
    """A block of repetitions that lasts long enough to time; it returns the seconds of one."""
    began = time.perf_counter()
    run()
    once = max(time.perf_counter() - began, 1e-7)
    repetitions = max(1, round(_BLOCK_SECONDS / once))

    def timed() -> float:
        began = time.perf_counter()
        for _ in range(repetitions):
            run()
        return (time.perf_counter() - began) / repetitions

    return timed


def _fastest(products: Mapping[str, Callable[[], object]]) -> str:
    times = interleave(dict(products), _TRIAL_SECONDS)
    return min(times, key=lambda name: statistics.median(times[name]))


def _planned(layer: TimedLayer, batch: int) -> Plan:
    """The fastest sparse product of a layer, even where dense is faster: the rows say by how much."""
    return plan(layer.weight, batch, dense=(), seconds=_TRIAL_SECONDS)


def time_layers(layers: Sequence[TimedLayer], now: datetime, batches: Sequence[int] = BATCHES) -> list[TimingRow]:
    """Two rows, dense and sparse, for each layer and batch size; layers that keep all weights are left out."""
    rows = []
    machine = describe_machine()
    with one_thread():
        for layer in layers:
            if layer.weight.sparsity == 0:
                continue
            for batch in batches:
                x = np.random.default_rng(0).standard_normal((layer.weight.shape[1], batch), dtype=np.float32)
                products = dense_products(layer.weight.to_dense(), x)
                fastest = _fastest(products)
                dense, sparse = _block(products[fastest]), _block(partial(_planned(layer, batch).multiply, x))
                blocks = [(dense(), sparse()) for _ in range(BLOCKS)]
                for arm, kernel, seconds in (
                    ("dense", fastest, [block[0] for block in blocks]),
                    ("sparse", kernel_name(), [block[1] for block in blocks]),
                ):
                    rows.append(
                        TimingRow(
                            layer=layer.name,
                            batch=batch,
                            arm=arm,
                            kernel=kernel,
                            sparsity=layer.weight.sparsity,
                            seconds=statistics.median(seconds),
                            blocks=BLOCKS,
                            machine=machine,
                            at=now,
                        )
                    )
    return rows


def measured_ratios(rows: Sequence[TimingRow]) -> dict[int, float]:
    """Dense over sparse seconds of all timed layers together, by batch size: measured, not counted from operations."""
    total: dict[tuple[int, str], float] = {}
    for row in rows:
        total[row.batch, row.arm] = total.get((row.batch, row.arm), 0.0) + row.seconds
    return {batch: total[batch, "dense"] / total[batch, "sparse"] for batch in sorted({row.batch for row in rows})}
