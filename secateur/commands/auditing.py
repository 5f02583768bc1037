"""audit: what a stored network really is, layer by layer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from secateur.commands.common import FormatOption, UsageError, utc_now
from secateur.output import Format, default_format, print_object, print_rows

if TYPE_CHECKING:
    from validate.audit.audit import Audit

CONVENTION = "multiply-adds counted once, of weights alone, for one example or token"


def audit(
    path: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A .safetensors or .pt file, an index of parts, or a folder.")
    ],
    network: Annotated[
        str | None, typer.Option("--network", help="What it is, such as VGG-16: for multiply-adds of convolutions.")
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", metavar="CxHxW", help="Its examples, such as 3x32x32; 1x28x28 without it.")
    ] = None,
    latency: Annotated[
        bool, typer.Option("--latency/--no-latency", help="Time one layer of each shape here, dense and sparse.")
    ] = True,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """The true sparsity of a checkpoint: patterns, parameters, multiply-adds, stored bytes, latency here."""
    from validate.audit.audit import audit_checkpoint

    found = audit_checkpoint(path, network=network, image=_shape(image), latency_at=utc_now() if latency else None)
    wanted = format or default_format(sys.stdout)
    if wanted is Format.JSON:
        print_object(_whole(found))
        return
    layers = list(_layers(found))
    if wanted is Format.TABLE and not any(layer["tied_to"] for layer in layers):
        layers = [{name: value for name, value in layer.items() if name != "tied_to"} for layer in layers]
    print_rows(layers, wanted, title=f"{path.name}: layers")
    if wanted is Format.TABLE:
        print_rows(_totals(found), wanted, title="the whole checkpoint")
        print_rows(_sizes(found), wanted, title="bytes of all weights, indices included")
        if latency:
            print_rows(_latency(found), wanted, title="latency here, one layer of each shape, one thread, hot caches")


def _shape(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    sizes = text.lower().split("x")
    if len(sizes) != 3 or not all(size.isdigit() and int(size) > 0 for size in sizes):
        raise UsageError(f"--image {text!r}: channels, height and width, such as 3x32x32")
    return tuple(int(size) for size in sizes)


def _layers(found: Audit) -> Iterator[dict[str, Any]]:
    for layer in found.layers:
        yield {
            "layer": layer.name,
            "shape": "x".join(map(str, layer.shape)),
            "weights": layer.zeros.weights,
            "zeros": layer.zeros.zeros,
            "sparsity": layer.zeros.sparsity,
            "patterns": list(layer.zeros.patterns),
            "zero_outputs": layer.zeros.zero_outputs,
            "zero_inputs": layer.zeros.zero_inputs,
            "not_finite": layer.not_finite,
            "multiply_adds": layer.multiply_adds,
            "kept_multiply_adds": layer.kept_multiply_adds,
            "tied_to": layer.tied_to,
        }


def _totals(found: Audit) -> list[dict[str, Any]]:
    counts = found.multiply_adds
    kept = found.weights - found.zeros
    unknown = "unknown: name the network (--network, --image) for its convolutions"
    rows: Mapping[str, Any] = {
        "weights of layers": f"{found.weights:,}",
        "of which not zero": f"{kept:,}",
        "sparsity of the layers": f"{100 * found.sparsity:.2f} %",
        "compression of the layers": f"{found.weights / kept:.2f}×" if kept else "nothing is left",
        "other parameters (biases, normalisation)": f"{found.other_parameters:,}",
        "patterns that every layer with zeros has": ", ".join(found.patterns) or "no zeros",
        CONVENTION: f"{counts[0]:,}" if counts else unknown,
        "of which not by a zero": f"{counts[1]:,}" if counts else unknown,
    }
    return [{"what": what, "value": value} for what, value in rows.items()]


def _sizes(found: Audit) -> list[dict[str, Any]]:
    sizes = found.stored_bytes()
    dense = sizes["dense"]
    assert dense is not None
    return [
        {"format": name, "bytes": size, "of dense": None if size is None else size / dense}
        for name, size in sizes.items()
    ]


def _latency(found: Audit) -> list[dict[str, Any]]:
    pairs = zip(found.timings[::2], found.timings[1::2], strict=True)
    return [
        {
            "layer": dense.layer,
            "sparsity": dense.sparsity,
            "batch": dense.batch,
            "dense_microseconds": 1e6 * dense.seconds,
            "sparse_microseconds": 1e6 * sparse.seconds,
            "dense / sparse": dense.seconds / sparse.seconds,
            "dense_by": dense.kernel,
            "sparse_by": sparse.kernel,
        }
        for dense, sparse in pairs
    ]


def _whole(found: Audit) -> dict[str, Any]:
    counts = found.multiply_adds
    return {
        "path": str(found.path),
        "weights": found.weights,
        "zeros": found.zeros,
        "sparsity": found.sparsity,
        "patterns": found.patterns,
        "other_parameters": found.other_parameters,
        "convention": CONVENTION,
        "multiply_adds": counts[0] if counts else None,
        "kept_multiply_adds": counts[1] if counts else None,
        "stored_bytes": found.stored_bytes(),
        "layers": list(_layers(found)),
        "latency": _latency(found),
    }
