"""What a researcher cites: the entries of a reference library or of a draft's bibliography.

A draft is read as a paper is (`corpus.reading.forms`), so that its ``\\bibitem``, ``.bbl`` or the cited entries of its
``.bib`` count. A library alone (``.bib``, ``.bbl``) is taken whole.
"""

from __future__ import annotations

from pathlib import Path

from corpus.citations import bib_entries, read_bibliography
from corpus.reading.expander import Expander
from corpus.reading.forms import UnreadablePathError, read_paper
from corpus.reading.scanner import tokenize
from db.records import Citation


class NoReferencesError(ValueError):
    """A path holds no entry of a bibliography."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no entry of a bibliography was found; give a .bib or .bbl file, or a draft's folder")


def read_references(path: Path) -> tuple[Citation, ...]:
    """The entries of a library, or those that a draft prints or cites, each key once.

    Args:
        path: a ``.bib`` or ``.bbl`` file, a draft in any form that is read, or a folder with one of them. Of a folder
            with a ``.tex`` file that cites nothing, all its libraries are taken.

    Raises:
        NoReferencesError: nothing of the kind is there.
        corpus.reading.forms.UnreadablePathError: there is nothing at the path, or nothing that is read.
    """
    if path.is_dir():
        found = _of_draft(path) or _of_libraries(sorted(path.rglob("*")))
    elif path.suffix.lower() in (".bib", ".bbl") and path.is_file():
        found = _of_libraries([path])
    else:
        found = read_paper(path).bibliography
    if not found:
        raise NoReferencesError(path)
    return tuple({entry.key: entry for entry in reversed(found)}.values())[::-1]


def _of_draft(folder: Path) -> tuple[Citation, ...]:
    try:
        return read_paper(folder).bibliography
    except UnreadablePathError:
        return ()


def _of_libraries(files: list[Path]) -> tuple[Citation, ...]:
    found: list[Citation] = []
    for file in files:
        if file.suffix.lower() == ".bib" and file.is_file():
            found += bib_entries(file.read_text(encoding="utf-8", errors="replace"))
        elif file.suffix.lower() == ".bbl" and file.is_file():
            printed = {file.name: file.read_text(encoding="utf-8", errors="replace")}
            found += read_bibliography(tokenize(""), printed, Expander(lambda _name, _origin: None).expand)
    return tuple(found)
