"""Which positive controls each pruning method has, and which of them a claim waits for before it may be refuted.

A method enters the engine with scores that equal an independent formula (``tests/validate/test_engine_criteria.py``)
and with claims that have to come out as reproduced here. Both directions are read from the registry alone: a control is
a claim that is expected to be reproduced, that another claim names as its positive control, or whose number was
replicated elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from validate.claims.schema import COUNTED, Arm, Claim, Part
from validate.plan import NotTestableError, margin_of

REGROWING = ("set", "rigl", "sparse-momentum", "dynamic-network-surgery")
"""Schedules that are methods by themselves: the criterion of such an arm chooses its first masks alone."""
CHANCE = "random"
"""The criterion that methods are compared with: it needs no control of its own."""


def methods_of_arm(arm: Arm) -> frozenset[str]:
    """What chooses the weights of an arm, and when: its criterion or regrowing schedule, gradual pruning, rewinding."""
    if arm.schedule_name in REGROWING and arm.pruned:
        return frozenset({arm.schedule_name})
    if arm.criterion in ("none", CHANCE):
        return frozenset()
    on_the_way = {arm.schedule_name} & {"gradual"}
    return frozenset({arm.criterion, *on_the_way, *({arm.recovery} & {"weight-rewinding"})})


def methods_of(claim: Claim) -> frozenset[str]:
    """The methods of all arms of a claim."""
    return frozenset().union(*(methods_of_arm(arm) for arm in claim.arms.values()))


def controls_of(registry: Mapping[str, Claim]) -> dict[str, Claim]:
    """The positive controls of a registry, by id."""
    named = {claim.positive_control for claim in registry.values()}
    return {
        name: claim
        for name, claim in registry.items()
        if claim.expected == "reproduced" or name in named or is_replicated_number(claim)
    }


def is_replicated_number(claim: Claim) -> bool:
    """Whether a claim is a replicated number: printed by two parties, no further apart than its margin.

    It was read first-hand, is measured by training and not counted, and is no stand-in. A statement of Secateur's own
    shows less.
    """
    if not claim.first_hand or claim.source.read == "own" or claim.setting.claimed_on:
        return False
    trained = {part.id: part for part in claim.parts if part.kind == "absolute" and part.quantity not in COUNTED}
    return any(
        other.part in trained and _agrees(trained[other.part], other.value, claim.setting.dataset)
        for other in claim.replications
    )


def _agrees(part: Part, value: Decimal | None, dataset: str) -> bool:
    """Whether another number lies within the margin of a part; without either, or a margin, it does not."""
    if value is None or part.value is None:
        return False
    try:
        return abs(float(value - part.value)) <= margin_of(part, dataset)
    except NotTestableError:
        return False


def controls_by_method(registry: Mapping[str, Claim]) -> dict[str, tuple[str, ...]]:
    """The ids of the controls of each method that a claim of the registry asks for; none where a control is missing."""
    controls = controls_of(registry)
    asked = sorted({method for claim in registry.values() for method in methods_of(claim)})
    return {
        method: tuple(name for name, control in controls.items() if method in methods_of(control)) for method in asked
    }
