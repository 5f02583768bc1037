"""One battery over all that is registered: exact sparsity, masks that hold, seeds that decide, nothing silent."""

from itertools import product
from typing import get_args

import numpy as np
import pytest
import torch

from validate.claims import Arm, Setting
from validate.claims.arms import CriterionName, DistributionName, RecoveryName, ScheduleName
from validate.engine.criteria import CRITERIA
from validate.engine.data import Dataset, load_dataset
from validate.engine.distributions import ErdosRenyi
from validate.engine.experiment import distribution_of
from validate.engine.models import prunable_layers
from validate.engine.models.shrink import shrink
from validate.engine.models.wiring import wiring
from validate.engine.outcome import run_arm
from validate.engine.patterns import pattern_of
from validate.engine.recovery import RECOVERIES
from validate.engine.schedules import SCHEDULES
from validate.engine.training import Trainer
from validate.threads import one_thread

SETTING = Setting(
    dataset="digits", model="MLP-12-8", optimizer="sgd", learning_rate=0.1, momentum=0.9, batch=100, epochs=2
)
CONVOLUTIONAL = SETTING.model_copy(update={"model": "ResNet-20", "epochs": 1})
PATTERNS = ("unstructured", "2:4", "4x1", "filter")
DISTRIBUTIONS = get_args(DistributionName)
LAYERS = {"fc1": 0.3, "fc2": 0.5, "fc3": 1.0}


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(scope="module")
def few_digits(digits):
    parts = (digits.train_x[:200], digits.train_y[:200], digits.test_x[:50], digits.test_y[:50])
    return Dataset("few digits", *parts, classes=10, shape=digits.shape)


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread():
        yield


def arm_of(**changes) -> Arm:
    """An arm that prunes 70 %, with what the changed parts of it need or exclude."""
    body = {"criterion": "magnitude", "sparsity": 0.7, "distribution": "uniform", "calibration": 32, **changes}
    if ":" in body.get("pattern", ""):
        body.pop("sparsity")
        body.pop("distribution")
    if body.get("distribution") == "layerwise":
        body.pop("sparsity")
        body["kept_by_layer"] = LAYERS if body.get("pattern") != "filter" else {"fc1": 0.5, "fc2": 0.5}
    if body.get("schedule") in ("iterative", "at-initialisation"):
        body["rounds"] = 2
    if body.get("schedule") in ("gradual", "rigl", "dynamic-network-surgery"):
        body["every"] = 3
    if body.get("recovery", "none") not in ("none", "weight-rewinding"):
        body["recovery_epochs"] = 1
    if body.get("recovery") == "weight-rewinding":
        body["rewind_to_epoch"] = 1
    return Arm.model_validate(body)


