"""Fetching full texts into a file store, each version once: the e-print, else the HTML page, else the PDF.

``/src`` gives the newest version as it was submitted. Where it has no source (404), a source that is not public (403)
or one that is too large, ``/html`` is asked for what LaTeXML made of it, and then ``/pdf``. What arXiv cannot give is
settled too, with the reason. Only a failure of the way there is tried again at the next call.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from db import documents
from db.documents import WantedDocument
from db.records import FetchedDocument
from ingest.archive import is_whole, sniff
from ingest.arxiv_id import ArxivId, parse
from ingest.http import (
    Answer,
    ArxivError,
    BodyTooLargeError,
    BrokenBodyError,
    PoliteClient,
    UnavailableError,
    UnsafeRedirectError,
)
from ingest.recording import stored_requests

EPRINT, HTML, PDF = "eprint", "html", "pdf"
"""Forms of a full text, in the order in which they are asked for."""
MAX_EPRINT_BYTES = 150 * 2**20
MAX_REFUSALS = 3
"""So many 403 in a row for sources that are not marked as encrypted mean that arXiv refuses everything."""
MAX_FAILURES = 3
"""So many e-prints in a row without an answer mean that arXiv is down."""
MAX_PARTS = 3
"""So often is an e-print asked for that comes truncated, always at the same byte."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class UnknownPaperError(Exception):
    """A paper is not in the corpus."""

    def __init__(self, arxiv_ids: Sequence[str]) -> None:
        super().__init__(f"not in the corpus: {', '.join(arxiv_ids)}; harvest their sets first")


class RefusedError(ArxivError):
    """ArXiv forbids one e-print after the other, which means that it forbids asking."""

    def __init__(self) -> None:
        super().__init__(
            f"arXiv answered 403 to {MAX_REFUSALS} e-prints in a row that are not marked as encrypted; do not ask "
            "again before you know why (info.arxiv.org/help/robots.html)"
        )


class InvalidKeyError(ValueError):
    """A key into the file store is no SHA-256."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"{sha256!r} is no SHA-256 in lower-case hexadecimal digits")


class UnwritableStoreError(Exception):
    """The disk took no more files; the file store holds what it held before."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"cannot keep an e-print in {folder} ({error.strerror or error}): make room on its disk, then run the same "
            "command again to go on"
        )


