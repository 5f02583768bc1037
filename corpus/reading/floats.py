"""Which captions, labels and tables of a float belong together.

A float is searched through its boxes and minipages; a part with a caption of its own (sub-table, minipage) keeps it,
and tables beside each other take the captions in order when there are as many captions as tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.reading.commands import SUBFLOATS, TABULARS
from corpus.reading.text import read_inline, to_text
from corpus.reading.tokens import (
    environment_end,
    environment_name,
    flatten,
    group_end,
    read_argument,
    read_optional,
    skip_space,
    skip_star,
)

_SUBFLOAT_COMMANDS = ("\\subfloat", "\\subtable", "\\subcaptionbox", "\\ttabbox", "\\floatbox", "\\capbtabbox")


@dataclass(slots=True)
class FoundTable:
    """A table of a float, by its place among the tokens."""

    start: int
    caption: str = ""
    label: str = ""
    parent_caption: str = ""
    cites: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Scope:
    captions: list[tuple[str, str]] = field(default_factory=list)
    tables: list[FoundTable] = field(default_factory=list)
    inner: list[FoundTable] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    label: str = ""
    notes: list[str] = field(default_factory=list)
    cites: list[str] = field(default_factory=list)


def find_tables(tokens: list[str], start: int, end: int) -> list[FoundTable]:
    """The tables between two places, in order, each with its caption and label."""
    scope = _read_scope(tokens, start, end, 0)
    return sorted(_resolve(scope), key=lambda table: table.start)


def is_tabular(tokens: list[str], index: int) -> bool:
    """True when a table's environment begins here."""
    item = tokens[index]
    return item.startswith("\\begin{") and environment_name(item) in TABULARS


def labels_in(tokens: list[str]) -> Iterator[str]:
    r"""The arguments of all ``\label`` commands."""
    for index, item in enumerate(tokens):
        if item == "\\label":
            yield flatten(read_argument(list(tokens), index + 1)[0])


def _read_scope(tokens: list[str], start: int, end: int, depth: int) -> _Scope:
    scope = _Scope()
    index = start
    while index < min(end, len(tokens)):
        item = tokens[index]
        if is_tabular(tokens, index):
            index = _read_tabular(tokens, index, scope)
        elif item in ("\\caption", "\\captionof", "\\topcaption", "\\bottomcaption", "\\tablecaption", "\\subcaption"):
            index = _read_caption(tokens, index, scope)
        elif item == "\\label":
            argument, index = read_argument(tokens, index + 1)
            _attach_label(scope, flatten(argument))
        elif environment_name(item) in SUBFLOATS and item.startswith("\\begin") and depth < 8:
            index = _read_part(tokens, index, scope, depth)
        elif item in _SUBFLOAT_COMMANDS and depth < 8:
            index = _read_subfloat(tokens, index, scope, depth)
        elif item in ("\\begin{tablenotes}", "\\begin{tablenotes*}"):
            close = environment_end(tokens, index)
            scope.notes.append(to_text([t for t in tokens[index + 1 : close] if t != "\\item"]))
            index = close + 1
        else:
            index += 1
    return scope


def _read_tabular(tokens: list[str], index: int, scope: _Scope) -> int:
    close = environment_end(tokens, index)
    if close == len(tokens) and "\\caption" in tokens[index:]:
        return index + 1
    if environment_name(tokens[index]) == "array" and "\\begin{tabular}" in tokens[index:close]:
        return index + 1
    scope.tables.append(FoundTable(index))
    scope.order.append("table")
    for position in range(index, min(close, len(tokens))):
        if tokens[position] == "\\caption":
            _read_caption(tokens, position, scope)
        elif tokens[position] == "\\label":
            _attach_label(scope, flatten(read_argument(list(tokens), position + 1)[0]))
    return close + 1