def expected_units(arm, model, pattern, weights):
    """Units to keep, in all, by an arithmetic of its own."""
    units = pattern.pool({name: weight.abs() for name, weight in weights.items()})
    sizes = {name: unit.numel() for name, unit in units.items()}
    if ":" in arm.pattern:
        n, m = (int(word) for word in arm.pattern.split(":"))
        return {name: n * size // m for name, size in sizes.items()}
    if arm.distribution == "layerwise":
        return {name: round(arm.kept_by_layer.get(name, 1) * size) for name, size in sizes.items()}
    if arm.distribution == "uniform":
        return {name: round(0.3 * size) for name, size in sizes.items()}
    return round((1 - arm.sparsity) * sum(sizes.values()))


class Witness:
    """Looks at the masks of every step of training."""

    def __init__(self, monkeypatch):
        self.steps = 0
        original = Trainer._step

        def watched(trainer, model, optimizer, chosen, masked, hooks, step):
            loss = original(trainer, model, optimizer, chosen, masked, hooks, step)
            self.steps += 1
            for parameter, mask in masked:
                assert not parameter.detach()[mask == 0].any(), f"a pruned weight came to life at step {step}"
            return loss

        monkeypatch.setattr(Trainer, "_step", watched)


def check(arm, setting, data, monkeypatch):
    """What holds for every arm."""
    witness = Witness(monkeypatch)
    one, same, other = (run_arm(arm, setting, data, seed) for seed in (3, 3, 4))
    monkeypatch.undo()
    layers = prunable_layers(one.model)
    assert witness.steps > 0
    assert one.state == "done"

    # Masks hold to the end, and what is reported is what is there.
    for name, layer in layers.items():
        assert not layer.weight.detach()[~one.masks[name]].any(), name
        assert torch.isfinite(layer.weight).all()
    kept = sum(int(mask.sum()) for mask in one.masks.values())
    total = sum(mask.numel() for mask in one.masks.values())
    assert one.measures["sparsity"] == pytest.approx(1 - kept / total)
    assert one.measures["kernel_agrees"] == 1

    # The sparsity is exact in the units of the pattern.
    pattern = pattern_of(arm.pattern, one.model, arm.compare, arm.left_alone)
    alone = () if arm.pattern == "filter" else arm.left_alone
    weights = {name: layer.weight.detach() for name, layer in layers.items() if name not in alone}
    found = pattern.pool({name: one.masks[name].float() for name in weights})
    counts = {name: int((unit > 0).sum()) for name, unit in found.items()}
    expected = expected_units(arm, one.model, pattern, weights)
    if isinstance(expected, dict) and arm.schedule == "sparse-momentum" and ":" not in arm.pattern:
        expected = sum(expected.values())
    assert (counts if isinstance(expected, dict) else sum(counts.values())) == expected
    whole = pattern.expand({name: unit > 0 for name, unit in found.items()}, {n: w.shape for n, w in weights.items()})
    assert all(torch.equal(whole[name], one.masks[name]) for name in weights), "a unit is removed in part"

    # No layer is emptied without saying so.
    assert one.emptied == tuple(name for name, mask in one.masks.items() if not mask.any())
    assert one.measures["emptied_layers"] == len(one.emptied)

    # One seed gives one network to the bit; another gives another.
    states = [run.model.state_dict() for run in (one, same, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])
    assert one.measures == same.measures
    assert np.array_equal(one.correct, same.correct)
    assert len(one.correct) == data.test_y.size
    return one


def test_claims_can_name_everything_that_is_registered_and_nothing_else():
    assert set(get_args(CriterionName)) == set(CRITERIA)
    assert set(get_args(ScheduleName)) == set(SCHEDULES)
    assert set(get_args(RecoveryName)) == set(RECOVERIES)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_criterion(digits, monkeypatch, criterion):
    check(arm_of(criterion=criterion, schedule="iterative"), SETTING, digits, monkeypatch)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule(digits, monkeypatch, schedule):
    check(arm_of(criterion="magnitude", schedule=schedule), SETTING, digits, monkeypatch)


@pytest.mark.parametrize("recovery", RECOVERIES)
def test_every_recovery(digits, monkeypatch, recovery):
    check(arm_of(recovery=recovery), SETTING, digits, monkeypatch)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_distribution(digits, monkeypatch, distribution):
    check(arm_of(distribution=distribution, recovery="fine-tuning"), SETTING, digits, monkeypatch)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern(digits, monkeypatch, pattern):
    check(arm_of(pattern=pattern, recovery="fine-tuning"), SETTING, digits, monkeypatch)


def test_weights_that_compete_within_their_output(digits, monkeypatch):
    outcome = check(arm_of(criterion="wanda", compare="output"), SETTING, digits, monkeypatch)
    for name, mask in outcome.masks.items():
        assert int(mask.sum(1).max() - mask.sum(1).min()) <= 1, name


def test_layers_that_are_left_alone_keep_everything(digits, monkeypatch):
    for pattern in ("unstructured", "2:4"):
        outcome = check(arm_of(pattern=pattern, left_alone=("fc3",)), SETTING, digits, monkeypatch)
        assert outcome.masks["fc3"].all()


COMBINATIONS = sorted(
    {(criterion, schedule, "unstructured", "uniform", "none") for criterion, schedule in product(CRITERIA, SCHEDULES)}
    | {(criterion, "one-shot", pattern, "uniform", "none") for criterion, pattern in product(CRITERIA, PATTERNS)}
    | {("magnitude", schedule, pattern, "uniform", "none") for schedule, pattern in product(SCHEDULES, PATTERNS)}
    | {("magnitude", schedule, "unstructured", "erk", rest) for schedule, rest in product(SCHEDULES, RECOVERIES)}
    | {("taylor", "iterative", pattern, way, "none") for pattern, way in product(PATTERNS, DISTRIBUTIONS)}
    | {("random", "rigl", pattern, way, "from-scratch") for pattern, way in product(PATTERNS, DISTRIBUTIONS)}
)


@pytest.mark.slow
@pytest.mark.parametrize(("criterion", "schedule", "pattern", "distribution", "recovery"), COMBINATIONS)
def test_parts_combine_freely(digits, monkeypatch, criterion, schedule, pattern, distribution, recovery):
    arm = arm_of(criterion=criterion, schedule=schedule, pattern=pattern, distribution=distribution, recovery=recovery)
    check(arm, SETTING, digits, monkeypatch)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weight_decay_momentum_and_dropping_rates_leave_the_masks_alone(digits, monkeypatch, optimizer):
    setting = SETTING.model_copy(
        update={
            "optimizer": optimizer,
            "learning_rate": 0.01,
            "weight_decay": 1e-2,
            "learning_rate_drops": (5, 9),
            "augmentation": "crop-flip",
        }
    )
    for schedule in ("at-initialisation", "rigl"):
        check(arm_of(schedule=schedule, recovery="learning-rate-rewinding"), setting, digits, monkeypatch)


@pytest.mark.parametrize("schedule", ["one-shot", "gradual"])
def test_filters_of_a_residual_network_are_removed_for_real(few_digits, monkeypatch, schedule):
    arm = arm_of(criterion="l1-filter", pattern="filter", schedule=schedule)
    outcome = check(arm, CONVOLUTIONAL, few_digits, monkeypatch)
    wires = wiring(outcome.model)
    kept = {
        wire.writes: outcome.masks[name].flatten(1).any(1)
        for name, wire in wires.items()
        if wire.writes is not None and name in outcome.masks
    }
    small = shrink(outcome.model, kept).eval()
    x = torch.from_numpy(few_digits.test_x)
    with torch.no_grad():
        torch.testing.assert_close(small(x), outcome.model.eval()(x), rtol=1e-4, atol=1e-4)
    weights = sum(layer.weight.numel() for layer in prunable_layers(small).values())
    assert weights == sum(int(mask.sum()) for mask in outcome.masks.values())
    assert outcome.measures["cut_agrees"] == 1


def text() -> Dataset:
    rng = np.random.default_rng(0)
    ids = np.cumsum(rng.integers(1, 3, (60, 9)), axis=1) % 11
    return Dataset("text", ids[:40, :-1], ids[:40, 1:], ids[40:, :-1], ids[40:, 1:], classes=11)


@pytest.mark.parametrize("criterion", ["magnitude", "wanda", "sparsegpt", "snip"])
@pytest.mark.parametrize("pattern", ["unstructured", "2:4"])
def test_language_models_are_trained_and_pruned_like_any_other(monkeypatch, criterion, pattern):
    setting = SETTING.model_copy(
        update={"model": "Decoder-2x16", "optimizer": "adam", "learning_rate": 0.01, "batch": 8}
    )
    outcome = check(arm_of(criterion=criterion, pattern=pattern), setting, text(), monkeypatch)
    assert 1 < outcome.measures["perplexity"] < 20


def test_a_run_that_diverges_is_a_result_of_its_seed(digits):
    setting = SETTING.model_copy(update={"learning_rate": 1e12})
    for schedule in SCHEDULES:
        outcome = run_arm(arm_of(criterion="magnitude", schedule=schedule), setting, digits, 0)
        assert outcome.state == "diverged", schedule
        assert outcome.measures["accuracy"] < 30
        assert "kernel_agrees" not in outcome.measures


def test_a_layer_that_is_emptied_is_named(digits):
    arm = arm_of(sparsity=0.999, distribution="global", schedule="at-initialisation")
    outcome = run_arm(arm, SETTING, digits, 0)
    assert outcome.emptied
    assert outcome.measures["emptied_layers"] == len(outcome.emptied)


def test_synflow_never_empties_a_layer_where_magnitude_does(digits):
    """Figure 1 of arXiv 2006.05467 in small: at initialisation, global, as far as one weight a layer would go."""
    setting = SETTING.model_copy(update={"model": "MLP-200-10", "epochs": 0})
    weights = 64 * 200 + 200 * 10 + 10 * 10
    emptied = {}
    for criterion in ("synflow", "magnitude", "random"):
        body = {"criterion": criterion, "sparsity": 1 - 12 / weights, "schedule": "at-initialisation", "rounds": 100}
        outcome = run_arm(Arm.model_validate(body), setting, digits, 0)
        assert sum(int(mask.sum()) for mask in outcome.masks.values()) == 12
        emptied[criterion] = outcome.emptied
    assert emptied["synflow"] == ()
    assert emptied["magnitude"]


def test_rewinding_returns_to_the_weights_of_its_epoch(digits):
    """With a training of no more epochs than are rewound to, what is left has the weights of that epoch."""
    dense = run_arm(Arm(), SETTING, digits, 5)
    arm = arm_of(recovery="weight-rewinding").model_copy(update={"rewind_to_epoch": 2})
    last = run_arm(arm, SETTING, digits, 5)
    first = run_arm(arm.model_copy(update={"rewind_to_epoch": 0}), SETTING.model_copy(update={"epochs": 0}), digits, 5)
    fresh = run_arm(Arm(), SETTING.model_copy(update={"epochs": 0}), digits, 5)
    for pruned, whole in ((last, dense), (first, fresh)):
        for name, layer in prunable_layers(pruned.model).items():
            original = prunable_layers(whole.model)[name].weight.detach()
            assert torch.equal(layer.weight.detach()[pruned.masks[name]], original[pruned.masks[name]])


def test_training_from_scratch_forgets_the_weights_and_keeps_the_masks(digits):
    kept = run_arm(arm_of(), SETTING, digits, 5)
    anew = run_arm(arm_of(recovery="from-scratch"), SETTING, digits, 5)
    assert all(torch.equal(kept.masks[name], anew.masks[name]) for name in kept.masks)
    assert not torch.equal(kept.model.fc1.weight, anew.model.fc1.weight)


def test_sparse_training_moves_its_weights_and_surgery_brings_some_back(digits):
    still = run_arm(arm_of(criterion="random", schedule="at-initialisation"), SETTING, digits, 5)
    for schedule in ("set", "rigl", "sparse-momentum", "dynamic-network-surgery"):
        arm = arm_of(criterion="random" if schedule != "dynamic-network-surgery" else "magnitude", schedule=schedule)
        moved = run_arm(arm, SETTING.model_copy(update={"epochs": 4}), digits, 5)
        assert any(not torch.equal(moved.masks[name], still.masks[name]) for name in still.masks), schedule


def test_gradual_pruning_follows_the_cubic_curve(digits, monkeypatch):
    seen = []
    original = Trainer._step

    def watched(trainer, model, optimizer, chosen, masked, hooks, step):
        loss = original(trainer, model, optimizer, chosen, masked, hooks, step)
        seen.append(1 - sum(float(mask.sum()) for _, mask in masked) / sum(mask.numel() for _, mask in masked))
        return loss

    monkeypatch.setattr(Trainer, "_step", watched)
    setting = SETTING.model_copy(update={"epochs": 4})
    run_arm(arm_of(schedule="gradual").model_copy(update={"start": 0.25, "end": 0.75, "every": 3}), setting, digits, 0)
    steps = len(seen)
    assert steps == 36
    for step, sparsity in enumerate(seen, 1):
        since = max(0, min(step, 27) - 9)
        progress = 1.0 if step >= 27 else (since // 3 * 3) / 18
        assert sparsity == pytest.approx(0.7 * (1 - (1 - progress) ** 3), abs=2e-3)


def test_an_arm_asks_for_the_erdos_renyi_kernel_by_its_name():
    assert distribution_of(arm_of(distribution="erk"), {}) == ErdosRenyi(pytest.approx(0.3), {}, kernel=True)
    assert distribution_of(arm_of(distribution="er"), {}) == ErdosRenyi(pytest.approx(0.3), {}, kernel=False)


def test_obs_removes_the_right_weights_of_exclusive_or_where_magnitude_does_not():
    """The finding of Hassibi and Stork 1992 in small: a quarter of the weights, one at a time, without retraining."""
    setting = Setting(dataset="xor", model="Sigmoid-MLP-3", optimizer="adam", learning_rate=0.05, batch=4, epochs=600)
    data = load_dataset("xor")
    right = dict.fromkeys(("obs", "magnitude"), 0)
    for criterion, seed in product(right, range(3)):
        arm = Arm.model_validate({"criterion": criterion, "sparsity": 0.25, "rounds": 3})
        right[criterion] += run_arm(arm, setting, data, seed).measures["accuracy"] == 100
    assert right["obs"] == 3
    assert right["magnitude"] <= 1
