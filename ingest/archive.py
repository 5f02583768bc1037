"""Unpacking an e-print in memory, without trusting it.

ArXiv stores a submission as a gzipped tar, as one gzipped file, or as a PDF, and names all of the first two alike, so
the form is told by magic numbers (gzip RFC 1952; ustar at byte 257). Nothing is ever written to a disk; a member that
is no plain file under the archive's own root refuses the whole archive.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

MAX_MEMBERS = 5_000
MAX_BYTES = 512 * 2**20
MAX_RATIO = 200
"""Unpacked to packed bytes; TeX packs to a fourth, white figures to a hundredth."""
_RATIO_FREE_BYTES = 32 * 2**20
"""Below this size a high ratio harms nobody."""
_CHUNK_BYTES = 2**20
_HEAD_BYTES = 1024
_PDF_END_BYTES = 2048
_GZIP = b"\x1f\x8b"
_DEFLATED = _GZIP + b"\x08"
"""Gzip with its only method; two bytes alone may be anything."""

SINGLE_NAMES = {"tex": "main.tex", "html": "main.html", "ps": "main.ps", "pdf": "main.pdf"}
"""Names given to an e-print that is one file."""


class ArchiveError(Exception):
    """An e-print is not unpacked."""


class BrokenArchiveError(ArchiveError):
    """The bytes are truncated or damaged."""


class UnknownFormatError(ArchiveError):
    """The bytes are in no form that TeX, HTML or PDF come in."""


class PathOutsideError(ArchiveError):
    """A member's name is absolute or leads out of the archive."""


class LinkError(ArchiveError):
    """A member is a link."""


class SpecialFileError(ArchiveError):
    """A member is a device, a pipe or a sparse file."""


class TooManyMembersError(ArchiveError):
    """The archive has more members than a paper needs."""


class TooLargeError(ArchiveError):
    """The archive unpacks to more bytes than a paper needs."""


class CompressionBombError(ArchiveError):
    """The archive unpacks to many times its size, as no paper does."""


def sniff(data: bytes) -> str:
    """Return the form of an e-print by its first bytes.

    One of ``tar``, ``tex``, ``html``, ``ps`` and ``pdf``, each with ``+gzip`` when packed, else ``zip`` or ``unknown``.
    """
    if not data.startswith(_GZIP):
        return _sniff_plain(data[:_HEAD_BYTES])
    try:
        head = zlib.decompressobj(wbits=31).decompress(data[: 64 * 1024], _HEAD_BYTES)
    except zlib.error:
        return "unknown"
    inner = _sniff_plain(head)
    return f"{inner}+gzip" if inner in ("tar", "tex", "html", "ps", "pdf") else "unknown"


def unpack(data: bytes, *, max_members: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES) -> dict[str, bytes]:
    """Return an e-print's files by name; one that is a single file is named by SINGLE_NAMES.

    Raises:
        UnknownFormatError, BrokenArchiveError: it cannot be read.
        PathOutsideError, LinkError, SpecialFileError: it has a member that no paper needs.
        TooManyMembersError, TooLargeError, CompressionBombError: it is larger than a paper.
    """
    form = sniff(data)
    if form == "unknown" and data.startswith(_DEFLATED):
        _gunzip(data, max_bytes)
    if form in ("unknown", "zip"):
        what = "a zip or docx file" if form == "zip" else f"starting with {data[:8]!r}"
        raise UnknownFormatError(f"the e-print is {what}; only TeX, tar, HTML, PostScript and PDF are read")
    inner, _, packed = form.partition("+")
    content = _gunzip(data, max_bytes) if packed else data
    if len(content) > max_bytes:
        raise TooLargeError(f"the e-print is larger than {max_bytes:,} bytes")
    if inner == "tar":
        return _untar(content, max_members)
    return {SINGLE_NAMES[inner]: content}


def is_whole(data: bytes) -> bool:
    """Whether an e-print reaches its own end, as far as its form has one: a gzip file's checksum, a PDF's mark.

    One that is too large to be unpacked counts as whole.
    """
    if data.startswith(b"%PDF"):
        return b"%%EOF" in data[-_PDF_END_BYTES:]
    try:
        for _ in _gunzipped(data, MAX_BYTES):
            pass
    except BrokenArchiveError:
        return False
    except ArchiveError:
        return True
    return True


def _sniff_plain(head: bytes) -> str:
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return "tar"
    for form, magic in (("pdf", b"%PDF"), ("zip", b"PK\x03\x04"), ("ps", b"%!PS")):
        if head.startswith(magic):
            return form
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "html"
    return "tex" if head and b"\x00" not in head else "unknown"


def _is_old_tar(head: bytes) -> bool:
    """Whether it is a tar from before POSIX, which has no magic but a checksum."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        stated = int(head[148:156].strip(b" \x00") or b"-", 8)
    except ValueError:
        return False
    return stated == sum(head[:148]) + 8 * ord(" ") + sum(head[156:512])


def _gunzip(data: bytes, max_bytes: int) -> bytes:
    """Unpack all members of a gzip file, never holding more than the limit and one chunk."""
    content = bytearray()
    for chunk in _gunzipped(data, max_bytes):
        content += chunk
    return bytes(content)


def _gunzipped(data: bytes, max_bytes: int) -> Iterator[bytes]:
    unpacked, rest = 0, data
    while rest.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof:
                chunk = stream.decompress(rest, _CHUNK_BYTES)
                unpacked += len(chunk)
                _check_growth(unpacked, len(data), max_bytes)
                yield chunk
                rest = stream.unconsumed_tail
                if not chunk and not rest and not stream.eof:
                    raise BrokenArchiveError("the gzip file is truncated; fetch it again")
        except zlib.error as error:
            raise BrokenArchiveError(f"the gzip file is damaged ({error}); fetch it again") from error
        rest = stream.unused_data


def _check_growth(unpacked: int, packed: int, max_bytes: int) -> None:
    if unpacked > max_bytes:
        raise TooLargeError(f"the e-print unpacks to more than {max_bytes:,} bytes")
    if unpacked > _RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise CompressionBombError(f"the e-print unpacks to more than {MAX_RATIO} times its {packed:,} bytes")


def _untar(content: bytes, max_members: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:", errors="surrogateescape") as archive:
            for count, member in enumerate(archive, 1):
                if count > max_members:
                    raise TooManyMembersError(f"the archive has more than {max_members} members")
                name = _checked_name(member)
                if member.isreg():
                    file = archive.extractfile(member)
                    assert file is not None
                    files[name] = file.read()
                    if len(files[name]) != member.size:
                        raise BrokenArchiveError(f"the archive ends within {name}; fetch it again")
    except (tarfile.TarError, EOFError, OverflowError, ValueError) as error:
        raise BrokenArchiveError(f"the tar archive is damaged ({error}); fetch it again") from error
    return files


def _checked_name(member: tarfile.TarInfo) -> str:
    """A member's path under the archive's root; raises unless it is a plain file or folder inside."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or ".." in member.name.split("\\") or member.name[1:2] == ":":
        raise PathOutsideError(f"the archive's member {member.name!r} leads out of the archive")
    if member.issym() or member.islnk():
        raise LinkError(f"the archive's member {member.name!r} is a link")
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise SpecialFileError(f"the archive's member {member.name!r} is no plain file")
    return str(path)
