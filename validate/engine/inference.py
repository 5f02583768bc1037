"""A pruned network run through the sparse kernels, to check that they compute what the trained network computes.

Every prunable layer of a copy of the network multiplies by a sparse matrix instead; a convolution does so on the
unfolded patches of its images.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from validate.engine.models import Prunable, prunable_layers
from validate.kernels.sparse import SparseMatrix

TOLERANCE = 1e-4
"""Largest difference of logits, as a fraction of the largest logit (or of 1): float32 sums in another order."""
_EXAMPLES_AT_ONCE = 32
"""The patches of a convolution take nine times the memory of its images."""


@dataclass(frozen=True, eq=False)
class SparseLayer:
    """One layer with a sparse weight; of a convolution [outputs, inputs times pixels of the kernel]."""

    name: str
    weight: SparseMatrix
    bias: NDArray[np.float32] | None


def _sparse_layer(name: str, layer: Prunable) -> SparseLayer:
    weight = layer.weight.detach().cpu().numpy().reshape(len(layer.weight), -1)
    bias = None if layer.bias is None else layer.bias.detach().cpu().numpy().copy()
    return SparseLayer(name, SparseMatrix.from_dense(weight), bias)


def sparse_layers(model: nn.Module) -> list[SparseLayer]:
    """The prunable layers of a network, with their zeros left out."""
    return [_sparse_layer(name, layer) for name, layer in prunable_layers(model).items()]


class _SparseProduct(nn.Module):
    """Stands in for a layer and multiplies by its sparse weight."""

    def __init__(self, layer: Prunable, kernel: str | None) -> None:
        super().__init__()
        self._layer = layer
        self._sparse = _sparse_layer("", layer)
        self._kernel = kernel

    def _product(self, columns: Tensor) -> Tensor:
        """Weight times columns [inputs, n], plus the bias."""
        product = self._sparse.weight.matmul(np.ascontiguousarray(columns.numpy()), kernel=self._kernel)
        result = torch.from_numpy(np.asarray(product))
        return result if self._sparse.bias is None else result + torch.from_numpy(self._sparse.bias)[:, None]

    def forward(self, x: Tensor) -> Tensor:
        """What the layer computes."""
        layer = self._layer
        if isinstance(layer, nn.Linear):
            return self._product(x.reshape(-1, x.shape[-1]).T).T.reshape(*x.shape[:-1], -1)
        assert not isinstance(layer.padding, str)
        patches = functional.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
        height = (
            x.shape[2] + 2 * layer.padding[0] - layer.dilation[0] * (layer.kernel_size[0] - 1) - 1
        ) // layer.stride[0] + 1
        columns = patches.transpose(0, 1).reshape(patches.shape[1], -1)
        return self._product(columns).reshape(len(layer.weight), len(x), height, -1).transpose(0, 1)


def sparse_logits(model: nn.Module, x: NDArray[np.generic], kernel: str | None = None) -> NDArray[np.float32]:
    """Logits of the network for x[examples, features], computed by the sparse kernels on the CPU."""
    sparse = copy.deepcopy(model).cpu().eval()
    for name, layer in prunable_layers(sparse).items():
        parent, _, child = name.rpartition(".")
        setattr(sparse.get_submodule(parent), child, _SparseProduct(layer, kernel))
    with torch.no_grad():
        parts = [sparse(part) for part in torch.from_numpy(x).split(_EXAMPLES_AT_ONCE)]
    logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def relative_difference(logits: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Largest absolute difference over the largest absolute logit, which counts as 1 if smaller; 0 without logits."""
    if logits.size == 0:
        return 0.0
    return float(np.abs(logits - others).max() / max(1.0, float(np.abs(logits).max())))
