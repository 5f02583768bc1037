"""Reading arXiv's bulk snapshot of metadata: JSON lines, plain, gzip or zip, a batch at a time, from any offset.

The file is ``arxiv-metadata-oai-snapshot.json`` (kaggle.com/datasets/Cornell-University/arxiv). Authors are read from
the line of text that OAI-PMH gives too, so that a later harvest of an unchanged record finds no change;
``authors_parsed`` stands in where there is no line. A large file is read by a process of its own, so that one
processor reads while another stores.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from db.records import PaperRecord, Unread, VersionRecord
from ingest.arxiv_id import OAI_PREFIX, parse
from ingest.metadata import read_paper, read_version
from ingest.tex import normalise_space

BATCH_LINES = 5000
MAX_LINE_BYTES = 8 * 2**20
"""No record is longer; the longest have a few thousand authors."""
MIN_RECORDS = 100
"""A file that begins with so many lines without a record is something else."""
_BUFFER_BYTES = 2**20


class SnapshotError(Exception):
    """A snapshot file can't be read."""


class NotASnapshotError(SnapshotError):
    """A file holds no records of arXiv."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)

    def __str__(self) -> str:
        return (
            f"{self.args[0]} is no snapshot of arXiv's metadata ({self.args[1]}); it has one JSON object a line, and "
            "may be packed by gzip or zip"
        )


class BrokenSnapshotError(SnapshotError):
    """A packed file ends early or is damaged."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(path, line, reason)

    def __str__(self) -> str:
        path, line, reason = self.args
        return (
            f"{path} is broken after line {line} ({reason}); what stands before is stored: get the file again, and run "
            "the same command"
        )


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two lines of the unpacked text."""

    offset: int = 0
    """Bytes."""
    line: int = 0
    """Lines before it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What some thousand lines hold."""

    records: tuple[PaperRecord, ...]
    unread: tuple[Unread, ...]
    end: Position
    """Where the next batch begins."""
    bytes_read: int
    """Of the file as it lies on the disk."""


def read_batches(path: Path, start: Position) -> Iterator[Batch]:
    """Yield the batches of a file from a position.

    Raises:
        NotASnapshotError: the file is something else.
        BrokenSnapshotError: a packed file is damaged.
        OSError: the file can't be read.
    """
    offset, line_number = start.offset, start.line
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        text = _text_of(raw, path, stack)
        try:
            text.seek(offset)
            while True:
                records: list[PaperRecord] = []
                unread: list[Unread] = []
                first = line_number
                while line_number - first < BATCH_LINES and (line := text.readline(MAX_LINE_BYTES)):
                    line_number += 1
                    offset += len(line)
                    if len(line) == MAX_LINE_BYTES:
                        offset += _skip_line(text)
                    found = read_line(line, f"{path.name}:{line_number}")
                    if isinstance(found, PaperRecord):
                        records.append(found)
                    elif found is not None:
                        unread.append(found)
                if line_number == first:
                    return
                if not records and len(unread) >= MIN_RECORDS:
                    raise NotASnapshotError(path, f"none of {len(unread)} lines is a record: {unread[0].reason}")
                yield Batch(tuple(records), tuple(unread), Position(offset, line_number), raw.tell())
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
            raise BrokenSnapshotError(path, line_number, str(error)) from error


def read_line(line: bytes, place: str) -> PaperRecord | Unread | None:
    """Return the record of a line, what is wrong with it at its place, or None for an empty line."""
    if line.isspace():
        return None
    locator = place
    try:
        item = json.loads(line)
        if not isinstance(item, dict):
            raise ValueError("the line is no JSON object")
        arxiv_id = parse(str(item.get("id", ""))).paper
        locator = OAI_PREFIX + arxiv_id
        versions = [read_version(version["version"], version["created"]) for version in item["versions"]]
        names = None if item.get("authors") else _names(item.get("authors_parsed") or [])
        return read_paper(arxiv_id, item, versions, _day(item), names)
    except KeyError as error:
        return Unread("record", locator, f"it has no {error}")
    except (ValueError, TypeError, AttributeError) as error:
        return Unread("record", locator, normalise_space(str(error)))


def _day(item: Mapping[str, Any]) -> date:
    return date.fromisoformat(str(item["update_date"]))


def _names(parsed: list[list[str]]) -> tuple[str, ...]:
    """Names out of arXiv's own parts: last, first, suffix."""
    names = []
    for last, first, *suffix in parsed:
        name = normalise_space(f"{first} {last}")
        names.append(f"{name}, {suffix[0]}" if suffix and suffix[0] else name)
    return tuple(name for name in names if name)


