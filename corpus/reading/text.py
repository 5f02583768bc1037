"""LaTeX tokens to plain Unicode text, for running text and for cells of tables.

Formatting is dropped, mathematics becomes linear text (``10^1.5``, ``L1``, ``93.1±0.2``), citations and notes leave
the text and are kept beside it. Symbols that stand as superscripts keep their place (``†``).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from corpus.reading.commands import (
    ACCENTS,
    ARGUMENTS,
    BOLD,
    BOLD_SWITCHES,
    CITATIONS,
    FOOTNOTES,
    NOT_BOLD,
    REFERENCES,
    TEXT_IN_MATH,
    symbol,
)
from corpus.reading.tokens import PARAGRAPH, SPACE, Cursor, Tokens, environment_name, flatten, is_control

_DEPTH = 40
_MATH_SHIFTS = frozenset({"$", "\\(", "\\)", "\\[", "\\]"})
_PLAIN = {SPACE: " ", PARAGRAPH: " ", "~": " ", "&": " ", "#": "#"}
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("`", "‘"))
_WORD = 1000
"""Characters of a run of text; a longer one is no word."""
_MATH_SIGNS = (("'", "′"), ("*", "∗"))
_MATH_ENVIRONMENTS = frozenset(
    name + star
    for name in ("equation", "align", "gather", "multline", "eqnarray", "math", "displaymath", "flalign", "alignat")
    for star in ("", "*")
)
_ENVIRONMENT_ARGUMENTS = {
    "tabular": "om",
    "array": "om",
    "tabular*": "mom",
    "minipage": "om",
    "itemize": "o",
    "enumerate": "o",
    "adjustbox": "om",
    "small": "o",
}
_SIUNITX = re.compile(r"(?<=\d)[eEdD]([-+]?\d+)")
_LENGTH = re.compile(r"(?:plus|minus)?\s*-?[\d.]*\s*(?:pt|em|ex|mm|cm|in|mu|sp|bp|pc|fil+)|(?:plus|minus)$")
_RUNS = re.compile(r"\s+")


@dataclass(slots=True)
class Inline:
    """Text with what stood in it."""

    text: str = ""
    cites: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    bold: bool = False
    """True when digits, or all of the letters, are bold."""
    marks: str = ""
    """Symbols that stood as superscripts."""


def read_inline(tokens: Tokens, *, math: bool = False) -> Inline:
    """Plain text of tokens, with the citations, references and notes in them."""
    converter = _Converter()
    converter.walk(tokens, math, bold=False, depth=0)
    result = converter.result
    result.text = _RUNS.sub(" ", "".join(converter.parts)).strip()
    result.marks = "".join(converter.marks)
    result.bold = converter.bold_solid > 0 and converter.bold_solid >= converter.plain_solid
    return result


def to_text(tokens: Tokens) -> str:
    """Plain text of tokens."""
    return read_inline(tokens).text


class _Converter:
    """Collects text while it walks tokens; groups are a stack, not recursion, so that depth has no cost."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[str] = []
        self.result = Inline()
        self.bold_solid = 0
        self.plain_solid = 0

    def walk(self, tokens: Tokens, math: bool, bold: bool, depth: int) -> None:
        """Convert tokens; what is nested deeper than any text is left out."""
        if depth > _DEPTH:
            return
        stack: list[tuple[bool, bool]] = []
        cursor = tokens.cursor()
        while (item := cursor.next()) is not None:
            if item in _PLAIN:
                if item != SPACE or not math:
                    self.parts.append(_PLAIN[item])
            elif item in _MATH_SHIFTS:
                if item == "$" and cursor.peek() == "$":
                    cursor.next()
                math = not math if item == "$" else item in ("\\(", "\\[")
            elif is_control(item):
                if item in BOLD_SWITCHES or item in NOT_BOLD:
                    bold = item in BOLD_SWITCHES
                elif item.startswith(("\\begin{", "\\end{")):
                    math = self._environment(cursor, item, math)
                else:
                    self._command(cursor, item, math, bold, depth)
            elif item == "{":
                stack.append((math, bold))
            elif item == "}":
                if stack:
                    math, bold = stack.pop()
            elif item in ("^", "_"):
                self._script(cursor, item, bold, depth)
            else:
                self._plain(item, math, bold)

    def _plain(self, text: str, math: bool, bold: bool) -> None:
        text = text[:_WORD]
        if not text.isalnum():
            for source, target in _MATH_SIGNS if math else _LIGATURES:
                if source in text:
                    text = text.replace(source, target)
        self.parts.append(text)
        weight = len(text) if text.isalpha() else sum(map(str.isdigit, text)) * 100 or sum(map(str.isalpha, text))
        if bold:
            self.bold_solid += weight
        else:
            self.plain_solid += weight

    def _environment(self, cursor: Cursor, item: str, math: bool) -> bool:
        """Pass over the arguments of an environment; whether mathematics follows."""
        name = environment_name(item)
        begins = item.startswith("\\begin")
        self.parts.append(" ")
        if name in _MATH_ENVIRONMENTS:
            return begins
        if begins:
            cursor.arguments(_ENVIRONMENT_ARGUMENTS.get(name, ""))
        return math

    def _script(self, cursor: Cursor, kind: str, bold: bool, depth: int) -> None:
        argument = cursor.argument()
        if len(argument) == 1 and (argument[0] in ARGUMENTS or argument[0] in ("\\mathrm", "\\text")):
            argument = Tokens([*argument, "{", *cursor.argument(), "}"])
        converter = _Converter()
        converter.walk(argument, True, bold, depth + 1)
        self._take(converter)
        text = "".join(converter.parts).strip()
        if kind == "^" and text:
            self._superscript(text)
        else:
            self.parts.append(text)

    def _superscript(self, text: str) -> None:
        if text == "∘":
            self.parts.append("°")
        elif any(character.isalnum() for character in text):
            self.parts.append("^" + text)
        else:
            self.marks.append(text)
            self.parts.append(text)

    def _take(self, other: _Converter) -> None:
        self.result.cites += other.result.cites
        self.result.references += other.result.references
        self.result.footnotes += other.result.footnotes
        self.marks += other.marks
        self.bold_solid += other.bold_solid
        self.plain_solid += other.plain_solid

    def _command(self, cursor: Cursor, item: str, math: bool, bold: bool, depth: int) -> None:
        if item in CITATIONS or item.startswith(("\\cite", "\\Cite")):
            cursor.star()
            cursor.optional()
            cursor.optional()
            keys = flatten(cursor.argument()).split(",")
            self.result.cites.extend(key.strip() for key in keys if key.strip())
        elif item in FOOTNOTES:
            _, note = cursor.arguments("om")[0]
            self.result.footnotes.append(_inner_text(note, depth))
        elif item in REFERENCES:
            cursor.star()
            names = flatten(cursor.argument())
            self.result.references.extend(name.strip() for name in names.split(","))
            self.parts.append(names)
        elif item in _SPECIAL:
            _SPECIAL[item](self, cursor, item, math, bold, depth)
        elif item in ARGUMENTS:
            for letter, argument in cursor.arguments(ARGUMENTS[item]):
                if letter == "K":
                    self.walk(argument, math, bold, depth + 1)
        elif item in BOLD or item in TEXT_IN_MATH:
            self.walk(cursor.argument(), math and item not in TEXT_IN_MATH, bold or item in BOLD, depth + 1)
        elif (printed := symbol(item)) is not None:
            if item == "\\\\":
                cursor.star()
                cursor.optional()
            self.parts.append(printed)
        elif item in ACCENTS:
            self._accent(cursor.argument(), item, math, bold, depth)

    def _accent(self, argument: Tokens, item: str, math: bool, bold: bool, depth: int) -> None:
        before = len(self.parts)
        self.walk(argument, math, bold, depth + 1)
        text = "".join(self.parts[before:])
        if text:
            letter = {"ı": "i", "ȷ": "j"}.get(text[0], text[0])
            self.parts[before:] = [unicodedata.normalize("NFC", letter + ACCENTS[item]) + text[1:]]


