"""A survey's own spreadsheet as readings: each number with its row, its column and the text of its cell.

Which column means what stands in layouts.yaml. A cell that holds no single number is kept as unread, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from corpus.knowledge import Knowledge
from db.imports import COMPARED, STUBS, ImportedPaper
from db.records import ROLES, Cell, Citation, Reading, Sparsity, Table, Unread
from secateur.imports.layouts import ComparisonsLayout, LayoutError, Measure, ResultsLayout
from secateur.imports.papers import KnownPaper, paper_record
from secateur.imports.sheets import Sheet, number_in

STATED = ("split", "protocol", "implemented_by", "cited", "pattern", "spread_kind")
"""Columns of a long sheet that are taken as they are."""
TRUE = ("1", "true", "yes")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says, by papers, and what of it could not be read."""

    papers: tuple[ImportedPaper, ...]
    unread: tuple[Unread, ...] = ()


class _Row:
    """One row of the sheet as the readings of a paper's table."""

    def __init__(self, cells: Mapping[str, str], layout: ResultsLayout, knowledge: Knowledge) -> None:
        self.cells = {name: "" if text in layout.absent else text for name, text in cells.items()}
        self.name = cells[layout.paper]
        printed = self.cells.get(layout.method, "") or self.name
        self.method = printed
        self.method_canonical = knowledge.resolve("method", printed)
        self.dataset = self._canonical(knowledge, "dataset", layout.dataset)
        self.model = self._canonical(knowledge, "model", layout.model)
        trials = number_in(self.cells.get(layout.trials, ""))
        self.extra = {"trials": f"{trials[0]:g}"} if trials else {}

    def _canonical(self, knowledge: Knowledge, kind: Any, column: str) -> str | None:
        text = self.cells.get(column, "")
        return (knowledge.resolve(kind, text) or text) or None

    @property
    def stubs(self) -> tuple[str, ...]:
        return self.method, self.dataset or "", self.model or "", self.extra.get("trials", "")


def imported_results(
    sheet: Sheet, layout: ResultsLayout, source: str, known: Mapping[str, KnownPaper], knowledge: Knowledge
) -> Imported:
    """The results of a sheet, one table a paper with its rows; raises UnknownPaperError."""
    columns = [measure.column for measure in _measures(layout) if measure.column in sheet.header]
    by_paper: dict[str, list[_Row]] = {}
    for line in sheet.rows:
        cells = {**layout.constants, **line}
        if layout.paper not in cells:
            raise LayoutError(f"{sheet.path}: has no column {layout.paper!r} that names the paper of a row")
        by_paper.setdefault(cells[layout.paper], []).append(_Row(cells, layout, knowledge))
    papers: dict[str, ImportedPaper] = {}
    unread: list[Unread] = []
    for name, rows in by_paper.items():
        record = paper_record(name, source, known, rows[0].cells.get("submitted", ""))
        if record.title == name and rows[0].cells.get("title"):
            record = replace(record, title=rows[0].cells["title"])
        grid = ((*STUBS, *columns), *((*row.stubs, *(row.cells[column] for column in columns)) for row in rows))
        table = Table(0, source, f"{source}: rows on {name}", grid, "results")
        readings: list[Reading] = []
        for number, row in enumerate(rows, 1):
            found, left = _readings(row, number, columns, layout)
            readings += found
            unread += [Unread("cell", f"{sheet.path.name} {name}, row {number}: {place}", why) for place, why in left]
        papers[record.arxiv_id] = ImportedPaper(record, (table,), tuple(readings))
    return Imported(tuple(papers.values()), tuple(unread))


def _measures(layout: ResultsLayout) -> Sequence[Measure]:
    return [Measure(column="value", metric="", spread="spread")] if layout.long else layout.measures


def _readings(
    row: _Row, number: int, columns: Sequence[str], layout: ResultsLayout
) -> tuple[list[Reading], list[tuple[str, str]]]:
    removal, left = _removal(row, layout)
    readings = []
    for measure in _measures(layout):
        text = row.cells.get(measure.column, "")
        if not text:
            continue
        value = number_in(text)
        if value is None:
            left.append((measure.column, f"{text!r} is no single number"))
            continue
        place = (0, number, len(STUBS) + columns.index(measure.column), 0)
        cell = Cell(*place, text, " | ".join(part for part in row.stubs[:-1] if part), measure.column)
        made = _reading(row, cell, measure, value, removal, layout)
        if isinstance(made, str):
            left.append((measure.column, made))
        else:
            readings.append(made)
    return readings, left


