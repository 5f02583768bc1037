"""The columns of a table's specification, such as ``l*{3}{c}@{ ± }r``.

Covers array, tabularx, siunitx, tabularray's ``colspec`` and the paper's own column types. What a specification prints
between columns belongs to the column before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corpus.reading.commands import TABULARS
from corpus.reading.macros import Macro
from corpus.reading.text import to_text
from corpus.reading.tokens import PARAGRAPH, SPECIAL, flatten, is_control, read_argument, read_optional

MAX_COLUMNS = 200


@dataclass(slots=True)
class Column:
    """What the specification adds before and after the text of a column's cells."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    numeric: bool = False


def read_specification(
    tokens: list[str], index: int, name: str, column_types: Mapping[str, Macro]
) -> tuple[list[Column], int]:
    """The columns of the environment whose arguments begin at ``index``, and the index after its specification."""
    for letter in TABULARS.get(name, "o"):
        index = (read_optional if letter == "o" else read_argument)(tokens, index)[1]
    if name in ("tabu", "longtabu"):
        while index < len(tokens) and tokens[index] != "{" and tokens[index] != PARAGRAPH:
            index += 1
    specification, index = read_argument(tokens, index)
    if "tblr" in name:
        _, index = read_optional(tokens, index)
        joined = "".join(specification)
        if "colspec" in joined:
            position = next(i for i, item in enumerate(specification) if "colspec" in item)
            specification, _ = read_argument(specification, position + 1)
            if specification == ["="]:
                specification, _ = read_argument(list(tokens), position + 2)
    return read_columns(specification, column_types), index


def read_columns(specification: list[str], column_types: Mapping[str, Macro]) -> list[Column]:
    """The columns of a specification such as ``l*{3}{c}@{}r``."""
    columns: list[Column] = []
    waiting: list[str] = []
    tokens = [character for item in specification for character in (item if item[0] not in "\\#" else [item])]
    index, budget = 0, 2000
    while index < len(tokens) and len(columns) < MAX_COLUMNS and budget:
        budget -= 1
        item = tokens[index]
        index += 1
        if item == "*":
            count, index = read_argument(tokens, index)
            body, index = read_argument(tokens, index)
            times = int(flatten(count)) if flatten(count).isdigit() else 1
            tokens[index:index] = body * min(times, MAX_COLUMNS)
        elif item in ("@", "!"):
            between, index = read_argument(tokens, index)
            if columns:
                columns[-1].after.extend(_printed(between))
        elif item == ">":
            code, index = read_argument(tokens, index)
            waiting.extend(_template(code))
        elif item == "<":
            code, index = read_argument(tokens, index)
            if columns:
                columns[-1].after[:0] = _template(code)
        elif item in column_types and not is_control(item):
            index = _insert_column_type(tokens, index, column_types[item])
        elif item.isalpha() or item == "S":
            columns.append(Column(waiting, numeric=item in "Ss"))
            waiting = []
            index = _skip_column_arguments(tokens, index, item)
    return columns


def _insert_column_type(tokens: list[str], index: int, macro: Macro) -> int:
    arguments = []
    if macro.default is not None:
        given, index = read_optional(tokens, index)
        arguments.append(list(macro.default) if given is None else given)
    while len(arguments) < macro.arguments:
        argument, index = read_argument(tokens, index)
        arguments.append(argument)
    body: list[str] = []
    for item in macro.body:
        if item[0] == "#" and len(item) == 2 and int(item[1]) <= len(arguments):
            body.extend(arguments[int(item[1]) - 1])
        else:
            body.extend(item if item[0] != "\\" else [item])
    tokens[index:index] = body
    return index


def _skip_column_arguments(tokens: list[str], index: int, letter: str) -> int:
    if letter in "SsXQw":
        _, index = read_optional(tokens, index)
    if letter in "pmbwWD":
        while index < len(tokens) and tokens[index] == "{":
            _, index = read_argument(tokens, index)
    return index


def _template(code: list[str]) -> list[str]:
    """What of a column's code concerns its text: mathematics and bold."""
    return [item for item in code if item in ("$", "\\bfseries", "\\bf", "{", "}") or not is_control(item)]


def _printed(code: list[str]) -> list[str]:
    """What stands between two columns, empty when it prints nothing."""
    joined: list[str] = []
    for item in code:
        if joined and not is_control(item) and item not in SPECIAL and not is_control(joined[-1]):
            joined[-1] += item
        else:
            joined.append(item)
    return joined if to_text(joined) else []
