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
    input when it first meets it. With ``example``, a tensor or a tuple of arguments, all plans are made for its size
    now, and layers for which dense is faster stay as they are too. Of a compiled model the original is taken: compile
    the copy, with its plans made. Layers can be read, not changed: ``weight`` is the dense weight. Outputs are those of
    the model but for the order of float32 sums; they can't be differentiated.
    """
    root = nn.ModuleList([copy.deepcopy(getattr(model, "_orig_mod", model)).eval()])
    sparse: dict[nn.Module, nn.Module] = {}
    places: list[tuple[nn.Module, str, nn.Module]] = []
    for name, layer in list(root.named_modules(remove_duplicate=False)):
        parent, _, attribute = name.rpartition(".")
        if isinstance(layer, nn.TransformerEncoderLayer):
            _without_fast_path(layer)
        if not attribute or isinstance(root.get_submodule(parent), nn.MultiheadAttention):
            continue
        if _sparsity(layer) >= least_sparsity:
            if layer not in sparse:
                sparse[layer] = _sparse_layer(layer, threads, seconds)
            places.append((root.get_submodule(parent), attribute, layer))
            setattr(root.get_submodule(parent), attribute, sparse[layer])
    if example is not None:
        with torch.no_grad():
            root[0](*(example if isinstance(example, tuple) else (example,)))
        for parent_module, attribute, layer in places:
            made = sparse[layer]
            if isinstance(made, SparseLinear | SparseConv2d) and made.is_dense:
                layer.choices = _choices(made)  # type: ignore[assignment]  # kept for the report
                setattr(parent_module, attribute, layer)
    return root[0]


def _without_fast_path(layer: nn.TransformerEncoderLayer) -> None:
    """torch's fused encoder layer reads the weights of its linear layers instead of calling them; this turns it off."""
    layer.activation_relu_or_gelu = 0


def _choices(layer: SparseLinear | SparseConv2d) -> dict[str, Choice]:
    """What runs a layer, for each size of input that it has met."""
    if isinstance(layer, SparseLinear):
        return {str(n): made.choice for n, made in layer.plans.items()}
    return {"x".join(map(str, images)): made.choice for images, made in layer.plans.items()}


def report(model: nn.Module) -> list[LayerReport]:
    """What runs each pruned layer of an accelerated model, for each size of input that it has met."""
    rows = []
    for name, layer in model.named_modules():
        tried = _choices(layer) if isinstance(layer, SparseLinear | SparseConv2d) else getattr(layer, "choices", {})
        sparsity = layer.sparsity if isinstance(layer, SparseLinear | SparseConv2d) else _sparsity(layer)
        rows += [LayerReport(name, sparsity, size, choice) for size, choice in tried.items()]
    return rows
