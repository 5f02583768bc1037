"""What the rules of arithmetic share: numbers with their rounding, rows of one thing, and how a question reads.

Numbers are those of the view ``result``; a row is one of its rows as a dictionary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.frames import absent, as_text
from analysis.places import table_name
from analysis.printed import common_unit, half_unit, with_digits

SLACK = 1e-9
"""Room for binary fractions: 93.26 - 93.59 is no exact -0.33."""


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number with half a unit of its last digit, both in points where it is a share."""

    amount: float
    half: float
    cell: int
    base: float
    """What a relative change refers to: the accuracy, or the error rate where that is printed."""

    @property
    def shown(self) -> str:
        """With the digits it was printed with."""
        return with_digits(self.amount, self.half)

    @property
    def as_printed(self) -> str:
        """The same of a number that is not below zero, an error rate as itself."""
        return with_digits(self.base, self.half)


def number_of(row: dict[str, Any]) -> Number:
    """The number of a row; an error rate as the accuracy that it leaves."""
    value, unit = float(row["value"]), as_text(row["unit"])
    amount, _ = common_unit(value, unit)
    half, _ = common_unit(half_unit(value, row["printed"], row["text"]), unit)
    # An error rate rises where the accuracy falls.
    return Number(100 - amount if row["metric"] == "error_rate" else amount, half, row["cell_id"], abs(amount))


def subject(row: dict[str, Any]) -> str:
    """A row in words: ``RigL (ResNet-50, ImageNet)``."""
    names = [as_text(row["model"]), as_text(row["dataset"])]
    place = ", ".join(name for name in names if name)
    return f"{row['method']} ({place})" if place else str(row["method"])


def where(row: dict[str, Any]) -> str:
    """The table of a row in words."""
    return table_name(row["table_label"])


def beside(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two numbers stand in one row or column of one table."""
    return row["document_table_id"] == other["document_table_id"] and (
        row["row"] == other["row"] or row["col"] == other["col"]
    )


def same_task(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows may speak of one data set, network and split: neither says another one."""
    return all(
        absent(row[name]) or absent(other[name]) or row[name] == other[name] for name in ("dataset", "model", "split")
    )


def same_point(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows may speak of one method at one operating point."""
    points = ("sparsity", "compression", "pattern")
    agree = all(absent(row[name]) or absent(other[name]) or row[name] == other[name] for name in points)
    return row["method"] == other["method"] and agree and same_task(row, other)


def possible(causes: tuple[str, ...]) -> str:
    """The end of a question."""
    return "possible causes: " + "; ".join(causes) + "."


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two intervals meet."""
    return one[0] <= other[1] + SLACK and other[0] <= one[1] + SLACK
