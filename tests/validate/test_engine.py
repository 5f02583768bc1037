"""The pruning engine: one seed gives one network to the bit, masks hold, and sparsity is exact."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from validate.claims import Arm, Setting
from validate.engine.architectures import UnknownModelError, layer_names
from validate.engine.criteria import CRITERIA
from validate.engine.criteria.weights import Magnitude
from validate.engine.data import MissingAssetError, load_dataset
from validate.engine.inference import sparse_logits
from validate.engine.models import build_model, prunable_layers
from validate.engine.outcome import run_arm
from validate.engine.training import DivergedError, Trainer
from validate.threads import one_thread

SHORT = Setting(
    dataset="digits", model="LeNet-300-100", optimizer="sgd", learning_rate=0.1, momentum=0.9, batch=60, epochs=3
)
MAGNITUDE = Arm(criterion="magnitude", sparsity=0.9, recovery="fine-tuning", recovery_epochs=2)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread():
        yield


def weights(outcome) -> np.ndarray:
    return np.concatenate([layer.weight.detach().numpy().ravel() for layer in prunable_layers(outcome.model).values()])


def test_the_digits_are_split_and_scaled_the_same_every_time(digits):
    again = load_dataset("digits")
    assert digits.sha256 == again.sha256
    assert digits.train_x.shape == (1000, 64)
    assert digits.test_x.shape == (797, 64)
    assert 0 <= digits.train_x.min() <= digits.train_x.max() == 1


def test_data_that_is_absent_is_named():
    with pytest.raises(MissingAssetError, match="'mnist' is not on this machine"):
        load_dataset("mnist")


def test_lenet_300_100_has_its_266200_weights_on_mnist():
    model = build_model("LeNet-300-100", load_dataset("none"), torch.Generator())
    assert sum(layer.weight.numel() for layer in prunable_layers(model).values()) == 266_200
    assert tuple(prunable_layers(model)) == layer_names("LeNet-300-100")
    with pytest.raises(UnknownModelError, match="LeNet-300-100"):
        build_model("AlexNet", load_dataset("none"), torch.Generator())


@pytest.mark.parametrize("criterion", ["magnitude", "random"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_one_seed_gives_one_network_to_the_bit(digits, criterion, optimizer):
    arm = MAGNITUDE.model_copy(update={"criterion": criterion})
    setting = SHORT.model_copy(update={"optimizer": optimizer, "learning_rate": 0.002})
    one, same, other = (run_arm(arm, setting, digits, seed) for seed in (7, 7, 8))
    assert np.array_equal(weights(one), weights(same))
    assert one.measures == same.measures
    assert np.array_equal(one.correct, same.correct)
    assert not np.array_equal(weights(one), weights(other))


def test_arms_share_what_the_seed_decides_and_streams_do_not(digits):
    untouched = SHORT.model_copy(update={"epochs": 0})
    dense, pruned = (
        run_arm(Arm(), untouched, digits, 3),
        run_arm(Arm(criterion="magnitude", sparsity=0.5), untouched, digits, 3),
    )
    kept = weights(pruned) != 0
    assert np.array_equal(weights(dense)[kept], weights(pruned)[kept])
    other = run_arm(Arm(stream=1), untouched, digits, 3)
    assert not np.array_equal(weights(dense), weights(other))


@pytest.mark.parametrize("distribution", ["global", "uniform"])
@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("criterion", ["magnitude", "random"])
def test_the_sparsity_is_exact_and_holds_through_training(digits, distribution, rounds, criterion):
    arm = MAGNITUDE.model_copy(
        update={"distribution": distribution, "rounds": rounds, "criterion": criterion, "recovery_epochs": 1}
    )
    outcome = run_arm(arm, SHORT.model_copy(update={"weight_decay": 1e-3}), digits, 0)
    total = 64 * 300 + 300 * 100 + 100 * 10
    assert (weights(outcome) == 0).sum() == total - round(0.1 * total)
    assert outcome.measures["sparsity"] == pytest.approx(0.9)
    assert outcome.measures["compression"] == pytest.approx(10)
    assert outcome.measures["emptied_layers"] == 0


def test_layers_keep_the_fractions_that_are_stated_for_them(digits):
    kept = {"fc1": 0.08, "fc2": 0.09, "fc3": 0.26}
    arm = Arm(criterion="magnitude", distribution="layerwise", kept_by_layer=kept, rounds=2)
    outcome = run_arm(arm, SHORT.model_copy(update={"epochs": 0}), digits, 0)
    for name, layer in prunable_layers(outcome.model).items():
        assert int((layer.weight != 0).sum()) == round(kept[name] * layer.weight.numel())


def test_pruning_in_rounds_never_brings_a_weight_back(digits, monkeypatch):
    alive = []

    class Witness(Magnitude):
        def scores(self, subject):
            alive.append(subject.layers["fc1"].weight.detach().numpy() != 0)
            return super().scores(subject)

    monkeypatch.setitem(CRITERIA, "magnitude", Witness())
    run_arm(MAGNITUDE.model_copy(update={"rounds": 4}), SHORT, digits, 0)
    assert len(alive) == 4
    for earlier, later in pairwise(alive):
        assert later.sum() < earlier.sum()
        assert not (later & ~earlier).any()


def test_training_and_pruning_leave_a_network_that_knows_digits(digits):
    dense = run_arm(Arm(), SHORT.model_copy(update={"epochs": 20}), digits, 0)
    pruned = run_arm(MAGNITUDE, SHORT.model_copy(update={"epochs": 20}), digits, 0)
    chance = run_arm(Arm(criterion="random", sparsity=0.98), SHORT.model_copy(update={"epochs": 20}), digits, 0)
    assert dense.measures["accuracy"] > 95
    assert pruned.measures["accuracy"] > 90
    assert chance.measures["accuracy"] < 50


def test_emptied_layers_are_counted(digits):
    arm = Arm(criterion="magnitude", sparsity=0.99999)
    outcome = run_arm(arm, SHORT.model_copy(update={"epochs": 0}), digits, 0)
    assert outcome.measures["emptied_layers"] == 2


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_no_number_gives_the_outcome_diverged(digits):
    outcome = run_arm(MAGNITUDE, SHORT.model_copy(update={"learning_rate": 1e12}), digits, 0)
    assert outcome.state == "diverged"
    assert outcome.measures["accuracy"] < 20


def test_a_trainer_stops_at_a_loss_that_is_no_number():
    model = build_model("LeNet-300-100", load_dataset("xor"), torch.Generator())
    x = torch.full((8, 2), float("nan"))
    trainer = Trainer(SHORT, x, torch.zeros(8, dtype=torch.int64), torch.Generator())
    with pytest.raises(DivergedError):
        trainer.train(model, 5, {})


@pytest.mark.parametrize("kernel", [None, "scipy"])
def test_the_pruned_network_gives_the_same_logits_through_the_sparse_kernels(digits, kernel):
    outcome = run_arm(MAGNITUDE, SHORT, digits, 1)
    with torch.no_grad():
        expected = outcome.model(torch.from_numpy(digits.test_x)).numpy()
    found = sparse_logits(outcome.model, digits.test_x, kernel=kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert outcome.measures["kernel_agrees"] == 1