def _reading(
    row: _Row, cell: Cell, measure: Measure, value: tuple[float, str], removal: Mapping[str, Any], layout: ResultsLayout
) -> Reading | str:
    """The reading of one number, or why there is none."""
    role = (row.cells.get("role") or "proposed") if layout.long else measure.role
    metric = row.cells.get("metric", "") if layout.long else measure.metric
    if role not in ROLES:
        return f"{role!r} is no role; one of {', '.join(ROLES)}"
    if not metric:
        return "no metric is named"
    unit = value[1] or (row.cells.get("unit", "") if layout.long else measure.unit)
    spread = number_in(row.cells.get(measure.spread or "", ""))
    dense = role == "dense"
    stated: dict[str, Any] = {} if dense else dict(removal)
    if layout.long:
        stated |= {name: row.cells[name] for name in STATED if row.cells.get(name)}
        stated["modifiers"] = tuple(part.strip() for part in row.cells.get("modifiers", "").split(";") if part.strip())
        stated |= {name: row.cells.get(name, "").lower() in TRUE for name in ("measured", "theoretical")}
    else:
        stated["theoretical"] = measure.theoretical
    if spread:
        stated = {"spread_kind": "std"} | stated | {"spread": spread[0]}
    return Reading(
        cell=cell,
        method="Dense" if dense and not layout.long else row.method,
        method_canonical=None if dense else row.method_canonical,
        role=role,
        metric=metric,
        value=value[0],
        # A percentage of points is a number of points.
        unit=measure.unit if measure.unit == "% of dense" or measure.unit == "points" else unit,
        dataset=row.dataset,
        model=row.model,
        extra=row.extra | ({"submetric": measure.submetric} if measure.submetric else {}),
        **stated,
    )


def _removal(row: _Row, layout: ResultsLayout) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """How much was removed, as the fields of a reading, and what of it could not be read."""
    if layout.long:
        return _stated_removal(row)
    for point in layout.operating_points:
        text = row.cells.get(point.column, "")
        value = number_in(text)
        if value is None:
            continue
        if point.form == "ratio":
            if value[0] <= 1:
                continue
            if point.of == "weights":
                return {"compression": value[0]}, []
            share = 1 - 1 / value[0]
            return {"sparsity": Sparsity(share, text, point.of, "ratio", "unknown")}, []
        share = value[0] / 100 if value[1] == "%" else value[0]
        if not 0 <= share <= 1:
            return {}, [(point.column, f"{text!r} is no share; write 0.9 or 90%")]
        removed = share if point.form == "removed" else 1 - share
        return {"sparsity": Sparsity(removed, text, point.of, point.form, "unknown")}, []
    return {}, []


def _stated_removal(row: _Row) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    found: dict[str, Any] = {}
    left = []
    text = row.cells.get("sparsity", "")
    if text:
        value = number_in(text)
        share = None if value is None else value[0] / 100 if value[1] == "%" else value[0]
        if share is None or not 0 <= share <= 1:
            left.append(("sparsity", f"{text!r} is no share; write 0.9 or 90%"))
        else:
            of, scope = row.cells.get("sparsity_of", ""), row.cells.get("sparsity_scope", "")
            found["sparsity"] = Sparsity(share, text, of or "weights", "removed", scope or "unknown")
    ratio = number_in(row.cells.get("compression", ""))
    if ratio and ratio[0] >= 1:
        found["compression"] = ratio[0]
    return found, left


def imported_comparisons(
    sheet: Sheet, layout: ComparisonsLayout, source: str, known: Mapping[str, KnownPaper]
) -> Imported:
    """The comparisons of a sheet; a paper without one is said to compare with none. Raises UnknownPaperError."""
    named: dict[str, list[str]] = {}
    for row in sheet.rows:
        parts = (part.strip() for part in row[layout.compared_with].replace(";", ",").split(","))
        named.setdefault(row[layout.paper], []).extend(part for part in parts if part)
    mentioned = dict.fromkeys([*named, *chain.from_iterable(named.values())])
    records = {name: paper_record(name, source, known) for name in mentioned}
    papers = []
    for name, others in named.items():
        targets = {records[other].arxiv_id: records[other] for other in others if other != name}
        citations = tuple(
            Citation(target, target, title=record.title, arxiv_id=target, matched_by=COMPARED)
            for target, record in targets.items()
        )
        papers.append(ImportedPaper(records[name], citations=citations))
    return Imported(tuple(papers))
