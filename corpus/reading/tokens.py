r"""Tokens of LaTeX, and the reading of arguments, groups and environments from them.

A token is a string: a control sequence (``\name``, ``\%``), one of the special characters ``{ } $ & ^ _ ~ # [ ]``, a
parameter (``#1``), a space, a paragraph break (two newlines) or a run of ordinary text. What closes what is found in
one pass over a paper, so that reading it takes time in proportion to its length, however its braces stand.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

PARAGRAPH = "\n\n"
SPACE = " "
SPECIAL = frozenset("{}$&^_~#[]")
_PAIRED = frozenset("{}[]")


def is_control(item: str) -> bool:
    """True for a control sequence."""
    return item[0] == "\\"


def environment_name(item: str) -> str:
    r"""The name in a joined ``\begin{name}`` or ``\end{name}`` token, empty for other tokens."""
    if item.startswith(("\\begin{", "\\end{")):
        return item[item.index("{") + 1 : -1]
    return ""


class _Source:
    """Tokens with what is known of their order; shared by all parts of them."""

    __slots__ = ("_ends", "_places", "items")

    def __init__(self, items: Sequence[str]) -> None:
        self.items = items
        self._ends: array[int] | None = None
        self._places: dict[str, list[int]] | None = None

    def end(self, index: int) -> int:
        """Index of the token that closes the one at ``index``, 0 when none does."""
        if self._ends is None:
            self._ends = find_ends(self.items)
        return self._ends[index]

    def places(self, wanted: str) -> list[int]:
        """Where a control sequence or a paragraph break stands."""
        if self._places is None:
            found: defaultdict[str, list[int]] = defaultdict(list)
            for index, item in enumerate(self.items):
                if item[0] in "\\\n":
                    found[item].append(index)
            self._places = found
        return self._places.get(wanted, [])


def find_ends(items: Sequence[str]) -> array[int]:
    r"""For every ``{``, ``[`` and ``\begin{name}`` the index of what closes it, 0 where nothing does.

    A group closes the brackets that are open in it, and a ``]`` closes all that are open in its group.
    """
    ends = array("l", bytes(array("l").itemsize * len(items)))
    opened: list[int] = []
    environments: defaultdict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if item in _PAIRED:
            if item in "{[":
                opened.append(index)
            elif item == "]":
                while opened and items[opened[-1]] == "[":
                    ends[opened.pop()] = index
            else:
                while opened:
                    begin = opened.pop()
                    if items[begin] == "{":
                        ends[begin] = index
                        break
        elif item[-1] == "}" and (name := environment_name(item)):
            if item[1] == "b":
                environments[name].append(index)
            elif environments[name]:
                ends[environments[name].pop()] = index
    return ends


class Tokens:
    """Tokens that don't change; a part of them is no copy."""

    __slots__ = ("_source", "start", "stop")

    def __init__(self, items: Sequence[str]) -> None:
        self._source = _Source(items)
        self.start = 0
        self.stop = len(items)

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[str]:
        return iter(self._source.items[self.start : self.stop])

    def __contains__(self, item: str) -> bool:
        return self.find(item) is not None

    def __getitem__(self, index: int) -> str:
        return self._source.items[self.start + index]

    def find(self, item: str) -> int | None:
        """Index of the first such control sequence (or paragraph break); None when there is none."""
        places = self._source.places(item)
        place = bisect_left(places, self.start)
        return places[place] - self.start if place < len(places) and places[place] < self.stop else None

    def part(self, start: int, stop: int | None = None) -> Tokens:
        """The tokens between two indices."""
        return self._absolute(self.start + start, self.stop if stop is None else self.start + stop)

    def _absolute(self, start: int, stop: int) -> Tokens:
        part = Tokens.__new__(Tokens)
        part._source, part.start, part.stop = self._source, start, max(start, min(stop, self.stop))
        return part

    def cursor(self) -> Cursor:
        """A reader that stands before the first of them."""
        return Cursor(self)


class Cursor:
    """Reads tokens from front to back; of a run of text it can read the first character alone, as TeX does."""

    __slots__ = ("_index", "_items", "_rest", "_stop", "_tokens")

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._items = tokens._source.items
        self._index = tokens.start
        self._stop = tokens.stop
        self._rest = ""

    @property
    def place(self) -> tuple[int, str]:
        """Where the next token stands: set it to what it was to go back there."""
        return self._index, self._rest

    @place.setter
    def place(self, place: tuple[int, str]) -> None:
        self._index, self._rest = place

    def next(self) -> str | None:
        """The next token, None at the end."""
        if self._rest:
            item, self._rest = self._rest, ""
            return item
        index = self._index
        if index >= self._stop:
            return None
        self._index = index + 1
        return self._items[index]

    def next_control(self) -> str | None:
        """The next control sequence, None when there is no more; what stands before it is passed over."""
        items = self._items
        for index in range(self._index, self._stop):
            if items[index][0] == "\\":
                self.place = index + 1, ""
                return items[index]
        self.place = self._stop, ""
        return None

    def go_to(self, item: str) -> bool:
        """Go behind the next such control sequence; False when there is none."""
        before = self._tokens._absolute(self._index, self._stop).find(item)
        if before is None:
            return False
        self.place = self._index + before + 1, ""
        return True

    def peek(self) -> str | None:
        """The next token without going on."""
        if self._rest:
            return self._rest
        return self._items[self._index] if self._index < self._stop else None

    def put_back(self, text: str) -> None:
        """Read this rest of the run of text that was read last next."""
        self._rest = text

    def rest(self) -> Tokens:
        """What was not read yet."""
        rest = self._tokens._absolute(self._index, self._stop)
        return Tokens([self._rest, *rest]) if self._rest else rest

    def read_since(self, place: tuple[int, str]) -> Tokens:
        """What was read since the cursor stood at a place, but for the token that was read last."""
        index, rest = place
        part = self._tokens._absolute(index, self._index - 1)
        return Tokens([rest, *part]) if rest else part

    def rest_with_last(self) -> Tokens:
        """What was not read yet, and before it the token that was read last."""
        return self._tokens._absolute(self._index - 1, self._stop)

    def skip_space(self) -> None:
        """Go to the first token that is no space."""
        if not self._rest:
            items, index, stop = self._items, self._index, self._stop
            while index < stop and items[index] in (SPACE, PARAGRAPH):
                index += 1
            self._index = index

    def argument(self) -> Tokens:
        """A mandatory argument without its braces; a group that is never closed ends with its paragraph."""
        self.skip_space()
        item = self.peek()
        if item is None or item == "}":
            return _NOTHING
        if item == "{":
            return self._group()
        self.next()
        if len(item) > 1 and not is_control(item) and item[0] not in SPECIAL:
            self._rest = item[1:]
            return Tokens([item[0]])
        return Tokens([item])

    def _group(self) -> Tokens:
        start = self._index + 1
        end = self._tokens._source.end(self._index)
        if not 0 < end < self._stop:
            rest = self._tokens._absolute(start, self._stop)
            length = rest.find(PARAGRAPH)
            end = self._stop if length is None else start + length
        self._index = min(end + 1, self._stop)
        return self._tokens._absolute(start, end)

    def optional(self) -> Tokens | None:
        """An argument in brackets, None when there is none; then the cursor stays where it was."""
        items, begin, stop = self._items, self._index, self._stop
        if self._rest:
            return None
        while begin < stop and items[begin] in (SPACE, PARAGRAPH):
            begin += 1
        if begin == stop or items[begin] != "[":
            return None
        end = self._tokens._source.end(begin)
        if not 0 < end < stop:
            return None
        self._index = end + 1
        return self._tokens._absolute(begin + 1, end)

    def star(self) -> bool:
        """True after taking a star."""
        item = self.peek()
        if item is None or item[0] != "*":
            return False
        self.next()
        self._rest = item[1:]
        return True

    def arguments(self, signature: str) -> list[tuple[str, Tokens]]:
        """The mandatory arguments of a command, each with its letter.

        In a signature ``s`` is a star, ``o`` an optional argument and ``d`` the opening of one in round brackets, all
        of which are passed over; any other letter is a mandatory argument.
        """
        found: list[tuple[str, Tokens]] = []
        for letter in signature:
            if letter == "s":
                self.star()
            elif letter == "o":
                self.optional()
            elif letter == "d":
                self._round_bracket()
            else:
                found.append((letter, self.argument()))
        return found

    def _round_bracket(self) -> None:
        place = self.place
        self.skip_space()
        item = self.next()
        if item is None or item[0] != "(":
            self.place = place

    def environment(self) -> Tokens | None:
        r"""The environment whose ``\begin{name}`` was read last, with both ends; None when it is never closed.

        The cursor stays where it is; ``leave`` takes it behind the environment.
        """
        begin = self._index - 1
        end = self._tokens._source.end(begin)
        return self._tokens._absolute(begin, end + 1) if 0 < end < self._stop else None

    def leave(self, part: Tokens) -> None:
        """Go on behind a part of the tokens that are read."""
        self._index, self._rest = part.stop, ""


_NOTHING = Tokens(())


def flatten(tokens: Tokens) -> str:
    """The tokens' source joined, without outer space: for names, keys and lengths."""
    return "".join(tokens).strip()
