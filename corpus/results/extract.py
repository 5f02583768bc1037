"""Turns the cells of one table into readings: which number of a cell fills which slot, with sign, unit and spread.

Conventions: a base value beside a pruned one belongs to the dense network; numbers that state settings are context and
no results; a number in a spanned cell is read once, at its first row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.reading import DocumentTable, TableCell
from corpus.results.caption_heads import bracket_slot
from corpus.results.columns import ColumnReader
from corpus.results.context import Paper, Surroundings
from corpus.results.dense_values import dense_heads, dense_value
from corpus.results.headers import ACCURACIES, COSTS, IGNORED, QUALITIES, REDUCTIONS, USUAL_METRICS, Slot, amount_of
from corpus.results.layout import Axes
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.names import modifiers
from corpus.results.neighbours import read_together, usual_of_tasks
from corpus.results.numbers import Number, NumericCell, read_numbers
from corpus.results.own_variants import are_variants_of_own
from corpus.results.resolution import Method, Place, Resolver
from corpus.results.rows import RowReader
from corpus.results.sparsity import NOTHING, Removal, from_number
from corpus.results.values import is_possible, is_top5, signed, unit_of
from corpus.results.words import PHRASES
from db.records import Cell, Reading, Sparsity

_DENSE_SPARSITY = Sparsity(0.0, "", form="removed", low=0.0, high=0.0)
_TIMED = frozenset({"latency_ms", "throughput", "memory", "energy"})


class TableReader:
    """Reads the results of one table."""

    def __init__(
        self, paper: Paper, interpreter: Interpreter, table: DocumentTable, axes: Axes, around: Surroundings
    ) -> None:
        self.paper = paper
        self.interpreter = interpreter
        self.table = table
        self.axes = axes
        self.around = around
        self.headers = ColumnReader(table, axes, interpreter, around)
        self.caption_slots = around.slots()
        self._pair = around.pair()
        self._bracket = bracket_slot(around.caption)
        meanings = [self.headers.meaning(index) for index in range(len(axes.columns))]
        self.columns = read_together(axes, meanings, self.caption_slots, interpreter)
        self._task_metric = usual_of_tasks(self.columns)
        in_columns = self.headers.methods_in_columns(self.columns)
        if in_columns:
            self._take_costs_for_settings()
        self.rows = RowReader(table, axes, interpreter, around, self.columns, methods_in_columns=in_columns)
        self.resolver = Resolver(
            paper,
            interpreter,
            table,
            around,
            self._metrics(),
            self.rows.exceptions(),
            rows_have_methods=self.rows.method_column is not None,
            methods_in_columns=in_columns,
            own_variants=not in_columns and are_variants_of_own(paper, table, axes, around, self.rows.method_column),
        )
        texts = [cell.text for column in axes.columns for cell in column.header]
        texts += [cell.text for cell in axes.stubs.values()]
        explained = [slot.metric for meaning in self.columns for slot in meaning.slots]
        self._unexplained = [slot for slot in self.caption_slots if slot.metric not in explained]
        self._arrows_are_directions = any("↑" in text for text in texts)
        self._changes_accuracy = any(slot.metric == "accuracy_change" for m in self.columns for slot in m.slots)
        above_one = {column for (_, column), cell in axes.numbers.items() if cell and cell.present[0].value > 1}
        self._above_one = frozenset() if axes.rows_name_metrics else frozenset(above_one)
        self._prints_signs = frozenset(index for index in axes.of_kind("value") if self._is_mostly_negative(index))

    def read(self) -> Iterator[Reading]:
        """The readings of all cells, by rows."""
        labels: tuple[TableCell, ...] = ()
        yield from self._read_heads()
        for row, meaning in self.rows.meanings():
            if self.axes.groups[row] != labels:
                labels = self.axes.groups[row]
                yield from self._read_label(labels[-1], meaning) if labels else ()
            for index, column in enumerate(self.axes.columns):
                if column.kind == "value":
                    yield from self._read_cell(row, index, meaning)

    def _is_mostly_negative(self, column: int) -> bool:
        """True for a column of numbers below zero: a drop is then printed as what is added, ``-0.4``."""
        cells = [self.axes.numbers[row, column] for row in self.axes.data_rows]
        values = [cell.present[0].value for cell in cells if cell is not None and cell.present[0].value]
        return len(values) > 1 and sum(value < 0 for value in values) * 3 > 2 * len(values)

    def _take_costs_for_settings(self) -> None:
        """Left of columns that are methods, a cost of no method (``FLOPs 50%``) is the point they are compared at."""
        for column, meaning in zip(self.axes.columns, self.columns, strict=True):
            if column.kind == "value" and meaning.method:
                return
            if column.kind == "value" and meaning.slots and meaning.slots[0].metric in COSTS:
                column.kind = "setting"

    def _metrics(self) -> list[str]:
        """The metrics that headers and stubs name."""
        slots = [slot for meaning in self.columns for slot in meaning.slots]
        slots += [slot for cell in self.axes.stubs.values() for slot in self.interpreter.read(cell.text).slots]
        return [slot.metric for slot in slots]

    def _read_cell(self, row: int, index: int, meaning: Meaning) -> Iterator[Reading]:
        cell = self.table.cells[row][index]
        numeric = self.axes.numbers[row, index]
        if cell.origin != (row, index) or numeric is None:
            return
        column = self.columns[index]
        if row in self.axes.inner_headers:
            column = self.headers.below(column, self.axes.inner_headers[row], index)
        slots = self._slots(column, meaning)
        if not slots or all(slot.metric in IGNORED for slot in slots):
            return
        column = self._with_bracket(column, numeric, index)
        column = self._over_several(column, cell, meaning)
        removal = column.removal or self.rows.removal_in_group(row, index, meaning)
        if not removal and not meaning.removal:
            removal = self.rows.removal_in_column(index)
        column = replace(column, removal=removal)
        subjects = self._of_each(numeric, slots, column, meaning)
        each = [(place, number, slots[0]) for place, number in enumerate(numeric.numbers)] if subjects else None
        for position, number, slot in each or self._numbers(numeric, slots):
            if number is not None:
                slot = self._by_unit(self._without_arrow(slot, number), number)
                slot = self._left(slot, number, row, index)
                if not is_possible(slot, number):
                    continue
                slot = replace(slot, falls=slot.falls and index not in self._prints_signs)
                place = Place(cell, index, column, meaning, slot)
                if subjects:
                    place = replace(place, column=subjects[position].over(replace(column, models=(), datasets=())))
                yield self._reading(row, position, number, place)

    def _of_each(self, numeric: NumericCell, slots: tuple[Slot, ...], column: Meaning, row: Meaning) -> list[Meaning]:
        """What each number of a cell is of, where header, stub or corner list as many networks or data sets.

        ``LeNet-300-100 / LeNet-5`` lists the networks of ``98.1 / 99.0``.
        """
        count = len(numeric.numbers)
        if count < 2 or len(slots) > 1 or set(numeric.separators) - {"/"}:
            return []
        texts = [text for text in (column.rest, row.rest, *row.models, self.around.corner) if "/" in text]
        for text in texts:
            models, datasets = self.interpreter.models(text), self.interpreter.datasets(text)
            if len(models) == count:
                return [Meaning(models=(model,), datasets=column.datasets) for model in models]
            if len(datasets) == count:
                return [Meaning(datasets=(dataset,), models=column.models) for dataset in datasets]
        return []

    def _over_several(self, column: Meaning, cell: TableCell, row: Meaning) -> Meaning:
        """The column's meaning for a cell over columns of several sparsities: it is of the dense network.

        A method that is known to prune keeps its name.
        """
        spanned = self.columns[cell.origin[1] : cell.origin[1] + cell.width]
        if len({other.removal for other in spanned}) < 2:
            return column
        entry = self.paper.knowledge.methods.get(self.interpreter.names.resolve(row.method, row.cites) or "")
        prunes = self.interpreter.names.is_proposed(row.method) or (entry is not None and not entry.control)
        return replace(column, removal=NOTHING, base=column.base or not prunes)

    def _with_bracket(self, column: Meaning, numeric: NumericCell, index: int) -> Meaning:
        """The column's meaning for a cell that prints in brackets how much was removed."""
        last = numeric.present[-1]
        if len(numeric.present) != 2 or not last.bracketed or column.removal:
            return column
        header = self.around.bracketed(self.axes.columns[index].text)
        return column if header is None else replace(column, removal=from_number(header, last))

    def _read_label(self, label: TableCell, meaning: Meaning) -> Iterator[Reading]:
        """The dense network's result that a group row prints: ``ResNet-18 (dense: 61.32)``."""
        number = dense_value(label, self.interpreter)
        index = next(iter(self.axes.of_kind("value")), None)
        if number is not None and index is not None:
            column = replace(self.columns[index], method="", removal=NOTHING, variant=(), stage="")
            yield from self._read_dense(label, column, meaning, number)

    def _read_heads(self) -> Iterator[Reading]:
        """The dense network's results that heads print: ``ResNet50 – 76.13``."""
        for index, head, number in dense_heads(self.axes, self.interpreter):
            column = replace(self.columns[index], method="", removal=NOTHING, variant=(), stage="")
            yield from self._read_dense(head, column, Meaning(), number)

    def _read_dense(self, label: TableCell, column: Meaning, row: Meaning, number: Number) -> Iterator[Reading]:
        row = replace(row, method=label.text, cites=label.cites, base=True, variant=(), removal=NOTHING)
        slots = self._slots(column, row)
        if slots and slots[0].metric not in COSTS:
            place = Place(label, label.origin[1], column, row, slots[0])
            yield self._reading(label.origin[0], 0, number, place)

    @staticmethod
    def _by_unit(slot: Slot, number: Number) -> Slot:
        """Parameters that are printed in bytes are the size of the model."""
        in_bytes = slot.metric == "params" and re.fullmatch(r"[KMGT]i?B|bytes", number.unit, re.I)
        return replace(slot, metric="model_size") if in_bytes else slot

    def _left(self, slot: Slot, number: Number, row: int, index: int) -> Slot:
        """The share behind an amount (``6.6M (10%)``) as what is left, where the column's largest amount says so."""
        amount = next((amount for amount, reduction in REDUCTIONS.items() if reduction == slot.metric), "")
        if not amount or not number.bracketed or not self.rows.is_kept(row, index):
            return slot
        return Slot(amount, "%", part=slot.part)

    def _without_arrow(self, slot: Slot, number: Number) -> Slot:
        """``Params ↓`` above amounts: there the arrow says that less is better, not that shares removed are printed."""
        amount = amount_of(slot)
        if amount is None or number.unit in ("%", "x"):
            return slot
        return amount if self._arrows_are_directions or number.unit or amount.unit not in ("", "%") else slot

    def _slots(self, column: Meaning, row: Meaning) -> tuple[Slot, ...]:
        if self.axes.rows_name_metrics and (row.slots or column.slots or not row.datasets):
            return row.slots or column.slots
        if (column.base or column.pruned) and not column.slots and self._changes_accuracy:
            return (Slot("top1_accuracy", "%", supposed=True),)
        if column.slots:
            return column.slots
        if row.slots:
            return row.slots
        for dataset in (*column.datasets, *row.datasets):
            if dataset in USUAL_METRICS:
                return self._usual_slots(self.paper.reported_metrics.get(dataset, USUAL_METRICS[dataset]))
        usual = {USUAL_METRICS.get(dataset, "") for dataset in self.resolver.caption_datasets}
        if usual == {"perplexity"}:
            return self._usual_slots("perplexity")
        for model in column.models if len(self.resolver.caption_datasets) > 1 else ():
            dataset = self.resolver.usual_dataset(model) or ""
            if dataset in self.resolver.caption_datasets and dataset in USUAL_METRICS:
                return self._usual_slots(USUAL_METRICS[dataset])
        if self.caption_slots:
            return self._pair if self._pair else self.caption_slots[:1]
        if column.datasets and self._task_metric:
            return (Slot(self._task_metric, "%", supposed=True),)
        for dataset in self.resolver.datasets[0]:
            if dataset in USUAL_METRICS:
                return (Slot(USUAL_METRICS[dataset], "%", supposed=True),)
        return ()

    def _usual_slots(self, usual: str) -> tuple[Slot, ...]:
        """The metric that is usual on a data set, in the words of the caption where it names one of its kind."""
        if any(slot.metric == usual for slot in self._pair):
            return self._pair
        if "accuracy" in usual:
            meant = QUALITIES if self.around.names_metric() else ACCURACIES
            return (next((slot for slot in self._unexplained if slot.metric in meant), Slot(usual, "%")),)
        return (Slot(usual, "%" if usual in QUALITIES | {"map", "miou", "word_error_rate"} else ""),)

    def _numbers(self, numeric: NumericCell, slots: tuple[Slot, ...]) -> Iterator[tuple[int, Number | None, Slot]]:
        """Each number of a cell with the slot it fills."""
        numbers = numeric.numbers
        if len(numbers) == 1 and numbers[0] is not None and len(slots) > 1 and numbers[0].unit == "%":
            slots = tuple(slot for slot in slots if slot.metric not in COSTS) or slots
        if len(numbers) == 1 or len(slots) >= len(numbers):
            yield from ((i, number, slot) for i, (number, slot) in enumerate(zip(numbers, slots, strict=False)))
            return
        slot = slots[0]
        for position, number in enumerate(numbers):
            separator = numeric.separators[position - 1] if position else ""
            if number is None:
                continue
            if position == 0:
                arrow = numeric.separators[0] == "→"
                yield position, number, replace(slot, base=slot.base or arrow)
            elif separator == "→":
                yield position, number, replace(slot, base=False)
            else:
                second = self._second_slot(slot, number, separator, numbers[0])
                if second is not None:
                    yield position, number, second

    def _second_slot(self, slot: Slot, number: Number, separator: str, first: Number | None) -> Slot | None:
        """What a further number of a cell means when the header promises one."""
        if number.bracketed and self._bracket is not None and self._bracket.metric != slot.metric:
            return self._bracket
        reduction = REDUCTIONS.get(slot.metric)
        if reduction and number.unit == "%":
            return Slot(reduction, "%")
        if slot.metric in ACCURACIES:
            if number.signed or number.arrow:
                return Slot("accuracy_change", "points", falls=number.arrow == "↓")
            if number.bracketed and first is not None and number.value < 0.1 * first.value:
                return None
            if separator == "/" and slot.metric == "top1_accuracy" and first is not None and is_top5(first, number):
                return Slot("top5_accuracy", "%")
        if slot.metric in COSTS and (number.unit == "x" or (slot.unit == "x" and number.bracketed)):
            return None if slot.metric == "params" else Slot("speedup", "x")
        if number.signed or number.arrow or number.bracketed:
            return None
        return slot

    def _reading(self, row: int, position: int, number: Number, place: Place) -> Reading:
        slot = place.slot
        method = self.resolver.method(place)
        if slot.supposed:
            place.assumed.append("metric: the usual one on the data set")
        dataset = self.resolver.dataset(place)
        model = self.resolver.model(place, dataset)
        method, removal = self._removed(method, self.resolver.removal(place), place)
        value, printed = signed(slot, number)
        stated = not any(note.startswith(("model", "data set")) for note in place.assumed)
        if dataset and model and (stated or place.models):
            self.paper.pairs.setdefault(model, dataset)
        if dataset and model and stated:
            self.paper.remember(slot.metric, dataset, model)
        spread = number.spread if number.spread is not None else self._bracket_spread(place.cell, position)
        split, protocol = self.around.evaluation(slot, place.column.rest, place.row.rest)
        return Reading(
            cell=Cell(
                table=self.table.table.index,
                row=row,
                col=place.index,
                number=position,
                text=place.cell.text,
                row_text=self.rows.text(row),
                col_text=" | ".join(cell.text for cell in self.axes.columns[place.index].header),
            ),
            method=method.name,
            role=method.role,
            metric=slot.metric,
            value=value,
            unit=unit_of(slot, number, in_percent=place.index in self._above_one),
            method_canonical=method.canonical,
            modifiers=modifiers(method.name),
            implemented_by=self.around.implemented_by(method.role, bool(method.cites)),
            cited=method.cites[0] if method.cites else None,
            dataset=dataset,
            split=split,
            protocol=protocol,
            model=model,
            spread=spread,
            spread_kind=None if spread is None else self.around.spread_kind(),
            sparsity=removal.sparsity,
            compression=removal.compression,
            pattern=removal.pattern,
            printed=printed,
            measured=self._measured(slot),
            theoretical=slot.metric == "speedup" and self.paper.theoretical,
            bold=place.cell.bold,
            confidence=round(max(0.2, 0.95 - 0.15 * len(place.assumed)), 2),
            assumed=tuple(place.assumed),
            extra=self._extra(place, number),
        )

    def _removed(self, method: Method, removal: Removal, place: Place) -> tuple[Method, Removal]:
        """Make role and sparsity agree: a dense network has nothing removed, and nothing removed is dense."""
        stage = place.slot.stage or place.column.stage
        if removal.is_nothing and not place.column.stage and not self._only_compresses(method, place):
            named = place.row.method or place.column.method
            rest = place.row.rest if self.interpreter.is_network(place.row.rest) else "Dense"
            method = replace(method, name=method.name if named else rest, role="dense", canonical="Dense")
        if method.role == "dense" or stage == "sparsity training":
            return method, Removal(sparsity=_DENSE_SPARSITY)
        return method, Removal() if method.canonical == "Small-Dense" else removal

    def _only_compresses(self, method: Method, place: Place) -> bool:
        """True for a network that is quantised or the like, though nothing was removed from it."""
        entry = self.paper.knowledge.methods.get(method.canonical or "")
        other = entry is not None and not entry.structure and not entry.control
        words = " ".join((method.name, *place.row.variant, *place.column.variant))
        return method.role != "dense" and (other or PHRASES["quantised"].search(words) is not None)

    def _measured(self, slot: Slot) -> bool:
        if slot.metric in _TIMED:
            return True
        return slot.metric == "speedup" and not self.paper.theoretical and self.around.measured

    def _bracket_spread(self, cell: TableCell, position: int) -> float | None:
        """The second number of ``93.1 (0.2)`` where the paper speaks of deviations."""
        if position or "(" not in cell.text or self.around.spread_kind() == "unknown":
            return None
        numeric = read_numbers(cell.text)
        if numeric is None or len(numeric.numbers) != 2:
            return None
        first, second = numeric.numbers
        if first is None or second is None or not second.bracketed or second.signed or second.unit == "%":
            return None
        return second.value if second.value < 0.1 * abs(first.value) else None

    def _extra(self, place: Place, number: Number) -> dict[str, str]:
        slot, column, row = place.slot, place.column, place.row
        extra = {
            "variant": ", ".join(dict.fromkeys((*row.variant, *column.variant))),
            "stage": slot.stage or column.stage or row.stage,
            "phase": slot.phase,
            "submetric": slot.submetric,
            "device": row.device or column.device,
            "batch": row.batch or column.batch,
            "bound": number.bound,
        }
        if slot.metric in _TIMED or slot.metric == "speedup":
            meaning = self.interpreter.read(self.around.caption)
            extra["device"] = extra["device"] or meaning.device
            extra["batch"] = extra["batch"] or meaning.batch
        return {key: value for key, value in extra.items() if value}
