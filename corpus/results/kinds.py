"""Which tables hold results: results, ablation, hyperparameters, statistics or other."""

from __future__ import annotations

import re

from corpus.reading import DocumentTable, TableCell
from corpus.results.axes import method_column
from corpus.results.context import Surroundings
from corpus.results.headers import COSTS, KINDS, REDUCTIONS, USUAL_METRICS, find_slots
from corpus.results.layout import Axes
from corpus.results.meaning import Interpreter
from corpus.results.names import VARIANT, is_dense
from corpus.results.words import PHRASES

_LAYER = re.compile(r"(?:layers?|blocks?|stages?)(?: (?:index|number|no\.|id))?", re.I)


def table_kind(table: DocumentTable, axes: Axes, around: Surroundings, interpreter: Interpreter) -> str:
    """The kind of a table by its words: what its stubs and headers name, then what its caption says."""
    caption = f"{around.caption} {table.parent_caption}"
    stubs = [cell.text for (_, column), cell in axes.stubs.items() if column == min(c for _, c in axes.stubs)]
    headers = [cell.text for column in axes.columns for cell in column.header]
    settings = sum(
        bool(KINDS["hyperparameter_rows"].search(re.split(r".[,(\[]", text)[0])) and not interpreter.read(text).method
        for text in stubs
    )
    if stubs and settings * 2 >= len(stubs):
        return "hyperparameters"
    if PHRASES["survey_of_papers"].search(around.caption):
        return "statistics"
    has_metric = _has_metric(axes, interpreter)
    if KINDS["hyperparameters"].search(caption) and not has_metric:
        return "hyperparameters"
    if (
        not has_metric
        and not _begins_with_quality(around)
        and sum(bool(KINDS["hyperparameter_rows"].search(text)) for text in headers) >= 2
    ):
        return "hyperparameters"
    if not axes.data_rows:
        return "other"
    layers = sum(bool(KINDS["statistics_rows"].search(text)) for text in [*stubs, *headers])
    if layers >= 2 and layers * 2 >= min(len(stubs), len(headers)) and not _has_quality(axes, interpreter):
        return "statistics"
    quality = _has_quality(axes, interpreter) or _begins_with_quality(around)
    if KINDS["statistics"].search(caption) and not quality and not _costs_of_methods(axes, interpreter):
        return "statistics"
    if _counts_by_layer(axes) and not axes.rows_name_metrics and not _begins_with_quality(around):
        return "statistics"
    if _describes_networks(axes, interpreter) and not interpreter.names.in_text(caption) and not around.removal()[0]:
        return "statistics"
    silent = not has_metric and (not around.slots() or not axes.of_kind("value"))
    if silent and not _reports_usual_metric(axes, interpreter, around):
        return "other"
    if KINDS["other"].search(caption) and not has_metric:
        return "other"
    return "ablation" if is_ablation(table, axes, around, interpreter) else "results"


def is_ablation(table: DocumentTable, axes: Axes, around: Surroundings, interpreter: Interpreter) -> bool:
    """True for variants of one method: said so in words, or rows and columns name settings alone."""
    texts = {cell.text for cell in _method_cells(axes, interpreter)}
    variants = {text for text in texts if VARIANT.match(text) or interpreter.names.own(text)}
    names = {interpreter.names.resolve(text) or text for text in texts - variants}
    others = names - {"Dense", *interpreter.names.proposed}
    if KINDS["ablation"].search(around.caption) and len(others) <= 3:
        return True
    if texts:
        return not others and len(variants) > 1 and len(axes.data_rows) > 2
    networks = {model for cell in axes.stubs.values() for model in interpreter.models(cell.text)}
    if len(networks) > 1:
        return False
    headers = [cell for column in axes.columns if column.kind == "value" for cell in column.header]
    columns = [interpreter.read(cell.text, cell.cites) for cell in headers]
    if any(meaning.method or meaning.base or meaning.models for meaning in columns):
        return False
    text = around.caption
    if interpreter.names.cited(table.cites):
        return False
    return not interpreter.names.in_text(text) or interpreter.names.own(text) is not None


