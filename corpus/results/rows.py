"""What the stubs and group rows beside a number say.

A network named by a baseline row (``VGG-19 (Baseline)``) holds for the rows below it, also those of distilled rivals
(``TinyBERT``); a share of parameters that a row prints as cut is its sparsity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial

from corpus.reading import DocumentTable, TableCell
from corpus.results.axes import method_column
from corpus.results.context import Surroundings
from corpus.results.headers import KINDS, REDUCTIONS, Slot, column_kind, which_net
from corpus.results.layout import Axes, Column, are_grouped, group_of
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.names import clean_name, is_dense
from corpus.results.numbers import is_missing, read_numbers
from corpus.results.parameter_shares import are_left, removed_share
from corpus.results.sparsity import (
    NOTHING,
    Removal,
    RemovalHeader,
    from_number,
    in_cell,
    quantity_of,
    read_bare,
    read_pattern,
    read_removals,
)
from corpus.results.words import PHRASES

_SHARE_IN_NAME = re.compile(r"[,(\s@]\s*(\d+(?:\.\d+)?\s*%)\)?$")
_SIZE_WORD = re.compile(r"(?:tiny|small|medium|base|large|huge|giant|x-?large)\b", re.I)
_TUNED = re.compile(r"fine-?tun|\blora\b|\bretrain", re.I)
_BACKBONE = re.compile(r"backbones?", re.I)
_DEPTH = frozenset({"depth", "layers", "#layers", "# layers"})


class RowReader:
    """Reads the rows of one table."""

    def __init__(
        self,
        table: DocumentTable,
        axes: Axes,
        interpreter: Interpreter,
        around: Surroundings,
        columns: list[Meaning],
        *,
        methods_in_columns: bool,
    ) -> None:
        self.table = table
        self.axes = axes
        self.interpreter = interpreter
        self.around = around
        self.columns = columns
        self.methods_in_columns = methods_in_columns
        self.method_column = method_column(axes, interpreter)
        self._removals_by_group = are_grouped(axes, axes.of_kind("removal"))
        self._depths: dict[int, bool] = {}
        self._removed_by_column: dict[int, Removal] = {}
        self._kept: dict[tuple[tuple[TableCell, ...], int], bool] = {}
        self._cuts_by_group = are_grouped(axes, self._columns_of_parameters())
        self._tuned = methods_in_columns and self._says_how_tuned(self.method_column)
        self._tuned = self._tuned or self._holds_choices(self.method_column)
        if self._tuned:
            self.method_column = None
        self._in_detector = any(_BACKBONE.fullmatch(column.text) for column in axes.columns) and bool(
            around.models()[1] == "caption"
        )
        """True where the caption names the detector and a column its backbones."""

    def _says_how_tuned(self, index: int | None) -> bool:
        """True for a column of stubs that say how networks were tuned (``LoRA``, ``Full``) by methods in columns."""
        texts = [cell.text for (_, column), cell in self.axes.stubs.items() if column == index]
        return any(_TUNED.search(text) for text in texts) and not any(map(self.interpreter.names.is_proposed, texts))

    def _holds_choices(self, index: int | None) -> bool:
        """True for a column of choices (``Score``) in an ablation of the paper's own method, which all rows are of."""
        header = "" if index is None else self.axes.columns[index].text
        caption = self.around.caption
        own = self.interpreter.names.own(caption)
        if not header or column_kind(header) == "method" or own is None or not KINDS["ablation"].search(caption):
            return False
        cells = [cell for (_, column), cell in self.axes.stubs.items() if column == index]
        named = any(cell.cites or self.interpreter.names.is_proposed(cell.text) for cell in cells)
        return not named and self.interpreter.names.in_text(caption) == [own]

    def meanings(self) -> Iterator[tuple[int, Meaning]]:
        """Each row of results with its meaning, from the top."""
        network: tuple[str, ...] = ()
        rivals: tuple[str, ...] = ()
        first: tuple[str, ...] = ()
        dense = self.axes.data_rows[0] if PHRASES["first_row_dense"].search(self.around.caption) else -1
        groups: tuple[TableCell, ...] = ()
        for row in self.axes.data_rows:
            if row in self.axes.context_rows:
                continue
            meaning = self._meaning(row)
            if row == dense or (not meaning.method and self._costs_all(row)):
                meaning = replace(meaning, base=True)
            if self.axes.groups.get(row, ()) != groups:
                groups, network, rivals = self.axes.groups.get(row, ()), self._most_named(first), ()
            if network and PHRASES["distilled"].search(meaning.method):
                meaning = replace(meaning, models=network)
            elif meaning.models and (is_dense(meaning.method) or self.interpreter.is_network(meaning.method)):
                rivals = (*rivals, *meaning.models[:1])
                network = self._most_named(rivals)
                first = first if groups else (*first, *meaning.models)
            else:
                rivals = ()
                meaning = meaning if meaning.models else replace(meaning, models=network)
            if self._in_detector:
                meaning = replace(meaning, models=(), variant=(*meaning.variant, *meaning.models))
            in_name = "%" in meaning.method and not self.axes.of_kind("removal")
            open_still = in_name or not meaning.removal or meaning.removal.is_nothing
            cut = self._cut(row) if open_still and not self._cuts_by_group else NOTHING
            yield row, replace(meaning, removal=cut or meaning.removal)

    def _costs_all(self, row: int) -> bool:
        """True for a row that costs 100 % of what the dense network costs."""
        for index, meaning in enumerate(self.columns):
            numeric = self.axes.numbers[row, index]
            if numeric is None or not meaning.slots or meaning.slots[0].metric not in REDUCTIONS:
                continue
            number = numeric.present[0]
            if number.value == 100 and "%" in (number.unit or meaning.slots[0].unit):
                return True
        return False

    def _most_named(self, networks: tuple[str, ...]) -> tuple[str, ...]:
        """Of several dense networks above the rows of methods, the one that the paper names most."""
        named = self.around.paper.models
        return tuple(sorted(networks, key=lambda network: -named[network])[:1])

    def text(self, row: int) -> str:
        """Group labels and stubs of a row, joined."""
        texts = [label.text for label in self.axes.groups.get(row, ())]
        for index, column in enumerate(self.axes.columns):
            if column.kind not in ("value", "empty"):
                cell = self.axes.stubs.get((row, index)) or self.table.cells[row][index]
                if cell.text:
                    texts.append(cell.text)
        return " | ".join(texts)

    def exceptions(self) -> dict[str, tuple[Removal, tuple[str, ...]]]:
        """Marks of notes that state another sparsity (``^b VGG-19 is pruned by 70%``), with the networks they name."""
        found: dict[str, tuple[Removal, tuple[str, ...]]] = {}
        for note in (*self.axes.notes, *self.table.notes):
            for match in re.finditer(r"(\^\w|[†‡§∗*¶])\s*(.*?)(?=\^\w\s|[†‡§∗*¶]|$)", note):
                removals = read_removals(match.group(2))
                if len(removals) == 1:
                    found[match.group(1)] = removals[0], self.interpreter.models(match.group(2))
        return found

    def _columns_of_parameters(self) -> list[int]:
        metrics = ("params", "params_reduction")
        return [i for i, meaning in enumerate(self.columns) if meaning.slots and meaning.slots[0].metric in metrics]

    def removal_in_group(self, row: int, index: int, meaning: Meaning) -> Removal:
        """What a row states of how much was removed for the group of columns (``LeNet-5``) that a column stands in."""
        group = group_of(self.axes, index)
        if group is None:
            return NOTHING
        for other in self.axes.of_kind("removal") if self._removals_by_group else ():
            if group_of(self.axes, other) == group:
                return self._removal(self.axes.columns[other], self.table.cells[row][other].text, Meaning()).removal
        return self._cut(row, group) if self._cuts_by_group and not meaning.removal else NOTHING

    @cached_property
    def _rows_of_groups(self) -> dict[tuple[TableCell, ...], list[int]]:
        """The data rows below each stack of group rows."""
        found: dict[tuple[TableCell, ...], list[int]] = {}
        for row in self.axes.data_rows:
            found.setdefault(self.axes.groups.get(row, ()), []).append(row)
        return found

    def is_kept(self, row: int, index: int) -> bool:
        """True where the shares behind a column's amounts (``6.6M (10%)``) are what is left of the largest of them.

        The largest amount of the group of rows must be the dense network's, which has no share or 100 %.
        """
        key = self.axes.groups.get(row, ()), index
        if key not in self._kept:
            rows = self._rows_of_groups[key[0]]
            self._kept[key] = are_left(
                [cell for other in rows if (cell := self.axes.numbers[other, index]) is not None]
            )
        return self._kept[key]

    def _cut(self, row: int, group: TableCell | None = None) -> Removal:
        """The share of parameters that the row prints as removed, in a group of columns or in all."""
        for index in self._columns_of_parameters():
            numeric = self.axes.numbers[row, index]
            if numeric is None or (group is not None and group_of(self.axes, index) != group):
                continue
            share = removed_share(self.columns[index].slots, numeric, is_kept=partial(self.is_kept, row, index))
            if share:
                return share
        return NOTHING

    def removal_in_column(self, index: int) -> Removal:
        """The share of parameters that a row of metrics prints as removed in a column (``Params ↓`` as a row)."""
        if not self.axes.rows_name_metrics:
            return NOTHING
        if index not in self._removed_by_column:
            shares = (
                removed_share(slots, numeric, is_kept=lambda: False)
                for row, slots in self._rows_of_parameters
                if (numeric := self.axes.numbers[row, index]) is not None
            )
            self._removed_by_column[index] = next((share for share in shares if share), NOTHING)
        return self._removed_by_column[index]

    @cached_property
    def _rows_of_parameters(self) -> list[tuple[int, tuple[Slot, ...]]]:
        metrics = ("params", "params_reduction")
        stubs = [(row, self.interpreter.read(cell.text).slots) for (row, _), cell in self.axes.stubs.items()]
        return [(row, slots) for row, slots in stubs if slots and slots[0].metric in metrics]

    def _meaning(self, row: int) -> Meaning:
        meaning = Meaning()
        for label in self.axes.groups.get(row, ()):
            given = self.interpreter.read(label.text, label.cites)
            share = read_bare(label.text)
            if share is not None and not given.removal:
                given = replace(given, removal=from_number(RemovalHeader(self.around.form(), percent=True), share))
            meaning = given.over(meaning)
        for index, column in enumerate(self.axes.columns):
            cell = self.axes.stubs.get((row, index)) or self.table.cells[row][index]
            if column.kind in ("value", "empty", "unknown", "ignored"):
                continue
            if is_missing(cell.text) and column.kind != "method":
                continue
            if index == self.method_column:
                meaning = self._method(cell, meaning)
            elif column.kind == "removal" and self._removals_by_group:
                continue
            elif column.kind == "removal":
                meaning = self._removal(column, cell.text, meaning)
            elif column.kind == "device":
                meaning = replace(meaning, device=cell.text)
            elif column.kind == "batch":
                meaning = replace(meaning, batch=cell.text)
            elif column.kind == "setting":
                meaning = self._setting(column, cell, meaning)
            else:
                meaning = self._stub(cell, meaning, column.kind)
        if is_missing(meaning.method):
            meaning = self._named_elsewhere(row, meaning)
        in_brackets = PHRASES["share_in_brackets"].search(self.around.caption)
        in_name = _SHARE_IN_NAME.search(meaning.method or (meaning.rest if in_brackets else ""))
        if in_name is None or meaning.removal or "=" in meaning.method or self.axes.of_kind("removal"):
            return meaning
        return replace(meaning, removal=in_cell(RemovalHeader(self.around.form(), percent=True), in_name.group(1)))

    def _named_elsewhere(self, row: int, meaning: Meaning) -> Meaning:
        """A row without method whose other stubs say that it is the dense network."""
        stubs = [self.axes.stubs.get((row, index)) for index in range(len(self.axes.columns))]
        tuned = any(_TUNED.search(column.text) for column in self.axes.columns)
        names = [cell.text for cell in stubs if cell is not None and is_dense(cell.text)]
        name = next((name for name in names if not (tuned and PHRASES["whole"].search(name))), "")
        if name:
            return replace(meaning, method=name)
        if meaning.method and meaning.models and not meaning.removal and self._first_of_network(row):
            return replace(meaning, method="Dense", base=True)
        return meaning

    def _first_of_network(self, row: int) -> bool:
        """True for the first row of a block of rows, where the dense network stands before what was pruned from it."""
        return row == self.axes.data_rows[0] or row in self.table.rules

    def _method(self, cell: TableCell, meaning: Meaning) -> Meaning:
        inner = self.interpreter.read(cell.text, cell.cites)
        if inner.models and self._is_part_of_name(inner.models, cell.text):
            inner = replace(inner, models=())
        if inner.datasets == ("average",) and not PHRASES["mean_head"].search(cell.text):
            inner = replace(inner, datasets=())
        joined = inner.over(replace(meaning, method="", cites=()))
        variant = (*meaning.variant, meaning.method) if self.interpreter.names.own(meaning.method) else meaning.variant
        return replace(joined, method=clean_name(cell.text), cites=cell.cites, base=False, variant=variant)

    def _is_part_of_name(self, models: tuple[str, ...], text: str) -> bool:
        """True for ``ViT`` of the method ``ViT-Slim``: one name that is a method's, of no network in particular."""
        known = self.interpreter.knowledge.resolve("method", clean_name(text))
        generic = all(self.interpreter.subjects.is_generic(model) for model in models)
        return known not in (None, "Dense") or (generic and not self.interpreter.is_network(text))

    def _removal(self, column: Column, text: str, meaning: Meaning) -> Meaning:
        if column.removal is None:
            return meaning
        if column.part is not None and "/" in text:
            text = text.split("/")[column.part].strip()
        words = ""
        if read_numbers(text) is None and read_pattern(text) is None:
            words = re.sub(r"\S*\s*=?\s*[\d.]+\s*%", "", text).strip()
        variant = (*meaning.variant, words) if words else meaning.variant
        header = column.removal
        if header.form == "bare":
            if not self._is_share(text):
                return replace(meaning, variant=(*meaning.variant, text))
            header = replace(header, form=self.around.form())
        if header.of == "weights" and not re.search(r"sparsit|weight|param", column.text, re.I):
            match = PHRASES["pruned_structure"].search(self.around.caption)
            header = replace(header, of=quantity_of(match.group()) if match else "weights")
        return replace(meaning, removal=in_cell(header, text).over(meaning.removal), variant=variant)

    def _is_share(self, text: str) -> bool:
        """Whether a number without a header is a share or a ratio of what was removed: by itself or by the caption."""
        if read_bare(text) is not None:
            return True
        is_fraction = text.startswith(("0", "."))
        return PHRASES["removing"].search(self.around.caption) is not None if is_fraction else self.around.compresses()

    def _setting(self, column: Column, cell: TableCell, meaning: Meaning) -> Meaning:
        label, text = column.text, cell.text
        if is_dense(text) and not _TUNED.search(label):
            return replace(meaning, method=text, cites=cell.cites)
        if not meaning.models and (label.lower() in _DEPTH or (not label and self._are_depths(cell.origin[1]))):
            sized = self._sized(text, ())
            return replace(meaning, models=sized) if sized else meaning
        return replace(meaning, variant=(*meaning.variant, f"{label}={text}" if len(label) <= 12 else text))

    def _is_unknown_name(self, meaning: Meaning) -> bool:
        """True for a name that nothing knows: it is then one of what its column holds."""
        known = meaning.slots or meaning.datasets or meaning.models or meaning.removal or meaning.size or meaning.method
        name_like = re.fullmatch(r"(?:[A-Z]|\d+[A-Z])[^\s(]*(?:\s[^\s(]+){0,2}", meaning.rest)
        if known or meaning.base or meaning.pruned or name_like is None or _SIZE_WORD.fullmatch(meaning.rest):
            return False
        return self.interpreter.names.resolve(re.split(r"[-\s]", meaning.rest)[0]) is None

    def _stub(self, cell: TableCell, meaning: Meaning, kind: str) -> Meaning:
        inner = self.interpreter.read(cell.text, cell.cites)
        words = self.interpreter.subjects.without_models(cell.text)
        inner = replace(
            inner,
            base=bool(inner.models) and self.method_column is None and which_net(words)[0],
            method="" if self.method_column is not None or self._tuned else inner.method,
        )
        if kind == "model" and self._is_unknown_name(inner):
            return replace(inner, models=(inner.rest,)).over(meaning)
        if kind == "dataset" and self._is_unknown_name(inner):
            return replace(inner, datasets=(inner.rest,)).over(meaning)
        if not (inner.slots or inner.datasets or inner.models or inner.removal or inner.size):
            if self.method_column is not None or self.methods_in_columns:
                return replace(inner.over(meaning), variant=(*meaning.variant, cell.text))
            return inner.over(meaning)
        if inner.models and inner.rest != inner.models[0]:
            inner = replace(inner, variant=(inner.rest,))
        if inner.models and meaning.models and meaning.models[0] not in self.interpreter.knowledge.models:
            meaning = replace(meaning, variant=(*meaning.variant, *meaning.models))
        if inner.size:
            inner = replace(inner, models=self._sized(inner.size, meaning.models))
        return inner.over(meaning)

    def _are_depths(self, index: int) -> bool:
        """True for a first column of nothing but depths (18, 34, 50) of known networks of the caption's family."""
        if index not in self._depths:
            texts = {cell.text for (_, column), cell in self.axes.stubs.items() if column == index}
            texts |= {self.table.cells[row][index].text for row in self.axes.data_rows}
            sized = [self._sized(text, ()) for text in texts if text]
            known = self.interpreter.knowledge.models
            self._depths[index] = len(sized) > 1 and all(model and model[0] in known for model in sized)
        return self._depths[index]

    def _sized(self, size: str, families: tuple[str, ...]) -> tuple[str, ...]:
        """The network of that size in the first family that has one."""
        for family in (*families, *self.around.models()[0]):
            if model := self.interpreter.subjects.join_size(family, size):
                return (model,)
        return ()
