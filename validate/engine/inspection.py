"""What the engine knows of a network without data or training: the shapes of its weights and how often each is used."""

from __future__ import annotations

from math import prod

import numpy as np
import torch

from validate.engine.architectures import Decoder, architecture
from validate.engine.data.dataset import Dataset
from validate.engine.measures import positions
from validate.engine.models import build_model, prunable_layers


class UnsuitableNetworkError(ValueError):
    """A network whose layers need no image to be counted."""


def layer_uses(model: str, image: tuple[int, ...] | None, classes: int) -> list[tuple[tuple[int, ...], int]]:
    """Shape of each prunable weight, from input to output, and how often one example uses it.

    ``image`` is channels, height and width of an example; left out: 1x28x28. Raises UnknownModelError,
    UnsuitableDataError if the network can't take such images, UnsuitableNetworkError for a language model.
    """
    shape = image or (1, 28, 28)
    if isinstance(architecture(model), Decoder):
        # A language model's weights are used once a token, as fully connected layers are.
        raise UnsuitableNetworkError(f"{model} is a language model: each weight is used once a token")
    features = np.zeros((1, prod(shape)), np.float32)
    target = np.zeros(1, np.int64)
    data = Dataset("inspection", features, target, features, target, classes, shape)
    network = build_model(model, data, torch.Generator())
    uses = positions(network, torch.from_numpy(features))
    return [(tuple(layer.weight.shape), uses[name]) for name, layer in prunable_layers(network).items()]
