"""Rows of a frame by the value of one column, made into dictionaries only when they are asked for.

A corpus has half a million results; as dictionaries all at once they would take gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.frames import absent


class RowsBy:
    """The rows of a frame as dictionaries, by the value of a column; rows without a value are left out."""

    def __init__(self, frame: pd.DataFrame, column: str) -> None:
        self._names = [str(name) for name in frame.columns]
        self._columns = [frame[name].tolist() for name in frame.columns]
        self._places: dict[Any, list[int]] = {}
        for place, value in enumerate(frame[column].tolist()):
            if not absent(value):
                self._places.setdefault(value, []).append(place)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._places)

    def __contains__(self, value: object) -> bool:
        return value in self._places

    def __getitem__(self, value: object) -> list[dict[str, Any]]:
        """The rows with this value in the frame's order; an empty list where there is none."""
        return [
            {name: column[place] for name, column in zip(self._names, self._columns, strict=True)}
            for place in self._places.get(value, ())
        ]

    def count(self, value: object) -> int:
        """How many rows have this value."""
        return len(self._places.get(value, ()))
