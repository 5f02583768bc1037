"""The numbers that a paper's tables print for each method: tables that speak of one method repeat some of them.

An ablation ends with the row of the main table, so a shared number tells whose variants its rows are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from corpus.reading import Document, DocumentTable, TableCell
from corpus.results.names import Names, clean_name
from corpus.results.numbers import read_numbers

_NAMES = 3
"""Columns of a table in which names of methods are looked for."""
_DIGITS = 3
"""Digits of a number that two tables hardly share by chance."""


class Agreement:
    """The numbers in the rows and columns of each method, by table."""

    def __init__(self, document: Document, names: Names) -> None:
        self._names = names
        found: dict[str, dict[int, set[float]]] = {}
        for table in document.tables:
            for name, values in self._lines(table):
                found.setdefault(name, {}).setdefault(table.table.index, set()).update(values)
        self._numbers: Mapping[str, Mapping[int, set[float]]] = found

    def shared(self, table: DocumentTable, name: str) -> int:
        """How many numbers of a table another table prints for the method of this canonical name."""
        others = (values for index, values in self._numbers.get(name, {}).items() if index != table.table.index)
        here = _telling(cell for row in table.cells[table.header_rows :] for cell in row)
        return len(set[float]().union(*others) & set(here))

    def _lines(self, table: DocumentTable) -> Iterator[tuple[str, list[float]]]:
        for row in table.cells[table.header_rows :]:
            if name := self._named(row[:_NAMES]):
                yield name, list(_telling(row))
        for index in range(len(table.cells[0]) if table.cells else 0):
            if name := self._named([row[index] for row in table.cells[: table.header_rows]]):
                yield name, list(_telling(row[index] for row in table.cells[table.header_rows :]))

    def _named(self, cells: Sequence[TableCell]) -> str | None:
        for cell in cells:
            if any(character.isalpha() for character in cell.text):
                name = self._names.resolve(cell.text, cell.cites)
                if name not in (None, "Dense"):
                    return name
        return None


def cited_names(document: Document) -> frozenset[str]:
    """Names that stand in a table with a citation beside them."""
    cells = (cell for table in document.tables for row in table.cells for cell in row[:_NAMES] if cell.cites)
    return frozenset(clean_name(cell.text) for cell in cells)


def _telling(cells: Iterable[TableCell]) -> Iterator[float]:
    """Numbers of the cells that have enough digits to tell."""
    for cell in cells:
        numeric = read_numbers(cell.text)
        for number in numeric.present if numeric is not None else ():
            if sum(character.isdigit() for character in number.printed) >= _DIGITS:
                yield number.value
