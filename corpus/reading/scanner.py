r"""Splits LaTeX source into tokens, lazily, as TeX's own reader would (The TeXbook, chapter 7).

Comments are dropped, and so are the bodies of verbatim-like environments. Every character is looked at a bounded number
of times, whatever the source: a search that ran to its end in vain is not made again.
"""

from __future__ import annotations

import re

from corpus.reading.tokens import PARAGRAPH, SPACE, Tokens

_PATTERN = r"""
    (?P<text>[^\\{}$&\#^_~%%\s\[\]]+)
  | (?P<comment>%%[^\n]*(?:\n(?![ \t]*\n)[ \t]*)?)
  | (?P<par>[ \t]*\n[ \t]*\n[ \t\n]*)
  | (?P<space>[ \t\n]+)
  | \\begin[ ]?\{(?P<verbatim>comment|verbatim\*?|Verbatim|lstlisting|minted|alltt|filecontents\*?)\}(?!\s*\})
  | \\verb\*?(?P<delim>[^a-zA-Z*\s{])(?P<verb>[^\n]{0,1000}?)(?P=delim)
  | (?P<word>\\[%s]+)[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?
  | (?P<symbol>\\.|\\\n|\\$)
  | (?P<parameter>\#{1,16}[1-9])
  | (?P<special>[{}$&^_~\#\[\]])
  | (?P<other>.)
"""
_FLAGS = re.VERBOSE | re.DOTALL
_DOCUMENT = re.compile(_PATTERN % "a-zA-Z", _FLAGS)
_PACKAGE = re.compile(_PATTERN % "a-zA-Z@", _FLAGS)
_UNPRINTED = re.compile(r"[\\{}$&#^_~%]")
_BEGIN = "\\begin"


class Scanner:
    r"""Reads tokens from one source, from front to back.

    ``at_letter`` says whether ``@`` is a letter of names, as in packages and after ``\makeatletter``.
    """

    def __init__(self, text: str, *, name: str = "", at_letter: bool = False) -> None:
        self.text = text
        self.name = name
        self.position = 0
        self.at_letter = at_letter
        self._endless: set[str] = set()
        """Environments that nothing closes from here on."""

    def next(self) -> str | None:
        """The next token, or None at the end of the source."""
        text, end = self.text, len(self.text)
        while self.position < end:
            match = (_PACKAGE if self.at_letter else _DOCUMENT).match(text, self.position)
            if match is None:
                return None
            self.position = match.end()
            kind = match.lastgroup
            if kind == "text":
                return match.group()
            if kind == "space":
                return SPACE
            if kind == "word":
                return match.group("word")
            if kind == "comment" or (kind == "verbatim" and self._skip(match)):
                continue
            if kind == "par":
                return PARAGRAPH
            if kind == "verb":
                return _UNPRINTED.sub("", match.group("verb")) or SPACE
            if kind == "verbatim":
                self.position = match.start() + len(_BEGIN)
                return _BEGIN
            if kind == "symbol":
                item = match.group()
                return "\\ " if item in ("\\\n", "\\\t", "\\") else item
            return match.group()
        return None

    def _skip(self, begin: re.Match[str]) -> bool:
        """Go behind a verbatim environment; False when it is never closed."""
        name = begin.group("verbatim")
        if name in self._endless:
            return False
        end = re.compile(rf"\\end[ ]?\{{{re.escape(name)}\}}").search(self.text, begin.end())
        if end is None:
            self._endless.add(name)
            return False
        self.position = end.end()
        return True


def tokenize(text: str, *, at_letter: bool = False) -> Tokens:
    """All tokens of a text."""
    scanner = Scanner(text, at_letter=at_letter)
    tokens = []
    while (item := scanner.next()) is not None:
        tokens.append(item)
    return Tokens(tokens)
