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
from corpus.reading.tokens import (
    PARAGRAPH,
    SPACE,
    environment_name,
    flatten,
    is_control,
    read_argument,
    read_arguments,
    read_optional,
    skip_space,
    skip_star,
)

_DEPTH = 40
_MATH_SHIFTS = frozenset({"$", "\\(", "\\)", "\\[", "\\]"})
_PLAIN = {SPACE: " ", PARAGRAPH: " ", "~": " ", "&": " ", "#": "#"}
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("`", "‘"))
_MATH_ENVIRONMENTS = frozenset(
    name + star
    for name in ("equation", "align", "gather", "multline", "eqnarray", "math", "displaymath", "flalign", "alignat")
    for star in ("", "*")
)
_SIUNITX = re.compile(r"(?<=\d)[eEdD]([-+]?\d+)")
_LENGTH = re.compile(r"(?:plus|minus)?\s*-?[\d.]*\s*(?:pt|em|ex|mm|cm|in|mu|sp|bp|pc|fil+)|(?:plus|minus)$")
_RUNS = re.compile(r"[ \t\n\u00a0\u2002-\u200a]+")


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


def read_inline(tokens: list[str], *, math: bool = False) -> Inline:
    """Plain text of tokens, with the citations, references and notes in them."""
    converter = _Converter()
    converter.walk(list(tokens), math, bold=False, depth=0)
    result = converter.result
    result.text = _RUNS.sub(" ", "".join(converter.parts)).strip()
    result.bold = converter.bold_solid > 0 and converter.bold_solid >= converter.plain_solid
    return result


def to_text(tokens: list[str]) -> str:
    """Plain text of tokens."""
    return read_inline(tokens).text


