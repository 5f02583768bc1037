"""Text and models of the user's own: paths that were added under a name, with the checksum that they had then.

The paths stand in ``added.yaml`` of the data folder. Text is a folder with ``train`` and ``test``, each either ``.npy``
(token ids) or ``.txt``; a text is cut into tokens by ``tokenizer.json`` beside it, or else into its UTF-8 bytes. What
was added is the user's: where its checksum is another it is refused, and never deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from validate.engine.data.dataset import Dataset
from validate.engine.data.files import ChecksumError, MissingAssetError, checksum
from validate.engine.data.formats import FormatError

BYTES = 256
"""Size of the vocabulary of text that is not cut by a tokenizer."""
_LIST = "added.yaml"


class Added(BaseModel):
    """One path of the user's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    sha256: str


def content_sha256(path: Path) -> str:
    """Checksum of a file, or of a folder's files with their names. Raises MissingAssetError if nothing is there."""
    if path.is_file():
        return checksum(path, "sha256")
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else []
    if not files:
        raise MissingAssetError(f"there is nothing at {path}")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix()}\0{checksum(file, 'sha256')}\n".encode())
    return digest.hexdigest()


def added(folder: Path | None) -> Mapping[str, Added]:
    """All paths that were added, by name. Raises FormatError if their list was spoiled."""
    path = None if folder is None else folder / _LIST
    if path is None or not path.is_file():
        return {}
    try:
        return TypeAdapter(dict[str, Added]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise FormatError(f"{path} is no list of added data: {' '.join(str(error).split())}") from error


def add(name: str, path: Path, folder: Path, sha256: str | None = None) -> Added:
    """Puts a path under a name, in place of what had it; ``sha256`` is what its checksum has to be.

    Raises MissingAssetError if nothing is there, ChecksumError if it is something else.
    """
    found = content_sha256(path)
    if sha256 is not None and found != sha256.lower():
        raise ChecksumError(f"{path} has the checksum {found} instead of {sha256}; it was not added")
    entry = Added(path=path.resolve(), sha256=found)
    everything = {**added(folder), name: entry}
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({key: one.model_dump(mode="json") for key, one in sorted(everything.items())})
    (folder / _LIST).write_text(text, encoding="utf-8")
    return entry


def added_path(name: str, folder: Path | None) -> Path:
    """The path under a name, checked. Raises MissingAssetError for an unknown name, ChecksumError if it has changed."""
    known = added(folder)
    if name not in known:
        raise MissingAssetError(f"{name!r} is not on this machine; `secateur data add {name} PATH` says where it is")
    entry = known[name]
    found = content_sha256(entry.path)
    if found != entry.sha256:
        raise ChecksumError(
            f"{entry.path} has the checksum {found} instead of {entry.sha256}, which it had when it was added as "
            f"{name!r}; add it again if it was meant to change"
        )
    return entry.path


def _tokenized(text: Path) -> tuple[NDArray[np.int64], int]:
    """Token ids of a text and the size of the vocabulary."""
    rules = text.with_name("tokenizer.json")
    if not rules.is_file():
        return np.frombuffer(text.read_bytes(), np.uint8).astype(np.int64), BYTES
    try:
        tokenizers = import_module("tokenizers")
    except ImportError as error:
        raise MissingAssetError(
            f"cutting {text} by {rules.name} needs `pip install tokenizers`; or give token ids as {text.stem}.npy"
        ) from error
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(rules))
    except Exception as error:  # the package raises no class of its own
        raise FormatError(f"{rules} is no tokenizer ({error})") from error
    ids = tokenizer.encode(text.read_text(encoding="utf-8")).ids
    return np.asarray(ids, dtype=np.int64), int(tokenizer.get_vocab_size())


def _token_ids(folder: Path, part: str) -> tuple[NDArray[np.int64], int]:
    stored, text = folder / f"{part}.npy", folder / f"{part}.txt"
    if stored.is_file():
        ids = np.load(stored, allow_pickle=False)
        if ids.ndim != 1 or ids.dtype.kind not in "iu" or ids.size == 0 or ids.min() < 0:
            raise FormatError(f"{stored}: token ids are one row of whole numbers from 0 on")
        return ids.astype(np.int64), int(ids.max()) + 1
    if text.is_file():
        return _tokenized(text)
    raise MissingAssetError(f"{folder} holds neither {stored.name} nor {text.name}")


def _windows(ids: NDArray[np.int64], length: int, where: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole windows one behind the other, and their targets: the same ids one place later."""
    count = (len(ids) - 1) // length
    if count < 1:
        raise FormatError(f"{where} has {len(ids)} tokens, too few for one sequence of {length}")
    return ids[: count * length].reshape(count, length), ids[1 : count * length + 1].reshape(count, length)


def load_text(name: str, folder: Path | None, sequence_length: int) -> Dataset:
    """Added text as sequences of ``sequence_length`` tokens that do not overlap; what is left at the end is left out.

    Raises MissingAssetError, ChecksumError, or FormatError for text that can't be read.
    """
    path = added_path(name, folder)
    (train, train_words), (test, test_words) = _token_ids(path, "train"), _token_ids(path, "test")
    train_x, train_y = _windows(train, sequence_length, f"{path}: train")
    test_x, test_y = _windows(test, sequence_length, f"{path}: test")
    return Dataset(name, train_x, train_y, test_x, test_y, classes=max(train_words, test_words))
