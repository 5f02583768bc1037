"""What is measured of a network at the end: how much is left of it, and how well it does."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from validate.engine.criteria.subject import evaluating, loss_of, portions
from validate.engine.inference import TOLERANCE, relative_difference, sparse_logits
from validate.engine.models import prunable_layers

LARGEST_LOSS = 700.0
"""Above it a perplexity is no number any more."""


def positions(model: nn.Module, example: Tensor) -> dict[str, int]:
    """How often each prunable layer's weight is used for one example: pixels of its output, or tokens."""
    counts: dict[str, int] = {}

    def count(name: str, layer: nn.Module, output: Tensor) -> None:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        counts[name] = output.numel() // len(weight)

    handles = [
        layer.register_forward_hook(lambda layer, _given, output, name=name: count(name, layer, output))
        for name, layer in prunable_layers(model).items()
    ]
    try:
        with torch.no_grad(), evaluating(model):
            model(example)
    finally:
        for handle in handles:
            handle.remove()
    return counts


def emptied_layers(masks: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Layers that keep no weight at all."""
    return tuple(name for name, mask in masks.items() if not bool(mask.any()))


def size_measures(masks: Mapping[str, Tensor], uses: Mapping[str, int]) -> dict[str, float]:
    """Sizes over all prunable weights; biases are not counted.

    ``uses`` is how often a layer's weight is used for one example. Index cost: CSR with 32-bit columns and row starts.
    """
    total = sum(mask.numel() for mask in masks.values())
    kept = sum(int(mask.sum()) for mask in masks.values())
    rows = sum(mask.shape[0] + 1 for mask in masks.values())
    multiply_adds = sum(mask.numel() * uses[name] for name, mask in masks.items())
    kept_multiply_adds = sum(int(mask.sum()) * uses[name] for name, mask in masks.items())
    measures = {
        "weights": float(total),
        "sparsity": 1 - kept / total,
        "kept_percent": 100 * kept / total,
        "compression": total / max(kept, 1),
        "compression_with_index": 4 * total / (8 * kept + 4 * rows),
        "multiply_add_ratio": multiply_adds / max(kept_multiply_adds, 1),
        "emptied_layers": float(len(emptied_layers(masks))),
    }
    if kept == total:
        measures["compression_with_index"] = 1.0
    return measures


def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> tuple[NDArray[np.bool_], float]:
    """Which answers are right, one for each target, and the mean loss; an answer that is no number is wrong."""
    right = []
    loss = 0.0
    with torch.no_grad(), evaluating(model):
        for part in portions(x):
            logits = model(x[part])
            right.append((logits.argmax(-1) == y[part]) & torch.isfinite(logits).all(-1))
            loss += float(loss_of(logits, y[part])) * len(logits) / len(x)
    return torch.cat(right).flatten().cpu().numpy(), loss


def quality_measures(model: nn.Module, examples: tuple[Tensor, Tensor]) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """Accuracy and error in percent, of text perplexity too where it is a number; and which answers are right."""
    correct, loss = evaluate(model, *examples)
    accuracy = 100 * float(correct.mean())
    measures = {"accuracy": accuracy, "error": 100 - accuracy}
    if examples[1].ndim > 1 and loss < LARGEST_LOSS:
        measures["perplexity"] = exp(loss)
    return measures, correct


def kernel_measures(model: nn.Module, x: Tensor) -> dict[str, float]:
    """Whether the sparse kernels give the same logits."""
    with torch.no_grad(), evaluating(model):
        logits = torch.cat([model(x[part]) for part in portions(x)])
    difference = relative_difference(logits.cpu().numpy(), sparse_logits(model, x.cpu().numpy()))
    return {"kernel_difference": difference, "kernel_agrees": float(difference <= TOLERANCE)}
