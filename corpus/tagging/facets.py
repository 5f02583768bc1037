"""The facets of a core paper by words of the lexicon, with the place of the first word found as evidence.

Each facet is looked for where it is stated (`Lexicon.scopes`): what a paper removes in title and whole abstract, what
it reports only in sentences that tell an outcome. A word after "unlike", "instead of", "without" does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.tagging.lexicon import Lexicon
from corpus.tagging.plain import sentences
from db.records import AbstractClaim, Tag

_OWN = re.compile(
    r"\b(?:we|our|ours|this (?:paper|work|study|article|research|thesis|survey|letter)|in this|here|propos\w+"
    r"|is (?:introduced|presented|developed))\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:achiev|outperform|result|experiment|demonstrat|show|improv|yield|deliver|up to|obtain|attain|maintain|retain"
    r"|surpass|exceed|evaluat|empirical|find|reveal|enabl|reduc|lead|accelerat|speed|\d)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:unlike|instead of|rather than|beyond|no|not|without|than|outperform\w*|compared (?:to|with)|against"
    r"|over|non|need for)(?: the)?(?:[ -][\w-]+){0,2}[ -]$",
    re.IGNORECASE,
)
_REACH = 45
"""How many characters before a word are searched for its denial."""

Span = tuple[str, int, int]
"""Field, start and end."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """The stretches of title and abstract that each scope stands for."""

    title: str
    abstract: str

    def spans(self, scope: str) -> list[Span]:
        """Stretches of a scope: ``all``, ``study``, ``own`` or ``results``."""
        whole = ("title", 0, len(self.title))
        if scope == "all":
            return [whole, ("abstract", 0, len(self.abstract))]
        split = sentences(self.abstract)
        own = [index for index, (start, end) in enumerate(split) if _OWN.search(self.abstract, start, end)]
        study = split[own[0] :] if own else split
        if scope == "study":
            return [whole, *(("abstract", *span) for span in study)]
        if scope == "own":
            return [whole, *(("abstract", *split[index]) for index in own)]
        return [("abstract", *span) for span in study if _OUTCOME.search(self.abstract, *span)]


def find_facets(title: str, abstract: str, claims: Iterable[AbstractClaim], lexicon: Lexicon) -> list[Tag]:
    """Tags of the closed facets, from the plain title and abstract; offsets are into them.

    A quantity that the abstract gives a number for (``claims``) is a metric it reports, whatever its words.
    """
    scopes = Scopes(title, abstract)
    found: dict[tuple[str, str], Tag] = {}
    for facet, patterns in lexicon.facets.items():
        spans = scopes.spans(lexicon.scopes[facet])
        for value, pattern in patterns.items():
            tag = _first(facet, value, pattern, spans, scopes)
            if tag is not None:
                found[facet, value] = tag
    for claim in claims:
        found.setdefault(
            ("metrics", claim.quantity),
            Tag("metrics", claim.quantity, claim.confidence, "abstract", claim.start, claim.end, claim.text),
        )
    return list(found.values())


def _first(facet: str, value: str, pattern: re.Pattern[str], spans: Sequence[Span], scopes: Scopes) -> Tag | None:
    for field, start, end in spans:
        text = scopes.title if field == "title" else scopes.abstract
        for match in pattern.finditer(text, start, end):
            if _DENIED.search(text, max(start, match.start() - _REACH), match.start()) is None:
                return Tag(facet, value, 0.7, field, match.start(), match.end(), match[0])
    return None
