"""A person's labels, and overrides that tell cells with the same words apart."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring a database from the revision before to this one."""
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(), nullable=False, comment="relevance, a facet, a kind of name, or claims"),
        sa.Column("value", sa.Text(), nullable=False, comment="one row a value; empty says that there is none"),
        sa.Column("canonical", sa.String(), nullable=True),
        sa.Column("labeller", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_label_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint(
            "paper_id", "facet", "labeller", "value", name=op.f("uq_label_paper_id_facet_labeller_value")
        ),
        comment="a person's answer for one facet of a paper; the newest wins over the tagger's",
    )
    op.add_column(
        "override",
        sa.Column(
            "text",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="of the cell as it was corrected; tells apart cells that have the same words beside and above them",
        ),
    )
