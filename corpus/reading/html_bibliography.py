"""The bibliography of an HTML page as ``Citation`` records: LaTeXML's items, else a page's list of references."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from corpus import citations
from corpus.reading.html_text import Links, classes, read_text
from db.records import Citation

_HEADING = re.compile(r"\s*(?:[\dIVX]+\.?\s+)?(references|bibliography|literature cited)\s*$", re.I)
_ARXIV_ADDRESS = re.compile(r"arxiv\.org/(?:abs|pdf)/([\w./-]+?)(?:v\d+)?(?:\.pdf)?/?$", re.I)
_DOI_ADDRESS = re.compile(r"doi\.org/(10\.\d{4,9}/\S+)$", re.I)
_NO_LINKS = Links()
_SHORT = 15
"""Characters below which a paragraph of a reference list is no entry."""


def bibliography_elements(root: HtmlElement) -> list[HtmlElement]:
    """The entries of the page: LaTeXML's items, else what follows the heading of the references."""
    found = [item for item in root.iter("li", "div", "span") if "ltx_bibitem" in classes(item)]
    if found:
        return found
    heading = None
    for element in root.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if _HEADING.match(element.text_content()):
            heading = element
    return _entries_after(heading) if heading is not None else []


def _entries_after(heading: HtmlElement) -> list[HtmlElement]:
    entries: list[HtmlElement] = []
    for sibling in heading.itersiblings():
        if not isinstance(sibling.tag, str):
            continue
        if sibling.tag in ("h1", "h2", "h3"):
            break
        items = [item for item in sibling.iter("li", "p") if item.find(".//li") is None and item.find(".//p") is None]
        entries += [item for item in items if len(item.text_content().strip()) >= _SHORT]
    return entries


def read_bibliography(elements: list[HtmlElement]) -> tuple[Citation, ...]:
    """The entries as citations; an entry's key is its id, else its place in the list."""
    entries = [_read_entry(element, number) for number, element in enumerate(elements, 1)]
    return tuple({entry.key: entry for entry in entries}.values())


def _read_entry(element: HtmlElement, number: int) -> Citation:
    key = element.get("id") or f"reference-{number}"
    whole = read_text(element, _NO_LINKS).text
    blocks = [text for block in _blocks(element) if (text := read_text(block, _NO_LINKS).text.strip(" ,"))]
    title, authors = _part(element, "ltx_bib_title"), _part(element, "ltx_bib_author")
    if not title:
        authors, title = (blocks[0], blocks[1]) if len(blocks) > 1 else citations.split_entry(whole)
    eprint, doi = _addresses(element)
    return citations.make_citation(
        key, whole, title=title.strip(" ."), authors=authors.strip(" ."), doi=doi, eprint=eprint
    )


def _blocks(element: HtmlElement) -> list[HtmlElement]:
    return [part for part in element.iter("span", "div") if "ltx_bibblock" in classes(part)]


def _part(element: HtmlElement, name: str) -> str:
    found = next((part for part in element.iter() if isinstance(part.tag, str) and name in classes(part)), None)
    return "" if found is None else read_text(found, _NO_LINKS).text


def _addresses(element: HtmlElement) -> tuple[str, str]:
    """The arXiv id and the DOI that an entry links to."""
    eprint = doi = ""
    for link in element.iter("a"):
        address = link.get("href") or ""
        if match := _ARXIV_ADDRESS.search(address):
            eprint = eprint or match.group(1)
        elif match := _DOI_ADDRESS.search(address):
            doi = doi or match.group(1)
    return eprint, doi
