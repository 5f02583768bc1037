"""Tables in Markdown, with what would end a cell written so that it does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of one line a row; bars and line breaks inside a cell are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def choices(text: str) -> str:
    """What may be written, as code: `a|b` as two, since no bar stands in the code of a cell on every renderer."""
    return " or ".join(f"`{one}`" for one in text.split("|"))


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
