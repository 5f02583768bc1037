"""The networks are those of the papers: sizes as published, outputs as by an independent computation, cuts exact."""

import contextlib
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from validate.claims import Arm, Setting
from validate.engine.architectures import NAMED, UnknownModelError, architecture, layer_names, pretrained
from validate.engine.data import Dataset, load_dataset
from validate.engine.data.added import add
from validate.engine.inference import sparse_logits
from validate.engine.models import UnsuitableDataError, build_model, chain, prunable_layers
from validate.engine.models.checkpoint import INDEX, CheckpointError, load_decoder
from validate.engine.models.residual import PaddedShortcut
from validate.engine.models.shrink import EmptiedLayerError, shrink
from validate.engine.models.wiring import UnknownWiringError, wiring, writers
from validate.engine.outcome import run_arm
from validate.safetensors import SafetensorsError, read_safetensors, write_safetensors
from validate.threads import one_thread


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread():
        yield


def images(shape=(3, 32, 32), count=4) -> Dataset:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(count, int(np.prod(shape)))).astype(np.float32)
    y = np.arange(count, dtype=np.int64) % 10
    return Dataset("images", x, y, x, y, classes=10, shape=shape)


def fresh(name, data=None, seed=0):
    return build_model(name, data or images(), torch.Generator().manual_seed(seed))


def parameters(model) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def weights(model) -> int:
    return sum(layer.weight.numel() for layer in prunable_layers(model).values())


@pytest.mark.parametrize(
    ("name", "shape", "count"),
    [
        ("LeNet-300-100", (1, 28, 28), 266_610),
        ("LeNet-5", (1, 28, 28), 61_706),
        ("LeNet-5-Caffe", (1, 28, 28), 431_080),
        ("LeNet-5-Caffe-ReLU", (1, 28, 28), 431_080),
        ("ResNet-20", (3, 32, 32), 269_722),
        ("ResNet-56", (3, 32, 32), 853_018),
        ("VGG-16", (3, 32, 32), 14_719_818),
        ("VGG-16-BN", (3, 32, 32), 14_728_266),
    ],
)
def test_networks_have_as_many_parameters_as_is_published(name, shape, count):
    assert parameters(fresh(name, images(shape))) == count


QUICK = ("LeNet-300-100", "Linear", "LeNet-5", "LeNet-5-Caffe", "VGG-11-BN", "ResNet-20", "MLP-7", "Sigmoid-MLP-5-4")
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in NAMED if name not in QUICK]


@pytest.mark.parametrize("name", [*QUICK, *LARGE])
def test_every_network_takes_images_and_gives_ten_logits(name):
    data = images((1, 28, 28)) if name.startswith("LeNet") else images()
    model = fresh(name, data).eval()
    assert tuple(prunable_layers(model)) == layer_names(name)
    with torch.no_grad():
        logits = model(torch.from_numpy(data.test_x))
        again = fresh(name, data).eval()(torch.from_numpy(data.test_x))
    assert logits.shape == (4, 10)
    assert torch.equal(logits, again)
    step_by_step = torch.from_numpy(data.test_x)
    for _, step in chain(model):
        step_by_step = step(step_by_step)
    assert torch.equal(step_by_step, logits)


@pytest.mark.parametrize("name", ["AlexNet", "MLP-", "MLP-0", "VGG-17", "Decoder-0x8", "LeNet-300-100 "])
def test_a_network_that_is_not_there_is_named(name):
    with pytest.raises(UnknownModelError, match=name.strip()):
        architecture(name)


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("LeNet-5", load_dataset("xor"), "none"),
        ("ResNet-20", load_dataset("xor"), "none"),
        ("LeNet-5", load_dataset("digits"), "larger images"),
        ("Decoder-1x8", images(), "text"),
    ],
)
def test_examples_that_a_network_cannot_take_are_refused(name, data, word):
    with pytest.raises(UnsuitableDataError, match=word):
        fresh(name, data)


def test_initial_weights_have_the_deviation_of_their_scheme():
    convolution = fresh("VGG-11").get_submodule("conv8").weight
    assert float(convolution.detach().std()) == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    connected = fresh("LeNet-300-100").get_submodule("fc1").weight
    assert float(connected.detach().std()) == pytest.approx((2 / (3072 + 300)) ** 0.5, rel=0.01)
    assert float(fresh("VGG-11").get_submodule("conv3").bias.detach().abs().max()) == 0


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot-normal", 2 / (3072 + 300)),
        ("glorot-uniform", 2 / (3072 + 300)),
        ("he-normal", 2 / 3072),
        ("lecun-normal", 1 / 3072),
        ("normal", 0.02**2),
    ],
)
def test_initial_weights_are_drawn_as_a_setting_says(name, variance):
    model = build_model("LeNet-300-100", images(), torch.Generator().manual_seed(0), name)
    assert float(model.get_submodule("fc1").weight.detach().var()) == pytest.approx(variance, rel=0.01)


