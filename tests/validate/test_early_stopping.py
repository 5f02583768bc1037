"""Early stopping keeps the weights of the smallest validation loss of the last training, and of no other."""

import pytest
import torch

from validate.claims import Arm, Setting
from validate.engine.architectures import layer_names
from validate.engine.data import load_dataset
from validate.engine.early_stopping import EarlyStopping
from validate.engine.measures import evaluate
from validate.engine.outcome import run_arm
from validate.threads import one_thread

SETTING = Setting(
    dataset="digits",
    model="LeNet-300-100",
    optimizer="sgd",
    learning_rate=0.5,
    batch=60,
    epochs=4,
    validation_examples=200,
    evaluate_every=5,
)
TICKET = Arm(criterion="magnitude", sparsity=0.5, rounds=2, recovery="weight-rewinding")


def outcome(arm=TICKET, setting=SETTING):
    with one_thread():
        return run_arm(arm, setting, load_dataset("digits"), seed=0)


def test_a_run_is_measured_at_its_early_stop_with_the_last_accuracy_beside():
    found = outcome()
    last = outcome(setting=SETTING.model_copy(update={"evaluate_every": None}))
    assert found.measures["last_accuracy"] == last.measures["accuracy"]
    assert 0 < found.measures["early_stop_step"] <= 4 * 14
    assert found.measures["early_stop_step"] % 5 == 0
    assert found.measures["kept_percent"] == pytest.approx(50, abs=0.01)
    assert found.measures["accuracy"] == pytest.approx(100 * found.correct.mean())


def test_looking_changes_nothing_of_the_training():
    often, seldom = outcome(), outcome(setting=SETTING.model_copy(update={"evaluate_every": 20}))
    assert often.measures["last_accuracy"] == seldom.measures["last_accuracy"]


def test_the_weights_of_the_smallest_loss_come_back_and_a_new_training_forgets_them():
    model = torch.nn.Linear(2, 2, bias=False)
    examples = torch.eye(2), torch.tensor([0, 1])
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    stopping = EarlyStopping(model, examples, every=1)
    losses = []
    for size in (1.0, 3.0, 2.0):
        with torch.no_grad():
            model.weight.copy_(size * torch.eye(2))
        stopping.after_step(0, optimizer)
        losses.append(evaluate(model, *examples)[1])
    stopping.restore()
    assert stopping.best.step == 2
    assert stopping.best.loss == min(losses) == losses[1]
    assert model.weight[0, 0] == 3.0
    stopping.begin()
    assert (stopping.best.step, stopping.best.loss) == (0, float("inf"))


def test_an_arm_may_have_a_network_of_its_own():
    small = outcome(Arm(model="MLP-10"))
    assert small.measures["weights"] == 64 * 10 + 10 * 10


def test_the_networks_of_the_lottery_ticket_paper_have_their_layers():
    assert layer_names("Conv-2") == ("conv1", "conv2", "fc1", "fc2", "fc3")
    assert len(layer_names("Conv-6")) == 9
