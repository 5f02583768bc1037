"""Times the points of a frozen plan: fresh processes for each arm, twice, whose blocks take turns (A B A B ...).

Where the CPU has bfloat16 the dense arm is timed beside in it, since what accelerates depends on what it is compared
with. Nothing is decided here: every block is a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from db.validation import TimingRow
from validate.kernels.bench.contestants import Contestant, contestants
from validate.machine import describe_machine
from validate.speed.plan import THREADS, WORKER, Point, SpeedPlan
from validate.speed.products import BF16, SPARSE, Product

HALF_PRECISION = ("avx512_bf16", "amx_tile")
"""Instruction sets with which bfloat16 is worth timing."""
BESIDE = "beside"


@dataclass(frozen=True)
class _Contender:
    """A process that times one arm of whatever point is next."""

    side: str
    """arm, against, or BESIDE."""
    copy: int

    @property
    def name(self) -> str:
        return f"{self.side} {self.copy}"


def _contenders(plan: SpeedPlan) -> list[_Contender]:
    both = [_Contender(side, copy) for copy in range(plan.copies) for side in ("against", "arm")]
    half = any(name in plan.machine["instruction_sets"] for name in HALF_PRECISION)
    return [*both, _Contender(BESIDE, 0)] if half else both


def _arm_and_stack(plan: SpeedPlan, point: Point, contender: _Contender) -> tuple[str, tuple[Product, ...]]:
    if contender.side == "arm":
        return point.arm, plan.stack(point, point.arm)
    stack = plan.stack(point, point.against)
    if contender.side == "against":
        return point.against, stack
    return f"{point.against}, bfloat16", tuple(replace(product, path=BF16) for product in stack)


def _kernel(stack: Sequence[Product], machine: Mapping[str, Any]) -> str:
    """What runs, for people: the paths of the layers, and the kernel of sparse ones."""
    ours = f"sparse, {machine['kernel']} {machine['isa'] or ''}".strip()
    return "; ".join(dict.fromkeys(ours if product.path == SPARSE else product.path for product in stack))


def _sparsity(stack: Sequence[Product]) -> float:
    weights = sum(product.rows * product.columns for product in stack)
    return 1 - sum(product.density * product.rows * product.columns for product in stack) / weights


def _time_point(
    plan: SpeedPlan, point: Point, workers: Mapping[str, Contestant], number: int, at: datetime
) -> Iterator[TimingRow]:
    """The blocks of one point in one round; a path that is not installed has none."""
    ready = []
    for contender in _contenders(plan):
        arm, stack = _arm_and_stack(plan, point, contender)
        told = workers[contender.name].ask({"prepare": [asdict(product) for product in stack]})
        if "missing" not in told:
            ready.append((contender, arm, stack, max(told["deviations"])))
    for block in range(plan.blocks):
        for contender, arm, stack, deviation in ready:
            told = workers[contender.name].ask({"block": plan.block_seconds})
            yield TimingRow(
                layer=" + ".join(f"{product.rows}x{product.columns}" for product in stack),
                batch=point.batch,
                arm=arm,
                kernel=_kernel(stack, plan.machine),
                sparsity=_sparsity(stack),
                seconds=told["seconds"],
                blocks=1,
                machine={
                    **describe_machine(THREADS),
                    "clock": "cpu",
                    "cache": "cold" if point.cold else "hot",
                    "against": point.against if contender.side == "arm" else point.arm,
                    "beside": contender.side == BESIDE,
                    "round": number,
                    "copy": contender.copy,
                    "block": block,
                    "calls": told["calls"],
                    "deviation": deviation,
                },
                at=at,
            )


def time_round(plan: SpeedPlan, number: int, at: datetime) -> list[TimingRow]:
    """One round: all points, one row a block, in processes that were started for it."""
    with contestants([contender.name for contender in _contenders(plan)], THREADS, WORKER) as workers:
        return [row for point in plan.points for row in _time_point(plan, point, workers, number, at)]
