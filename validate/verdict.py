"""From raw runs to a verdict: pure statistics, rows in, labels out, by the protocol of docs/verdicts.md.

Each part of a claim is tested under each completion (``part_verdict``); the parts make the whole, and the labels of the
whole respect how the claim was read, whether the setting is a stand-in, and whether a positive control has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.validation import RunRow
from validate.part_verdict import NO_COUNTER_EXAMPLE, PartVerdict, judge_part
from validate.plan import Plan
from validate.statistics import holm, tail_at_each_look

VERDICT_VERSION = "1"

TONES = {"reproduced": "supports", "not_reproduced": "questions", "inconclusive": "undecided"}
"""What a stand-in's result says of the claim it stands in for."""

_OPEN_CAUSES = ("underpowered", "real_but_small")
"""Causes that more seeds may remove."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the runs say of a claim."""

    label: str
    """What may be said of the claim."""
    cause: str
    ran: str
    """What the runs came to by themselves: reproduced, not_reproduced or inconclusive."""
    ran_cause: str
    seeds: int
    """Complete seeds of the completion that has the fewest."""
    parts: tuple[PartVerdict, ...]
    holds: int
    """Under how many completions every part is reproduced."""
    completions: int

    @property
    def decided(self) -> bool:
        """Whether more seeds would change nothing by the protocol."""
        return not (self.ran == "inconclusive" and _may_change(self.ran_cause))


def _may_change(cause: str) -> bool:
    """Whether more seeds may change a verdict with this cause."""
    return cause in (*_OPEN_CAUSES, "budget") or cause.startswith((NO_COUNTER_EXAMPLE, "contradicted"))


def _judge_completion(plan: Plan, parts: Sequence[PartVerdict]) -> tuple[str, str]:
    """Label and cause of one completion: all parts reproduced, or one refuted after Holm, or neither."""
    if all(part.label == "reproduced" for part in parts):
        return "reproduced", ""
    refuted = holm([part.refutation_p for part in parts], tail_at_each_look(0.025, plan.looks))
    if any(sure and part.label == "not_reproduced" for sure, part in zip(refuted, parts, strict=True)):
        return "not_reproduced", next((part.cause for part in parts if part.label == "not_reproduced"), "")
    undecided = [part.cause for part in parts if part.label == "inconclusive"]
    # A universal part stays open by its nature, so what keeps another part open says more.
    undecided.sort(key=lambda cause: cause.startswith((NO_COUNTER_EXAMPLE, "contradicted")))
    return "inconclusive", undecided[0] if undecided else "underpowered"


def _combine(outcomes: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Label and cause over all completions: only when every one fails is the claim refuted."""
    labels = {label for label, _ in outcomes}
    if labels in ({"reproduced"}, {"not_reproduced"}):
        return outcomes[0]
    if {"reproduced", "not_reproduced"} <= labels:
        held = sum(label == "reproduced" for label, _ in outcomes)
        return "inconclusive", f"conflicting: holds in {held} of {len(outcomes)} completions"
    return next(outcome for outcome in outcomes if outcome[0] == "inconclusive")


def _limit(plan: Plan, label: str, cause: str, control_passed: bool) -> tuple[str, str]:
    """What may be said of the source, given how the claim was read, what it was run on, and the positive control."""
    claim = plan.claim
    ran = label if not cause else f"{label} ({cause})"
    if not claim.first_hand:
        return "claim_unverified", f"ran: {ran}; the claim was read second-hand ({claim.source.read})"
    if claim.setting.claimed_on:
        return "surrogate_only", f"{TONES[label]}: the claim was made on {claim.setting.claimed_on}; ran: {ran}"
    if label == "not_reproduced" and claim.positive_control is not None and not control_passed:
        missing = f"{claim.positive_control}, or a replicated number of a method, has not been reproduced"
        return "inconclusive", f"refuted here, but a positive control is missing: {missing}"
    if label == "not_reproduced" and claim.positive_control is None:
        return "inconclusive", "refuted here, but the claim names no positive control"
    return label, cause


def judge(plan: Plan, rows: Iterable[RunRow], *, control_passed: bool = False, out_of_time: bool = False) -> Verdict:
    """The verdict on a plan from its raw runs, in any order.

    ``control_passed`` says whether the claim's positive control was reproduced here; without it nothing is ever
    ``not_reproduced``. ``out_of_time`` says that the budget, not the last look, ended the runs.
    """
    kept = list(rows)
    parts: list[PartVerdict] = []
    outcomes = []
    for completion in plan.settings:
        judged = [judge_part(plan, planned, completion, kept) for planned in plan.parts]
        parts += judged
        outcomes.append(_judge_completion(plan, judged))
    ran, ran_cause = _combine(outcomes)
    if out_of_time and ran_cause in _OPEN_CAUSES:
        ran_cause = "budget"
    label, cause = _limit(plan, ran, ran_cause, control_passed)
    return Verdict(
        label=label,
        cause=cause,
        ran=ran,
        ran_cause=ran_cause,
        seeds=min(part.seeds for part in parts),
        parts=tuple(parts),
        holds=sum(outcome == "reproduced" for outcome, _ in outcomes),
        completions=len(plan.settings),
    )
