"""Author names out of arXiv's one line of text, such as ``A. Lee (1), B. Roy and C. Diaz Jr. ((1) MIT, (2) ETH)``.

The conventions are arXiv's for submitters (info.arxiv.org/help/prep.html): names are parted by commas or ``and``,
affiliations stand in parentheses, a collaboration may lead the list with a colon.
"""

from __future__ import annotations

import re

from ingest.tex import normalise_space, to_unicode

_PART = re.compile(r" ?[,;] ?(?:[Aa][Nn][Dd] |& )?| (?:[Aa][Nn][Dd]|&) ")
"""Between two names of a line whose spaces are single."""
_ODD_WORDS = frozenset(("et", "and", "others", "jr", "sr", "ii", "iii", "iv", "for", "on"))
"""What may stand in a part that is more or less than a name."""
_LEADING_GROUP = re.compile(r"^(?P<group>[^:,]*\b(?:collaborations?|consortium|team|group)\b[^:,]*):\s*", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_NOBODY = re.compile(r"et\s+al\.?|and|others|\W*", re.IGNORECASE)
_ON_BEHALF = re.compile(r"^(?:and\s+|for\s+|on behalf of\s+)+(?=\S)", re.IGNORECASE)
_ET_AL = re.compile(r"\s+et\s+al\.?$", re.IGNORECASE)


def split_authors(text: str) -> tuple[str, ...]:
    """Return the names in order, in Unicode, without affiliations; ``et al.`` is no name."""
    line = normalise_space(_without_parentheses(to_unicode(text)))
    names: list[str] = []
    group = _LEADING_GROUP.match(line) if ":" in line else None
    if group:
        names.append(group["group"].strip())
        line = line[group.end() :]
    for part in _PART.split(line):
        if not _is_odd(part):
            names.append(part.strip())
            continue
        name = _ET_AL.sub("", _ON_BEHALF.sub("", part.strip()))
        if _SUFFIX.fullmatch(name) and names:
            names[-1] = f"{names[-1]}, {name}"
        elif not _NOBODY.fullmatch(name):
            names.append(name)
    return tuple(names)


def _is_odd(part: str) -> bool:
    """Whether a part may be more or less than a name; most are not, and a set tells so faster than a pattern."""
    words = part.lower().replace(".", " ").split()
    return not words or not words[0][0].isalnum() or not _ODD_WORDS.isdisjoint(words)


def _without_parentheses(text: str) -> str:
    """Drop what stands in parentheses, however deep; an unclosed one ends the text."""
    if "(" not in text and ")" not in text:
        return text
    kept: list[str] = []
    depth = 0
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(character)
    return "".join(kept)
