r"""Expands a paper's own macros and decides its conditionals, with bounds (The TeXbook, chapters 20 and 24).

The expander reads files through a ``Scanner`` and gives back one flat list of tokens in which ``\input`` is followed,
definitions are executed, inactive branches are gone and ``\begin{x}`` is one token. What a document redefines of
LaTeX's structure (sections, captions, citations) stays as it is, since the reader knows these commands by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from corpus.reading.commands import STRUCTURE
from corpus.reading.tokens import PARAGRAPH, SPACE, Scanner, is_control, tokenize
from db.records import Unread

STEPS = 2_000_000
"""Tokens handled in one paper."""
BURST = 60_000
"""Tokens that one call in the source may turn into."""
PENDING = 400_000
"""Tokens waiting to be read at one time."""

PRIMITIVE_CONDITIONALS = frozenset(
    "\\" + name
    for name in [
        "if",
        "ifx",
        "ifnum",
        "ifdim",
        "ifodd",
        "ifmmode",
        "ifvmode",
        "ifhmode",
        "ifinner",
        "ifcat",
        "ifcase",
        "iftrue",
        "iffalse",
        "ifdefined",
        "ifcsname",
        "ifpdf",
        "ifxetex",
        "ifluatex",
        "ifeof",
        "ifvoid",
        "ifhbox",
        "ifvbox",
        "if@twocolumn",
        "if@filesw",
        "if@tempswa",
    ]
)


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


@dataclass(slots=True)
class _Environment:
    begin: Macro
    end: tuple[str, ...]


@dataclass(slots=True)
class Expansion:
    """What the expander leaves: tokens, the paper's own definitions, and what it had to give up."""

    tokens: list[str] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    column_types: dict[str, Macro] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    """Names of the files that were reached."""
    unread: list[Unread] = field(default_factory=list)


Find = Callable[[str, str], tuple[str, str] | None]
"""From a name in the source and the file it stands in to the name and the text of the file meant."""


