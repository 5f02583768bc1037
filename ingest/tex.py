r"""TeX in metadata to Unicode: accents and letters such as ``\c{C}elik``, which arXivRaw gives as they were typed.

arXiv converts only these itself in its other formats (the table is in its page on TeX accents,
info.arxiv.org/help/prep.html). Formulas between dollar signs stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LETTERS = {
    "aa": "å",
    "AA": "Å",
    "ae": "æ",
    "AE": "Æ",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "i": "ı",
    "j": "ȷ",
    "l": "ł",
    "L": "Ł",
    "ng": "ŋ",
    "NG": "Ŋ",
    "o": "ø",
    "O": "Ø",
    "oe": "œ",
    "OE": "Œ",
    "ss": "ß",
    "th": "þ",
    "TH": "Þ",
}
_DOTLESS = {"ı": "i", "ȷ": "j"}

_NAMES = "|".join(sorted(_LETTERS, key=len, reverse=True))
_LETTER = re.compile(rf"\{{\\(?P<braced>{_NAMES})\}}|\\(?P<bare>{_NAMES})(?:\{{\}}|\s+|(?![A-Za-z]))")
_ACCENT = re.compile(
    r"""\{?\\(?:(?P<sign>[`'^~=."])\s*|(?P<name>[uvHcdbkr])(?:\s+|(?=\{)))
        (?:\{\s*(?P<braced>[^\W\d_])\s*\}|(?P<bare>[^\W\d_]))(?P<close>\}?)""",
    re.VERBOSE,
)
_FORMATTING = re.compile(r"\\(?:emph|text(?:bf|it|tt|sc|sf|rm|up)?|mbox|uppercase)\s*(?=\{)")
_COMMAND = re.compile(r"\\[A-Za-z]")
_ESCAPED = re.compile(r"\\([&%#_$])")
_MARK = re.compile(r"[\\{}~]")
_MATH = re.compile(r"((?<!\\)\$\$?[^$]+\$\$?)")


def normalise_space(text: str) -> str:
    """Return the text with every run of white space as one space, and none at the ends."""
    line = text.replace("\n", " ").strip(" ")
    # All white space but the plain one is unprintable; to see that there is none takes a third of a split's time.
    return line if line.isprintable() and "  " not in line else " ".join(line.split())


def accents_to_unicode(text: str) -> str:
    r"""Return the text with TeX's accents and letters as characters; all other TeX stays."""
    if "\\" not in text:
        return text
    return _outside_math(text, _accents)


def to_unicode(text: str) -> str:
    r"""Return a title's or a name's text as it is printed: accents, ``\&``, ``\emph{}``, ties and braces resolved.

    Formulas stay as they are, so that no reader takes ``$n$`` for a word.
    """
    if not _MARK.search(text):
        return text
    return _outside_math(text, _plain)


def _outside_math(text: str, convert: Callable[[str], str]) -> str:
    parts = _MATH.split(text)
    return "".join(part if position % 2 else convert(part) for position, part in enumerate(parts))


def _plain(text: str) -> str:
    text = _FORMATTING.sub("", _accents(text)).replace("~", " ")
    # Beside a command that is left, braces hold its argument.
    if not _COMMAND.search(text):
        text = text.replace("{", "").replace("}", "")
    return _ESCAPED.sub(r"\1", text)


def _accents(text: str) -> str:
    return unicodedata.normalize("NFC", _ACCENT.sub(_accented, _LETTER.sub(_letter, text)))


def _letter(match: re.Match[str]) -> str:
    return _LETTERS[match["braced"] or match["bare"]]


def _accented(match: re.Match[str]) -> str:
    opened, closed = match[0].startswith("{"), bool(match["close"])
    letter = match["braced"] or match["bare"]
    character = _DOTLESS.get(letter, letter) + _COMBINING[match["sign"] or match["name"]]
    before = "{" if opened and not closed else ""
    after = "}" if closed and not opened else ""
    return before + character + after
