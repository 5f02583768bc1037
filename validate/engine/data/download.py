"""Downloads a file in pieces that a broken connection does not lose: what has come is kept and asked for no more.

A server is asked for the rest by HTTP ranges (RFC 9110, section 14); one that does not know them sends the whole file
again. Only the checksum decides whether the file is taken.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import requests

from validate.engine.data.files import ChecksumError, DataFile, source_of, unpack, verified

ATTEMPTS = 6
TIMEOUT_SECONDS = (15.0, 60.0)
"""For connecting, and between two pieces."""
FIRST_BACKOFF_SECONDS = 1.0
_PIECE = 1 << 12
_LOST = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_TRANSIENT = (408, 429, 500, 502, 503, 504)

Report = Callable[[int, int | None], object]
"""Called with the bytes that are there and the bytes of the whole file, if the server tells."""


class DownloadError(OSError):
    """A file could not be fetched from any of its addresses."""


class _BrokenOffError(Exception):
    """The connection ended early; asking again may help."""


class _RefusedError(Exception):
    """The server does not give the file."""


def _append(answer: requests.Response, part: Path, report: Report | None) -> None:
    """Writes what the server sends behind what is there; a whole file replaces it."""
    there = part.stat().st_size if answer.status_code == requests.codes.partial_content else 0
    length = answer.headers.get("Content-Length")
    total = there + int(length) if length is not None and length.isdigit() else None
    with part.open("ab" if there else "wb") as file:
        for piece in answer.iter_content(_PIECE):
            file.write(piece)
            there += len(piece)
            if report is not None:
                report(there, total)
    if total is not None and there < total and "Content-Encoding" not in answer.headers:
        raise _BrokenOffError(f"{there} of {total} bytes came")


def _ask(session: requests.Session, url: str, part: Path, report: Report | None) -> None:
    """One request for what is missing."""
    there = part.stat().st_size if part.exists() else 0
    # Without an encoding, so that a range counts the bytes of the file itself.
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    try:
        with session.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                # Either all of it is there, or the file has become shorter: the checksum tells.
                return
            if answer.status_code in _TRANSIENT:
                raise _BrokenOffError(f"status {answer.status_code}")
            if answer.status_code not in (requests.codes.ok, requests.codes.partial_content):
                raise _RefusedError(f"status {answer.status_code}")
            _append(answer, part, report)
    except _LOST as error:
        raise _BrokenOffError(f"{type(error).__name__}") from error


def fetch(url: str, part: Path, report: Report | None = None, *, backoff: float = FIRST_BACKOFF_SECONDS) -> None:
    """Fetches a file into ``part``, going on where an earlier call ended. Raises DownloadError after several tries."""
    part.parent.mkdir(parents=True, exist_ok=True)
    reason = ""
    with requests.Session() as session:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            try:
                _ask(session, url, part, report)
                return
            except _BrokenOffError as error:
                reason = str(error)
            except _RefusedError as error:
                raise DownloadError(f"{url} is not to be had ({error})") from error
    raise DownloadError(f"{url} broke off {ATTEMPTS} times ({reason}); what has come is kept, run this again")


def _accept(part: Path, url: str, target: Path, md5: str) -> None:
    """Puts a downloaded file in its place. Raises ChecksumError, and deletes it, if it is another file."""
    if url.endswith(".gz") and not target.name.endswith(".gz"):
        unpacked = part.with_suffix(".unpacked")
        try:
            unpack(part, unpacked)
        except (OSError, EOFError) as error:
            unpacked.unlink(missing_ok=True)
            raise ChecksumError(f"{url} is no whole gzip file ({error}); it was deleted, get it again") from error
        finally:
            part.unlink()
        part = unpacked
    verified(part, md5).replace(target)


def _download(file: DataFile, target: Path, report: Report | None, backoff: float) -> None:
    problems: list[Exception] = []
    for position, url in enumerate(file.urls):
        part = target.with_name(f"{target.name}.{position}.part")
        try:
            fetch(url, part, report, backoff=backoff)
            _accept(part, url, target, file.md5)
            return
        except (DownloadError, ChecksumError) as error:
            problems.append(error)
    raise problems[0] if len(problems) == 1 else DownloadError("; ".join(str(problem) for problem in problems))


def download(
    name: str, folder: Path, report: Report | None = None, *, backoff: float = FIRST_BACKOFF_SECONDS
) -> list[Path]:
    """Fetches the files of a data set that are not there yet, checks all of them, and returns their paths.

    Raises MissingAssetError for an unknown name, DownloadError if a file can't be had, ChecksumError (the file is
    deleted) if what is there or what came is another file.
    """
    paths = []
    for file in source_of(name).files:
        target = folder / name / file.name
        if target.is_file():
            verified(target, file.md5)
        else:
            _download(file, target, report, backoff)
        paths.append(target)
    return paths
