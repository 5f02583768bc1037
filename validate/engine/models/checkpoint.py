"""Loads decoders from checkpoints in the layout of Hugging Face: ``config.json`` and one or more safetensors files.

Nothing of a checkpoint is executed: the configuration is JSON, the weights are numbers. Names and settings are those of
the classes OPTForCausalLM and LlamaForCausalLM of huggingface/transformers; what this engine does not compute in the
same way (other normalisation orders, scaled rotary positions) is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from validate.engine.models.decoder import DecoderSize, OutputHead, decoder
from validate.safetensors import SafetensorsError, read_safetensors

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_OPT_BLOCK = {
    "norm1": "self_attn_layer_norm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.out_proj",
    "norm2": "final_layer_norm",
    "up": "fc1",
    "down": "fc2",
}
_LLAMA_BLOCK = {
    "norm1": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "norm2": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


class CheckpointError(ValueError):
    """A folder holds no checkpoint that the engine can load."""


def _configuration(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} is no JSON object")
    return content


def _refuse_unless(condition: bool, folder: Path, what: str) -> None:
    if not condition:
        raise CheckpointError(f"{folder}: {what}, which this engine does not compute")


def _opt_size(config: Mapping[str, Any], folder: Path) -> DecoderSize:
    width = int(config["hidden_size"])
    _refuse_unless(config.get("do_layer_norm_before", True), folder, "normalises after attention")
    _refuse_unless(config.get("word_embed_proj_dim", width) == width, folder, "projects its embedding")
    _refuse_unless(config.get("activation_function", "relu") == "relu", folder, "has another activation than ReLU")
    _refuse_unless(config.get("enable_bias", True), folder, "is an OPT without biases")
    heads = int(config["num_attention_heads"])
    return DecoderSize(
        family="opt",
        blocks=int(config["num_hidden_layers"]),
        width=width,
        heads=heads,
        key_heads=heads,
        inner=int(config["ffn_dim"]),
        vocabulary=int(config["vocab_size"]),
        positions=int(config["max_position_embeddings"]),
    )


def _llama_size(config: Mapping[str, Any], folder: Path) -> DecoderSize:
    rotary = config.get("rope_scaling") or config.get("rope_parameters") or {}
    kind = rotary.get("rope_type", rotary.get("type", "default"))
    _refuse_unless(kind == "default", folder, f"has rotary positions of the kind {kind!r}")
    _refuse_unless(config.get("hidden_act", "silu") == "silu", folder, "has another activation than SiLU")
    _refuse_unless(not config.get("mlp_bias", False), folder, "has biases in its inner layers")
    heads = int(config["num_attention_heads"])
    return DecoderSize(
        family="llama",
        blocks=int(config["num_hidden_layers"]),
        width=int(config["hidden_size"]),
        heads=heads,
        key_heads=int(config.get("num_key_value_heads") or heads),
        inner=int(config["intermediate_size"]),
        vocabulary=int(config["vocab_size"]),
        positions=int(config.get("max_position_embeddings", 2048)),
        head_width=int(config.get("head_dim") or 0),
        rotary_base=float(config.get("rope_theta") or rotary.get("rope_theta") or 10_000.0),
        epsilon=float(config.get("rms_norm_eps", 1e-6)),
        bias=bool(config.get("attention_bias", False)),
    )


_SIZES = {"opt": _opt_size, "llama": _llama_size}


def _tensors(folder: Path) -> dict[str, NDArray[Any]]:
    """All tensors of the checkpoint's files, by name."""
    index = folder / INDEX
    names = [SINGLE]
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
            raise CheckpointError(f"{index} does not say which file has which weight") from error
    tensors: dict[str, NDArray[Any]] = {}
    for name in names:
        # Only the folder's own files, whatever its index says.
        path = folder / Path(str(name)).name
        if not path.is_file():
            raise CheckpointError(f"{folder} holds no {path.name}; the engine loads weights in safetensors alone")
        try:
            tensors.update(read_safetensors(path))
        except SafetensorsError as error:
            raise CheckpointError(str(error)) from error
    return tensors


def _their_name(ours: str, family: str) -> str:
    """What a parameter of ours is called in a checkpoint, without the leading ``model.``."""
    module, _, parameter = ours.rpartition(".")
    first, _, rest = module.partition(".")
    inside = "decoder." if family == "opt" else ""
    if first.startswith("block"):
        kinds = _OPT_BLOCK if family == "opt" else _LLAMA_BLOCK
        return f"{inside}layers.{int(first.removeprefix('block')) - 1}.{kinds[rest]}.{parameter}"
    others = {
        "embedding.tokens": f"{inside}embed_tokens",
        "embedding.positions": f"{inside}embed_positions",
        "norm": f"{inside}final_layer_norm" if family == "opt" else "norm",
    }
    return f"{others[module]}.{parameter}"


def load_decoder(folder: Path) -> nn.Sequential:
    """The decoder of a checkpoint, in float32. Raises CheckpointError if it is none that the engine can load."""
    config = _configuration(folder)
    family = config.get("model_type")
    if family not in _SIZES:
        raise CheckpointError(f"{folder} holds a model of type {family!r}; the engine loads {' and '.join(_SIZES)}")
    try:
        size = _SIZES[family](config, folder)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{folder}: config.json does not give {error}") from error
    tensors = {name.removeprefix("model."): values for name, values in _tensors(folder).items()}
    with torch.device("meta"):
        model = decoder(size)
    state = {}
    for ours, parameter in model.named_parameters():
        if ours == "head.weight":
            continue
        name = _their_name(ours, family)
        if name not in tensors:
            raise CheckpointError(f"{folder} holds no weights {name!r}")
        if tensors[name].shape != tuple(parameter.shape):
            raise CheckpointError(f"{folder}: {name} has shape {tensors[name].shape}, not {tuple(parameter.shape)}")
        state[ours] = torch.from_numpy(np.array(tensors[name], dtype=np.float32))
    tied = "lm_head.weight" not in tensors
    own = None if tied else torch.from_numpy(np.array(tensors["lm_head.weight"], dtype=np.float32))
    head = model.get_submodule("head")
    model.load_state_dict(state, strict=False, assign=True)
    assert isinstance(head, OutputHead)
    embedding = model.get_parameter("embedding.tokens.weight")
    assert isinstance(embedding, nn.Parameter)
    head.weight = embedding if own is None else nn.Parameter(own)
    return model.eval()
