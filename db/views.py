"""Frames for the analyses: one function a frame, with the columns that docs/architecture.md lists.

With ``arxiv_id`` a frame holds that paper alone.
Text columns hold str or None, lists are Python lists, times are datetime64 (UTC without zone), numbers are floats.
A paper is a work: tags and tables are those of the newest version that was read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Select,
    and_,
    column,
    func,
    select,
    table,
    text,
)

from db.frames import read_frame
from db.labels import standing_labels
from db.readings import newest_processings, newest_relevance
from db.schema import (
    abstract_claim,
    author,
    cell,
    citation,
    claim,
    document,
    document_table,
    finding,
    finding_cell,
    harvest_run,
    paper,
    plan,
    processing,
    reading,
    tag,
    text_number,
    unread,
    verdict,
)

RESULT_TYPES: dict[str, Any] = {
    "modifiers": JSON,
    "assumed": JSON,
    "extra": JSON,
    "submitted": DateTime,
    "synthetic": Boolean,
    "measured": Boolean,
    "theoretical": Boolean,
    "bold": Boolean,
}


def papers(connection: Connection, arxiv_id: str | None = None) -> pd.DataFrame:
    """One row a paper; ``authors`` is a list in the paper's order, ``relevance`` None where not tagged."""
    relevance = newest_relevance().subquery()
    frame = read_frame(
        connection,
        select(
            paper.c.id.label("paper_id"),
            paper.c.arxiv_id,
            paper.c.title,
            paper.c.abstract,
            paper.c.submitted,
            paper.c.updated,
            paper.c.version,
            paper.c.primary_category,
            paper.c.withdrawn,
            paper.c.synthetic,
            paper.c.comments,
            relevance.c.relevance,
        )
        .outerjoin(relevance, relevance.c.paper_id == paper.c.id)
        .where(*_only(arxiv_id))
        .order_by(paper.c.submitted, paper.c.arxiv_id),
    )
    names: dict[int, list[str]] = {}
    for paper_id, name in connection.execute(
        select(author.c.paper_id, author.c.name).order_by(author.c.paper_id, author.c.position)
    ):
        names.setdefault(paper_id, []).append(name)
    frame["authors"] = pd.Series([names.get(key, []) for key in frame["paper_id"]], index=frame.index, dtype=object)
    return frame.drop(columns="paper_id")


def _only(arxiv_id: str | None) -> list[Any]:
    return [] if arxiv_id is None else [paper.c.arxiv_id == arxiv_id]


def _of_newest(query: Select[Any], source: Any, stages: Sequence[str], arxiv_id: str | None = None) -> Select[Any]:
    newest = newest_processings(*stages).subquery()
    query = query.join(paper, paper.c.id == source.c.paper_id).join(newest, newest.c.id == source.c.processing_id)
    return query.where(*_only(arxiv_id)).order_by(source.c.id)


def tags(connection: Connection, arxiv_id: str | None = None) -> pd.DataFrame:
    """One row a tag of each paper, relevance among them: a person's labels, else the newest tagging.

    A label has the field ``person`` and no place in the text. Of a paper that a person calls not core, the machine's
    facets and names are left out.
    """
    query = select(
        paper.c.arxiv_id,
        tag.c.facet,
        tag.c.value,
        tag.c.canonical,
        tag.c.confidence,
        tag.c.field,
        tag.c.start_char,
        tag.c.end_char,
        tag.c.quotation,
    ).select_from(tag)
    frame = read_frame(connection, _of_newest(query, tag, ["tag"], arxiv_id))
    labels = _labels(connection, arxiv_id)
    if labels.empty:
        return frame
    frame = frame[~_answered(frame["arxiv_id"], frame["facet"], labels)]
    given = labels[(labels["value"] != "") & (labels["facet"] != "claims")]
    given = given.assign(confidence=1.0, field="person", start_char=-1, end_char=-1, quotation="")
    return pd.concat([frame, given[list(frame.columns)]], ignore_index=True)


def _labels(connection: Connection, arxiv_id: str | None) -> pd.DataFrame:
    standing = standing_labels().subquery()
    query = (
        select(paper.c.arxiv_id, standing.c.facet, standing.c.value, standing.c.canonical)
        .join(standing, standing.c.paper_id == paper.c.id)
        .where(*_only(arxiv_id))
        .order_by(standing.c.id)
    )
    return read_frame(connection, query)


