"""A verdict on speed follows from timed blocks alone, whatever their order, and says no more than hardware allows."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.validation import TimingRow
from validate.claims import Claim
from validate.plan import NotTestableError, freeze
from validate.speed.plan import SpeedPlan
from validate.speed.products import TOLERANCE
from validate.speed.verdict import _BOOTSTRAP_SEED, _DRAWS, _drawn, judge_speed, seconds_of

CPU = "Fast CPU 9000"
PARTS = {
    "same": {"comparator": "equal", "value": "1.0"},
    "triple": {"comparator": "at_least", "value": "3.0"},
    "faster": {"comparator": "better"},
}


def plan_of(*names, read="own", hardware=None, control=None, swapped=False, pruned=None):
    arm, against = ("b", "a") if swapped else ("a", "b")
    common = {"kind": "speed", "quantity": "time_ratio", "unit": "x", "batch": 1, "cache": "hot"}
    body = {
        "id": "T",
        "title": "t",
        "source": {"venue": "v", "locator": "l", "read": read},
        "timing": "after",
        "structure": "unstructured",
        "setting": {"dataset": "none", "model": "none", "epochs": 0},
        "arms": {
            "a": {"layers": [pruned or {"rows": 8, "columns": 8, "density": 0.1}]},
            "b": {"layers": [{"rows": 8, "columns": 8}]},
        },
        "parts": [{"id": name, "arm": arm, "against": against, **common, **PARTS[name]} for name in names],
        "hardware": hardware,
        "positive_control": control,
    }
    return SpeedPlan(freeze(Claim.model_validate(body), ""), {}, {"cpu": CPU, "kernel": "c", "isa": "avx2"})


def row(arm, number, copy, block, seconds, deviation=0.0, beside=False):
    machine = {
        "cache": "hot",
        "against": "b" if arm == "a" else "a",
        "beside": beside,
        "round": number,
        "copy": copy,
        "block": block,
        "deviation": deviation,
        "load": 1.0,
        "cores": 2,
    }
    return TimingRow("8x8", 1, arm, "numpy", 0.9, float(seconds), 1, machine, datetime(2026, 1, 1))


def rows_of(ratio, noise=0.01, processes=0.0, seed=0, rounds=5):
    """Blocks in which arm a takes 1 ms over ``ratio``; noise of blocks and of whole processes, of the logarithm."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(rounds):
        for copy in range(2):
            for arm, seconds in (("b", 1e-3), ("a", 1e-3 / ratio)):
                shift = processes * rng.standard_normal()
                made += [
                    row(arm, number, copy, block, seconds * np.exp(shift + noise * rng.standard_normal()))
                    for block in range(4)
                ]
    return made


ratios = st.floats(0.2, 8)
noises = st.floats(0.001, 0.3)
seeds = st.integers(0, 1000)


@settings(deadline=None, max_examples=25)
@given(
    ratio=ratios, noise=noises, seed=seeds, order=st.randoms(use_true_random=False), name=st.sampled_from(sorted(PARTS))
)
def test_the_order_of_blocks_in_the_database_changes_nothing(ratio, noise, seed, order, name):
    straight = rows_of(ratio, noise, seed=seed)
    mixed = list(straight)
    order.shuffle(mixed)
    assert judge_speed(plan_of(name), mixed) == judge_speed(plan_of(name), straight)


@settings(deadline=None, max_examples=25)
@given(ratio=ratios, noise=noises, seed=seeds)
def test_swapped_arms_mirror_the_ratio_and_its_interval(ratio, noise, seed):
    rows = rows_of(ratio, noise, noise, seed)
    one = judge_speed(plan_of("faster"), rows).parts[0]
    other = judge_speed(plan_of("faster", swapped=True), rows).parts[0]
    assert one.estimate.value == pytest.approx(1 / other.estimate.value)
    assert one.estimate.low == pytest.approx(1 / other.estimate.high)
    mirrored = {"reproduced": "not_reproduced", "not_reproduced": "reproduced", "inconclusive": "inconclusive"}
    assert other.label == mirrored[one.label]
    same, swapped = (judge_speed(plan_of("same", swapped=turn), rows).parts[0].label for turn in (False, True))
    assert same == swapped


RANK = {"not_reproduced": 0, "inconclusive": 1, "reproduced": 2}


@settings(deadline=None, max_examples=25)
@given(ratio=ratios, noise=noises, seed=seeds, more=st.floats(1, 3), name=st.sampled_from(["faster", "triple"]))
def test_a_faster_arm_never_makes_a_verdict_worse(ratio, noise, seed, more, name):
    before = judge_speed(plan_of(name), rows_of(ratio, noise, noise, seed))
    after = judge_speed(plan_of(name), rows_of(ratio * more, noise, noise, seed))
    assert RANK[after.ran] >= RANK[before.ran]


@settings(deadline=None, max_examples=25)
@given(ratio=ratios, seed=seeds)
def test_processes_of_one_arm_that_are_apart_widen_the_interval(ratio, seed):
    steady = judge_speed(plan_of("faster"), rows_of(ratio, seed=seed)).parts[0].estimate
    apart = judge_speed(plan_of("faster"), rows_of(ratio, processes=0.3, seed=seed)).parts[0].estimate
    assert apart.high / apart.low > steady.high / steady.low


