r"""Expands a paper's own macros and follows its files, with bounds.

The expander gives back one flat list of tokens in which ``\input`` is followed, definitions are executed, inactive
branches are gone and ``\begin{x}`` is one token. What a document redefines of LaTeX's structure (sections, captions,
citations) stays as it is, since the reader knows these commands by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from corpus.reading.commands import STRUCTURE
from corpus.reading.conditionals import Conditionals
from corpus.reading.macros import Macro, MacroTable
from corpus.reading.scanner import Scanner
from corpus.reading.stream import SOURCES, TokenStream
from corpus.reading.tokens import PARAGRAPH, SPACE, Tokens, is_control
from db.records import Unread

BURST = 60_000
"""Tokens that one call in the source may turn into, beside those of its arguments."""
REPEATS = 20
"""Times that one file is read."""
PACKAGES = 60
"""Local packages that are read for their definitions."""


@dataclass(frozen=True, slots=True)
class _Environment:
    begin: Macro
    end: tuple[str, ...]


@dataclass(slots=True)
class Expansion:
    """What the expander leaves: tokens, the paper's own definitions, and what it had to give up."""

    tokens: Tokens = field(default_factory=lambda: Tokens(()))
    macros: dict[str, Macro] = field(default_factory=dict)
    column_types: dict[str, Macro] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


Find = Callable[[str, str], tuple[str, str] | None]
"""From a name in the source and the file it stands in to the name and the text of the file meant."""


