"""The arms of a claim in words, with what their runs came to: the list on the page of claims of what was done.

Its facts are the claim as it is typed and the rows of the first look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from validate.claims.schema import COUNTED, Arm, Claim, Layer
from validate.first_look.rows import Run

_BLIND = ("magnitude", "random", "l1-filter", "synflow")
"""Criteria that look at no examples."""


def arm_in_words(arm: Arm) -> str:
    """How an arm prunes and recovers, by the words of docs/engine.md; fields at their default are left out."""
    if arm.method:
        return arm.method
    if arm.layers:
        return ", then ".join(_layer(layer) for layer in arm.layers)
    own = [arm.model] if arm.model else []
    if not arm.pruned:
        return ", ".join([*own, "not pruned", *_recovery(arm)])
    said = [*own, arm.criterion, _amount(arm)]
    said += [arm.distribution] if arm.distribution not in ("global", "layerwise") else []
    said += [arm.schedule_name.replace("-", " ")]
    said += [f"{arm.rounds} rounds"] if arm.rounds > 1 else []
    said += [f"scores on {arm.calibration} examples"] if arm.criterion not in _BLIND else []
    return ", ".join([*said, *_recovery(arm)])


def _layer(layer: Layer) -> str:
    said = [f"{layer.rows} x {layer.columns}"]
    if layer.image is not None:
        said.append(
            f"a convolution of {layer.kernel} x {layer.kernel} pixels on images of {layer.image} x {layer.image}"
        )
    said += [f"stride {layer.stride}"] if layer.stride > 1 else []
    said += [f"{100 * layer.density:g} % kept"] if layer.density < 1 else []
    said += [layer.pattern] if layer.pattern != "unstructured" else []
    said += ["zeros in the dense matrix"] if layer.masks_only else []
    return ", ".join(said)


def _amount(arm: Arm) -> str:
    if arm.kept_by_layer:
        return "kept: " + " ".join(f"{name} {100 * kept:.3g} %" for name, kept in arm.kept_by_layer.items())
    what = {"unstructured": "weights", "filter": "filters"}.get(arm.pattern, f"blocks of {arm.pattern}")
    return arm.pattern if ":" in arm.pattern else f"{100 * arm.sparsity:.4g} % of the {what} removed"


def _recovery(arm: Arm) -> list[str]:
    if arm.recovery == "none":
        return []
    epochs = f" for {arm.recovery_epochs} epochs" if arm.recovery_epochs else ""
    rate = f" at {arm.recovery_learning_rate:g} times the rate" if arm.recovery_learning_rate != 1 else ""
    last = f", the last {arm.last_recovery.replace('-', ' ')}" if arm.last_recovery else ""
    return [f"{arm.recovery.replace('-', ' ')}{epochs}{rate}{last}"]


def arm_lines(claim: Claim, runs: Sequence[Run]) -> list[str]:
    """A line for each arm: how it prunes, and mean and deviation over seeds of what the claim's parts measure."""
    quantities = dict.fromkeys(part.quantity for part in claim.parts if part.quantity not in (*COUNTED, "time_ratio"))
    lines = []
    for name, arm in claim.arms.items():
        own = [run for run in runs if run.arm == name and run.outcome != "failed"]
        came = [text for quantity in quantities if (text := _came_to(own, quantity))]
        lines.append(f"  - *{name}*: {arm_in_words(arm)}{'; ' if came else ''}{'; '.join(came)}.")
    return lines


def decimals(quantity: str) -> int:
    """Digits after the point that mean something: steps and weights are whole numbers."""
    return 0 if quantity in ("early_stop_step", "weights") else 2


def _came_to(runs: Sequence[Run], quantity: str) -> str:
    """Such as ``error 1.41 ± 0.05 (30,000 steps)``, by completion."""
    values: dict[str, list[float]] = {}
    for run in runs:
        measures: Mapping[str, float] = json.loads(run.measures)
        if quantity in measures:
            values.setdefault(run.completion, []).append(measures[quantity])
    said = []
    for completion, found in values.items():
        digits = decimals(quantity)
        spread = f" ± {stdev(found):,.{digits}f}" if len(found) > 1 else ""
        where = "" if completion == "as stated" else f" ({completion})"
        said.append(f"{fmean(found):,.{digits}f}{spread}{where}")
    return f"{quantity.replace('_', ' ')} {', '.join(said)}" if said else ""
