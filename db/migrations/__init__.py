"""Alembic scripts, one a change of the schema; `session.open_database` runs those that a database lacks."""
