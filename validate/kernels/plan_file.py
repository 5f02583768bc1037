"""Plans in ``.npz`` files: weights and bias as arrays, everything else as JSON beside them, nothing that runs code."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validate.kernels.choice import Choice, running
from validate.kernels.sparse import SparseMatrix
from validate.kernels.tiles import Tile

VERSION = 1


class PlanFileError(ValueError):
    """A file holds no plan, or one of another kind or version."""


def write_plan(
    path: str | Path,
    kind: str,
    matrix: SparseMatrix,
    bias: NDArray[np.float32] | None,
    choice: Choice,
    told: dict[str, Any],
) -> None:
    """Writes a plan of some kind; ``told`` is what else belongs to it, as JSON takes it."""
    about = {"version": VERSION, "kind": kind, "shape": matrix.shape, "choice": asdict(choice), "told": told}
    arrays: dict[str, Any] = {"start": matrix.start, "column": matrix.column, "value": matrix.value}
    if bias is not None:
        arrays["bias"] = bias
    with Path(path).open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **arrays)


def read_plan(path: str | Path, kind: str) -> tuple[SparseMatrix, NDArray[np.float32] | None, Choice, dict[str, Any]]:
    """What ``write_plan`` wrote, with the kernel and instruction set of this machine in the choice.

    Raises PlanFileError where the file is no plan of this kind and version, and OSError where it can't be read.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if (about["version"], about["kind"]) != (VERSION, kind):
                raise PlanFileError(
                    f"{path} is a plan of kind {about['kind']!r}, version {about['version']}, "
                    f"not {kind!r}, version {VERSION}: make it again"
                )
            rows, columns = about["shape"]
            matrix = SparseMatrix((rows, columns), arrays["start"], arrays["column"], arrays["value"])
            tile = about["choice"].pop("tile")
            choice = Choice(tile=None if tile is None else Tile(**tile), **about["choice"])
            bias = arrays.get("bias")
            if not isinstance(choice.threads, int) or choice.threads < 1:
                raise PlanFileError(f"{path} asks for {choice.threads!r} threads")
            if bias is not None and (bias.dtype != np.float32 or bias.shape != (rows,)):
                raise PlanFileError(f"{path} has {rows} rows and a bias of shape {bias.shape} in {bias.dtype}")
    except PlanFileError:
        raise
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise PlanFileError(f"{path} holds no plan: {error}") from error
    kernel, isa = running()
    return matrix, bias, replace(choice, kernel=kernel, isa=isa), about["told"]
