"""The facets of a core paper by words of the lexicon, with the place of the first word found as evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.tagging.lexicon import Lexicon
from db.records import Tag


def find_facets(title: str, abstract: str, lexicon: Lexicon) -> list[Tag]:
    """Tags of the closed facets, from the plain title and abstract; offsets are into them."""
    return [tag for facet, patterns in lexicon.facets.items() for tag in _facet(facet, patterns, title, abstract)]


def _facet(facet: str, patterns: Mapping[str, re.Pattern[str]], title: str, abstract: str) -> list[Tag]:
    tags = []
    for value, pattern in patterns.items():
        for field, text in (("title", title), ("abstract", abstract)):
            match = pattern.search(text)
            if match is not None:
                tags.append(Tag(facet, value, 0.7, field, match.start(), match.end(), match[0]))
                break
    return tags
