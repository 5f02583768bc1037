"""Writes a simulated literature into a new database, in a process of its own, so that only the analyses are measured.

``python -m secateur.bench.planting DATABASE PAPERS RESULTS`` prints how many results there are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from analysis.frames import records as rows_of
from analysis.planted import Literature, World, simulate
from db.bulk import insert_rows
from db.papers import store_papers
from db.records import PaperRecord, VersionRecord
from db.schema import cell, citation, document_table, processing, reading, tag
from db.session import open_database

AT = datetime(2026, 1, 1)
MEANT = (
    *("method", "role", "metric", "value", "unit", "implemented_by", "dataset", "model", "sparsity"),
    *("sparsity_printed", "sparsity_of", "sparsity_form", "sparsity_scope", "cited", "spread", "spread_kind"),
    "theoretical",
)
"""Columns of a simulated result that a reading states."""
PROCESSED = ("id", "paper_id", "version", "stage", "stage_version", "input_sha256", "outcome", "seconds", "at")


def plant(database: Path, papers: int, results: int) -> int:
    """Write a literature of so many papers, and at most so many results; return how many there are."""
    literature = simulate(World(papers=papers, benchmarks=60, baselines=1, costs=0.5), seed=0)
    shown = literature.results.head(results)
    engine = open_database(database)
    with engine.begin() as connection:
        _store(connection, literature, shown)
    engine.dispose()
    return len(shown)


def _store(connection: Connection, literature: Literature, results: pd.DataFrame) -> None:
    records = [
        PaperRecord(
            arxiv_id=row["arxiv_id"],
            title=row["title"],
            abstract="",
            authors=("A. Nonymous",),
            categories=("cs.LG",),
            versions=(VersionRecord(1, row["submitted"].to_pydatetime()),),
            synthetic=True,
        )
        for row in rows_of(literature.papers)
    ]
    store_papers(connection, records, run_id=None, now=AT)
    # Papers of a new database are numbered in the order in which they were stored.
    number = {record.arxiv_id: place for place, record in enumerate(records, 1)}
    done = [
        (2 * paper - (stage == "tag"), paper, 1, stage, "0", "", "done", 0.0, AT)
        for paper in number.values()
        for stage in ("tag", "extract")
    ]
    names: Sequence[str] = PROCESSED
    insert_rows(connection, processing, names, done)
    tags = [
        (number[name], 1, 2 * number[name] - 1, facet, value, 1.0, "abstract", -1, -1, "")
        for name, facet, value in literature.tags[["arxiv_id", "facet", "value"]].itertuples(index=False)
    ]
    tags += [(paper, 1, 2 * paper - 1, "relevance", "core", 1.0, "abstract", -1, -1, "") for paper in number.values()]
    place = ("paper_id", "version", "processing_id")
    names = (*place, "facet", "value", "confidence", "field", "start_char", "end_char", "quotation")
    insert_rows(connection, tag, names, tags)
    entries = [
        (number[name], 1, 2 * number[name], key, "", "", "", cited, "eprint")
        for name, key, cited in literature.citations[["arxiv_id", "key", "cited_arxiv_id"]].itertuples(index=False)
    ]
    names = (*place, "key", "text", "title", "authors", "cited_arxiv_id", "matched_by")
    insert_rows(connection, citation, names, entries)
    tables: list[tuple[Any, ...]] = [
        (paper, paper, 1, 2 * paper, "", 0, "tab:main", "Accuracy of pruned networks.", "results", [], "")
        for paper in number.values()
    ]
    names = ("id", *place, "sha256", "position", "label", "caption", "kind", "grid", "grid_sha256")
    insert_rows(connection, document_table, names, tables)
    cells = results[["cell_id", "document_table_id", "row", "col", "number", "text", "method", "metric"]]
    names = ("id", "document_table_id", "row", "col", "number", "text", "row_text", "col_text")
    insert_rows(connection, cell, names, cells.itertuples(index=False, name=None))
    meanings = results[[*MEANT]].astype(object).where(results[[*MEANT]].notna(), None)
    rows = (
        (cell_id, 2 * paper, *meaning, [], 1.0, [], {})
        for cell_id, paper, meaning in zip(
            results["cell_id"].tolist(),
            results["document_table_id"].tolist(),
            meanings.itertuples(index=False, name=None),
            strict=True,
        )
    )
    names = ("cell_id", "processing_id", *MEANT, "modifiers", "confidence", "assumed", "extra")
    insert_rows(connection, reading, names, rows)


if __name__ == "__main__":
    sys.stdout.write(str(plant(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
