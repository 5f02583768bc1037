"""The rows of a LaTeX table as an expanded grid.

Works on expanded tokens. Covers LaTeX's own environments and booktabs, multirow, makecell, longtable, tabularx,
siunitx columns and their relatives; spans repeat their text in every cell they cover, rules are kept as row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.reading.document import TableCell
from corpus.reading.macros import Macro
from corpus.reading.specification import MAX_COLUMNS, Column, read_specification
from corpus.reading.text import Inline, read_inline
from corpus.reading.tokens import (
    PARAGRAPH,
    SPACE,
    environment_end,
    environment_name,
    flatten,
    group_end,
    is_control,
    read_argument,
    read_arguments,
    read_optional,
    skip_space,
    skip_star,
)

MAX_ROWS = 3000

_FULL_RULES = frozenset(
    [
        "\\hline",
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
        "\\Xhline",
        "\\specialrule",
        "\\hdashline",
        "\\thickhline",
        "\\Hline",
        "\\heavyrule",
        "\\Xhline",
        "\\topmidheader",
        "\\hrule",
        "\\doublerule",
    ]
)
_RULE_ARGUMENTS = {
    "\\toprule": "o",
    "\\midrule": "o",
    "\\bottomrule": "o",
    "\\Xhline": "m",
    "\\specialrule": "mmm",
    "\\hdashline": "o",
    "\\Hline": "o",
    "\\cmidrule": "odm",
    "\\cline": "m",
    "\\Xcline": "mm",
    "\\cdashline": "mo",
    "\\cdashlinelr": "m",
    "\\hhline": "m",
    "\\addlinespace": "o",
    "\\noalign": "m",
    "\\rowcolor": "omoo",
    "\\arrayrulecolor": "om",
    "\\morecmidrules": "",
    "\\hline": "",
    "\\thickhline": "",
    "\\heavyrule": "",
    "\\hrule": "",
    "\\doublerule": "",
    "\\topmidheader": "",
    "\\rowfont": "om",
    "\\tablehead": "m",
    "\\vspace": "sm",
    "\\label": "m",
    "\\caption": "om",
    "\\nopagebreak": "o",
    "\\pagebreak": "o",
    "\\startdata": "",
    "\\enddata": "",
}
_HEADS = ("\\endfirsthead", "\\endhead", "\\endfoot", "\\endlastfoot")


class TableError(ValueError):
    """A table whose source can't be brought into rows and columns."""


@dataclass(slots=True)
class _Span:
    inline: Inline
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """An expanded grid with the rules between its rows."""

    cells: tuple[tuple[TableCell, ...], ...]
    rules: tuple[int, ...]
    footnotes: tuple[str, ...]
    head: int = 0
    """Rows of a longtable's head, 0 where the source does not mark one."""


def read_rows(tokens: list[str], start: int, column_types: Mapping[str, Macro]) -> Rows:
    r"""The grid of the table whose ``\begin`` stands at ``start``.

    Raises TableError when it has no rows or is larger than any printed table.
    """
    tokens = list(tokens)
    name = environment_name(tokens[start])
    end = environment_end(tokens, start)
    columns, index = read_specification(tokens, start + 1, name, column_types)
    body, head = _longtable_parts(tokens[index:end]) if "long" in name or "super" in name else (tokens[index:end], 0)
    head_rows = 0
    if head:
        head_rows = sum(1 for row in _split_rows(body[:head]) if any(_solid(cell) for cell in row))
    grid, rules, footnotes = _lay_out(_split_rows(body), columns, math=name == "array")
    if not grid:
        raise TableError("it has no rows")
    return Rows(grid, rules, footnotes, head_rows)


def _longtable_parts(body: list[str]) -> tuple[list[str], int]:
    """The body with one head and no foot, and how many of its tokens are the head."""
    parts: dict[str, list[str]] = {}
    start = depth = 0
    for index, item in enumerate(body):
        depth += (item == "{") - (item == "}")
        if depth == 0 and item in _HEADS:
            parts[item] = body[start:index]
            start = index + 1
    head = parts.get("\\endfirsthead", parts.get("\\endhead", []))
    if head and not _ends_row(head):
        head = [*head, "\\\\"]
    return head + body[start:], len(head)


def _ends_row(tokens: list[str]) -> bool:
    return any(item in ("\\\\", "\\tabularnewline") for item in tokens[-12:])


def _split_rows(body: list[str]) -> list[list[list[str]]]:
    """Rows of cells of tokens. Rules stay in the first cell of the row below them."""
    rows: list[list[list[str]]] = []
    row: list[list[str]] = []
    cell: list[str] = []
    depth = 0
    index = 0
    while index < len(body):
        item = body[index]
        index += 1
        if item == "{" or item.startswith("\\begin{"):
            depth += 1
        elif item == "}" or item.startswith("\\end{"):
            depth = max(0, depth - 1)
        if depth == 0 and item == "&":
            row.append(cell)
            cell = []
        elif depth == 0 and item in ("\\\\", "\\tabularnewline", "\\cr"):
            index = skip_star(body, index)
            _, index = _row_skip(body, index)
            rows.append([*row, cell])
            row, cell = [], []
            if len(rows) > MAX_ROWS:
                raise TableError(f"it has more than {MAX_ROWS} rows")
        else:
            cell.append(item)
    if row or cell:
        rows.append([*row, cell])
    return rows


