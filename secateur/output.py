"""Printing data: a table on a terminal, JSON in a pipe, or the format that was asked for; progress on stderr."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

LINE_EVERY_SECONDS = 10.0
WHOLE_LENGTH = 16
"""Identifiers, dates and numbers up to this length are never broken over two lines of a table."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Characters that would steer the terminal."""


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def default_format(stream: TextIO) -> Format:
    """Table on a terminal, JSON in a pipe."""
    return Format.TABLE if stream.isatty() else Format.JSON


def plain(value: Any) -> Any:
    """A value as JSON knows it: times in ISO 8601, numpy and pandas scalars as Python's, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item") and not hasattr(value, "isoformat"):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        text = value.isoformat()
        return None if text == "NaT" else text
    return str(value)


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    wanted: Format | None = None,
    *,
    columns: Sequence[str] | None = None,
    title: str = "",
    stream: TextIO | None = None,
) -> None:
    """Print flat rows; ``columns`` gives their order, and the header when there are no rows."""
    stream = stream or sys.stdout
    wanted = wanted or default_format(stream)
    flat = [{key: plain(value) for key, value in row.items()} for row in rows]
    names = list(columns or dict.fromkeys(name for row in flat for name in row))
    if wanted is Format.JSON:
        body = ",\n ".join(json.dumps({name: row.get(name) for name in names}, ensure_ascii=False) for row in flat)
        stream.write(f"[{body}]\n")
    elif wanted is Format.JSONL:
        for row in flat:
            stream.write(json.dumps({name: row.get(name) for name in names}, ensure_ascii=False) + "\n")
    elif wanted is Format.CSV:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_csv_cell(row.get(name)) for name in names] for row in flat)
    else:
        _print_table(flat, names, title, stream)


def print_object(value: Mapping[str, Any], stream: TextIO | None = None, *, indent: int | None = 1) -> None:
    """Print one object as JSON, on one line if ``indent`` is None."""
    json.dump(plain(value), stream or sys.stdout, ensure_ascii=False, indent=indent)
    (stream or sys.stdout).write("\n")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    # A spreadsheet takes a text that begins so for a formula.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _table_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_table_cell(item) for item in value)
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\s+", " ", str(value)))


def _print_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str], title: str, stream: TextIO) -> None:
    # A pipe has no width; a file gets lines as long as they need.
    console = Console(file=stream, width=None if stream.isatty() else 200, soft_wrap=False, highlight=False)
    if not rows:
        console.print(f"{title + ': ' if title else ''}nothing to show")
        return
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name in names:
        values = [row.get(name) for row in rows]
        numeric = all(isinstance(value, int | float) or value is None for value in values)
        short = max((len(_table_cell(value)) for value in values), default=0) <= WHOLE_LENGTH
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=short)
    for row in rows:
        table.add_row(*(Text(_table_cell(row.get(name))) for name in names))
    console.print(table)


def say(message: str) -> None:
    """One line on stderr about what is being done."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - this is where the product speaks


class Progress:
    """Progress of long work: a bar on a terminal, a plain line every ten seconds in a log.

    Called with how many are done, of how many (None if unknown), and a word about the present one.
    """

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self.title = title
        self.stream = stream or sys.stderr
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._spoken_at = time.monotonic()

    def __enter__(self) -> Progress:
        if self.stream.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, TextColumn("{task.fields[word]}"), console=Console(file=self.stream))
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=None, word="")
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int | None = None, word: str = "") -> None:
        """Say how far the work is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, word=word)
            return
        now = time.monotonic()
        if now - self._spoken_at >= LINE_EVERY_SECONDS:
            self._spoken_at = now
            of = f" of {total}" if total is not None else ""
            print(f"{self.title}: {done}{of} {word}".rstrip(), file=self.stream, flush=True)
