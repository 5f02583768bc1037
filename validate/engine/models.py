"""Builds the networks of ``architectures`` from a generator alone, so that one seed gives one network."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from validate.engine.architectures import hidden_units, layer_names


def build_model(name: str, features: int, classes: int, generator: torch.Generator) -> nn.Sequential:
    """A fresh network with ReLU, Glorot-normal weights and zero biases (as in arXiv 1803.03635, Figure 2).

    Raises UnknownModelError.
    """
    sizes = (features, *hidden_units(name), classes)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for position, layer_name in enumerate(layer_names(name)):
        if position:
            modules[f"relu{position}"] = nn.ReLU()
        layer = nn.utils.skip_init(nn.Linear, sizes[position], sizes[position + 1])
        nn.init.xavier_normal_(layer.weight, generator=generator)
        nn.init.zeros_(layer.bias)
        modules[layer_name] = layer
    return nn.Sequential(modules)


def prunable_layers(model: nn.Sequential) -> dict[str, nn.Linear]:
    """The layers whose weights may be pruned, by name, from input to output. Biases are never pruned."""
    return {name: layer for name, layer in model.named_children() if isinstance(layer, nn.Linear)}
