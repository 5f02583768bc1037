"""What the engine calls a data set: all examples in memory, and a test set that is the same for every seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ShapeMismatchError(ValueError):
    """Examples do not have the shape that they are said to have."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as rows of features with their targets.

    Images are rows of float32 with one integer class each. Text is rows of int64 token ids, whose targets are the ids
    one place later.
    """

    name: str
    train_x: NDArray[Any]
    train_y: NDArray[np.int64]
    test_x: NDArray[Any]
    test_y: NDArray[np.int64]
    classes: int
    """Of the targets: kinds of images, or size of the vocabulary."""
    shape: tuple[int, ...] = ()
    """Channels, height and width of an image; empty for examples that are no images."""

    def __post_init__(self) -> None:
        if self.shape and prod(self.shape) != self.features:
            raise ShapeMismatchError(f"{self.name}: {self.features} features are no image of shape {self.shape}")

    @property
    def features(self) -> int:
        """Numbers an example has."""
        return int(self.train_x.shape[1])

    @property
    def tokens(self) -> bool:
        """Whether an example is text: each of its numbers has a target of its own."""
        return self.train_y.ndim == 2

    def standardised(self) -> Dataset:
        """The same images with mean 0 and deviation 1 in each channel, over all pixels of the training images."""
        if not self.shape or not len(self.train_x):
            return self
        channels = self.train_x.reshape(len(self.train_x), self.shape[0], -1)
        mean = channels.mean((0, 2), dtype=np.float64)[:, None]
        deviation = channels.std((0, 2), dtype=np.float64)[:, None]

        def scaled(x: NDArray[Any]) -> NDArray[np.float32]:
            rows = (x.reshape(len(x), self.shape[0], -1) - mean.astype(np.float32)) / deviation.astype(np.float32)
            return rows.reshape(x.shape)

        return replace(self, train_x=scaled(self.train_x), test_x=scaled(self.test_x))

    @cached_property
    def sha256(self) -> str:
        """Checksum of all arrays with their shapes."""
        digest = hashlib.sha256()
        for array in (self.train_x, self.train_y, self.test_x, self.test_y):
            digest.update(f"{array.shape}{array.dtype.str}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
