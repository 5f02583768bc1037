"""What a page about the corpus as a whole is made of: the values of its template, its figures, its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analysis.report.figures import Figure

MOST_ROWS = 40
"""Rows of a table on such a page; all of them stand in the CSV file beside it."""


@dataclass(frozen=True, slots=True)
class Section:
    """The content of one page."""

    values: dict[str, Any]
    figures: tuple[Figure, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """Path within the site to text."""
