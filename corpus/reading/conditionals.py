r"""TeX's conditionals and etoolbox's toggles: which branch of a source is active.

Tests that need typesetting (boxes, modes) are taken as false. A name that no ``\newif`` has made is no conditional.
"""

from __future__ import annotations

from corpus.reading.macros import MacroTable
from corpus.reading.tokens import PARAGRAPH, SPACE, is_control

_PRIMITIVE = frozenset(
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
_DIGITS = 40
"""Characters of a comparison of numbers."""


class Conditionals:
    """Knows the conditionals of a source and skips what they switch off."""

    def __init__(self, table: MacroTable) -> None:
        self.table = table
        self.stream = table.stream
        self.values: dict[str, bool] = {}
        self.toggles: dict[str, bool] = {}
        self.setters: dict[str, tuple[str, bool]] = {}
        r"""``\xtrue`` and ``\xfalse`` of each ``\newif\ifx``."""

    def is_conditional(self, item: str) -> bool:
        r"""True for a token that begins a conditional."""
        return item in self.values or item in _PRIMITIVE

    def declare(self) -> None:
        r"""Act on ``\newif``."""
        name = self.stream.next_solid()
        if name is None or not name.startswith("\\if"):
            return
        self.values[name] = False
        self.setters["\\" + name[3:] + "true"] = (name, True)
        self.setters["\\" + name[3:] + "false"] = (name, False)

    def set(self, command: str) -> None:
        r"""Act on ``\xtrue`` or ``\xfalse``."""
        name, value = self.setters[command]
        self.values[name] = value

    def set_toggle(self, value: bool) -> None:
        """Act on a command that makes or sets a toggle."""
        self.toggles["".join(self.stream.argument())] = value

    def choose_by_toggle(self) -> None:
        r"""Act on ``\iftoggle``."""
        value = self.toggles.get("".join(self.stream.argument()), False)
        yes, no = self.stream.argument(), self.stream.argument()
        self.stream.push(yes if value else no)

    def begin(self, item: str) -> None:
        """Act on a conditional: go on in its first branch or skip to the second."""
        if not self._test(item):
            self.skip(stop_at_else=True)

    def skip(self, *, stop_at_else: bool) -> None:
        r"""Skip to the ``\fi`` (or, if wanted, the ``\else``) that belongs to the open branch."""
        depth = 0
        while (item := self.stream.next()) is not None:
            if item == "\\fi":
                if depth == 0:
                    return
                depth -= 1
            elif item == "\\else" and depth == 0 and stop_at_else:
                return
            elif self.is_conditional(item):
                depth += 1
            elif item == "\\newif":
                self.stream.next()

    def _test(self, item: str) -> bool:
        if item in self.values:
            return self.values[item]
        if item == "\\iftrue":
            return True
        if item == "\\ifx":
            return self._meaning() == self._meaning()
        if item == "\\if":
            return self.stream.next_solid() == self.stream.next_solid()
        if item == "\\ifdefined":
            name = self.stream.next_solid()
            return name in self.table.macros
        if item == "\\ifcsname":
            return self.table.csname() in self.table.macros
        if item in ("\\ifnum", "\\ifdim", "\\ifodd"):
            return self._compare()
        return False

    def _meaning(self) -> object:
        item = self.stream.next_solid()
        if item == "\\csname":
            item = self.table.csname()
            return self.table.macros.get(item, "\\relax")
        if item is None:
            return None
        return self.table.macros.get(item, item)

    def _compare(self) -> bool:
        r"""``\ifnum a<b`` of plain digits and macros that hold digits; False for all else."""
        text, limit = "", 20
        while (item := self.stream.next()) is not None and limit:
            limit -= 1
            macro = self.table.macros.get(item)
            if macro is not None and not macro.arguments:
                self.stream.push(macro.body)
            elif is_control(item) or item in (SPACE, PARAGRAPH):
                if item != SPACE:
                    self.stream.push([item])
                break
            else:
                text += item
        for sign in "<>=":
            left, found, right = text.partition(sign)
            if found and left.isdecimal() and right.isdecimal() and len(text) <= _DIGITS:
                a, b = int(left), int(right)
                return {"<": a < b, ">": a > b, "=": a == b}[sign]
        return False
