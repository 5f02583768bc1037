r"""Reads the source of a paper in LaTeX into a ``Document``.

The root file is the one with ``\documentclass``; only files that it reaches are read. Nothing that a paper contains
raises an exception: what can't be read is named in ``Document.unread`` with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus import citations
from corpus.reading.commands import FLOATS
from corpus.reading.document import MAX_ABSTRACT, MAX_TABLES, MAX_TITLE, Document, DocumentTable, Paragraph, Section
from corpus.reading.expander import Expander, Expansion
from corpus.reading.floats import FoundTable, find_tables, is_tabular
from corpus.reading.layout import header_rows
from corpus.reading.sources import Sources
from corpus.reading.tables import CellRoom, TableError, read_rows
from corpus.reading.text import read_inline, to_text
from corpus.reading.tokens import PARAGRAPH, Cursor, Tokens, environment_name
from db.records import Table, Unread

_LEVELS = {
    "\\part": 1,
    "\\chapter": 1,
    "\\section": 1,
    "\\subsection": 2,
    "\\subsubsection": 3,
    "\\paragraph": 4,
    "\\subparagraph": 4,
}
_BOXES = frozenset(["center", "minipage", "threeparttable"])
_BEFORE = 2000
"""Characters of the text before a table."""
_NAME_TOKENS = 200
"""Tokens of a macro that may be a name."""
_OWN_NAMES = 100
"""Names that a paper can have macros for."""
_TITLES = ("\\title", "\\icmltitle", "\\Title")
_OWN = re.compile(
    r"\\(our|ours|my|method|approach|name|model|alg|algo|algorithm|framework|system|sys|tool)s?\w*$", re.I
)


def read_latex(files: Mapping[str, bytes], *, sha256: str = "") -> Document:
    """Read the files of one e-print, by their names in the archive."""
    sources = Sources(files)
    root = sources.root()
    if root is None:
        reason = "there is no LaTeX file in it" if files else "it is empty"
        return Document(sha256=sha256, unread=(Unread("document", "source", reason),))
    expander = Expander(sources.find)
    text = sources.text(root)
    expansion = expander.run(text, root)
    walker = _Walker(expansion)
    walker.walk()
    bibliography = citations.read_bibliography(
        expansion.tokens, sources.bibliography(root, expansion.tokens), expander.expand
    )
    return Document(
        title=walker.title[:MAX_TITLE],
        abstract=walker.abstract[:MAX_ABSTRACT],
        authors=walker.authors,
        sections=tuple(walker.sections),
        tables=tuple(walker.tables),
        bibliography=bibliography,
        own_names=_own_names(expansion),
        sha256=sha256,
        unread=tuple(dict.fromkeys([*expansion.unread, *walker.unread])),
    )


def _own_names(expansion: Expansion) -> tuple[str, ...]:
    names = []
    for command, macro in expansion.macros.items():
        if _OWN.match(command):
            text = to_text(Tokens(macro.body)) if macro.is_text and len(macro.body) <= _NAME_TOKENS else ""
            if 1 < len(text) <= 40 and any(character.isalpha() for character in text):
                names.append(text)
    return tuple(dict.fromkeys(names))[:_OWN_NAMES]


class _Walker:
    """Goes through the expanded tokens once and sorts them into the parts of a document."""

    def __init__(self, expansion: Expansion) -> None:
        self.tokens = expansion.tokens
        self.column_types = expansion.column_types
        self.title = ""
        self.abstract = ""
        self.authors: tuple[str, ...] = ()
        self.sections: list[Section] = []
        self.tables: list[DocumentTable] = []
        self.unread: list[Unread] = []
        self._heading = (0, "")
        self._paragraphs: list[Paragraph] = []
        self._buffer: list[str] = []
        self._before = ""
        self._read_before = 0
        """Tokens of the buffer that are part of ``_before``."""
        self._searched = 0
        """Where the tokens end that were searched for tables outside of floats."""
        self._count = 0
        self._room = CellRoom()

    def walk(self) -> None:
        """Fill the attributes."""
        body = self.tokens.find("\\begin{document}")
        if body is None:
            reason = "there is no \\begin{document}; it was read as part of a paper"
            self.unread.append(Unread("document", "source", reason))
        else:
            self._preamble(self.tokens.part(0, body).cursor())
        cursor = self.tokens.part(0 if body is None else body + 1).cursor()
        while (item := cursor.next()) is not None and item != "\\end{document}":
            if item[0] == "\\":
                self._command(cursor, item)
            elif item == PARAGRAPH:
                self._close_paragraph()
            else:
                self._buffer.append(item)
        self._close_section()

    def _preamble(self, cursor: Cursor) -> None:
        while (item := cursor.next_control()) is not None:
            if item in _TITLES:
                self._read_title(cursor)
            elif item == "\\author":
                self._read_authors(cursor)
            elif item == "\\abstract":
                self.abstract = to_text(cursor.argument())

    def _command(self, cursor: Cursor, item: str) -> None:
        if item == "\\par":
            self._close_paragraph()
        elif item in _LEVELS:
            self._read_heading(cursor, _LEVELS[item])
        elif item in _TITLES:
            self._read_title(cursor)
        elif item == "\\author":
            self._read_authors(cursor)
        elif item.startswith("\\begin{"):
            self._begin(cursor, item)
        elif item == "\\caption":
            cursor.arguments("som")
        elif item == "\\captionof":
            cursor.arguments("mom")
        else:
            self._buffer.append(item)

    def _begin(self, cursor: Cursor, item: str) -> None:
        name = environment_name(item)
        if name in ("abstract", "thebibliography"):
            part = cursor.environment() or cursor.rest()
            cursor.leave(part)
            if name == "abstract":
                self.abstract = to_text(part)
        elif name in FLOATS:
            self._read_float(cursor, name)
        elif name != "array" and (name in _BOXES or is_tabular(item)):
            self._read_box(cursor, item)
        else:
            self._buffer.append(item)

    def _read_float(self, cursor: Cursor, name: str) -> None:
        environment = cursor.environment()
        if environment is None:
            self._never_closed(name)
            return
        cursor.leave(environment)
        for table in self._find_tables(environment.part(1)):
            self._read_table(table, name)

    def _find_tables(self, tokens: Tokens) -> list[FoundTable]:
        return find_tables(tokens) if self._count <= MAX_TABLES else []

    def _read_box(self, cursor: Cursor, item: str) -> None:
        """Read what may be a table outside of a float; without tables it is part of the running text."""
        name = environment_name(item)
        box = cursor.environment()
        tables: list[FoundTable] = []
        if box is None and name not in _BOXES:
            self._never_closed(name)
        elif box is not None and box.stop > self._searched:
            tables, self._searched = self._find_tables(box), box.stop
        for table in tables:
            self._read_table(table, name if "long" in name else "")
        if box is not None and tables:
            cursor.leave(box)
        else:
            self._buffer.append(item)

    def _never_closed(self, name: str) -> None:
        self.unread.append(Unread("table", name, f"\\begin{{{name}}} is never closed"))

    def _read_table(self, found: FoundTable, placement: str) -> None:
        index, self._count = self._count, self._count + 1
        if index >= MAX_TABLES:
            self.unread.append(Unread("table", "", f"there are more than {MAX_TABLES} tables; the rest was left out"))
            return
        label = found.label or f"#{index}"
        environment = environment_name(found.tokens[0])
        try:
            rows = read_rows(found.tokens, self.column_types, self._room)
        except TableError as error:
            self.unread.append(Unread("table", label, str(error)))
            return
        grid = tuple(tuple(cell.text for cell in row) for row in rows.cells)
        self.tables.append(
            DocumentTable(
                table=Table(index, label, found.caption, grid),
                cells=rows.cells,
                environment=environment,
                placement=placement,
                rules=rows.rules,
                header_rows=rows.head or header_rows(rows.cells, rows.rules),
                parent_caption=found.parent_caption,
                notes=(*found.notes, *rows.footnotes),
                cites=tuple(found.cites),
                section=len(self.sections),
                before=self._text_before(),
            )
        )

    def _text_before(self) -> str:
        """The end of the open paragraph, else the last one; what stands before several tables is read once."""
        read = to_text(Tokens(self._buffer[self._read_before :]))
        self._read_before = len(self._buffer)
        self._before = f"{self._before} {read}".strip()[-_BEFORE:]
        return self._before or (self._paragraphs[-1].text if self._paragraphs else "")

    def _read_heading(self, cursor: Cursor, level: int) -> None:
        self._close_section()
        _, title = cursor.arguments("som")[0]
        self._heading = (level, to_text(title))

    def _read_title(self, cursor: Cursor) -> None:
        _, title = cursor.arguments("om")[0]
        self.title = self.title or to_text(title)

    def _read_authors(self, cursor: Cursor) -> None:
        _, names = cursor.arguments("om")[0]
        self.authors = self.authors or _authors(names)

    def _close_paragraph(self) -> None:
        if not self._buffer:
            return
        inline = read_inline(Tokens(self._buffer))
        self._buffer, self._before, self._read_before = [], "", 0
        if inline.text:
            self._paragraphs.append(Paragraph(inline.text, tuple(inline.references), tuple(inline.cites)))

    def _close_section(self) -> None:
        self._close_paragraph()
        level, title = self._heading
        if self._paragraphs or title:
            self.sections.append(Section(level, title, tuple(self._paragraphs)))
        self._paragraphs = []
        self._heading = (0, "")


def _authors(tokens: Tokens) -> tuple[str, ...]:
    """Names before the first line break of each author's block."""
    names: list[str] = []
    block: list[str] = []
    reading = True
    for item in [*tokens, "\\and"]:
        if item in ("\\and", "\\And", "\\AND"):
            names += re.split(r",\s*|\s+and\s+", to_text(Tokens(block)))
            block, reading = [], True
        elif item == "\\\\":
            reading = False
        elif reading:
            block.append(item)
    return tuple(name for name in (name.strip() for name in names) if name)
