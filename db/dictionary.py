"""The data dictionary: what every table and column of the database holds, in words.

The words are the comments of schema.py, and for the rest those of dictionary.yaml; a table or column that has neither
is refused, so nothing that is stored goes unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Column, Table, create_engine, inspect, text

from db.schema import RESULT_VIEW, cell, document_table, metadata, paper, reading

WORDS = Path(__file__).with_name("dictionary.yaml")
RESULT_SOURCES = (reading, cell, document_table, paper)
"""The tables whose columns the view ``result`` shows, in the order in which their words are looked up."""


class UndescribedError(ValueError):
    """A table or column has no words; the message says where to put them."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not described: give it a comment in db/schema.py, or words in {WORDS.name}")


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column, in words."""

    name: str
    kind: str
    """SQL type, such as ``VARCHAR`` or ``FLOAT``."""
    nullable: bool
    description: str


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A table or view, in words."""

    name: str
    description: str
    columns: tuple[DescribedColumn, ...]


def data_dictionary() -> tuple[DescribedTable, ...]:
    """Every table by name, and the view ``result`` behind them; UndescribedError names what has no words."""
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    tables = [_described(table, words) for table in sorted(metadata.tables.values(), key=lambda table: table.name)]
    own = words["tables"]["result"]
    return (*tables, DescribedTable("result", own["description"], tuple(_result_columns(own["columns"], words))))


def _described(table: Table, words: dict[str, Any]) -> DescribedTable:
    description = table.comment or words["tables"].get(table.name, {}).get("description")
    if not description:
        raise UndescribedError(f"the table {table.name}")
    columns = tuple(
        DescribedColumn(column.name, str(column.type), bool(column.nullable), _words_of(column, words))
        for column in table.columns
    )
    return DescribedTable(table.name, description, columns)


def _words_of(column: Column[Any], words: dict[str, Any]) -> str:
    table = column.table.name
    own = words["tables"].get(table, {}).get("columns", {})
    description = column.comment or own.get(column.name) or words["everywhere"].get(column.name)
    if not description:
        raise UndescribedError(f"the column {table}.{column.name}")
    return str(description)


def _result_columns(own: dict[str, str], words: dict[str, Any]) -> Iterator[DescribedColumn]:
    """The columns of the view, which only a database can list."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text(RESULT_VIEW.format(false="0")))
        shown = inspect(connection).get_columns("result")
    for column in shown:
        name = column["name"]
        source = next((table.columns[name] for table in RESULT_SOURCES if name in table.columns), None)
        description = own.get(name) or (words["everywhere"].get(name) if source is None else _words_of(source, words))
        if not description:
            raise UndescribedError(f"the column result.{name}")
        kind = str(source.type) if source is not None else str(column["type"])
        yield DescribedColumn(name, kind, nullable=True, description=description)
