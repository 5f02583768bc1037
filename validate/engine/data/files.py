"""The files of data sets: what they are called, their checksums, and the one folder that holds them.

What is known of them stands in ``datasets.yaml``. A file is checked whenever it is read; one of ours that does not have
its checksum is deleted, so that the next ``secateur data get`` fetches it anew.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

_BLOCK = 1 << 20


class MissingAssetError(LookupError):
    """A claim needs data that is not on this machine."""


class ChecksumError(ValueError):
    """A file is not what it should be."""


class DataFile(BaseModel):
    """One file as it stands in the folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    urls: tuple[str, ...]
    """Where to get it, in this order; what ends in .gz while the name does not is unpacked."""


class DataSource(BaseModel):
    """A data set that consists of files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    format: Literal["idx", "cifar"]
    shape: tuple[int, int, int]
    classes: int
    files: tuple[DataFile, ...]
    folders: tuple[str, ...] = ()
    """Where a system package puts the files."""
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()


@cache
def sources() -> Mapping[str, DataSource]:
    """All data sets that consist of files, by name."""
    content = yaml.safe_load(Path(__file__).with_name("datasets.yaml").read_text(encoding="utf-8"))
    return {name: DataSource.model_validate(body) for name, body in content.items()}


def source_of(name: str) -> DataSource:
    """The source of a data set. Raises MissingAssetError for a name that is none."""
    if name not in sources():
        raise MissingAssetError(
            f"there are no files to get for {name!r} (there are for: {', '.join(sorted(sources()))})"
        )
    return sources()[name]


def checksum(path: Path, algorithm: str = "md5") -> str:
    """The checksum of a file's content in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def verified(path: Path, md5: str) -> Path:
    """The path of a file of ours. Raises ChecksumError, and deletes the file, if its content is another."""
    found = checksum(path)
    if found != md5:
        path.unlink()
        raise ChecksumError(f"{path} had the checksum {found} instead of {md5} and was deleted; get it again")
    return path


def present(name: str, folder: Path | None) -> dict[str, Path]:
    """The files of a data set by name, all of them there and checked.

    Raises MissingAssetError if one is absent, ChecksumError if one is another file (which is deleted).
    """
    source = source_of(name)
    paths = {} if folder is None else {file.name: folder / name / file.name for file in source.files}
    if not paths or not all(path.is_file() for path in paths.values()):
        raise MissingAssetError(f"the data set {name!r} is not on this machine; `secateur data get {name}` fetches it")
    return {file.name: verified(paths[file.name], file.md5) for file in source.files}


def store(content: bytes, target: Path, md5: str) -> None:
    """Writes a file whole or not at all. Raises ChecksumError, and writes nothing, if the content is another."""
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ChecksumError(f"the content for {target.name} has the checksum {found} instead of {md5}; it was refused")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(target)


def unpack(packed: Path, target: Path) -> None:
    """Unpacks a gzip file. Raises OSError or EOFError if it is none, or broken."""
    with gzip.open(packed, "rb") as stream, target.open("wb") as file:
        shutil.copyfileobj(stream, file, _BLOCK)


def take_from(name: str, given: Path, folder: Path) -> list[Path]:
    """Copies the files of a data set, packed by gzip or not, from another folder; the originals stay as they are.

    Raises MissingAssetError if one is absent there, ChecksumError if one is another file.
    """
    taken = []
    for file in source_of(name).files:
        plain, packed = given / file.name, given / f"{file.name}.gz"
        if not plain.is_file() and not packed.is_file():
            raise MissingAssetError(f"{given} holds neither {plain.name} nor {packed.name}")
        try:
            content = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
        except (gzip.BadGzipFile, EOFError) as error:
            raise ChecksumError(f"{packed} is no whole gzip file ({error})") from error
        taken.append(folder / name / file.name)
        store(content, taken[-1], file.md5)
    return taken
