"""What a criterion looks at: a network, or one step of it, with the examples that it is scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from validate.engine.models import Prunable

_NUMBERS_AT_ONCE = 1 << 20
"""Of the examples that go through a network together, so that its memory stays bounded."""
_TOKENS_AT_ONCE = 512
"""With a vocabulary of 50,000 their logits take 100 MB."""


class InapplicableError(ValueError):
    """A criterion can't score this network; the message says why and what to use instead."""


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of logits [..., classes] against classes [...]."""
    return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())


def portions(x: Tensor) -> Iterator[slice]:
    """Slices of the examples that go through a network one after the other; fewer of token ids, as each has logits."""
    at_once = _NUMBERS_AT_ONCE if x.is_floating_point() else _TOKENS_AT_ONCE
    size = max(1, at_once // max(1, x[:1].numel()))
    return (slice(begin, begin + size) for begin in range(0, len(x), size))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Within it the module normalises by what it has learned; afterwards it is as before."""
    was = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was)


def as_rows(layer: Prunable, given: Tensor) -> Tensor:
    """What a layer is given as [n, positions, inputs]: of a convolution the patches under its kernel."""
    if isinstance(layer, nn.Linear):
        return given.reshape(len(given), -1, given.shape[-1])
    assert not isinstance(layer.padding, str)
    return functional.unfold(given, layer.kernel_size, layer.dilation, layer.padding, layer.stride).transpose(1, 2)


def as_matrix(values: Tensor) -> Tensor:
    """A weight, or what has its shape, as [outputs, inputs]."""
    return values.flatten(1)


@dataclass(frozen=True, eq=False)
class Subject:
    """A network whose ``layers`` are scored.

    For criteria that look at layers one by one ``module`` may be a step of the network, with ``x`` what it is given.
    """

    module: nn.Module
    layers: Mapping[str, Prunable]
    masks: Mapping[str, Tensor]
    """Of these layers, true for weights that are not pruned yet."""
    x: Tensor
    y: Tensor
    """Targets of the whole network."""
    generator: torch.Generator

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights of the layers, as numbers."""
        return {name: layer.weight.detach() for name, layer in self.layers.items()}

    def require_examples(self) -> None:
        """Raises InapplicableError where there are none."""
        if not len(self.x):
            raise InapplicableError("this criterion looks at examples, and the data set has none")

    def _watch(self, see: Callable[[str, Tensor], None]) -> None:
        """Sends all examples through and shows what each layer is given, as [n, positions, inputs]."""

        def hook(name: str, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
            assert isinstance(layer, nn.Linear | nn.Conv2d)
            see(name, as_rows(layer, given[0]))

        self.require_examples()
        handles = [layer.register_forward_pre_hook(partial(hook, name)) for name, layer in self.layers.items()]
        try:
            with torch.no_grad(), evaluating(self.module):
                for part in portions(self.x):
                    self.module(self.x[part])
        finally:
            for handle in handles:
                handle.remove()

    @cached_property
    def input_norms(self) -> dict[str, Tensor]:
        """Root of the sum of squares of each input, over all examples and positions, by layer: float64[inputs]."""
        sums: dict[str, Tensor] = {}

        def add(name: str, rows: Tensor) -> None:
            total = rows.double().square().sum((0, 1))
            sums[name] = sums[name] + total if name in sums else total

        self._watch(add)
        return {name: total.sqrt() for name, total in sums.items()}

    @cached_property
    def input_grams(self) -> dict[str, Tensor]:
        """Mean over examples and positions of x xᵀ, by layer: float64[inputs, inputs]."""
        sums: dict[str, Tensor] = {}
        rows_seen: dict[str, int] = {}

        def add(name: str, rows: Tensor) -> None:
            flat = rows.double().flatten(0, 1)
            product = flat.T @ flat
            sums[name] = sums[name] + product if name in sums else product
            rows_seen[name] = rows_seen.get(name, 0) + len(flat)

        self._watch(add)
        return {name: total / rows_seen[name] for name, total in sums.items()}
