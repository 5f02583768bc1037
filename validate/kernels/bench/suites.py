"""The benchmarks by name, as ``secateur bench kernels --suite`` runs them; each gives rows of one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from validate.kernels.bench.convolutions import bench_convolutions
from validate.kernels.bench.products import SPARSITIES, bench_products, read_shapes
from validate.kernels.bench.weights import MASKS, UnknownMaskError
from validate.threads import limit_threads

_SPARSITIES = {"products": SPARSITIES, "vectors": SPARSITIES, "convolutions": SPARSITIES, "models": (0.9,)}
SUITES = tuple(_SPARSITIES)


class UnknownSuiteError(ValueError):
    """There is no such benchmark."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a benchmark is run with."""

    suite: str = "products"
    """products: seven layers with 49 to 3,136 columns; vectors: batch 1; convolutions: 3x3; models: whole networks."""
    mask: str = "random"
    sparsities: Sequence[float] = ()
    """Fractions of zeros; empty: those of the suite."""
    cold: bool = False
    """Go round copies of the weights that no cache holds; products and vectors."""
    threads: int = 1
    seconds: float = 0.1
    """For each contestant on each shape at each sparsity."""


def run_suite(setting: Setting, progress: Callable[[Any], object] | None = None) -> list[Any]:
    """The rows of a benchmark; ``progress`` is called with each when it is known.

    2:4 masks are half zero, whatever sparsities are set; models have random masks. Raises UnknownSuiteError and
    UnknownMaskError.
    """
    if setting.suite not in SUITES:
        raise UnknownSuiteError(f"unknown suite {setting.suite!r}: use one of {', '.join(SUITES)}")
    if setting.mask not in MASKS:
        raise UnknownMaskError(f"unknown mask {setting.mask!r}: use one of {', '.join(MASKS)}")
    sparsities = (0.5,) if setting.mask == "2:4" else setting.sparsities or _SPARSITIES[setting.suite]
    shared: dict[str, Any] = {"mask": setting.mask, "threads": setting.threads, "seconds": setting.seconds}
    with limit_threads(setting.threads):
        if setting.suite == "convolutions":
            return list(bench_convolutions(sparsities, progress=progress, **shared))
        if setting.suite == "models":
            from validate.kernels.bench.models import bench_models

            return list(bench_models(sparsities, seconds=setting.seconds, progress=progress))
        shapes = read_shapes("vectors" if setting.suite == "vectors" else "shapes")
        return list(bench_products(shapes, sparsities, cold=setting.cold, progress=progress, **shared))
