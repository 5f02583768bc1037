"""What stands on the page of one paper: its facts, the evidence of its tags, its results by table, what concerns it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import networkx as nx

from analysis.frames import absent, as_text, grouped, records
from analysis.printed import half_unit, metric_name, with_digits
from analysis.report.data import SurveyData
from analysis.report.text import operating_point, shorten, with_unit
from db.records import FACETS, NAMES, VOCABULARY

CAPTION = 220
"""Characters of a caption that are quoted."""
QUOTATION = 240

Rows = dict[str, list[dict[str, Any]]]


def _by_paper(rows: Iterable[dict[str, Any]]) -> Rows:
    found: Rows = {}
    for row in rows:
        if not absent(row["arxiv_id"]):
            found.setdefault(row["arxiv_id"], []).append(row)
    return found


def paper_contexts(
    data: SurveyData, findings: list[dict[str, Any]], graph: nx.DiGraph
) -> Iterable[tuple[str, dict[str, Any]]]:
    """The arXiv id and the template's context of each paper with a page; ``findings`` are those that may be shown."""
    tags, results, tables = (_by_paper(records(frame)) for frame in (data.tags, data.results, data.tables))
    citations, claims = _by_paper(records(data.citations)), _by_paper(records(data.abstract_claims))
    verdicts = _by_paper(records(data.verdicts))
    for paper in records(data.shown):
        name = paper["arxiv_id"]
        of_paper = tags.get(name, [])
        cited = citations.get(name, [])
        yield (
            name,
            {
                "paper": paper,
                "abstract": marked_abstract(as_text(paper["abstract"]), of_paper),
                "facets": _facets(of_paper),
                "claims": claims.get(name, []),
                "tables": _tables(tables.get(name, []), results.get(name, [])),
                "n_results": len(results.get(name, [])),
                "citations": [row for row in cited if not absent(row["cited_arxiv_id"])],
                "n_citations": len(cited),
                "findings": [row for row in findings if name in row["papers"]],
                "verdicts": verdicts.get(name, []),
                "compares_with": sorted(graph.successors(name)) if name in graph else [],
                "compared_by": sorted(graph.predecessors(name)) if name in graph else [],
            },
        )


def marked_abstract(abstract: str, tags: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The abstract in pieces of text with the facets that were read from them (empty for the text between).

    A tag marks its characters only when the abstract still holds its quotation there, so that the evidence of another
    version marks nothing.
    """
    spans: dict[tuple[int, int], list[str]] = {}
    for tag in tags:
        start, end = tag["start_char"], tag["end_char"]
        if tag["field"] == "abstract" and 0 <= start < end and abstract[start:end] == tag["quotation"]:
            labels = spans.setdefault((int(start), int(end)), [])
            label = f"{tag['facet']}: {tag['value']}"
            if label not in labels:
                labels.append(label)
    pieces, position = [], 0
    for (start, end), labels in sorted(spans.items()):
        if start < position:
            continue
        pieces += [(abstract[position:start], ""), (abstract[start:end], "; ".join(labels))]
        position = end
    pieces.append((abstract[position:], ""))
    return [piece for piece in pieces if piece[0]]


def _facets(tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tags by facet, each value once, with its best quotation."""
    facets = []
    for facet in ("relevance", *FACETS, *NAMES):
        values: dict[str, dict[str, Any]] = {}
        for tag in sorted((tag for tag in tags if tag["facet"] == facet), key=lambda tag: -tag["confidence"]):
            values.setdefault(tag["value"], tag | {"quotation": shorten(as_text(tag["quotation"]), QUOTATION)})
        if values:
            closed = facet in VOCABULARY
            # A name is its own evidence unless the words quoted are others.
            names = [] if closed else [tag for tag in values.values() if tag["quotation"] in ("", tag["value"])]
            quoted = [tag for tag in values.values() if tag not in names]
            facets.append({"name": facet, "names": names, "quoted": quoted, "closed": closed})
    return facets


def _tables(tables: list[dict[str, Any]], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tables that hold results, in the paper's order, with their results but never their whole grid."""
    facts = {table["document_table_id"]: table for table in tables}
    shown = []
    for (table_id, label), rows in grouped(results, "document_table_id", "table_label").items():
        table = facts.get(table_id, {})
        grid = table.get("grid") or []
        shown.append(
            {
                "label": label,
                "anchor": f"table-{rows[0]['table_position']}",
                "position": rows[0]["table_position"],
                "caption": shorten(as_text(rows[0]["caption"]), CAPTION),
                "kind": rows[0]["table_kind"],
                "size": (len(grid), max(map(len, grid), default=0)),
                "results": [_result(row) for row in rows],
                "columns": _columns(rows),
            }
        )
    return sorted(shown, key=lambda table: table["position"])


COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("model", lambda row: as_text(row["model"])),
    ("data set", lambda row: as_text(row["dataset"])),
    ("sparsity", operating_point),
    ("conditions", lambda row: conditions(row)),
)
"""Columns of a table of results that are left out when all their cells are empty."""


def conditions(row: dict[str, Any]) -> str:
    """All that was stated beside method, model and data set: split, protocol, modifiers, device, batch and the like."""
    modifiers = row["modifiers"] if isinstance(row["modifiers"], (list, tuple)) else ()
    extra = row["extra"] if isinstance(row["extra"], dict) else {}
    stated = [as_text(row["split"]), as_text(row["protocol"]), *map(str, modifiers)]
    stated += [f"{name} {value}" for name, value in sorted(extra.items())]
    return ", ".join(text for text in stated if text)


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return [name for name, cell in COLUMNS if any(cell(row) for row in rows)]


def _value(row: dict[str, Any]) -> str:
    """The number with the digits that the paper prints, and its unit."""
    if absent(row["value"]):
        return "–"
    half = half_unit(row["value"], row["printed"], row["text"])
    return with_unit(with_digits(row["value"], half).replace("-", "−"), as_text(row["unit"]))


def _result(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell": row["cell_id"],
        "method": row["method"],
        "canonical": as_text(row["method_canonical"]),
        "role": row["role"],
        "metric": metric_name(row["metric"]),
        "value": _value(row),
        "spread": "" if absent(row["spread"]) else f"± {row['spread']:g}",
        "row": row["row"],
        "col": row["col"],
        "row_text": as_text(row["row_text"]),
        "col_text": as_text(row["col_text"]),
        "copied": row["implemented_by"] == "copied",
        "confidence": row["confidence"],
        "corrected": "override_id" in row and not absent(row["override_id"]),
        "cells": {name: cell(row) for name, cell in COLUMNS},
    }
