"""Whole pruned networks: ``accelerate`` beside torch as it is and compiled, on one thread, in one process.

The networks have random weights and random masks, because speed depends on neither: LeNet-300-100, VGG-16 for CIFAR
images, and one block of a transformer of 125 million parameters over sequences of 32 tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from validate.engine.models.decoder import Block, DecoderSize
from validate.kernels.accelerate import accelerate, report
from validate.kernels.bench.products import rounded
from validate.kernels.library import instruction_set, kernel_name
from validate.threads import one_thread

BATCHES = (1, 64)
_TOKENS = 32
_WIDTH = 768
_VGG_16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of the convolutions (arXiv 1409.1556, table 1, D); 0 is a pooling layer."""
_FEWEST_TURNS = 5


@dataclass(frozen=True, slots=True)
class ModelRow:
    """Seconds of CPU for one batch through a network: the fastest of the turns that all contestants took."""

    model: str
    batch: int
    sparsity: float
    runs: str
    """Ours: the C kernels' instruction set, or scipy."""
    sparse_layers: int
    """Layers of which the trial chose a sparse product."""
    layers: int
    """Layers that were tried."""
    relative_error: float
    """Largest difference from torch's outputs, over the largest of them."""
    accelerated: float
    eager: float
    compiled: float | None
    """torch.compile; None where it does not work here."""
    not_compiled_because: str | None
    """What torch said then; a C++ compiler that is missing, for instance."""
    against_eager: float
    against_compiled: float | None

    def in_short(self) -> dict[str, object]:
        """What a terminal has room for; ratios are seconds of the other over ours."""
        return {
            "model": self.model,
            "batch": self.batch,
            "sparsity": self.sparsity,
            "accelerated, ms": rounded(self.accelerated, 1e3),
            "eager": rounded(self.against_eager),
            "compiled": rounded(self.against_compiled),
            "sparse layers": f"{self.sparse_layers} of {self.layers}",
        }


def _lenet() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


def _vgg_16() -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for out in _VGG_16:
        if out:
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
            channels = out
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 10))


def _block() -> nn.Module:
    heads = _WIDTH // 64
    return Block(DecoderSize("opt", 1, _WIDTH, heads, heads, 4 * _WIDTH, vocabulary=1, positions=_TOKENS))


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "LeNet-300-100": (_lenet, (784,)),
    "VGG-16": (_vgg_16, (3, 32, 32)),
    "transformer block": (_block, (_TOKENS, _WIDTH)),
}


def _pruned(build: Callable[[], nn.Module], sparsity: float) -> nn.Module:
    torch.manual_seed(0)
    model = build().eval()
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.weight.mul_(torch.rand_like(module.weight) >= sparsity)
    return model


def _compiled(model: nn.Module, x: Tensor) -> Callable[[Tensor], Any] | str:
    """The model compiled for this input, or why that fails."""
    torch.compiler.reset()
    compiled: Callable[[Tensor], Any] = torch.compile(model)
    try:
        compiled(x)
    except Exception as error:  # torch raises many kinds, of its own and of the compiler's
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    return compiled


def _fastest(contestants: dict[str, Callable[[Tensor], Any]], x: Tensor, seconds: float) -> dict[str, float]:
    """Seconds of CPU of the fastest turn of each contestant, taking turns for about so many seconds each."""
    best = dict.fromkeys(contestants, float("inf"))
    deadline = time.process_time() + seconds * len(contestants)
    turns = 0
    while turns < _FEWEST_TURNS or time.process_time() < deadline:
        for name, run in contestants.items():
            began = time.process_time()
            run(x)
            best[name] = min(best[name], time.process_time() - began)
        turns += 1
    return best


def bench_models(
    sparsities: Sequence[float] = (0.9,),
    batches: Sequence[int] = BATCHES,
    *,
    seconds: float = 0.5,
    compiled: bool = True,
    progress: Callable[[ModelRow], object] | None = None,
) -> list[ModelRow]:
    """Times every network at every sparsity and batch; ``compiled=False`` leaves out torch.compile, which is slow."""
    rows = []
    with one_thread(), torch.no_grad():
        for name, (build, shape) in NETWORKS.items():
            for sparsity, batch in product(sparsities, batches):
                model = _pruned(build, sparsity)
                row = _row(name, model, torch.randn(batch, *shape), sparsity, seconds, compiled)
                rows.append(row)
                if progress is not None:
                    progress(row)
    return rows


def _row(name: str, model: nn.Module, x: Tensor, sparsity: float, seconds: float, compiled: bool) -> ModelRow:
    accelerated = accelerate(model, x)
    contestants: dict[str, Callable[[Tensor], Any]] = {"accelerated": accelerated, "eager": model}
    faster = _compiled(model, x) if compiled else "it was not asked for"
    if not isinstance(faster, str):
        contestants["compiled"] = faster
    expected, result = model(x), accelerated(x)
    times = _fastest(contestants, x, seconds)
    tried = report(accelerated)
    return ModelRow(
        model=name,
        batch=len(x),
        sparsity=sparsity,
        runs=instruction_set() if kernel_name() == "c" else kernel_name(),
        sparse_layers=sum(not layer.choice.is_dense for layer in tried),
        layers=len(tried),
        relative_error=float((result - expected).abs().max() / expected.abs().max()),
        accelerated=times["accelerated"],
        eager=times["eager"],
        compiled=times.get("compiled"),
        not_compiled_because=faster if isinstance(faster, str) else None,
        against_eager=times["eager"] / times["accelerated"],
        against_compiled=times["compiled"] / times["accelerated"] if "compiled" in times else None,
    )
