"""What changed in a paper: in its metadata from harvest to harvest, and the results of its single versions."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from db.schema import cell, change, document_table, paper, processing, reading


def changes(connection: Connection, arxiv_id: str) -> pd.DataFrame:
    """One row a change of metadata, oldest first: seen_at, field, before, after, and the version it led to.

    ``version`` is the number that the same harvest brought, None where the paper kept its version.
    """
    mine = select(paper.c.id).where(paper.c.arxiv_id == arxiv_id).scalar_subquery()
    query = (
        select(change.c.seen_at, change.c.run_id, change.c.field, change.c.before, change.c.after)
        .where(change.c.paper_id == mine)
        .order_by(change.c.id)
    )
    rows = [row._asdict() for row in connection.execute(query)]
    led_to = {(row["seen_at"], row["run_id"]): int(row["after"]) for row in rows if row["field"] == "version"}
    for row in rows:
        row["version"] = led_to.get((row["seen_at"], row.pop("run_id")))
    return pd.DataFrame(rows, columns=["seen_at", "field", "before", "after", "version"], dtype=object)


def versions_read(connection: Connection, arxiv_id: str) -> list[int]:
    """Numbers of the versions whose full text was read, ascending."""
    query = (
        select(processing.c.version)
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(paper.c.arxiv_id == arxiv_id, *_read())
        .distinct()
        .order_by(processing.c.version)
    )
    return list(connection.scalars(query))


def results_of_version(connection: Connection, arxiv_id: str, version: int) -> pd.DataFrame:
    """One row a result of one version, by its newest reading, without people's corrections, in the paper's order."""
    newest = (
        select(func.max(processing.c.id))
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(paper.c.arxiv_id == arxiv_id, processing.c.version == version, *_read())
        .scalar_subquery()
    )
    columns = [
        document_table.c.label.label("table_label"),
        document_table.c.caption,
        cell.c.row_text,
        cell.c.col_text,
        cell.c.number,
        *(reading.c[name] for name in ("method", "metric", "dataset", "model", "sparsity", "value", "unit")),
    ]
    query = (
        select(*columns)
        .join(cell, cell.c.id == reading.c.cell_id)
        .join(document_table, document_table.c.id == cell.c.document_table_id)
        .where(reading.c.processing_id == newest)
        .order_by(document_table.c.position, cell.c.row, cell.c.col, cell.c.number)
    )
    return pd.DataFrame([row._asdict() for row in connection.execute(query)], columns=[item.name for item in columns])


def _read() -> tuple[Any, ...]:
    return processing.c.stage == "extract", processing.c.outcome == "done"
