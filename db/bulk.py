"""Inserting many rows at once: one ``executemany`` of plain tuples.

SQLAlchemy handles each row's parameters by themselves, which costs several times as much as SQLite's own insert. Here
the values are prepared a column at a time, by the column's type, and go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Table, insert


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values in the order of the columns."""
    columns_of_values = list(zip(*rows, strict=True))
    if not columns_of_values:
        return
    dialect = connection.dialect
    values: dict[str, Sequence[Any]] = dict(zip(columns, columns_of_values, strict=True))
    for name in columns:
        process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if process and isinstance(table.c[name].type, Date | DateTime):
            # A batch repeats its times, and writing one as text takes longer than looking it up.
            texts = {value: process(value) for value in set(values[name])}
            values[name] = [texts[value] for value in values[name]]
        elif process:
            values[name] = list(map(process, values[name]))
    statement = insert(table).compile(dialect=dialect, column_keys=list(columns))
    names = statement.positiontup or columns
    prepared: list[Any] = list(zip(*(values[name] for name in names), strict=True))
    if not statement.positional:
        prepared = [dict(zip(names, row, strict=True)) for row in prepared]
    connection.exec_driver_sql(str(statement), prepared)
