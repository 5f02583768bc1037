"""The corpus as it was on a day: a copy of the database from which all that came later was taken out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Engine

from db.backup import backup
from db.past import rewind
from db.session import open_database


def end_of(day: date) -> datetime:
    """The last second of a day (UTC)."""
    return datetime.combine(day, time()) + timedelta(days=1, seconds=-1)


@contextmanager
def corpus_as_of(database: str, day: date) -> Iterator[Engine]:
    """A copy of the database as it was at the end of a day (UTC); it is gone afterwards.

    Raises db.past.BeforeTheCorpusError, db.backup.BackupError, db.session.MissingDatabaseError.
    """
    with tempfile.TemporaryDirectory(prefix="secateur-") as folder:
        file = Path(folder) / "secateur.db"
        backup(database, file)
        engine = open_database(str(file))
        try:
            with engine.begin() as connection:
                rewind(connection, end_of(day))
            yield engine
        finally:
            engine.dispose()
