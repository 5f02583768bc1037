"""The rows of an HTML table as an expanded grid, with the rules between them.

Spans follow the table model of HTML (https://html.spec.whatwg.org/multipage/tables.html#forming-a-table); rules are
read from LaTeXML's ``ltx_border_*`` classes, which it puts on each cell that a line touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from corpus.reading.document import MAX_CELL, TableCell
from corpus.reading.html_text import Links, classes, is_skipped, is_table, read_text
from corpus.reading.specification import MAX_COLUMNS
from corpus.reading.tables import MAX_ROWS, CellRoom, Rows, TableError

_ABOVE = frozenset(["ltx_border_t", "ltx_border_tt", "ltx_border_T"])
_BELOW = frozenset(["ltx_border_b", "ltx_border_bb", "ltx_border_B"])
_PARTS = frozenset(["thead", "tbody", "tfoot"])
_PART_CLASSES = frozenset(["ltx_thead", "ltx_tbody", "ltx_tfoot"])
_EMPTY = TableCell("")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell at its place, with the lines at its edges."""

    cell: TableCell
    above: bool
    below: bool


def read_table(table: HtmlElement, links: Links, room: CellRoom) -> Rows:
    """The grid of a table; text of a spanned cell is repeated in every cell it spans.

    Raises TableError when it has no rows or more than any printed table, or when there is no room for its cells.
    """
    grid: list[list[_Placed | None]] = []
    waiting: dict[int, tuple[_Placed, int]] = {}
    footnotes: list[str] = []
    head = 0
    for row, in_head in _rows(table):
        elements = _cells(row)
        covered = any(rows > 0 for _, rows in waiting.values())
        placed = _place(elements, len(grid), waiting, links, footnotes)
        room.take(len(placed))
        if not any(item is not None and item.cell.text for item in placed) and not (covered and elements):
            continue
        grid.append(placed)
        head = len(grid) if in_head and head == len(grid) - 1 else head
        if len(grid) > MAX_ROWS:
            raise TableError(f"it has more than {MAX_ROWS} rows")
    if not grid:
        raise TableError("it has no rows")
    width = max(len(line) for line in grid)
    for line in grid:
        line += [None] * (width - len(line))
    cells = tuple(tuple(item.cell if item is not None else _EMPTY for item in line) for line in grid)
    guessed = "ltx_guessed_headers" in classes(table)
    return Rows(cells, _rules(grid), tuple(footnotes), 0 if guessed or head == len(grid) else head)


def is_layout(table: HtmlElement) -> bool:
    """True for a table that only arranges other tables, each with rows and columns of its own."""
    return any(is_table(part) and _is_grid(part) for part in table.iterdescendants("table", "span"))


def _is_grid(table: HtmlElement) -> bool:
    widths = [len(_cells(row)) for row, _ in _rows(table)]
    return len(widths) > 1 and max(widths) > 1


def _rows(table: HtmlElement) -> Iterator[tuple[HtmlElement, bool]]:
    """The rows of a table, and whether each stands in its head."""
    only_heads = True
    for part in table:
        if not isinstance(part.tag, str):
            continue
        if part.tag in _PARTS or not _PART_CLASSES.isdisjoint(classes(part)):
            marked = part.tag == "thead" or "ltx_thead" in classes(part)
            for row in part:
                if _is_row(row):
                    only_heads = only_heads and _is_head(row)
                    yield row, marked or only_heads
        elif _is_row(part):
            only_heads = only_heads and _is_head(part)
            yield part, only_heads


def _is_row(element: HtmlElement) -> bool:
    return element.tag == "tr" or (isinstance(element.tag, str) and "ltx_tr" in classes(element))


def _is_head(row: HtmlElement) -> bool:
    cells = _cells(row)
    return len(cells) > 1 and all(cell.tag == "th" and "ltx_th_row" not in classes(cell) for cell in cells)


def _cells(row: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in row if _is_cell(cell) and not is_skipped(cell)]


def _is_cell(element: HtmlElement) -> bool:
    return element.tag in ("td", "th") or (isinstance(element.tag, str) and "ltx_td" in classes(element))


def _place(
    elements: list[HtmlElement],
    row: int,
    waiting: dict[int, tuple[_Placed, int]],
    links: Links,
    footnotes: list[str],
) -> list[_Placed | None]:
    """One row of the grid; ``waiting`` keeps the cells that reach into the rows below, by their column."""
    line: list[_Placed | None] = []

    def take_waiting() -> None:
        while (held := waiting.get(len(line))) is not None:
            placed, rows = held
            if rows > 1:
                waiting[len(line)] = (placed, rows - 1)
            else:
                del waiting[len(line)]
            line.append(placed)

    for element in elements:
        take_waiting()
        if len(line) >= MAX_COLUMNS:
            break
        width = min(_span(element, "colspan"), MAX_COLUMNS - len(line))
        height = _span(element, "rowspan")
        inline = read_text(element, links)
        footnotes += inline.footnotes
        origin = (row, len(line))
        cell = TableCell(inline.text[:MAX_CELL], tuple(inline.cites), inline.bold, inline.marks, origin, width, height)
        found = classes(element)
        placed = _Placed(cell, not _ABOVE.isdisjoint(found), not _BELOW.isdisjoint(found))
        for _ in range(width):
            if height > 1:
                waiting[len(line)] = (placed, height - 1)
            line.append(placed)
    last = max(waiting, default=-1)
    while len(line) <= last:
        take_waiting()
        if len(line) <= last:
            line.append(None)
    return line


def _span(element: HtmlElement, name: str) -> int:
    """How many columns or rows a cell spans: an attribute of ``td``, a class such as ``ltx_colspan_2`` of ``span``."""
    marked = (found.rpartition("_")[2] for found in classes(element) if found.startswith(f"ltx_{name}_"))
    text = (element.get(name) or next(marked, "")).strip()
    return max(1, min(int(text), MAX_ROWS)) if text.isdecimal() and len(text) < 7 else 1


def _rules(grid: list[list[_Placed | None]]) -> tuple[int, ...]:
    """Rows above which a line runs over the full width."""
    return tuple(row for row in range(len(grid) + 1) if _is_ruled(grid, row))


def _is_ruled(grid: list[list[_Placed | None]], row: int) -> bool:
    for column in range(len(grid[0])):
        above = grid[row - 1][column] if row else None
        below = grid[row][column] if row < len(grid) else None
        if above is below:
            return False
        if not ((above is not None and above.below) or (below is not None and below.above)):
            return False
    return True