def _row_skip(body: list[str], index: int) -> tuple[list[str] | None, int]:
    r"""The ``[2pt]`` of ``\\[2pt]``; a bracket that holds no length belongs to the next row."""
    given, after = read_optional(body, index)
    if given is not None and not any(is_control(item) for item in given):
        text = flatten(given)
        if not any(text.endswith(unit) for unit in ("pt", "em", "ex", "mm", "cm", "in", "px", "sp", "pc", "bp")):
            return None, index
    return given, after


def _take_rules(cell: list[str]) -> tuple[list[str], bool]:
    """A row's first cell without the rules and row commands before its text, and whether a full rule was among them."""
    full = False
    index = 0
    kept: list[str] = []
    cell = list(cell)
    while index < len(cell):
        item = cell[index]
        if item in (SPACE, PARAGRAPH):
            index += 1
        elif item in _RULE_ARGUMENTS or item in _FULL_RULES:
            full = full or item in _FULL_RULES
            _, index = read_arguments(cell, index + 1, _RULE_ARGUMENTS.get(item, ""))
        else:
            break
    kept.extend(cell[index:])
    return kept, full


def _solid(cell: list[str]) -> bool:
    return any(item not in (SPACE, PARAGRAPH) for item in _take_rules(cell)[0])


def _lay_out(
    rows: list[list[list[str]]], columns: list[Column], *, math: bool
) -> tuple[tuple[tuple[TableCell, ...], ...], tuple[int, ...], tuple[str, ...]]:
    spans: list[list[_Span]] = []
    rules: list[int] = []
    footnotes: list[str] = []
    for row in rows:
        first, full = _take_rules(row[0])
        if full:
            rules.append(len(spans))
        line = [_read_cell(cell, columns, math) for cell in _positions([first, *row[1:]], columns)]
        footnotes.extend(note for span in line for note in span.inline.footnotes)
        if any(span.inline.text for span in line) or (len(line) > 1 and _under_span(spans, len(spans))):
            spans.append(line)
    width = max((sum(span.width for span in line) for line in spans), default=0)
    width = min(max(width, len(columns)), MAX_COLUMNS)
    return _expand(spans, width), tuple(dict.fromkeys(rules)), tuple(footnotes)


def _under_span(spans: list[list[_Span]], row: int) -> bool:
    return any(span.height > row - index for index, line in enumerate(spans) for span in line)


def _positions(row: list[list[str]], columns: list[Column]) -> list[tuple[list[str], int]]:
    """Each cell with the column it begins in."""
    placed = []
    column = 0
    for cell in row:
        placed.append((cell, column))
        column += _multicolumn_width(cell)
    return placed


def _multicolumn_width(cell: list[str]) -> int:
    start = skip_space(cell, 0)
    if start < len(cell) and cell[start] == "\\multicolumn":
        count, _ = read_argument(list(cell), start + 1)
        return _integer(flatten(count), 1)
    return 1


def _integer(text: str, default: int) -> int:
    try:
        return max(-MAX_ROWS, min(int(float(text)), MAX_ROWS))
    except ValueError:
        return default


def _read_cell(placed: tuple[list[str], int], columns: list[Column], math: bool) -> _Span:
    cell, column = list(placed[0]), placed[1]
    width = height = 1
    spanned = False
    for _ in range(3):
        start = skip_space(cell, 0)
        if start < len(cell) and cell[start] == "{" and group_end(cell, start) >= len(cell) - 1 and _holds_span(cell):
            cell = cell[start + 1 : group_end(cell, start)]
        elif start < len(cell) and cell[start] == "\\multicolumn":
            count, index = read_argument(cell, start + 1)
            _, index = read_argument(cell, index)
            text, index = read_argument(cell, index)
            cell, width, spanned = text + cell[index:], max(1, _integer(flatten(count), 1)), True
        else:
            found = _multirow(cell)
            if found is None:
                break
            cell, height = found
    if not spanned and column < len(columns):
        template = columns[column]
        cell = [*template.before, *cell, *template.after]
    return _Span(read_inline(cell, math=math), width, height or 1)


def _holds_span(cell: list[str]) -> bool:
    return "\\multirow" in cell or "\\multicolumn" in cell


def _multirow(cell: list[str]) -> tuple[list[str], int] | None:
    if "\\multirow" not in cell:
        return None
    position = cell.index("\\multirow")
    index = position + 1
    _, index = read_optional(cell, index)
    count, index = read_argument(cell, index)
    _, index = read_optional(cell, index)
    _, index = read_argument(cell, index)
    _, index = read_optional(cell, index)
    text, index = read_argument(cell, index)
    return [*cell[:position], "{", *text, "}", *cell[index:]], _integer(flatten(count), 1)


def _expand(spans: list[list[_Span]], width: int) -> tuple[tuple[TableCell, ...], ...]:
    """Repeat the text of spans; a cell with text of its own keeps it."""
    height = len(spans)
    grid: list[list[TableCell | None]] = [[None] * width for _ in range(height)]
    repeats: list[tuple[int, int, TableCell]] = []
    for row, line in enumerate(spans):
        column = 0
        for span in line:
            top = max(0, row + span.height + 1) if span.height < 0 else row
            tall = min(abs(span.height), height - top)
            cell = TableCell(
                span.inline.text,
                tuple(span.inline.cites),
                span.inline.bold,
                span.inline.marks,
                (top, column),
                span.width,
                max(1, tall),
            )
            for across in range(column, min(column + span.width, width)):
                grid[row][across] = cell
                repeats += [(down, across, cell) for down in range(top, top + tall) if down != row]
            column += span.width
    for row, column, cell in repeats:
        present = grid[row][column]
        if present is None or not present.text:
            grid[row][column] = cell
    empty = TableCell("")
    return tuple(tuple(cell if cell is not None else empty for cell in line) for line in grid)
