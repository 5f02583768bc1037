"""Results that were imported stand beside those read from a paper: the view of results, which follows the schema."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring a database from the revision before to this one: the view alone is made anew."""
