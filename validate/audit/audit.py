"""Puts the audit of a checkpoint together: zeros and patterns of each layer, parameters, multiply-adds, bytes, latency.

Multiply-adds are counted once each (a multiplication with its addition is one), for one example, of weights alone: no
biases, no normalisation, no attention between tokens. A fully connected layer uses each weight once for an example, or
for a token; how often a convolution does depends on its images, so that the network has to be named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.validation import TimingRow
from validate.audit.checkpoint import CheckpointError, is_weight, read_weights
from validate.audit.patterns import Zeros, find_zeros
from validate.audit.sizes import FORMATS, stored_bytes
from validate.kernels.sparse import SparseMatrix
from validate.timing import time_layers

EMBEDDING = re.compile(r"(?:^|[._])(?:emb\w*|\w*embeddings?|tok_embeddings|wte|wpe)(?:\.weight)?$")
"""Names of tables that an input is looked up in, without a multiplication."""


class OtherNetworkError(ValueError):
    """The checkpoint's layers are not those of the network that was named."""


@dataclass(frozen=True, slots=True)
class LayerAudit:
    """One weight of two dimensions or more, [outputs, inputs, ...]."""

    name: str
    shape: tuple[int, ...]
    zeros: Zeros
    stored: Mapping[str, int | None]
    """Bytes by format; None where the weight has not the format's pattern."""
    not_finite: int
    """Weights that are NaN or infinite."""
    uses: int | None
    """How often an example multiplies by each weight: never in an embedding; None if unknown, as of convolutions."""
    tied_to: str = ""
    """The layer before it with the same values, which are stored and counted once."""

    @property
    def multiply_adds(self) -> int | None:
        """Of one example, all weights; None if unknown."""
        return None if self.uses is None else self.zeros.weights * self.uses

    @property
    def kept_multiply_adds(self) -> int | None:
        """Of one example, without the zeros; None if unknown."""
        return None if self.uses is None else (self.zeros.weights - self.zeros.zeros) * self.uses


@dataclass(frozen=True, slots=True)
class Audit:
    """What a checkpoint holds."""

    path: Path
    layers: tuple[LayerAudit, ...]
    other_parameters: int
    """Of biases, normalisation and what else has less than two dimensions, or is no real number."""
    timings: tuple[TimingRow, ...] = ()

    @property
    def weights(self) -> int:
        """Of all layers."""
        return sum(layer.zeros.weights for layer in self.layers if not layer.tied_to)

    @property
    def zeros(self) -> int:
        """Of all layers."""
        return sum(layer.zeros.zeros for layer in self.layers if not layer.tied_to)

    @property
    def sparsity(self) -> float:
        """Fraction of the layers' weights that is zero."""
        return self.zeros / self.weights

    @property
    def patterns(self) -> tuple[str, ...]:
        """What holds for every layer that has zeros."""
        found = [layer.zeros.patterns for layer in self.layers if layer.zeros.zeros]
        shared = tuple(name for name in found[0] if all(name in other for other in found)) if found else ()
        return shared or (("unstructured",) if found else ())

    @property
    def multiply_adds(self) -> tuple[int, int] | None:
        """Of one example: all, and those of weights that are not zero; None if a layer's are unknown."""
        counts = [(layer.multiply_adds, layer.kept_multiply_adds) for layer in self.layers]
        known = [(every, kept) for every, kept in counts if every is not None and kept is not None]
        if len(known) < len(counts):
            return None
        return sum(every for every, _ in known), sum(kept for _, kept in known)

    def stored_bytes(self) -> dict[str, int | None]:
        """Bytes of all layers by format; None if a layer with zeros has not its pattern."""
        total: dict[str, int | None] = {}
        for name in FORMATS:
            parts = [_in_format(layer, name) for layer in self.layers if not layer.tied_to]
            total[name] = None if None in parts else sum(part for part in parts if part is not None)
        return total


