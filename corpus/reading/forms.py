"""Reads a paper in whichever form its files have: LaTeX, HTML or PDF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corpus.reading.document import Document
from corpus.reading.html import read_html
from corpus.reading.latex import read_latex
from corpus.reading.sources import is_document
from db.records import Unread
from ingest.archive import ArchiveError, sniff, unpack

_SOURCES = (".tex", ".ltx", ".latex")
_INPUTS = (*_SOURCES, ".sty", ".cls", ".bbl", ".bib", ".def")
"""What a main file may name."""
_DEPTH = 3
"""Folders below that of a main file in which its parts are looked for."""
_PAGES = (".html", ".htm", ".xhtml")
MAX_BYTES = 160 * 2**20
"""Size to which an e-print may unpack, figures and all: it stands in memory twice while it does."""


class UnreadablePathError(ValueError):
    """A path holds no paper in a form that can be read."""


def read_files(files: Mapping[str, bytes], *, sha256: str = "") -> Document:
    """Read the files of one paper, by their names: LaTeX where there is any, else a page, else a PDF."""
    endings = {name.lower().rpartition(".")[2]: name for name in sorted(files, reverse=True) if "." in name}
    if not any(name.lower().endswith(_SOURCES) for name in files):
        for ending in _PAGES:
            if ending[1:] in endings:
                return read_html(files[endings[ending[1:]]], sha256=sha256)
        if "pdf" in endings and len(files) == 1:
            from corpus.reading.pdf import read_pdf

            return read_pdf(files[endings["pdf"]], sha256=sha256)
        if "ps" in endings and len(files) == 1:
            return Document(sha256=sha256, unread=(Unread("document", "source", "PostScript is not read"),))
    return read_latex(files, sha256=sha256)


def read_paper(path: Path, *, sha256: str = "") -> Document:
    """Read a folder with LaTeX files, an e-print (``.tar.gz``, ``.gz``, ``.tex``), a page (``.html``) or a PDF.

    A ``.tex`` file that is a document is read with the parts that lie beside or below it.

    Raises:
        UnreadablePathError: there is nothing at the path, or nothing that is a paper's text.
    """
    if path.is_dir():
        return read_files(_folder_files(path), sha256=sha256)
    if not path.is_file():
        raise UnreadablePathError(f"{path}: there is no such file or folder")
    data = path.read_bytes()
    if path.suffix.lower() in _PAGES and not sniff(data).endswith("+gzip"):
        return read_html(data, sha256=sha256)
    if path.suffix.lower() in _SOURCES and is_document(data) and not sniff(data).endswith("+gzip"):
        return read_files({path.name: data} | _parts(path), sha256=sha256)
    try:
        return read_files(unpack(data, max_bytes=MAX_BYTES), sha256=sha256)
    except ArchiveError as error:
        raise UnreadablePathError(f"{path}: {error}") from error


def _parts(main: Path) -> dict[str, bytes]:
    """The LaTeX files beside and below a main file that are no documents of their own."""
    found: dict[str, bytes] = {}
    for depth in range(_DEPTH):
        for file in sorted(main.parent.glob("*/" * depth + "*.*")):
            if file.suffix.lower() in _INPUTS and file.is_file() and file != main:
                data = file.read_bytes()
                if not is_document(data):
                    found[file.relative_to(main.parent).as_posix()] = data
    return found


def _folder_files(path: Path) -> dict[str, bytes]:
    found = {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    if not any(name.lower().endswith(_SOURCES) for name in found):
        raise UnreadablePathError(
            f"{path}: there is no .tex file in this folder; give the folder of the paper's source"
        )
    return found
