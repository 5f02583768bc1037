r"""Splits LaTeX source into tokens, lazily, as TeX's own reader would (The TeXbook, chapter 7).

A token is a string: a control sequence (``\name``, ``\%``), one of the special characters ``{ } $ & ^ _ ~ # [ ]``, a
parameter (``#1``), a space, a paragraph break (two newlines) or a run of ordinary text. Comments are dropped, and so
are the bodies of verbatim-like environments. Functions on lists of tokens (arguments, groups) stand here, too.
"""

from __future__ import annotations

import re

PARAGRAPH = "\n\n"
SPACE = " "
SPECIAL = frozenset("{}$&^_~#[]")

_VERBATIM = r"comment|verbatim\*?|Verbatim|lstlisting|minted|alltt|filecontents\*?"
_PATTERN = r"""
    (?P<comment>%%[^\n]*(?:\n(?![ \t]*\n)[ \t]*)?)
  | (?P<par>[ \t]*\n[ \t]*(?:\n[ \t]*)+)
  | (?P<space>[ \t\n]+)
  | (?P<skip>\\begin[ ]?\{(?P<env>%s)\}(?!\s*\}).*?\\end[ ]?\{(?P=env)\})
  | \\verb\*?(?P<delim>[^a-zA-Z*\s{])(?P<verb>[^\n]*?)(?P=delim)
  | (?P<word>\\[%s]+)[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?
  | (?P<symbol>\\.|\\\n|\\$)
  | (?P<parameter>\#+[1-9])
  | (?P<special>[{}$&^_~\#\[\]])
  | (?P<text>[^\\{}$&\#^_~%%\s\[\]]+)
  | (?P<other>.)
"""
_FLAGS = re.VERBOSE | re.DOTALL
_DOCUMENT = re.compile(_PATTERN % (_VERBATIM, "a-zA-Z"), _FLAGS)
_PACKAGE = re.compile(_PATTERN % (_VERBATIM, "a-zA-Z@"), _FLAGS)
_UNPRINTED = re.compile(r"[\\{}$&#^_~%]")


class Scanner:
    r"""Reads tokens from one source, from front to back.

    ``at_letter`` says whether ``@`` is a letter of names, as in packages and after ``\makeatletter``.
    """

    def __init__(self, text: str, *, name: str = "", at_letter: bool = False) -> None:
        self.text = text
        self.name = name
        self.position = 0
        self.at_letter = at_letter

    def next(self) -> str | None:
        """The next token, or None at the end of the source."""
        text, end = self.text, len(self.text)
        while self.position < end:
            match = (_PACKAGE if self.at_letter else _DOCUMENT).match(text, self.position)
            if match is None:
                return None
            self.position = match.end()
            kind = match.lastgroup
            if kind in ("comment", "skip", "env"):
                continue
            if kind == "par":
                return PARAGRAPH
            if kind == "space":
                return SPACE
            if kind == "word":
                return match.group("word")
            if kind == "verb":
                return _UNPRINTED.sub("", match.group("verb")) or SPACE
            if kind == "symbol":
                item = match.group()
                return "\\ " if item in ("\\\n", "\\\t", "\\") else item
            return match.group()
        return None


def tokenize(text: str, *, at_letter: bool = False) -> list[str]:
    """All tokens of a text."""
    scanner = Scanner(text, at_letter=at_letter)
    tokens = []
    while (item := scanner.next()) is not None:
        tokens.append(item)
    return tokens


def is_control(item: str) -> bool:
    """True for a control sequence."""
    return item[0] == "\\"


def skip_space(tokens: list[str], start: int) -> int:
    """Index of the first token from ``start`` on that is no space."""
    while start < len(tokens) and tokens[start] in (SPACE, PARAGRAPH):
        start += 1
    return start


def group_end(tokens: list[str], start: int) -> int:
    """Index of the ``}`` that closes the ``{`` at ``start``; the length of the list when none does."""
    depth = 0
    for index in range(start, len(tokens)):
        item = tokens[index]
        if item == "{":
            depth += 1
        elif item == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


def read_argument(tokens: list[str], start: int) -> tuple[list[str], int]:
    """The mandatory argument at ``start`` (without its braces) and the index after it.

    Of a run of text only the first character is the argument, so that run is split in place.
    """
    start = skip_space(tokens, start)
    if start >= len(tokens) or tokens[start] == "}":
        return [], start
    item = tokens[start]
    if item == "{":
        end = group_end(tokens, start)
        return tokens[start + 1 : end], end + 1
    if len(item) > 1 and not is_control(item) and item[0] not in SPECIAL:
        tokens[start : start + 1] = [item[0], item[1:]]
        return [item[0]], start + 1
    return [item], start + 1


def read_optional(tokens: list[str], start: int) -> tuple[list[str] | None, int]:
    """The optional argument at ``start`` (None when there is none) and the index after it."""
    begin = skip_space(tokens, start)
    if begin >= len(tokens) or tokens[begin] != "[":
        return None, start
    depth = 0
    for index in range(begin + 1, len(tokens)):
        item = tokens[index]
        if item == "{":
            depth += 1
        elif item == "}":
            depth -= 1
            if depth < 0:
                break
        elif item == "]" and depth == 0:
            return tokens[begin + 1 : index], index + 1
    return None, start


def skip_star(tokens: list[str], start: int) -> int:
    """Index after a ``*`` at ``start``, splitting a longer run of text in place."""
    if start < len(tokens) and tokens[start].startswith("*"):
        if len(tokens[start]) == 1:
            return start + 1
        tokens[start : start + 1] = ["*", tokens[start][1:]]
        return start + 1
    return start


def environment_end(tokens: list[str], start: int) -> int:
    r"""Index of the ``\end{name}`` that closes the ``\begin{name}`` at ``start``; the length when none does."""
    begin = tokens[start]
    end = "\\end" + begin[len("\\begin") :]
    depth = 0
    for index in range(start, len(tokens)):
        item = tokens[index]
        if item == begin:
            depth += 1
        elif item == end:
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


def environment_name(item: str) -> str:
    r"""The name in a joined ``\begin{name}`` or ``\end{name}`` token, empty for other tokens."""
    if item.startswith(("\\begin{", "\\end{")):
        return item[item.index("{") + 1 : -1]
    return ""


def flatten(tokens: list[str]) -> str:
    """The tokens' source joined, without outer space: for names, keys and lengths."""
    return "".join(tokens).strip()


def read_arguments(tokens: list[str], index: int, signature: str) -> tuple[list[tuple[str, list[str]]], int]:
    """The mandatory arguments of a command, each with its letter, and the index after all of them.

    In a signature ``s`` is a star, ``o`` an optional argument and ``d`` the opening of one in round brackets, all of
    which are passed over; any other letter is a mandatory argument.
    """
    arguments: list[tuple[str, list[str]]] = []
    for letter in signature:
        if letter == "s":
            index = skip_star(tokens, index)
        elif letter == "o":
            _, index = read_optional(tokens, index)
        elif letter == "d":
            begin = skip_space(tokens, index)
            if begin < len(tokens) and tokens[begin].startswith("("):
                index = begin + 1
        else:
            argument, index = read_argument(tokens, index)
            arguments.append((letter, argument))
    return arguments, index