def _answered(papers: pd.Series, facets: pd.Series, labels: pd.DataFrame) -> pd.Series:
    """Which of the machine's tags a person has answered, or made pointless by calling the paper not core."""
    answers = set(zip(labels["arxiv_id"], labels["facet"], strict=True))
    relevance = labels[labels["facet"] == "relevance"]
    off_subject = set(relevance.loc[relevance["value"] != "core", "arxiv_id"])
    told = [pair in answers or pair[0] in off_subject for pair in zip(papers, facets, strict=True)]
    return pd.Series(told, index=papers.index, dtype=bool)


def text_numbers(connection: Connection, arxiv_id: str | None = None) -> pd.DataFrame:
    """One row a number of a paper's running text that says how good a network is; ``tables`` is a list of labels."""
    query = select(
        paper.c.arxiv_id,
        text_number.c.section,
        text_number.c.sentence,
        text_number.c.printed,
        text_number.c.value,
        text_number.c.unit,
        text_number.c.tables,
        text_number.c.refers,
        text_number.c.in_tables,
    ).select_from(text_number)
    return read_frame(connection, _of_newest(query, text_number, ["extract"], arxiv_id))


def abstract_claims(connection: Connection, arxiv_id: str | None = None) -> pd.DataFrame:
    """One row a numeric result that an abstract states about its own method; a person's labels win as in `tags`."""
    query = select(
        paper.c.arxiv_id,
        abstract_claim.c.quantity,
        abstract_claim.c.value,
        abstract_claim.c.unit,
        abstract_claim.c.direction,
        abstract_claim.c.quotation,
        abstract_claim.c.confidence,
    ).select_from(abstract_claim)
    frame = read_frame(connection, _of_newest(query, abstract_claim, ["tag"], arxiv_id))
    labels = _labels(connection, arxiv_id)
    if labels.empty:
        return frame
    frame = frame[~_answered(frame["arxiv_id"], pd.Series("claims", index=frame.index), labels)]
    rows = []
    for name, stated in labels.loc[labels["facet"] == "claims", ["arxiv_id", "value"]].itertuples(index=False):
        if stated:
            claimed = json.loads(stated)
            rows.append({"arxiv_id": name, "confidence": 1.0, "quotation": claimed.pop("text")} | claimed)
    given = pd.DataFrame(rows, columns=list(frame.columns))
    return pd.concat([frame, given], ignore_index=True) if rows else frame.reset_index(drop=True)


def results(
    connection: Connection, arxiv_id: str | None = None, *, columns: Sequence[str] | None = None, **where: str
) -> pd.DataFrame:
    """One row a result, papers by date, with the columns of the view ``result``: all of them, or those given.

    ``where`` gives columns and the value that they must have: ``model="ResNet-50"``.
    """
    names = [row[0] for row in connection.execute(text("SELECT * FROM result LIMIT 0")).cursor.description or ()]
    known = {item.name: item.type for source in (reading, cell, document_table) for item in source.c}
    typed = []
    for name in names:
        kind = RESULT_TYPES.get(name) or known.get(name)
        typed.append(column(name) if kind is None else column(name, kind))
    view = table("result", *typed)
    order = ("submitted", "paper_id", "table_position", "row", "col", "number")
    wanted = [view.c[name] == value for name, value in where.items()]
    wanted += [] if arxiv_id is None else [view.c.arxiv_id == arxiv_id]
    return read_frame(
        connection,
        select(*(view.c[name] for name in columns or names)).where(*wanted).order_by(*(view.c[name] for name in order)),
    )


def citations(connection: Connection, arxiv_id: str | None = None) -> pd.DataFrame:
    """One row an entry of a bibliography."""
    query = select(
        paper.c.arxiv_id,
        citation.c.key,
        citation.c.text,
        citation.c.title,
        citation.c.year,
        citation.c.cited_arxiv_id,
        citation.c.matched_by,
    ).select_from(citation)
    return read_frame(connection, _of_newest(query, citation, ["extract"], arxiv_id))


def tables(connection: Connection) -> pd.DataFrame:
    """One row a table, of the newest reading of each paper."""
    query = select(
        paper.c.arxiv_id,
        document_table.c.version,
        document_table.c.id.label("document_table_id"),
        document_table.c.label,
        document_table.c.position,
        document_table.c.caption,
        document_table.c.kind,
        document_table.c.grid,
    ).select_from(document_table)
    return read_frame(connection, _of_newest(query, document_table, ["extract", "import"]))


