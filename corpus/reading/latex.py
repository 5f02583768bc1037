r"""Reads the source of a paper in LaTeX into a ``Document``.

The root file is the one with ``\documentclass``; only files that it reaches are read. Nothing that a paper contains
raises an exception: what can't be read is named in ``Document.unread`` with its reason.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from corpus import citations
from corpus.reading.commands import FLOATS
from corpus.reading.document import Document, DocumentTable, Paragraph, Section
from corpus.reading.expander import Expander, Expansion
from corpus.reading.floats import FoundTable, find_tables, is_tabular
from corpus.reading.layout import header_rows
from corpus.reading.macros import macro_text
from corpus.reading.tables import TableError, read_rows
from corpus.reading.text import read_inline, to_text
from corpus.reading.tokens import (
    PARAGRAPH,
    environment_end,
    environment_name,
    flatten,
    read_argument,
    read_optional,
    skip_star,
)
from db.records import Table, Unread

MAX_FILE = 8_000_000
"""Characters of one source file."""

_LEVELS = {
    "\\part": 1,
    "\\chapter": 1,
    "\\section": 1,
    "\\subsection": 2,
    "\\subsubsection": 3,
    "\\paragraph": 4,
    "\\subparagraph": 4,
}
_TITLES = ("\\title", "\\icmltitle", "\\Title")
_OWN = re.compile(
    r"\\(our|ours|my|method|approach|name|model|alg|algo|algorithm|framework|system|sys|tool)s?\w*$", re.I
)
_FILECONTENTS = re.compile(r"\\begin\{filecontents\*?\}(?:\[[^\]]*\])?\{([^}]+)\}(.*?)\\end\{filecontents\*?\}", re.S)
_KNOWN_STYLES = re.compile(
    r"(?i)(natbib|ieee|acm|llncs|springer|sn-jnl|elsart|cas-|neurips|nips|icml|iclr|cvpr|iccv|eccv|wacv|aaai|ijcai|acl|"
    r"emnlp|naacl|interspeech|spconf|mdpi|frontiers|svjour|revtex|algorithm|fancyhdr|tikz|pgf|hyperref|booktabs|"
    r"multirow|caption|subfig|cleveref|titlesec|microtype|colm|tmlr|jmlr|uai|aistats|imart|amsart|arxiv)[\w-]*\.(sty|cls)$"
)


def read_latex(files: Mapping[str, bytes], *, sha256: str = "") -> Document:
    """Read the files of one e-print, by their names in the archive."""
    sources = _Sources(files)
    root = sources.root()
    if root is None:
        reason = "there is no LaTeX file in it" if files else "it is empty"
        return Document(sha256=sha256, unread=(Unread("document", "source", reason),))
    expander = Expander(sources.find)
    text = sources.text(root)
    expansion = expander.run(text, root)
    walker = _Walker(expansion)
    walker.walk()
    bibliography = citations.read_bibliography(expansion.tokens, sources.bibliography(root, expansion), expander.expand)
    return Document(
        title=walker.title,
        abstract=walker.abstract,
        authors=walker.authors,
        sections=tuple(walker.sections),
        tables=tuple(walker.tables),
        bibliography=bibliography,
        own_names=_own_names(expansion),
        sha256=sha256,
        unread=tuple(dict.fromkeys([*expansion.unread, *walker.unread])),
    )


class _Sources:
    """The files of a paper as text, looked up by the names that its source uses."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self._texts: dict[str, str] = {}
        self.folder = ""

    def text(self, name: str) -> str:
        """A file's text: UTF-8, else Latin-1; line ends are newlines."""
        if name not in self._texts:
            data = self.files[name][: 4 * MAX_FILE]
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            self._texts[name] = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:MAX_FILE]
        return self._texts[name]

    def root(self) -> str | None:
        r"""The file with ``\documentclass`` and a body; else the largest ``.tex``; else the only file."""
        candidates = [name for name in self.files if name.lower().endswith((".tex", ".ltx", ".latex"))]
        if not candidates:
            candidates = [name for name in self.files if "." not in posixpath.basename(name)]
        if not candidates and len(self.files) == 1:
            candidates = list(self.files)
        if not candidates:
            return None
        chosen = max(candidates, key=self._rootness)
        self.folder = posixpath.dirname(chosen)
        for match in _FILECONTENTS.finditer(self.text(chosen)):
            self.files.setdefault(posixpath.join(self.folder, match.group(1)), match.group(2).encode())
        return chosen

    def _rootness(self, name: str) -> tuple[bool, bool, bool, int, int]:
        text = self.text(name)
        classed = re.search(r"^[^%\n]*\\document(class|style)", text, re.M) is not None
        standalone = re.search(r"^[^%\n]*\\documentclass(\[[^\]]*\])?\{(standalone|subfiles)\}", text, re.M) is not None
        body = "\\begin{document}" in text
        return classed and not standalone, body, classed, -name.count("/"), len(text)

    def find(self, name: str, origin: str) -> tuple[str, str] | None:
        """The file that ``name`` means in the file ``origin``, with its text; None for files that are not shipped."""
        for folder in dict.fromkeys((self.folder, posixpath.dirname(origin), "")):
            path = posixpath.normpath(posixpath.join(folder, name))
            for candidate in (path, path + ".tex"):
                if candidate in self.files:
                    if _KNOWN_STYLES.search(posixpath.basename(candidate)):
                        return None
                    return candidate, self.text(candidate)
        return None

    def bibliography(self, root: str, expansion: Expansion) -> dict[str, str]:
        """The texts of the ``.bbl`` and ``.bib`` files that belong to the paper."""
        named = {posixpath.splitext(root)[0] + ".bbl"}
        names = [name for name in self.files if name.endswith(".bbl")]
        chosen = [name for name in names if name in named] or names[:1]
        found = {name: self.text(name) for name in chosen}
        for index, item in enumerate(expansion.tokens):
            if item in ("\\bibliography", "\\addbibresource"):
                after = read_optional(expansion.tokens, index + 1)[1]
                for name in flatten(read_argument(list(expansion.tokens), after)[0]).split(","):
                    stem = name.strip().removesuffix(".bib") + ".bib"
                    path = posixpath.normpath(posixpath.join(self.folder, stem))
                    if path in self.files:
                        found[path] = self.text(path)
        return found


