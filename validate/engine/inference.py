"""A pruned network run through the sparse kernels, to check that they compute what the trained network computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from validate.engine.models import prunable_layers
from validate.kernels.sparse import SparseMatrix

TOLERANCE = 1e-4
"""Largest difference of logits, as a fraction of the largest logit (or of 1): float32 sums in another order."""


@dataclass(frozen=True, eq=False)
class SparseLayer:
    """One fully connected layer with a sparse weight."""

    name: str
    weight: SparseMatrix
    bias: NDArray[np.float32]


def sparse_layers(model: nn.Sequential) -> list[SparseLayer]:
    """The layers of a network of fully connected layers with ReLU between them, with their zeros left out."""
    return [
        SparseLayer(
            name,
            SparseMatrix.from_dense(layer.weight.detach().numpy()),
            layer.bias.detach().numpy().copy(),
        )
        for name, layer in prunable_layers(model).items()
    ]


def sparse_logits(
    layers: Sequence[SparseLayer], x: NDArray[np.float32], kernel: str | None = None
) -> NDArray[np.float32]:
    """Logits [examples, classes] for x[examples, features], computed by the sparse kernels."""
    hidden = np.ascontiguousarray(x.T)
    for layer in layers[:-1]:
        hidden = np.maximum(layer.weight.matmul(hidden, kernel=kernel) + layer.bias[:, None], 0)
    last = layers[-1]
    return (last.weight.matmul(hidden, kernel=kernel) + last.bias[:, None]).T


def relative_difference(logits: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Largest absolute difference over the largest absolute logit, which counts as 1 if smaller; 0 without logits."""
    if logits.size == 0:
        return 0.0
    return float(np.abs(logits - others).max() / max(1.0, float(np.abs(logits).max())))
