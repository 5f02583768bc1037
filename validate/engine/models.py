"""Networks that claims are about, built from a generator alone, so that one seed gives one network.

``LeNet-300-100`` is the fully connected network of LeCun et al. (1998) in the form of the pruning papers: two hidden
layers of 300 and 100 units with ReLU; 266,200 weights on MNIST. Its input has as many features as the data has.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import nn


class UnknownModelError(LookupError):
    """A claim names a model that the engine does not have."""


def lenet_300_100(features: int, classes: int, generator: torch.Generator) -> nn.Sequential:
    """LeNet-300-100 with Glorot-normal weights and zero biases (as in arXiv 1803.03635, Figure 2)."""
    sizes = (features, 300, 100, classes)
    modules: list[tuple[str, nn.Module]] = []
    for position in range(1, len(sizes)):
        layer = nn.utils.skip_init(nn.Linear, sizes[position - 1], sizes[position])
        nn.init.xavier_normal_(layer.weight, generator=generator)
        nn.init.zeros_(layer.bias)
        modules.append((f"fc{position}", layer))
        if position < len(sizes) - 1:
            modules.append((f"relu{position}", nn.ReLU()))
    return nn.Sequential(OrderedDict(modules))


MODELS: Mapping[str, Callable[[int, int, torch.Generator], nn.Sequential]] = {"LeNet-300-100": lenet_300_100}


def build_model(name: str, features: int, classes: int, generator: torch.Generator) -> nn.Sequential:
    """A freshly initialised network. Raises UnknownModelError."""
    if name not in MODELS:
        raise UnknownModelError(f"the engine has no model {name!r} (it has: {', '.join(sorted(MODELS))})")
    return MODELS[name](features, classes, generator)


def prunable_layers(model: nn.Sequential) -> dict[str, nn.Linear]:
    """The layers whose weights may be pruned, by name, from input to output. Biases are never pruned."""
    return {name: layer for name, layer in model.named_children() if isinstance(layer, nn.Linear)}