def _in_format(layer: LayerAudit, name: str) -> int | None:
    """Bytes of a layer; one without zeros stays dense whatever the others do."""
    if layer.zeros.zeros == 0 and name != "dense, half precision":
        return layer.stored["dense"]
    return layer.stored[name]


def audit_checkpoint(
    path: Path, *, network: str | None = None, image: tuple[int, ...] | None = None, latency_at: datetime | None = None
) -> Audit:
    """Audit a checkpoint file, or a folder of safetensors.

    ``network`` and ``image`` (channels, height, width) name what the engine knows, for the multiply-adds of
    convolutions; ``latency_at`` asks for timings and is the time they are stored with.

    Raises CheckpointError for what is no checkpoint or holds code, OtherNetworkError if its layers are not those of
    ``network``, UnknownModelError for a network the engine does not have, OSError if there is no such file.
    """
    layers: list[LayerAudit] = []
    first_with: dict[tuple[tuple[int, ...], bytes], str] = {}
    others = 0
    examples: dict[tuple[int, int], _Timed] = {}
    for name, values in read_weights(path):
        if not is_weight(values):
            others += int(values.size)
            continue
        layer = _layer(name, values)
        if (values != values.flat[0]).any():  # constants are alike by chance
            same = first_with.setdefault((layer.shape, _digest(values)), layer.name)
            layer = replace(layer, tied_to="" if same == layer.name else same)
        layers.append(layer)
        if latency_at is not None:
            _keep_example(examples, layer, values)
    if not layers:
        raise CheckpointError(f"{path} holds no weight of two dimensions")
    if network is not None:
        layers = _with_uses(layers, network, image)
    timings = () if latency_at is None else tuple(time_layers(list(examples.values()), latency_at))
    return Audit(path, tuple(layers), others, timings)


def _layer(name: str, values: NDArray[Any]) -> LayerAudit:
    zeros = find_zeros(values)
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    return LayerAudit(
        name.removesuffix(".weight"),
        values.shape,
        zeros,
        stored_bytes(values.shape, zeros),
        bad,
        _uses(name, values.ndim),
    )


def _uses(name: str, dimensions: int) -> int | None:
    if EMBEDDING.search(name):
        return 0
    return 1 if dimensions == 2 else None


def _digest(values: NDArray[Any]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(values).data.cast("B"), digest_size=16).digest()


def _with_uses(layers: Sequence[LayerAudit], network: str, image: tuple[int, ...] | None) -> list[LayerAudit]:
    """The layers with how often the named network uses them; they are matched in their order, by their shapes."""
    from validate.engine.inspection import layer_uses

    known = layer_uses(network, image, classes=layers[-1].shape[0])
    ours = [layer.shape for layer in layers]
    theirs = [shape for shape, _ in known]
    if ours != theirs:
        first = next(
            (place for place, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other), None
        )
        where = (
            f"{len(ours)} weights, not {len(theirs)}"
            if first is None
            else f"{layers[first].name} has shape {ours[first]}, not {theirs[first]}"
        )
        raise OtherNetworkError(f"the checkpoint is no {network}: {where}")
    return [replace(layer, uses=uses) for layer, (_, uses) in zip(layers, known, strict=True)]


@dataclass(frozen=True, slots=True)
class _Timed:
    """A layer for the timing stage."""

    name: str
    weight: SparseMatrix


def _keep_example(examples: dict[tuple[int, int], _Timed], layer: LayerAudit, values: NDArray[Any]) -> None:
    """Of the layers of one shape the sparsest is timed: a network repeats its shapes many times."""
    shape = (layer.shape[0], layer.zeros.weights // layer.shape[0])
    before = examples[shape].weight.sparsity if shape in examples else 0.0
    if layer.zeros.sparsity > before:
        dense = np.ascontiguousarray(values.reshape(shape), dtype=np.float32)
        examples[shape] = _Timed(layer.name, SparseMatrix.from_dense(dense))
