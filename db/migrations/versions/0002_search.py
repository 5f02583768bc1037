"""Full-text search over title and abstract."""

from alembic import op

from db.search import create_search

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring a database from the revision before to this one."""
    create_search(op.get_bind())
