"""Reads a paper in HTML into a ``Document``: LaTeXML's pages (arXiv's ``/html``, ar5iv) and pages with plain tables.

LaTeXML's classes are described at https://math.nist.gov/~BMiller/LaTeXML/manual/. Scripts and styles are ignored, and
nothing that a page holds raises an exception: what can't be read is named in ``Document.unread`` with its reason.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from corpus.reading.document import MAX_ABSTRACT, MAX_TABLES, MAX_TITLE, Document, DocumentTable, Paragraph, Section
from corpus.reading.html_bibliography import bibliography_elements, read_bibliography
from corpus.reading.html_floats import PageTable, labels_by_id, page_tables, read_caption
from corpus.reading.html_tables import read_table
from corpus.reading.html_text import Links, classes, is_skipped, read_text
from corpus.reading.layout import header_rows
from corpus.reading.tables import CellRoom, TableError
from db.records import Table, Unread

MAX_CHARACTERS = 30_000_000
"""Size of a page up to which it is read."""
MAX_TAGS = 600_000
"""Tags up to which a page is read; each costs some 300 bytes of memory."""

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEADINGS = {"h1": 1, "h2": 1, "h3": 2, "h4": 3, "h5": 4, "h6": 4}
_LEVELS = {
    "ltx_title_part": 1,
    "ltx_title_chapter": 1,
    "ltx_title_section": 1,
    "ltx_title_appendix": 1,
    "ltx_title_subsection": 2,
    "ltx_title_subsubsection": 3,
    "ltx_title_paragraph": 4,
    "ltx_title_subparagraph": 4,
}
_BLOCKS = ("p", "div", "ul", "ol", "dl", "li", "dd", "dt", "blockquote", "section", "article", "table", "figure", "pre")
_TEXTS = frozenset(["p", "li", "dd", "dt", "div", "blockquote", "center"])
_APART = frozenset(["ltx_authors", "ltx_bibliography", "ltx_biblist", "ltx_abstract", "ltx_TOC", "ltx_pagination"])
_FRAME = frozenset(["header", "footer", "aside"])
_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z](?:\.\d+)+\.?|(?:[A-Z]|[IVX]+)\.)\s+(?=\S)")
_LINE_END = "\N{RETURN SYMBOL}"
_MENTION = re.compile(r"\b(?:Tables?|Tab\.)\s*((?:[A-Z]\.?)?\d+|[IVXL]+)\b")


def read_html(data: bytes | str, *, sha256: str = "") -> Document:
    """Read a page into a document; of a page that is empty or too large nothing is read but the reason why not."""
    text = data if isinstance(data, str) else _decode(data)
    reason = _refusal(text)
    root, left = (None, ()) if reason else _parse(text)
    if root is None:
        return Document(sha256=sha256, unread=(Unread("document", "page", reason or "there is no text in it"),))
    body = _body(root)
    entries = bibliography_elements(body)
    tables = page_tables(body)
    links = Links(labels_by_id(tables), frozenset(name for item in entries if (name := item.get("id"))))
    walker = _Walker(tables, links, frozenset(entries))
    walker.walk(body)
    return Document(
        title=(walker.title or _page_title(root))[:MAX_TITLE],
        abstract=(_abstract(body, links) or walker.take_abstract())[:MAX_ABSTRACT],
        authors=_authors(root, links),
        sections=tuple(walker.sections),
        tables=tuple(walker.tables),
        bibliography=read_bibliography(entries),
        sha256=sha256,
        unread=tuple(dict.fromkeys([*left, *walker.unread])),
    )


def _decode(data: bytes) -> str:
    """A page's text: UTF-8, else what its head says, else Latin-1."""
    for name in ("utf-8-sig", *(match.group(1).decode() for match in _CHARSET.finditer(data[:2048])), "latin-1"):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return ""


