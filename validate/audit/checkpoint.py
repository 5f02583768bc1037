"""Reads the weights of a checkpoint one at a time, without running any code that it may hold.

safetensors hold numbers alone. PyTorch's own format is a pickle: it is loaded with ``weights_only``, which refuses
everything but tensors and plain containers. Masks of ``torch.nn.utils.prune`` (``weight_orig``, ``weight_mask``) are
multiplied in, since that is what the network computes with. Prefixes of wrappers are taken off the names, and what a
network stores beside its parameters (running means, attention masks, positions) is left out.
"""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validate.safetensors import SafetensorsError, tensors_of

if TYPE_CHECKING:
    import torch

TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
_NESTED = ("state_dict", "model_state_dict", "model", "net", "module")
"""Under which names training scripts store the weights."""
_INDICES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
"""Which files hold a checkpoint in parts, as Hugging Face stores them."""
_PARTS = ("*.safetensors", "pytorch_model*.bin")
_WRAPPERS = ("_orig_mod.", "module.")
"""What torch.compile and DataParallel put before every name."""
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "position_ids", "inv_freq", "relative_position_index")
"""Last parts of names of what is stored and no parameter."""
_UNPACKED, _SMALL = 4, 1_000_000
"""A zip file may unpack to so many times its bytes, and those of a small file."""


class CheckpointError(ValueError):
    """A file or folder holds no weights that can be read."""


def read_weights(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The parameters of a checkpoint by name, one at a time: a file, an index, or a folder with all parts.

    Raises CheckpointError, or OSError if there is no such file.
    """
    pending: dict[str, tuple[str, NDArray[Any]]] = {}
    for name, values in (item for file in _files(path) for item in _tensors(file)):
        name = _without_wrappers(name)
        stem, _, suffix = name.rpartition("_")
        if suffix not in ("orig", "mask") or not stem:
            if not _is_buffer(name, values):
                yield name, values
        elif stem not in pending:
            pending[stem] = suffix, values
        else:
            _, first = pending.pop(stem)
            if first.shape != values.shape:
                raise CheckpointError(f"{path}: {stem} has a mask of another shape")
            yield stem, first * values
    for stem, (suffix, _) in pending.items():
        # A mask alone is one of attention, which networks store beside their parameters.
        if suffix == "orig":
            raise CheckpointError(f"{path}: of {stem} there is only one of weights and mask")


def _without_wrappers(name: str) -> str:
    while prefix := next((one for one in _WRAPPERS if name.startswith(one)), ""):
        name = name.removeprefix(prefix)
    return name


def _is_buffer(name: str, values: NDArray[Any]) -> bool:
    """Whether a tensor is no parameter; GPT-2 calls a mask of attention ``attn.bias``, and no bias is a matrix."""
    last = name.rpartition(".")[2]
    return last in _BUFFERS or (last in ("bias", "masked_bias") and values.ndim != 1)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise FileNotFoundError(2, "No such file or folder", str(path))
        return _indexed(path) if path.name in _INDICES else [path]
    index = next((path / name for name in _INDICES if (path / name).is_file()), None)
    if index is not None:
        return _indexed(index)
    files = next((found for pattern in _PARTS if (found := sorted(path.glob(pattern)))), [])
    if not files:
        raise CheckpointError(f"{path} holds no safetensors and no pytorch_model*.bin; name the file to audit")
    return files


def _indexed(index: Path) -> list[Path]:
    names = _parts(index)
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise CheckpointError(f"{index.parent} lacks {missing[0]}, which its index names")
    return [index.parent / name for name in names]


def _parts(index: Path) -> list[str]:
    """The files that an index names, which lie beside it."""
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        names = sorted({str(place) for place in places})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{index} is no index of a checkpoint's parts") from error
    if any(Path(name).name != name for name in names):
        raise CheckpointError(f"{index} names a file outside of its folder")
    return names


def _tensors(file: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    if file.suffix == ".safetensors":
        try:
            yield from tensors_of(file)
        except SafetensorsError as error:
            raise CheckpointError(str(error)) from error
    elif file.suffix in TORCH_SUFFIXES:
        yield from _torch_tensors(file)
    else:
        raise CheckpointError(f"{file}: a checkpoint ends in .safetensors, {', '.join(TORCH_SUFFIXES)}")


def _torch_tensors(file: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    if find_spec("torch") is None:
        raise CheckpointError(f"{file}: reading PyTorch's own format needs torch: pip install 'secateur[validate]'")
    import torch

    zipped = _is_zip(file)
    try:
        # Indices of a sparse tensor are those of the file: unchecked they may point outside of it.
        with torch.sparse.check_sparse_tensor_invariants(), warnings.catch_warnings(action="ignore"):
            loaded = torch.load(file, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{file} holds more than weights, or is no checkpoint; nothing of it was run: save the network's "
            "state_dict() alone, or safetensors"
        ) from error
    except Exception as error:  # torch has no class of its own for what is no checkpoint
        raise CheckpointError(
            f"{file} is no whole checkpoint ({type(error).__name__}); nothing of it was run: copy it again, or save "
            "the network's state_dict() or safetensors"
        ) from error
    for name, tensor in _state(loaded, file).items():
        if isinstance(tensor, torch.Tensor):
            yield str(name), _values(tensor.detach(), f"{file}: {name}")


def _values(tensor: torch.Tensor, place: str) -> NDArray[Any]:
    """A tensor as numpy has it. Raises CheckpointError where the file has fewer values than the tensor's shape."""
    import torch

    if tensor.is_meta:
        raise CheckpointError(f"{place} has a shape and no values (it was saved from the device meta)")
    if tensor.is_quantized:
        return tensor.dequantize().numpy()
    if tensor.layout != torch.strided:
        try:
            tensor = tensor.to_dense()
        except RuntimeError as error:
            raise CheckpointError(f"{place} is sparse and too large to be looked at: {_shape(tensor)}") from error
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(f"{place} says {_shape(tensor)}, and fewer values are stored")
    known = tensor.dtype in (torch.float16, torch.float32, torch.float64) or not tensor.is_floating_point()
    return (tensor if known else tensor.float()).numpy()


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _is_zip(file: Path) -> bool:
    """Whether a file is of torch's format since 1.6. Raises CheckpointError for one that would unpack to much more."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as opened:
        unpacked = sum(entry.file_size for entry in opened.infolist())
    if unpacked > _UNPACKED * (file.stat().st_size + _SMALL):
        raise CheckpointError(f"{file} unpacks to {unpacked:,} bytes, and torch stores weights as they are: not read")
    return True


def _state(loaded: object, file: Path) -> Mapping[Any, Any]:
    """The weights by name, also where they lie in a dictionary with other things."""
    for _ in range(3):
        if not isinstance(loaded, Mapping):
            break
        nested = next((loaded[name] for name in _NESTED if isinstance(loaded.get(name), Mapping)), None)
        if nested is None:
            return loaded
        loaded = nested
    raise CheckpointError(f"{file} holds no dictionary of weights")


def is_weight(values: NDArray[Any]) -> bool:
    """Whether a tensor is the weight of a layer: real numbers, or eight bits with sign, in two dimensions or more."""
    real = np.issubdtype(values.dtype, np.floating) or values.dtype == np.int8
    return values.ndim >= 2 and real and values.size > 0
