"""Titles and abstracts as plain text of the same length, so that what is found in it has the offsets of the original.

arXiv abstracts carry bits of LaTeX (``$2.94\\%$``, ``\\textbf{...}``) and typographic dashes and spaces.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPACES = "${}~\n\t\r\u00a0\u2009\u202f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_ONE_FOR_ONE = str.maketrans(
    {**dict.fromkeys(_SPACES, " "), **dict.fromkeys(_DASHES, "-"), "\u2019": "'", "\u2715": "×"}
)
_SYMBOLS = {"times": "×", "sim": "~", "approx": "≈", "pm": "±", "ell": "l", "rightarrow": "→", "to": "→"}
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_SENTENCE_END = re.compile(
    # The sign comes first, so that only it is searched for; the abbreviations that it may end are looked back at.
    r"[.!?](?<![.\s][A-Za-z].)(?<!\be\.g.)(?<!\bi\.e.)(?<! vs.)(?<!\bal.)(?<!\bcf.)(?<! resp.)"
    r"[)\"']*\s+(?=[A-Z0-9(\[\"'`\\])"
)


def plain(text: str) -> str:
    """The text with LaTeX commands and odd spaces and dashes replaced, character for character."""
    if "\\" in text:
        text = _COMMAND.sub(_replacement, text)
    return text.translate(_ONE_FOR_ONE)


def _replacement(match: re.Match[str]) -> str:
    command = match[1]
    symbol = _SYMBOLS.get(command, command if not command.isalpha() else "")
    return symbol.rjust(len(match[0]))


def lowered(text: str) -> str:
    """The text in lower case, character for character: a letter whose small form is longer stays as it is."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


@lru_cache(maxsize=8)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end offsets of the sentences of a plain text, in order, covering all that is not space between them.

    The last few texts are remembered, as every reader of an abstract asks for the same ones.
    """
    spans = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.start() + len(match[0].rstrip())
        spans.append((start, end))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return tuple(spans)
