"""A read paper as the JSON object that ``secateur read`` prints, and the reading of a path into it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from corpus.extraction import Extraction, extract, extract_path
from corpus.knowledge import Knowledge, load_knowledge
from corpus.reading import Document
from corpus.results.names import Names
from db.records import Citation, Reading, Table, Unread


def extraction_object(extraction: Extraction, knowledge: Knowledge) -> dict[str, Any]:
    """The paper, its tables, results and citations, and what could not be read, as plain JSON values."""
    document, readings = extraction.document, extraction.readings
    labels = _labels(extraction.tables)
    return {
        "paper": _paper(document, readings, knowledge),
        "tables": [_table(table) for table in extraction.tables],
        "results": [_result(reading, labels) for reading in readings],
        "citations": [_citation(citation) for citation in document.bibliography],
        "unread": [_unread(item) for item in extraction.unread],
    }


def document_object(document: Document, knowledge: Knowledge) -> dict[str, Any]:
    """The object of a document that is known to be about pruning."""
    return extraction_object(extract(document, knowledge, on_pruning=True), knowledge)


def read_path(path: Path, knowledge: Knowledge | None = None) -> dict[str, Any]:
    """The object of a folder with LaTeX files, of an e-print, of a page or of a PDF.

    Raises:
        UnreadablePathError: there is nothing at the path, or nothing that is a paper's text.
    """
    knowledge = knowledge or load_knowledge()
    return extraction_object(extract_path(path, knowledge), knowledge)


def _labels(tables: tuple[Table, ...]) -> dict[int, str | int]:
    """What results call a table: its label, or its index when it has none or shares it with another."""
    counts = Counter(table.label for table in tables)
    return {
        table.index: table.index if counts[table.label] > 1 or table.label == f"#{table.index}" else table.label
        for table in tables
    }


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
