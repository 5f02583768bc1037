"""Puts sparse layers into a pruned torch model, and says for each layer what runs and how fast it was in the trial."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from validate.kernels.choice import TRIAL_SECONDS, Choice
from validate.kernels.modules import SparseConv2d, SparseLinear, UnsupportedLayerError

LEAST_SPARSITY = 0.3
"""Fraction of zeros from which a layer is worth a trial."""


@dataclass(frozen=True)
class LayerReport:
    """What runs a sparse layer for one size of input."""

    name: str
    sparsity: float
    size: str
    """Batch size of a linear layer; images x height x width of a convolution."""
    choice: Choice


def _sparsity(layer: nn.Module) -> float:
    weight = getattr(layer, "weight", None)
    if not isinstance(weight, Tensor) or weight.numel() == 0:
        return 0.0
    return 1.0 - float(torch.count_nonzero(weight)) / weight.numel()


def _sparse_layer(layer: nn.Module, threads: int, seconds: float) -> nn.Module:
    """The sparse layer that computes the same, or the layer itself where there is none."""
    if type(layer) is nn.Linear:
        return SparseLinear(layer, threads=threads, seconds=seconds)
    if type(layer) is nn.Conv2d:
        try:
            return SparseConv2d(layer, threads=threads, seconds=seconds)
        except UnsupportedLayerError:
            return layer
    return layer


def accelerate(
    model: nn.Module,
    example: Any = None,
    *,
    threads: int = 1,
    least_sparsity: float = LEAST_SPARSITY,
    seconds: float = TRIAL_SECONDS,
) -> nn.Module:
    """A copy of a pruned model, in evaluation mode, whose sparse linear layers and convolutions run sparse kernels.

    Layers with a smaller fraction of zeros than ``least_sparsity``, grouped convolutions, and the projections inside
    ``nn.MultiheadAttention``, which torch reads without calling them, stay as they are. Each layer plans for a size of
    input when it first meets it; ``example``, a tensor or a tuple of arguments, is run through the model to have that
    done. Outputs are those of the model but for the order of float32 sums; they can't be differentiated.
    """
    root = nn.ModuleList([copy.deepcopy(model).eval()])
    sparse: dict[nn.Module, nn.Module] = {}
    for name, layer in list(root.named_modules(remove_duplicate=False)):
        parent, _, attribute = name.rpartition(".")
        if isinstance(layer, nn.TransformerEncoderLayer):
            _without_fast_path(layer)
        if not attribute or isinstance(root.get_submodule(parent), nn.MultiheadAttention):
            continue
        if _sparsity(layer) >= least_sparsity:
            if layer not in sparse:
                sparse[layer] = _sparse_layer(layer, threads, seconds)
            setattr(root.get_submodule(parent), attribute, sparse[layer])
    accelerated = root[0]
    if example is not None:
        with torch.no_grad():
            accelerated(*(example if isinstance(example, tuple) else (example,)))
    return accelerated


def _without_fast_path(layer: nn.TransformerEncoderLayer) -> None:
    """torch's fused encoder layer reads the weights of its linear layers instead of calling them; this turns it off."""
    layer.activation_relu_or_gelu = 0


def report(model: nn.Module) -> list[LayerReport]:
    """What runs each sparse layer of an accelerated model, for each size of input that it has met."""
    rows = []
    for name, layer in model.named_modules():
        if isinstance(layer, SparseLinear):
            rows += [LayerReport(name, layer.matrix.sparsity, str(n), made.choice) for n, made in layer.plans.items()]
        elif isinstance(layer, SparseConv2d):
            rows += [
                LayerReport(name, layer.sparsity, "x".join(map(str, images)), made.choice)
                for images, made in layer.plans.items()
            ]
    return rows
