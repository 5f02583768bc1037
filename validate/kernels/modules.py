"""torch modules that run pruned layers through the sparse kernels; ``accelerate`` puts them into a model.

They are for inference: nothing is differentiated through them, and weights are copied when they are made. The plan of a
layer is found when it first sees an input of some size. Where dense is faster there, torch's own operation runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from validate.kernels.choice import TRIAL_SECONDS
from validate.kernels.convolution import Window
from validate.kernels.convolution_plan import ConvolutionPlan, convolve_with_torch, plan_convolution
from validate.kernels.plan import Plan, plan
from validate.kernels.sparse import ShapeError, SparseMatrix

MOST_PLANS = 8
"""Sizes of input that a layer makes a plan for; the last one made then serves further batch sizes of a linear layer."""


_Run = Callable[[Tensor, tuple[int, ...]], Tensor]
"""From contiguous rows and the shape of the result to the result."""


class UnsupportedLayerError(ValueError):
    """A layer has a setting that the sparse kernels do not compute."""


class UnsupportedInputError(TypeError):
    """An input is not what the sparse kernels compute with."""


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().numpy()
    return array


def _check_input(x: Tensor) -> None:
    if x.dtype is not torch.float32 or not x.is_cpu:
        raise UnsupportedInputError(f"the sparse kernels take float32 on the CPU, not {x.dtype} on {x.device}")


def _copied(tensor: Tensor | None) -> NDArray[np.float32] | None:
    return None if tensor is None else tensor.detach().cpu().float().numpy().copy()


class SparseLinear(nn.Module):
    """A linear layer with a sparse weight: y = x W^T + b for x[..., features]."""

    def __init__(self, layer: nn.Linear, *, threads: int = 1, seconds: float = TRIAL_SECONDS) -> None:
        """The weights of ``layer`` that are not zero; ``threads`` and ``seconds`` as in ``plan``."""
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self._features = (layer.in_features,)
        self.matrix = SparseMatrix.from_dense(layer.weight.detach().cpu().float().numpy())
        self._bias = _copied(layer.bias)
        self._threads, self._seconds = threads, seconds
        self.plans: dict[int, Plan] = {}
        self._runs: dict[int, _Run] = {}
        self._dense: Tensor | None = None

    @property
    def weight(self) -> Tensor:
        """The weight with its zeros [out features, in features], made when a model first reads it."""
        if self._dense is None:
            self._dense = torch.from_numpy(self.matrix.to_dense())
        return self._dense

    @property
    def bias(self) -> Tensor | None:
        """The bias, as the kernels add it."""
        return None if self._bias is None else torch.from_numpy(self._bias)

    @property
    def sparsity(self) -> float:
        """Fraction of weights that are zero."""
        return self.matrix.sparsity

    @property
    def is_dense(self) -> bool:
        """Whether dense was faster for every size of input that the layer has met, and it has met one."""
        return bool(self.plans) and all(made.choice.is_dense for made in self.plans.values())

    def _plan(self, n: int) -> Plan:
        if n not in self.plans and len(self.plans) < MOST_PLANS:
            self.plans[n] = plan(
                self.matrix,
                n,
                threads=self._threads,
                bias=self._bias,
                seconds=self._seconds,
                dense=("torch_linear",),
                transposed=True,
            )
        return self.plans[n] if n in self.plans else next(reversed(self.plans.values()))

    def forward(self, x: Tensor) -> Tensor:
        """y[..., out features].

        Raises UnsupportedInputError for anything but float32 on the CPU, and ShapeError for another number of features.
        """
        if x.is_nested:
            return self._of_nested(x)
        _check_input(x)
        shape = x.shape[:-1]
        if x.shape[-1:] != self._features:
            raise ShapeError(f"the layer takes {self.in_features} features, and x has shape {tuple(x.shape)}")
        n = shape[0] if len(shape) == 1 else math.prod(shape)
        run = self._runs.get(n) or self._prepared(n)
        return run(x.detach().contiguous(), (*shape, self.out_features))

    def _of_nested(self, x: Tensor) -> Tensor:
        """Sequences of several lengths, into which torch's encoder packs a batch with a padding mask."""
        sequences = x.unbind()
        y = self(torch.cat(sequences))
        return torch.nested.as_nested_tensor(list(y.split([len(sequence) for sequence in sequences])))

    def _prepared(self, n: int) -> _Run:
        """What runs inputs of n rows; kept for the sizes that were planned for."""
        made = self._plan(max(n, 1))
        run = self._dense_run(made, n) if made.choice.is_dense else self._sparse_run(made, n)
        if n in self.plans:
            self._runs[n] = run
        return run

    def _sparse_run(self, made: Plan, n: int) -> _Run:
        by_address = made.for_rows(n)

        def run(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
            y = torch.empty(shape)
            if by_address is None:
                made.multiply_sparse(_array(rows).reshape(n, rows.shape[-1]).T, _array(y).reshape(n, shape[-1]).T)
            else:
                by_address(rows.data_ptr(), y.data_ptr())
            return y

        return run

    def _dense_run(self, made: Plan, n: int) -> _Run:
        """torch's linear layer; from the stored weights alone where a pruned one may have met NaN or infinity."""
        weight, bias = torch.from_numpy(made.dense_weight), self.bias
        sparse = self._sparse_run(made, n)

        def run(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
            y = functional.linear(rows, weight, bias)
            return y if math.isfinite(y.sum().item()) else sparse(rows, shape)

        return run

    def __getstate__(self) -> dict[str, Any]:
        """Without what runs, whose addresses mean nothing in a copy or in another process."""
        return {**super().__getstate__(), "_runs": {}, "_dense": None}

    def extra_repr(self) -> str:
        """What ``print(model)`` says of the layer."""
        return f"{self.in_features}, {self.out_features}, sparsity={self.matrix.sparsity:.4f}, threads={self._threads}"


class SparseConv2d(nn.Module):
    """A convolution with a sparse kernel, for images[number, channels, height, width] or one without its number."""

    def __init__(self, layer: nn.Conv2d, *, threads: int = 1, seconds: float = TRIAL_SECONDS) -> None:
        """As for SparseLinear. Raises UnsupportedLayerError for groups, or a border not of zeros."""
        super().__init__()
        if layer.groups != 1 or layer.padding_mode != "zeros":
            raise UnsupportedLayerError(
                f"sparse convolutions have one group and a border of zeros, not {layer.groups} and "
                f"{layer.padding_mode!r}: keep this layer dense"
            )
        self.in_channels, self.out_channels = layer.in_channels, layer.out_channels
        self.kernel_size, self.stride, self.padding = layer.kernel_size, layer.stride, layer.padding
        self.dilation, self.groups = layer.dilation, layer.groups
        self.window = window_of(layer)
        self._weight = layer.weight.detach().cpu().float().clone(memory_format=torch.contiguous_format)
        self._bias = _copied(layer.bias)
        self._threads, self._seconds = threads, seconds
        self.plans: dict[tuple[int, int, int], ConvolutionPlan] = {}

    @property
    def weight(self) -> Tensor:
        """As for SparseLinear, [out channels, in channels, height, width]."""
        return self._weight

    @property
    def bias(self) -> Tensor | None:
        """As for SparseLinear."""
        return None if self._bias is None else torch.from_numpy(self._bias)

    @property
    def sparsity(self) -> float:
        """Fraction of weights that are zero."""
        return 1.0 - float(torch.count_nonzero(self._weight)) / max(self._weight.numel(), 1)

    @property
    def is_dense(self) -> bool:
        """As for SparseLinear."""
        return bool(self.plans) and all(made.choice.is_dense for made in self.plans.values())

    def _plan(self, images: tuple[int, int, int]) -> ConvolutionPlan:
        if images not in self.plans:
            if len(self.plans) >= MOST_PLANS:
                self.plans.pop(next(iter(self.plans)))
            self.plans[images] = plan_convolution(
                _array(self._weight),
                images,
                self.window,
                threads=self._threads,
                bias=self._bias,
                seconds=self._seconds,
            )
        return self.plans[images]

    def forward(self, x: Tensor) -> Tensor:
        """The convolved images.

        Raises UnsupportedInputError for anything but float32 on the CPU, and ShapeError for what are no images of so
        many channels, or images smaller than the kernel.
        """
        _check_input(x)
        if x.ndim not in (3, 4) or x.shape[-3] != self.in_channels:
            raise ShapeError(f"the layer takes images of {self.in_channels} channels, and x has shape {tuple(x.shape)}")
        batch = x.detach() if x.ndim == 4 else x.detach().unsqueeze(0)
        made = self._plan((batch.shape[0], batch.shape[2], batch.shape[3]))
        y = self._convolve(made, batch)
        return y if x.ndim == 4 else y.squeeze(0)

    def _convolve(self, made: ConvolutionPlan, batch: Tensor) -> Tensor:
        if made.choice.is_dense:
            y = convolve_with_torch(batch, self._weight, self.bias, self.window)
            if math.isfinite(y.sum().item()):
                return y
        y = torch.empty((batch.shape[0], self.out_channels, *made.geometry.output))
        made.multiply(_array(batch), _array(y))
        return y

    def extra_repr(self) -> str:
        """What ``print(model)`` says of the layer."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.window.kernel}, stride={self.window.stride}, "
            f"sparsity={self.sparsity:.4f}, threads={self._threads}"
        )


def window_of(layer: nn.Conv2d) -> Window:
    """How a torch convolution moves over an image; ``same`` puts the odd zero below and right, as torch does."""
    kernel, stride, dilation = (_pair(value) for value in (layer.kernel_size, layer.stride, layer.dilation))
    if layer.padding == "same":
        total = [step * (taps - 1) for step, taps in zip(dilation, kernel, strict=True)]
        before = (total[0] // 2, total[1] // 2)
        return Window(kernel, stride, before, (total[0] - before[0], total[1] - before[1]), dilation)
    border = (0, 0) if layer.padding == "valid" else _pair(layer.padding)
    return Window(kernel, stride, border, border, dilation)


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)
