"""Decides what a number belongs to: method and role, data set, network, and how much was removed.

The nearest statement wins: column and row, then caption, then the sentences that refer to the table, its section and
the rest of the paper. What comes from beyond the caption is named in ``assumed``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from corpus.reading import DocumentTable, TableCell
from corpus.results.context import Paper, Surroundings, telling_words
from corpus.results.headers import (
    COSTS,
    KINDS,
    QUALITIES,
    USUAL_DATASETS,
    USUAL_METRICS,
    Slot,
    is_measured_by,
    which_net,
)
from corpus.results.meaning import Interpreter, Meaning
from corpus.results.names import VARIANT, is_dense
from corpus.results.sparsity import Removal, read_pattern
from corpus.results.words import PHRASES

_FAMILIES_OF_DIGITS = frozenset({"LeNet", "MLP", "LSTM", "GRU", ""})
"""Families of networks that are trained on MNIST; an unknown one may be."""


_WITHOUT = re.compile(r"\W*(?:w/o|without)\b", re.I)
_TAKEN_AWAY = re.compile(r"\W*(?:w/o|without|no)\b|[-–−]\s*[A-Za-z]", re.I)
_PATTERN_ALONE = 5
"""Characters of a head that is nothing but an N:M pattern."""
_LANGUAGES = re.compile(r"\b(en|de|fr|ro|ru|cs|zh|fi|tr|vi)\s?[-–→]\s?(en|de|fr|ro|ru|cs|zh|fi|tr|vi)\b", re.I)
_TIMED = frozenset({"latency_ms", "throughput", "memory", "energy"})


@dataclass(frozen=True, slots=True)
class Method:
    """Whose result a number is."""

    name: str
    canonical: str | None
    role: str
    cites: tuple[str, ...] = ()


@dataclass(slots=True)
class Place:
    """One number's row and column with what they mean, and the assumptions made on its way."""

    cell: TableCell
    index: int
    column: Meaning
    row: Meaning
    slot: Slot
    assumed: list[str] = field(default_factory=list)

    @property
    def models(self) -> tuple[str, ...]:
        """Networks that column and row name."""
        return (*self.column.models, *self.row.models)


