r"""Definitions of macros: what they stand for, where they hold, and what a call turns into.

Covers TeX's ``\def`` with delimited parameters, LaTeX's ``\newcommand`` with a default and the signatures of
``\NewDocumentCommand``. A definition holds until its group ends (The TeXbook, chapters 7 and 20).
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.reading.commands import STRUCTURE
from corpus.reading.stream import TokenStream
from corpus.reading.tokens import is_control


@dataclass(frozen=True, slots=True)
class Macro:
    """A definition: the text between parameters (TeX) or the number of arguments and a default (LaTeX)."""

    body: tuple[str, ...]
    arguments: int = 0
    default: tuple[str, ...] | None = None
    pattern: tuple[str, ...] | None = None
    """TeX's parameter text, when it has delimiters."""
    signature: str = ""
    """Letters of ``\\NewDocumentCommand``."""

    @property
    def is_text(self) -> bool:
        """True for a macro that takes no arguments."""
        return not (self.arguments or self.pattern or self.signature)


class MacroTable:
    """The macros that hold at one place of a source."""

    def __init__(self, stream: TokenStream) -> None:
        self.stream = stream
        self.macros: dict[str, Macro] = {}
        self._scopes: list[list[tuple[str, Macro | None]]] = []

    def open_scope(self) -> None:
        """A group begins."""
        self._scopes.append([])

    def close_scope(self) -> None:
        """A group ends: what was defined in it is forgotten. Does nothing outside of groups."""
        if not self._scopes:
            return
        for name, old in reversed(self._scopes.pop()):
            if old is None:
                self.macros.pop(name, None)
            else:
                self.macros[name] = old

    def define(self, name: str | None, macro: Macro, *, made_global: bool = False) -> None:
        """Define a macro, unless it is a command of LaTeX's structure."""
        if name is None or name in STRUCTURE:
            return
        if self._scopes and not made_global:
            self._scopes[-1].append((name, self.macros.get(name)))
        self.macros[name] = macro

    def forget(self, name: str) -> None:
        """Take a name for no macro any more."""
        self.macros.pop(name, None)

    def call(self, macro: Macro) -> None:
        """Read the arguments of a macro and put its expansion into the stream."""
        stream = self.stream
        if macro.pattern is not None:
            matched = self._match(macro.pattern)
            if matched is None:
                return
            arguments = matched
        elif macro.signature:
            arguments = self._signature(macro.signature)
        else:
            arguments = []
            if macro.default is not None:
                given = stream.optional()
                arguments.append(list(macro.default) if given is None else given)
            arguments.extend(stream.argument() for _ in range(macro.arguments - len(arguments)))
        stream.push(_substitute(macro.body, arguments) if arguments else macro.body)

    def _signature(self, signature: str) -> list[list[str]]:
        arguments: list[list[str]] = []
        for letter in signature:
            if letter == "m":
                arguments.append(self.stream.argument())
            elif letter == "s":
                arguments.append(["*"] if self.stream.star() else [])
            else:
                arguments.append(self.stream.optional() or [])
        return arguments

    def _match(self, pattern: tuple[str, ...]) -> list[list[str]] | None:
        """Arguments of a macro with delimiters, None (and nothing read back) when the text does not match."""
        arguments: list[list[str]] = []
        index = 0
        while index < len(pattern):
            part = pattern[index]
            if part[0] != "#":
                item = self.stream.next()
                if item is not None and item != part and item.startswith(part):
                    self.stream.push([item[len(part) :]])
                elif item != part:
                    if item is not None:
                        self.stream.push([item])
                    return None
                index += 1
                continue
            index += 1
            if index == len(pattern) or pattern[index][0] == "#":
                arguments.append(self.stream.argument())
            else:
                arguments.append(self.stream.until(pattern[index]))
                index += 1
        return arguments

    def control_name(self) -> str | None:
        r"""A control sequence to be defined: ``\x``, ``{\x}`` or ``\csname x\endcsname``."""
        item = self.stream.next_solid()
        if item == "{":
            inner = [part for part in self.stream.group(item) if part.strip()]
            return inner[0] if inner and is_control(inner[0]) else None
        if item == "\\csname":
            return self.csname()
        return item if item is not None and is_control(item) else None

    def csname(self) -> str:
        r"""The control sequence that ``\csname ... \endcsname`` spells, after the ``\csname``."""
        parts: list[str] = []
        budget = 200
        while (item := self.stream.next()) is not None and item != "\\endcsname" and budget:
            budget -= 1
            if item in self.macros:
                self.call(self.macros[item])
            elif not is_control(item):
                parts.append(item)
        return "\\" + "".join(parts)


def _substitute(body: tuple[str, ...], arguments: list[list[str]]) -> list[str]:
    tokens: list[str] = []
    for item in body:
        if item[0] == "#" and len(item) > 1:
            if item[1] == "#":
                tokens.append(item[1:])
            elif int(item[1]) <= len(arguments):
                tokens.extend(arguments[int(item[1]) - 1])
        else:
            tokens.append(item)
    return tokens