def norm(x, layer):
    return (x - layer.running_mean[:, None, None]) / torch.sqrt(layer.running_var[:, None, None] + layer.eps) * (
        layer.weight[:, None, None]
    ) + layer.bias[:, None, None]


def test_a_residual_network_computes_the_formula_of_its_paper():
    model = fresh("ResNet-20").eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:
            parameter.data.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(1))
    x = torch.from_numpy(images().test_x).reshape(4, 3, 32, 32)
    with torch.no_grad():
        expected = model(x.flatten(1))
        x = functional.relu(norm(functional.conv2d(x, model.conv1.weight, padding=1), model.norm1))
        for stage in (1, 2, 3):
            for number in (1, 2, 3):
                block = model.get_submodule(f"stage{stage}.block{number}")
                stride = 2 if stage > 1 and number == 1 else 1
                inner = functional.relu(norm(functional.conv2d(x, block.conv1.weight, None, stride, 1), block.norm1))
                inner = norm(functional.conv2d(inner, block.conv2.weight, padding=1), block.norm2)
                if stride == 2:
                    x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, x.shape[1] // 2, x.shape[1] // 2))
                x = functional.relu(inner + x)
        found = x.mean((2, 3)) @ model.fc1.weight.T + model.fc1.bias
    torch.testing.assert_close(found, expected)


# Decoders: the reference computes one token after the other, in double precision, with numpy.

OPT = {
    "model_type": "opt",
    "hidden_size": 12,
    "num_attention_heads": 3,
    "ffn_dim": 20,
    "num_hidden_layers": 2,
    "vocab_size": 17,
    "max_position_embeddings": 9,
    "word_embed_proj_dim": 12,
    "do_layer_norm_before": True,
    "activation_function": "relu",
}
LLAMA = {
    "model_type": "llama",
    "hidden_size": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "vocab_size": 19,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500.0,
}


def opt_weights(rng, blocks=2):
    width, inner = OPT["hidden_size"], OPT["ffn_dim"]
    shapes = {"embed_tokens.weight": (17, width), "embed_positions.weight": (11, width)}
    shapes |= {f"final_layer_norm.{part}": (width,) for part in ("weight", "bias")}
    for block in range(blocks):
        for part in ("q", "k", "v", "out"):
            shapes[f"layers.{block}.self_attn.{part}_proj.weight"] = (width, width)
            shapes[f"layers.{block}.self_attn.{part}_proj.bias"] = (width,)
        for part in ("self_attn_layer_norm", "final_layer_norm"):
            shapes[f"layers.{block}.{part}.weight"] = shapes[f"layers.{block}.{part}.bias"] = (width,)
        shapes |= {f"layers.{block}.fc1.weight": (inner, width), f"layers.{block}.fc1.bias": (inner,)}
        shapes |= {f"layers.{block}.fc2.weight": (width, inner), f"layers.{block}.fc2.bias": (width,)}
    return {f"model.decoder.{name}": rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def llama_weights(rng):
    width, inner, shared = LLAMA["hidden_size"], LLAMA["intermediate_size"], 8
    shapes = {"model.embed_tokens.weight": (19, width), "model.norm.weight": (width,), "lm_head.weight": (19, width)}
    for block in range(2):
        base = f"model.layers.{block}"
        for part, rows in (("q", width), ("k", shared), ("v", shared), ("o", width)):
            shapes[f"{base}.self_attn.{part}_proj.weight"] = (rows, width)
        for part in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{base}.{part}.weight"] = (width,)
        shapes |= {f"{base}.mlp.{part}_proj.weight": (inner, width) for part in ("gate", "up")}
        shapes[f"{base}.mlp.down_proj.weight"] = (width, inner)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def attend(query, keys, values, heads, key_heads):
    """One token's query against all keys so far."""
    size = len(query) // heads
    mixed = []
    for head in range(heads):
        shared = head * key_heads // heads
        part = slice(shared * size, (shared + 1) * size)
        scores = np.array([query[head * size : (head + 1) * size] @ key[part] for key in keys]) / np.sqrt(size)
        mixed.append(sum(share * value[part] for share, value in zip(softmax(scores), values, strict=True)))
    return np.concatenate(mixed)


def layer_norm(x, weight, bias):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * weight + bias


def opt_logits(weights, ids):
    w = {name.removeprefix("model.decoder."): values.astype(np.float64) for name, values in weights.items()}
    caches = [([], []) for _ in range(2)]
    logits = []
    for place, token in enumerate(ids):
        x = w["embed_tokens.weight"][token] + w["embed_positions.weight"][place + 2]
        for block, (keys, values) in enumerate(caches):

            def linear(name, given, block=block):
                return w[f"layers.{block}.{name}.weight"] @ given + w[f"layers.{block}.{name}.bias"]

            def normed(name, given, block=block):
                return layer_norm(given, w[f"layers.{block}.{name}.weight"], w[f"layers.{block}.{name}.bias"])

            h = normed("self_attn_layer_norm", x)
            keys.append(linear("self_attn.k_proj", h))
            values.append(linear("self_attn.v_proj", h))
            x = x + linear("self_attn.out_proj", attend(linear("self_attn.q_proj", h), keys, values, 3, 3))
            x = x + linear("fc2", np.maximum(linear("fc1", normed("final_layer_norm", x)), 0))
        x = layer_norm(x, w["final_layer_norm.weight"], w["final_layer_norm.bias"])
        logits.append(w["embed_tokens.weight"] @ x)
    return np.array(logits)


def rotate(vector, place, heads):
    size = len(vector) // heads
    out = vector.copy().reshape(heads, size)
    for head in range(heads):
        for pair in range(size // 2):
            angle = place * LLAMA["rope_theta"] ** (-2 * pair / size)
            turned = complex(out[head, pair], out[head, pair + size // 2]) * np.exp(1j * angle)
            out[head, pair], out[head, pair + size // 2] = turned.real, turned.imag
    return out.ravel()


def llama_logits(weights, ids):
    w = {name: values.astype(np.float64) for name, values in weights.items()}

    def normed(x, weight):
        return x / np.sqrt((x * x).mean() + 1e-5) * weight

    caches = [([], []) for _ in range(2)]
    logits = []
    for place, token in enumerate(ids):
        x = w["model.embed_tokens.weight"][token]
        for block, (keys, values) in enumerate(caches):
            base = f"model.layers.{block}"
            h = normed(x, w[f"{base}.input_layernorm.weight"])
            keys.append(rotate(w[f"{base}.self_attn.k_proj.weight"] @ h, place, 2))
            values.append(w[f"{base}.self_attn.v_proj.weight"] @ h)
            query = rotate(w[f"{base}.self_attn.q_proj.weight"] @ h, place, 4)
            x = x + w[f"{base}.self_attn.o_proj.weight"] @ attend(query, keys, values, 4, 2)
            h = normed(x, w[f"{base}.post_attention_layernorm.weight"])
            gate = w[f"{base}.mlp.gate_proj.weight"] @ h
            gate = gate / (1 + np.exp(-gate))
            x = x + w[f"{base}.mlp.down_proj.weight"] @ (gate * (w[f"{base}.mlp.up_proj.weight"] @ h))
        logits.append(w["lm_head.weight"] @ normed(x, w["model.norm.weight"]))
    return np.array(logits)


def checkpoint(folder, config, tensors, shards=1):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors)
        return folder
    names, places = list(tensors), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        mine = names[shard::shards]
        write_safetensors(folder / file, {name: tensors[name] for name in mine})
        places |= dict.fromkeys(mine, file)
    (folder / INDEX).write_text(json.dumps({"weight_map": places}))
    return folder


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize(
    ("config", "make", "reference"), [(OPT, opt_weights, opt_logits), (LLAMA, llama_weights, llama_logits)]
)
def test_a_decoder_from_a_checkpoint_gives_the_logits_of_an_independent_computation(
    tmp_path, config, make, reference, shards
):
    tensors = make(np.random.default_rng(3))
    model = load_decoder(checkpoint(tmp_path / "model", config, tensors, shards))
    ids = np.array([3, 1, 16, 0, 7])
    with torch.no_grad():
        found = model(torch.from_numpy(ids)[None])[0].numpy()
    np.testing.assert_allclose(found, reference(tensors, ids), rtol=2e-3, atol=2e-3)
    assert len(prunable_layers(model)) == 2 * (6 if config is OPT else 7)


def test_an_output_layer_is_tied_to_the_embedding_where_the_checkpoint_has_none(tmp_path):
    tensors = llama_weights(np.random.default_rng(0))
    del tensors["lm_head.weight"]
    model = load_decoder(checkpoint(tmp_path / "model", LLAMA, tensors))
    assert model.get_submodule("head").weight is model.get_parameter("embedding.tokens.weight")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"model_type": "gpt2"}, "'gpt2'"),
        ({"do_layer_norm_before": False}, "normalises after"),
        ({"word_embed_proj_dim": 6}, "projects"),
        ({"activation_function": "gelu"}, "ReLU"),
        ({"vocab_size": 18}, "shape"),
        ({"num_hidden_layers": 3}, "layers.2"),
        ({"hidden_size": None}, r"config\.json"),
    ],
)
def test_a_checkpoint_that_the_engine_cannot_compute_is_refused(tmp_path, change, word):
    folder = checkpoint(tmp_path / "model", {**OPT, **change}, opt_weights(np.random.default_rng(0)))
    with pytest.raises(CheckpointError, match=word):
        load_decoder(folder)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_decoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(OPT))
    with pytest.raises(CheckpointError, match="safetensors alone"):
        load_decoder(tmp_path)
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": {"x": "../../etc/passwd"}}))
    with pytest.raises(CheckpointError, match="holds no passwd"):
        load_decoder(tmp_path)


def test_scaled_rotary_positions_are_refused(tmp_path):
    config = {**LLAMA, "rope_scaling": {"rope_type": "llama3"}}
    with pytest.raises(CheckpointError, match="'llama3'"):
        load_decoder(checkpoint(tmp_path / "model", config, llama_weights(np.random.default_rng(0))))


def test_a_pretrained_model_of_a_claim_is_the_one_that_was_added(tmp_path):
    assert pretrained()["OPT-125M"].blocks == 12
    add("opt-125m", checkpoint(tmp_path / "model", OPT, opt_weights(np.random.default_rng(0))), tmp_path)
    ids = np.zeros((2, 5), np.int64)
    text = Dataset("text", ids, ids, ids, ids, classes=17)
    with pytest.raises(CheckpointError, match="12 blocks"):
        build_model("OPT-125M", text, torch.Generator(), folder=tmp_path)


@pytest.mark.parametrize("criterion", ["magnitude", "wanda", "sparsegpt"])
def test_an_added_model_is_pruned_without_training_and_its_perplexity_measured(tmp_path, criterion):
    rng = np.random.default_rng(0)
    config = {**OPT, "num_hidden_layers": 12}
    add("opt-125m", checkpoint(tmp_path / "model", config, opt_weights(rng, blocks=12)), tmp_path)
    ids = rng.integers(0, 17, (12, 9))
    text = Dataset("text", ids[:, :-1], ids[:, 1:], ids[:, :-1], ids[:, 1:], classes=17)
    setting = Setting(dataset="text", model="OPT-125M", epochs=0, sequence_length=8)
    dense = run_arm(Arm(), setting, text, 0, data_folder=tmp_path)
    model = load_decoder(tmp_path / "model")
    with torch.no_grad():
        logits = model(torch.from_numpy(ids[:, :-1]))
        loss = functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(ids[:, 1:]).flatten())
    assert dense.measures["perplexity"] == pytest.approx(float(loss.exp()), rel=1e-4)
    arm = Arm.model_validate({"criterion": criterion, "pattern": "2:4"})
    pruned = run_arm(arm, setting, text, 0, data_folder=tmp_path)
    assert pruned.measures["sparsity"] == 0.5
    assert pruned.measures["kernel_agrees"] == 1
    assert pruned.measures["perplexity"] > 1


# safetensors

numbers = st.sampled_from(
    [np.float64, np.float32, np.float16, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_]
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
        numbers.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))),
        max_size=4,
    )
)
def test_tensors_are_read_as_they_were_written(tmp_path_factory, tensors):
    path = tmp_path_factory.mktemp("st") / "x.safetensors"
    write_safetensors(path, tensors)
    found = read_safetensors(path)
    assert found.keys() == tensors.keys()
    for name, values in tensors.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)


