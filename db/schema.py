"""The tables of a Secateur database, as SQLAlchemy Core metadata, and the text of the view ``result``.

Times are UTC without zone. A *paper* is a work, counted once; tags, tables and results hang on one *version* of it.
``cell`` is immutable evidence, ``reading`` says what a number means, ``override`` is a person's correction; the view
``result`` shows the override over the newest reading. ``label`` is a person's answer that wins over a ``tag``. Portable
SQL only: what is SQLite's own stands in search.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def _paper(*, index: bool = True) -> Column[Any]:
    return Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), nullable=False, index=index)


harvest_run = Table(
    "harvest_run",
    metadata,
    _id(),
    Column("source", String, nullable=False, comment="oai, atom, snapshot"),
    Column("base_url", String, nullable=False, server_default=""),
    Column("set_spec", String, nullable=False, server_default=""),
    Column("from_date", Date),
    Column("until_date", Date),
    Column("query", Text, comment="Atom query or snapshot file"),
    Column("resumption_token", Text, comment="where to go on; null when finished"),
    Column("state", String, nullable=False, comment="running, done, failed"),
    Column("started_at", DateTime, nullable=False),
    Column("finished_at", DateTime),
    Column("response_date", DateTime, comment="the server's clock in its first answer"),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("records", Integer, nullable=False, server_default="0"),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("reason", Text, comment="why it failed"),
)

request = Table(
    "request",
    metadata,
    _id(),
    Column("run_id", ForeignKey("harvest_run.id", ondelete="SET NULL")),
    Column("at", DateTime, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("status", Integer, comment="null when no answer came"),
    Column("bytes", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False),
    Column("etag", String),
    Column("error", Text),
)

paper = Table(
    "paper",
    metadata,
    _id(),
    Column("arxiv_id", String, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("submitted", DateTime, nullable=False, index=True, comment="date of version 1"),
    Column("updated", DateTime, nullable=False, comment="date of the newest version"),
    Column("version", Integer, nullable=False, comment="number of the newest version"),
    Column("primary_category", String, nullable=False, index=True),
    Column("submitter", Text, nullable=False, server_default=""),
    Column("comments", Text, nullable=False, server_default=""),
    Column("journal_ref", Text, nullable=False, server_default=""),
    Column("report_number", Text, nullable=False, server_default=""),
    Column("doi", String, nullable=False, server_default=""),
    Column("license", String, nullable=False, server_default=""),
    Column("datestamp", Date, comment="day of arXiv's last change to the record"),
    Column("withdrawn", Boolean, nullable=False, server_default="0"),
    Column("synthetic", Boolean, nullable=False, server_default="0"),
    Column("added_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
)

version = Table(
    "version",
    metadata,
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("submitted", DateTime, nullable=False),
    Column("size", String, nullable=False, server_default=""),
    Column("source_type", String, nullable=False, server_default=""),
)
author = Table(
    "author",
    metadata,
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

category = Table(
    "category",
    metadata,
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, comment="0 is the primary category"),
    Column("name", String, nullable=False, index=True),
)

change = Table(
    "change",
    metadata,
    _id(),
    _paper(),
    Column("run_id", ForeignKey("harvest_run.id", ondelete="SET NULL")),
    Column("seen_at", DateTime, nullable=False),
    Column("field", String, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    comment="what a harvest found different from the one before",
)

unread = Table(
    "unread",
    metadata,
    _id(),
    Column("kind", String, nullable=False, index=True, comment="record, document, table, cell, claim"),
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), index=True),
    Column("version", Integer),
    Column("locator", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    UniqueConstraint("kind", "locator", "reason"),
    comment="what could not be read, and why",
)

document = Table(
    "document",
    metadata,
    _id(),
    _paper(index=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False, comment="eprint, html, pdf"),
    Column("outcome", String, nullable=False, comment="stored, or why not"),
    Column("url", Text, nullable=False),
    Column("sha256", String, comment="key into the file store"),
    Column("bytes", Integer, nullable=False, server_default="0"),
    Column("media_type", String, nullable=False, server_default=""),
    Column("etag", String, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("fetched_at", DateTime, nullable=False),
    UniqueConstraint("paper_id", "version", "kind"),
)

label = Table(
    "label",
    metadata,
    _id(),
    _paper(index=False),
    Column("facet", String, nullable=False, comment="relevance, a facet, a kind of name, or claims"),
    Column("value", Text, nullable=False, comment="one row a value; empty says that there is none"),
    Column("canonical", String),
    Column("labeller", String, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("paper_id", "facet", "labeller", "value"),
    comment="a person's answer for one facet of a paper; the newest wins over the tagger's",
)

processing = Table(
    "processing",
    metadata,
    _id(),
    _paper(index=False),
    Column("version", Integer, nullable=False),
    Column("stage", String, nullable=False, comment="tag, extract, import"),
    Column("stage_version", String, nullable=False, comment="version of the tagger or reader; what an import is of"),
    Column("input_sha256", String, nullable=False, comment="hash of what was read"),
    Column("outcome", String, nullable=False, comment="done, unread"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("seconds", Float, nullable=False),
    Column("at", DateTime, nullable=False),
    UniqueConstraint("paper_id", "version", "stage", "stage_version", "input_sha256"),
    comment="that a stage has read a version, with which tagger or reader, and what came of it",
)

tag = Table(
    "tag",
    metadata,
    _id(),
    _paper(),
    Column("version", Integer, nullable=False),
    Column("processing_id", ForeignKey("processing.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("facet", String, nullable=False),
    Column("value", String, nullable=False),
    Column("canonical", String),
    Column("confidence", Float, nullable=False),
    Column("field", String, nullable=False, comment="title, abstract, table, citation"),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("quotation", Text, nullable=False),
    Index("ix_tag_facet_value", "facet", "value"),
)

abstract_claim = Table(
    "abstract_claim",
    metadata,
    _id(),
    _paper(),
    Column("version", Integer, nullable=False),
    Column("processing_id", ForeignKey("processing.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("quantity", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("unit", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("quotation", Text, nullable=False),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
)

document_table = Table(
    "document_table",
    metadata,
    _id(),
    _paper(),
    Column("version", Integer, nullable=False),
    Column(
        "processing_id",
        ForeignKey("processing.id"),
        nullable=False,
        index=True,
        comment="the newest processing that found it",
    ),
    Column("sha256", String, nullable=False, comment="of the artefact it was read from"),
    Column("position", Integer, nullable=False, comment="order of tabulars in the document, from 0"),
    Column("label", String, nullable=False),
    Column("caption", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("grid", JSON, nullable=False),
    Column("grid_sha256", String, nullable=False),
    UniqueConstraint("paper_id", "version", "sha256", "position", "grid_sha256"),
)

cell = Table(
    "cell",
    metadata,
    _id(),
    Column("document_table_id", ForeignKey("document_table.id", ondelete="CASCADE"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("col", Integer, nullable=False),
    Column("number", Integer, nullable=False, comment="which number in the cell, from 0"),
    Column("text", Text, nullable=False),
    Column("row_text", Text, nullable=False),
    Column("col_text", Text, nullable=False),
    UniqueConstraint("document_table_id", "row", "col", "number"),
    comment="a number's place in a table: immutable evidence",
)


def _meaning(*, nullable: bool) -> list[Column[Any]]:
    """The columns that a reading states and an override may correct."""
    return [
        Column("method", Text, nullable=nullable),
        Column("role", String, nullable=nullable),
        Column("metric", String, nullable=nullable),
        Column("value", Float, nullable=nullable),
        Column("unit", String, nullable=nullable),
        Column("method_canonical", String),
        Column("modifiers", JSON),
        Column("implemented_by", String),
        Column("dataset", String),
        Column("split", String),
        Column("protocol", String),
        Column("model", String),
        Column("spread", Float),
        Column("spread_kind", String),
        Column("sparsity", Float, comment="fraction removed"),
        Column("sparsity_printed", String),
        Column("sparsity_of", String),
        Column("sparsity_form", String),
        Column("sparsity_scope", String),
        Column("sparsity_low", Float),
        Column("sparsity_high", Float),
        Column("compression", Float, comment="original size / new size"),
        Column("pattern", String, comment="N:M"),
    ]


MEANING = tuple(column.name for column in _meaning(nullable=True))
"""Names of the columns shared by reading and override."""

reading = Table(
    "reading",
    metadata,
    _id(),
    Column("cell_id", ForeignKey("cell.id", ondelete="CASCADE"), nullable=False),
    Column("processing_id", ForeignKey("processing.id", ondelete="CASCADE"), nullable=False, index=True),
    *_meaning(nullable=False),
    Column("printed", String, nullable=False, server_default=""),
    Column("measured", Boolean, nullable=False, server_default="0"),
    Column("theoretical", Boolean, nullable=False, server_default="0"),
    Column("bold", Boolean, nullable=False, server_default="0"),
    Column("cited", String, comment="key of the bibliography entry that the row cites"),
    Column("confidence", Float, nullable=False),
    Column("assumed", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
    UniqueConstraint("cell_id", "processing_id"),
    comment="what a reader took a number to mean",
)

override = Table(
    "override",
    metadata,
    _id(),
    _paper(),
    Column("caption", Text, nullable=False),
    Column("row_text", Text, nullable=False),
    Column("col_text", Text, nullable=False),
    Column("number", Integer, nullable=False, server_default="0"),
    Column(
        "text",
        Text,
        nullable=False,
        server_default="",
        comment="of the cell as it was corrected; tells apart cells that have the same words beside and above them",
    ),
    Column("rejected", Boolean, nullable=False, server_default="0", comment="the number is no result"),
    *_meaning(nullable=True),
    Column("author", String, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", DateTime, nullable=False),
    comment="a person's correction, anchored on words so that it survives a new version",
)

text_number = Table(
    "text_number",
    metadata,
    _id(),
    _paper(),
    Column("version", Integer, nullable=False),
    Column("processing_id", ForeignKey("processing.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("section", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("printed", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("unit", String, nullable=False),
    Column("tables", JSON, nullable=False),
    Column("refers", Boolean, nullable=False),
    Column("in_tables", Boolean, nullable=False),
    comment="a number of the running text that says how good a network is",
)

citation = Table(
    "citation",
    metadata,
    _id(),
    _paper(),
    Column("version", Integer, nullable=False),
    Column("processing_id", ForeignKey("processing.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("authors", Text, nullable=False),
    Column("year", Integer),
    Column("cited_arxiv_id", String, index=True),
    Column("doi", String),
    Column("matched_by", String, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", String, primary_key=True, comment="hash of the rule and its cells"),
    Column("rule", String, nullable=False, index=True),
    Column("level", String, nullable=False, comment="question, finding"),
    Column("state", String, nullable=False, comment="new, confirmed, explained, dismissed"),
    Column("sentence", Text, nullable=False),
    Column("size", Float, nullable=False),
    Column("explanations", JSON, nullable=False),
    Column("tried", JSON, nullable=False),
    Column("papers", JSON, nullable=False),
    Column("first_seen_at", DateTime, nullable=False),
    Column("last_seen_at", DateTime, nullable=False),
    Column("gone_at", DateTime, comment="when the rule last stopped raising it"),
    Column("reviewer", String, comment="who gave it its state"),
    Column("reviewed_at", DateTime),
    Column("note", Text, nullable=False, server_default="", comment="the reviewer's reason"),
)

finding_cell = Table(
    "finding_cell",
    metadata,
    Column("finding_id", ForeignKey("finding.id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True, index=True),
)

claim = Table(
    "claim",
    metadata,
    Column("id", String, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("arxiv_id", String),
    Column("title", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("stored_at", DateTime, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("sha256", String, primary_key=True, comment="hash of the frozen body"),
    Column("claim_id", ForeignKey("claim.id"), nullable=False, index=True),
    Column("body", JSON, nullable=False),
    Column("frozen_at", DateTime, nullable=False),
)

run = Table(
    "run",
    metadata,
    _id(),
    Column("plan_sha256", ForeignKey("plan.sha256"), nullable=False),
    Column("arm", String, nullable=False),
    Column("completion", String, nullable=False, comment="which declared completion of what the paper leaves open"),
    Column("seed", Integer, nullable=False),
    Column("outcome", String, nullable=False, comment="done, diverged, failed"),
    Column("measures", JSON, nullable=False, comment="quantity to value"),
    Column("correct", LargeBinary, comment="one bit a test example, packed: right or wrong"),
    Column("examples", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False),
    Column("machine", JSON, nullable=False),
    Column("finished_at", DateTime, nullable=False),
    UniqueConstraint("plan_sha256", "arm", "completion", "seed"),
)

timing = Table(
    "timing",
    metadata,
    _id(),
    Column("plan_sha256", ForeignKey("plan.sha256"), nullable=False, index=True),
    Column("layer", String, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("arm", String, nullable=False, comment="dense or sparse"),
    Column("kernel", String, nullable=False),
    Column("sparsity", Float, nullable=False),
    Column("seconds", Float, nullable=False, comment="median of the blocks"),
    Column("blocks", Integer, nullable=False),
    Column("machine", JSON, nullable=False),
    Column("at", DateTime, nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    _id(),
    Column("plan_sha256", ForeignKey("plan.sha256"), nullable=False, index=True),
    Column("part", String, nullable=False, comment="part of the claim, or 'whole'"),
    Column("label", String, nullable=False),
    Column("cause", String, nullable=False, server_default=""),
    Column("seeds", Integer, nullable=False),
    Column("estimate", Float),
    Column("low", Float),
    Column("high", Float),
    Column("detail", JSON, nullable=False),
    Column("verdict_version", String, nullable=False),
    Column("at", DateTime, nullable=False),
    UniqueConstraint("plan_sha256", "part", "verdict_version", "seeds"),
)


NUMBERS = ("value", "spread")
"""What a correction says of the printed number itself: it ends when a new version prints another."""


def _shown(name: str) -> str:
    corrected = f"coalesce(o.{name}, r.{name})"
    if name in NUMBERS:
        corrected = f"CASE WHEN o.text IN ('', c.text) THEN {corrected} ELSE r.{name} END"
    return f"{corrected} AS {name}"


RESULT_VIEW = f"""
CREATE VIEW result AS
WITH ranked AS (
  SELECT id, paper_id, version,
         row_number() OVER (
           PARTITION BY paper_id, CASE WHEN stage = 'import' THEN stage_version ELSE '' END
           ORDER BY version DESC, id DESC) AS rank
  FROM processing WHERE stage IN ('extract', 'import') AND outcome = 'done'
)
SELECT r.id AS reading_id, c.id AS cell_id, o.id AS override_id, p.id AS paper_id, p.arxiv_id AS arxiv_id,
       n.version AS version, t.id AS document_table_id, t.label AS table_label, t.position AS table_position,
       t.caption AS caption, t.kind AS table_kind, c.row AS row, c.col AS col, c.number AS number, c.text AS text,
       c.row_text AS row_text, c.col_text AS col_text,
       {", ".join(_shown(name) for name in MEANING)},
       r.printed AS printed, r.measured AS measured, r.theoretical AS theoretical, r.bold AS bold, r.cited AS cited,
       r.confidence AS confidence, r.assumed AS assumed, r.extra AS extra,
       p.submitted AS submitted, p.synthetic AS synthetic
FROM ranked n
JOIN reading r ON r.processing_id = n.id
JOIN cell c ON c.id = r.cell_id
JOIN document_table t ON t.id = c.document_table_id
JOIN paper p ON p.id = n.paper_id
LEFT JOIN override o ON o.id = (
  SELECT max(w.id) FROM override w
  WHERE w.paper_id = p.id AND w.caption = t.caption AND w.row_text = c.row_text AND w.col_text = c.col_text
    AND w.number = c.number
    AND (w.text = c.text OR 1 = (
      SELECT count(*) FROM reading s
      JOIN cell d ON d.id = s.cell_id
      JOIN document_table u ON u.id = d.document_table_id
      WHERE s.processing_id = n.id AND u.caption = t.caption AND d.row_text = c.row_text
        AND d.col_text = c.col_text AND d.number = c.number)))
WHERE n.rank = 1 AND coalesce(o.rejected, {{false}}) = {{false}}
"""
"""The view of results; ``{{false}}`` is filled in with the dialect's literal.

Of each paper the newest reading of its text counts, and beside it the newest import from each source.

A database takes a new view with its next migration, so a change here comes with one, even an empty one.
An override meets the cell with its words; where several cells of a reading have the same words, its text decides.
"""
