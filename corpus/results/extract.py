"""Joins what columns, rows, groups and text say into one reading for each number of a table.

Conventions: a base value beside a pruned one belongs to the dense network; shares of settings are context and no
results; a number in a spanned cell is read once, at its first row. What is taken from farther away than the caption is
named in ``assumed`` and lowers the confidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.reading import DocumentTable, TableCell
from corpus.results.axes import Axes, method_column
from corpus.results.context import Paper, Surroundings
from corpus.results.headers import COSTS, USUAL_DATASETS, USUAL_METRICS, Slot, column_kind, read_slots, which_net
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.names import clean_name, is_dense
from corpus.results.numbers import Number, NumericCell, is_missing, read_numbers
from corpus.results.sparsity import (
    Removal,
    RemovalHeader,
    from_number,
    in_cell,
    read_bare,
    read_header,
    read_pattern,
    read_removals,
)
from db.records import Cell, Reading, Sparsity

_DENSE_SPARSITY = Sparsity(0.0, "", form="removed", low=0.0, high=0.0)
_KEPT_WORDS = re.compile(r"\bkept\b|remain|densit|\bleft\b|retain|surviv", re.I)


class TableReader:
    """Reads the results of one table."""

    def __init__(
        self, paper: Paper, interpreter: Interpreter, table: DocumentTable, axes: Axes, around: Surroundings, kind: str
    ) -> None:
        self.paper = paper
        self.interpreter = interpreter
        self.names = interpreter.names
        self.table = table
        self.axes = axes
        self.around = around
        self.kind = kind
        self.method_column = method_column(axes, interpreter)
        self.column_meanings = [self._column_meaning(index) for index in range(len(axes.columns))]
        self.methods_in_columns = self._methods_in_columns()
        self.exceptions = self._exceptions()
        metrics = self._metrics()
        self._quality_metric = next((metric for metric in metrics if metric not in COSTS and metric != "speedup"), "")
        self._reports_quality = not metrics or bool(self._quality_metric)
        self._caption_removal = around.removal()
        self._caption_datasets = around.caption_datasets()
        self._datasets = around.datasets()
        self._models = around.models()
        self._slot = around.slot()
        self._caption_methods = self.names.in_text(f"{around.caption} {table.parent_caption}")
        cited = self.names.cited(table.cites)
        if cited and not self._caption_methods:
            self._caption_methods = [cited]

    def read(self) -> Iterator[Reading]:
        """The readings of all cells, by rows."""
        network: tuple[str, ...] = ()
        groups: tuple[TableCell, ...] = ()
        for row in self.axes.data_rows:
            if row in self.axes.context_rows:
                continue
            meaning = self._row_meaning(row)
            if self.axes.groups.get(row, ()) != groups:
                groups, network = self.axes.groups.get(row, ()), ()
            if meaning.models and (is_dense(meaning.method) or self.interpreter.is_network(meaning.method)):
                network = meaning.models
            elif network and not meaning.models:
                meaning = replace(meaning, models=network)
            for index, column in enumerate(self.axes.columns):
                if column.kind == "value":
                    yield from self._read_cell(row, index, meaning)

    # -- columns ------------------------------------------------------------------------------------------------

    def _column_meaning(self, index: int) -> Meaning:
        meaning = Meaning()
        removal_header: RemovalHeader | None = None
        path = self.axes.columns[index].header
        for cell in path:
            given = self._setting_in_header(cell, index, removal_header)
            if given is None:
                removal_header = read_header(cell.text) or removal_header
                inner = self.interpreter.read(cell.text, cell.cites)
                meaning = self._joined(inner, meaning)
            else:
                meaning = _prefer(given, meaning)
        for row, header in self.axes.context_rows.items():
            cell = self.table.cells[row][index]
            removal = in_cell(header, cell.text)
            if removal:
                meaning = replace(meaning, removal=removal)
        return meaning

    def _joined(self, inner: Meaning, outer: Meaning) -> Meaning:
        joined = inner.over(outer)
        if inner.size:
            for family in (*outer.models, *self.around.models()[0]):
                model = self.interpreter.join_size(family, inner.size)
                if model:
                    return replace(joined, models=(model,))
        if (
            inner.method
            and outer.method
            and inner.method != outer.method
            and is_dense(inner.method) != is_dense(outer.method)
        ):
            return replace(
                joined, method=inner.method if is_dense(outer.method) or self.names.own(inner.method) else outer.method
            )
        if outer.method and not inner.method and inner.rest and not inner.slots and not inner.models:
            return replace(joined, method=inner.rest, cites=outer.cites)
        return joined

    def _setting_in_header(self, cell: TableCell, index: int, above: RemovalHeader | None) -> Meaning | None:
        """The meaning of a header that is a bare number, percentage or pattern; None for words."""
        text = cell.text
        pattern = read_pattern(text)
        numbers = read_numbers(text)
        label = self._row_label(cell.origin[0])
        if pattern is not None and len(text) <= 12:
            return Meaning(removal=pattern)
        if numbers is None or numbers.present[0].unit in ("B", "M"):
            return None
        for part, number in zip(label.split("/"), numbers.numbers, strict=False):
            header = read_header(part)
            if header is not None and number is not None:
                return Meaning(removal=from_number(header, number), rest=label)
        if above is not None:
            return Meaning(removal=from_number(above, numbers.present[0]))
        if (bare := read_bare(text)) is not None and not column_kind(label) == "setting":
            form = "kept" if _KEPT_WORDS.search(self.around.caption) else "removed"
            return Meaning(removal=from_number(RemovalHeader(form, percent=True), bare))
        return Meaning(variant=(f"{label} {text}".strip(),))

    def _metrics(self) -> list[str]:
        """The metrics that headers and stubs name."""
        slots = [slot for meaning in self.column_meanings for slot in meaning.slots]
        slots += [slot for cell in self.axes.stubs.values() for slot in self.interpreter.read(cell.text).slots]
        return [slot.metric for slot in slots]

    def _row_label(self, row: int) -> str:
        """The stub text beside a header row, which names its numbers."""
        for index, column in enumerate(self.axes.columns):
            if column.kind != "value" and row < len(self.table.cells):
                text = self.table.cells[row][index].text
                if text:
                    return text
        return ""

    def _methods_in_columns(self) -> bool:
        """True when the columns are methods: one is the paper's own, or most are known."""
        names = [
            meaning.method
            for column, meaning in zip(self.axes.columns, self.column_meanings, strict=True)
            if column.kind == "value"
        ]
        known = [name for name in names if name and not is_dense(name)]
        return any(self.names.is_proposed(name) for name in known) or len(known) * 2 > len(names)

    # -- rows ---------------------------------------------------------------------------------------------------

    def _row_meaning(self, row: int) -> Meaning:
        meaning = Meaning()
        for label in self.axes.groups.get(row, ()):
            meaning = self.interpreter.read(label.text, label.cites).over(meaning)
        inner = self.axes.inner_headers.get(row)
        for index, column in enumerate(self.axes.columns):
            cell = self.axes.stubs.get((row, index)) or self.table.cells[row][index]
            if column.kind in ("value", "empty", "unknown") or is_missing(cell.text) and column.kind != "method":
                continue
            if inner is not None and column.kind == "value":
                continue
            meaning = self._stub(index, column.kind, cell, meaning)
        return meaning

    def _stub(self, index: int, kind: str, cell: TableCell, meaning: Meaning) -> Meaning:
        header = self.axes.columns[index]
        text = cell.text
        if kind == "removal" and header.removal is not None:
            words = (
                "" if read_numbers(text) or read_pattern(text) else re.sub(r"\S*\s*=?\s*[\d.]+\s*%", "", text).strip()
            )
            variant = (*meaning.variant, words) if words else meaning.variant
            return replace(meaning, removal=in_cell(header.removal, text) or meaning.removal, variant=variant)
        inner = self.interpreter.read(text, cell.cites)
        if index == self.method_column:
            name = clean_name(text)
            return replace(
                inner.over(replace(meaning, method="", cites=())),
                method=name,
                cites=cell.cites,
                base=False,
                variant=meaning.variant,
            )
        if kind in ("device", "batch"):
            return replace(meaning, **{kind: text})
        if kind == "setting":
            label = header.text
            if is_dense(text):
                return replace(meaning, method=text, cites=cell.cites)
            if label.lower() in ("depth", "layers", "#layers") and not meaning.models:
                sized = [self.interpreter.join_size(family, text) for family in self.around.models()[0]]
                return replace(meaning, models=tuple(model for model in sized if model)[:1])
            return replace(meaning, variant=(*meaning.variant, f"{label}={text}" if len(label) <= 12 else text))
        words = self.interpreter.without_models(text)
        inner = replace(
            inner,
            base=bool(inner.models) and self.method_column is None and which_net(words)[0],
            method="" if self.method_column is not None else inner.method,
        )
        if not (inner.slots or inner.datasets or inner.models or inner.removal or inner.size):
            if self.method_column is not None or self.methods_in_columns:
                return replace(inner.over(meaning), variant=(*meaning.variant, text))
            return inner.over(meaning)
        if inner.models and inner.rest != inner.models[0]:
            inner = replace(inner, variant=(inner.rest,))
        if inner.size:
            for family in (*meaning.models, *self.around.models()[0]):
                if model := self.interpreter.join_size(family, inner.size):
                    inner = replace(inner, models=(model,))
                    break
        return inner.over(meaning)

    def _exceptions(self) -> dict[str, tuple[Removal, tuple[str, ...]]]:
        """Marks of notes that state another sparsity (``^b VGG-19 is pruned by 70%``), with the networks they name."""
        found: dict[str, tuple[Removal, tuple[str, ...]]] = {}
        for note in (*self.axes.notes, *self.table.notes):
            for match in re.finditer(r"(\^\w|[†‡§∗*¶])\s*(.*?)(?=\^\w\s|[†‡§∗*¶]|$)", note):
                removals = read_removals(match.group(2))
                if len(removals) == 1:
                    found[match.group(1)] = removals[0], self.interpreter.models(match.group(2))
        return found

    # -- cells --------------------------------------------------------------------------------------------------

    def _read_cell(self, row: int, index: int, row_meaning: Meaning) -> Iterator[Reading]:
        cell = self.table.cells[row][index]
        if cell.origin != (row, index):
            return
        numeric = self.axes.numbers[row, index]
        if numeric is None:
            return
        column = self.column_meanings[index]
        slots = self._slots(column, row_meaning)
        if not slots:
            return
        for position, number, slot in self._numbers(numeric, slots, column):
            if number is not None:
                yield self._reading(row, index, cell, position, number, slot, column, row_meaning)

    def _slots(self, column: Meaning, row: Meaning) -> tuple[Slot, ...]:
        if self.axes.rows_name_metrics:
            return row.slots or column.slots
        if column.slots:
            return column.slots
        if row.slots:
            return row.slots
        for dataset in (*column.datasets, *row.datasets):
            if dataset in USUAL_METRICS:
                usual = USUAL_METRICS[dataset]
                if self._slot is not None and self._slot.metric not in COSTS and usual != "perplexity":
                    return (self._slot,) if "accuracy" in usual or self._slot.metric == "perplexity" else (Slot(usual),)
                return (Slot(usual, "" if usual == "perplexity" else "%"),)
        if self._slot is not None:
            return (self._slot,)
        for dataset in self._datasets[0]:
            if dataset in USUAL_METRICS:
                return (Slot(USUAL_METRICS[dataset], "%", supposed=True),)
        return ()

    def _numbers(
        self, numeric: NumericCell, slots: tuple[Slot, ...], column: Meaning
    ) -> Iterator[tuple[int, Number | None, Slot]]:
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
        reduction = {"params": "params_reduction", "flops": "flops_reduction", "macs": "flops_reduction"}.get(
            slot.metric
        )
        if reduction and number.unit == "%":
            return Slot(reduction, "%")
        if slot.metric in ("top1_accuracy", "accuracy", "zero_shot_accuracy", "top5_accuracy"):
            if number.signed or number.arrow:
                return Slot("accuracy_change", "points", falls=number.arrow == "↓")
            if number.bracketed and first is not None and number.value < 0.1 * first.value:
                return None
            if separator == "/" and slot.metric == "top1_accuracy" and first is not None and number.value > first.value:
                return Slot("top5_accuracy", "%")
        if number.unit == "x" and slot.metric in COSTS:
            return Slot("speedup", "x")
        if number.signed or number.arrow or number.bracketed:
            return None
        return slot

    def _reading(
        self,
        row: int,
        index: int,
        cell: TableCell,
        position: int,
        number: Number,
        slot: Slot,
        column: Meaning,
        row_meaning: Meaning,
    ) -> Reading:
        assumed: list[str] = []
        base = slot.base or (column.base and not slot.stage)
        method, canonical, role, cites = self._method(column, row_meaning, base, assumed)
        if slot.supposed:
            assumed.append("metric: the usual one on the data set")
        dataset = self._dataset(slot, column, row_meaning, assumed)
        model = self._model(column, row_meaning, assumed)
        removal = self._removal(cell, index, column, row_meaning, assumed)
        if (
            removal.sparsity is not None
            and removal.sparsity.fraction == 0
            and role == "baseline"
            and not self._staged(column)
        ):
            role, canonical = "dense", "Dense"
        if role == "dense" or (slot.stage or column.stage) == "sparsity training":
            removal = Removal(sparsity=_DENSE_SPARSITY)
        elif canonical == "Small-Dense":
            removal = Removal()
        value, printed = _signed(slot, number)
        if dataset and model and row_meaning.models + column.models:
            self.paper.pairs.setdefault(model, dataset)
        spread, kind = number.spread, None
        if spread is None and self._bracket_is_spread(cell, position):
            spread = self._bracket_spread(cell)
        if spread is not None:
            kind = self.around.spread_kind()
        return Reading(
            cell=Cell(
                self.table.table.index, row, index, position, cell.text, self._row_text(row), self._column_text(index)
            ),
            method=method,
            role=role,
            metric=slot.metric,
            value=value,
            unit=_unit_of(slot, number),
            method_canonical=canonical,
            implemented_by="copied" if cites and role == "baseline" else "unknown",
            cited=cites[0] if cites else None,
            dataset=dataset,
            model=model,
            spread=spread,
            spread_kind=kind,
            sparsity=removal.sparsity,
            compression=removal.compression,
            pattern=removal.pattern,
            printed=printed,
            measured=self._measured(slot),
            theoretical=slot.metric == "speedup" and self.paper.theoretical,
            confidence=round(max(0.2, 0.95 - 0.15 * len(assumed)), 2),
            assumed=tuple(assumed),
            extra=self._extra(slot, column, row_meaning, number),
        )

    def _staged(self, column: Meaning) -> bool:
        return bool(column.stage)

    def _method(
        self, column: Meaning, row: Meaning, base: bool, assumed: list[str]
    ) -> tuple[str, str | None, str, tuple[str, ...]]:
        """Surface name, canonical name, role and cited keys."""
        name, cites = row.method, row.cites
        if base or row.base or (name and self.interpreter.is_network(name)):
            return name or column.method or (row.rest if row.base else column.rest) or "Dense", "Dense", "dense", ()
        in_column = column.method
        if self.methods_in_columns and not in_column and not column.models and not column.slots:
            in_column = column.rest
        if in_column and (
            is_dense(in_column) or (self.methods_in_columns and (not name or self.method_column is None))
        ):
            name, cites = in_column, column.cites
        if (
            base
            or (in_column and is_dense(in_column))
            or (name and is_dense(name) and not self.names.is_proposed(name))
        ):
            surface = name or in_column or column.rest or "Dense"
            return surface, "Dense", "dense", ()
        if self.methods_in_columns and not in_column and column.models and not row.method:
            return column.rest, "Dense", "dense", ()
        if not name:
            return self._method_of_text(column, row, assumed)
        canonical = self.names.resolve(name, cites) or self._group_canonical(row, column)
        if (
            canonical is None
            and len(self._caption_methods) == 1
            and name == name.lower()
            and not re.search(r"\d", name)
        ):
            return self._method_of_text(column, replace(row, rest=name), assumed)
        role = "proposed" if self.names.is_proposed(name) else "baseline"
        return name, canonical, role, cites

    def _group_canonical(self, row: Meaning, column: Meaning) -> str | None:
        return self.names.cited((*row.cites, *column.cites))

    def _method_of_text(
        self, column: Meaning, row: Meaning, assumed: list[str]
    ) -> tuple[str, str | None, str, tuple[str, ...]]:
        """The method of a table whose cells name none: from its caption, else the paper's own."""
        own = [name for name in self._caption_methods if self.names.own(name)]
        others = [name for name in self._caption_methods if not self.names.own(name) and not is_dense(name)]
        surface = column.rest if column.stage and not column.slots else ""
        if own or (not others and self.names.proposed):
            name = own[0] if own else self.names.proposed[0]
            if not own:
                assumed.append("method: the paper's own")
            return name, self.names.resolve(name), "proposed", ()
        if others:
            assumed.append("method: from the caption")
            return surface or others[0], self.names.resolve(others[0]), "baseline", ()
        assumed.append("method: not stated")
        return surface or row.rest or "unknown", None, "baseline", ()

    def _dataset(self, slot: Slot, column: Meaning, row: Meaning, assumed: list[str]) -> str | None:
        found = self._stated_dataset(slot, column, row, assumed)
        return None if found is None else self.paper.particular_dataset(found)

    def _stated_dataset(self, slot: Slot, column: Meaning, row: Meaning, assumed: list[str]) -> str | None:
        in_slot = self.interpreter.datasets(slot.part) if slot.part else ()
        stated = column.datasets or row.datasets
        if in_slot and stated and stated[0].startswith("MNLI"):
            return in_slot[0]
        if stated:
            if stated[0] == "MNLI" and slot.metric == "accuracy":
                return "MNLI-m" if self._has_mismatched(row) else "MNLI"
            return stated[0]
        if in_slot and in_slot[0] != "average":
            return in_slot[0]
        if not self._caption_datasets and "accuracy" in slot.metric and self.around.is_mean():
            return "average"
        if self._caption_datasets:
            for model in (*column.models, *row.models):
                usual = self.paper.pairs.get(model) or self._usual_dataset(model)
                if len(self._caption_datasets) > 1 and usual in self._caption_datasets:
                    return usual
            if len(self._caption_datasets) > 1:
                assumed.append("data set: first of the caption")
            return self._caption_datasets[0]
        for model in (*column.models, *row.models):
            if model in self.paper.pairs:
                assumed.append("data set: as elsewhere in the paper")
                return self.paper.pairs[model]
        found, where = self._datasets
        if found:
            assumed.append(f"data set: from the {where}")
            return found[0]
        for model in (*column.models, *row.models, *self._models[0]):
            usual = self._usual_dataset(model)
            if usual is not None and self.paper.datasets[usual]:
                assumed.append("data set: the usual one of the network")
                return usual
        usual = self.paper.usual_dataset(self._quality_metric or slot.metric) if self._reports_quality else None
        if usual is not None:
            assumed.append("data set: the paper's most named")
        return usual

    def _usual_dataset(self, model: str) -> str | None:
        entry = self.paper.knowledge.models.get(model)
        return USUAL_DATASETS.get(entry.family) if entry is not None else None

    def _has_mismatched(self, row: Meaning) -> bool:
        return any("MNLI-mm" in self.interpreter.datasets(slot.part) for slot in row.slots if slot.part)

    def _model(self, column: Meaning, row: Meaning, assumed: list[str]) -> str | None:
        for stated in (row.models, column.models):
            if stated:
                sized = self.paper.network_of_family(stated[0])
                if sized:
                    assumed.append("model: size as elsewhere in the paper")
                return sized or stated[0]
        found, where = self._models
        if found:
            if where != "caption":
                assumed.append(f"model: from the {where}")
            return self.paper.network_of_family(found[0]) or found[0]
        usual = self.paper.network()
        if usual is not None:
            assumed.append("model: the paper's most named")
        return usual

    def _removal(self, cell: TableCell, index: int, column: Meaning, row: Meaning, assumed: list[str]) -> Removal:
        for mark, (removal, models) in self.exceptions.items():
            if column.removal and (mark in cell.text or self._marked(mark, index, models, row)):
                kept = column.removal.sparsity
                if removal.sparsity is not None and kept is not None:
                    return replace(removal, sparsity=replace(removal.sparsity, of=kept.of))
                return removal
        for stated in (column.removal, row.removal):
            if stated:
                return stated
        removal, where = self._caption_removal
        if removal and where != "caption":
            assumed.append(f"sparsity: from the {where}")
        return removal

    def _marked(self, mark: str, index: int, models: tuple[str, ...], row: Meaning) -> bool:
        """True when a note names the row's network and marks some cell of the column."""
        return bool(set(models) & set(row.models)) and any(mark in line[index].text for line in self.table.cells)

    def _measured(self, slot: Slot) -> bool:
        if slot.metric in ("latency_ms", "throughput", "memory", "energy"):
            return True
        return slot.metric == "speedup" and not self.paper.theoretical and self.around.measured()

    def _bracket_is_spread(self, cell: TableCell, position: int) -> bool:
        return position == 0 and "(" in cell.text and self.around.spread_kind() != "unknown"

    def _bracket_spread(self, cell: TableCell) -> float | None:
        numeric = read_numbers(cell.text)
        if numeric is None or len(numeric.numbers) != 2:
            return None
        first, second = numeric.numbers
        if first is None or second is None or not second.bracketed or second.signed or second.unit == "%":
            return None
        return second.value if second.value < 0.1 * abs(first.value) else None

    def _extra(self, slot: Slot, column: Meaning, row: Meaning, number: Number) -> dict[str, str]:
        extra = {
            "variant": ", ".join(dict.fromkeys((*row.variant, *column.variant))),
            "stage": slot.stage or column.stage or row.stage,
            "phase": slot.phase,
            "submetric": slot.submetric,
            "device": row.device or column.device,
            "batch": row.batch or column.batch,
            "bound": number.bound,
        }
        if slot.metric in ("latency_ms", "throughput", "speedup", "energy", "memory"):
            meaning = self.interpreter.read(self.around.caption)
            extra["device"] = extra["device"] or meaning.device
            extra["batch"] = extra["batch"] or meaning.batch
        return {key: value for key, value in extra.items() if value}

    def _row_text(self, row: int) -> str:
        texts = [label.text for label in self.axes.groups.get(row, ())]
        for index, column in enumerate(self.axes.columns):
            if column.kind not in ("value", "empty"):
                cell = self.axes.stubs.get((row, index)) or self.table.cells[row][index]
                if cell.text:
                    texts.append(cell.text)
        return " | ".join(texts)

    def _column_text(self, index: int) -> str:
        return " | ".join(cell.text for cell in self.axes.columns[index].header)