class Resolver:
    """Decides for the numbers of one table."""

    def __init__(
        self,
        paper: Paper,
        interpreter: Interpreter,
        table: DocumentTable,
        around: Surroundings,
        metrics: list[str],
        exceptions: dict[str, tuple[Removal, tuple[str, ...]]],
        *,
        rows_have_methods: bool,
        methods_in_columns: bool,
        own_variants: bool,
    ) -> None:
        self.paper = paper
        self.interpreter = interpreter
        self.names = interpreter.names
        self.table = table
        self.around = around
        self.exceptions = exceptions
        self.rows_have_methods = rows_have_methods
        self.methods_in_columns = methods_in_columns
        self.datasets = around.datasets()
        self.caption_datasets = around.caption_datasets()
        self.models = around.models()
        self.caption_removal = around.removal()
        self.caption_methods = self.names.in_text(f"{around.caption} {table.parent_caption}")
        self.caption_methods = [name for name in self.caption_methods if not self._is_stage(name)]
        near = self.names.in_text(around.near) if not self.caption_methods else []
        limits = {match.group("name") for match in PHRASES["falls_back"].finditer(around.near)}
        near = [name for name in near if not is_dense(name) and not self._is_stage(name) and name not in limits]
        self.near_method = near[0] if len(near) == 1 and not self._agrees_with_own(near[0]) else ""
        cited = self.names.cited(table.cites)
        if cited and not self.caption_methods:
            self.caption_methods = [cited]
        first = {row[0].text for row in table.cells[table.header_rows :] if row and row[0].text}
        away = {text for text in first if _TAKEN_AWAY.match(text)}
        self.whole_of_parts = next(iter(first - away), "") if len(away) > 1 and len(first - away) == 1 else ""
        """The only row above rows that take parts away (``- layers``): the whole of the paper's own method."""
        added = {cell.text for row in table.cells for cell in row if cell.text.startswith("+")}
        self.takes_parts_away = any(_WITHOUT.match(cell.text) for row in table.cells for cell in row[:2])
        """True where rows take parts of the paper's own method away."""
        self.varies_own = KINDS["ablation"].search(around.caption) is not None
        """True where the caption speaks of parts or choices, which are the own method's unless it names another."""
        corner = table.cells[0][0].text if table.cells and table.cells[0] else ""
        self.lists_variants = self.varies_own and PHRASES["variants_head"].search(corner) is not None
        self.lists_variants = self.lists_variants or own_variants
        """True where unknown names are variants of the paper's own method."""
        heads = {cell.text for row in table.cells[: table.header_rows] for cell in row}
        patterns = [text for text in heads if len(text) <= _PATTERN_ALONE and read_pattern(text)]
        self.pattern_beside_dense = patterns[0] if len(patterns) == 1 and any(map(is_dense, heads)) else ""
        """The only N:M pattern that heads a column beside the dense network, whose cost is that of any method."""
        self.adds_methods = any(self.names.resolve(text) is not None for text in added)
        """True where rows add whole methods to a network (``+ SparseGPT``), not parts to the paper's own."""
        self.quality = next((metric for metric in metrics if metric not in COSTS and metric != "speedup"), "")
        self.reports_quality = not metrics or bool(self.quality)

    def _agrees_with_own(self, name: str) -> bool:
        """True where other tables print this table's numbers for the paper's own method, and not for the named one."""
        shared = self.paper.agreement.shared
        own = max((shared(self.table, proposed) for proposed in self.names.proposed), default=0)
        return own > shared(self.table, self.names.resolve(name) or name)

    def _is_stage(self, name: str) -> bool:
        """True for words of training (``fine-tuning``) that are a method only where rows or columns are called so."""
        entry = self.paper.knowledge.methods.get(self.names.resolve(name) or "")
        return entry is not None and entry.control and not is_dense(name)

    def method(self, place: Place) -> Method:
        """Surface name, canonical name and role of the method."""
        column, row = place.column, place.row
        base = place.slot.base or (column.base and not place.slot.stage)
        if self.names.proposed and self._is_own_with_parts_away(row.method):
            return Method(row.method, self.names.proposed[0], "proposed", row.cites)
        in_own_group = any(self.names.own(words) for words in row.variant)
        if self.adds_methods and not in_own_group and PHRASES["untouched"].search(row.method):
            return Method(row.method, "Dense", "dense")
        if base or row.base or self._is_dense_network(row):
            name = (
                row.method or column.method or (row.rest if row.base else column.rest if column.base else "") or "Dense"
            )
            return Method(name, "Dense", "dense")
        in_column = column.method
        if self.methods_in_columns and not in_column and not self._is_network(column):
            in_column = "" if self.interpreter.read(column.rest).slots else column.rest
        if in_column and self._is_dense(in_column) and not (self.methods_in_columns and column.pruned):
            return Method(row.method or in_column, "Dense", "dense")
        name, cites = row.method, row.cites
        if in_column and self.methods_in_columns and not (name and self.rows_have_methods):
            name, cites = in_column, column.cites
        if (
            name
            and self._is_dense(name)
            and not self.names.is_proposed(name)
            and not (name == in_column and column.pruned)
        ):
            return Method(name, "Dense", "dense")
        if self.methods_in_columns and not in_column and self._is_network(column) and not row.method:
            return Method(column.rest, "Dense", "dense")
        if not name:
            return self._method_of_text(place, "")
        canonical = self.names.resolve(name, cites) or self.names.cited((*row.cites, *column.cites))
        if len(self.caption_methods) == 1 and not cites and PHRASES["allocation"].search(name):
            return self._method_of_text(place, name)
        if canonical is None and not cites and self._is_pruned_network(name, row):
            return replace(self._method_of_text(place, name), name=name)
        if canonical is None and name == self.whole_of_parts and self.names.proposed:
            return Method(name, self.names.proposed[0], "proposed", cites)
        of_one = len(self.caption_methods) == 1 or (not self.caption_methods and not cites and self.varies_own)
        if canonical is None and of_one and name.islower() and not re.search(r"\d", name):
            return self._method_of_text(place, name)
        alternative = self.adds_methods and name.startswith("+") and not in_own_group
        is_variant = VARIANT.match(name) or (self.lists_variants and not cites)
        if canonical is None and is_variant and self.names.proposed and not alternative:
            return Method(name, self.names.proposed[0], "proposed", cites)
        return Method(name, canonical, "proposed" if self.names.is_proposed(name) else "baseline", cites)

    def _is_own_with_parts_away(self, name: str) -> bool:
        """True among rows that take parts of the own method away: for them, and for the one that has all parts.

        Also for a stage (``fine-tuned`` beside ``w/o fine-tuning``) below a caption that names the own method alone.
        """
        if self.whole_of_parts and _TAKEN_AWAY.match(name):
            return True
        is_stage = self.caption_methods == list(self.names.proposed[:1]) and bool(which_net(name)[2])
        return self.takes_parts_away and (is_stage or PHRASES["whole_method"].search(name) is not None)

    def _is_dense(self, name: str) -> bool:
        """True for a name of the dense network, by itself or by another table of the paper."""
        return is_dense(name) or name in self.paper.dense_names

    def _is_dense_network(self, row: Meaning) -> bool:
        """True for a row that is called by its network alone, not for a rival (``TinyBERT``) of that network."""
        return self.interpreter.is_network(row.method) and row.models in ((), self.interpreter.models(row.method))

    def _is_pruned_network(self, name: str, row: Meaning) -> bool:
        """True for ``VGG-16 (70% pruned)``, and for ``Pruned`` beside a network: that it was pruned, but not how."""
        words = self.interpreter.subjects.without_models(name)
        bare = re.sub(r"[\d.%()\[\]×x:-]", " ", words).strip()
        return bool(row.models) and which_net(bare)[1] and len(bare.split()) <= 2

    def _is_network(self, column: Meaning) -> bool:
        """True for a column whose innermost words name a network."""
        return bool(column.models) and bool(self.interpreter.models(column.rest))

    def _method_of_text(self, place: Place, words: str) -> Method:
        """The method of a table whose cells name none: from its caption, else the paper's own."""
        own = [name for name in self.caption_methods if self.names.own(name)]
        others = [name for name in self.caption_methods if not self.names.own(name) and not is_dense(name)]
        if self.pattern_beside_dense and not own and not others and place.slot.metric in (*COSTS, "speedup"):
            return Method(self.pattern_beside_dense, None, "baseline")
        surface = place.column.rest if place.column.stage and not place.column.slots else ""
        if not own and not others and (name := self._method_of_rows()):
            place.assumed.append("method: the text names it by a word of another table's row")
            canonical = self.names.resolve(name)
            return Method(name, canonical, "proposed" if self.names.is_proposed(name) else "baseline")
        if not own and not others and self.near_method:
            place.assumed.append("method: from the text")
            role = "proposed" if self.names.own(self.near_method) else "baseline"
            return Method(surface or self.near_method, self.names.resolve(self.near_method), role)
        if own or (not others and self.names.proposed):
            name = own[0] if own else self.names.proposed[0]
            if not own:
                place.assumed.append("method: the paper's own")
            return Method(name, self.names.resolve(name), "proposed")
        if others:
            place.assumed.append("method: from the caption")
            return Method(surface or others[0], self.names.resolve(others[0]), "baseline")
        place.assumed.append("method: not stated")
        rest = "" if self.interpreter.is_network(place.row.rest) or place.row.slots else place.row.rest
        return Method(surface or words or rest or "unknown", None, "baseline")

    def _method_of_rows(self) -> str:
        """The only name among the paper's rows that shares a telling word with the text around the table."""
        text = f"{self.around.caption} {self.table.parent_caption} {self.around.near}"
        if any(self.names.own(name) for name in self.names.in_text(text)):
            return ""
        words = set(re.findall(r"[a-z]{5,}", text.lower()))
        fitting = [name for name in self.paper.row_names if words & telling_words(name)]
        return fitting[0] if len(fitting) == 1 else ""

    def dataset(self, place: Place) -> str | None:
        """Canonical data set, ``average`` for a mean over tasks, None where nothing names one."""
        found = self._stated_dataset(place) or self._supposed_dataset(place)
        return None if found is None else _in_direction(self.paper.particular_dataset(found), place)

    def _stated_dataset(self, place: Place) -> str | None:
        slot = place.slot
        in_slot = self.interpreter.datasets(slot.part) if slot.part else ()
        stated = place.column.datasets or place.row.datasets
        if in_slot and stated and stated[0].startswith("MNLI"):
            return "MNLI-m" if in_slot[0] == "MNLI" and self._has_mismatched(place.row) else in_slot[0]
        if stated:
            if stated[0] == "MNLI" and self._has_mismatched(place.row):
                return "MNLI-m"
            return stated[0]
        if in_slot and in_slot[0] != "average":
            return in_slot[0]
        possible = [name for name in self.caption_datasets if self._is_possible(name, place)]
        if not possible:
            return "average" if "accuracy" in slot.metric and self.around.is_mean() else None
        if len(possible) == 1:
            return possible[0]
        for model in place.models:
            usual = self.paper.pairs.get(model) or self.usual_dataset(model)
            if usual in possible:
                return usual
        place.assumed.append("data set: first of the caption")
        return possible[0]

    def _supposed_dataset(self, place: Place) -> str | None:
        if place.slot.metric in (*_TIMED, "speedup") and self._is_language_model(place):
            return None
        stated = place.models or (self.models[0] if self.models[1] == "caption" else ())
        for model in stated:
            if model in self.paper.pairs and self._is_possible(self.paper.pairs[model], place):
                place.assumed.append("data set: as elsewhere in the paper")
                return self.paper.pairs[model]
        found, where = self._plausible_datasets(place)
        for model in place.models if len(found) > 1 else ():
            usual = self.usual_dataset(model)
            if usual in found:
                place.assumed.append(f"data set: the network's usual one of the {where}")
                return usual
        if found:
            place.assumed.append(f"data set: from the {where}")
            return found[0]
        for model in (*place.models, *self.models[0]):
            usual = self.usual_dataset(model)
            if usual is not None and self.paper.datasets[usual] and self._is_possible(usual, place):
                place.assumed.append("data set: the usual one of the network")
                return usual
        if not self.reports_quality:
            return None
        usual = None if place.slot.metric in COSTS | QUALITIES else self.paper.dataset_of(place.slot.metric)
        usual = usual or self.paper.usual_dataset(self.quality or place.slot.metric)
        if usual is not None:
            place.assumed.append("data set: the paper's most named")
        return usual

    def _plausible_datasets(self, place: Place) -> tuple[tuple[str, ...], str]:
        """The data sets of the nearest text without those that nobody uses the network on."""
        found, where = self.datasets
        found = tuple(name for name in found if self._is_possible(name, place))
        families = {self._family(model) for model in place.models}
        if len(found) > 1 and families and not families & _FAMILIES_OF_DIGITS:
            found = tuple(name for name in found if name != "MNIST") or found
        if len(found) > 1 and where == "text":
            beside = self.around.datasets_beside(" ".join(place.row.variant))
            found = tuple(name for name in beside if name in found) or found
        return found, where

    @staticmethod
    def _is_possible(dataset: str, place: Place) -> bool:
        return is_measured_by(USUAL_METRICS.get(dataset, ""), place.slot.metric)

    def _is_language_model(self, place: Place) -> bool:
        """True for a network whose time and memory no data set decides."""
        return any(self.usual_dataset(model) == "WikiText-2" for model in (*place.models, *self.models[0][:1]))

    def _family(self, model: str) -> str:
        entry = self.paper.knowledge.models.get(model)
        return entry.family if entry is not None else ""

    def usual_dataset(self, model: str) -> str | None:
        """The data set that papers use a network of this family on."""
        entry = self.paper.knowledge.models.get(model)
        return USUAL_DATASETS.get(entry.family) if entry is not None else None

    def _has_mismatched(self, row: Meaning) -> bool:
        return any("MNLI-mm" in self.interpreter.datasets(slot.part) for slot in row.slots if slot.part)

    def model(self, place: Place, dataset: str | None) -> str | None:
        """Canonical network of a number on a data set, None where nothing names one."""
        for stated in (place.row.models, place.column.models):
            if stated:
                sized = self.paper.network_of_family(stated[0])
                if sized:
                    place.assumed.append("model: size as elsewhere in the paper")
                return sized or stated[0]
        found, where = self.models
        if found:
            if where != "caption":
                place.assumed.append(f"model: from the {where}")
            return self.paper.network_of_family(found[0]) or found[0]
        special = None if place.slot.metric in COSTS | QUALITIES else place.slot.metric
        usual = self.paper.network_on(dataset, special) or self.paper.network()
        if usual is not None:
            place.assumed.append("model: the paper's most named")
        return usual

    def removal(self, place: Place) -> Removal:
        """How much was removed: by note, column, row, caption or the text."""
        stated = place.column.removal
        for mark, (removal, models) in self.exceptions.items():
            if stated and (mark in place.cell.text or self._marked(mark, models, place)):
                if removal.sparsity is not None and stated.sparsity is not None:
                    return replace(removal, sparsity=replace(removal.sparsity, of=stated.sparsity.of))
                return removal
        if stated or place.row.removal:
            return stated or place.row.removal
        removal, where = self.caption_removal
        if removal and where != "caption":
            place.assumed.append(f"sparsity: from the {where}")
        return removal

    def _marked(self, mark: str, models: tuple[str, ...], place: Place) -> bool:
        """True when a note names the row's network and marks some cell of the column."""
        if not set(models) & set(place.row.models):
            return False
        return any(mark in line[place.index].text for line in self.table.cells)


def _in_direction(dataset: str, place: Place) -> str:
    """The data set of translation in the languages that the header names (``BLEU (De-En)``)."""
    given, stated = _LANGUAGES.search(dataset), _LANGUAGES.search(place.column.rest)
    if stated is None or (given is None and place.slot.metric != "bleu"):
        return dataset
    corpus = dataset[: given.start()].rstrip() if given else dataset
    return f"{corpus} {stated.group(1).title()}-{stated.group(2).title()}"