def _method_cells(axes: Axes, interpreter: Interpreter) -> list[TableCell]:
    chosen = method_column(axes, interpreter)
    return [cell for (_, column), cell in axes.stubs.items() if column == chosen and cell.text]


def _has_metric(axes: Axes, interpreter: Interpreter) -> bool:
    named = [cell for column in axes.columns if column.kind == "value" for cell in column.header]
    named += [label for labels in axes.groups.values() for label in labels]
    return axes.rows_name_metrics or any(interpreter.read(cell.text, cell.cites).slots for cell in named)


def _has_quality(axes: Axes, interpreter: Interpreter) -> bool:
    found = {
        slot.metric for column in axes.columns for cell in column.header for slot in interpreter.read(cell.text).slots
    }
    found |= {slot.metric for cell in axes.stubs.values() for slot in interpreter.read(cell.text).slots}
    heads = [cell for column in axes.columns if column.kind == "value" for cell in column.header]
    tasks = {dataset for cell in heads for dataset in interpreter.datasets(cell.text)} & set(USUAL_METRICS)
    return len(tasks) > 1 or bool(found - COSTS - {"params_reduction", "flops_reduction"})


def _costs_of_methods(axes: Axes, interpreter: Interpreter) -> bool:
    """True where rows are known methods and their columns costs: statistics of pruned networks are results."""
    named = [cell for cell in _method_cells(axes, interpreter) if not is_dense(cell.text)]
    known = any(interpreter.names.resolve(cell.text, cell.cites) is not None for cell in named)
    heads = [cell for index in axes.of_kind("value") for cell in axes.columns[index].header]
    costs = [slot for cell in heads for slot in interpreter.read(cell.text).slots if slot.metric in COSTS]
    return known and bool(costs)


def _describes_networks(axes: Axes, interpreter: Interpreter) -> bool:
    """True for the costs and the dense accuracy of networks as they are: no method, no share removed."""
    values = axes.of_kind("value")
    if axes.of_kind("removal") or not values or method_column(axes, interpreter) is not None:
        return False
    stubs = [[cell for (at, _), cell in axes.stubs.items() if at == row] for row in axes.data_rows]
    if not all(any(interpreter.models(cell.text) for cell in cells) for cells in stubs):
        return False
    if any(meaning.base or meaning.pruned for cells in stubs for meaning in (interpreter.read(c.text) for c in cells)):
        return False
    texts = [cell.text for index in values for cell in axes.columns[index].header]
    readings = [interpreter.read(text) for text in texts]
    return all(
        (reading.slots and reading.slots[0].metric in COSTS and not reading.slots[0].base) or is_dense(text)
        for reading, text in zip(readings, texts, strict=True)
    )


def _counts_by_layer(axes: Axes) -> bool:
    """True for what each layer has: ``Layer`` left of the columns 1, 2, 3, ..."""
    heads = [axes.columns[index].text for index in axes.of_kind("value")]
    corner = axes.columns[0].text if axes.columns else ""
    return len(heads) > 2 and _LAYER.fullmatch(corner) is not None and all(head.isdigit() for head in heads)


def _begins_with_quality(around: Surroundings) -> bool:
    """True for a caption whose first metric is one of quality (``Accuracy of ... per layer``)."""
    slots = find_slots(around.caption)
    return bool(slots) and slots[0].metric not in COSTS and slots[0].metric not in REDUCTIONS.values()


def _reports_usual_metric(axes: Axes, interpreter: Interpreter, around: Surroundings) -> bool:
    """True for percentages on a known data set, whose usual metric is then meant without a word."""
    values = axes.of_kind("value")
    named = [
        dataset
        for column in values
        for cell in axes.columns[column].header
        for dataset in interpreter.datasets(cell.text)
    ]
    if not any(dataset in USUAL_METRICS for dataset in (*named, *around.datasets()[0])):
        return False
    numbers = [cell.present[0] for (_, column), cell in axes.numbers.items() if column in values and cell is not None]
    fitting = [number for number in numbers if 1 < number.value <= 100 and number.unit in ("", "%") and number.decimals]
    return bool(numbers) and len(fitting) >= 0.7 * len(numbers)
