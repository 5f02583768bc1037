"""Sparse convolutions beside torch's (oneDNN) on layers of common networks, measured as ``products`` measures."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from validate.kernels.bench.contestants import contestants, measure
from validate.kernels.bench.convolution_peers import CONVOLUTIONS
from validate.kernels.bench.products import SPARSITIES, rounded
from validate.kernels.bench.worker import ConvolutionJob

_DENSE = ("conv2d", "conv2d_channels_last")


@dataclass(frozen=True, slots=True)
class ConvolutionRow:
    """Seconds of each contestant on one layer at one sparsity; None for what is not installed.

    Rows with the layer ``geometric mean`` have no sizes, and the ratio alone.
    """

    layer: str
    images: int | None
    channels: int | None
    out: int | None
    size: int | None
    kernel: int | None
    stride: int | None
    sparsity: float
    mask: str
    threads: int
    runs: str
    """Ours: the C kernels' instruction set, or scipy."""
    format: str
    """What the plan chose among the sparse formats."""
    against_dense: float | None
    """Seconds of torch's faster convolution in float32 over ours."""
    ours: float | None = None
    conv2d: float | None = None
    conv2d_channels_last: float | None = None
    conv2d_bf16: float | None = None

    def in_short(self) -> dict[str, object]:
        """What a terminal has room for; the ratio is seconds of the other over ours."""
        sizes = (self.images, self.channels, self.out, self.size)
        return {
            "layer": self.layer,
            "images x in x out x size": " x ".join(map(str, sizes)) if self.images is not None else "",
            "sparsity": self.sparsity,
            "ours, µs": rounded(self.ours, 1e6),
            "oneDNN": rounded(self.against_dense),
            "format": self.format,
        }


def _layers() -> list[dict[str, str]]:
    with Path(__file__).with_name("convolutions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _mean(rows: Sequence[ConvolutionRow]) -> ConvolutionRow:
    ratios = [row.against_dense for row in rows if row.against_dense is not None]
    kept = {"layer", "sparsity", "mask", "threads", "runs", "format", "against_dense"}
    sizes: dict[str, Any] = {field.name: None for field in fields(ConvolutionRow) if field.name not in kept}
    mean = statistics.geometric_mean(ratios) if ratios else None
    return replace(rows[0], layer="geometric mean", format="", against_dense=mean, **sizes)


def bench_convolutions(
    sparsities: Sequence[float] = SPARSITIES,
    *,
    mask: str = "random",
    threads: int = 1,
    seconds: float = 0.1,
    progress: Callable[[ConvolutionRow], object] | None = None,
    seed: int = 0,
) -> list[ConvolutionRow]:
    """Times our convolution and torch's on every layer at every sparsity, then adds the geometric means.

    The arguments are those of ``products.bench_products``.
    """
    rows = []
    with contestants(tuple(CONVOLUTIONS), threads) as workers:
        for layer in _layers():
            name = layer.pop("layer")
            sizes = {key: int(value) for key, value in layer.items()}
            for sparsity in sparsities:
                job = ConvolutionJob(**sizes, sparsity=sparsity, mask=mask, seed=seed)
                times, ours = measure(workers, {"convolve": asdict(job)}, seconds)
                dense = min((times[peer] for peer in _DENSE if peer in times), default=None)
                measured: dict[str, Any] = {**sizes, **times}
                row = ConvolutionRow(
                    layer=name,
                    sparsity=sparsity,
                    mask=mask,
                    threads=threads,
                    runs=ours["isa"] or ours["kernel"],
                    format=ours["format"],
                    against_dense=None if dense is None else dense / times["ours"],
                    **measured,
                )
                rows.append(row)
                if progress is not None:
                    progress(row)
    return [*rows, *(_mean([row for row in rows if row.sparsity == sparsity]) for sparsity in sparsities)]
