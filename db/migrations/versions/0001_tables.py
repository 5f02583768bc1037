"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring a database from the revision before to this one."""
    op.create_table(
        "claim",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("arxiv_id", sa.String(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.String(), nullable=False, comment="hash of the rule and its cells"),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False, comment="question, finding"),
        sa.Column("state", sa.String(), nullable=False, comment="new, confirmed, explained, dismissed"),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("size", sa.Float(), nullable=False),
        sa.Column("explanations", sa.JSON(), nullable=False),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("gone_at", sa.DateTime(), nullable=True, comment="when the rule last stopped raising it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_rule"), "finding", ["rule"], unique=False)
    op.create_table(
        "harvest_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="oai, atom, snapshot"),
        sa.Column("base_url", sa.String(), server_default="", nullable=False),
        sa.Column("set_spec", sa.String(), server_default="", nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("until_date", sa.Date(), nullable=True),
        sa.Column("query", sa.Text(), nullable=True, comment="Atom query or snapshot file"),
        sa.Column("resumption_token", sa.Text(), nullable=True, comment="where to go on; null when finished"),
        sa.Column("state", sa.String(), nullable=False, comment="running, done, failed"),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("response_date", sa.DateTime(), nullable=True, comment="the server's clock in its first answer"),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("records", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it failed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_run")),
    )
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("arxiv_id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("submitted", sa.DateTime(), nullable=False, comment="date of version 1"),
        sa.Column("updated", sa.DateTime(), nullable=False, comment="date of the newest version"),
        sa.Column("version", sa.Integer(), nullable=False, comment="number of the newest version"),
        sa.Column("primary_category", sa.String(), nullable=False),
        sa.Column("submitter", sa.Text(), server_default="", nullable=False),
        sa.Column("comments", sa.Text(), server_default="", nullable=False),
        sa.Column("journal_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("report_number", sa.Text(), server_default="", nullable=False),
        sa.Column("doi", sa.String(), server_default="", nullable=False),
        sa.Column("license", sa.String(), server_default="", nullable=False),
        sa.Column("datestamp", sa.Date(), nullable=True, comment="day of arXiv's last change to the record"),
        sa.Column("withdrawn", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
        sa.UniqueConstraint("arxiv_id", name=op.f("uq_paper_arxiv_id")),
    )
    op.create_index(op.f("ix_paper_primary_category"), "paper", ["primary_category"], unique=False)
    op.create_index(op.f("ix_paper_submitted"), "paper", ["submitted"], unique=False)
    op.create_table(
        "author",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_author_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", "position", name=op.f("pk_author")),
    )
    op.create_table(
        "category",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="0 is the primary category"),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_category_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", "position", name=op.f("pk_category")),
    )
    op.create_index(op.f("ix_category_name"), "category", ["name"], unique=False)
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_change_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["harvest_run.id"], name=op.f("fk_change_run_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        comment="what a harvest found different from the one before",
    )
    op.create_index(op.f("ix_change_paper_id"), "change", ["paper_id"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="eprint, html, pdf"),
        sa.Column("outcome", sa.String(), nullable=False, comment="stored, or why not"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True, comment="key into the file store"),
        sa.Column("bytes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("media_type", sa.String(), server_default="", nullable=False),
        sa.Column("etag", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("fetched_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_document_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("paper_id", "version", "kind", name=op.f("uq_document_paper_id_version_kind")),
    )
    op.create_table(
        "override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("row_text", sa.Text(), nullable=False),
        sa.Column("col_text", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Boolean(), server_default="0", nullable=False, comment="the number is no result"),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("metric", sa.String(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("method_canonical", sa.String(), nullable=True),
        sa.Column("modifiers", sa.JSON(), nullable=True),
        sa.Column("implemented_by", sa.String(), nullable=True),
        sa.Column("dataset", sa.String(), nullable=True),
        sa.Column("split", sa.String(), nullable=True),
        sa.Column("protocol", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("spread", sa.Float(), nullable=True),
        sa.Column("spread_kind", sa.String(), nullable=True),
        sa.Column("sparsity", sa.Float(), nullable=True, comment="fraction removed"),
        sa.Column("sparsity_printed", sa.String(), nullable=True),
        sa.Column("sparsity_of", sa.String(), nullable=True),
        sa.Column("sparsity_form", sa.String(), nullable=True),
        sa.Column("sparsity_scope", sa.String(), nullable=True),
        sa.Column("sparsity_low", sa.Float(), nullable=True),
        sa.Column("sparsity_high", sa.Float(), nullable=True),
        sa.Column("compression", sa.Float(), nullable=True, comment="original size / new size"),
        sa.Column("pattern", sa.String(), nullable=True, comment="N:M"),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_override_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override")),
        comment="a person's correction, anchored on words so that it survives a new version",
    )
    op.create_index(op.f("ix_override_paper_id"), "override", ["paper_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("sha256", sa.String(), nullable=False, comment="hash of the frozen body"),
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_plan_claim_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_plan")),
    )
    op.create_index(op.f("ix_plan_claim_id"), "plan", ["claim_id"], unique=False)
    op.create_table(
        "processing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False, comment="tag, extract"),
        sa.Column("stage_version", sa.String(), nullable=False, comment="version of the tagger or reader"),
        sa.Column("input_sha256", sa.String(), nullable=False, comment="hash of what was read"),
        sa.Column("outcome", sa.String(), nullable=False, comment="done, unread"),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_processing_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing")),
        sa.UniqueConstraint(
            "paper_id",
            "version",
            "stage",
            "stage_version",
            "input_sha256",
            name=op.f("uq_processing_paper_id_version_stage_stage_version_input_sha256"),
        ),
        comment="that a stage has read a version, with which tagger or reader, and what came of it",
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True, comment="null when no answer came"),
        sa.Column("bytes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["harvest_run.id"], name=op.f("fk_request_run_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_at"), "request", ["at"], unique=False)
    op.create_table(
        "unread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, comment="record, document, table, cell, claim"),
        sa.Column("paper_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("locator", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_unread_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unread")),
        sa.UniqueConstraint("kind", "locator", "reason", name=op.f("uq_unread_kind_locator_reason")),
        comment="what could not be read, and why",
    )
    op.create_index(op.f("ix_unread_kind"), "unread", ["kind"], unique=False)
    op.create_index(op.f("ix_unread_paper_id"), "unread", ["paper_id"], unique=False)
    op.create_table(
        "version",
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.DateTime(), nullable=False),
        sa.Column("size", sa.String(), server_default="", nullable=False),
        sa.Column("source_type", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_version_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper_id", "number", name=op.f("pk_version")),
    )
    op.create_table(
        "abstract_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("quotation", sa.Text(), nullable=False),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("end_char", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["paper.id"], name=op.f("fk_abstract_claim_paper_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["processing_id"], ["processing.id"], name=op.f("fk_abstract_claim_processing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abstract_claim")),
    )
    op.create_index(op.f("ix_abstract_claim_paper_id"), "abstract_claim", ["paper_id"], unique=False)
    op.create_index(op.f("ix_abstract_claim_processing_id"), "abstract_claim", ["processing_id"], unique=False)
    op.create_table(
        "citation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("cited_arxiv_id", sa.String(), nullable=True),
        sa.Column("doi", sa.String(), nullable=True),
        sa.Column("matched_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_citation_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["processing_id"], ["processing.id"], name=op.f("fk_citation_processing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citation")),
    )
    op.create_index(op.f("ix_citation_cited_arxiv_id"), "citation", ["cited_arxiv_id"], unique=False)
    op.create_index(op.f("ix_citation_paper_id"), "citation", ["paper_id"], unique=False)
    op.create_index(op.f("ix_citation_processing_id"), "citation", ["processing_id"], unique=False)
    op.create_table(
        "document_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False, comment="the newest processing that found it"),
        sa.Column("sha256", sa.String(), nullable=False, comment="of the artefact it was read from"),
        sa.Column("position", sa.Integer(), nullable=False, comment="order of tabulars in the document, from 0"),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("grid", sa.JSON(), nullable=False),
        sa.Column("grid_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["paper.id"], name=op.f("fk_document_table_paper_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["processing_id"], ["processing.id"], name=op.f("fk_document_table_processing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_table")),
        sa.UniqueConstraint(
            "paper_id",
            "version",
            "sha256",
            "position",
            "grid_sha256",
            name=op.f("uq_document_table_paper_id_version_sha256_position_grid_sha256"),
        ),
    )
    op.create_index(op.f("ix_document_table_paper_id"), "document_table", ["paper_id"], unique=False)
    op.create_index(op.f("ix_document_table_processing_id"), "document_table", ["processing_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_sha256", sa.String(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column(
            "completion", sa.String(), nullable=False, comment="which declared completion of what the paper leaves open"
        ),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False, comment="done, diverged, failed"),
        sa.Column("measures", sa.JSON(), nullable=False, comment="quantity to value"),
        sa.Column("correct", sa.LargeBinary(), nullable=True, comment="one bit a test example, packed: right or wrong"),
        sa.Column("examples", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("machine", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_sha256"], ["plan.sha256"], name=op.f("fk_run_plan_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "plan_sha256", "arm", "completion", "seed", name=op.f("uq_run_plan_sha256_arm_completion_seed")
        ),
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("canonical", sa.String(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("field", sa.String(), nullable=False, comment="title, abstract, table, citation"),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("end_char", sa.Integer(), nullable=False),
        sa.Column("quotation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_tag_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["processing_id"], ["processing.id"], name=op.f("fk_tag_processing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
    )
    op.create_index("ix_tag_facet_value", "tag", ["facet", "value"], unique=False)
    op.create_index(op.f("ix_tag_paper_id"), "tag", ["paper_id"], unique=False)
    op.create_index(op.f("ix_tag_processing_id"), "tag", ["processing_id"], unique=False)
    op.create_table(
        "timing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_sha256", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(), nullable=False, comment="dense or sparse"),
        sa.Column("kernel", sa.String(), nullable=False),
        sa.Column("sparsity", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False, comment="median of the blocks"),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("machine", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_sha256"], ["plan.sha256"], name=op.f("fk_timing_plan_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timing")),
    )
    op.create_index(op.f("ix_timing_plan_sha256"), "timing", ["plan_sha256"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_sha256", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False, comment="part of the claim, or 'whole'"),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), server_default="", nullable=False),
        sa.Column("seeds", sa.Integer(), nullable=False),
        sa.Column("estimate", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("verdict_version", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_sha256"], ["plan.sha256"], name=op.f("fk_verdict_plan_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint(
            "plan_sha256",
            "part",
            "verdict_version",
            "seeds",
            name=op.f("uq_verdict_plan_sha256_part_verdict_version_seeds"),
        ),
    )
    op.create_index(op.f("ix_verdict_plan_sha256"), "verdict", ["plan_sha256"], unique=False)
    op.create_table(
        "cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_table_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("col", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="which number in the cell, from 0"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("row_text", sa.Text(), nullable=False),
        sa.Column("col_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_table_id"], ["document_table.id"], name=op.f("fk_cell_document_table_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
        sa.UniqueConstraint(
            "document_table_id", "row", "col", "number", name=op.f("uq_cell_document_table_id_row_col_number")
        ),
        comment="a number's place in a table: immutable evidence",
    )
    op.create_table(
        "finding_cell",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_finding_cell_cell_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_finding_cell_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("finding_id", "cell_id", name=op.f("pk_finding_cell")),
    )
    op.create_index(op.f("ix_finding_cell_cell_id"), "finding_cell", ["cell_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("method_canonical", sa.String(), nullable=True),
        sa.Column("modifiers", sa.JSON(), nullable=True),
        sa.Column("implemented_by", sa.String(), nullable=True),
        sa.Column("dataset", sa.String(), nullable=True),
        sa.Column("split", sa.String(), nullable=True),
        sa.Column("protocol", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("spread", sa.Float(), nullable=True),
        sa.Column("spread_kind", sa.String(), nullable=True),
        sa.Column("sparsity", sa.Float(), nullable=True, comment="fraction removed"),
        sa.Column("sparsity_printed", sa.String(), nullable=True),
        sa.Column("sparsity_of", sa.String(), nullable=True),
        sa.Column("sparsity_form", sa.String(), nullable=True),
        sa.Column("sparsity_scope", sa.String(), nullable=True),
        sa.Column("sparsity_low", sa.Float(), nullable=True),
        sa.Column("sparsity_high", sa.Float(), nullable=True),
        sa.Column("compression", sa.Float(), nullable=True, comment="original size / new size"),
        sa.Column("pattern", sa.String(), nullable=True, comment="N:M"),
        sa.Column("printed", sa.String(), server_default="", nullable=False),
        sa.Column("measured", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("theoretical", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("cited", sa.String(), nullable=True, comment="key of the bibliography entry that the row cites"),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("assumed", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_reading_cell_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["processing_id"], ["processing.id"], name=op.f("fk_reading_processing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("cell_id", "processing_id", name=op.f("uq_reading_cell_id_processing_id")),
        comment="what a reader took a number to mean",
    )
    op.create_index(op.f("ix_reading_processing_id"), "reading", ["processing_id"], unique=False)
