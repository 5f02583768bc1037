"""Results of the dense network that labels print: ``ResNet-18 (dense: 61.32)``, ``ResNet50 – 76.13``, ``PPL: 5.68``.

A group row or the head over several columns names a network or a data set, and beside it what it reaches unpruned.
"""

from __future__ import annotations

import re

from corpus.reading import TableCell
from corpus.results.layout import Axes
from corpus.results.meaning import Interpreter
from corpus.results.numbers import Number, read_numbers
from corpus.results.words import PHRASES

_VALUE_BEHIND = re.compile(r"\s*(?:[–—:=,]|\s-\s|\()\s*(\d+\.\d+)\s*\)?\s*$")


def dense_value(cell: TableCell, interpreter: Interpreter) -> Number | None:
    """The dense network's number in a label over several columns or rows; None where it prints none."""
    match = PHRASES["dense_in_label"].search(cell.text) or _value_behind(cell.text, interpreter)
    numeric = read_numbers(match.group(1)) if match else None
    return numeric.present[0] if numeric is not None else None


def dense_heads(axes: Axes, interpreter: Interpreter) -> list[tuple[int, TableCell, Number]]:
    """Heads over several columns that print the dense network's number, with the first column of results below each."""
    found: dict[tuple[int, int], tuple[int, TableCell, Number]] = {}
    for index in axes.of_kind("value"):
        for cell in axes.columns[index].header:
            number = dense_value(cell, interpreter) if cell.width > 1 else None
            if number is not None:
                found.setdefault(cell.origin, (index, cell, number))
    return list(found.values())


def _value_behind(text: str, interpreter: Interpreter) -> re.Match[str] | None:
    """The number behind nothing but names of networks and data sets (``ResNet-20 / CIFAR-10 (91.8)``)."""
    match = _VALUE_BEHIND.search(text)
    if match is None:
        return None
    parts = re.split(r"\s*(?:/|,|\bon\b|\|)\s*", text[: match.start()].strip())
    named = all(interpreter.is_network(part) or interpreter.is_dataset(part) for part in parts)
    return match if named else None
