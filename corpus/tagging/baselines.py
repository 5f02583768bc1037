"""The named methods that an abstract says it compares with or outperforms."""

from __future__ import annotations

import re
from collections.abc import Collection

from corpus.knowledge import Knowledge
from corpus.tagging.found import Found, NameWords, identity
from corpus.tagging.plain import sentences

_COMPARISON = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat(?:s|ing)?|superior to|superiority (?:over|to)|better than"
    r"|compar\w+ (?:to|with|against)|comparison (?:to|with)|over|than|against|versus|vs\.?|baselines?"
    r"|improv\w+ (?:over|upon)|alternatives?|competitors?|state-of-the-art \w+(?: \w+)?)\b"
)
_LEAD = re.compile(
    r"(?:\W+(?!(?:on|in|across|while|when|by|under|for|where|using|achiev\w+|with|prunes?)\b)[\w.-]+){0,7}\W*"
)
_BETWEEN = re.compile(
    r"(?:\s*\([^()]*\))?\s*(?:,|/|and|or|as well as|&)?\s*(?:and|or)?\s*(?:the|by \d\S*|even)?\s*"
    r"(?:[\d.]+ ?(?:-+ ?[\d.]+)?(?:x|×|%) over )?",
)


def find_baselines(abstract: str, knowledge: Knowledge, words: NameWords, barred: Collection[str]) -> list[Found]:
    """Names in the lists that follow words of comparison, from a plain abstract; ``barred`` are others' identities."""
    found: dict[int, Found] = {}
    candidates = _candidates(abstract, knowledge, words)
    for start, end in sentences(abstract):
        here = [name for name in candidates if start <= name.start and name.end <= end]
        if not here:
            continue
        for cue in _COMPARISON.finditer(abstract, start, end):
            for name in _list_after(abstract, cue.end(), here):
                found[name.start] = name
    return [name for _, name in sorted(found.items()) if identity(name.text) not in barred]


def _candidates(abstract: str, knowledge: Knowledge, words: NameWords) -> list[Found]:
    """Known methods (no control arms) and words of the shape of a name, ascending."""
    known = [
        Found(m.start, m.end, m.text, 0.8, m.canonical)
        for m in knowledge.mentions("method", abstract)
        if not knowledge.methods[m.canonical].control and not (m.text.isalpha() and m.text.islower())
    ]
    taken = {place for name in known for place in range(name.start, name.end)}
    for mention in knowledge.mentions("dataset", abstract):
        taken.update(range(mention.start, mention.end))
    shaped = [
        Found(match.start(), match.end(), match[0], 0.5)
        for match in words.token.finditer(abstract)
        if match.start() not in taken and words.is_name(match[0]) and not words.is_compound(match[0])
    ]
    return sorted((*known, *shaped), key=lambda name: name.start)


def _list_after(abstract: str, position: int, names: list[Found]) -> list[Found]:
    """The names of the list that begins within a few words of a position."""
    listed: list[Found] = []
    for name in names:
        if name.start < position:
            continue
        gap = abstract[position : name.start]
        if (_BETWEEN if listed else _LEAD).fullmatch(gap) is None:
            break
        listed.append(name)
        position = name.end
    return listed
