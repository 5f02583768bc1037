r"""The forms in which papers print results, as builders from a sheet of numbers to a table.

The idioms are those of the field: booktabs with a two-level header, ``\hline`` with bars, sparsity as a column, base /
pruned / change / multiply-adds, perplexity by model and pattern, error rates, share of weights kept, tasks with a mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from secateur.demo.cells import (
    METRIC_WORDS,
    Style,
    columns_spec,
    context,
    dense_cell,
    dense_result,
    frame,
    meaning,
    name_cell,
    number_cell,
    percent,
    place,
)
from secateur.demo.studies import Measurement, Sheet
from secateur.demo.tables import TableCell, TableDraft, TableLine
from secateur.demo.world import Level


def build(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """The table of a sheet in the sheet's idiom."""
    builders: dict[str, Callable[[Sheet, Style, str], TableDraft]] = {
        "levels": _levels,
        "kept": _levels,
        "error": _levels,
        "rows": _rows,
        "compression": _rows,
        "columns": _columns,
        "zero-shot": _columns,
        "groups": _groups,
        "changes": _changes,
    }
    return builders[sheet.idiom](sheet, style, label)


def _levels(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """Methods by level of sparsity, one block of columns a benchmark; also shares kept and error rates."""
    top, middle, bottom = frame(style)
    width = len(sheet.levels)
    kept = sheet.idiom == "kept"
    heads = [f"{100 * (1 - level.removed):.10g}" if kept else percent(level.removed) for level in sheet.levels]
    over = "\\% of weights remaining" if kept else "Sparsity"
    one = len(sheet.benchmarks) == 1
    blocks = [over] if one else [place(benchmark) for benchmark in sheet.benchmarks]
    align = "c" if style.booktabs else "c|"
    lines: list[TableLine] = [
        top,
        (TableCell(style.stub if one else ""), *(TableCell(block, span=width, align=align) for block in blocks)),
        (TableCell("" if one else over), *(TableCell(head) for _ in sheet.benchmarks for head in heads)),
        middle,
        _dense_row(sheet, style, width),
        middle,
    ]
    for method in sheet.methods:
        cells = [name_cell(sheet, style, method)]
        for benchmark in sheet.benchmarks:
            cells += [
                number_cell(sheet, style, sheet.numbers[method.name, benchmark.key, level.key])
                for level in sheet.levels
            ]
        lines.append(tuple(cells))
    lines.append(bottom)
    return TableDraft(
        label,
        _levels_caption(sheet, style),
        columns_spec(style, 1, width * len(sheet.benchmarks)),
        tuple(lines),
        starred=len(sheet.benchmarks) > 1,
        resized=len(sheet.benchmarks) > 1 and style.booktabs,
        caption_below=not style.booktabs,
        old_centre=not style.booktabs,
    )


def _dense_row(sheet: Sheet, style: Style, width: int) -> tuple[TableCell, ...]:
    cells = [TableCell(style.dense_name)]
    for benchmark in sheet.benchmarks:
        if style.dense_cells == "span":
            cell = dense_cell(sheet, style, benchmark, width)
            cells.append(cell if style.booktabs else replace(cell, align="c|"))
        elif style.dense_cells == "repeat":
            cells += [dense_cell(sheet, style, benchmark) for _ in range(width)]
        else:
            cells += [dense_cell(sheet, style, benchmark), *(TableCell("-") for _ in range(width - 1))]
    return tuple(cells)


def _levels_caption(sheet: Sheet, style: Style) -> str:
    first = sheet.benchmarks[0]
    what = "Test error (\\%)" if sheet.idiom == "error" else METRIC_WORDS[first.metric]
    where = place(first) if len(sheet.benchmarks) == 1 else "two benchmarks"
    metrics = {benchmark.metric for benchmark in sheet.benchmarks}
    if len(metrics) > 1:
        what = "Accuracy (F1 for SQuAD, in \\%)"
    deviation = " Mean and standard deviation over three seeds where we ran the method." if _has_spread(sheet) else ""
    wordings = (
        f"{what} of {where}{context(sheet)}.{deviation}",
        f"Results for {where}: {what[0].lower()}{what[1:]} at several levels of sparsity{context(sheet)}.{deviation}",
        f"Comparison with earlier methods, {where}: {what[0].lower()}{what[1:]}{context(sheet)}.{deviation}",
    )
    return wordings[style.caption]


def _has_spread(sheet: Sheet) -> bool:
    return any(number.spread is not None for number in sheet.numbers.values())


def _rows(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """Sparsity as a column, with the compression ratio beside it in one of the idioms."""
    top, middle, bottom = frame(style)
    benchmark = sheet.benchmarks[0]
    ratios = sheet.idiom == "compression"
    heads = [style.stub, "Sparsity (\\%)", *(["Compression"] if ratios else []), "Top-1 (\\%)"]
    lines: list[TableLine] = [top, tuple(TableCell(head) for head in heads), middle]
    lines.append(
        (
            TableCell(style.dense_name),
            TableCell("0"),
            *([TableCell("1$\\times$")] if ratios else []),
            dense_cell(sheet, style, benchmark),
        )
    )
    for level in sheet.levels:
        lines.append(middle)
        for method in sheet.methods:
            number = sheet.numbers[method.name, benchmark.key, level.key]
            cell = number_cell(sheet, style, number)
            ratio = number.ratio or round(1 / (1 - level.removed), 1)
            if ratios and cell.result is not None:
                cell = replace(cell, result=replace(cell.result, compression=ratio))
            lines.append(
                (
                    name_cell(sheet, style, method),
                    TableCell(f"{100 * level.removed:.10g}"),
                    *([TableCell(f"{ratio:g}$\\times$")] if ratios else []),
                    cell,
                )
            )
    lines.append(bottom)
    wordings = (
        f"{place(benchmark)}: top-1 accuracy of pruned networks.",
        f"Pruning {benchmark.model} ({benchmark.dataset}). Sparsity is the share of weights removed.",
        f"Accuracy against sparsity for {place(benchmark)}.",
    )
    return TableDraft(
        label,
        wordings[style.caption],
        columns_spec(style, 1, len(heads) - 1),
        tuple(lines),
        small="\\small",
        caption_below=not style.booktabs,
        old_centre=not style.booktabs,
    )


def _columns(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """Benchmarks as columns, the sparsity in the caption; tasks of language models with their mean."""
    top, middle, bottom = frame(style)
    level = sheet.levels[0]
    tasks = sheet.idiom == "zero-shot"
    encoders = sheet.benchmarks[0].track == "encoders"
    lines: list[TableLine] = [top]
    lines.append(
        (
            TableCell(style.stub),
            *(TableCell(each.dataset) for each in sheet.benchmarks),
            *([TableCell("Mean")] if tasks else []),
        )
    )
    if not tasks:
        below = [("F1" if each.metric == "f1" else "Acc.") if encoders else each.model for each in sheet.benchmarks]
        lines.append((TableCell(), *(TableCell(text) for text in below)))
    lines += [
        middle,
        _task_row(TableCell(style.dense_name), [dense_cell(sheet, style, b) for b in sheet.benchmarks], tasks),
    ]
    lines.append(middle)
    for method in sheet.methods:
        cells = [
            number_cell(sheet, style, sheet.numbers[method.name, each.key, level.key]) for each in sheet.benchmarks
        ]
        lines.append(_task_row(name_cell(sheet, style, method), cells, tasks))
    lines.append(bottom)
    return TableDraft(
        label,
        _columns_caption(sheet, style, level),
        columns_spec(style, 1, len(sheet.benchmarks) + tasks),
        tuple(lines),
        starred=tasks,
        small="\\small",
        caption_below=not style.booktabs,
    )


def _columns_caption(sheet: Sheet, style: Style, level: Level) -> str:
    share = percent(level.removed)
    first = sheet.benchmarks[0]
    if sheet.idiom == "zero-shot":
        wordings = (
            f"Zero-shot accuracy (\\%) of {first.model} pruned to {share} unstructured sparsity.",
            f"Accuracy on five zero-shot tasks; {first.model} at {share} sparsity.",
            f"{first.model} with {share} of the weights removed: zero-shot accuracy in \\%.",
        )
    elif first.track == "encoders":
        wordings = (
            f"Development-set results of {first.model} at {share} sparsity.",
            f"{first.model} with {share} of the encoder weights removed.",
            f"Pruned {first.model} on several tasks, sparsity {share}.",
        )
    else:
        wordings = (
            f"Top-1 accuracy (\\%) at {share} sparsity.",
            f"Image classification with {share} of the weights removed; top-1 accuracy in \\%.",
            f"Several networks pruned to a sparsity of {share} (top-1, \\%).",
        )
    deviation = " Mean and standard deviation over three seeds where we ran the method." if _has_spread(sheet) else ""
    return wordings[style.caption] + deviation


def _task_row(name: TableCell, cells: list[TableCell], with_mean: bool) -> tuple[TableCell, ...]:
    if not with_mean:
        return (name, *cells)
    results = [cell.result for cell in cells if cell.result is not None]
    mean = round(sum(result.value for result in results) / len(results), 2)
    return (name, *cells, TableCell(f"{mean:.2f}", replace(results[0], dataset="average", value=mean)))


def _groups(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """Perplexity: networks as columns, rows grouped by level or N:M pattern."""
    top, middle, bottom = frame(style)
    heads = [TableCell("Sparsity"), TableCell(style.stub), *(TableCell(each.model) for each in sheet.benchmarks)]
    dense = [dense_cell(sheet, style, benchmark) for benchmark in sheet.benchmarks]
    lines: list[TableLine] = [top, tuple(heads), middle, (TableCell("0\\%"), TableCell(style.dense_name), *dense)]
    for level in sheet.levels:
        lines.append(middle)
        for index, method in enumerate(sheet.methods):
            text = level.pattern or percent(level.removed)
            stub = f"\\multirow{{{len(sheet.methods)}}}{{*}}{{{text}}}" if index == 0 else ""
            numbers = [
                number_cell(sheet, style, sheet.numbers[method.name, each.key, level.key]) for each in sheet.benchmarks
            ]
            lines.append((TableCell(stub), name_cell(sheet, style, method), *numbers))
    lines.append(bottom)
    tokens = f"context of {4096 if sheet.long_context else 2048} tokens"
    wordings = (
        f"WikiText-2 perplexity ($\\downarrow$) of pruned language models{context(sheet)}.",
        f"Perplexity on WikiText-2 with a {tokens}; lower is better.",
        f"Language modelling after one-shot pruning (WikiText-2 perplexity, {tokens}).",
    )
    return TableDraft(
        label,
        wordings[style.caption],
        columns_spec(style, 2, len(sheet.benchmarks)),
        tuple(lines),
        starred=len(sheet.benchmarks) > 3,
        caption_below=not style.booktabs,
    )


def _changes(sheet: Sheet, style: Style, label: str) -> TableDraft:
    """Filter pruning: base, pruned, change and multiply-adds, one group of rows a benchmark."""
    top, middle, bottom = frame(style)
    change = "$\\Delta$ Acc." if style.signed else "Acc. drop (\\%)"
    cost = "Speed-up" if style.speed_up else "FLOPs $\\downarrow$ (\\%)"
    heads = (style.stub, "Base (\\%)", "Pruned (\\%)", change, cost)
    align = "c" if style.booktabs else "|c|"
    lines: list[TableLine] = [top, tuple(TableCell(head) for head in heads)]
    for benchmark in sheet.benchmarks:
        lines += [middle, (TableCell(place(benchmark), span=5, align=align),), middle]
        for method in sheet.methods:
            numbers = [n for n in sheet.numbers.values() if n.method is method and n.benchmark is benchmark]
            lines += [_change_row(sheet, style, number) for number in numbers]
    lines.append(bottom)
    words = "Speed-up is the ratio of multiply-adds before and after, not a measured time." if style.speed_up else ""
    base = "``Base'' is the unpruned accuracy."
    wordings = (
        f"Filter pruning on {_datasets(sheet)}. {words}",
        f"Comparison with published filter pruning methods ({_datasets(sheet)}). {base} {words}",
        f"Top-1 accuracy before and after pruning. {words}",
    )
    return TableDraft(
        label,
        wordings[style.caption].strip(),
        columns_spec(style, 1, 4),
        tuple(lines),
        small="\\footnotesize",
        old_centre=not style.booktabs,
    )


def _datasets(sheet: Sheet) -> str:
    return " and ".join(dict.fromkeys(benchmark.dataset for benchmark in sheet.benchmarks))


def _change_row(sheet: Sheet, style: Style, number: Measurement) -> tuple[TableCell, ...]:
    assert number.method is not None
    assert number.base is not None
    assert number.level is not None
    result = meaning(sheet, style, number)
    change = number.change if number.change is not None else round(number.value - number.base, 2)
    shown = f"${change:+.2f}$" if style.signed else f"{0.0 - change:.2f}"
    removed = number.level.removed
    speed_up = round(1 / (1 - removed), 2)
    cost, metric, unit = (
        (f"{speed_up:.2f}$\\times$", "speedup", "x")
        if style.speed_up
        else (f"{100 * removed:.1f}", "flops_reduction", "%")
    )
    return (
        name_cell(sheet, style, number.method),
        TableCell(f"{number.base:.2f}", dense_result(number.benchmark, number.base, result.method)),
        TableCell(f"{number.value:.2f}", result, number),
        TableCell(shown, replace(result, metric="accuracy_change", value=change, unit="points")),
        TableCell(
            cost,
            replace(result, metric=metric, value=speed_up if style.speed_up else round(100 * removed, 1), unit=unit),
        ),
    )
