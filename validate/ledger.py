"""What a validation writes down: the claim and its frozen plan, verdicts as rows, and refusals without a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from db import validation as store
from db.validation import VerdictRow
from validate.claims.registry import load_registry
from validate.claims.schema import Claim
from validate.controls import controls_by_method, is_replicated_number, methods_of
from validate.plan import canonical_sha256
from validate.report import StandIn, ValidationReport
from validate.verdict import TONES, VERDICT_VERSION, Verdict


def verdict_rows(verdict: Verdict, claim: Claim, at: datetime) -> list[VerdictRow]:
    """A verdict as it is stored: its parts, what it says of claims it stands in for, and the whole."""
    whole = VerdictRow(
        part="whole",
        label=verdict.label,
        cause=verdict.cause,
        seeds=verdict.seeds,
        estimate=None,
        low=None,
        high=None,
        detail={"holds": verdict.holds, "completions": verdict.completions, "ran": verdict.ran},
        verdict_version=VERDICT_VERSION,
        at=at,
    )
    parts = [
        replace(
            whole,
            part=part.part if verdict.completions == 1 else f"{part.part} [{part.completion}]",
            label=part.label,
            cause=part.cause,
            estimate=part.estimate.value if part.estimate else None,
            low=part.estimate.low if part.estimate else None,
            high=part.estimate.high if part.estimate else None,
            detail=asdict(part),
        )
        for part in verdict.parts
    ]
    others = [
        replace(whole, part=f"for {one.claim}", label=one.label, cause=one.cause, detail={})
        for one in stand_ins(claim, verdict)
    ]
    return [*parts, *others, whole]


def control_passed(connection: Connection, claim: Claim, registry: Mapping[str, Claim] | None = None) -> bool:
    """Whether the control that a claim names was reproduced in this database, and a control of each of its methods.

    Another method's success says little. For a claim of others a method's control has to be a replicated number
    (docs/verdicts.md); for Secateur's own claims its own controls do. A control of the user's own,
    which is not in the ``registry``, is taken at its word for every method.
    """
    if claim.positive_control is None or not _reproduced(connection, claim.positive_control):
        return False
    registry = load_registry() if registry is None else registry
    if claim.positive_control not in registry:
        return True
    of_own = claim.source.read == "own"
    controls = controls_by_method({**registry, claim.id: claim})
    return all(
        any(
            (of_own or is_replicated_number(registry[name])) and _reproduced(connection, name)
            for name in controls[method]
            if name != claim.id
        )
        for method in methods_of(claim)
    )


def _reproduced(connection: Connection, name: str) -> bool:
    return store.newest_label(connection, name) == "reproduced"


def stand_ins(claim: Claim, verdict: Verdict) -> tuple[StandIn, ...]:
    """What a verdict says of the claims that its claim stands in for."""
    return tuple(StandIn(name, "surrogate_only", TONES[verdict.ran]) for name in claim.stands_in_for)


def refuse(engine: Engine, claim: Claim, label: str, cause: str, now: datetime) -> ValidationReport:
    """Stores and reports a label that needs no run."""
    body = {"claim": claim.model_dump(mode="json"), "label": label, "cause": cause}
    sha256 = canonical_sha256(body)
    refusal = VerdictRow("whole", label, cause, 0, None, None, None, {}, VERDICT_VERSION, now)
    with engine.begin() as connection:
        store_frozen(connection, claim, sha256, body, now)
        store.store_verdict(connection, sha256, [refusal])
    return ValidationReport(claim.id, claim.title, label, cause, sha256, seeds=0)


def store_frozen(
    connection: Connection, claim: Claim, plan_sha256: str, plan_body: dict[str, Any], now: datetime
) -> None:
    """Stores a claim and its frozen plan."""
    body = claim.model_dump(mode="json")
    store.store_claim(connection, claim.id, canonical_sha256(body), claim.source.arxiv, claim.title, body, now)
    store.store_plan(connection, plan_sha256, claim.id, plan_body, now)
