"""The facets of a core paper by words of the lexicon, with the place of the first word found as evidence.

Each facet is looked for where it is stated (`Lexicon.scopes`): what a paper removes in title and whole abstract, what
it reports only in sentences that tell an outcome. A word after "unlike", "instead of", "without" does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.tagging.lexicon import FacetWords, Lexicon
from corpus.tagging.plain import lowered, sentences
from db.records import AbstractClaim, Tag

_OWN = re.compile(
    r"\b(?:we|our|ours|this (?:paper|work|study|article|research|thesis|survey|letter)|in this|here|propos\w+"
    r"|is (?:introduced|presented|developed))\b"
)
_OUTCOME = re.compile(
    r"\b(?:achiev|outperform|result|experiment|demonstrat|show|improv|yield|deliver|up to|obtain|attain|maintain|retain"
    r"|surpass|exceed|evaluat|empirical|find|reveal|enabl|reduc|lead|accelerat|speed|\d)"
)
_DENIED = re.compile(
    r"\b(?:unlike|instead of|rather than|beyond|no|not|without|than|outperform\w*|compared (?:to|with)|against"
    r"|over|non|need for)(?: the)?(?:[ -][\w-]+){0,2}[ -]$"
)
_REACH = 45
"""How many characters before a word are searched for its denial."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """Title and abstract on a line each, in stretches: the title first, then the abstract's sentences."""

    whole: str
    lower: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, title: str, abstract: str) -> _Texts:
        whole = f"{title}\n{abstract}"
        first = len(title) + 1
        spans = ((0, len(title)), *((first + start, first + end) for start, end in sentences(abstract)))
        return cls(whole, lowered(whole), spans)

    def places(self) -> dict[str, frozenset[int]]:
        """Numbers of the stretches that belong to each scope, which `lexicon.yaml` describes."""
        in_abstract = range(1, len(self.spans))
        own = [place for place in in_abstract if _OWN.search(self.lower, *self.spans[place])]
        study = range(own[0], len(self.spans)) if own else in_abstract
        results = [place for place in study if _OUTCOME.search(self.lower, *self.spans[place])]
        return {
            "all": frozenset((0, *in_abstract)),
            "study": frozenset((0, *study)),
            "own": frozenset((0, *own)),
            "results": frozenset(results),
        }


def find_facets(title: str, abstract: str, claims: Iterable[AbstractClaim], lexicon: Lexicon) -> list[Tag]:
    """Tags of the closed facets, from the plain title and abstract; offsets are into them.

    A quantity that the abstract gives a number for (``claims``) is a metric it reports, whatever its words.
    """
    texts = _Texts.of(title, abstract)
    scopes = texts.places()
    first: dict[tuple[str, str], tuple[int, int]] = {}
    candidates = lexicon.facet_filter.candidates(texts.lower, texts.spans)
    for number in sorted(candidates):
        words = lexicon.facet_words[number]
        places = [place for place in candidates[number] if place in scopes[lexicon.scopes[words.facet]]]
        found = next(_found(words, texts, places), None)
        key = words.facet, words.value
        if found is not None and (key not in first or found < first[key]):
            first[key] = found
    tags = {key: _tag(*key, *span, texts) for key, span in first.items()}
    for claim in claims:
        tags.setdefault(
            ("metrics", claim.quantity),
            Tag("metrics", claim.quantity, claim.confidence, "abstract", claim.start, claim.end, claim.text),
        )
    return list(tags.values())


def _found(words: FacetWords, texts: _Texts, places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where the words of a value stand and are not denied."""
    text = texts.lower if words.in_lower_case else texts.whole
    for place in places:
        start, end = texts.spans[place]
        for match in words.pattern.finditer(text, start, end):
            if _DENIED.search(texts.lower, max(start, match.start() - _REACH), match.start()) is None:
                yield match.span()


def _tag(facet: str, value: str, start: int, end: int, texts: _Texts) -> Tag:
    first = texts.spans[0][1] + 1
    in_title = start < first
    offset = 0 if in_title else first
    field = "title" if in_title else "abstract"
    return Tag(facet, value, 0.7, field, start - offset, end - offset, texts.whole[start:end])
