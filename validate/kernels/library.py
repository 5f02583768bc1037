"""The compiled kernels, loaded with ctypes: whether they were built, which instruction set runs, and the C structures.

The structures mirror ``spmm.h``. ctypes lets go of Python's lock during a call, so that other Python
threads go on. Where the optional extension was not built, or ``SECATEUR_KERNEL=scipy`` is set, scipy's CSR takes its
place, which is several times slower; every report names the kernel.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

KERNELS = ("c", "scipy")
_Nothing = ctypes.c_char * 0
_SIZE, _INT, _POINTER = ctypes.c_int64, ctypes.c_int32, ctypes.c_void_p


class KernelUnavailableError(RuntimeError):
    """A kernel was asked for that does not exist or was not built here."""


class Weights(ctypes.Structure):
    """``struct weights`` of spmm.h."""

    _fields_ = (
        ("M", _SIZE),
        ("K", _SIZE),
        ("stripes", _SIZE),
        ("block", _SIZE),
        ("blocks", _SIZE),
        ("kind", _INT),
        ("R", _INT),
        ("C", _INT),
        ("isa", _INT),
        *((name, _POINTER) for name in ("row", "entry", "first", "count", "column", "value", "bias")),
    )


class CompactWeights(ctypes.Structure):
    """``struct compact`` of spmm.h."""

    _fields_ = (
        ("M", _SIZE),
        ("K", _SIZE),
        ("words", _SIZE),
        ("kind", _INT),
        ("isa", _INT),
        *((name, _POINTER) for name in ("bits", "first", "row", "value", "bias")),
    )


class Layout(ctypes.Structure):
    """``struct layout`` of spmm.h."""

    _fields_ = (
        ("runs", _SIZE),
        ("run", _SIZE),
        ("image", _SIZE),
        ("row", _SIZE),
        ("offset", _POINTER),
        ("transposed", _INT),
    )


class Unfolding(ctypes.Structure):
    """``struct unfolding`` of spmm.h."""

    _fields_ = (
        *(
            (name, _SIZE)
            for name in ("channels", "height", "width", "copies", "rows", "columns", "line", "stride_y", "stride_x")
        ),
        *((name, _POINTER) for name in ("y", "x", "first", "last")),
    )


class Stretch(ctypes.Structure):
    """``struct stretch`` of spmm.h."""

    _fields_ = (("w", _POINTER), ("offset", _POINTER), ("pixels", _SIZE), ("from_", _SIZE), ("to", _SIZE))


class Pixels(ctypes.Structure):
    """``struct pixels`` of spmm.h."""

    _fields_ = (
        *((name, _SIZE) for name in ("inputs", "outputs", "output_pixels", "inside", "step", "stretches")),
        ("stretch", ctypes.POINTER(Stretch)),
    )


def _library_path() -> Path | None:
    chosen = os.environ.get("SECATEUR_KERNEL_LIBRARY")
    paths = [Path(chosen)] if chosen else [Path(__file__).with_name(f"_spmm{suffix}") for suffix in EXTENSION_SUFFIXES]
    return next((path for path in paths if path.exists()), None)


@cache
def library() -> ctypes.CDLL | None:
    """The compiled kernels, or None where the optional extension was not built for this machine.

    ``SECATEUR_KERNEL_LIBRARY`` names another build of them, such as one with a sanitizer.
    """
    path = _library_path()
    if path is None:
        return None
    try:
        return _declared(ctypes.CDLL(str(path)))
    except (OSError, AttributeError):
        return None


def _declared(kernels: ctypes.CDLL) -> ctypes.CDLL:
    weights, layout, unfolding = ctypes.POINTER(Weights), ctypes.POINTER(Layout), ctypes.POINTER(Unfolding)
    kernels.secateur_isa_name.argtypes = [_INT]
    kernels.secateur_isa_name.restype = ctypes.c_char_p
    kernels.secateur_isa_supported.argtypes = [_INT]
    kernels.secateur_isa_supported.restype = _INT
    kernels.secateur_isa_lanes.argtypes = [_INT]
    kernels.secateur_isa_lanes.restype = _SIZE
    kernels.secateur_peak.argtypes = [_INT, _SIZE, _INT]
    kernels.secateur_peak.restype = _SIZE
    kernels.secateur_spmm.argtypes = [weights, _POINTER, layout, _POINTER, layout, _SIZE, _INT, _INT]
    kernels.secateur_spmv.argtypes = [weights, _POINTER, _POINTER, _INT]
    kernels.secateur_spmv_compact.argtypes = [ctypes.POINTER(CompactWeights), _POINTER, _POINTER, _INT]
    kernels.secateur_convolve.argtypes = [weights, unfolding, _POINTER, layout, _POINTER, layout, _SIZE, _INT, _INT]
    kernels.secateur_convolve_pixels.argtypes = [ctypes.POINTER(Pixels), _POINTER, _POINTER, _SIZE, _SIZE, _INT, _INT]
    return kernels


@cache
def instruction_sets() -> dict[str, int]:
    """The instruction sets that the kernels were built for and this CPU has, fastest first, and their numbers in C."""
    kernels = library()
    if kernels is None:
        return {}
    found = {}
    index = 0
    while (name := kernels.secateur_isa_name(index)) is not None:
        if kernels.secateur_isa_supported(index):
            found[name.decode()] = index
        index += 1
    return found


def instruction_set() -> str:
    """The instruction set that the kernels use: ``SECATEUR_ISA``, else the fastest; empty without compiled kernels.

    Raises KernelUnavailableError for one that this machine has not.
    """
    found = instruction_sets()
    wanted = os.environ.get("SECATEUR_ISA") or next(iter(found), "")
    if wanted and wanted not in found:
        raise KernelUnavailableError(
            f"no kernels for {wanted!r} here: set SECATEUR_ISA to one of {', '.join(found) or 'none'}"
        )
    return wanted


def lanes() -> int:
    """Floats in a vector of the instruction set that the kernels use; 1 without compiled kernels."""
    kernels = library()
    return 1 if kernels is None else int(kernels.secateur_isa_lanes(instruction_sets()[instruction_set()]))


def kernel_name(kernel: str | None = None) -> str:
    """The kernel that a product uses: ``c`` or ``scipy``.

    ``kernel`` forces one; without it ``SECATEUR_KERNEL`` does; without both it is ``c`` where that was built.
    Raises KernelUnavailableError for an unknown name, and for ``c`` where it was not built.
    """
    wanted = kernel or os.environ.get("SECATEUR_KERNEL") or None
    if wanted is None:
        return "c" if library() is not None else "scipy"
    if wanted not in KERNELS:
        raise KernelUnavailableError(f"unknown kernel {wanted!r}: use one of {', '.join(KERNELS)}")
    if wanted == "c" and library() is None:
        raise KernelUnavailableError(
            "the C kernel was not built: install a C compiler and run `python setup.py build_ext --inplace`, "
            "or use SECATEUR_KERNEL=scipy"
        )
    return wanted


def address(array: NDArray[Any]) -> int:
    """Where an array begins. Small layers are quick enough for numpy's own ways, which take microseconds, to count."""
    try:
        return ctypes.addressof(_Nothing.from_buffer(array))  # type: ignore[arg-type]  # the stubs lack the protocol
    except (TypeError, ValueError):  # read-only, or with gaps
        begin: int = array.__array_interface__["data"][0]
        return begin