def _prefer(inner: Meaning, outer: Meaning) -> Meaning:
    """A later header row over an earlier one; a sparsity is not displaced by a pruning ratio."""
    joined = inner.over(outer)
    if outer.removal and inner.removal and "sparsit" in outer.rest.lower() and "sparsit" not in inner.rest.lower():
        return replace(joined, removal=outer.removal)
    return joined


def _signed(slot: Slot, number: Number) -> tuple[float, str]:
    """The value with the sign of pruned minus dense, and the number as printed where that changed it."""
    if slot.metric != "accuracy_change":
        return number.value, ""
    if number.arrow == "↓":
        return -abs(number.value), number.printed
    if number.arrow == "↑":
        return abs(number.value), number.printed
    if slot.falls:
        return (-number.value if number.value else 0.0), number.printed
    return number.value, ""


def _unit_of(slot: Slot, number: Number) -> str:
    unit = number.unit or slot.unit
    if slot.metric in ("flops", "macs", "params", "model_size", "memory"):
        if unit == "x":
            return "x dense"
        if unit == "%":
            return "% of dense"
        if not unit and slot.metric == "flops" and number.value >= 1e6:
            return "FLOPs"
        return re.sub(r"(FLOPs?|MACs?|\s*params)$", "", unit) or unit
    if slot.metric == "accuracy_change":
        return "points"
    if slot.metric in ("top1_accuracy", "top5_accuracy", "accuracy", "zero_shot_accuracy", "f1") and not number.unit:
        return "fraction" if 0 < number.value <= 1 and number.decimals >= 2 else "%"
    return unit


__all__ = ["TableReader", "read_slots"]
