"""Frames out of queries, a part of the rows at a time, so that half a million rows take little more than their values.

Rows come from the driver as they are and are turned into columns by the types of the query. Texts and JSON documents
that repeat are kept once: of half a million results most share their names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import JSON, Boolean, Connection, DateTime, Float, Integer

PART = 20_000
"""Rows that are taken from the driver at once."""
MOST_SHARED = 100_000
"""Different values of a column up to which repeated ones are looked for."""


def read_frame(connection: Connection, query: Any) -> pd.DataFrame:
    """The rows of a query.

    Columns of a time are datetime64, of booleans bool, of floats float with NaN, of integers int64 where none is
    missing; of JSON the decoded objects, which rows share and nobody may change; all else is as it came.
    """
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    bound: Any = tuple(values[name] for name in compiled.positiontup) if compiled.positional else values
    answer = connection.exec_driver_sql(str(compiled), bound)
    names = list(answer.keys())
    types = {item.key: item.type for item in getattr(query, "selected_columns", ())}
    columns = [_column(types.get(name)) for name in names]
    cursor = answer.cursor
    assert cursor is not None  # a query of this module returns rows
    while rows := cursor.fetchmany(PART):
        for column, part in zip(columns, zip(*rows, strict=True), strict=True):
            column.add(part)
        del rows
    answer.close()
    return pd.DataFrame({name: column.series() for name, column in zip(names, columns, strict=True)}, copy=False)


class _Objects:
    """Values as they came, equal ones kept once."""

    def __init__(self, decode: Callable[[Any], Any] | None = None) -> None:
        self._decode = decode
        self._shared: dict[Any, Any] = {}
        self._parts: list[Any] = []

    def add(self, part: Sequence[Any]) -> None:
        shared = self._shared
        if self._decode is not None:
            for value in part:
                if isinstance(value, str) and value not in shared:
                    shared[value] = self._decode(value)
            part = [shared[value] if isinstance(value, str) else value for value in part]
        elif len(shared) <= MOST_SHARED:
            part = [shared.setdefault(value, value) for value in part]
        self._parts.append(_object_array(part))

    def series(self) -> pd.Series[Any]:
        # The parts are let go of column by column, or the frame would stand in memory twice.
        parts, self._parts = self._parts, []
        return pd.Series(np.concatenate(parts) if parts else [], dtype=object)


class _Times:
    """Times, of which each different one is read once."""

    def __init__(self) -> None:
        self._different: dict[Any, int] = {}
        self._parts: list[Any] = []

    def add(self, part: Sequence[Any]) -> None:
        different = self._different
        self._parts.append(np.array([different.setdefault(value, len(different)) for value in part]))

    def series(self) -> pd.Series[Any]:
        parts, self._parts = self._parts, []
        read = np.asarray(pd.to_datetime(list(self._different)), dtype="datetime64[us]")
        return pd.Series(read[np.concatenate(parts)] if parts else read)


class _Numbers:
    """Numbers or booleans, as arrays."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._parts: list[Any] = []

    def add(self, part: Sequence[Any]) -> None:
        self._parts.append(np.array(part, dtype=self._kind))

    def series(self) -> pd.Series[Any]:
        parts, self._parts = self._parts, []
        return pd.Series(np.concatenate(parts) if parts else np.array([], dtype=self._kind))


class _Integers(_Numbers):
    """Whole numbers, or objects where one is missing."""

    def add(self, part: Sequence[Any]) -> None:
        self._parts.append(_object_array(part) if None in part else np.array(part, dtype=self._kind))


def _object_array(values: Sequence[Any]) -> Any:
    """An array of objects, lists among them."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _column(kind: Any) -> Any:
    if isinstance(kind, DateTime):
        return _Times()
    if isinstance(kind, Boolean):
        return _Numbers(bool)
    if isinstance(kind, Float):
        return _Numbers(float)
    if isinstance(kind, Integer):
        return _Integers(np.int64)
    return _Objects(json.loads if isinstance(kind, JSON) else None)