class Expander:
    """Expands one paper. ``find`` looks up files named in the source; it gives None for what is not there."""

    def __init__(self, find: Find) -> None:
        self.find = find
        self.stream = TokenStream()
        self.table = MacroTable(self.stream)
        self.conditionals = Conditionals(self.table)
        self.result = Expansion(macros=self.table.macros, unread=self.stream.unread)
        self._environments: dict[str, _Environment] = {}
        self._open: list[str] = []
        self._depths: Counter[str] = Counter()
        """How often an environment is open."""
        self._excluded = {"comment"}
        self._definitions_only = False
        self._global = False
        self._called = ""
        """The macro that was called last when nothing else was left of a macro."""
        self._times_read: Counter[str] = Counter()
        """How often a file was read."""

    def run(self, text: str, name: str) -> Expansion:
        """Expand a document's root file."""
        self._times_read[name] += 1
        self.result.tokens = self._expand(Scanner(text, name=name))
        return self.result

    def expand(self, text: str) -> Tokens:
        """Expand a further piece of source with the definitions made so far."""
        return self._expand(Scanner(text))

    def _expand(self, scanner: Scanner) -> Tokens:
        self.stream.start(scanner)
        self.stream.work = 0
        output: list[str] = []
        self._loop(output)
        return Tokens(output)

    def _loop(self, output: list[str]) -> None:
        stream = self.stream
        while (item := stream.next()) is not None:
            if stream.burst + len(stream.pending) > BURST:
                self._note(stream.where, "a macro expands without end; its call was dropped")
                self.table.forget(self._called)
                stream.pending.clear()
                stream.burst = 0
                continue
            if item[0] == "\\":
                if self._control(item, output):
                    continue
            elif item == "{":
                self.table.open_scope()
            elif item == "}":
                self.table.close_scope()
            if not self._definitions_only:
                output.append(item)

    def _control(self, item: str, output: list[str]) -> bool:
        """Act on a control sequence; True when nothing of it goes to the output."""
        handler = _HANDLERS.get(item)
        if handler is not None:
            handler(self, output)
        elif item in self.table.macros:
            if not self._definitions_only:
                if not self.stream.pending:
                    self._called = item
                self.table.call(self.table.macros[item])
        elif item in self.conditionals.setters:
            self.conditionals.set(item)
        elif self.conditionals.is_conditional(item):
            self.conditionals.begin(item)
        else:
            return False
        return True

    def _note(self, locator: str, reason: str) -> None:
        self.stream.unread.append(Unread("document", locator, reason))

    def _define(self, name: str | None, macro: Macro) -> None:
        made_global, self._global = self._global, False
        if not (self._definitions_only and name is not None and "@" in name):
            self.table.define(name, macro, made_global=made_global)

    def _set_global(self) -> None:
        self._global = True

    def _tex_definition(self, *, made_global: bool = False) -> None:
        name = self.table.control_name()
        pattern: list[str] = []
        while (item := self.stream.next()) is not None and item != "{":
            pattern.append(item)
            if len(pattern) > 40:
                return
        body = tuple(self.stream.group(item or ""))
        self._global = self._global or made_global
        plain = all(part[0] == "#" for part in pattern)
        if plain:
            self._define(name, Macro(body, len(pattern)))
        else:
            self._define(name, Macro(body, pattern=tuple(pattern)))

    def _latex_definition(self, *, keep: bool = False) -> None:
        self.stream.star()
        name = self.table.control_name()
        count = "".join(self.stream.optional() or [])
        default = self.stream.optional()
        body = tuple(self.stream.argument())
        if name is None or (keep and name in self.table.macros):
            return
        arguments = _number_of_arguments(count)
        self._define(name, Macro(body, arguments, None if default is None else tuple(default)))

    def _document_command(self) -> None:
        name = self.table.control_name()
        signature: list[str] = []
        depth = 0
        for item in self.stream.argument():
            depth += (item == "{") - (item == "}")
            if depth == 0 and item not in "{}":
                signature.extend(letter for letter in item if letter in "msoO")
        self._define(name, Macro(tuple(self.stream.argument()), signature="".join(signature)))

    def _math_operator(self) -> None:
        self.stream.star()
        name = self.table.control_name()
        self._define(name, Macro(("\\operatorname", "{", *self.stream.argument(), "}")))

    def _let(self) -> None:
        name = self.table.control_name()
        item = self.stream.next_solid()
        if item == "=":
            item = self.stream.next_solid()
        elif item is not None and item.startswith("=") and len(item) > 1:
            item = item[1:]
        if item is None or item == name:
            return
        if name is not None and name.startswith("\\if") and item in ("\\iftrue", "\\iffalse"):
            self.conditionals.values[name] = item == "\\iftrue"
        else:
            self._define(name, self.table.macros.get(item, Macro((item,))))

    def _environment_definition(self) -> None:
        self.stream.star()
        name = "".join(self.stream.argument())
        count = "".join(self.stream.optional() or [])
        default = self.stream.optional()
        begin, end = tuple(self.stream.argument()), tuple(self.stream.argument())
        if "\\" + name in STRUCTURE:
            return
        arguments = _number_of_arguments(count)
        macro = Macro(begin, arguments, None if default is None else tuple(default))
        self._environments[name] = _Environment(macro, end)

    def _column_type(self) -> None:
        letter = "".join(self.stream.argument())
        count = "".join(self.stream.optional() or [])
        default = self.stream.optional()
        body = tuple(self.stream.argument())
        arguments = _number_of_arguments(count)
        self.result.column_types[letter] = Macro(body, arguments, None if default is None else tuple(default))

    def _begin(self, output: list[str]) -> None:
        name = "".join(self.stream.argument()).strip()
        if name in self._excluded:
            self._skip_environment(name)
            return
        self.table.open_scope()
        self._open.append(name)
        self._depths[name] += 1
        environment = self._environments.get(name)
        if environment is not None and self._depths[name] < 20:
            self.table.call(environment.begin)
        elif not self._definitions_only:
            output.append(f"\\begin{{{name}}}")

    def _end(self, output: list[str]) -> None:
        name = "".join(self.stream.argument()).strip()
        while self._depths[name]:
            closed = self._open.pop()
            self._depths[closed] -= 1
            if closed == name:
                break
        environment = self._environments.get(name)
        if environment is not None:
            self.stream.push(environment.end)
        elif not self._definitions_only:
            output.append(f"\\end{{{name}}}")
        self.table.close_scope()

    def _skip_environment(self, name: str) -> None:
        while (item := self.stream.next()) is not None:
            if item == "\\end" and "".join(self.stream.argument()).strip() == name:
                return

    def _input(self) -> None:
        item = self.stream.next_solid()
        if item == "{":
            name = "".join(self.stream.group(item))
        else:
            parts = []
            while item is not None and item not in (SPACE, PARAGRAPH) and not is_control(item) and item != "}":
                parts.append(item)
                item = self.stream.next()
            if item is not None:
                self.stream.push([item])
            name = "".join(parts)
        self._open_file(name.strip().strip('"'))

    def _import(self) -> None:
        folder, name = "".join(self.stream.argument()).strip(), "".join(self.stream.argument()).strip()
        self._open_file(f"{folder.rstrip('/')}/{name}" if folder else name)

    def _open_file(self, name: str) -> None:
        if self._definitions_only or not name:
            return
        found = self.find(name, self.stream.where)
        if found is None:
            self._note(name, "the file is named in the source but not there")
            return
        path, text = found
        nested = len(self.stream.sources) > SOURCES or any(source.name == path for source in self.stream.sources)
        if nested or self._times_read[path] >= REPEATS:
            self._note(path, "the file includes itself")
            return
        self._times_read[path] += 1
        self.stream.open(Scanner(text, name=path))

    def _package(self, suffix: str) -> None:
        self.stream.optional()
        names = "".join(self.stream.argument()).split(",")
        self.stream.optional()
        for name in names:
            found = self.find(name.strip() + suffix, "")
            if found is not None and not self._times_read[found[0]]:
                self._times_read[found[0]] += 1
                self._load_definitions(*found)

    def _load_definitions(self, path: str, text: str) -> None:
        """Run a local package for its definitions alone."""
        if len(self._times_read) > PACKAGES:
            return
        saved = (self.stream.sources, self.stream.pending, self._definitions_only)
        self.stream.start(Scanner(text, name=path, at_letter=True))
        self._definitions_only = True
        self._loop([])
        self.stream.sources, self.stream.pending, self._definitions_only = saved

    def _end_input(self) -> None:
        if self.stream.sources:
            self.stream.sources.pop()

    def _set_at_letter(self, value: bool) -> None:
        if self.stream.sources:
            self.stream.sources[-1].at_letter = value

    def _xspace(self, output: list[str]) -> None:
        item = self.stream.next()
        if item is None:
            return
        self.stream.push([item])
        if item[0] not in ".,'/?;:!~-)\"{}$&\\ \n]^_*" or (item[:1] == "\\" and item[1:2].isalpha() and len(item) > 2):
            output.append(SPACE)

    def _if_next(self, wanted: str | None) -> None:
        if wanted is None:
            wanted = "".join(self.stream.argument())
        yes, no = self.stream.argument(), self.stream.argument()
        item = self.stream.next_solid()
        if item is not None:
            self.stream.push([item])
        self.stream.push(yes if item is not None and item.startswith(wanted) else no)


