"""The dense products of this machine, which a sparse one has to beat."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray


def dense_products(weight: NDArray[np.float32], x: NDArray[np.float32]) -> dict[str, Callable[[], object]]:
    """The dense ways to compute W x here: numpy, and torch's matrix product and linear layer where it is installed.

    ``x`` is [K, N]; the linear layer gets it as [N, K], contiguous, as it is used to.
    """
    products: dict[str, Callable[[], object]] = {"numpy": lambda: weight @ x}
    if find_spec("torch") is not None:
        import torch

        torch_weight, torch_x = torch.from_numpy(weight), torch.from_numpy(x)
        torch_rows = torch_x.T.contiguous()
        products["torch"] = lambda: torch_weight @ torch_x
        products["torch_linear"] = lambda: torch.nn.functional.linear(torch_rows, torch_weight)
    return products
