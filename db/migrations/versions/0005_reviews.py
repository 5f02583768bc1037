"""What a person said of a finding: who, when and why stand beside its state."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring a database from the revision before to this one."""
    op.add_column("finding", sa.Column("reviewer", sa.String(), nullable=True, comment="who gave it its state"))
    op.add_column("finding", sa.Column("reviewed_at", sa.DateTime(), nullable=True))
    op.add_column(
        "finding", sa.Column("note", sa.Text(), server_default="", nullable=False, comment="the reviewer's reason")
    )