def _number_of_arguments(digit: str) -> int:
    return int(digit) if digit in tuple("123456789") else 0


_HANDLERS: dict[str, Callable[[Expander, list[str]], None]] = {
    "\\def": lambda e, _: e._tex_definition(),
    "\\edef": lambda e, _: e._tex_definition(),
    "\\gdef": lambda e, _: e._tex_definition(made_global=True),
    "\\xdef": lambda e, _: e._tex_definition(made_global=True),
    "\\let": lambda e, _: e._let(),
    "\\newcommand": lambda e, _: e._latex_definition(),
    "\\renewcommand": lambda e, _: e._latex_definition(),
    "\\DeclareRobustCommand": lambda e, _: e._latex_definition(),
    "\\providecommand": lambda e, _: e._latex_definition(keep=True),
    "\\NewDocumentCommand": lambda e, _: e._document_command(),
    "\\RenewDocumentCommand": lambda e, _: e._document_command(),
    "\\DeclareMathOperator": lambda e, _: e._math_operator(),
    "\\newenvironment": lambda e, _: e._environment_definition(),
    "\\renewenvironment": lambda e, _: e._environment_definition(),
    "\\newcolumntype": lambda e, _: e._column_type(),
    "\\newif": lambda e, _: e.conditionals.declare(),
    "\\newtoggle": lambda e, _: e.conditionals.set_toggle(False),
    "\\providetoggle": lambda e, _: e.conditionals.set_toggle(False),
    "\\toggletrue": lambda e, _: e.conditionals.set_toggle(True),
    "\\togglefalse": lambda e, _: e.conditionals.set_toggle(False),
    "\\iftoggle": lambda e, _: e.conditionals.choose_by_toggle(),
    "\\else": lambda e, _: e.conditionals.skip(stop_at_else=False),
    "\\fi": lambda e, _: None,
    "\\begin": Expander._begin,
    "\\end": Expander._end,
    "\\input": lambda e, _: e._input(),
    "\\include": lambda e, _: e._input(),
    "\\subfile": lambda e, _: e._input(),
    "\\import": lambda e, _: e._import(),
    "\\subimport": lambda e, _: e._import(),
    "\\usepackage": lambda e, _: e._package(".sty"),
    "\\RequirePackage": lambda e, _: e._package(".sty"),
    "\\documentclass": lambda e, _: e._package(".cls"),
    "\\LoadClass": lambda e, _: e._package(".cls"),
    "\\endinput": lambda e, _: e._end_input(),
    "\\makeatletter": lambda e, _: e._set_at_letter(True),
    "\\makeatother": lambda e, _: e._set_at_letter(False),
    "\\excludecomment": lambda e, _: e._excluded.add("".join(e.stream.argument())),
    "\\includecomment": lambda e, _: e._excluded.discard("".join(e.stream.argument())),
    "\\csname": lambda e, _: e.stream.push([e.table.csname()]),
    "\\xspace": Expander._xspace,
    "\\bgroup": lambda e, _: e.stream.push(["{"]),
    "\\egroup": lambda e, _: e.stream.push(["}"]),
    "\\global": lambda e, _: e._set_global(),
    "\\@ifstar": lambda e, _: e._if_next("*"),
    "\\@ifnextchar": lambda e, _: e._if_next(None),
    "\\@firstofone": lambda e, _: e.stream.push(e.stream.argument()),
}
_IGNORED = "expandafter long outer protected noexpand relax protect unexpanded ignorespaces unskip"
_HANDLERS.update({"\\" + name: lambda e, _: None for name in _IGNORED.split()})
