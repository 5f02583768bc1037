"""How one table is laid out: which columns hold results and which name what they are results of.

A column is a stub (text), a context column (sparsity, settings, device) or a value column; rows are data, groups over
several rows, notes, or context (a row of sparsities above columns of results).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corpus.reading import DocumentTable, TableCell
from corpus.results.headers import IGNORED, REDUCTIONS, column_kind, read_slots, which_net
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.numbers import NumericCell, is_missing, read_numbers
from corpus.results.sparsity import (
    RemovalHeader,
    in_cell,
    quantity_of,
    read_bare,
    read_header,
    read_pattern,
    read_removals,
)
from corpus.results.words import PHRASES

_NOTE = re.compile(r"^(\^?[a-z\d*†‡§]\s|\^|note|†|‡|\*|§|¹|results? (are|of|marked)|numbers? )", re.I)
TEXT_KINDS = frozenset({"method", "model", "dataset", "device", "batch", "setting", "stub"})


@dataclass(slots=True)
class Column:
    """One column: what kind it is, its header texts from the outside in, and the meaning of a removal header."""

    kind: str
    header: tuple[TableCell, ...] = ()
    removal: RemovalHeader | None = None
    numeric: float = 0.0
    """Share of numbers among the cells that are not missing."""

    @property
    def text(self) -> str:
        """The innermost header text."""
        return self.header[-1].text if self.header else ""

    @property
    def name(self) -> str:
        """The header of this column alone, joined where it is broken over rows (``Params`` above ``removed``)."""
        own: list[str] = []
        for cell in reversed(self.header):
            if cell.width > 1:
                break
            own.insert(0, cell.text)
        return " ".join(own)


@dataclass(slots=True)
class Axes:
    """The layout of a table."""

    columns: list[Column] = field(default_factory=list)
    header_rows: int = 0
    title: str = ""
    """Text of a header row over the whole width."""
    data_rows: list[int] = field(default_factory=list)
    groups: dict[int, tuple[TableCell, ...]] = field(default_factory=dict)
    """Group rows above each data row, the nearest last."""
    inner_headers: dict[int, int] = field(default_factory=dict)
    """For data rows below a second header in the body, the row of that header."""
    context_rows: dict[int, RemovalHeader] = field(default_factory=dict)
    """Rows of numbers that state what the columns removed."""
    notes: list[str] = field(default_factory=list)
    numbers: dict[tuple[int, int], NumericCell | None] = field(default_factory=dict)
    """Numbers of the cells of data rows; a spread in a column of its own is joined to the column before it."""
    stubs: dict[tuple[int, int], TableCell] = field(default_factory=dict)
    """Stub cells with blanks filled from the group they belong to."""
    rows_name_metrics: bool = False

    def of_kind(self, *kinds: str) -> list[int]:
        """Indexes of the columns of these kinds."""
        return [index for index, column in enumerate(self.columns) if column.kind in kinds]


def read_axes(table: DocumentTable, interpreter: Interpreter) -> Axes:
    """The layout of a table; one without data rows has no columns of results."""
    cells = table.cells
    axes = Axes(header_rows=min(table.header_rows, len(cells)))
    if not cells:
        return axes
    _sort_rows(table, axes, interpreter)
    spreads = _spread_columns(table, axes)
    for row in axes.data_rows:
        for column in range(len(cells[0])):
            sign = spreads.get(column + 1)
            text = cells[row][column].text
            joined = f"{text} {sign}{cells[row][column + 1].text}" if sign is not None else text
            axes.numbers[row, column] = read_numbers(joined) or read_numbers(text)
    for column in range(len(cells[0])):
        if column in spreads:
            axes.columns.append(Column("empty", header_path(table, column, axes.header_rows)))
        else:
            axes.columns.append(_first_look(table, axes, column, interpreter, has_spread=column + 1 in spreads))
    _fill_blanks(table, axes)
    _find_row_metrics(axes, interpreter)
    _settle(axes, interpreter)
    _find_operating_points(axes)
    _context_rows(axes, interpreter)
    return axes


def _spread_columns(table: DocumentTable, axes: Axes) -> dict[int, str]:
    """Columns that hold only the spreads of the column before them, with the sign that is to be read before each.

    ``r@{ ± }l`` leaves the sign in the column before; a column headed ``Std`` has none.
    """
    found = {}
    for column in range(1, len(table.cells[0])):
        ends = [table.cells[row][column - 1].text.endswith("±") for row in axes.data_rows]
        starts = [table.cells[row][column].text.startswith("±") for row in axes.data_rows]
        if ends and max(sum(ends), sum(starts)) * 2 > len(ends):
            found[column] = ""
        elif column - 1 not in found and _is_headed_as_spread(table, axes, column):
            found[column] = "±"
    return found


def _is_headed_as_spread(table: DocumentTable, axes: Axes, column: int) -> bool:
    """True for ``Std`` right of larger numbers."""
    header = header_path(table, column, axes.header_rows)
    if not header or not PHRASES["spread_head"].search(header[-1].text):
        return False
    pairs = [
        (read_numbers(table.cells[row][column - 1].text), read_numbers(table.cells[row][column].text))
        for row in axes.data_rows
    ]
    numbers = [
        (mean.present[0], spread.present[0]) for mean, spread in pairs if mean is not None and spread is not None
    ]
    return bool(numbers) and all(spread.value <= abs(mean.value) for mean, spread in numbers)


def header_path(table: DocumentTable, column: int, header_rows: int) -> tuple[TableCell, ...]:
    """Header cells of a column from the outside in, each spanned cell once."""
    path: list[TableCell] = []
    for row in range(header_rows):
        cell = table.cells[row][column]
        if cell.text and (not path or path[-1] is not cell) and not _spans_all(table, cell):
            path.append(cell)
    return tuple(path)


def _spans_all(table: DocumentTable, cell: TableCell) -> bool:
    return cell.width >= len(table.cells[0]) > 1


def _sort_rows(table: DocumentTable, axes: Axes, interpreter: Interpreter) -> None:
    cells = table.cells
    groups: list[TableCell] = []
    inner: int | None = None
    for row in range(axes.header_rows):
        if _spans_all(table, cells[row][0]):
            axes.title = cells[row][0].text
    last_data = max((r for r in range(axes.header_rows, len(cells)) if _label_of(table, r) is None), default=-1)
    fresh = True
    for row in range(axes.header_rows, len(cells)):
        label = _label_of(table, row)
        if label is not None:
            if row > last_data or len(label.text) > 90 or (_NOTE.match(label.text) and len(label.text) > 25):
                axes.notes.append(label.text)
                continue
            groups = [*groups, label] if not fresh else [label]
            groups = groups[-2:]
            fresh = False
        elif _is_inner_header(table, axes, row):
            inner = row
        else:
            axes.data_rows.append(row)
            axes.groups[row] = tuple(groups)
            if inner is not None:
                axes.inner_headers[row] = inner
            fresh = True


def _label_of(table: DocumentTable, row: int) -> TableCell | None:
    """The one cell of a row that is nothing but a label over the rows below it."""
    line = table.cells[row]
    filled = {cell.origin: cell for cell in line if cell.text}
    if len(filled) != 1 or len(line) < 2:
        return None
    cell = next(iter(filled.values()))
    if cell.height > 1 or (read_numbers(cell.text) is not None and not _states_share(cell, len(line))):
        return None
    if cell.width >= len(line) - 1 or cell.width > 2 or line[0] is cell:
        return cell
    return None


def _states_share(cell: TableCell, width: int) -> bool:
    """True for a share or a pattern over the whole width, which says what was removed from the rows below."""
    return cell.width >= width and (read_bare(cell.text) is not None or read_pattern(cell.text) is not None)


def _is_inner_header(table: DocumentTable, axes: Axes, row: int) -> bool:
    line = table.cells[row]
    texts = [cell.text for column, cell in enumerate(line) if column and cell.text and cell.origin[1] == column]
    if len(texts) < 2 or any(read_numbers(text) is not None for text in texts):
        return False
    return sum(bool(read_slots(text)) for text in texts) * 2 >= len(texts)


def _first_look(
    table: DocumentTable,
    axes: Axes,
    index: int,
    interpreter: Interpreter,
    *,
    has_spread: bool,
) -> Column:
    header = header_path(table, index, axes.header_rows)
    if has_spread and header and PHRASES["mean_head"].search(header[-1].text):
        header = header[:-1]
    texts = [table.cells[row][index].text for row in axes.data_rows]
    present = [row for row, text in zip(axes.data_rows, texts, strict=True) if not is_missing(text)]
    share = sum(axes.numbers[row, index] is not None for row in present) / len(present) if present else -1.0
    column = Column("", header, numeric=share)
    slots = [slot for cell in header for slot in read_slots(cell.text)]
    kind = "" if _labels_headers(table, header, index, interpreter) else column_kind(column.text)
    states = bool(slots) or bool(read_removals(column.text)) or _beside_base(table, axes, index, column.text)
    states = states or _is_reduction_of_the_column_before(table, axes, index, column.text)
    removal = None if states else read_header(column.text) or read_header(column.name)
    if removal is not None and _fits_removal(present, index, removal, axes, table):
        column.kind, column.removal = "removal", removal
    elif share < 0:
        column.kind = "stub" if any(texts) and not slots else "empty"
    elif share < 0.5:
        column.kind = kind or "stub"
    elif has_spread:
        column.kind = "value"
    elif slots:
        column.kind = "ignored" if all(slot.metric in IGNORED for slot in slots) else "value"
    elif kind in ("setting", "device", "batch") and not interpreter.read(column.text).stage:
        column.kind = kind
    return column


def _labels_headers(table: DocumentTable, header: tuple[TableCell, ...], index: int, interpreter: Interpreter) -> bool:
    """True for ``Data set`` or ``Model`` left of headers that name some: it does not speak of what is below it."""
    if not header or header[-1].height > 1:
        return False
    kind = column_kind(header[-1].text)
    if kind not in ("dataset", "model"):
        return False
    row = header[-1].origin[0]
    others = {cell.origin: cell.text for column, cell in enumerate(table.cells[row]) if column > index and cell.text}
    read = interpreter.datasets if kind == "dataset" else interpreter.models
    return sum(bool(read(text)) for text in others.values()) * 2 > len(others)


def _is_reduction_of_the_column_before(table: DocumentTable, axes: Axes, index: int, text: str) -> bool:
    """True for ``Pruned (%)`` right of ``FLOPs``: the share that is removed of them."""
    before = header_path(table, index - 1, axes.header_rows) if index else ()
    slots = read_slots(before[-1].text) if before else ()
    return bool(slots) and slots[0].metric in REDUCTIONS and PHRASES["reduction_head"].search(text) is not None


def _beside_base(table: DocumentTable, axes: Axes, index: int, text: str) -> bool:
    """True for ``Pruned`` beside ``Base``: both hold the same metric."""
    if not which_net(text)[1] or re.search(r"ratio|rate|amount|level", text, re.I):
        return False
    headers = [header_path(table, column, axes.header_rows) for column in range(len(table.cells[0])) if column != index]
    return any(path and which_net(path[-1].text)[0] for path in headers)


def _fits_removal(
    rows: list[int],
    index: int,
    header: RemovalHeader,
    axes: Axes,
    table: DocumentTable,
) -> bool:
    if not rows:
        return False
    fitting = 0
    values = []
    for row in rows:
        cell = axes.numbers[row, index]
        if cell is None:
            fitting += bool(in_cell(header, table.cells[row][index].text))
            continue
        number = cell.present[0]
        values.append(number.value)
        fitting += number.unit in ("%", "x", "") and (
            header.form == "ratio" or 0 <= number.value <= 100 or number.unit == "x"
        )
    if not header.explicit and values and not _looks_like_ratio(values, rows, index, axes):
        return False
    return fitting >= 0.6 * len(rows)


def _looks_like_ratio(values: list[float], rows: list[int], index: int, axes: Axes) -> bool:
    units = {cell.present[0].unit for row in rows if (cell := axes.numbers[row, index]) is not None}
    return bool(units & {"x", "%"}) or all(0 <= value < 1 for value in values)


def _fill_blanks(table: DocumentTable, axes: Axes) -> None:
    """Give blank stub cells the label of the rows they stand with: the rules between rows bound them."""
    bounds = set(table.rules) | {row for row in range(axes.header_rows, len(table.cells)) if row not in axes.data_rows}
    blocks: list[list[int]] = []
    for row in axes.data_rows:
        if not blocks or row in bounds or ((row - 1) in bounds and row - 1 not in axes.data_rows):
            blocks.append([])
        blocks[-1].append(row)
    for index, column in enumerate(axes.columns):
        if column.kind not in TEXT_KINDS and column.kind != "removal":
            continue
        previous: TableCell | None = None
        for block in blocks:
            labels = [table.cells[row][index] for row in block if table.cells[row][index].text]
            if len(labels) == 1:
                previous = labels[0]
            elif labels and not table.cells[block[0]][index].text:
                previous = None
            for row in block:
                cell = table.cells[row][index]
                if cell.text:
                    previous = cell
                axes.stubs[row, index] = cell if cell.text or previous is None else previous


def _find_row_metrics(axes: Axes, interpreter: Interpreter) -> None:
    """Rows name the metrics when no column does."""
    if any(column.kind == "value" for column in axes.columns):
        return
    for index in axes.of_kind("stub", "method", "dataset", "model", "setting"):
        for row in axes.data_rows:
            cell = axes.stubs.get((row, index))
            if cell is not None and interpreter.read(cell.text).slots:
                axes.rows_name_metrics = True
                if axes.columns[index].kind == "setting":
                    axes.columns[index].kind = "stub"
                return


def _settle(axes: Axes, interpreter: Interpreter) -> None:
    """Decide on the numeric columns that the first look left open."""
    if axes.rows_name_metrics:
        for column in axes.columns:
            if column.kind == "" or (column.kind in ("setting", "method") and column.numeric >= 0.5):
                column.kind = "value"
        return
    for column in axes.columns:
        if column.kind == "" and _says_something(column, interpreter):
            column.kind = "value"
    values = axes.of_kind("value")
    methods = [index for index in values if _is_method(axes.columns[index], interpreter)]
    for index, column in enumerate(axes.columns):
        if column.kind == "" and len(methods) > 1 and len(methods) * 2 > len(values) and index > methods[0] - 2:
            column.kind = "value"
    tasks = [index for index in values if interpreter.datasets(axes.columns[index].text)]
    for index, column in enumerate(axes.columns):
        if column.kind == "" and len(tasks) > 1 and index > tasks[0] and column.text:
            column.kind = "value"
        elif column.kind == "":
            column.kind = "setting" if (values and index < values[-1]) or index == 0 else "unknown"
    if not values:
        for column in axes.columns:
            if column.kind == "unknown":
                column.kind = "value"


def _find_operating_points(axes: Axes) -> None:
    """Take ``Params removed`` left of all results for what was removed, not for a result."""
    if axes.rows_name_metrics:
        return
    values = axes.of_kind("value")
    for index in values[:-1]:
        column = axes.columns[index]
        slots = read_slots(column.name)
        if not slots or slots[0].metric != "params_reduction" or not PHRASES["operating_point"].search(column.name):
            return
        column.kind = "removal"
        column.removal = RemovalHeader("removed", quantity_of(column.name), "%" in column.name)


def _says_something(column: Column, interpreter: Interpreter) -> bool:
    text = column.text
    if not text:
        return False
    if read_numbers(text) is not None or read_pattern(text) is not None:
        return True
    meaning: Meaning = Meaning()
    for cell in column.header:
        meaning = interpreter.read(cell.text, cell.cites).over(meaning)
    return bool(
        meaning.slots
        or meaning.datasets
        or meaning.models
        or meaning.size
        or meaning.removal
        or meaning.base
        or meaning.pruned
        or meaning.stage
        or meaning.method
    )


def _is_method(column: Column, interpreter: Interpreter) -> bool:
    """True for a column that is headed by the name of a method and by no metric."""
    meanings = [interpreter.read(cell.text, cell.cites) for cell in column.header]
    return any(meaning.method for meaning in meanings) and not any(meaning.slots for meaning in meanings)


def _context_rows(axes: Axes, interpreter: Interpreter) -> None:
    """Rows of a table whose columns are methods that state how much each removed."""
    if not axes.rows_name_metrics:
        return
    for row in axes.data_rows:
        for index in axes.of_kind("stub", "method", "setting", "dataset", "model"):
            cell = axes.stubs.get((row, index))
            if cell is None or not cell.text or interpreter.read(cell.text).slots:
                continue
            header = read_header(cell.text)
            if header is not None and header.explicit:
                axes.context_rows[row] = header


def method_column(axes: Axes, interpreter: Interpreter) -> int | None:
    """The column that names the methods: by its header, else by what its cells name; None where none does."""
    scores = {
        index: _method_score(axes, index, interpreter) for index in axes.of_kind("method", "stub", "model", "setting")
    }
    best = max(scores, key=lambda index: (scores[index], -index), default=None)
    return best if best is not None and scores[best] > 0.1 else None


def _method_score(axes: Axes, index: int, interpreter: Interpreter) -> float:
    column = axes.columns[index]
    cells = [axes.stubs.get((row, index)) for row in axes.data_rows]
    texts = [cell.text for cell in cells if cell is not None and cell.text and not is_missing(cell.text)]
    if not texts or (column.numeric >= 0.5 and column.kind != "method"):
        return 0.0
    meanings = [interpreter.read(text) for text in texts]
    named = sum(bool(meaning.method) for meaning in meanings) / len(texts)
    other = sum(bool(m.slots or m.datasets or (m.models and not m.method)) for m in meanings) / len(texts)
    if column.kind == "setting" and named < 0.6:
        return 0.0
    score = named - 0.5 * other
    if column.kind == "method":
        return score + (0.6 if column_kind(column.text) == "method" else 0.0)
    if column.kind == "stub" and not other:
        return score + 0.2
    return score if named >= 0.3 else 0.0
