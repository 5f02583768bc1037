"""The networks that the engine has, as plain sizes, so that a plan can be checked without loading torch.

``LeNet-300-100`` is the fully connected network of LeCun et al. (1998) in the form of the pruning papers: two hidden
layers of 300 and 100 units; 266,200 weights on MNIST. Its input has as many features as the data has.
"""

from __future__ import annotations

from collections.abc import Mapping

HIDDEN_UNITS: Mapping[str, tuple[int, ...]] = {"LeNet-300-100": (300, 100)}
"""Units of the hidden layers of each fully connected network, from input to output."""


class UnknownModelError(LookupError):
    """A claim names a network that the engine does not have."""


def hidden_units(model: str) -> tuple[int, ...]:
    """Units of the hidden layers. Raises UnknownModelError."""
    if model not in HIDDEN_UNITS:
        raise UnknownModelError(f"the engine has no model {model!r} (it has: {', '.join(sorted(HIDDEN_UNITS))})")
    return HIDDEN_UNITS[model]


def layer_names(model: str) -> tuple[str, ...]:
    """Names of the prunable layers, from input to output: fc1, fc2, ... Raises UnknownModelError."""
    return tuple(f"fc{position}" for position in range(1, len(hidden_units(model)) + 2))
