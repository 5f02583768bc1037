"""Cuts removed filters out of a network for real: a smaller dense network that computes the same."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from validate.engine.models.layers import prunable_layers
from validate.engine.models.residual import PaddedShortcut
from validate.engine.models.wiring import Wire, wiring


class EmptiedLayerError(ValueError):
    """All filters of a group were removed, so no network is left."""


def _kept(group: str | None, kept: Mapping[str, Tensor], count: int) -> Tensor:
    """Indices of the channels that stay."""
    return torch.arange(count) if group is None or group not in kept else kept[group].nonzero().flatten().cpu()


def _cut(layer: nn.Linear | nn.Conv2d, rows: Tensor, columns: Tensor) -> None:
    layer.weight = nn.Parameter(layer.weight.detach()[rows][:, columns].clone())
    if layer.bias is not None:
        layer.bias = nn.Parameter(layer.bias.detach()[rows].clone())
    if isinstance(layer, nn.Linear):
        layer.out_features, layer.in_features = len(rows), len(columns)
    else:
        layer.out_channels, layer.in_channels = len(rows), len(columns)


def _cut_norm(norm: nn.BatchNorm2d, channels: Tensor) -> None:
    norm.weight = nn.Parameter(norm.weight.detach()[channels].clone())
    norm.bias = nn.Parameter(norm.bias.detach()[channels].clone())
    for buffer in (norm.running_mean, norm.running_var):
        assert buffer is not None
        buffer.data = buffer[channels].clone()
    norm.num_features = len(channels)


def _cut_shortcut(shortcut: PaddedShortcut, wire: Wire, kept: Mapping[str, Tensor], channels_in: int) -> None:
    rows = _kept(wire.writes, kept, len(shortcut.origin))
    columns = _kept(wire.reads, kept, channels_in)
    # The last entry answers to -1: what came from nowhere still does.
    place = torch.full((channels_in + 1,), -1, dtype=torch.int64)
    place[columns] = torch.arange(len(columns))
    shortcut.origin = place[shortcut.origin[rows]]
    shortcut.open = shortcut.open[rows]


def shrink(model: nn.Module, kept: Mapping[str, Tensor]) -> nn.Module:
    """A copy of the network without the channels whose entry in ``kept`` (group to bool[channels]) is false.

    It computes what the given network computes if the removed filters, their biases and their normalisation are zero.
    Raises EmptiedLayerError if a group keeps nothing, UnknownWiringError if the network can't be cut.
    """
    wires = wiring(model)
    for group, mask in kept.items():
        if not mask.any():
            raise EmptiedLayerError(f"{group} and what is coupled to it keep no filter: nothing would be left to run")
    small = copy.deepcopy(model)
    channels = {wires[name].writes: len(layer.weight) for name, layer in prunable_layers(model).items()}
    for name, wire in wires.items():
        module = small.get_submodule(name)
        if isinstance(module, nn.BatchNorm2d):
            _cut_norm(module, _kept(wire.writes, kept, module.num_features))
        elif isinstance(module, PaddedShortcut):
            _cut_shortcut(module, wire, kept, channels[wire.reads])
        elif isinstance(module, nn.Linear | nn.Conv2d):
            inputs = module.in_features if isinstance(module, nn.Linear) else module.in_channels
            columns = _kept(wire.reads, kept, inputs // wire.width)
            wide = (columns[:, None] * wire.width + torch.arange(wire.width)).flatten()
            _cut(module, _kept(wire.writes, kept, len(module.weight)), wide)
    return small
