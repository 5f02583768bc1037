"""Which channels of a network belong together: who writes them, who normalises them, and who reads them.

A filter can be removed only with everything that is coupled to it: the normalisation of its output, the inputs of the
layers that read it, and in a residual network every other layer that adds to the same stream (arXiv 2301.12900 calls
this a group).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import nn

from validate.engine.models.residual import PaddedShortcut, ResidualBlock

_PLAIN = (
    nn.ReLU,
    nn.Sigmoid,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Unflatten,
    nn.Flatten,
    nn.Identity,
    nn.Dropout,
)
"""Modules that leave channels where they are."""


class UnknownWiringError(ValueError):
    """It is not known which channels of a network belong together."""


@dataclass(frozen=True)
class Wire:
    """The groups of channels that a module reads and writes; None for the network's own inputs and outputs."""

    reads: str | None
    writes: str | None
    width: int = 1
    """Numbers that the module reads for each channel: pixels, where a flattened image is read."""


@dataclass(frozen=True)
class Stream:
    """The group that flows from one step to the next, and its channels."""

    group: str | None
    channels: int


def _after_layer(
    name: str, layer: nn.Linear | nn.Conv2d, stream: Stream, wires: dict[str, Wire], writes: str | None = None
) -> Stream:
    inputs = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
    outputs = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    width = inputs // stream.channels if stream.group is not None else 1
    wires[name] = Wire(stream.group, writes or name, width)
    return Stream(writes or name, outputs)


def _through_block(name: str, block: ResidualBlock, stream: Stream, wires: dict[str, Wire]) -> Stream:
    inner = _after_layer(f"{name}.conv1", block.conv1, stream, wires)
    wires[f"{name}.norm1"] = Wire(inner.group, inner.group)
    # What is added to a shortcut joins the stream that the shortcut carries.
    joined = stream.group if isinstance(block.shortcut, nn.Identity) else None
    out = _after_layer(f"{name}.conv2", block.conv2, inner, wires, writes=joined)
    wires[f"{name}.norm2"] = Wire(out.group, out.group)
    if isinstance(block.shortcut, PaddedShortcut):
        wires[f"{name}.shortcut"] = Wire(stream.group, out.group)
    return out


def _through(name: str, module: nn.Module, stream: Stream, wires: dict[str, Wire]) -> Stream:
    if isinstance(module, nn.Sequential):
        for child_name, child in module.named_children():
            stream = _through(f"{name}.{child_name}" if name else child_name, child, stream, wires)
        return stream
    if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.groups == 1):
        return _after_layer(name, module, stream, wires)
    if isinstance(module, nn.BatchNorm2d):
        wires[name] = Wire(stream.group, stream.group)
        return stream
    if isinstance(module, ResidualBlock):
        return _through_block(name, module, stream, wires)
    if isinstance(module, _PLAIN):
        return stream
    raise UnknownWiringError(
        f"filters can't be removed here: the engine does not know how {name or 'the network'} "
        f"({type(module).__name__}) passes channels on"
    )


def wiring(model: nn.Module) -> dict[str, Wire]:
    """The wire of every module that has channels, by name. A group is called after the first layer that writes it.

    Raises UnknownWiringError for networks other than chains of layers and residual blocks.
    """
    wires: dict[str, Wire] = {}
    last = _through("", model, Stream(None, 1), wires).group
    return {name: replace(wire, writes=None) if wire.writes == last else wire for name, wire in wires.items()}


def writers(wires: Mapping[str, Wire], model: nn.Module) -> dict[str, list[str]]:
    """The layers that write each group, by group, in the order of the network."""
    groups: dict[str, list[str]] = {}
    for name, wire in wires.items():
        if wire.writes is not None and isinstance(model.get_submodule(name), nn.Linear | nn.Conv2d):
            groups.setdefault(wire.writes, []).append(name)
    return groups
