"""Reads the two file formats of the image sets: IDX (yann.lecun.com/exdb/mnist) and the binary version of CIFAR-10.

CIFAR-10's records are one byte of class and 3,072 bytes of pixels, red before green before blue
(cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

import struct
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 8
_CIFAR_RECORD = 1 + 3 * 32 * 32
_CIFAR_FOLDER = "cifar-10-batches-bin"
CIFAR_TRAIN = tuple(f"{_CIFAR_FOLDER}/data_batch_{number}.bin" for number in range(1, 6))
CIFAR_TEST = (f"{_CIFAR_FOLDER}/test_batch.bin",)


class FormatError(ValueError):
    """A file does not have the format that it should have."""


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """The array of an IDX file of unsigned bytes. Raises FormatError."""
    if len(content) < 4:
        raise FormatError("an IDX file begins with four bytes that say what it holds")
    zero, kind, dimensions = struct.unpack_from(">HBB", content)
    offset = 4 + 4 * dimensions
    if zero or kind != _UNSIGNED_BYTE or len(content) < offset:
        raise FormatError("this is no IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=offset)
    if values.size != np.prod(shape, dtype=np.int64):
        raise FormatError(f"an IDX file of shape {shape} can't have {values.size} values")
    return values.reshape(shape)


def write_idx(values: NDArray[np.uint8]) -> bytes:
    """An array of unsigned bytes as an IDX file."""
    head = struct.pack(f">HBB{values.ndim}I", 0, _UNSIGNED_BYTE, values.ndim, *values.shape)
    return head + np.ascontiguousarray(values).tobytes()


def read_cifar(archive: Path, members: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images [n, 3072] and classes [n] of the named members of the archive. Raises FormatError."""
    records = []
    try:
        with tarfile.open(archive, "r:gz") as files:
            for member in members:
                stream = files.extractfile(member)
                if stream is None:
                    raise FormatError(f"{archive}: {member} is no file")
                records.append(np.frombuffer(stream.read(), np.uint8))
    except (KeyError, tarfile.TarError, EOFError, OSError) as error:
        raise FormatError(f"{archive} is no archive of the binary CIFAR-10 ({error})") from error
    joined = np.concatenate(records)
    if joined.size % _CIFAR_RECORD:
        raise FormatError(f"{archive}: records of CIFAR-10 have {_CIFAR_RECORD} bytes")
    rows = joined.reshape(-1, _CIFAR_RECORD)
    return rows[:, 1:], rows[:, 0]
