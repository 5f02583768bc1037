"""Which weights go together: each alone, N of M, blocks, or whole filters with all that is coupled to them.

A pattern turns scores of weights into scores of its *units*, chooses units, and turns the chosen units into masks of
weights. Scores of minus infinity belong to weights that are pruned already.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from validate.engine.distributions import highest
from validate.engine.models.residual import PaddedShortcut
from validate.engine.models.wiring import Wire, wiring, writers

_N_OF_M = re.compile(r"(\d+):(\d+)")
_BLOCK = re.compile(r"(\d+)x(\d+)")


class UnknownPatternError(ValueError):
    """There is no pattern of that name."""


class Pattern(ABC):
    """Base of all patterns; units have the names of their layers."""

    @abstractmethod
    def pool(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scores of units, by layer, for scores of weights."""

    @abstractmethod
    def expand(self, units: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
        """Masks of the weights of all layers in ``shapes``, for masks of units."""

    def select(self, units: Tensor, kept: int) -> Tensor:
        """A mask of the units of one layer that are kept."""
        return highest(units, kept)

    def select_columns(self, scores: Tensor, kept: int) -> Tensor:
        """A mask of some columns of a weight [outputs, columns] of which ``kept`` weights are kept."""
        units = self.pool({"": scores})[""]
        share = round(kept * units.numel() / scores.numel())
        return self.expand({"": self.select(units, share)}, {"": scores.shape})[""]

    @property
    def separable(self) -> bool:
        """Whether a layer's units do not concern other layers."""
        return True

    @property
    def movable(self) -> bool:
        """Whether a layer may have more units and another fewer."""
        return True

    def companions(self, units: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Masks of what else the removed units remove, by name of the parameter."""
        return {}

    def settle(self, units: Mapping[str, Tensor]) -> None:  # noqa: B027 - most patterns have nothing to do
        """Does to the network what masks of parameters can't."""


def _mean_of_finite(scores: Tensor) -> Tensor:
    """Mean over the last dimension of what is not minus infinity; minus infinity where nothing is left."""
    finite = scores > -torch.inf
    total = torch.where(finite, scores, 0).sum(-1)
    count = finite.sum(-1)
    return torch.where(count > 0, total / count.clamp(min=1), -torch.inf)


@dataclass(frozen=True)
class Unstructured(Pattern):
    """Each weight by itself; weights of a layer compete with all others of it, or with those of their own output."""

    compare: Literal["layer", "output"] = "layer"

    def pool(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The scores themselves."""
        return dict(scores)

    def expand(self, units: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
        """The masks themselves."""
        return dict(units)

    def select(self, units: Tensor, kept: int) -> Tensor:
        """The highest; within outputs, those with an uneven share are the first."""
        if self.compare == "layer":
            return highest(units, kept)
        rows = units.flatten(1)
        shares = torch.full((len(rows),), kept // len(rows), device=units.device)
        shares[: kept % len(rows)] += 1
        return _highest_of_rows(rows, shares).reshape(units.shape)


def _highest_of_rows(rows: Tensor, kept: Tensor) -> Tensor:
    """A mask of the ``kept[i]`` highest of row i; of equal scores the first."""
    order = rows.argsort(dim=1, descending=True, stable=True)
    places = torch.arange(rows.shape[1], device=rows.device) < kept[:, None]
    return torch.zeros_like(rows, dtype=torch.bool).scatter_(1, order, places)


@dataclass(frozen=True)
class NOfM(Pattern):
    """At most ``n`` of each ``m`` weights that lie side by side along the inputs (arXiv 2104.08378, section 2).

    On the way of a schedule more than n of m; a shorter group at the end of a row keeps n too.
    """

    n: int
    m: int

    @property
    def movable(self) -> bool:
        """Each layer has its n of m."""
        return False

    def pool(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Groups [groups, m]; what fills up the last group of a row is minus infinity."""
        pooled = {}
        for name, layer in scores.items():
            matrix = layer.flatten(1)
            missing = -matrix.shape[1] % self.m
            pooled[name] = functional.pad(matrix, (0, missing), value=-torch.inf).reshape(-1, self.m)
        return pooled

    def expand(self, units: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
        """Groups back in their rows."""
        masks = {}
        for name, chosen in units.items():
            shape = shapes[name]
            masks[name] = chosen.reshape(shape[0], -1)[:, : shape[1:].numel()].reshape(shape)
        return masks

    def select(self, units: Tensor, kept: int) -> Tensor:
        """The same number of each group, never less than n."""
        each = max(self.n, round(kept * self.m / units.numel()))
        return _highest_of_rows(units, torch.full((len(units),), each, device=units.device))


@dataclass(frozen=True)
class Blocks(Pattern):
    """Blocks of ``rows`` outputs and ``columns`` inputs; a block has the mean score of its weights."""

    rows: int
    columns: int

    def pool(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Blocks [outputs / rows, inputs / columns], rounded up."""
        pooled = {}
        for name, layer in scores.items():
            matrix = layer.flatten(1)
            padding = (0, -matrix.shape[1] % self.columns, 0, -matrix.shape[0] % self.rows)
            whole = functional.pad(matrix, padding, value=-torch.inf)
            cut = whole.unflatten(0, (-1, self.rows)).unflatten(2, (-1, self.columns))
            pooled[name] = _mean_of_finite(cut.transpose(1, 2).flatten(2))
        return pooled

    def expand(self, units: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
        """Each block's answer for all of its weights."""
        masks = {}
        for name, chosen in units.items():
            shape = shapes[name]
            whole = chosen.repeat_interleave(self.rows, 0).repeat_interleave(self.columns, 1)
            masks[name] = whole[: shape[0], : shape[1:].numel()].reshape(shape)
        return masks


def _units_of(units: Mapping[str, Tensor], group: str | None) -> Tensor | None:
    """The channels of a group that stay; None for what is no group, or keeps everything."""
    return None if group is None else units.get(group)


@dataclass(frozen=True, eq=False)
class Filters(Pattern):
    """Whole filters, or units of a fully connected layer, with everything that is coupled to them.

    A unit is a channel of a group (``models.wiring``): the rows of all layers that write it, their biases and
    normalisation, and the columns of all layers that read it. Its score is the mean over the layers that write it of
    the mean score of its row. Groups that write a layer in ``left_alone`` keep everything.
    """

    model: nn.Module
    left_alone: Sequence[str] = ()

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    @cached_property
    def _wires(self) -> dict[str, Wire]:
        return wiring(self.model)

    @cached_property
    def _writers(self) -> dict[str, list[str]]:
        groups = writers(self._wires, self.model)
        return {group: names for group, names in groups.items() if not set(names) & set(self.left_alone)}

    @property
    def separable(self) -> bool:
        """A removed filter takes columns of the next layer with it."""
        return False

    def pool(self, scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A score for each channel of each group."""
        return {
            group: torch.stack([_mean_of_finite(scores[name].flatten(1)) for name in names]).mean(0)
            for group, names in self._writers.items()
        }

    def expand(self, units: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
        """Rows and columns of the channels that stay."""
        masks = {}
        for name, shape in shapes.items():
            wire = self._wires[name]
            written, read = _units_of(units, wire.writes), _units_of(units, wire.reads)
            mask = torch.ones(shape, dtype=torch.bool, device=self._device)
            if written is not None:
                mask[~written] = False
            if read is not None:
                mask[:, ~read.repeat_interleave(wire.width)] = False
            masks[name] = mask
        return masks

    def companions(self, units: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Biases and normalisation of the removed channels."""
        masks: dict[str, Tensor] = {}
        for name, wire in self._wires.items():
            module, written = self.model.get_submodule(name), _units_of(units, wire.writes)
            if written is None or isinstance(module, PaddedShortcut):
                continue
            # Of a layer the weight has a mask already.
            normal = isinstance(module, nn.BatchNorm2d)
            masks |= {f"{name}.{part}": written for part, _ in module.named_parameters() if normal or part != "weight"}
        return masks

    def settle(self, units: Mapping[str, Tensor]) -> None:
        """Closes shortcuts into removed channels."""
        for name, wire in self._wires.items():
            module, written = self.model.get_submodule(name), _units_of(units, wire.writes)
            if isinstance(module, PaddedShortcut) and written is not None:
                module.open.copy_(written)


PATTERNS = ("unstructured", "N:M", "RxC", "filter")
"""Every pattern, as claims name it."""


def pattern_of(
    name: str, model: nn.Module, compare: Literal["layer", "output"] = "layer", left_alone: Sequence[str] = ()
) -> Pattern:
    """The pattern of that name for a network. Raises UnknownPatternError, and UnknownWiringError for filters."""
    if name == "unstructured":
        return Unstructured(compare)
    if name == "filter":
        wiring(model)
        return Filters(model, left_alone)
    if match := _N_OF_M.fullmatch(name):
        return NOfM(int(match[1]), int(match[2]))
    if match := _BLOCK.fullmatch(name):
        return Blocks(int(match[1]), int(match[2]))
    raise UnknownPatternError(
        f"there is no pattern {name!r}: unstructured, N:M such as 2:4, blocks such as 4x1, filter"
    )