class _Converter:
    """Collects text while it walks tokens; groups are a stack, not recursion, so that depth has no cost."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.result = Inline()
        self.bold_solid = 0
        self.plain_solid = 0

    def walk(self, tokens: list[str], math: bool, bold: bool, depth: int) -> None:
        """Convert tokens; lists are split in place by the readers of arguments."""
        if depth > _DEPTH:
            return
        stack: list[tuple[bool, bool]] = []
        index = 0
        while index < len(tokens):
            item = tokens[index]
            index += 1
            if item == "{":
                stack.append((math, bold))
            elif item == "}":
                if stack:
                    math, bold = stack.pop()
            elif item in _MATH_SHIFTS:
                if item == "$" and index < len(tokens) and tokens[index] == "$":
                    index += 1
                math = not math if item == "$" else item in ("\\(", "\\[")
            elif item in ("^", "_"):
                index = self._script(tokens, index, item, bold, depth)
            elif item in _PLAIN:
                if item != SPACE or not math:
                    self.parts.append(_PLAIN[item])
            elif not is_control(item):
                self._plain(item, math, bold)
            elif item in BOLD_SWITCHES:
                bold = True
            elif item in NOT_BOLD:
                bold = False
            elif item.startswith(("\\begin{", "\\end{")):
                index, math = self._environment(tokens, index, item, math)
            else:
                index = self._command(tokens, index, item, math, bold, depth)

    def _plain(self, text: str, math: bool, bold: bool) -> None:
        if math:
            text = text.replace("'", "′").replace("*", "∗") if "'" in text or "*" in text else text
        else:
            for source, target in _LIGATURES:
                if source in text:
                    text = text.replace(source, target)
        self.parts.append(text)
        weight = sum(character.isdigit() for character in text) * 100 or sum(c.isalpha() for c in text)
        if bold:
            self.bold_solid += weight
        else:
            self.plain_solid += weight

    def _environment(self, tokens: list[str], index: int, item: str, math: bool) -> tuple[int, bool]:
        name = environment_name(item)
        begins = item.startswith("\\begin")
        self.parts.append(" ")
        if name in _MATH_ENVIRONMENTS:
            return index, begins
        if begins and name in ("tabular", "array", "tabular*", "minipage"):
            if name == "tabular*":
                _, index = read_argument(tokens, index)
            _, index = read_optional(tokens, index)
            _, index = read_argument(tokens, index)
        elif begins and name in ("itemize", "enumerate", "adjustbox", "small"):
            _, index = read_optional(tokens, index)
            if name == "adjustbox":
                _, index = read_argument(tokens, index)
        return index, math

    def _script(self, tokens: list[str], index: int, kind: str, bold: bool, depth: int) -> int:
        argument, index = read_argument(tokens, index)
        if (len(argument) == 1 and argument[0] in ARGUMENTS) or argument == ["\\mathrm"] or argument == ["\\text"]:
            inner, index = read_argument(tokens, index)
            argument = [*argument, "{", *inner, "}"]
        converter = _Converter()
        converter.walk(list(argument), True, bold, depth + 1)
        self._take(converter)
        text = "".join(converter.parts).strip()
        if kind == "^" and text:
            self._superscript(text)
        else:
            self.parts.append(text)
        return index

    def _superscript(self, text: str) -> None:
        if text == "∘":
            self.parts.append("°")
        elif any(character.isalnum() for character in text):
            self.parts.append("^" + text)
        else:
            self.result.marks += text
            self.parts.append(text)

    def _take(self, other: _Converter) -> None:
        for name in ("cites", "references", "footnotes"):
            getattr(self.result, name).extend(getattr(other.result, name))
        self.result.marks += other.result.marks
        self.bold_solid += other.bold_solid
        self.plain_solid += other.plain_solid

    def _command(self, tokens: list[str], index: int, item: str, math: bool, bold: bool, depth: int) -> int:
        if item in CITATIONS or item.startswith(("\\cite", "\\Cite")):
            return self._citation(tokens, index)
        if item in FOOTNOTES:
            _, index = read_optional(tokens, index)
            argument, index = read_argument(tokens, index)
            self.result.footnotes.append(_inner_text(argument, depth))
            return index
        if item in REFERENCES:
            index = skip_star(tokens, index)
            argument, index = read_argument(tokens, index)
            self.result.references.extend(name.strip() for name in flatten(argument).split(","))
            self.parts.append(flatten(argument))
            return index
        special = _SPECIAL.get(item)
        if special is not None:
            return special(self, tokens, index, item, math, bold, depth)
        if item in ARGUMENTS:
            return self._arguments(tokens, index, ARGUMENTS[item], math, bold, depth)
        if item in BOLD or item in TEXT_IN_MATH:
            argument, index = read_argument(tokens, index)
            self.walk(list(argument), math and item not in TEXT_IN_MATH, bold or item in BOLD, depth + 1)
            return index
        printed = symbol(item)
        if printed is not None:
            if item == "\\\\":
                index = skip_star(tokens, index)
                _, index = read_optional(tokens, index)
            self.parts.append(printed)
        elif item in ACCENTS:
            return self._accent(tokens, index, item, math, bold, depth)
        return index

    def _citation(self, tokens: list[str], index: int) -> int:
        index = skip_star(tokens, index)
        _, index = read_optional(tokens, index)
        _, index = read_optional(tokens, index)
        argument, index = read_argument(tokens, index)
        self.result.cites.extend(key.strip() for key in flatten(argument).split(",") if key.strip())
        return index

    def _arguments(self, tokens: list[str], index: int, signature: str, math: bool, bold: bool, depth: int) -> int:
        arguments, index = read_arguments(tokens, index, signature)
        for letter, argument in arguments:
            if letter == "K":
                self.walk(list(argument), math, bold, depth + 1)
        return index

    def _accent(self, tokens: list[str], index: int, item: str, math: bool, bold: bool, depth: int) -> int:
        argument, index = read_argument(tokens, index)
        before = len(self.parts)
        self.walk(list(argument), math, bold, depth + 1)
        text = "".join(self.parts[before:])
        if text:
            letter = {"ı": "i", "ȷ": "j"}.get(text[0], text[0])
            self.parts[before:] = [unicodedata.normalize("NFC", letter + ACCENTS[item]) + text[1:]]
        return index


def _inner_text(tokens: list[str], depth: int) -> str:
    """Text of an argument that does not go where it stands."""
    inner = _Converter()
    inner.walk(list(tokens), False, bold=False, depth=depth + 1)
    return _RUNS.sub(" ", "".join(inner.parts)).strip()


def _fraction(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    top, index = read_argument(tokens, index)
    bottom, index = read_argument(tokens, index)
    c.walk(list(top), math, bold, depth + 1)
    c.parts.append("/")
    c.walk(list(bottom), math, bold, depth + 1)
    return index


def _root(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    index = read_optional(tokens, index)[1]
    c.parts.append("√")
    argument, index = read_argument(tokens, index)
    c.walk(list(argument), math, bold, depth + 1)
    return index


def _ensure_math(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    argument, index = read_argument(tokens, index)
    c.walk(list(argument), True, bold, depth + 1)
    return index


def _superscript(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    return c._script(tokens, index, "^", bold, depth)


def _subscript(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    argument, index = read_argument(tokens, index)
    c.walk(list(argument), math, bold, depth + 1)
    return index


def _number(c: _Converter, tokens: list[str], index: int, item: str, math: bool, bold: bool, depth: int) -> int:
    """siunitx's numbers and quantities (siunitx manual, section 2)."""
    index = read_optional(tokens, index)[1]
    argument, index = read_argument(tokens, index)
    text = _inner_text(argument, depth).replace(" ", "").replace("+-", "±")
    c._plain(_SIUNITX.sub(r"×10^\1", text), True, bold)
    if item in ("\\SI", "\\qty"):
        index = read_optional(tokens, index)[1]
        unit, index = read_argument(tokens, index)
        c.parts.append(" ")
        c.walk(list(unit), True, bold, depth + 1)
    return index


def _dingbat(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    """A character of the font Zapf Dingbats by its code (pifont)."""
    argument, index = read_argument(tokens, index)
    code = flatten(argument)
    if code.isdigit() and 33 <= int(code) <= 126:
        c.parts.append(chr(0x2700 + int(code) - 32))
    elif code.isdigit() and 161 <= int(code) <= 254:
        c.parts.append(chr(0x2761 + int(code) - 161))
    return index


def _circled(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    argument, index = read_argument(tokens, index)
    c.parts.append("^")
    c.walk(list(argument), math, bold, depth + 1)
    return index


def _glue(c: _Converter, tokens: list[str], index: int, _: str, math: bool, bold: bool, depth: int) -> int:
    """TeX's glue and kerns: the length that follows without braces is no text."""
    index = skip_space(tokens, index)
    while index < len(tokens) and (match := _LENGTH.match(tokens[index])):
        rest = tokens[index][match.end() :]
        index = skip_space(tokens, index + 1)
        if rest:
            tokens.insert(index, rest)
            break
    c.parts.append(" ")
    return index


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