class Expander:
    """Expands one paper. ``find`` looks up files named in the source; it gives None for what is not there."""

    def __init__(self, find: Find) -> None:
        self.find = find
        self.result = Expansion()
        self.macros = self.result.macros
        self._sources: list[Scanner] = []
        self._pending: list[str] = []
        self._scopes: list[list[tuple[str, Macro | None]]] = []
        self._conditionals: dict[str, bool] = {}
        self._environments: dict[str, _Environment] = {}
        self._open: list[str] = []
        self._excluded = {"comment"}
        self._steps = 0
        self._burst = 0
        self._definitions_only = False
        self._global = False
        self._handlers = self._make_handlers()

    def run(self, text: str, name: str) -> Expansion:
        """Expand a document's root file."""
        self.result.read.append(name)
        self._sources.append(Scanner(text, name=name))
        self._loop(self.result.tokens)
        return self.result

    def expand(self, text: str) -> list[str]:
        """Expand a further piece of source with the definitions made so far."""
        self._sources, self._pending, output = [Scanner(text)], [], []
        self._steps = 0
        self._loop(output)
        return output

    # -- reading ------------------------------------------------------------------------------------------------

    def _next(self) -> str | None:
        if self._pending:
            self._burst += 1
            return self._pending.pop()
        self._burst = 0
        while self._sources:
            item = self._sources[-1].next()
            if item is not None:
                return item
            self._sources.pop()
        return None

    def _push(self, tokens: list[str] | tuple[str, ...]) -> None:
        self._pending.extend(reversed(tokens))

    def _next_solid(self) -> str | None:
        item = self._next()
        while item == SPACE:
            item = self._next()
        return item

    def _skip_space(self) -> None:
        item = self._next_solid()
        if item is not None:
            self._push([item])

    def _group(self) -> list[str]:
        """The rest of a group whose ``{`` was read; what was read goes back if it never ends."""
        depth, tokens = 1, []
        while (item := self._next()) is not None:
            if item == "{":
                depth += 1
            elif item == "}":
                depth -= 1
                if depth == 0:
                    return tokens
            tokens.append(item)
            if len(tokens) > PENDING:
                break
        self.result.unread.append(Unread("document", self._where(), "a brace is never closed"))
        self._push(tokens)
        return []

    def _argument(self) -> list[str]:
        item = self._next()
        while item in (SPACE, PARAGRAPH):
            item = self._next()
        if item is None:
            return []
        if item == "{":
            return self._group()
        if item == "}":
            self._push([item])
            return []
        if len(item) > 1 and not is_control(item) and item[0] != "#":
            self._push([item[1:]])
            return [item[0]]
        return [item]

    def _optional(self) -> list[str] | None:
        item = self._next_solid()
        if item != "[":
            if item is not None:
                self._push([item])
            return None
        depth, tokens = 0, []
        while (item := self._next()) is not None:
            if item == "]" and depth == 0:
                return tokens
            if item == "{":
                depth += 1
            elif item == "}":
                depth -= 1
            if depth < 0 or (item == PARAGRAPH and depth == 0) or len(tokens) > PENDING:
                break
            tokens.append(item)
        self._push(["[", *tokens] if item is None else ["[", *tokens, item])
        return None

    def _star(self) -> bool:
        item = self._next_solid()
        if item is not None and item.startswith("*"):
            if len(item) > 1:
                self._push([item[1:]])
            return True
        if item is not None:
            self._push([item])
        return False

    def _name(self) -> str | None:
        r"""A control sequence to be defined: ``\x``, ``{\x}`` or ``\csname x\endcsname``."""
        item = self._next_solid()
        if item == "{":
            inner = [t for t in self._group() if t != SPACE]
            return inner[0] if inner and is_control(inner[0]) else None
        if item == "\\csname":
            return self._csname()
        return item if item is not None and is_control(item) else None

    def _csname(self) -> str:
        parts: list[str] = []
        while (item := self._next()) is not None and item != "\\endcsname":
            if item in self.macros and len(parts) < 100:
                self._call(self.macros[item])
            elif not is_control(item):
                parts.append(item)
        return "\\" + "".join(parts)

    def _where(self) -> str:
        return self._sources[0].name if self._sources else "document"

    # -- the loop -----------------------------------------------------------------------------------------------

    def _loop(self, output: list[str]) -> None:
        while (item := self._next()) is not None:
            self._steps += 1
            if self._steps > STEPS:
                self._give_up("too long to expand")
                return
            if self._burst > BURST or len(self._pending) > PENDING:
                self._drop_burst()
                continue
            first = item[0]
            if first == "\\":
                if self._control(item, output):
                    continue
            elif first == "{":
                self._scopes.append([])
            elif first == "}":
                self._close_scope()
            if not self._definitions_only:
                output.append(item)

    def _control(self, item: str, output: list[str]) -> bool:
        """Act on a control sequence; True when nothing of it goes to the output."""
        handler = self._handlers.get(item)
        if handler is not None:
            handler(output)
            return True
        macro = self.macros.get(item)
        if macro is not None:
            if not self._definitions_only:
                self._call(macro)
            return True
        if item in self._conditionals or item in PRIMITIVE_CONDITIONALS:
            self._conditional(item)
            return True
        return False

    def _give_up(self, reason: str) -> None:
        self.result.unread.append(Unread("document", self._where(), reason))
        self._sources.clear()
        self._pending.clear()

    def _drop_burst(self) -> None:
        self.result.unread.append(
            Unread("document", self._where(), "a macro expands without end; its call was dropped")
        )
        self._pending.clear()
        self._burst = 0

    def _close_scope(self) -> None:
        if not self._scopes:
            return
        for name, old in reversed(self._scopes.pop()):
            if old is None:
                self.macros.pop(name, None)
            else:
                self.macros[name] = old

    # -- macros -------------------------------------------------------------------------------------------------

    def _define(self, name: str | None, macro: Macro) -> None:
        made_global, self._global = self._global, False
        if name is None or name in STRUCTURE or (self._definitions_only and "@" in name):
            return
        if self._scopes and not made_global:
            self._scopes[-1].append((name, self.macros.get(name)))
        self.macros[name] = macro

    def _call(self, macro: Macro) -> None:
        if macro.pattern is not None:
            arguments = self._match(macro.pattern)
            if arguments is None:
                return
        elif macro.signature:
            arguments = self._signature(macro.signature)
        else:
            arguments = []
            if macro.default is not None:
                arguments.append(self._optional_or(list(macro.default)))
            arguments.extend(self._argument() for _ in range(macro.arguments - len(arguments)))
        self._push(_substitute(macro.body, arguments) if arguments else macro.body)

    def _optional_or(self, default: list[str]) -> list[str]:
        given = self._optional()
        return default if given is None else given

    def _signature(self, signature: str) -> list[list[str]]:
        arguments: list[list[str]] = []
        for letter in signature:
            if letter == "m":
                arguments.append(self._argument())
            elif letter == "s":
                arguments.append(["*"] if self._star() else [])
            else:
                arguments.append(self._optional() or [])
        return arguments

    def _match(self, pattern: tuple[str, ...]) -> list[list[str]] | None:
        """Arguments of a macro with delimiters, None (and nothing read back) when the text does not match."""
        arguments: list[list[str]] = []
        index = 0
        while index < len(pattern):
            part = pattern[index]
            if part[0] != "#":
                item = self._next()
                if item is not None and item != part and item.startswith(part):
                    self._push([item[len(part) :]])
                elif item != part:
                    if item is not None:
                        self._push([item])
                    return None
                index += 1
                continue
            index += 1
            if index == len(pattern) or pattern[index][0] == "#":
                arguments.append(self._argument())
            else:
                arguments.append(self._until(pattern[index]))
                index += 1
        return arguments

    def _until(self, delimiter: str) -> list[str]:
        depth, tokens = 0, []
        while (item := self._next()) is not None and len(tokens) < BURST:
            if depth == 0 and item == delimiter:
                return tokens
            if depth == 0 and not is_control(item) and delimiter in item:
                before, _, after = item.partition(delimiter)
                if after:
                    self._push([after])
                return [*tokens, before] if before else tokens
            depth += (item == "{") - (item == "}")
            tokens.append(item)
        self._push(tokens)
        return []

    # -- conditionals -------------------------------------------------------------------------------------------

    def _conditional(self, item: str) -> None:
        if not self._test(item):
            self._skip_branch(stop_at_else=True)

    def _test(self, item: str) -> bool:
        if item in self._conditionals:
            return self._conditionals[item]
        if item == "\\iftrue":
            return True
        if item == "\\ifx":
            return self._meaning() == self._meaning()
        if item == "\\if":
            return self._next_solid() == self._next_solid()
        if item == "\\ifdefined":
            name = self._next_solid()
            return name in self.macros or name in self._handlers
        if item == "\\ifcsname":
            return self._csname() in self.macros
        if item in ("\\ifnum", "\\ifdim", "\\ifodd"):
            return self._compare()
        return False

    def _meaning(self) -> object:
        item = self._next_solid()
        if item == "\\csname":
            item = self._csname()
            return self.macros.get(item, "\\relax")
        if item is None:
            return None
        return self.macros.get(item, item)

    def _compare(self) -> bool:
        r"""``\ifnum a<b`` of plain digits and macros that hold digits; False for all else."""
        text, limit = "", 20
        while (item := self._next()) is not None and limit:
            limit -= 1
            macro = self.macros.get(item)
            if macro is not None and not macro.arguments:
                self._push(macro.body)
            elif is_control(item) or item in (SPACE, PARAGRAPH):
                if item != SPACE:
                    self._push([item])
                break
            else:
                text += item
        for sign in "<>=":
            left, found, right = text.partition(sign)
            if found and left.isdigit() and right.isdigit():
                a, b = int(left), int(right)
                return {"<": a < b, ">": a > b, "=": a == b}[sign]
        return False

    def _skip_branch(self, *, stop_at_else: bool) -> None:
        depth = 0
        while (item := self._next()) is not None:
            if item == "\\fi":
                if depth == 0:
                    return
                depth -= 1
            elif item == "\\else" and depth == 0 and stop_at_else:
                return
            elif item in self._conditionals or item in PRIMITIVE_CONDITIONALS:
                depth += 1
            elif item == "\\newif":
                self._next()

    # -- what the handlers do -----------------------------------------------------------------------------------

    def _make_handlers(self) -> dict[str, Callable[[list[str]], None]]:
        handlers: dict[str, Callable[[list[str]], None]] = {
            "\\def": lambda _: self._tex_definition(),
            "\\edef": lambda _: self._tex_definition(),
            "\\gdef": lambda _: self._tex_definition(made_global=True),
            "\\xdef": lambda _: self._tex_definition(made_global=True),
            "\\let": lambda _: self._let(),
            "\\newcommand": lambda _: self._latex_definition(),
            "\\renewcommand": lambda _: self._latex_definition(),
            "\\DeclareRobustCommand": lambda _: self._latex_definition(),
            "\\providecommand": lambda _: self._latex_definition(keep=True),
            "\\NewDocumentCommand": lambda _: self._document_command(),
            "\\RenewDocumentCommand": lambda _: self._document_command(),
            "\\DeclareMathOperator": lambda _: self._math_operator(),
            "\\newenvironment": lambda _: self._environment_definition(),
            "\\renewenvironment": lambda _: self._environment_definition(),
            "\\newcolumntype": lambda _: self._column_type(),
            "\\newif": lambda _: self._new_conditional(),
            "\\newtoggle": lambda _: self._set_toggle("\\newtoggle"),
            "\\providetoggle": lambda _: self._set_toggle("\\providetoggle"),
            "\\toggletrue": lambda _: self._set_toggle("\\toggletrue"),
            "\\togglefalse": lambda _: self._set_toggle("\\togglefalse"),
            "\\iftoggle": lambda _: self._if_toggle(),
            "\\else": lambda _: self._skip_branch(stop_at_else=False),
            "\\fi": lambda _: None,
            "\\begin": self._begin,
            "\\end": self._end,
            "\\input": lambda _: self._input(),
            "\\include": lambda _: self._input(),
            "\\subfile": lambda _: self._input(),
            "\\import": lambda _: self._import(),
            "\\subimport": lambda _: self._import(),
            "\\usepackage": lambda _: self._package(".sty"),
            "\\RequirePackage": lambda _: self._package(".sty"),
            "\\documentclass": lambda _: self._package(".cls"),
            "\\LoadClass": lambda _: self._package(".cls"),
            "\\endinput": lambda _: self._end_input(),
            "\\makeatletter": lambda _: self._set_at_letter(True),
            "\\makeatother": lambda _: self._set_at_letter(False),
            "\\excludecomment": lambda _: self._excluded.add("".join(self._argument())),
            "\\includecomment": lambda _: self._excluded.discard("".join(self._argument())),
            "\\csname": lambda _: self._push([self._csname()]),
            "\\xspace": self._xspace,
            "\\bgroup": lambda _: self._push(["{"]),
            "\\egroup": lambda _: self._push(["}"]),
            "\\global": lambda _: self._set_global(),
            "\\@ifstar": lambda _: self._if_next("*"),
            "\\@ifnextchar": lambda _: self._if_next(None),
            "\\@firstofone": lambda _: self._push(self._argument()),
        }
        for name in [
            "expandafter",
            "long",
            "outer",
            "protected",
            "noexpand",
            "relax",
            "protect",
            "unexpanded",
            "ignorespaces",
            "unskip",
        ]:
            handlers["\\" + name] = lambda _: None
        return handlers

    def _set_global(self) -> None:
        self._global = True

    def _tex_definition(self, *, made_global: bool = False) -> None:
        name = self._name()
        pattern: list[str] = []
        while (item := self._next()) is not None and item != "{":
            pattern.append(item)
            if len(pattern) > 40:
                return
        body = tuple(self._group())
        self._global = self._global or made_global
        plain = all(part[0] == "#" for part in pattern)
        if plain:
            self._define(name, Macro(body, len(pattern)))
        else:
            self._define(name, Macro(body, pattern=tuple(pattern)))

    def _latex_definition(self, *, keep: bool = False) -> None:
        self._star()
        name = self._name()
        count = "".join(self._optional() or [])
        default = self._optional()
        body = tuple(self._argument())
        if name is None or (keep and name in self.macros):
            return
        arguments = int(count) if count.isdigit() and len(count) == 1 else 0
        self._define(name, Macro(body, arguments, None if default is None else tuple(default)))

    def _document_command(self) -> None:
        name = self._name()
        signature = []
        depth = 0
        for item in self._argument():
            depth += (item == "{") - (item == "}")
            if depth == 0 and item not in "{}":
                signature.extend(letter for letter in item if letter in "msoO")
        self._define(name, Macro(tuple(self._argument()), signature="".join(signature)))

    def _math_operator(self) -> None:
        self._star()
        name = self._name()
        self._define(name, Macro(("\\operatorname", "{", *self._argument(), "}")))

    def _let(self) -> None:
        name = self._name()
        item = self._next_solid()
        if item == "=":
            item = self._next_solid()
        elif item is not None and item.startswith("=") and len(item) > 1:
            item = item[1:]
        if item is None or item == name:
            return
        if name is not None and name.startswith("\\if") and item in ("\\iftrue", "\\iffalse"):
            self._conditionals[name] = item == "\\iftrue"
        else:
            self._define(name, self.macros.get(item, Macro((item,))))

    def _environment_definition(self) -> None:
        self._star()
        name = "".join(self._argument())
        count = "".join(self._optional() or [])
        default = self._optional()
        begin, end = tuple(self._argument()), tuple(self._argument())
        if "\\" + name in STRUCTURE:
            return
        arguments = int(count) if count.isdigit() and len(count) == 1 else 0
        macro = Macro(begin, arguments, None if default is None else tuple(default))
        self._environments[name] = _Environment(macro, end)

    def _column_type(self) -> None:
        letter = "".join(self._argument())
        count = "".join(self._optional() or [])
        default = self._optional()
        body = tuple(self._argument())
        arguments = int(count) if count.isdigit() and len(count) == 1 else 0
        self.result.column_types[letter] = Macro(body, arguments, None if default is None else tuple(default))

    def _new_conditional(self) -> None:
        name = self._next_solid()
        if name is None or not name.startswith("\\if"):
            return
        self._conditionals[name] = False
        stem = name[3:]
        self._handlers[f"\\{stem}true"] = lambda _: self._conditionals.__setitem__(name, True)
        self._handlers[f"\\{stem}false"] = lambda _: self._conditionals.__setitem__(name, False)

    def _set_toggle(self, command: str) -> None:
        self._conditionals["toggle " + "".join(self._argument())] = command == "\\toggletrue"

    def _if_toggle(self) -> None:
        value = self._conditionals.get("toggle " + "".join(self._argument()), False)
        yes, no = self._argument(), self._argument()
        self._push(yes if value else no)

    def _begin(self, output: list[str]) -> None:
        name = "".join(self._argument()).strip()
        if name in self._excluded:
            self._skip_environment(name)
            return
        self._scopes.append([])
        self._open.append(name)
        environment = self._environments.get(name)
        if environment is not None and self._open.count(name) < 20:
            self._call(environment.begin)
        elif not self._definitions_only:
            output.append(f"\\begin{{{name}}}")

    def _end(self, output: list[str]) -> None:
        name = "".join(self._argument()).strip()
        if name in self._open:
            while self._open.pop() != name:
                pass
        environment = self._environments.get(name)
        if environment is not None:
            self._push(environment.end)
        elif not self._definitions_only:
            output.append(f"\\end{{{name}}}")
        self._close_scope()

    def _skip_environment(self, name: str) -> None:
        while (item := self._next()) is not None:
            if item == "\\end" and "".join(self._argument()).strip() == name:
                return

    def _input(self) -> None:
        item = self._next_solid()
        if item == "{":
            name = "".join(self._group())
        else:
            parts = []
            while item is not None and item not in (SPACE, PARAGRAPH) and not is_control(item) and item != "}":
                parts.append(item)
                item = self._next()
            if item is not None:
                self._push([item])
            name = "".join(parts)
        self._open_file(name.strip().strip('"'))

    def _import(self) -> None:
        folder, name = "".join(self._argument()).strip(), "".join(self._argument()).strip()
        self._open_file(f"{folder.rstrip('/')}/{name}" if folder else name)

    def _open_file(self, name: str) -> None:
        if self._definitions_only or not name:
            return
        found = self.find(name, self._sources[-1].name if self._sources else "")
        if found is None:
            self.result.unread.append(Unread("document", name, "the file is named in the source but not there"))
            return
        path, text = found
        if len(self._sources) > 30 or any(source.name == path for source in self._sources):
            self.result.unread.append(Unread("document", path, "the file includes itself"))
            return
        self.result.read.append(path)
        rest, self._pending = self._pending, []
        if rest:
            self._sources.append(_Tokens(list(reversed(rest))))
        self._sources.append(Scanner(text, name=path))

    def _package(self, suffix: str) -> None:
        self._optional()
        names = "".join(self._argument()).split(",")
        self._optional()
        for name in names:
            found = self.find(name.strip() + suffix, "")
            if found is not None and found[0] not in self.result.read:
                self.result.read.append(found[0])
                self._load_definitions(*found)

    def _load_definitions(self, path: str, text: str) -> None:
        """Run a local package for its definitions alone."""
        if len(self.result.read) > 60:
            return
        saved = (self._sources, self._pending, self._definitions_only, self._scopes)
        self._sources, self._pending, self._scopes = [Scanner(text, name=path, at_letter=True)], [], []
        self._definitions_only = True
        self._loop([])
        self._sources, self._pending, self._definitions_only, self._scopes = saved

    def _end_input(self) -> None:
        if len(self._sources) > 1:
            self._sources.pop()
        else:
            self._sources.clear()

    def _set_at_letter(self, value: bool) -> None:
        if self._sources:
            self._sources[-1].at_letter = value

    def _xspace(self, output: list[str]) -> None:
        item = self._next()
        if item is None:
            return
        self._push([item])
        if item[0] not in ".,'/?;:!~-)\"{}$&\\ \n]^_*" or (item[:1] == "\\" and item[1:2].isalpha() and len(item) > 2):
            output.append(SPACE)

    def _if_next(self, wanted: str | None) -> None:
        if wanted is None:
            wanted = "".join(self._argument())
        yes, no = self._argument(), self._argument()
        item = self._next_solid()
        if item is not None:
            self._push([item])
        self._push(yes if item is not None and item.startswith(wanted) else no)


class _Tokens(Scanner):
    """Tokens that were pending when a file was opened, to be read after it."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__("", name="")
        self._iterator = iter(tokens)

    def next(self) -> str | None:
        """The next token."""
        return next(self._iterator, None)


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


def macro_text(macro: Macro) -> list[str]:
    """The body of a macro without arguments, as tokens; empty for one with arguments."""
    return [] if macro.arguments or macro.pattern or macro.signature else list(macro.body)


__all__ = ["Expander", "Expansion", "Macro", "macro_text", "tokenize"]