@pytest.mark.parametrize(
    ("name", "ratio", "ran"),
    [
        ("same", 1.0, "reproduced"),
        ("same", 1.5, "not_reproduced"),
        ("same", 0.7, "not_reproduced"),
        ("same", 1.1, "inconclusive"),
        ("triple", 3.0, "reproduced"),
        ("triple", 9.0, "reproduced"),
        ("triple", 2.0, "not_reproduced"),
        ("triple", 3 / 1.1, "inconclusive"),
        ("faster", 1.2, "reproduced"),
        ("faster", 1.0, "inconclusive"),
        ("faster", 0.8, "not_reproduced"),
    ],
)
def test_clear_ratios_are_told_from_those_at_the_bound(name, ratio, ran):
    assert judge_speed(plan_of(name), rows_of(ratio, noise=0.02)).ran == ran


def test_no_claim_is_reproduced_on_other_hardware_than_its_own():
    rows = rows_of(4.0)
    for hardware in (None, {"kind": "cpu", "name": "Slow CPU"}, {"kind": "mobile-cpu", "name": CPU}):
        verdict = judge_speed(plan_of("faster", hardware=hardware), rows)
        assert verdict.label == "surrogate_only"
        assert verdict.cause.startswith(f"holds here ({CPU})")
    assert judge_speed(plan_of("faster", hardware={"kind": "cpu", "name": f"{CPU}, MKL"}), rows).label == "reproduced"
    slower = judge_speed(plan_of("faster"), rows_of(0.5))
    assert (slower.label, slower.cause.split(" (")[0]) == ("surrogate_only", "does not hold here")


def test_dense_layers_of_a_graphics_card_are_timed_here_and_say_nothing_of_the_card():
    card = {"kind": "gpu", "name": "a card"}
    smaller = plan_of("faster", hardware=card, pruned={"rows": 4, "columns": 8})
    verdict = judge_speed(smaller, rows_of(0.5))
    assert (verdict.label, verdict.cause) == (
        "surrogate_only",
        f"does not hold here ({CPU}); the claim was made on a card",
    )
    for sparse in ({"rows": 8, "columns": 8, "density": 0.1}, {"rows": 8, "columns": 8, "pattern": "2:4"}):
        with pytest.raises(NotTestableError, match="a card"):
            plan_of("faster", hardware=card, pruned=sparse)


def test_like_hardware_refutes_only_beside_a_positive_control():
    plan = plan_of("faster", hardware={"kind": "cpu", "name": CPU}, control="CONTROL")
    assert judge_speed(plan, rows_of(0.5), control_passed=True).label == "not_reproduced"
    without = judge_speed(plan, rows_of(0.5))
    assert without.label == "inconclusive"
    assert "positive control" in without.cause


def test_a_claim_read_second_hand_stays_unverified():
    verdict = judge_speed(plan_of("faster", read="read_secondary", hardware={"kind": "cpu", "name": CPU}), rows_of(4.0))
    assert verdict.label == "claim_unverified"
    assert "holds here" in verdict.cause


def test_too_few_blocks_or_rounds_decide_nothing():
    few = judge_speed(plan_of("faster"), rows_of(4.0, rounds=2), out_of_time=True)
    assert (few.label, few.cause, few.seeds) == ("inconclusive", "budget", 2)
    assert judge_speed(plan_of("faster"), []).label == "inconclusive"


def test_a_copy_that_is_missing_leaves_nothing_to_tell_noise_by():
    alone = [one for one in rows_of(4.0, rounds=10) if one.machine["copy"] == 0]
    assert judge_speed(plan_of("faster"), alone).ran == "inconclusive"


def test_wrong_outputs_are_no_speed():
    rows = rows_of(4.0)
    for deviation in (10 * TOLERANCE, float("nan")):
        wrong = [*rows[:-1], row("a", 4, 1, 3, 1e-3, deviation=deviation)]
        verdict = judge_speed(plan_of("faster"), wrong)
        assert verdict.label == "inconclusive"
        assert "a is off by" in verdict.cause


def test_one_refuted_part_refutes_the_whole():
    verdict = judge_speed(plan_of("faster", "triple"), rows_of(2.0))
    assert [part.label for part in verdict.parts] == ["reproduced", "not_reproduced"]
    assert (verdict.ran, verdict.ran_cause) == ("not_reproduced", "against it: triple")


def test_what_is_timed_beside_is_shown_and_decides_nothing():
    plan, rows = plan_of("faster"), rows_of(2.0)
    beside = [row("b, bfloat16", number, 0, block, 1e-6, 1.0, True) for number in range(5) for block in range(4)]
    for one in beside:
        one.machine["against"] = "a"
    assert judge_speed(plan, rows + beside) == judge_speed(plan, rows)
    assert seconds_of(rows + beside, plan)["b, bfloat16, batch 1, hot"] == 1e-6


@pytest.mark.parametrize(("pairs", "blocks"), [(1, 1), (3, 2), (30, 4), (6, 5)])
def test_the_bootstrap_draws_pairs_and_then_their_blocks(pairs, blocks):
    values = np.random.default_rng(pairs).normal(size=(pairs, blocks))
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    chosen = rng.integers(pairs, size=(_DRAWS, pairs, 1))
    each = values[chosen, rng.integers(blocks, size=(_DRAWS, pairs, blocks))]
    assert (_drawn(values) == np.median(each, axis=2).mean(axis=1)).all()