def findings(connection: Connection) -> pd.DataFrame:
    """One row a finding that a rule still raises; ``cells`` are ids of cells."""
    frame = read_frame(
        connection,
        select(
            finding.c.id,
            finding.c.rule,
            finding.c.level,
            finding.c.state,
            finding.c.sentence,
            finding.c.size,
            finding.c.explanations,
            finding.c.tried,
            finding.c.papers,
            finding.c.first_seen_at,
            finding.c.reviewer,
            finding.c.reviewed_at,
            finding.c.note,
        )
        .where(finding.c.gone_at.is_(None))
        .order_by(finding.c.level, finding.c.size.desc(), finding.c.id),
    )
    cells: dict[str, list[int]] = {}
    for finding_id, cell_id in connection.execute(select(finding_cell).order_by(finding_cell.c.cell_id)):
        cells.setdefault(finding_id, []).append(cell_id)
    frame["cells"] = pd.Series([cells.get(key, []) for key in frame["id"]], index=frame.index, dtype=object)
    return frame


def verdicts(connection: Connection) -> pd.DataFrame:
    """One row a part of a claim that was run, newest verdict of each plan."""
    newest = (
        select(verdict.c.plan_sha256, func.max(verdict.c.seeds).label("seeds"))
        .group_by(verdict.c.plan_sha256)
        .subquery()
    )
    return read_frame(
        connection,
        select(
            claim.c.id.label("claim_id"),
            claim.c.arxiv_id,
            claim.c.title,
            verdict.c.plan_sha256,
            verdict.c.part,
            verdict.c.label,
            verdict.c.cause,
            verdict.c.seeds,
            verdict.c.estimate,
            verdict.c.low,
            verdict.c.high,
            verdict.c.detail,
            verdict.c.at,
        )
        .select_from(verdict)
        .join(newest, and_(newest.c.plan_sha256 == verdict.c.plan_sha256, newest.c.seeds == verdict.c.seeds))
        .join(plan, plan.c.sha256 == verdict.c.plan_sha256)
        .join(claim, claim.c.id == plan.c.claim_id)
        .order_by(claim.c.id, verdict.c.id),
    )


def status(connection: Connection) -> pd.DataFrame:
    """Counts of what is harvested, read and pending, as name and value."""
    counts: dict[str, int] = {}

    def add(name: str, query: Select[Any]) -> None:
        counts[name] = int(connection.execute(query).scalar_one())

    def grouped(prefix: str, column: Any, query: Select[Any]) -> None:
        for value, number in connection.execute(query.group_by(column).order_by(column)):
            counts[f"{prefix} {value}"] = int(number)

    total = func.count()
    add("papers", select(total).select_from(paper))
    add("synthetic papers", select(total).select_from(paper).where(paper.c.synthetic))
    add("withdrawn papers", select(total).select_from(paper).where(paper.c.withdrawn))
    relevance = newest_relevance().subquery()
    grouped("relevance", relevance.c.relevance, select(relevance.c.relevance, total).select_from(relevance))
    grouped("documents", document.c.outcome, select(document.c.outcome, total).select_from(document))
    label = processing.c.stage + " " + processing.c.outcome
    grouped("stage", label, select(label, total).select_from(processing))
    add("tables", select(total).select_from(document_table))
    counts["results"] = int(connection.execute(text("SELECT count(*) FROM result")).scalar_one())
    add("citations", select(total).select_from(citation))
    add("findings", select(total).select_from(finding).where(finding.c.gone_at.is_(None)))
    add("claims", select(total).select_from(claim))
    add("verdicts", select(total).select_from(verdict))
    grouped("unread", unread.c.kind, select(unread.c.kind, total).select_from(unread))
    grouped("harvest runs", harvest_run.c.state, select(harvest_run.c.state, total).select_from(harvest_run))
    return pd.DataFrame({"name": list(counts), "value": list(counts.values())})


def unread_items(connection: Connection) -> pd.DataFrame:
    """One row a thing that could not be read, with the reason."""
    query = (
        select(unread.c.kind, paper.c.arxiv_id, unread.c.version, unread.c.locator, unread.c.reason)
        .select_from(unread)
        .outerjoin(paper, paper.c.id == unread.c.paper_id)
        .order_by(unread.c.kind, unread.c.locator)
    )
    return read_frame(connection, query)
