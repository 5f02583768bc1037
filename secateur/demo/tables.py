"""Tables as LaTeX together with the coordinates of their numbers in the expanded grid.

A builder in ``idioms.py`` describes rows of cells; here they become source text, and each number gets the row and
column that a reader should find it at: rules are no rows, a cell that spans columns is counted at its first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from secateur.demo.studies import Measurement
from secateur.demo.truth import TrueResult


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell: its source, what its number means, and the measurement that it came from."""

    tex: str = ""
    result: TrueResult | None = None
    """Without place; ``placed`` fills it in."""
    measurement: Measurement | None = None
    span: int = 1
    align: str = "c"


@dataclass(frozen=True, slots=True)
class Rule:
    r"""A line between rows, such as ``\midrule``."""

    tex: str


TableLine = tuple[TableCell, ...] | Rule


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table before it is written: its float and its rows."""

    label: str
    caption: str
    columns: str
    lines: tuple[TableLine, ...]
    starred: bool = False
    small: str = ""
    r"""A size command such as ``\small``, or nothing."""
    resized: bool = False
    caption_below: bool = False
    old_centre: bool = False
    r"""A ``center`` environment instead of ``\centering``."""

    def placed(self, arxiv_id: str) -> Iterator[tuple[TrueResult, Measurement | None]]:
        """Each number's meaning with its place, and its measurement."""
        rows = (line for line in self.lines if not isinstance(line, Rule))
        for row, cells in enumerate(rows):
            col = 0
            for cell in cells:
                if cell.result is not None:
                    yield replace(cell.result, arxiv_id=arxiv_id, table=self.label, row=row, col=col), cell.measurement
                col += cell.span

    def tex(self) -> str:
        """The float's source."""
        body = "\n".join(_line(line) for line in self.lines)
        tabular = f"\\begin{{tabular}}{{{self.columns}}}\n{body}\n\\end{{tabular}}"
        if self.resized:
            tabular = f"\\resizebox{{\\linewidth}}{{!}}{{%\n{tabular}}}"
        caption = f"\\caption{{{self.caption}}}\n\\label{{{self.label}}}"
        parts = [tabular, caption] if self.caption_below else [caption, tabular]
        inner = "\n".join([*([self.small] if self.small else []), *parts])
        inner = f"\\begin{{center}}\n{inner}\n\\end{{center}}" if self.old_centre else f"\\centering\n{inner}"
        environment = "table*" if self.starred else "table"
        return f"\\begin{{{environment}}}[t]\n{inner}\n\\end{{{environment}}}\n"


def _line(line: TableLine) -> str:
    if isinstance(line, Rule):
        return line.tex
    return " & ".join(_cell(cell) for cell in line) + " \\\\"


def _cell(cell: TableCell) -> str:
    return cell.tex if cell.span == 1 else f"\\multicolumn{{{cell.span}}}{{{cell.align}}}{{{cell.tex}}}"
