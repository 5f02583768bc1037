"""The contestants for convolutions: our kernels and torch's (oneDNN), in both orders of channels and in bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.kernels.bench.peers import imported

Images = NDArray[np.float32]


def _ours(weight: Images, x: Images, stride: int, threads: int) -> Callable[[], Any]:
    from validate.kernels.convolution import Window
    from validate.kernels.convolution_plan import plan_convolution

    border = (weight.shape[2] // 2, weight.shape[3] // 2)
    window = Window((weight.shape[2], weight.shape[3]), (stride, stride), border, border)
    made = plan_convolution(weight, (x.shape[0], x.shape[2], x.shape[3]), window, threads=threads, dense=False)
    return partial(made.multiply, x)


def _torch(kind: str, channels_last: bool, weight: Images, x: Images, stride: int, threads: int) -> Callable[[], Any]:
    torch = imported("torch")
    torch.set_num_threads(threads)
    order = torch.channels_last if channels_last else torch.contiguous_format
    given = [torch.from_numpy(array).to(getattr(torch, kind)).to(memory_format=order) for array in (x, weight)]
    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    return partial(torch.nn.functional.conv2d, *given, stride=stride, padding=padding)


CONVOLUTIONS: Mapping[str, Callable[[Images, Images, int, int], Callable[[], Any]]] = {
    "ours": _ours,
    "conv2d": partial(_torch, "float32", False),
    "conv2d_channels_last": partial(_torch, "float32", True),
    "conv2d_bf16": partial(_torch, "bfloat16", True),
}
