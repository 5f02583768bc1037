"""Whether a result is printed in bold, the view of results with it, and the numbers of the running text."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring a database from the revision before to this one."""
    op.add_column("reading", sa.Column("bold", sa.Boolean(), server_default="0", nullable=False))
    op.create_table(
        "text_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("printed", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("refers", sa.Boolean(), nullable=False),
        sa.Column("in_tables", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_text_number_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["processing_id"], ["processing.id"], name=op.f("fk_text_number_processing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_number")),
        comment="a number of the running text that says how good a network is",
    )
    for name in ("paper_id", "processing_id"):
        op.create_index(op.f(f"ix_text_number_{name}"), "text_number", [name])
