"""Freezes a claim into a plan before anything runs: settings, arms, margins, looks, levels and the data's checksum.

The plan's hash names it; runs and verdicts hang on the hash, so a changed claim, margin, data set or engine starts
anew. A time limit is no part of it: it may end a call before its next look, but decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from validate.claims.schema import COUNTED, IN_TRAINING, Arm, Claim, Part, Setting
from validate.engine.architectures import UnknownModelError, layer_names
from validate.statistics import LEVELS, tail_at_each_look

ENGINE_VERSION = "2"
"""Changes whenever the engine's results may change for the same seed."""

LOOKS = (5, 10, 20)
"""Numbers of seeds after which a verdict is taken; the last is the largest number of seeds."""

UNTRAINED_KINDS = ("structural", "speed")
"""Kinds that are about layers or masks, whatever is trained."""
_MARGINS = Path(__file__).with_name("margins.yaml")


class NotTestableError(ValueError):
    """The claim can't be tested by this engine, whatever is run."""


class SettingIncompleteError(ValueError):
    """The paper leaves something open that no declared completion fills in."""


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A part of the claim with its margin."""

    part: Part
    margin: float
    """In the units of the part's quantity."""


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first run."""

    claim: Claim
    settings: Mapping[str, Setting]
    """By name of the completion."""
    parts: tuple[PlannedPart, ...]
    data_sha256: str
    """Of the data set's arrays; empty where it is not on this machine."""
    looks: tuple[int, ...] = LOOKS
    engine_version: str = ENGINE_VERSION

    @property
    def body(self) -> dict[str, Any]:
        """The plan as plain data.

        What was left at its default is left out, so that a word new to the schema changes no plan that doesn't use it;
        what others found decides nothing, and is left out too.
        """
        return {
            "claim": self.claim.model_dump(mode="json", exclude_defaults=True, exclude={"replications"}),
            "settings": {
                name: setting.model_dump(mode="json", exclude_defaults=True) for name, setting in self.settings.items()
            },
            "margins": {planned.part.id: planned.margin for planned in self.parts},
            "data_sha256": self.data_sha256,
            "looks": list(self.looks),
            "tails": {f"{level:g}": tail_at_each_look(level, self.looks) for level in LEVELS},
            "engine_version": self.engine_version,
        }

    @property
    def sha256(self) -> str:
        """Hash of the body as canonical JSON."""
        return canonical_sha256(self.body)

    @property
    def seeds(self) -> int:
        """The largest number of seeds."""
        return self.looks[-1]


def canonical_sha256(body: Any) -> str:
    """SHA-256 of JSON with sorted keys, no spaces and no NaN."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _margins() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load(_MARGINS.read_text(encoding="utf-8")))


def margin_of(part: Part, dataset: str) -> float:
    """The margin of a part: fixed by data set and quantity, and never less than the rounding of the printed number.

    What is counted has the rounding alone, and an ordering, which asks for no size, has none. Raises NotTestableError
    where no margin is fixed.
    """
    if part.quantity in COUNTED:
        return part.rounding
    for row in _margins():
        if dataset in row.get("datasets", (dataset,)) and part.quantity in row["quantities"]:
            margin = row["margin"] if "margin" in row else row["relative_margin"] * float(part.value or 0)
            return max(float(margin), part.rounding)
    if part.compares == "better":
        return 0.0
    raise NotTestableError(f"setting.dataset: no smallest effect of interest is fixed for {part.quantity} on {dataset}")


def _check_testable(claim: Claim) -> None:
    for name, arm in claim.arms.items():
        if arm.method:
            raise NotTestableError(f"the engine has no {arm.method}, which arm {name} asks for")
    hardware, layers = claim.hardware, [layer for arm in claim.arms.values() for layer in arm.layers]
    if hardware is not None and hardware.kind == "gpu" and any(layer.sparse for layer in layers):
        raise NotTestableError(f"sparse kernels are timed on processors, and the claim is about {hardware.name}")
    if all(part.kind == "speed" for part in claim.parts):
        return
    if claim.estimand == "best_epoch":
        raise NotTestableError("the best epoch on the test set is no estimate of anything: the engine does not take it")
    for name, arm in claim.arms.items():
        _check_arm(claim, name, arm)
    pruned = [arm for arm in claim.arms.values() if arm.pruned]
    if pruned and claim.structure not in {_structure(arm) for arm in pruned}:
        raise NotTestableError(f"the claim is about {claim.structure} pruning, and no arm has such a pattern")
    if pruned and claim.timing not in {_timing(arm) for arm in pruned}:
        raise NotTestableError(f"the claim is about pruning {claim.timing} training, and no arm has such a schedule")


def _check_arm(claim: Claim, name: str, arm: Arm) -> None:
    model = arm.model or claim.setting.model
    try:
        layers = layer_names(model)
    except UnknownModelError as error:
        field = f"arms.{name}.model" if arm.model else "setting.model"
        raise NotTestableError(f"{field}: {error}") from error
    strangers = sorted({*arm.kept_by_layer, *arm.left_alone} - set(layers))
    if strangers:
        raise NotTestableError(f"arm {name} names the layer {strangers[0]}, but {model} has {_few(layers)}")
    if claim.estimand == "early_stop" and arm.schedule_name in IN_TRAINING:
        raise NotTestableError(f"arm {name} prunes while it trains: an early step has another sparsity than the last")


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:6])}, ... {names[-1]}"


def _structure(arm: Arm) -> str:
    """The structure that an arm's pattern has, in the words of claims."""
    if ":" in arm.pattern:
        return "semi-structured"
    return {"unstructured": "unstructured", "filter": "filter-channel"}.get(arm.pattern, "block")


def _timing(arm: Arm) -> str:
    """When an arm prunes, in the words of claims."""
    if arm.schedule_name == "at-initialisation":
        return "before"
    return "during" if arm.schedule_name in IN_TRAINING else "after"


def freeze(claim: Claim, data_sha256: str, looks: tuple[int, ...] = LOOKS) -> Plan:
    """The plan of a claim. Structural and speed claims have no seeds: their plan has one look, after one.

    Raises NotTestableError for what the engine can't run, and SettingIncompleteError if something needed for training
    is left open by the paper and by a completion.
    """
    _check_testable(claim)
    settings = claim.settings()
    for name, setting in settings.items():
        if setting.open_fields:
            raise SettingIncompleteError(
                f"{claim.id}, {name}: the paper leaves open {', '.join(setting.open_fields)}; declare three to five "
                "completions that fill it in"
            )
        latest = max(arm.rewind_to_epoch for arm in claim.arms.values())
        if latest > (setting.epochs or 0):
            raise NotTestableError(f"{name}: rewinding to epoch {latest} of a training of {setting.epochs}")
    parts = tuple(PlannedPart(part, margin_of(part, claim.setting.dataset)) for part in claim.parts)
    if all(part.kind in UNTRAINED_KINDS for part in claim.parts):
        looks = (1,)
    return Plan(claim, settings, parts, data_sha256, looks)
