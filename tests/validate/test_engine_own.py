"""A network of the user's own is brought in by one function, and stays as it was."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from validate.claims import Arm, Setting
from validate.engine.criteria import CRITERIA, InapplicableError
from validate.engine.devices import DeviceUnavailableError
from validate.engine.models.checkpoint import CheckpointError
from validate.engine.models.decoder import OutputHead
from validate.engine.models.wiring import UnknownWiringError
from validate.engine.own import prune_model
from validate.engine.training import DivergedError
from validate.safetensors import write_safetensors
from validate.threads import one_thread


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread(), torch.random.fork_rng():
        torch.manual_seed(2)
        yield


class Odd(nn.Module):
    """A network that is no chain: two branches, a grouped convolution, a dropout."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.grouped = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.left, self.right = nn.Linear(64, 6), nn.Linear(64, 6)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        x = torch.relu(self.grouped(torch.relu(self.stem(x)))).flatten(1)
        return self.out(self.dropout(torch.relu(torch.cat([self.left(x), self.right(x)], 1))))


def examples(count=40):
    return torch.randn(count, 1, 4, 4), torch.arange(count) % 3


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("pattern", ["unstructured", "2:4", "4x1"])
def test_a_module_of_any_shape_is_pruned_and_left_as_it_was(criterion, pattern):
    model = Odd()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    body = {"criterion": criterion, "pattern": pattern}
    if pattern != "2:4":
        body |= {"sparsity": 0.5, "distribution": "uniform"}
    pruned = prune_model(model, Arm.model_validate(body), *examples())
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())
    assert set(pruned.masks) == {"stem", "left", "right", "out"}
    assert pruned.sparsity == pytest.approx(0.5, abs=0.06)
    for name, mask in pruned.masks.items():
        assert not pruned.model.get_submodule(name).weight.detach()[~mask].any()
    assert pruned.model(examples()[0]).shape == (40, 3)
    assert pruned.model.training
    again = prune_model(model, Arm.model_validate(body), *examples())
    assert pruned.masks.keys() == again.masks.keys()


def test_it_is_trained_where_a_setting_says_so():
    x, y = examples(60)
    x[y == 1] += 2
    x[y == 2] -= 2
    setting = Setting(dataset="own", model="own", optimizer="adam", learning_rate=0.02, batch=20, epochs=10)
    arm = Arm(criterion="snip", sparsity=0.5, schedule="at-initialisation")
    pruned = prune_model(Odd(), arm, x, y, setting=setting)
    assert (pruned.model.eval()(x).argmax(1) == y).float().mean() > 0.9
    assert pruned.sparsity == pytest.approx(0.5, abs=1e-3)


def tiny_llama(folder):
    config = {
        "model_type": "llama",
        "hidden_size": 8,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "vocab_size": 13,
        "tie_word_embeddings": True,
    }
    shapes = {"model.embed_tokens.weight": (13, 8), "model.norm.weight": (8,)}
    for block in range(2):
        base = f"model.layers.{block}"
        shapes |= {f"{base}.self_attn.{part}_proj.weight": (8, 8) for part in "qkvo"}
        shapes |= {f"{base}.mlp.{part}_proj.weight": (16, 8) for part in ("gate", "up")}
        shapes |= {f"{base}.mlp.down_proj.weight": (8, 16)}
        shapes |= {f"{base}.{part}_layernorm.weight": (8,) for part in ("input", "post_attention")}
    rng = np.random.default_rng(0)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


@pytest.mark.parametrize("criterion", ["magnitude", "wanda", "sparsegpt", "taylor"])
def test_a_checkpoint_is_pruned_block_by_block(tmp_path, criterion):
    ids = torch.randint(13, (6, 9))
    arm = Arm.model_validate({"criterion": criterion, "pattern": "2:4"})
    pruned = prune_model(tiny_llama(tmp_path / "llama"), arm, ids[:, :-1], ids[:, 1:])
    assert len(pruned.masks) == 14
    assert pruned.sparsity == 0.5
    assert not pruned.emptied


def test_later_blocks_are_pruned_on_what_the_pruned_ones_before_them_give(tmp_path):
    """As in the papers' code: the second block's scores follow from the first one's pruned outputs."""
    ids = torch.randint(13, (6, 9))
    folder = tiny_llama(tmp_path / "llama")
    arm = Arm(criterion="wanda", sparsity=0.6, distribution="uniform")
    pruned = prune_model(folder, arm, ids[:, :-1], ids[:, 1:])
    inputs = []
    layer = pruned.model.get_submodule("block2.attention.query")
    handle = layer.register_forward_pre_hook(lambda _layer, given: inputs.append(given[0].flatten(0, 1)))
    # The second block's first layers see only what comes before them.
    with torch.no_grad():
        pruned.model(ids[:, :-1])
    handle.remove()
    whole = prune_model(folder, Arm(), ids[:, :-1], ids[:, 1:]).model.get_submodule("block2.attention.query").weight
    scores = whole.detach().abs() * inputs[0].norm(dim=0)
    kept = round(0.4 * scores.numel())
    expected = scores >= scores.flatten().sort(descending=True).values[kept - 1]
    assert torch.equal(pruned.masks["block2.attention.query"], expected)


def test_logits_that_no_layer_looks_at_are_not_computed(tmp_path, monkeypatch):
    """Those of a large vocabulary would take more memory than the network."""

    def refuse(_head, _x):
        raise AssertionError("the output layer was asked")

    monkeypatch.setattr(OutputHead, "forward", refuse)
    ids = torch.randint(13, (6, 9))
    arm = Arm.model_validate({"criterion": "sparsegpt", "pattern": "2:4"})
    assert prune_model(tiny_llama(tmp_path / "llama"), arm, ids[:, :-1], ids[:, 1:]).sparsity == 0.5


def test_what_can_not_be_done_is_said(tmp_path):
    x, y = examples()
    with pytest.raises(UnknownWiringError, match="Odd"):
        prune_model(Odd(), Arm(criterion="l1-filter", pattern="filter", sparsity=0.5), x, y)
    with pytest.raises(CheckpointError):
        prune_model(tmp_path / "absent", Arm(criterion="magnitude", sparsity=0.5), x, y)
    with pytest.raises(DeviceUnavailableError, match="'quantum'"):
        prune_model(Odd(), Arm(criterion="magnitude", sparsity=0.5), x, y, device="quantum")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceUnavailableError, match="cuda"):
            prune_model(Odd(), Arm(criterion="magnitude", sparsity=0.5), x, y, device="cuda")
    with pytest.raises(InapplicableError, match="examples"):
        prune_model(Odd(), Arm(criterion="wanda", sparsity=0.5), x[:0], y[:0])
    model = Odd()
    model.out.weight.data[0, 0] = float("nan")
    with pytest.raises(DivergedError, match="out"):
        prune_model(model, Arm(criterion="magnitude", sparsity=0.5), x, y)
