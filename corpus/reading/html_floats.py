"""Which captions and labels belong to the tables of an HTML page.

A table takes the caption of the nearest figure around it; where a figure holds several tables and captions they are
paired in order. Pages without figures put captions into a paragraph beside the table, which begins with ``Table 3``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from corpus.reading.document import MAX_CAPTION
from corpus.reading.html_tables import is_layout
from corpus.reading.html_text import Links, classes, is_skipped, is_table, read_text

_NUMBERED = re.compile(r"\s*(?:Table|Tab\.)\s*((?:[A-Z]\.?)?\d+|[IVXL]+)\s*(?:[.:|—–-]|(?=\s*\())\s*", re.I)
_LATEXML_TABLE = re.compile(r"(.*\.T)\d+$")
_FLOAT_CLASSES = frozenset(["ltx_table", "ltx_figure", "ltx_float", "ltx_figure_panel"])
_CAPTION_PARAGRAPH = 2500
"""Characters up to which a paragraph can be a caption."""


@dataclass(slots=True)
class PageTable:
    """A table of a page with the elements that caption it."""

    element: HtmlElement
    index: int
    figure: HtmlElement | None = None
    """The nearest captioned figure around it."""
    caption: HtmlElement | None = None
    outer_caption: HtmlElement | None = None
    number: str = ""
    """Its number as printed, such as ``3``."""

    @property
    def label(self) -> str:
        """``#index``: HTML made from LaTeX keeps no labels."""
        return f"#{self.index}"


def page_tables(root: HtmlElement) -> list[PageTable]:
    """The outermost tables of data below an element, in order, with their captions."""
    tables = [PageTable(element, index) for index, element in enumerate(_outermost(root))]
    captions = _figure_captions(root)
    shared: dict[HtmlElement, list[PageTable]] = defaultdict(list)
    for table in tables:
        _find_figure(table, captions)
        if table.caption is None and table.figure is not None:
            shared[table.figure].append(table)
    for figure, inside in shared.items():
        _pair(figure, inside, captions[figure])
    if not captions:
        _adopt_paragraphs(tables)
    for table in tables:
        table.number = _number(table.caption)
    return tables


def labels_by_id(tables: list[PageTable]) -> dict[str, str]:
    """Labels of tables by the ids that links to them may name."""
    labels: dict[str, str] = {}
    for table in tables:
        around = [table.element, table.caption, table.figure, *table.element.iterancestors("div", "section")][:5]
        for element in around:
            if element is None:
                continue
            name = element.get("id")
            if name and ("section" not in (element.tag, *classes(element))) and not name.startswith(("S", "A")):
                labels.setdefault(name, table.label)
            elif name and (match := _LATEXML_TABLE.match(name)) is not None:
                labels[match.group(1) + table.number if table.number else name] = table.label
                labels.setdefault(name, table.label)
    return labels


def read_caption(caption: HtmlElement | None, links: Links) -> tuple[str, list[str]]:
    """The text of a caption without the table's number, and the keys that it cites."""
    if caption is None:
        return "", []
    inline = read_text(caption, links)
    text = inline.text[:MAX_CAPTION]
    return _NUMBERED.sub("", text, count=1) if _NUMBERED.match(text) else text, inline.cites


def _outermost(root: HtmlElement) -> Iterator[HtmlElement]:
    stack = [root]
    while stack:
        element = stack.pop()
        if is_skipped(element) and element is not root:
            continue
        if is_table(element) and not is_layout(element):
            yield element
        else:
            stack.extend(reversed(element))


def _is_figure(element: HtmlElement) -> bool:
    return element.tag == "figure" or not _FLOAT_CLASSES.isdisjoint(classes(element))


def _figure_captions(root: HtmlElement) -> dict[HtmlElement, list[HtmlElement]]:
    """The captions of each figure, each once; a caption belongs to the nearest figure around it."""
    captions: dict[HtmlElement, dict[str, HtmlElement]] = defaultdict(dict)
    for element in root.iter("figcaption", "div", "span", "p"):
        if element.tag == "figcaption" or "ltx_caption" in classes(element):
            figure = next((part for part in element.iterancestors() if _is_figure(part)), None)
            if figure is not None:
                captions[figure].setdefault(element.text_content(), element)
    return {figure: list(found.values()) for figure, found in captions.items()}


def _find_figure(table: PageTable, captions: dict[HtmlElement, list[HtmlElement]]) -> None:
    table.caption = next((part for part in table.element.iterchildren("caption")), None)
    around = [part for part in table.element.iterancestors() if part in captions]
    if around:
        table.figure = around[0]
        table.outer_caption = captions[around[1]][0] if len(around) > 1 else None


def _pair(figure: HtmlElement, tables: list[PageTable], captions: list[HtmlElement]) -> None:
    if len(captions) == len(tables) or len(captions) == 1:
        for number, table in enumerate(tables):
            table.caption = captions[min(number, len(captions) - 1)]
        return
    order = {element: place for place, element in enumerate(figure.iter())}
    places = [order[caption] for caption in captions]
    above = places[0] < order[tables[0].element]
    for table in tables:
        before = bisect_left(places, order[table.element])
        if above and before:
            table.caption = captions[before - 1]
        else:
            table.caption = captions[before if before < len(captions) else 0]


def _adopt_paragraphs(tables: list[PageTable]) -> None:
    """Give tables the caption paragraphs beside them, on the side on which the page has more of them."""
    before = [_caption_beside(table.element, -1) for table in tables if table.caption is None]
    after = [_caption_beside(table.element, 1) for table in tables if table.caption is None]
    first = -1 if sum(item is not None for item in before) > sum(item is not None for item in after) else 1
    taken: set[HtmlElement] = set()
    for side in (first, -first):
        for table in tables:
            found = _caption_beside(table.element, side) if table.caption is None else None
            if found is not None and found not in taken:
                table.caption = found
                taken.add(found)


def _caption_beside(table: HtmlElement, side: int) -> HtmlElement | None:
    """The caption paragraph next to a table, or next to the box that it stands in."""
    for element in (table, table.getparent()):
        if element is None or element.tag == "body":
            return None
        neighbour = element.getnext() if side > 0 else element.getprevious()
        if neighbour is None:
            continue
        if not isinstance(neighbour.tag, str) or is_table(neighbour):
            return None
        text = neighbour.text_content()
        return neighbour if len(text) <= _CAPTION_PARAGRAPH and _NUMBERED.match(text) else None
    return None


def _number(caption: HtmlElement | None) -> str:
    if caption is None:
        return ""
    match = _NUMBERED.match(caption.text_content()[:100])
    return match.group(1) if match else ""
