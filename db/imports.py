"""What people bring in from elsewhere: results and comparisons of a survey's spreadsheet or a project's page.

An import is a reading of the stage ``import``, so its numbers have cells and can be corrected like any other. They
stand beside what was read from the paper's own text. Of one source only the newest import counts. A paper that is not
on arXiv is called ``source:name``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, select

from db.labels import Answer, known_papers, save_answers
from db.papers import store_papers
from db.readings import Processing, newest_processings, save_extraction
from db.records import Citation, PaperRecord, Reading, Table
from db.schema import citation, document_table, paper, processing

STUBS = ("method", "dataset", "model", "trials")
"""The first columns of the grid of an imported table; a row without a number still says what was evaluated on what."""
UNHARVESTED = "imported"
"""Stands as the category of a paper that no harvest has brought yet."""
COMPARED = "comparison"
"""How an imported citation was matched: the source says that its paper compares with the cited one."""


@dataclass(frozen=True, slots=True)
class ImportedPaper:
    """What a source says of one paper."""

    record: PaperRecord
    """Stored only if the paper is not in the corpus yet."""
    tables: tuple[Table, ...] = ()
    readings: tuple[Reading, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did."""

    papers: int
    new_papers: int
    """Papers that were not in the corpus; they are labelled core."""
    changed_papers: int
    """Papers of which the source says something new; the same file again changes none."""
    results: int
    comparisons: int


def store_import(
    connection: Connection, source: str, what: str, sha256: str, imported: Sequence[ImportedPaper], *, now: datetime
) -> ImportCounts:
    """Store what a source says of papers, in place of what it said before.

    Args:
        connection: the caller's transaction.
        source: name of the source, such as ``blalock2020``.
        what: ``results`` or ``comparisons``; each is replaced by itself.
        sha256: hash of the file.
        imported: papers, each once.
        now: UTC.
    """
    records = {item.record.arxiv_id: item.record for item in imported}
    known = known_papers(connection, records)
    new = [record for name, record in records.items() if name not in known]
    store_papers(connection, new, run_id=None, now=now)
    save_answers(
        connection, [Answer(record.arxiv_id, "relevance", ("core",), f"import {source}", now) for record in new]
    )
    stage_version = f"{what}:{source}"
    before = _imported_before(connection, stage_version)
    places = {
        row.arxiv_id: (row.id, row.version)
        for row in connection.execute(select(paper.c.id, paper.c.arxiv_id, paper.c.version))
        if row.arxiv_id in records or row.arxiv_id in before
    }

    def done(name: str) -> Processing:
        # A file that comes back after another one is a reading of its own.
        earlier = sum(text.startswith(sha256) for text in before.get(name, ()))
        key = f"{sha256}#{earlier}" if earlier else sha256
        return Processing(*places[name], "import", stage_version, key, "done", 0.0, now)

    changed = [item for item in imported if not _newest_is(sha256, before.get(item.record.arxiv_id))]
    for item in changed:
        save_extraction(connection, done(item.record.arxiv_id), item.tables, item.readings, item.citations)
    for name in sorted(set(before) - set(records)):
        if not _newest_is(sha256, before[name]):
            save_extraction(connection, done(name), (), (), ())
    return ImportCounts(
        papers=len(records),
        new_papers=len(new),
        changed_papers=len(changed),
        results=sum(len(item.readings) for item in imported),
        comparisons=sum(len(item.citations) for item in imported),
    )


def _newest_is(sha256: str, before: Sequence[str] | None) -> bool:
    return before is not None and before[-1].partition("#")[0] == sha256


def _imported_before(connection: Connection, stage_version: str) -> dict[str, list[str]]:
    """Hashes of the files that were imported from a source for each paper, oldest first."""
    query = (
        select(paper.c.arxiv_id, processing.c.input_sha256)
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(processing.c.stage == "import", processing.c.stage_version == stage_version)
        .order_by(processing.c.id)
    )
    found: dict[str, list[str]] = {}
    for arxiv_id, sha256 in connection.execute(query):
        found.setdefault(arxiv_id, []).append(sha256)
    return found


def imports(connection: Connection) -> pd.DataFrame:
    """One row a paper and import that stands: arxiv_id, what (results or comparisons), source, at."""
    newest: dict[tuple[str, str], datetime] = {}
    query = (
        select(paper.c.arxiv_id, processing.c.stage_version, processing.c.at)
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(processing.c.stage == "import")
        .order_by(processing.c.id)
    )
    for arxiv_id, stage_version, at in connection.execute(query):
        newest[arxiv_id, stage_version] = at
    rows = [(arxiv_id, *name.split(":", 1), at) for (arxiv_id, name), at in newest.items()]
    return pd.DataFrame(rows, columns=["arxiv_id", "what", "source", "at"])


def stated_comparisons(connection: Connection) -> pd.DataFrame:
    """One row a comparison that a source states: arxiv_id, compared_with, source.

    A paper that is said to compare with none has one row, in which ``compared_with`` is None.
    """
    newest = newest_processings("import").subquery()
    query = (
        select(paper.c.arxiv_id, citation.c.cited_arxiv_id, processing.c.stage_version)
        .select_from(processing)
        .join(paper, paper.c.id == processing.c.paper_id)
        .join(newest, newest.c.id == processing.c.id)
        .outerjoin(citation, citation.c.processing_id == processing.c.id)
        .where(processing.c.stage_version.startswith("comparisons:"))
        .order_by(processing.c.id, citation.c.id)
    )
    rows = [(*row[:2], row[2].partition(":")[2]) for row in connection.execute(query)]
    return pd.DataFrame(rows, columns=["arxiv_id", "compared_with", "source"], dtype=object)


def evaluations(connection: Connection) -> pd.DataFrame:
    """One row a paper, method, data set, network and number of trials of the imported tables, with a number or not."""
    newest = newest_processings("import").subquery()
    query = (
        select(paper.c.arxiv_id, document_table.c.grid)
        .join(paper, paper.c.id == document_table.c.paper_id)
        .join(newest, newest.c.id == document_table.c.processing_id)
        .order_by(document_table.c.id)
    )
    rows = [
        (arxiv_id, *(cell or None for cell in line[: len(STUBS)]))
        for arxiv_id, grid in connection.execute(query)
        if tuple(grid[0][: len(STUBS)]) == STUBS
        for line in grid[1:]
    ]
    return pd.DataFrame(rows, columns=["arxiv_id", *STUBS]).drop_duplicates(ignore_index=True)
