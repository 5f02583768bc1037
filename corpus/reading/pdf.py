"""Reads a paper's PDF into a ``Document`` of running text, with pdfium: for search and tags.

Tables are not read: a PDF holds marks at places and no rows or columns, and what guesses them is wrong too often to be
counted as evidence. The document says so in ``Document.unread``, and says which pages were left out.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from itertools import groupby

import pypdfium2
from pypdfium2 import raw

from corpus.reading.document import Document, Paragraph, Section
from db.records import Unread

MAX_PAGES = 100
"""Pages that are read; longer ones are theses and proceedings."""
MAX_SECONDS = 3.0
"""After this time no further page is begun."""
MAX_PAGE_CHARACTERS = 50_000
_TITLE_CHARACTERS = 2000
"""Characters of the first page among which the title is looked for."""
_TITLE_LINES = 4

_STAMP = re.compile(r"arXiv:\S+\s+\[[\w.-]+\]\s+\d+ \w+ \d{4}")
_HYPHENATED = re.compile(r"(?<=[a-z])(?:-\s*|\ufffe|\x02)\n(?=[a-z])")
_ABSTRACT = re.compile(
    r"^\s*abstract\b[\s.:—–-]*(?P<text>.{100,4000}?)\n\s*"
    r"(?:[1I]?[\s.]*introduction\b|keywords\b|index terms\b|ccs concepts\b)",
    re.I | re.S | re.M,
)
_NO_TABLES = Unread("table", "all", "tables in PDF are not read; give the LaTeX source or the HTML page of the paper")


def read_pdf(data: bytes, *, sha256: str = "") -> Document:
    """Read title, abstract and text of a PDF; of one that pdfium can't open nothing is read but the reason why not."""
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return Document(sha256=sha256, unread=(Unread("document", "PDF", f"it can't be opened: {error}"),))
    try:
        return _read(pdf, sha256)
    finally:
        pdf.close()


def _read(pdf: pypdfium2.PdfDocument, sha256: str) -> Document:
    unread = [_NO_TABLES]
    title = ""
    texts: list[str] = []
    until = time.monotonic() + MAX_SECONDS
    for number in range(min(len(pdf), MAX_PAGES)):
        if time.monotonic() > until:
            break
        try:
            page = pdf[number]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError as error:
            unread.append(Unread("document", f"page {number + 1}", f"it can't be opened: {error}"))
            continue
        title = title or (_title(text_page) if number == 0 else "")
        texts.append(_page_text(text_page))
        text_page.close()
        page.close()
    if len(texts) < len(pdf) and len(unread) == 1:
        pages = f"pages {len(texts) + 1} to {len(pdf)}"
        unread.append(Unread("document", pages, f"at most {MAX_PAGES} pages, and {MAX_SECONDS:g} s, are read"))
    match = _ABSTRACT.search("\n".join(texts[:2]))
    paragraphs = tuple(Paragraph(text) for page in texts for text in _paragraphs(page))
    return Document(
        title=title or _stated_title(pdf),
        abstract=" ".join(_joined(match.group("text")).split()) if match else "",
        sections=(Section(0, "", paragraphs),) if paragraphs else (),
        sha256=sha256,
        unread=tuple(unread),
    )


def _page_text(text_page: pypdfium2.PdfTextPage) -> str:
    count = min(text_page.count_chars(), MAX_PAGE_CHARACTERS)
    text = text_page.get_text_range(0, count) if count > 0 else ""
    return _STAMP.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _joined(text: str) -> str:
    """Text with the words that a line end had cut joined again."""
    return _HYPHENATED.sub("", text)


def _paragraphs(page: str) -> Iterator[str]:
    """Runs of lines between empty lines; pdfium gives most pages as one."""
    for part in re.split(r"\n\s*\n", _joined(page)):
        text = " ".join(part.split())
        if text:
            yield text


def _title(text_page: pypdfium2.PdfTextPage) -> str:
    """The lines in the largest upright type at the top of the first page."""
    lines: list[tuple[float, str]] = []
    sizes: list[float] = []
    text = ""
    for index in range(min(text_page.count_chars(), _TITLE_CHARACTERS)):
        character = chr(raw.FPDFText_GetUnicode(text_page, index))
        if character == "\n":
            lines.append((max(sizes, default=0.0), text.strip()))
            sizes, text = [], ""
        elif abs(math.sin(raw.FPDFText_GetCharAngle(text_page, index))) < 0.1:
            text += character if character.isprintable() else " "
            if not character.isspace():
                sizes.append(round(raw.FPDFText_GetFontSize(text_page, index), 1))
    largest = max((size for size, line in lines if len(line) > 3), default=0.0)
    for size, group in groupby(lines, key=lambda line: line[0]):
        if size == largest and size > 0:
            found = [line for _, line in group][:_TITLE_LINES]
            return " ".join(" ".join(found).split())
    return ""


def _stated_title(pdf: pypdfium2.PdfDocument) -> str:
    """The title in the file's own properties, where it is more than a file name."""
    title = " ".join(pdf.get_metadata_value("Title").split())
    return title if " " in title else ""
