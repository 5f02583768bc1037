"""Reads the weights of a checkpoint one at a time, without running any code that it may hold.

safetensors hold numbers alone. PyTorch's own format is a pickle: it is loaded with ``weights_only``, which refuses
everything but tensors and plain containers. Masks that are stored beside weights (``weight_orig`` and ``weight_mask``
of ``torch.nn.utils.prune``, ``weight`` and ``weight_mask``, ``weight`` and ``mask``) are multiplied in, since that is
what the network computes with. Prefixes of wrappers are taken off the names, and what a network stores beside its
parameters (running means, attention masks, positions) is left out.
"""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from validate.safetensors import SafetensorsError, loaders_of

if TYPE_CHECKING:
    import torch

TORCH_SUFFIXES = (".pt", ".pth", ".pth.tar", ".bin", ".ckpt")
_NESTED = ("state_dict", "model_state_dict", "model", "net", "module")
"""Under which names training scripts store the weights."""
_INDICES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
"""Which files hold a checkpoint in parts, as Hugging Face stores them."""
_PARTS = ("*.safetensors", "pytorch_model*.bin")
_WRAPPERS = ("_orig_mod.", "module.")
"""What torch.compile and DataParallel put before every name."""
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "position_ids", "inv_freq", "relative_position_index")
"""Last parts of names of what is stored and no parameter."""
_PACKED = re.compile(r"(?:^|\.)(?:qweight|weight_packed|bitmask|quant_map)$|\.quant_state\.")
"""Names of what GPTQ and AWQ, compressed-tensors and bitsandbytes store instead of a weight."""
_UNPACKED, _SMALL = 4, 1_000_000
"""A zip file may unpack to so many times its bytes, and those of a small file."""


_Load = Callable[[], NDArray[Any]]


class CheckpointError(ValueError):
    """A file or folder holds no weights that can be read."""


def read_weights(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The parameters of a checkpoint by name, one at a time: a file, an index, or a folder with all parts.

    Raises CheckpointError, or OSError if there is no such file.
    """
    stored = {_without_wrappers(name): load for file in _files(path) for name, load in _loaders(file).items()}
    packed = next((name for name in stored if _PACKED.search(name)), "")
    if packed:
        raise CheckpointError(
            f"{path}: {packed} belongs to a weight that is packed, which is not read: audit the checkpoint as it was "
            "before it was packed"
        )
    for name, load in stored.items():
        stem, _, suffix = name.rpartition("_")
        if (suffix == "mask" and stem) or name.rpartition(".")[2] == "mask":
            # One without weights is of attention, which networks store beside their parameters.
            continue
        if suffix == "orig" and stem:
            if f"{stem}_mask" not in stored:
                raise CheckpointError(f"{path}: of {stem} there is only one of weights and mask")
            yield stem, _masked(f"{path}: {stem}", load(), stored[f"{stem}_mask"]())
            continue
        values = load()
        beside = (f"{name}_mask", f"{name.removesuffix('weight')}mask") if name.endswith("weight") else ()
        mask = next((stored[one] for one in beside if one in stored), None)
        if mask is not None:
            values = _masked(f"{path}: {name}", values, mask())
        if not _is_buffer(name, values):
            yield name, values


def _masked(place: str, values: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    """The weights that the network computes with; a mask may be one of whole filters or inputs."""
    try:
        fits = np.broadcast_shapes(values.shape, mask.shape) == values.shape
    except ValueError:
        fits = False
    if not fits:
        shapes = "x".join(map(str, mask.shape)), "x".join(map(str, values.shape))
        raise CheckpointError(f"{place} has a mask of another shape: {shapes[0]}, not {shapes[1]}")
    product: NDArray[Any] = values * mask.astype(values.dtype)
    return product


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


def _loaders(file: Path) -> Mapping[str, _Load]:
    """What reads each tensor of a file, by name."""
    if file.suffix == ".safetensors":
        try:
            return loaders_of(file)
        except SafetensorsError as error:
            raise CheckpointError(str(error)) from error
    if file.name.endswith(TORCH_SUFFIXES):
        return _torch_loaders(file)
    raise CheckpointError(f"{file}: a checkpoint ends in .safetensors, {', '.join(TORCH_SUFFIXES)}")


def _torch_loaders(file: Path) -> Mapping[str, _Load]:
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
    return {
        str(name): partial(_values, tensor.detach(), f"{file}: {name}")
        for name, tensor in _state(loaded, file).items()
        if isinstance(tensor, torch.Tensor)
    }


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
