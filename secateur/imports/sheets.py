"""Spreadsheets as rows of text, and the numbers in their cells."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NUMBER = re.compile(r"^[~≈]?\s*([+\-−]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(%|x|×)?$")


class SpreadsheetError(ValueError):
    """A file is no table of comma-separated values that can be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of comma-separated values."""

    path: Path
    sha256: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    """Cells by column, stripped; a missing one is empty."""


def read_sheet(path: Path) -> Sheet:
    """Read a CSV or TSV file in UTF-8 with a header; SpreadsheetError says in which line what is wrong."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpreadsheetError(f"{path}: can't be read as text in UTF-8: {error}") from error
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    if not lines:
        raise SpreadsheetError(f"{path}: is empty")
    header = tuple(name.strip() for name in lines[0][1])
    rows = []
    for number, line in lines[1:]:
        if len(line) > len(header):
            raise SpreadsheetError(f"{path}:{number}: has {len(line)} cells, the header names {len(header)}")
        cells = [cell.strip() for cell in line] + [""] * (len(header) - len(line))
        rows.append(dict(zip(header, cells, strict=True)))
    return Sheet(path, hashlib.sha256(data).hexdigest(), header, tuple(rows))


def number_in(text: str) -> tuple[float, str] | None:
    """The number of a cell and its printed unit (``%``, ``x`` or none); None where there is no single number."""
    match = NUMBER.match(text.strip())
    if match is None:
        return None
    unit = {"×": "x"}.get(match[2], match[2] or "")
    return float(match[1].replace(",", "").replace("−", "-")), unit


def moment(text: str) -> datetime | None:
    """A date written as 2019, 2019-6, 2019-06-01 or with a time; its first moment, None for anything else."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:[T ].*)?", text.strip())
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