def _inner_text(tokens: Tokens, depth: int) -> str:
    """Text of an argument that does not go where it stands."""
    inner = _Converter()
    inner.walk(tokens, False, bold=False, depth=depth + 1)
    return _RUNS.sub(" ", "".join(inner.parts)).strip()


def _fraction(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    top, bottom = cursor.argument(), cursor.argument()
    c.walk(top, math, bold, depth + 1)
    c.parts.append("/")
    c.walk(bottom, math, bold, depth + 1)


def _root(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    cursor.optional()
    c.parts.append("√")
    c.walk(cursor.argument(), math, bold, depth + 1)


def _ensure_math(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    c.walk(cursor.argument(), True, bold, depth + 1)


def _superscript(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    c._script(cursor, "^", bold, depth)


def _subscript(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    c.walk(cursor.argument(), math, bold, depth + 1)


def _number(c: _Converter, cursor: Cursor, item: str, math: bool, bold: bool, depth: int) -> None:
    """siunitx's numbers and quantities (siunitx manual, section 2)."""
    cursor.optional()
    text = _inner_text(cursor.argument(), depth).replace(" ", "").replace("+-", "±")
    c._plain(_SIUNITX.sub(r"×10^\1", text), True, bold)
    if item in ("\\SI", "\\qty"):
        cursor.optional()
        c.parts.append(" ")
        c.walk(cursor.argument(), True, bold, depth + 1)


def _dingbat(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    """A character of the font Zapf Dingbats by its code (pifont)."""
    code = flatten(cursor.argument())
    if len(code) > 3 or not code.isdecimal():
        return
    if 33 <= int(code) <= 126:
        c.parts.append(chr(0x2700 + int(code) - 32))
    elif 161 <= int(code) <= 254:
        c.parts.append(chr(0x2761 + int(code) - 161))


def _circled(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    c.parts.append("^")
    c.walk(cursor.argument(), math, bold, depth + 1)


def _glue(c: _Converter, cursor: Cursor, _: str, math: bool, bold: bool, depth: int) -> None:
    """TeX's glue and kerns: the length that follows without braces is no text."""
    cursor.skip_space()
    while (item := cursor.peek()) is not None and (match := _LENGTH.match(item)):
        cursor.next()
        cursor.skip_space()
        if match.end() < len(item):
            cursor.put_back(item[match.end() :])
            break
    c.parts.append(" ")


_SPECIAL = {
    "\\hskip": _glue,
    "\\kern": _glue,
    "\\mskip": _glue,
    "\\mkern": _glue,
    "\\vskip": _glue,
    "\\frac": _fraction,
    "\\dfrac": _fraction,
    "\\tfrac": _fraction,
    "\\nicefrac": _fraction,
    "\\sfrac": _fraction,
    "\\sqrt": _root,
    "\\ensuremath": _ensure_math,
    "\\textsuperscript": _superscript,
    "\\tnote": _superscript,
    "\\textsubscript": _subscript,
    "\\num": _number,
    "\\SI": _number,
    "\\qty": _number,
    "\\ding": _dingbat,
    "\\tmark": _circled,
}
