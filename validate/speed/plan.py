"""Freezes a speed claim before anything is timed: the dense path, the sparse tile, how often, at which levels.

The dense arm is the fastest dense path of this machine and the sparse arm the fastest tile, each chosen by a short
trial, once. What was frozen is read again from the database, so that a later call goes on with the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from validate.claims.schema import Claim, Layer, Part
from validate.kernels.bench.contestants import Contestant, contestants
from validate.kernels.bench.weights import MASKS
from validate.machine import describe_machine
from validate.plan import NotTestableError, Plan, canonical_sha256, freeze
from validate.speed.products import SPARSE, Product
from validate.statistics import LEVELS

SPEED_VERSION = "2"
"""Changes whenever what is timed, or how, may change a ratio."""
ROUNDS = 15
"""Times that all processes are started afresh."""
COPIES = 2
"""Processes of each arm in a round: A against A, and B against B."""
BLOCKS = 4
"""Blocks of each process, so that there are 120 of each arm."""
BLOCK_SECONDS = 0.02
THREADS = 1
WORKER = "validate.speed.worker"
_TRIED = "numpy"
_UNSTEADY = ("load",)
"""What a machine's description says that changes from one minute to the next."""


@dataclass(frozen=True, order=True)
class Point:
    """What is compared: two stacks of layers at one batch, hot or cold."""

    arm: str
    against: str
    batch: int
    cold: bool
    beside: tuple[str, ...] = ()
    """Arms that are timed beside and not judged."""

    @property
    def arms(self) -> tuple[str, ...]:
        """Every arm that is timed, the one that is compared with first."""
        return tuple(dict.fromkeys((self.against, self.arm, *self.beside)))

    @classmethod
    def of(cls, part: Part) -> Point:
        """The point that a part of kind speed is about."""
        assert part.against is not None
        assert part.batch is not None
        return cls(part.arm, part.against, part.batch, part.cache == "cold", part.beside)

    def named(self, arm: str) -> str:
        """How the stack of an arm at this point is called in the frozen plan."""
        return f"{arm}, batch {self.batch}, {'cold' if self.cold else 'hot'}"


@dataclass(frozen=True)
class SpeedPlan:
    """Everything that is decided before the first block is timed."""

    frozen: Plan
    stacks: Mapping[str, tuple[Product, ...]]
    """The layers of each arm at each point, with their paths, by ``Point.named``."""
    machine: Mapping[str, Any]
    rounds: int = ROUNDS
    copies: int = COPIES
    blocks: int = BLOCKS
    block_seconds: float = BLOCK_SECONDS

    @property
    def claim(self) -> Claim:
        """The claim as it was frozen."""
        return self.frozen.claim

    @property
    def points(self) -> tuple[Point, ...]:
        """What has to be timed, each once."""
        return tuple(dict.fromkeys(Point.of(part) for part in self.claim.parts))

    def stack(self, point: Point, arm: str) -> tuple[Product, ...]:
        """The layers of one of a point's arms."""
        return self.stacks[point.named(arm)]

    @property
    def body(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            **_base(self.frozen, self.machine),
            "stacks": {name: [product.body for product in stack] for name, stack in sorted(self.stacks.items())},
            "rounds": self.rounds,
            "copies": self.copies,
            "blocks": self.blocks,
            "block_seconds": self.block_seconds,
        }

    @property
    def sha256(self) -> str:
        """Hash of the body as canonical JSON."""
        return canonical_sha256(self.body)


def _base(frozen: Plan, machine: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a plan without a trial: claim, margins, levels, machine."""
    return {
        "claim": frozen.body["claim"],
        "margins": frozen.body["margins"],
        "levels": list(LEVELS),
        "machine": dict(machine),
        "speed_version": SPEED_VERSION,
    }


def steady_machine() -> dict[str, Any]:
    """The machine without what changes from one minute to the next."""
    return {name: value for name, value in describe_machine(THREADS).items() if name not in _UNSTEADY}


def _mask(layer: Layer) -> str:
    mask = "random" if layer.pattern == "unstructured" else layer.pattern
    if mask not in MASKS:
        raise NotTestableError(
            f"no layer is timed with the pattern {layer.pattern}, but with one of {', '.join(MASKS)}"
        )
    return mask


def _product(layer: Layer, point: Point) -> Product:
    """A layer at a point; its path is still to be chosen."""
    mask = _mask(layer)
    density = 0.5 if mask == "2:4" else layer.density
    return Product(
        layer.rows,
        layer.columns,
        density,
        mask,
        point.batch,
        point.cold,
        _TRIED,
        image=layer.image or 0,
        kernel=layer.kernel,
        stride=layer.stride,
    )


def _chosen(worker: Contestant, layer: Layer, point: Point, dense: dict[Any, str]) -> Product:
    """A layer on the fastest path of its kind. Dense paths are tried once for each shape."""
    product = _product(layer, point)
    if product.density < 1 and not layer.masks_only:
        return replace(product, path=SPARSE, tile=worker.ask({"tile": product.body})["tile"])
    shape = (product.name, product.batch, product.cold)
    if shape not in dense:
        dense[shape] = worker.ask({"dense": product.body})["path"]
    return replace(product, path=dense[shape])


def _check_timeable(plan: SpeedPlan) -> None:
    for part in plan.claim.parts:
        if part.value is not None and part.value <= 0:
            raise NotTestableError(f"part {part.id}: a ratio of seconds is above 0, and {part.value} is claimed")
    for point in plan.points:
        for name in point.arms:
            for layer in plan.claim.arms[name].layers:
                _mask(layer)


def freeze_speed(claim: Claim, before: Iterable[Mapping[str, Any]] = ()) -> SpeedPlan:
    """The plan of a speed claim: one of ``before`` that still fits claim and machine, or a new one after the trials.

    Raises NotTestableError for what can't be timed here, SettingIncompleteError as ``validate.plan.freeze`` does.
    """
    frozen, machine = freeze(claim, data_sha256=""), steady_machine()
    plan = SpeedPlan(frozen, {}, machine)
    _check_timeable(plan)
    for body in before:
        if "stacks" in body and replace(plan, stacks=_stacks_of(body)).body == body:
            return replace(plan, stacks=_stacks_of(body))
    stacks: dict[str, tuple[Product, ...]] = {}
    dense: dict[Any, str] = {}
    with contestants(("trial",), THREADS, WORKER) as workers:
        for point in plan.points:
            for arm in point.arms:
                if point.named(arm) not in stacks:
                    layers = claim.arms[arm].layers
                    stacks[point.named(arm)] = tuple(_chosen(workers["trial"], one, point, dense) for one in layers)
    return replace(plan, stacks=stacks)


def _stacks_of(body: Mapping[str, Any]) -> dict[str, tuple[Product, ...]]:
    return {name: tuple(Product(**product) for product in stack) for name, stack in body["stacks"].items()}
