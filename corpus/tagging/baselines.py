"""The named methods that an abstract says it compares with or outperforms."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from corpus.knowledge import Knowledge
from corpus.tagging.found import Found, NameWords, identity
from corpus.tagging.plain import sentences

_COMPARISON = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat(?:s|ing)?|superior to|superiority (?:over|to)|better than"
    r"|compar\w+ (?:to|with|against)|comparison (?:to|with)|(?:competitive|comparable|on par) (?:to|with)|over|than"
    r"|against|versus|vs\.?|baselines?|improv\w+ (?:over|upon)|alternatives?|competitors?"
    r"|(?-i:state-of-the-art) "
    r"(?!(?:[\w-]+ )?(?:results?|performance|accuracy|models?|architectures?|networks?|cnns?|f1)\b)\w+(?: \w+)?)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:\W+(?!(?:on|in|across|while|when|by|under|for|where|using|achiev\w+|with|prunes?)\b)[\w.-]+){0,7}\W*"
)
_BETWEEN = re.compile(
    r"(?:\s*\([^()]*\))?\s*(?:,|/|and|or|as well as|&)?\s*(?:and|or)?\s*(?:the|by \d\S*|even)?\s*"
    r"(?:[\d.]+ ?(?:-+ ?[\d.]+)?(?:x|×|%) over |(?:[a-z-]+ ){0,2}(?:\w+s )?(?:like|such as) )?",
)
_CAPITALISED = re.compile(r"(?<![\w-])[A-Z][a-z]{2,}(?![\w-])")
_NAMES_FOLLOW = re.compile(
    r"(?:\b(?:outperform\w*|surpass\w*|exceed\w*|like|such as|including|over|than)|e\.g\.,?)\s*$"
)
"""Before a word with only its first letter in capitals: it is a name, not the start of a phrase."""
_A_KIND = re.compile(r"s?[- ](?:(?:[\w-]+ )?(?:methods?|approach(?:es)?|techniques?|algorithms?|variants?)|cache)\b")
"""After an unknown name: it stands for a kind of methods."""
_DENSE = re.compile(r"\b(?:original|dense|standard|full|base|unpruned|uncompressed|vanilla)\s$")
_NAMES_LEAD = 25
"""How many characters before a word are searched for what says that it is a name."""


def find_baselines(abstract: str, knowledge: Knowledge, words: NameWords, barred: Collection[str]) -> list[Found]:
    """Names in the lists that follow words of comparison, from a plain abstract; ``barred`` are others' identities."""
    found: dict[int, Found] = {}
    candidates = sorted(_candidates(abstract, knowledge, words), key=lambda name: name.start)
    for start, end in sentences(abstract):
        here = [name for name in candidates if start <= name.start and name.end <= end]
        if not here:
            continue
        for cue in _COMPARISON.finditer(abstract, start, end):
            for name in _list_after(abstract, cue.end(), here):
                found[name.start] = name
    return [name for _, name in sorted(found.items()) if identity(name.text) not in barred]


def _candidates(abstract: str, knowledge: Knowledge, words: NameWords) -> Iterator[Found]:
    """Known methods (no control arms), words of the shape of a name, and words in capitals where a name follows."""
    known = [
        Found(m.start, m.end, m.text, 0.8, m.canonical)
        for m in knowledge.mentions("method", abstract)
        if not knowledge.methods[m.canonical].control and not (m.text.isalpha() and m.text.islower())
    ]
    yield from known
    taken = {place for name in known for place in range(name.start, name.end)}
    for mention in knowledge.mentions("dataset", abstract):
        taken.update(range(mention.start, mention.end))
    for match in words.token.finditer(abstract):
        if match.start() in taken or words.is_compound(match[0]):
            continue
        if words.is_name(match[0]):
            if _A_KIND.match(abstract, match.end()) is None and not _before(_DENSE, abstract, match.start()):
                yield Found(match.start(), match.end(), match[0], 0.5)
        elif (
            _CAPITALISED.fullmatch(match[0])
            and match[0].casefold() not in words.common
            and _before(_NAMES_FOLLOW, abstract, match.start())
        ):
            yield Found(match.start(), match.end(), match[0], 0.4)


def _before(pattern: re.Pattern[str], text: str, position: int) -> bool:
    return pattern.search(text, max(0, position - _NAMES_LEAD), position) is not None


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