def raw(path, header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def test_brain_floats_become_float32(tmp_path):
    values = torch.tensor([1.0, -2.5, 3.1415927, float("inf")], dtype=torch.bfloat16)
    header = {"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}, "__metadata__": {"format": "pt"}}
    path = raw(tmp_path / "x", header, values.view(torch.int16).numpy().tobytes())
    assert read_safetensors(path)["w"].tolist() == values.float().tolist()


@pytest.mark.parametrize(("kind", "of_torch"), [("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2)])
def test_floats_of_eight_bits_become_float32(tmp_path, kind, of_torch):
    codes = torch.arange(256, dtype=torch.uint8)
    header = {"w": {"dtype": kind, "shape": [2, 128], "data_offsets": [0, 256]}}
    found = read_safetensors(raw(tmp_path / "x", header, codes.numpy().tobytes()))["w"]
    np.testing.assert_array_equal(found, codes.view(of_torch).float().numpy().reshape(2, 128))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        {"w": 3},
        {"w": {"dtype": "F32", "shape": [2]}},
        {"w": {"dtype": "F33", "shape": [2], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}},
        {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}},
        {"w": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},
        {"w": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}},
    ],
)
def test_a_broken_file_is_refused(tmp_path, header):
    with pytest.raises(SafetensorsError, match="x"):
        read_safetensors(raw(tmp_path / "x", header, bytes(8)))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_tensors_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("st") / "x"
    path.write_bytes(content)
    with contextlib.suppress(SafetensorsError):
        assert read_safetensors(path) == {}


# Sparse kernels and cuts


@pytest.mark.parametrize("name", ["LeNet-300-100", "LeNet-5", "LeNet-5-Caffe", "ResNet-20", "VGG-11-BN"])
def test_a_network_gives_the_same_logits_through_the_sparse_kernels(name):
    data = images((1, 28, 28) if name.startswith("LeNet") else (3, 16, 16))
    model = fresh(name, data).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for layer in prunable_layers(model).values():
            layer.weight.mul_(torch.rand(layer.weight.shape, generator=generator) < 0.2)
        expected = model(torch.from_numpy(data.test_x)).numpy()
    np.testing.assert_allclose(sparse_logits(model, data.test_x), expected, rtol=1e-4, atol=1e-4)


def test_a_decoder_gives_the_same_logits_through_the_sparse_kernels(tmp_path):
    model = load_decoder(checkpoint(tmp_path / "model", LLAMA, llama_weights(np.random.default_rng(0))))
    ids = np.array([[1, 2, 3], [4, 5, 6]])
    with torch.no_grad():
        expected = model(torch.from_numpy(ids)).numpy()
    np.testing.assert_allclose(sparse_logits(model, ids), expected, rtol=1e-3, atol=1e-3)


def removed_by_hand(model, kept):
    """Zeroes what removing filters removes: their weights, biases and normalisation."""
    wires = wiring(model)
    with torch.no_grad():
        for name, wire in wires.items():
            module = model.get_submodule(name)
            if wire.writes in kept and isinstance(module, PaddedShortcut):
                module.open.copy_(kept[wire.writes])
            elif wire.writes in kept:
                for part in (module.weight, module.bias):
                    if part is not None:
                        part[~kept[wire.writes]] = 0


@pytest.mark.parametrize(
    "name", ["MLP-30-20", "LeNet-5", "VGG-11-BN", "ResNet-20", pytest.param("ResNet-56", marks=pytest.mark.slow)]
)
def test_removed_filters_leave_a_smaller_network_that_computes_the_same(name):
    data = images((1, 28, 28) if name.startswith("LeNet") else (3, 16, 16))
    model = fresh(name, data)
    generator = torch.Generator().manual_seed(4)
    model(torch.randn(16, data.features, generator=generator))
    model.eval()
    wires = wiring(model)
    kept = {}
    for group, layers in writers(wires, model).items():
        channels = len(model.get_submodule(layers[0]).weight)
        kept[group] = torch.rand(channels, generator=generator) < 0.6
        kept[group][0] = True
    removed_by_hand(model, kept)
    small = shrink(model, kept)
    x = torch.from_numpy(data.test_x)
    with torch.no_grad():
        torch.testing.assert_close(small(x), model(x), rtol=1e-4, atol=1e-5)
    assert weights(small) < 0.7 * weights(model)
    assert weights(model) == weights(fresh(name, data))


def test_layers_that_add_to_one_stream_of_a_residual_network_are_one_group():
    model = fresh("ResNet-20")
    groups = writers(wiring(model), model)
    assert groups["conv1"] == ["conv1", *(f"stage1.block{number}.conv2" for number in (1, 2, 3))]
    assert groups["stage2.block1.conv2"] == [f"stage2.block{number}.conv2" for number in (1, 2, 3)]
    assert groups["stage3.block2.conv1"] == ["stage3.block2.conv1"]
    assert "fc1" not in groups


def test_a_group_without_filters_and_a_network_of_unknown_wiring_are_refused():
    model = fresh("MLP-5")
    with pytest.raises(EmptiedLayerError, match="fc1"):
        shrink(model, {"fc1": torch.zeros(5, dtype=torch.bool)})
    with pytest.raises(UnknownWiringError, match="LSTM"):
        wiring(torch.nn.Sequential(torch.nn.LSTM(3, 4)))