def _read_caption(tokens: list[str], index: int, scope: _Scope) -> int:
    kind = tokens[index]
    index = skip_star(tokens, index + 1)
    if kind == "\\captionof":
        _, index = read_argument(tokens, index)
    _, index = read_optional(tokens, index)
    argument, index = read_argument(tokens, index)
    labels = list(labels_in(argument))
    inline = read_inline(argument)
    scope.cites += inline.cites
    scope.captions.append((inline.text, labels[0] if labels else scope.label))
    scope.label = ""
    scope.order.append("caption")
    return index


def _attach_label(scope: _Scope, label: str) -> None:
    if scope.captions and not scope.captions[-1][1]:
        scope.captions[-1] = (scope.captions[-1][0], label)
    elif not scope.captions:
        scope.label = label


def _read_part(tokens: list[str], index: int, scope: _Scope, depth: int) -> int:
    close = environment_end(tokens, index)
    part = _read_scope(tokens, index + 1, close, depth + 1)
    transparent = environment_name(tokens[index]) == "threeparttable" or not (part.captions or part.label)
    if transparent:
        scope.tables += part.tables
        scope.inner += part.inner
        scope.captions += part.captions
        scope.order += part.order
        scope.notes += part.notes
        scope.cites += part.cites
        scope.label = scope.label or part.label
    else:
        scope.inner += _resolve(part)
    return close + 1


def _read_subfloat(tokens: list[str], index: int, scope: _Scope, depth: int) -> int:
    index = skip_star(tokens, index + 1)
    captions = []
    while True:
        begin = skip_space(tokens, index)
        given, after = read_optional(tokens, begin)
        if given is None:
            break
        captions.append(given)
        index = after
    begin = skip_space(tokens, index)
    if begin >= len(tokens) or tokens[begin] != "{":
        return index
    close = group_end(tokens, begin)
    part = _read_scope(tokens, begin + 1, close, depth + 1)
    second = skip_space(tokens, close + 1)
    if not part.tables and second < len(tokens) and tokens[second] == "{":
        captions = captions or [tokens[begin + 1 : close]]
        close = group_end(tokens, second)
        part = _merge(part, _read_scope(tokens, second + 1, close, depth + 1))
    if captions and not part.captions:
        labels = list(labels_in(captions[-1])) or [part.label]
        part.captions.append((to_text(captions[-1]), labels[0]))
    scope.inner += _resolve(part)
    return close + 1


def _merge(first: _Scope, second: _Scope) -> _Scope:
    return _Scope(
        first.captions + second.captions,
        first.tables + second.tables,
        first.inner + second.inner,
        first.order + second.order,
        first.label or second.label,
        first.notes + second.notes,
        first.cites + second.cites,
    )


def _resolve(scope: _Scope) -> list[FoundTable]:
    """Give each table its caption and label."""
    tables, captions = scope.tables, scope.captions
    if len(captions) > 1 and len(captions) == len(tables):
        chosen = captions
    elif len(captions) > 1 and tables:
        chosen = _by_place(scope)
    else:
        chosen = [captions[0] if captions else ("", scope.label)] * len(tables)
    for table, (caption, label) in zip(tables, chosen, strict=True):
        table.caption, table.label = caption, label or scope.label
        table.notes += scope.notes
        table.cites += scope.cites
    outer = captions[-1] if captions else ("", "")
    for table in scope.inner:
        if outer[0] and not table.parent_caption and table.caption != outer[0]:
            table.parent_caption = outer[0]
        if not table.caption:
            table.caption = outer[0]
        table.label = table.label or outer[1] or scope.label
        table.notes += scope.notes
        table.cites += scope.cites
    return [*tables, *scope.inner]


def _by_place(scope: _Scope) -> list[tuple[str, str]]:
    """The caption before each table, or after it where the first thing in the float is a table."""
    chosen = []
    above = scope.order[0] == "caption"
    seen = 0
    for kind in scope.order:
        if kind == "caption":
            seen += 1
        elif above:
            chosen.append(scope.captions[max(0, seen - 1)])
        else:
            chosen.append(scope.captions[min(seen, len(scope.captions) - 1)])
    return chosen
