"""Data sets for the pruning engine: arrays in memory, a fixed test set, and a checksum that goes into the plan.

``digits`` are the 1,797 images of 8x8 pixels that come with scikit-learn (UCI Optical Recognition of Handwritten
Digits, its test part). ``none`` has a shape (that of MNIST) and no examples: for claims that are arithmetic on a
network. Any other set is an asset that is not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEST_EXAMPLES = 797
"""Of the 1,797 digits; one of them is 0.125 points of accuracy."""
_TEST_SPLIT_SEED = 1797


class MissingAssetError(LookupError):
    """A claim needs data that is not on this machine."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as rows of float32 features in 0..1 with integer classes; the test set is the same for every seed."""

    name: str
    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]
    classes: int

    @property
    def features(self) -> int:
        """Numbers an example has."""
        return int(self.train_x.shape[1])

    @property
    def sha256(self) -> str:
        """Checksum of all arrays with their shapes."""
        digest = hashlib.sha256()
        for array in (self.train_x, self.train_y, self.test_x, self.test_y):
            digest.update(f"{array.shape}{array.dtype.str}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = (images / 16.0).astype(np.float32)
    y = labels.astype(np.int64)
    order = np.random.default_rng(_TEST_SPLIT_SEED).permutation(len(y))
    test, train = order[:TEST_EXAMPLES], order[TEST_EXAMPLES:]
    return Dataset("digits", x[train], y[train], x[test], y[test], classes=10)


def _none() -> Dataset:
    x, y = np.empty((0, 784), dtype=np.float32), np.empty(0, dtype=np.int64)
    return Dataset("none", x, y, x, y, classes=10)


DATASETS: Mapping[str, Callable[[], Dataset]] = {"digits": _digits, "none": _none}


def load_dataset(name: str) -> Dataset:
    """The data set of that name. Raises MissingAssetError if it is not on this machine."""
    if name not in DATASETS:
        known = ", ".join(sorted(DATASETS.keys() - {"none"}))
        raise MissingAssetError(f"the data set {name!r} is not on this machine (here: {known})")
    return DATASETS[name]()
