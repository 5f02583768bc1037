"""The reader's table of LaTeX commands, read from ``commands.yaml``, and the symbols that print as one character.

Most symbols come from pylatexenc's list of macros; its conversion of running text is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


def _load() -> dict[str, Any]:
    text = files(__package__).joinpath("commands.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _controls(names: list[str]) -> frozenset[str]:
    return frozenset("\\" + name for name in names)


_DATA = _load()

ARGUMENTS: Mapping[str, str] = {"\\" + name: signature for name, signature in _DATA["arguments"].items()}
"""Arguments of a command: s star, o optional, d parenthesised, m dropped, K kept."""
CITATIONS = _controls(_DATA["citations"])
FOOTNOTES = _controls(_DATA["footnotes"])
REFERENCES = _controls(_DATA["references"])
BOLD = _controls(_DATA["bold"])
BOLD_SWITCHES = _controls(_DATA["bold_switches"])
NOT_BOLD = _controls(_DATA["not_bold"])
TEXT_IN_MATH = _controls(_DATA["text_in_math"])
TABULARS: Mapping[str, str] = _DATA["tabulars"]
"""Environments of tables and the arguments before their column specification."""
FLOATS = frozenset(_DATA["floats"])
SUBFLOATS = frozenset(_DATA["subfloats"])
STRUCTURE = _controls(_DATA["structure"])
ACCENTS: Mapping[str, str] = {"\\" + name: chr(int(str(code), 16)) for name, code in _DATA["accents"].items()}
"""Combining character of an accent."""
_SYMBOLS: Mapping[str, str] = {"\\" + name: text for name, text in _DATA["symbols"].items()}


@lru_cache(maxsize=1)
def _context() -> Any:
    from pylatexenc import latex2text

    return latex2text.get_default_latex_context_db()


@lru_cache(maxsize=4096)
def symbol(command: str) -> str | None:
    """The text that a command without arguments prints, None for a command that is no symbol."""
    if command in _SYMBOLS:
        return _SYMBOLS[command]
    spec = _context().get_macro_spec(command[1:])
    replacement = getattr(spec, "simplify_repl", None)
    if not isinstance(replacement, str) or "%" in replacement or len(replacement) > 3:
        return None
    return replacement