def _text_of(raw: IO[bytes], path: Path, stack: ExitStack) -> IO[bytes]:
    """The file's text, whatever packs it; told by its first bytes, not by its name."""
    start = raw.read(4)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        return io.BufferedReader(stack.enter_context(gzip.GzipFile(fileobj=raw)), _BUFFER_BYTES)
    if start == b"PK\x03\x04":
        try:
            archive = stack.enter_context(zipfile.ZipFile(raw))
        except zipfile.BadZipFile as error:
            raise BrokenSnapshotError(path, 0, str(error)) from error
        members = [member for member in archive.infolist() if member.filename.endswith((".json", ".jsonl"))]
        if len(members) != 1:
            raise NotASnapshotError(path, f"{len(members)} of its members are .json files, not one")
        return io.BufferedReader(stack.enter_context(archive.open(members[0])), _BUFFER_BYTES)  # type: ignore[type-var]  # a raw stream in all but its type
    return raw


def _skip_line(text: IO[bytes]) -> int:
    """Go behind the end of an overlong line; return how many bytes that were."""
    skipped = 0
    while part := text.readline(MAX_LINE_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def read_beside(path: Path, start: Position) -> Iterator[Batch]:
    """Yield the batches of a file as ``read_batches`` does, read by a process of its own and one batch ahead."""
    # Pickles name classes by module, so this one must not run as __main__.
    program = f"from {__name__} import serve; serve()"
    command = [sys.executable, "-c", program, str(path), str(start.offset), str(start.line)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,  # noqa: S603 - this module itself
        ThreadPoolExecutor(max_workers=1) as ahead,
    ):
        assert process.stdout is not None
        try:
            coming = ahead.submit(_received, process.stdout)
            while (batch := coming.result()) is not None:
                coming = ahead.submit(_received, process.stdout)
                yield batch
        finally:
            process.kill()


def _received(stream: IO[bytes]) -> Batch | None:
    """The next batch of the reading process, None after the last; raises what ended its reading."""
    found: tuple[Any, ...] | Exception | None = pickle.load(stream)  # noqa: S301 - of a process of our own
    if isinstance(found, Exception):
        raise found
    return None if found is None else _unpacked_batch(*found)


# Plain tuples are unpickled in a third of the time that dataclasses with slots take.
_VERSION_VALUES = attrgetter(*VersionRecord.__dataclass_fields__)
_RECORD_NAMES = tuple(name for name in PaperRecord.__dataclass_fields__ if name != "versions")
_RECORD_VALUES = attrgetter(*_RECORD_NAMES)


def _packed_batch(batch: Batch) -> tuple[Any, ...]:
    records = [
        (tuple(_VERSION_VALUES(version) for version in record.versions), _RECORD_VALUES(record))
        for record in batch.records
    ]
    return records, batch.unread, batch.end, batch.bytes_read


def _unpacked_batch(
    records: list[tuple[Any, Any]], unread: tuple[Unread, ...], end: Position, bytes_read: int
) -> Batch:
    whole = []
    for versions, values in records:
        fields = dict(zip(_RECORD_NAMES, values, strict=True))
        whole.append(PaperRecord(versions=tuple(VersionRecord(*version) for version in versions), **fields))
    return Batch(tuple(whole), unread, end, bytes_read)


def serve() -> None:
    """Write the batches of a file, or the error that ended them, and then None, to standard output."""
    path, offset, line = sys.argv[1:]
    sending = pickle.Pickler(sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    try:
        for batch in read_batches(Path(path), Position(int(offset), int(line))):
            sending.dump(_packed_batch(batch))
            sending.clear_memo()
        sending.dump(None)
    except (SnapshotError, OSError) as error:
        sending.dump(error)
    sys.stdout.buffer.flush()