def _own_names(expansion: Expansion) -> tuple[str, ...]:
    names = []
    for command, macro in expansion.macros.items():
        if _OWN.match(command):
            text = to_text(macro_text(macro))
            if 1 < len(text) <= 40 and any(character.isalpha() for character in text):
                names.append(text)
    return tuple(dict.fromkeys(names))


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
        self._count = 0

    def walk(self) -> None:
        """Fill the attributes."""
        tokens = self.tokens
        index = 0
        if "\\begin{document}" in tokens:
            index = tokens.index("\\begin{document}") + 1
            self._preamble(index)
        else:
            reason = "there is no \\begin{document}; it was read as part of a paper"
            self.unread.append(Unread("document", "source", reason))
        while index < len(tokens):
            index = self._step(tokens, index)
        self._close_section()

    def _preamble(self, end: int) -> None:
        for index in range(end):
            item = self.tokens[index]
            if item in _TITLES:
                self._read_title(index + 1)
            elif item == "\\author":
                self._read_authors(index + 1)
            elif item == "\\abstract":
                self.abstract = to_text(read_argument(self.tokens, index + 1)[0])

    def _step(self, tokens: list[str], index: int) -> int:
        item = tokens[index]
        if item == PARAGRAPH or item == "\\par":
            self._close_paragraph()
        elif item in _LEVELS:
            return self._read_heading(item, index + 1)
        elif item in _TITLES:
            return self._read_title(index + 1)
        elif item == "\\author":
            return self._read_authors(index + 1)
        elif item.startswith("\\begin{"):
            return self._begin(tokens, index)
        elif item == "\\end{document}":
            return len(tokens)
        elif item in ("\\captionof", "\\caption"):
            _, after = read_argument(tokens, index + 1) if item == "\\captionof" else ([], skip_star(tokens, index + 1))
            _, after = read_optional(tokens, after)
            return read_argument(tokens, after)[1]
        else:
            self._buffer.append(item)
        return index + 1

    def _begin(self, tokens: list[str], index: int) -> int:
        name = environment_name(tokens[index])
        if name == "abstract":
            end = environment_end(tokens, index)
            self.abstract = to_text(tokens[index + 1 : end])
            return end + 1
        if name == "thebibliography":
            return environment_end(tokens, index) + 1
        if name in FLOATS or name in ("center", "minipage", "threeparttable") or is_tabular(tokens, index):
            end = environment_end(tokens, index)
            if name in FLOATS and end == len(tokens):
                self.unread.append(Unread("table", name, f"\\begin{{{name}}} is never closed"))
                return index + 1
            return self._read_float(name, index, end)
        self._buffer.append(tokens[index])
        return index + 1

    def _read_float(self, name: str, start: int, end: int) -> int:
        found = find_tables(self.tokens, start if name not in FLOATS else start + 1, end + 1)
        if name == "array":
            found = []
        for table in found:
            self._read_table(table, name if name in FLOATS or "long" in name else "")
        if name in FLOATS or (found and name != "center"):
            return end + 1
        if found:
            return end + 1
        self._buffer.append(self.tokens[start])
        return start + 1

    def _read_table(self, found: FoundTable, placement: str) -> None:
        index, self._count = self._count, self._count + 1
        label = found.label or f"#{index}"
        environment = environment_name(self.tokens[found.start])
        try:
            rows = read_rows(self.tokens, found.start, self.column_types)
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
                before=to_text(self._buffer) or (self._paragraphs[-1].text if self._paragraphs else ""),
            )
        )

    def _read_heading(self, item: str, index: int) -> int:
        self._close_section()
        index = skip_star(self.tokens, index)
        _, index = read_optional(self.tokens, index)
        argument, index = read_argument(self.tokens, index)
        self._heading = (_LEVELS[item], to_text(argument))
        return index

    def _read_title(self, index: int) -> int:
        _, index = read_optional(self.tokens, index)
        argument, index = read_argument(self.tokens, index)
        self.title = self.title or to_text(argument)
        return index

    def _read_authors(self, index: int) -> int:
        _, index = read_optional(self.tokens, index)
        argument, index = read_argument(self.tokens, index)
        if not self.authors:
            self.authors = _authors(argument)
        return index

    def _close_paragraph(self) -> None:
        if not self._buffer:
            return
        inline = read_inline(self._buffer)
        self._buffer = []
        if inline.text:
            self._paragraphs.append(Paragraph(inline.text, tuple(inline.references), tuple(inline.cites)))

    def _close_section(self) -> None:
        self._close_paragraph()
        level, title = self._heading
        if self._paragraphs or title:
            self.sections.append(Section(level, title, tuple(self._paragraphs)))
        self._paragraphs = []
        self._heading = (0, "")


def _authors(tokens: list[str]) -> tuple[str, ...]:
    """Names before the first line break of each author's block."""
    names: list[str] = []
    block: list[str] = []
    reading = True
    for item in [*tokens, "\\and"]:
        if item in ("\\and", "\\And", "\\AND"):
            names += re.split(r",\s*|\s+and\s+", to_text(block))
            block, reading = [], True
        elif item == "\\\\":
            reading = False
        elif reading:
            block.append(item)
    return tuple(name for name in (name.strip() for name in names) if name)
