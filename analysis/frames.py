"""Rows of data frames as plain dictionaries, and what counts as a missing value in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries from column to value, lists and dictionaries in cells left as they are."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def records_by(frame: pd.DataFrame, name: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of a frame as dictionaries, a group with one value of a column at a time, in the order of first rows."""
    order = np.argsort(pd.factorize(frame[name])[0], kind="stable")
    names = [str(column) for column in frame.columns]
    columns = [frame[column].to_numpy()[order].tolist() for column in frame.columns]
    values = columns[names.index(name)]
    start = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[start]:
            rows = zip(*(column[start:place] for column in columns), strict=True)
            yield [dict(zip(names, row, strict=True)) for row in rows]
            start = place


def absent(value: object) -> bool:
    """Whether a value is missing: None, NaN, NaT or an empty text."""
    return value is None or value is pd.NaT or value == "" or (isinstance(value, float) and value != value)


def present(values: pd.Series) -> pd.Series:
    """Which values of a column are there: neither missing nor an empty text."""
    return values.notna() & (values != "")


def as_text(value: object) -> str:
    """The value as text, a missing one as an empty text."""
    return "" if absent(value) else str(value)


def grouped(rows: Iterable[dict[str, Any]], *names: str) -> dict[tuple[Hashable, ...], list[dict[str, Any]]]:
    """Rows by the values of some columns, groups in the order of their first row."""
    groups: dict[tuple[Hashable, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups
