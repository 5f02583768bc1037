"""What every reader makes of a paper: one frozen ``Document``, whether it came as LaTeX or as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from db.records import Citation, Table, Unread

MAX_TITLE, MAX_ABSTRACT, MAX_CAPTION = 1000, 10_000, 4000
"""Characters of a paper's title, its abstract and a caption; the rest of a longer one is left out."""


MAX_TABLES = 500
"""Tables of one paper; the rest is left out."""
MAX_CELL = 2000
"""Characters of a cell; the rest of a longer one is left out."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell of an expanded grid with what its text alone does not say."""

    text: str
    cites: tuple[str, ...] = ()
    """Keys of bibliography entries cited in the cell."""
    bold: bool = False
    marks: str = ""
    """Symbols that stood as superscripts, such as ``†``."""
    origin: tuple[int, int] = (0, 0)
    """Row and column of the first cell that this text was printed in."""
    width: int = 1
    """Columns that the text spans."""
    height: int = 1
    """Rows that the text spans."""


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """A table with its surroundings."""

    table: Table
    cells: tuple[tuple[TableCell, ...], ...]
    environment: str
    """tabular, longtable, ..."""
    placement: str
    """The float around it (table, wraptable, ...), empty for a table in running text."""
    rules: tuple[int, ...] = ()
    """Rows above which a rule over the full width stands; the number of rows stands for the last line."""
    header_rows: int = 1
    parent_caption: str = ""
    """Caption of the float around a sub-table."""
    notes: tuple[str, ...] = ()
    """Notes below the table."""
    cites: tuple[str, ...] = ()
    """Keys that the captions cite."""
    section: int = -1
    """Index of the section it stands in."""
    before: str = ""
    """The paragraph before it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    text: str
    references: tuple[str, ...] = ()
    """Labels that it refers to."""
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section with the paragraphs up to the next heading of any level."""

    level: int
    """1 section, 2 subsection, 3 subsubsection, 4 paragraph; 0 for text before the first heading."""
    title: str
    paragraphs: tuple[Paragraph, ...] = ()

    @property
    def text(self) -> str:
        """The paragraphs, joined by empty lines."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that was read."""

    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    tables: tuple[DocumentTable, ...] = ()
    bibliography: tuple[Citation, ...] = ()
    own_names: tuple[str, ...] = ()
    """Names that the paper has a macro like ``\\ours`` for."""
    sha256: str = ""
    """Hash of the artefact it was read from."""
    unread: tuple[Unread, ...] = ()

    @property
    def text(self) -> str:
        """Title, abstract and sections as plain text."""
        parts = [self.title, self.abstract]
        for section in self.sections:
            parts += [section.title, section.text]
        return "\n\n".join(part for part in parts if part)

    def paragraphs(self) -> Iterator[Paragraph]:
        """All paragraphs, in order."""
        for section in self.sections:
            yield from section.paragraphs
