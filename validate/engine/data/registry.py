"""Every data set that a claim can name, by name.

``digits`` are the 1,797 images of 8x8 pixels that come with scikit-learn (UCI Optical Recognition of Handwritten
Digits, its test part). ``xor`` are the four points of exclusive or, for training and testing alike. ``none`` and
``none-cifar`` have the shape of MNIST and of CIFAR-10 and no examples: for claims that are arithmetic on a network. The
sets of ``datasets.yaml`` are read from checked files; any other name is text that the user has added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from validate.engine.data.added import added, load_text
from validate.engine.data.dataset import Dataset
from validate.engine.data.files import DataSource, MissingAssetError, present, source_of, sources
from validate.engine.data.formats import CIFAR_TEST, CIFAR_TRAIN, FormatError, read_cifar, read_idx

TEST_EXAMPLES = 797
"""Of the 1,797 digits; one of them is 0.125 points of accuracy."""
_TEST_SPLIT_SEED = 1797


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = (images / 16.0).astype(np.float32)
    y = labels.astype(np.int64)
    order = np.random.default_rng(_TEST_SPLIT_SEED).permutation(len(y))
    test, train = order[:TEST_EXAMPLES], order[TEST_EXAMPLES:]
    return Dataset("digits", x[train], y[train], x[test], y[test], classes=10, shape=(1, 8, 8))


def _xor() -> Dataset:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    y = np.array([0, 1, 1, 0], dtype=np.int64)
    return Dataset("xor", x, y, x, y, classes=2)


def _empty(name: str, shape: tuple[int, int, int]) -> Dataset:
    x, y = np.empty((0, prod(shape)), dtype=np.float32), np.empty(0, dtype=np.int64)
    return Dataset(name, x, y, x, y, classes=10, shape=shape)


BUILT_IN: Mapping[str, Callable[[], Dataset]] = {
    "digits": _digits,
    "xor": _xor,
    "none": lambda: _empty("none", (1, 28, 28)),
    "none-cifar": lambda: _empty("none-cifar", (3, 32, 32)),
}
EMPTY = ("none", "none-cifar")
"""Data sets that are a shape and nothing else."""


def _scaled(images: NDArray[np.uint8], source: DataSource) -> NDArray[np.float32]:
    """Rows of float32 in 0..1, or of mean 0 and deviation 1 in each channel where the source gives them."""
    rows = images.reshape(len(images), source.shape[0], -1).astype(np.float32) / np.float32(255)
    if source.mean:
        rows -= np.array(source.mean, dtype=np.float32)[:, None]
        rows /= np.array(source.deviation, dtype=np.float32)[:, None]
    return rows.reshape(len(images), -1)


def _from_files(name: str, folder: Path | None) -> Dataset:
    source = source_of(name)
    paths = list(present(name, folder).values())
    if source.format == "idx":
        train, train_y, test, test_y = (read_idx(path.read_bytes()) for path in paths)
    else:
        (train, train_y), (test, test_y) = (read_cifar(paths[0], members) for members in (CIFAR_TRAIN, CIFAR_TEST))
    if len(train) != len(train_y) or len(test) != len(test_y):
        raise FormatError(f"{name}: there are not as many classes as images")
    return Dataset(
        name,
        _scaled(train, source),
        train_y.astype(np.int64),
        _scaled(test, source),
        test_y.astype(np.int64),
        source.classes,
        source.shape,
    )


def load_dataset(name: str, folder: Path | None = None, *, sequence_length: int | None = None) -> Dataset:
    """The data set of that name; ``folder`` holds the files of those that are not built in.

    ``sequence_length`` cuts text into examples. Raises MissingAssetError if the set is not on this machine,
    ChecksumError if it is not what it should be, FormatError if it can't be read.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    if name in sources():
        return _from_files(name, folder)
    if name not in added(folder):
        known = ", ".join(sorted((BUILT_IN.keys() | sources().keys()) - set(EMPTY)))
        raise MissingAssetError(
            f"the data set {name!r} is not on this machine (here or to get: {known}); text of your own is named by "
            f"`secateur data add {name} PATH`"
        )
    if sequence_length is None:
        raise MissingAssetError(f"{name!r} is text: the setting has to give its sequence_length")
    return load_text(name, folder, sequence_length)
