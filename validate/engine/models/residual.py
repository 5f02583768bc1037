"""The residual networks of CIFAR (He et al. 2016, arXiv 1512.03385, section 4.2) as torch modules.

Where a stage halves the image and doubles the channels, the shortcut has no weights (option A): it takes every second
pixel, and new channels at both ends are zero.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

STAGE_CHANNELS = (16, 32, 64)


class PaddedShortcut(nn.Module):
    """A shortcut between streams of different width: output channel i is input channel ``origin[i]``; zero for -1."""

    origin: Tensor
    open: Tensor
    """Output channels that the shortcut may fill; a removed channel gets nothing from it."""

    def __init__(self, origin: Sequence[int], stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("origin", torch.tensor(list(origin), dtype=torch.int64))
        self.register_buffer("open", torch.ones(len(origin), dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        """Images [n, channels, height, width] to [n, len(origin), height / stride, width / stride]."""
        x = x[:, :, :: self.stride, :: self.stride]
        filled = (self.origin >= 0) & self.open
        out = x.new_zeros(x.shape[0], len(self.origin), *x.shape[2:])
        out[:, filled] = x[:, self.origin[filled]]
        return out


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation, added to a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if channels != channels_in:
            first = (channels - channels_in) // 2
            origin = [index - first if 0 <= index - first < channels_in else -1 for index in range(channels)]
            self.shortcut = PaddedShortcut(origin, stride)

    def forward(self, x: Tensor) -> Tensor:
        """ReLU of both branches' sum."""
        inner = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


def residual_network(shape: tuple[int, ...], blocks: int, classes: int) -> nn.Sequential:
    """A network with three stages of ``blocks`` blocks, for rows that are images of ``shape``; weights not set yet."""
    modules: OrderedDict[str, nn.Module] = OrderedDict(
        image=nn.Unflatten(1, shape),
        conv1=nn.Conv2d(shape[0], STAGE_CHANNELS[0], 3, padding=1, bias=False),
        norm1=nn.BatchNorm2d(STAGE_CHANNELS[0]),
        relu1=nn.ReLU(),
    )
    channels_in = STAGE_CHANNELS[0]
    for number, channels in enumerate(STAGE_CHANNELS, 1):
        stage: OrderedDict[str, nn.Module] = OrderedDict()
        for block in range(1, blocks + 1):
            stage[f"block{block}"] = ResidualBlock(channels_in, channels, stride=1 if channels == channels_in else 2)
            channels_in = channels
        modules[f"stage{number}"] = nn.Sequential(stage)
    modules["pool"] = nn.AdaptiveAvgPool2d(1)
    modules["flatten"] = nn.Flatten()
    modules["fc1"] = nn.Linear(channels_in, classes)
    return nn.Sequential(modules)