class FileStore:
    """Files in a folder by the SHA-256 of their content, so that each content is kept once."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their key; raises UnwritableStoreError. A reader never sees half a file."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            try:
                _write_whole(target, data)
            except OSError as error:
                raise UnwritableStoreError(self.folder, error) from error
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of a key; raises FileNotFoundError if they are not here."""
        return self.path(sha256).read_bytes()

    def has(self, sha256: str) -> bool:
        """Whether the bytes of a key are here."""
        return self.path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Where the bytes of a key are; raises InvalidKeyError for what is no key."""
        if not _SHA256.fullmatch(sha256):
            raise InvalidKeyError(sha256)
        return self.folder / sha256[:2] / sha256


def _write_whole(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """What fetching did."""

    asked: int = 0
    """Full texts asked for."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """How often each outcome of FetchedDocument came; those of other forms than the e-print begin with its kind."""
    skipped: int = 0
    """Named papers whose newest version is settled already."""


def fetch(
    engine: Engine,
    client: PoliteClient,
    store: FileStore,
    *,
    limit: int | None = None,
    arxiv_ids: Sequence[str] = (),
    now: datetime,
    progress: Callable[[str, FetchedDocument], None] | None = None,
) -> FetchSummary:
    """Fetch the full texts of core papers, or of the given papers, that are not settled yet.

    Args:
        engine: The database.
        client: Asks arXiv; its requests are written into the table ``request``.
        store: Where the bytes go.
        limit: Most full texts to ask for.
        arxiv_ids: Papers to fetch, whatever their relevance; empty for all core papers.
        now: The time (UTC) written with the outcomes.
        progress: Told each paper and its outcome.

    Raises:
        UnknownPaperError: a named paper is not in the corpus.
        RefusedError: arXiv forbids one e-print after the other.
        ingest.http.UnavailableError: several e-prints in a row could not be had.
        ingest.http.TrafficStoppedError: arXiv refused; what was fetched before is stored.
    """
    named, skipped = _named(engine, arxiv_ids) if arxiv_ids else (None, 0)
    counts: Counter[str] = Counter()
    with stored_requests(engine, client):
        for kind in (EPRINT, HTML, PDF):
            left = None if limit is None else limit - counts.total()
            outcomes = _Outcomes(engine, progress)
            for item in _wanted(engine, kind, named, left):
                outcomes.add(item, _fetch_one(client, store, item, kind, now))
            outcomes.store()
            counts.update({_counted(kind, outcome): number for outcome, number in outcomes.counts.items()})
    return FetchSummary(counts.total(), dict(counts), skipped)


def _counted(kind: str, outcome: str) -> str:
    """How an outcome is named in a summary: e-prints by the outcome alone."""
    return outcome if kind == EPRINT else f"{kind} {outcome}"


class _Outcomes:
    """Stores outcomes as they come, but holds back refusals until it is clear that they concern single papers."""

    def __init__(self, engine: Engine, progress: Callable[[str, FetchedDocument], None] | None) -> None:
        self.counts: Counter[str] = Counter()
        self._engine = engine
        self._progress = progress
        self._waiting: list[tuple[WantedDocument, FetchedDocument]] = []
        self._failures = 0

    def add(self, item: WantedDocument, fetched: FetchedDocument) -> None:
        self._waiting.append((item, fetched))
        if fetched.outcome == "encrypted" and "S" not in item.source_type:
            if len(self._waiting) == MAX_REFUSALS:
                raise RefusedError
            return
        self.store()
        self._failures = self._failures + 1 if fetched.outcome == "failed" else 0
        if self._failures == MAX_FAILURES:
            raise UnavailableError(fetched.url, MAX_FAILURES, f"{fetched.reason}; three e-prints in a row failed")

    def store(self) -> None:
        for item, fetched in self._waiting:
            with self._engine.begin() as connection:
                documents.store_document(connection, item.paper_id, item.version, fetched)
            self.counts[fetched.outcome] += 1
            if self._progress:
                self._progress(item.arxiv_id, fetched)
        self._waiting.clear()


def _named(engine: Engine, arxiv_ids: Sequence[str]) -> tuple[list[str], int]:
    """The papers that were named, and how many of their e-prints are settled; raises UnknownPaperError."""
    names = list(dict.fromkeys(parse(text).paper for text in arxiv_ids))
    with engine.execution_options(read_only=True).connect() as connection:
        found = documents.documents_of(connection, names)
        unknown = sorted(set(names) - {item.arxiv_id for item in found})
        if unknown:
            raise UnknownPaperError(unknown)
        return names, len(documents.settled(connection, [item.paper_id for item in found], EPRINT))


def _wanted(engine: Engine, kind: str, named: Sequence[str] | None, limit: int | None) -> list[WantedDocument]:
    """Papers whose full text is to be asked for in a form, the named ones or those that are core."""
    with engine.execution_options(read_only=True).connect() as connection:
        if kind != EPRINT:
            lacking = (EPRINT,) if kind == HTML else (EPRINT, HTML)
            found = documents.wanted_instead(connection, kind, lacking, named)
        elif named is None:
            found = documents.wanted_documents(connection, EPRINT, limit)
        else:
            found = documents.documents_of(connection, named)
            settled = documents.settled(connection, [item.paper_id for item in found], EPRINT)
            found = [item for item in found if item.paper_id not in settled]
    return found[:limit]


def _fetch_one(
    client: PoliteClient, store: FileStore, item: WantedDocument, kind: str, now: datetime
) -> FetchedDocument:
    identifier = ArxivId(item.arxiv_id, item.version)
    addresses = client.addresses
    url = {EPRINT: addresses.source, HTML: addresses.html, PDF: addresses.pdf}[kind](identifier)
    checks: dict[str, Callable[[bytes], None]] = {EPRINT: _EprintCheck(), HTML: _check_html, PDF: _check_pdf}
    try:
        answer = client.get(url, max_bytes=MAX_EPRINT_BYTES, compressed=kind == HTML, check=checks[kind])
    except BodyTooLargeError as error:
        return FetchedDocument(kind, "too_large", url, now, reason=str(error))
    except (UnavailableError, UnsafeRedirectError) as error:
        return FetchedDocument(kind, "failed", url, now, reason=str(error))
    if answer.status == 200:
        return _stored(store, answer, kind, url, now)
    outcome, reason = _refused(answer.status, item, kind)
    return FetchedDocument(kind, outcome, url, now, reason=reason)


def _check_html(body: bytes) -> None:
    """Have a page asked for again that is not one of LaTeXML's, whose elements all have classes of this prefix."""
    if b"ltx_" not in body:
        raise BrokenBodyError("the page is none that LaTeXML made of a paper")


def _check_pdf(body: bytes) -> None:
    if sniff(body) != "pdf" or not is_whole(body):
        raise BrokenBodyError("no whole PDF came")


class _EprintCheck:
    """Has an e-print asked for again when a web page, nothing, or a part of it came.

    A part that comes again and again is what arXiv has; an HTML submission comes packed.
    """

    def __init__(self) -> None:
        self._parts: Counter[bytes] = Counter()

    def __call__(self, body: bytes) -> None:
        if not body or sniff(body) == "html":
            raise BrokenBodyError("a web page or nothing came instead of an e-print")
        if is_whole(body):
            return
        self._parts[body] += 1
        if self._parts[body] < MAX_PARTS:
            raise BrokenBodyError("the e-print is truncated or damaged")


def _stored(store: FileStore, answer: Answer, kind: str, url: str, now: datetime) -> FetchedDocument:
    media_type = kind if kind == HTML else sniff(answer.body)
    if kind == EPRINT and (
        not answer.body or (media_type == "html" and "html" in answer.headers.get("Content-Type", ""))
    ):
        return FetchedDocument(
            kind, "failed", url, now, reason="arXiv sent a web page or nothing instead of an e-print"
        )
    return FetchedDocument(
        kind=kind,
        outcome="pdf_only" if kind == EPRINT and media_type == "pdf" else "stored",
        url=url,
        fetched_at=now,
        sha256=store.put(answer.body),
        bytes=len(answer.body),
        media_type=media_type,
        etag=answer.headers.get("ETag", ""),
    )


def _refused(status: int, item: WantedDocument, kind: str) -> tuple[str, str]:
    form = {EPRINT: "source", HTML: "HTML", PDF: "PDF"}[kind]
    if status == 403:
        return "encrypted", f"arXiv answers 403: the {form} is not public"
    if status == 404 and (item.withdrawn or "I" in item.source_type):
        return "withdrawn", "arXiv answers 404 and the paper is withdrawn"
    if status == 404:
        return "no_source", f"arXiv answers 404: it has no {form} for this version"
    return "failed", f"arXiv answers with status {status}"
