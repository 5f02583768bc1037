"""What the engine asks of any network: its prunable layers, and the steps that it takes one behind the other."""

from __future__ import annotations

from torch import nn

Prunable = nn.Linear | nn.Conv2d


def prunable_layers(model: nn.Module) -> dict[str, Prunable]:
    """The layers whose weights may be pruned, by name, from input to output.

    These are the fully connected and convolutional layers without groups. Biases, normalisation, embeddings and the
    output layer of a language model are never pruned.
    """
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1)
    }


def chain(model: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    """The steps of a network, by name, each of which takes what the one before it gives.

    Sequences within sequences are opened; any other module is one step.
    """
    if not isinstance(model, nn.Sequential):
        return [(prefix, model)]
    return [
        step for name, child in model.named_children() for step in chain(child, f"{prefix}.{name}" if prefix else name)
    ]