def _refusal(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        return f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
    tags = text.count("<")
    if tags > MAX_TAGS:
        return f"it has {tags:,} tags; at most {MAX_TAGS:,} are read"
    return ""


def _parse(text: str) -> tuple[HtmlElement | None, tuple[Unread, ...]]:
    """The page's root, and what the parser left out: elements nested deeper than libxml2 follows."""
    parser = HTMLParser(encoding="utf-8")
    try:
        root = document_fromstring(_CONTROL.sub("", text).encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None, ()
    too_deep = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    left = Unread("document", "page", "its elements are nested too deeply; the rest was left out")
    return (root if isinstance(root.tag, str) else None), (left,) if too_deep else ()


def _body(root: HtmlElement) -> HtmlElement:
    """The part of a page that is the paper."""
    for article in root.iter("article"):
        if "ltx_document" in classes(article):
            return article
    candidates = [part for name in ("main", "article") for part in root.iter(name)]
    body = root.find("body")
    whole = body if body is not None else root
    return candidates[0] if len(candidates) == 1 else whole


def _page_title(root: HtmlElement) -> str:
    meta = _meta(root, "citation_title")
    return meta[0] if meta else " ".join((root.findtext(".//title") or "").split())


def _meta(root: HtmlElement, name: str) -> list[str]:
    texts = [(tag.get("content") or "").strip() for tag in root.iter("meta") if tag.get("name") == name]
    return [text for text in texts if text]


def _authors(root: HtmlElement, links: Links) -> tuple[str, ...]:
    """Names of LaTeXML's creators before the first line break, else what the page's head says of its authors."""
    names: list[str] = []
    for person in root.iter("span"):
        if "ltx_personname" in classes(person):
            for line_break in list(person.iter("br"))[:1]:
                line_break.text = _LINE_END
            text = read_text(person, links).text.partition(_LINE_END)[0]
            names += re.split(r",\s*|\s+and\s+|\s*&\s*", text)
    names = names or _meta(root, "citation_author")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _abstract(body: HtmlElement, links: Links) -> str:
    for part in body.iter("div", "section"):
        if "ltx_abstract" in classes(part) or (part.get("id") or "").lower() == "abstract":
            texts = [read_text(child, links).text for child in part if not _is_heading(child)]
            return " ".join(text for text in texts if text)
    return ""


def _is_heading(element: HtmlElement) -> bool:
    return element.tag in _HEADINGS or (isinstance(element.tag, str) and "ltx_title" in classes(element))


class _Walker:
    """Goes through a page once and sorts its elements into the parts of a document."""

    def __init__(self, tables: list[PageTable], links: Links, entries: frozenset[HtmlElement]) -> None:
        self.title = ""
        self.sections: list[Section] = []
        self.tables: list[DocumentTable] = []
        self.unread: list[Unread] = []
        self._links = links
        self._waiting = {table.element: table for table in tables}
        self._aside = entries | {caption for table in tables if (caption := table.caption) is not None}
        self._numbers = {table.number: table.label for table in tables if table.number} if not links.labels else {}
        self._heading = (0, "")
        self._paragraphs: list[Paragraph] = []
        self._room = CellRoom()

    def walk(self, root: HtmlElement) -> None:
        """Fill the attributes."""
        stack = [root]
        while stack:
            element = stack.pop()
            if element is not root and (is_skipped(element) or self._take(element)):
                continue
            stack.extend(reversed(element))
        self._close_section()

    def take_abstract(self) -> str:
        """Take the section that is headed as abstract out of the sections."""
        for index, section in enumerate(self.sections[:4]):
            if section.title.strip(" .:").lower() == "abstract":
                del self.sections[index]
                self.tables = [replace(t, section=t.section - (t.section > index)) for t in self.tables]
                return " ".join(paragraph.text for paragraph in section.paragraphs)
        return ""

    def _take(self, element: HtmlElement) -> bool:
        """Read an element as what it is; False when its children must be looked at."""
        table = self._waiting.pop(element, None)
        if table is not None:
            self._read_table(table)
            return True
        found = classes(element)
        if element in self._aside or element.tag in _FRAME or not _APART.isdisjoint(found):
            return True
        if _is_heading(element):
            self._read_heading(element)
            return True
        if element.tag == "figcaption" or "ltx_caption" in found or "ltx_equation" in found:
            return True
        if (element.tag in _TEXTS or "ltx_p" in found) and element.find("figure") is None:
            return self._read_block(element)
        return False

    def _read_block(self, element: HtmlElement) -> bool:
        """Read a paragraph; a block that holds blocks is left to them, and so are the tables in it."""
        is_paragraph = element.tag == "p" or "ltx_p" in classes(element)
        if not is_paragraph and next(element.iterdescendants(*_BLOCKS), None) is not None:
            return False
        inline = read_text(element, self._links, tables=False)
        text, references = self._mentions(inline.text, inline.references)
        if text:
            self._paragraphs.append(Paragraph(text, tuple(references), tuple(inline.cites)))
        for part in element.iterdescendants("table", "span"):
            table = self._waiting.pop(part, None)
            if table is not None:
                self._read_table(table)
        return True

    def _mentions(self, text: str, references: list[str]) -> tuple[str, list[str]]:
        """Where a page has no links to its tables, ``Table 3`` refers to the table of that number."""
        if not self._numbers:
            return text, references
        found = list(references)
        for match in reversed(list(_MENTION.finditer(text))):
            label = self._numbers.get(match.group(1))
            if label is not None:
                found.append(label)
                text = text[: match.start(1)] + label + text[match.end(1) :]
        return text, found

    def _read_heading(self, element: HtmlElement) -> None:
        text = read_text(element, self._links).text
        found = classes(element)
        if "ltx_title_document" in found or (element.tag == "h1" and not self.title and "ltx_title" not in found):
            self.title = self.title or text
            return
        levels = [_LEVELS[name] for name in found if name in _LEVELS]
        if "ltx_title" in found and not levels:
            return
        self._close_section()
        self._heading = (levels[0] if levels else _HEADINGS.get(element.tag, 4), _NUMBER.sub("", text))

    def _read_table(self, found: PageTable) -> None:
        if found.index >= MAX_TABLES:
            self.unread.append(Unread("table", "", f"there are more than {MAX_TABLES} tables; the rest was left out"))
            return
        try:
            rows = read_table(found.element, self._links, self._room)
        except TableError as error:
            self.unread.append(Unread("table", found.label, str(error)))
            return
        caption, cites = read_caption(found.caption, self._links)
        parent, parent_cites = read_caption(found.outer_caption, self._links)
        grid = tuple(tuple(cell.text for cell in row) for row in rows.cells)
        self.tables.append(
            DocumentTable(
                table=Table(found.index, found.label, caption or parent, grid),
                cells=rows.cells,
                environment=found.element.tag,
                placement="table" if found.figure is not None or found.caption is not None else "",
                rules=rows.rules,
                header_rows=rows.head or header_rows(rows.cells, rows.rules),
                parent_caption=parent if caption else "",
                notes=rows.footnotes,
                cites=(*cites, *parent_cites),
                section=len(self.sections),
                before=self._paragraphs[-1].text if self._paragraphs else "",
            )
        )

    def _close_section(self) -> None:
        level, title = self._heading
        if self._paragraphs or title:
            self.sections.append(Section(level, title, tuple(self._paragraphs)))
        self._paragraphs = []
        self._heading = (0, "")
