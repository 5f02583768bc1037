"""Arms that begin alike are trained once, and come to the same bits as if each were trained by itself."""

import pytest
import torch

from validate.claims import Arm, Setting
from validate.engine.data import load_dataset
from validate.engine.memory import TrainingMemory, training_key
from validate.engine.outcome import run_arm
from validate.threads import one_thread

SETTING = Setting(
    dataset="digits",
    model="LeNet-300-100",
    optimizer="sgd",
    learning_rate=0.1,
    momentum=0.9,
    batch=60,
    epochs=2,
    validation_examples=200,
    evaluate_every=5,
)
TICKET = {"criterion": "magnitude", "sparsity": 0.488, "rounds": 3, "recovery": "weight-rewinding"}
ARMS = {
    "dense": Arm(),
    "three rounds": Arm.model_validate(TICKET),
    "three rounds, last from new weights": Arm.model_validate({**TICKET, "last_recovery": "from-scratch"}),
    "fine-tuned": Arm(criterion="magnitude", sparsity=0.9, recovery="fine-tuning", recovery_epochs=1),
    "gradual": Arm(criterion="magnitude", sparsity=0.9, schedule="gradual", every=5),
    "before training": Arm(criterion="snip", sparsity=0.9, schedule="at-initialisation"),
}


def outcome(arm, memory=None, seed=0, setting=SETTING):
    with one_thread():
        return run_arm(arm, setting, load_dataset("digits"), seed, memory=memory)


def same(one, other):
    left, right = one.model.state_dict(), other.model.state_dict()
    return one.measures == other.measures and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize(
    "setting", [SETTING, SETTING.model_copy(update={"evaluate_every": None})], ids=["early", "end"]
)
def test_every_arm_comes_to_the_same_bits_with_and_without_a_memory(setting):
    memory = TrainingMemory()
    for name, arm in ARMS.items():
        assert same(outcome(arm, memory, setting=setting), outcome(arm, setting=setting)), name
    # The dense training of the three arms that prune after it, and two rounds of the second ticket.
    assert memory.hits == 3 + 2


def test_another_seed_stream_or_network_shares_nothing():
    memory = TrainingMemory()
    for arm, seed in ((Arm(), 0), (Arm(), 1), (Arm(stream=1), 0), (Arm(model="MLP-300-100"), 0)):
        outcome(arm, memory, seed)
    assert memory.hits == 0


def test_what_was_not_asked_for_longest_goes_first():
    memory = TrainingMemory(largest_bytes=3 * 4000)
    generator = torch.Generator()
    for name in ("a", "b", "c"):
        memory.keep(name, {"w": torch.zeros(1000)}, generator, None)
    assert memory.get("a") is not None
    memory.keep("d", {"w": torch.zeros(1000)}, generator, None)
    assert memory.get("b") is None
    assert all(memory.get(name) is not None for name in ("a", "c", "d"))


def test_what_is_kept_does_not_change_with_the_network():
    memory, weights = TrainingMemory(), {"w": torch.zeros(3)}
    memory.keep("a", weights, torch.Generator(), None)
    weights["w"] += 1
    kept = memory.get("a")
    assert kept is not None
    assert not kept.weights["w"].any()


def test_keys_differ_in_words_names_shapes_and_values():
    tensor = torch.arange(4.0)
    keys = {
        training_key((1,), {"w": tensor}),
        training_key((2,), {"w": tensor}),
        training_key((1,), {"v": tensor}),
        training_key((1,), {"w": tensor.reshape(2, 2)}),
        training_key((1,), {"w": -tensor}),
        training_key((1,), {"w": tensor.double()}),
    }
    assert len(keys) == 6
    assert training_key((1,), {"w": tensor.clone()}) in keys


def test_a_last_recovery_needs_rounds_before_it():
    for wrong in ({"rounds": 1}, {"schedule": "at-initialisation"}):
        with pytest.raises(ValueError, match="last_recovery is for iterative pruning"):
            Arm.model_validate({**TICKET, "last_recovery": "from-scratch", **wrong})


def test_masks_of_a_ticket_stay_when_its_last_weights_are_drawn_anew():
    ticket, anew = (outcome(ARMS[name]) for name in ("three rounds", "three rounds, last from new weights"))
    assert all(torch.equal(ticket.masks[name], anew.masks[name]) for name in ticket.masks)
    assert ticket.measures["accuracy"] != anew.measures["accuracy"]
