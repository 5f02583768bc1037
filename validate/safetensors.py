"""Reads and writes tensors as safetensors, a format that holds numbers and no code (huggingface/safetensors, README).

A file is eight bytes with the length of a JSON header, the header (name to type, shape and place of each tensor), and
the tensors one behind the other, in row-major order and little-endian.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "F8_E4M3": "|u1",
    "F8_E5M2": "|u1",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}


class SafetensorsError(ValueError):
    """A file is not in the safetensors format; the message says where it breaks it."""


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The header and where the tensors begin."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            raise SafetensorsError(f"{path} is no safetensors file: its header would be {length} bytes long")
        try:
            header = json.loads(file.read(length))
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise SafetensorsError(f"{path} is no safetensors file: its header is no JSON") from error
    if not isinstance(header, dict):
        raise SafetensorsError(f"{path}: the header is a JSON object, not {type(header).__name__}")
    header.pop("__metadata__", None)
    return header, 8 + length


def _whole_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _place(path: Path, name: str, entry: object, room: int) -> tuple[str, tuple[int, ...], int]:
    """Type, shape and offset of one tensor, checked against the ``room`` that the file has for tensors."""
    if not isinstance(entry, dict) or not _whole_numbers(entry.get("shape")):
        raise SafetensorsError(f"{path}: {name}: a tensor has a shape of whole numbers")
    kind, shape, offsets = entry.get("dtype"), tuple(entry["shape"]), entry.get("data_offsets")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise SafetensorsError(f"{path}: {name}: the type {kind!r} is none of {', '.join(_TYPES)}")
    if not isinstance(offsets, list) or len(offsets) != 2 or not _whole_numbers(offsets):
        raise SafetensorsError(f"{path}: {name}: a tensor has two data_offsets")
    begin, end = offsets
    if end > room or end - begin != prod(shape) * np.dtype(_TYPES[kind]).itemsize:
        raise SafetensorsError(f"{path}: {name}: {kind} of shape {shape} does not lie at bytes {begin} to {end}")
    return kind, shape, begin


def _widened_16(values: NDArray[Any]) -> NDArray[np.float32]:
    """bfloat16 as float32: it is the upper half of its bits."""
    return (values.astype(np.uint32) << 16).view(np.float32)


def _floats_of_a_byte(mantissa: int) -> NDArray[np.float32]:
    """The value of each byte as a float of so many bits of mantissa: E5M2, or E4M3 without infinity.

    Micikevicius et al. 2022 (2209.05433), table 1.
    """
    code = np.arange(128)
    power, part = code >> mantissa, (code & ((1 << mantissa) - 1)) / (1 << mantissa)
    bias = (1 << (6 - mantissa)) - 1
    values = np.where(power == 0, np.ldexp(part, 1 - bias), np.ldexp(1 + part, power - bias))
    if mantissa == 2:
        values[power == 31] = np.nan
        values[31 << 2] = np.inf
    else:
        values[-1] = np.nan
    return np.concatenate([values, -values]).astype(np.float32)


_WIDENED: dict[str, Callable[[NDArray[Any]], NDArray[np.float32]]] = {
    "BF16": _widened_16,
    "F8_E4M3": lambda values: _floats_of_a_byte(3)[values],
    "F8_E5M2": lambda values: _floats_of_a_byte(2)[values],
}
"""What numpy has no type for, as float32."""


def loaders_of(path: Path) -> dict[str, Callable[[], NDArray[Any]]]:
    """What reads each tensor of a file, by name; bfloat16 and floats of 8 bits become float32.

    Tensors are read from the file when they are used, so a large file costs little until then. Raises SafetensorsError.
    """
    header, begin = _header(path)
    room = path.stat().st_size - begin
    loaders: dict[str, Callable[[], NDArray[Any]]] = {}
    for name, entry in header.items():
        kind, shape, offset = _place(path, name, entry, room)
        if 0 in shape:
            try:
                np.empty(shape, _TYPES[kind])
            except ValueError as error:
                raise SafetensorsError(f"{path}: {name}: no array has the shape {shape}") from error
        loaders[name] = partial(_tensor, path, kind, shape, begin + offset)
    return loaders


def _tensor(path: Path, kind: str, shape: tuple[int, ...], offset: int) -> NDArray[Any]:
    if prod(shape):
        values: NDArray[Any] = np.memmap(path, _TYPES[kind], mode="r", offset=offset, shape=shape)
    else:
        values = np.empty(shape, _TYPES[kind])
    return _WIDENED[kind](values) if kind in _WIDENED else values


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a file, by name, as ``loaders_of`` gives them. Raises SafetensorsError."""
    return {name: load() for name, load in loaders_of(path).items()}


def write_safetensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Writes tensors by name. Raises SafetensorsError for a type that the format does not have."""
    kinds = {np.dtype(code): kind for kind, code in _TYPES.items() if kind not in _WIDENED}
    header, offset = {}, 0
    for name, values in tensors.items():
        kind = kinds.get(values.dtype.newbyteorder("<"))
        if kind is None:
            raise SafetensorsError(f"{name}: safetensors has no type {values.dtype}")
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).tobytes())
