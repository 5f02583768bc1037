"""What the header of each column says, from its outer to its inner level.

A header that is a bare number takes its meaning from the header above it or from the label beside it: ``90%`` below
``Sparsity``, ``16`` beside ``Sequences``.
"""

from __future__ import annotations

from dataclasses import replace

from corpus.reading import DocumentTable, TableCell
from corpus.results.context import Surroundings
from corpus.results.headers import QUALITIES, RANKS, REDUCTIONS, Slot, as_error, column_kind, unit_alone
from corpus.results.layout import Axes
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.names import is_dense
from corpus.results.numbers import read_numbers
from corpus.results.sparsity import (
    NOTHING,
    NUMBER_IN_WORDS,
    Removal,
    RemovalHeader,
    from_number,
    in_cell,
    read_bare,
    read_pattern,
)
from corpus.results.words import PHRASES


class ColumnReader:
    """Reads the headers of one table."""

    def __init__(self, table: DocumentTable, axes: Axes, interpreter: Interpreter, around: Surroundings) -> None:
        self.table = table
        self.axes = axes
        self.interpreter = interpreter
        self.around = around

    def meaning(self, index: int) -> Meaning:
        """What the header of a column says of all its cells."""
        meaning = Meaning()
        removal_header: RemovalHeader | None = None
        path = self.axes.columns[index].header
        for level, cell in enumerate(path):
            given = self._setting(cell, removal_header, level)
            if given is None:
                removal_header = self.interpreter.removal_header(cell.text) or removal_header
                inner = self.interpreter.read(cell.text, cell.cites)
                if any(read_numbers(below.text) is not None for below in path[level + 1 :]):
                    inner = replace(inner, stage="")
                meaning = self._joined(inner, meaning)
            else:
                meaning = _prefer(given, meaning)
        if not meaning.removal:
            meaning = replace(meaning, removal=self._share_in(path))
        for row, header in self.axes.context_rows.items():
            removal = in_cell(header, self.table.cells[row][index].text)
            if removal:
                meaning = replace(meaning, removal=removal)
        return meaning

    def _share_in(self, path: tuple[TableCell, ...]) -> Removal:
        """The share that a header prints beside other words: ``CIFAR-10 (90%)``, ``Weights kept 70``."""
        for cell in reversed(path):
            if read_bare(cell.text) is not None and self._is_of_operations(cell):
                continue
            if match := PHRASES["share_in_header"].search(cell.text):
                return in_cell(RemovalHeader(self.around.form(), percent=True), match.group(1))
            numbers = NUMBER_IN_WORDS.findall(cell.text)
            header = self.interpreter.removal_header(NUMBER_IN_WORDS.sub("", cell.text)) if len(numbers) == 1 else None
            if header is not None:
                return in_cell(header, numbers[0])
        return NOTHING

    def _is_of_operations(self, cell: TableCell) -> bool:
        """True for ``50%`` beside ``FLOPs reduction``, which is no share of weights."""
        return PHRASES["other_multiples"].search(self._row_label(cell.origin[0])) is not None

    def below(self, meaning: Meaning, row: int, index: int) -> Meaning:
        """The meaning of a column below a second header inside the body."""
        cell = self.table.cells[row][index]
        given = self._setting(cell, None, 0) or self.interpreter.read(cell.text, cell.cites)
        return given.over(replace(meaning, slots=() if given.slots else meaning.slots))

    def methods_in_columns(self, meanings: list[Meaning]) -> bool:
        """True when the columns are methods: one is the paper's own, or most are known."""
        names = [
            meaning.method
            for column, meaning in zip(self.axes.columns, meanings, strict=True)
            if column.kind == "value"
        ]
        names = [name for name in names if not is_dense(name)]
        known = [name for name in names if name]
        in_caption = self.interpreter.names.in_text(self.around.caption)
        if self.axes.rows_name_metrics and any(names) and not in_caption and self._are_subjects(meanings):
            return True
        return any(self.interpreter.names.is_proposed(name) for name in known) or len(known) * 2 > len(names)

    def _are_subjects(self, meanings: list[Meaning]) -> bool:
        """True when most columns have a name that is nothing else known, below which rows print the metrics."""
        values = [meanings[index] for index in self.axes.of_kind("value")]
        others = [
            bool(
                m.slots or m.datasets or m.models or m.size or m.removal or m.stage or m.pruned or m.variant or m.device
            )
            for m in values
        ]
        return sum(others) * 2 < len(others) and all(m.rest for m in values)

    def _joined(self, inner: Meaning, outer: Meaning) -> Meaning:
        joined = inner.over(outer)
        if outer.slots and not inner.slots and (unit := unit_alone(inner.rest)):
            return replace(joined, slots=tuple(replace(slot, unit=unit) for slot in outer.slots), rest=outer.rest)
        amount = outer.slots[0].metric if outer.slots else ""
        if amount in REDUCTIONS and PHRASES["reduction_head"].search(inner.rest):
            return replace(joined, slots=(Slot(REDUCTIONS[amount], "%", part=inner.rest),), pruned=False)
        if amount == "accuracy_change" and len(inner.slots) == 1 and inner.slots[0].metric in QUALITIES:
            (named,) = inner.slots
            return replace(
                joined, slots=(replace(outer.slots[0], part=named.part, submetric=RANKS.get(named.metric, "")),)
            )
        if amount == "error_rate" and inner.slots and inner.slots[0].metric in RANKS and len(inner.slots) == 1:
            return replace(joined, slots=(as_error(inner.slots[0]),))
        if len(outer.slots) > 1 and len(inner.slots) == 1 and outer.slots[0].metric in QUALITIES:
            (named,) = inner.slots
            return replace(joined, slots=tuple(replace(slot, metric=named.metric) for slot in outer.slots))
        if inner.size:
            for family in (*outer.models, *self.around.models()[0]):
                model = self.interpreter.subjects.join_size(family, inner.size)
                if model:
                    return replace(joined, models=(model,))
        if (
            inner.method
            and outer.method
            and inner.method != outer.method
            and is_dense(inner.method) != is_dense(outer.method)
        ):
            return replace(
                joined,
                method=inner.method
                if is_dense(outer.method) or self.interpreter.names.own(inner.method)
                else outer.method,
            )
        if outer.method and not inner.method and inner.rest and not inner.slots and not inner.models:
            return replace(joined, method=inner.rest, cites=outer.cites)
        return joined

    def _setting(self, cell: TableCell, above: RemovalHeader | None, level: int) -> Meaning | None:
        """The meaning of a header that is a bare number, percentage or pattern; None for words."""
        text = cell.text
        pattern = read_pattern(text)
        numbers = read_numbers(text)
        label = self._row_label(cell.origin[0])
        if pattern is not None and len(text) <= 12:
            return Meaning(removal=pattern)
        if numbers is None and PHRASES["whole"].search(text) and self._among_settings(cell):
            return Meaning(variant=(f"{label}={text}",))
        if numbers is None or numbers.present[0].unit in ("B", "M", "m"):
            return None
        for part, number in zip(label.split("/"), numbers.numbers, strict=False):
            header = self.interpreter.removal_header(part)
            if (
                header is not None
                and number is not None
                and (header.explicit or not self.around.is_on_learning_rates())
            ):
                return Meaning(removal=from_number(header, number), rest=label)
        if above is not None:
            return Meaning(removal=from_number(above, numbers.present[0]))
        of_weights = column_kind(label) != "setting" and not self._is_of_operations(cell)
        if (bare := read_bare(text)) is not None and of_weights:
            return Meaning(removal=from_number(RemovalHeader(self.around.form(), percent=True), bare))
        unlabelled = not label or column_kind(label) == "method"
        if numbers.present[0].unit == "x" and unlabelled and self.around.compresses():
            return Meaning(removal=from_number(RemovalHeader("ratio"), numbers.present[0]))
        if unlabelled and (shares := self._header_of_bare_numbers(cell.origin[0], level)) is not None:
            return Meaning(removal=from_number(shares, numbers.present[0]))
        return Meaning(variant=(f"{label} {text}".strip(),))

    def _header_of_bare_numbers(self, row: int, level: int) -> RemovalHeader | None:
        """What ``90 95 98`` above columns state, which only the caption explains (``percentage of weights removed``).

        Each group of columns must have its own rising or falling numbers, below networks, data sets or metrics alone.
        """
        words = f"{self.around.caption} {self.table.parent_caption}"
        if self.around.removal()[1] == "caption" or not PHRASES["removing"].search(words):
            return None
        groups: dict[tuple[TableCell, ...], list[float]] = {}
        for index in self.axes.of_kind("value"):
            path = self.axes.columns[index].header
            numeric = read_numbers(path[level].text) if level < len(path) and path[level].origin[0] == row else None
            if numeric is not None and len(numeric.numbers) == 1:
                groups.setdefault(path[:level], []).append(numeric.present[0].value)
        named = (self.interpreter.read(cell.text) for path in groups for cell in path)
        if not groups or not all(meaning.models or meaning.datasets or meaning.slots for meaning in named):
            return None
        values = [value for group in groups.values() for value in group]
        if not all(len(group) > 1 and sorted(set(group)) in (group, group[::-1]) for group in groups.values()):
            return None
        if min(values) > 1 and PHRASES["compressing"].search(words) and not PHRASES["shares"].search(words):
            return RemovalHeader("ratio")
        return RemovalHeader(self.around.form(), percent=max(values) > 1) if max(values) <= 100 else None

    def _among_settings(self, cell: TableCell) -> bool:
        """True for a word in a row of bare numbers whose label is no removal: ``b: 32, 64, full``."""
        row = cell.origin[0]
        others = [self.table.cells[row][index].text for index in self.axes.of_kind("value") if index != cell.origin[1]]
        numeric = sum(read_numbers(text) is not None and read_bare(text) is None for text in others)
        label = self._row_label(row)
        return (
            numeric > 1 and numeric * 2 > len(others) and bool(label) and self.interpreter.removal_header(label) is None
        )

    def _row_label(self, row: int) -> str:
        """The stub text beside a header row, which names its numbers."""
        for index, column in enumerate(self.axes.columns):
            if column.kind != "value" and row < len(self.table.cells):
                text = self.table.cells[row][index].text
                if text:
                    return text
        return ""


def _prefer(inner: Meaning, outer: Meaning) -> Meaning:
    """A later header row over an earlier one; a sparsity is not displaced by a pruning ratio."""
    joined = inner.over(outer)
    if outer.removal and inner.removal and "sparsit" in outer.rest.lower() and "sparsit" not in inner.rest.lower():
        return replace(joined, removal=outer.removal)
    return joined
