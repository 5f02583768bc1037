"""Where the head of a table ends, seen from its rules and from what its cells hold."""

from __future__ import annotations

import re

from corpus.reading.document import TableCell

MAX_HEADER = 5
_SETTING = re.compile(r"\d+(?:\.\d+)?\s*%|\d+:\d+|\d+(?:\.\d+)?\s*[x×]")
_NUMBER = re.compile(r"[-+−–±~<>≤≥↓↑(]*\s*\d[\d.,]*(?![\dBb]|-)")


def header_rows(cells: tuple[tuple[TableCell, ...], ...], rules: tuple[int, ...]) -> int:
    """How many rows at the top are header.

    A header ends at the first full rule below the first row, unless only a group row or more header follows.
    Without such a rule the header is the rows before the first one in which most cells are numbers.
    """
    if not cells:
        return 0
    candidates = [rule for rule in rules if 0 < rule < len(cells)]
    first_data = next((i for i, row in enumerate(cells) if _is_data(row)), len(cells))
    if candidates and candidates[0] <= MAX_HEADER:
        end = candidates[0]
        if end == 1 and _is_full_width(cells[0]) and len(candidates) > 1 and candidates[1] <= first_data:
            return candidates[1]
        if end <= max(first_data, 3) or first_data == 0:
            while end + 1 in rules and end + 1 < len(cells) and end < MAX_HEADER and _continues(cells[end]):
                end += 1
            return end
    return max(1, min(first_data, MAX_HEADER)) if len(cells) > 1 else 0


def _continues(row: tuple[TableCell, ...]) -> bool:
    """True for a ruled row below the first header row that names its columns by words, shares or patterns."""
    own = [cell for column, cell in enumerate(row) if cell.origin[1] == column and cell.text]
    if len(own) < 3 or _is_full_width(row):
        return False
    settings = [_SETTING.fullmatch(cell.text) is not None for cell in own[1:]]
    words = [_NUMBER.match(cell.text) is None and any(c.isalpha() for c in cell.text) for cell in own[1:]]
    return all(settings) or all(words)


def _is_data(row: tuple[TableCell, ...]) -> bool:
    own = [cell for column, cell in enumerate(row) if cell.origin[1] == column and cell.text]
    numbers = sum(_NUMBER.match(cell.text) is not None for cell in own[1:])
    return len(own) > 1 and numbers * 2 >= len(own) - 1


def _is_full_width(row: tuple[TableCell, ...]) -> bool:
    return len({cell.origin for cell in row}) == 1
