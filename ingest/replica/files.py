"""E-prints, HTML and PDF files of the replica, with the headers and failures of arXiv's own.

After github.com/arXiv/arxiv-browse: ``/src`` gives the stored form as an attachment with an ETag; a withdrawn paper
is 404, an encrypted source 403, ``/e-print`` moved to ``/src``. The folder holds the newest version's files alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path

from ingest.arxiv_id import ArxivId, InvalidArxivIdError, parse
from ingest.replica.records import Collection, PaperVersion

_SOURCE_TYPES = {
    ".tar.gz": "application/gzip",
    ".gz": "application/gzip",
    ".pdf": "application/pdf",
    ".ps.gz": "application/gzip",
    ".html.gz": "application/gzip",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def page(status: int, title: str, text: str = "") -> Reply:
    """A small web page."""
    head = f"<!DOCTYPE html>\n<html><head><title>{escape(title)}</title></head>"
    body = f"{head}<body><h1>{escape(title)}</h1>{text}</body></html>"
    return Reply(status, body.encode())


def redirect(location: str) -> Reply:
    """A permanent redirect."""
    return Reply(301, b"", headers={"Location": location})


@dataclass(frozen=True, slots=True)
class FileServer:
    """Answers for the files of a collection in a folder."""

    collection: Collection
    folder: Path

    def source(self, path: str) -> Reply:
        """``/src/ID``: the e-print as it was submitted."""
        found = self._version(path)
        if isinstance(found, Reply):
            return found
        if found.is_withdrawn or found.source_format == "withdrawn":
            return page(404, f"No source for {found.paper_id}: withdrawn")
        if "S" in found.source_flags:
            return page(403, f"The source of {found.paper_id} is not public")
        for suffix, content_type in _SOURCE_TYPES.items():
            file = self._file("src", found, suffix)
            if file:
                return _file_reply(file, content_type, f"attachment; filename={_quoted_name(found, suffix)}")
        return page(404, f"No source for {found.paper_id}")

    def html(self, path: str) -> Reply:
        """``/html/ID``: the page that LaTeXML made."""
        found = self._version(path)
        if isinstance(found, Reply):
            return found
        file = self._file("html", found, ".html")
        if file is None:
            return page(404, f"No HTML for {found.paper_id}")
        return _file_reply(file, "text/html; charset=utf-8", None)

    def pdf(self, path: str, query: str) -> Reply:
        """``/pdf/ID``; a suffix or a query is redirected away."""
        if path.endswith(".pdf") or query:
            return redirect(f"/pdf/{path.removesuffix('.pdf')}")
        found = self._version(path)
        if isinstance(found, Reply):
            return found
        if found.is_withdrawn or found.source_format == "withdrawn":
            return page(404, f"No PDF for {found.paper_id}: withdrawn")
        file = self._file("pdf", found, ".pdf") or self._file("src", found, ".pdf")
        if file is None:
            return page(404, f"No PDF for {found.paper_id}")
        return _file_reply(file, "application/pdf", f"inline; filename={_quoted_name(found, '.pdf')}")

    def abstract(self, path: str) -> Reply:
        """``/abs/ID``: a minimal page."""
        found = self._version(path)
        if isinstance(found, Reply):
            return found
        return page(
            200, found.title, f"<p>{escape(found.authors)}</p><blockquote>{escape(found.abstract)}</blockquote>"
        )

    def _version(self, path: str) -> PaperVersion | Reply:
        try:
            identifier = parse(path)
        except InvalidArxivIdError:
            return page(400, "Invalid article identifier")
        if path.lower().startswith("arxiv"):
            return page(400, "Invalid article identifier")
        paper = self.collection.get(identifier.paper)
        version = paper.version(identifier.version) if paper else None
        return version or page(404, f"Article not found: {identifier}")

    def _file(self, kind: str, version: PaperVersion, suffix: str) -> Path | None:
        file = self.folder / kind / (ArxivId(version.paper_id).file_name + suffix)
        return file if version.is_current and file.is_file() else None


def _quoted_name(version: PaperVersion, suffix: str) -> str:
    return f'"arXiv-{ArxivId(version.paper_id, version.version).file_name}{suffix}"'


def _file_reply(file: Path, content_type: str, disposition: str | None) -> Reply:
    body = file.read_bytes()
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    headers = {
        "ETag": f'"sha256:{hashlib.sha256(body).hexdigest()}"',
        "Last-Modified": format_datetime(modified, usegmt=True),
    }
    if disposition:
        headers["Content-Disposition"] = disposition
    return Reply(200, body, content_type, headers)
