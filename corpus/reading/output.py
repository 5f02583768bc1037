"""A read paper as the JSON object that ``secateur read`` prints, and the reading of a path into it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from corpus.knowledge import Knowledge, load_knowledge
from corpus.reading import Document, read_latex
from corpus.results import read_results
from corpus.results.names import Names
from db.records import Citation, Reading, Table, Unread
from ingest.archive import ArchiveError, sniff, unpack


class UnreadablePathError(ValueError):
    """A path holds no paper in a form that can be read."""


def document_object(document: Document, knowledge: Knowledge) -> dict[str, Any]:
    """The paper, its tables, results and citations, and what could not be read, as plain JSON values."""
    tables, readings, unread = read_results(document, knowledge)
    labels = _labels(tables)
    return {
        "paper": _paper(document, readings, knowledge),
        "tables": [_table(table) for table in tables],
        "results": [_result(reading, labels) for reading in readings],
        "citations": [_citation(citation) for citation in document.bibliography],
        "unread": [_unread(item) for item in (*document.unread, *unread)],
    }


def read_path(path: Path, knowledge: Knowledge | None = None) -> dict[str, Any]:
    """The object of a folder with LaTeX files or of an e-print (``.tar.gz``, ``.gz``, ``.tex``).

    Raises:
        UnreadablePathError: there is nothing at the path, or nothing that is LaTeX.
    """
    files = _files(path)
    return document_object(read_latex(files), knowledge or load_knowledge())


def _files(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        found = {
            file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()
        }
        if not any(name.lower().endswith((".tex", ".ltx")) for name in found):
            raise UnreadablePathError(
                f"{path}: there is no .tex file in this folder; give the folder of the paper's source"
            )
        return found
    if not path.is_file():
        raise UnreadablePathError(f"{path}: there is no such file or folder")
    data = path.read_bytes()
    form = sniff(data)
    if form.removesuffix("+gzip") not in ("tar", "tex"):
        raise UnreadablePathError(
            f"{path}: this is {form}, no LaTeX; give a folder, a .tex file or an e-print with LaTeX in it"
        )
    try:
        return unpack(data)
    except ArchiveError as error:
        raise UnreadablePathError(f"{path}: {error}") from error


def _labels(tables: tuple[Table, ...]) -> dict[int, str | int]:
    """What results call a table: its label, or its index when two tables share one."""
    counts = Counter(table.label for table in tables)
    return {table.index: table.label if counts[table.label] == 1 else table.index for table in tables}


def _paper(document: Document, readings: tuple[Reading, ...], knowledge: Knowledge) -> dict[str, Any]:
    def values(name: str, role: str | None = None) -> list[str]:
        found = (
            getattr(r, name) or (r.method if name == "method_canonical" else None)
            for r in readings
            if role in (None, r.role)
        )
        return list(dict.fromkeys(value for value in found if value))

    return {
        "title": document.title,
        "authors": list(document.authors),
        "abstract": document.abstract,
        "proposed": values("method_canonical", "proposed") or list(Names(document, knowledge).proposed),
        "baselines": values("method_canonical", "baseline"),
        "datasets": [name for name in values("dataset") if name != "average"],
        "models": values("model"),
        "reports_std": any(reading.spread is not None for reading in readings),
        "reports_measured_speed": any(
            r.measured and r.metric in ("latency_ms", "throughput", "speedup") for r in readings
        ),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "label": table.label,
        "index": table.index,
        "caption": table.caption,
        "kind": table.kind,
        "grid": [list(row) for row in table.grid],
    }


def _result(reading: Reading, labels: dict[int, str | int]) -> dict[str, Any]:
    sparsity = reading.sparsity
    result: dict[str, Any] = {
        "table": labels.get(reading.cell.table, reading.cell.table),
        "row": reading.cell.row,
        "col": reading.cell.col,
        "method": reading.method,
        "method_canonical": reading.method_canonical,
        "role": reading.role,
        "dataset": reading.dataset,
        "model": reading.model,
        "sparsity": None if sparsity is None else sparsity.fraction,
        "compression": reading.compression,
        "pattern": reading.pattern,
        "metric": reading.metric,
        "value": reading.value,
        "unit": reading.unit or None,
        "std": reading.spread,
        "confidence": reading.confidence,
    }
    if sparsity is not None and sparsity.of != "weights":
        result["sparsity_of"] = sparsity.of
    for name in ("split", "protocol", "cited", "printed", "measured", "theoretical"):
        if getattr(reading, name):
            result[name] = getattr(reading, name)
    if reading.assumed:
        result["assumed"] = list(reading.assumed)
    if reading.modifiers:
        result["modifiers"] = list(reading.modifiers)
    return result | dict(reading.extra)


def _citation(citation: Citation) -> dict[str, Any]:
    names = ("key", "title", "authors", "year", "arxiv_id", "doi", "text", "matched_by")
    return {name: getattr(citation, name) for name in names}


def _unread(item: Unread) -> dict[str, str]:
    return {"kind": item.kind, "locator": item.locator, "reason": item.reason}
