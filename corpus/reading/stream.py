"""The tokens of a paper as one stream: files on a stack, and before them what macros have put back.

Reading of arguments follows TeX (The TeXbook, chapter 20); what can't be an argument is put back, so that nothing of a
damaged source is lost. What a search for an end has found out is put back, too, and all work together is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable

from corpus.reading.scanner import Scanner
from corpus.reading.tokens import PARAGRAPH, SPACE, find_ends, is_control
from db.records import Unread

ARGUMENT = 400_000
"""Tokens in which the end of an argument is looked for."""
SOURCES = 30
"""Files open at one time."""
WORK = 800_000
"""Tokens that are read from the files of one paper or put back, at most."""
LEAST_WORK, WORK_PER_CHARACTER = 300_000, 4
"""The same for a short paper, and what each character adds: what macros make of a source grows with it."""


class _Unclosed(str):
    """An opening brace or bracket that was found to have no end."""

    __slots__ = ()


class TokenStream:
    """Reads tokens from a stack of sources; tokens that were pushed back come first.

    It ends when more than ``limit`` tokens were read from the sources or put back; every source adds to the limit.
    """

    def __init__(self, limit: int = LEAST_WORK) -> None:
        self.limit = limit
        self.work = 0
        """Tokens read from the sources or put back so far."""
        self.sources: list[Scanner] = []
        self.pending: list[str] = []
        self.burst = 0
        """Tokens read that were put back, less those that were read from the sources just before."""
        self.unread: list[Unread] = []

    def start(self, scanner: Scanner) -> None:
        """Read from this source alone."""
        self.sources, self.pending, self.burst = [], [], 0
        self.open(scanner)

    def open(self, scanner: Scanner) -> None:
        """Read from a further source first; what was pushed back comes after it."""
        rest, self.pending = self.pending, []
        if rest:
            self.sources.append(_Waiting(reversed(rest)))
        self.sources.append(scanner)
        self.limit = min(self.limit + WORK_PER_CHARACTER * len(scanner.text), WORK)

    @property
    def where(self) -> str:
        """Name of the file that is read, for messages."""
        return next((source.name for source in reversed(self.sources) if source.name), "document")

    def next(self) -> str | None:
        """The next token, None at the end."""
        if self.pending:
            self.burst += 1
            return self.pending.pop()
        while self.sources:
            item = self.sources[-1].next()
            if item is not None:
                self.burst = self.burst - 1 if self.burst < 0 else -1
                self.work += 1
                if self.work > self.limit:
                    self._give_up()
                return item
            self.sources.pop()
        return None

    def push(self, tokens: list[str] | tuple[str, ...]) -> None:
        """Put tokens back, to be read next."""
        self.pending.extend(reversed(tokens))
        self.work += len(tokens)
        if self.work > self.limit:
            self._give_up()

    def _give_up(self) -> None:
        """Drop everything that was not read yet."""
        self.unread.append(Unread("document", self.where, "it is too long to expand; the rest was left out"))
        self.sources.clear()
        self.pending.clear()

    def next_solid(self) -> str | None:
        """The next token that is no space."""
        item = self.next()
        while item == SPACE:
            item = self.next()
        return item

    def group(self, opening: str) -> list[str]:
        """The rest of a group whose ``{`` was read; what was read goes back if it never ends."""
        if isinstance(opening, _Unclosed):
            return []
        depth = 1
        tokens: list[str] = []
        while (item := self.next()) is not None:
            if item == "{":
                depth += 1
            elif item == "}":
                depth -= 1
                if depth == 0:
                    return tokens
            tokens.append(item)
            if len(tokens) > ARGUMENT:
                break
        self.unread.append(Unread("document", self.where, "a brace is never closed"))
        self.push(_mark_unclosed(tokens))
        return []

    def argument(self) -> list[str]:
        """A mandatory argument without its braces; of a run of text the first character."""
        item = self.next()
        while item in (SPACE, PARAGRAPH):
            item = self.next()
        if item is None:
            return []
        if item == "{":
            return self.group(item)
        if item == "}":
            self.push([item])
            return []
        if len(item) > 1 and not is_control(item) and item[0] != "#":
            self.push([item[1:]])
            return [item[0]]
        return [item]

    def optional(self) -> list[str] | None:
        """An argument in brackets, None when there is none."""
        item = self.next_solid()
        if item != "[" or isinstance(item, _Unclosed):
            if item is not None:
                self.push([item])
            return None
        depth = 0
        tokens: list[str] = []
        while (item := self.next()) is not None:
            if item == "]" and depth == 0:
                return tokens
            if item == "{":
                depth += 1
            elif item == "}":
                depth -= 1
            if depth < 0 or (item == PARAGRAPH and depth == 0) or len(tokens) > ARGUMENT:
                break
            tokens.append(item)
        if item is not None:
            self.push([item])
        self.push(_mark_unclosed(["[", *tokens]))
        return None

    def star(self) -> bool:
        """True after taking a star."""
        item = self.next_solid()
        if item is not None and item.startswith("*"):
            if len(item) > 1:
                self.push([item[1:]])
            return True
        if item is not None:
            self.push([item])
        return False

    def until(self, delimiter: str) -> list[str]:
        """Tokens up to a delimiter outside of groups; nothing is lost when it never comes."""
        depth = 0
        tokens: list[str] = []
        while (item := self.next()) is not None and len(tokens) < ARGUMENT:
            if depth == 0 and item == delimiter:
                return tokens
            if depth == 0 and not is_control(item) and delimiter in item:
                before, _, after = item.partition(delimiter)
                if after:
                    self.push([after])
                return [*tokens, before] if before else tokens
            depth += (item == "{") - (item == "}")
            tokens.append(item)
        self.push(tokens)
        return []


def _mark_unclosed(tokens: list[str]) -> list[str]:
    """Tokens with a mark on the braces and brackets that nothing among them closes."""
    ends = find_ends(tokens)
    return [_Unclosed(item) if item in ("{", "[") and not ends[n] else item for n, item in enumerate(tokens)]


class _Waiting(Scanner):
    """Tokens that were pushed back when a file was opened, to be read after it."""

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__("")
        self._iterator = iter(tokens)

    def next(self) -> str | None:
        """The next token."""
        return next(self._iterator, None)
