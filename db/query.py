"""A person's own SQL on a read-only connection, bounded in time and rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, ResourceClosedError

CHECK_EVERY_OPCODES = 10_000


class QueryError(Exception):
    """The SQL can't be run; the message is the database's own."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Columns (each name once), rows, and whether there were more rows than the limit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as mappings."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def run_query(engine: Engine, sql: str, *, row_limit: int = 10_000, seconds: float = 30.0) -> QueryResult:
    """Run one statement on an engine of ``session.open_readonly``.

    Raises QueryError for wrong SQL, for one that would write, and when the time is over.
    """
    deadline = time.monotonic() + seconds
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        bounded = hasattr(raw, "set_progress_handler")
        if bounded:
            raw.set_progress_handler(lambda: time.monotonic() > deadline, CHECK_EVERY_OPCODES)
        try:
            answer = connection.exec_driver_sql(sql)
            rows = answer.fetchmany(row_limit + 1)
            names = list(answer.keys())
        except ResourceClosedError as error:
            raise QueryError("the statement returns no rows; `query` reads only") from error
        except DBAPIError as error:
            reason = str(error.orig)
            if reason == "interrupted":
                raise QueryError(f"the query took more than {seconds:g} s and was stopped") from error
            raise QueryError(reason) from error
        finally:
            if bounded:
                raw.set_progress_handler(None, 0)
    columns = tuple(name if names.index(name) == i else f"{name}_{i + 1}" for i, name in enumerate(names))
    return QueryResult(columns, tuple(tuple(row) for row in rows[:row_limit]), len(rows) > row_limit)
