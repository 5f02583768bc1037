"""Short forms and the long forms they stand for, as "Filter Pruning via Geometric Median (FPGM)".

Words whose initials are the short form come first. Else the search is that of Schwartz and Hearst (2003): the letters
of the short form are found from right to left in the words before the bracket, the first one at the start of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BRACKET = re.compile(r"\(\s*([A-Za-z0-9][\w+#/.-]{1,14})\s*\)")
_WORD = re.compile(r"[A-Za-z0-9]+")
_SHORT_WORD = 3
"""Words of so many letters (of, via, for) keep their small letter in a name."""
_REVERSED = re.compile(r"(?<![\w-])([A-Z][\w+#-]{1,14}) \(([^()]{6,90})\)")


@dataclass(frozen=True, slots=True)
class Definition:
    """A short form with its long form and their places in the text."""

    short: str
    short_start: int
    short_end: int
    long: str
    long_start: int
    long_end: int

    def covers(self, start: int, end: int) -> bool:
        """True when a stretch of the text lies within the long form."""
        return self.long_start <= start and end <= self.long_end

    @property
    def names(self) -> bool:
        """True when the long form is a name and not only a description: by its capitals, or spelled by initials."""
        words = self.long.split()
        capital = all(word[0].isupper() for word in words if len(word) > _SHORT_WORD)
        initials = "".join(word if word.isupper() else word[0] for word in _WORD.findall(self.long))
        return len(words) > 1 and (capital or initials.casefold() == "".join(_WORD.findall(self.short)).casefold())


def definitions(text: str) -> Iterator[Definition]:
    """All definitions in a plain text, in both orders: "long (SHORT)" and "SHORT (long)"."""
    for match in _BRACKET.finditer(text):
        short = match[1]
        if not any(c.isupper() for c in short):
            continue
        end = len(text[: match.start()].rstrip(" \"'`"))
        start = _long_start(text, end, short)
        if start is not None:
            yield Definition(short, match.start(1), match.end(1), text[start:end], start, end)
    for match in _REVERSED.finditer(text):
        short, long = match[1], match[2].strip()
        offset = match.start(2) + (len(match[2]) - len(match[2].lstrip()))
        start = _long_start(text, offset + len(long), short, floor=offset)
        if start is not None and start == offset:
            yield Definition(short, match.start(1), match.end(1), long, offset, offset + len(long))


def _long_start(text: str, end: int, short: str, floor: int = 0) -> int | None:
    """Where the long form that ends at ``end`` begins, or None if the letters of the short form are not found."""
    letters = [c.lower() for c in short if c.isalnum()]
    by_initials = _initials_start(text, end, letters)
    if by_initials is not None and by_initials >= floor:
        return by_initials
    most_words = min(len(letters) + 5, len(letters) * 2)
    floor = max(floor, _words_back(text, end, most_words))
    position = end - 1
    for index in range(len(letters) - 1, -1, -1):
        while position >= floor and not (
            text[position].lower() == letters[index]
            and (index > 0 or position == 0 or not text[position - 1].isalnum())
        ):
            position -= 1
        if position < floor:
            return None
        position -= 1
    start = position + 1
    while start > floor and text[start - 1] not in " \"'`(":
        start -= 1
    long = text[start:end]
    return start if (len(long) > len(short) and " " in long.strip()) or "-" in long else None


def _initials_start(text: str, end: int, letters: list[str]) -> int | None:
    """Start of as many words as there are letters, if their initials are just these letters."""
    words = list(_WORD.finditer(text, max(0, end - 25 * len(letters)), end))[-len(letters) :]
    initials = [word[0][0].lower() for word in words]
    return words[0].start() if len(words) > 1 and initials == letters else None


def _words_back(text: str, end: int, count: int) -> int:
    position = end
    for _ in range(count):
        previous = text.rfind(" ", 0, position)
        if previous < 0:
            return 0
        position = previous
        if text[position - 1 : position] in {".", ";", ":"}:
            break
    return position + 1
