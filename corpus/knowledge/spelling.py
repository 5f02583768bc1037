"""How names are compared: a key without case, spaces and hyphens, and the places where a name may be broken by them.

``ResNet-50``, ``resnet 50`` and ``ResNet50`` have one key. A text may put a space or hyphen only where the name has
one, or where letters meet digits or a capital follows a small letter: "so pt" is never read as a name "SOPT".
"""

from __future__ import annotations

import re

HYPHENS = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")
SEPARATORS = HYPHENS | frozenset(" \t\n\r_\u00a0")
_WITHOUT_SEPARATORS = dict.fromkeys(map(ord, SEPARATORS))

_CITATION_MARK = re.compile(r"\[[\d,;\s\u2013-]*\]")
_NOTE_MARKS = "†‡§¶*⋆∗♣♠♦♥^ \t\n\r\u00a0,;:"


def strip_marks(text: str) -> str:
    """The name without citation marks such as ``[12]`` and footnote marks such as ``†`` at its ends."""
    return _CITATION_MARK.sub("", text).strip(_NOTE_MARKS)


def letters(text: str) -> tuple[str, list[int]]:
    """The characters that make up a name's key, in lower case, and their offsets into the text."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(small if len(small := character.lower()) == 1 else character for character in text)
    offsets = [offset for offset, character in enumerate(lower) if character not in SEPARATORS]
    return lower.translate(_WITHOUT_SEPARATORS), offsets


def key(text: str) -> str:
    """The form in which two spellings of one name are equal."""
    return letters(text)[0]


def breaks(name: str) -> frozenset[int]:
    """Positions in the name's key before which a text may put a space or hyphen."""
    positions = set()
    previous = -1
    for position, offset in enumerate(letters(name)[1]):
        if previous >= 0:
            before, after = name[previous], name[offset]
            separated = offset - previous > 1
            digit_edge = before.isdigit() != after.isdigit()
            hump = before.islower() and after.isupper()
            if separated or digit_edge or hump:
                positions.add(position)
        previous = offset
    return frozenset(positions)
