"""The features that relevance is judged by: how often each group of cues occurs where, and the words.

Cues are counted in the title, in the abstract, and in those sentences of the abstract that speak of the paper itself
("we propose", "our method"), as a background sentence may name pruning in any paper. Words and pairs of words are
looked up in a vocabulary that was fixed in training.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus.tagging.plain import sentences

_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_OWN = re.compile(
    r"\b(?:we|our|ours|this (?:paper|work|study|article|research|thesis|survey)|the proposed|experiment\w*|results?)\b",
    re.IGNORECASE,
)
PLACES = ("title", "abstract", "own")
"""Where cues are counted; ``own`` are the sentences of the abstract that speak of the paper itself."""


def cue_features(title: str, abstract: str, cues: Mapping[str, re.Pattern[str]]) -> NDArray[np.float64]:
    """Logarithmic counts of each group of cues in each place, from plain texts: shape (places x groups,)."""
    text = f"{title}\n{abstract}".lower()
    first = len(title) + 1
    own = [(first + start, first + end) for start, end in sentences(abstract) if _OWN.search(abstract, start, end)]
    counts = np.zeros((len(PLACES), len(cues)))
    for group, pattern in enumerate(cues.values()):
        for match in pattern.finditer(text):
            place = match.start()
            if place < first:
                counts[0, group] += 1
                continue
            counts[1, group] += 1
            if any(start <= place < end for start, end in own):
                counts[2, group] += 1
    return np.log1p(counts).ravel()


def terms(title: str, abstract: str) -> list[str]:
    """Words and pairs of neighbouring words of title and abstract, and those of the title again with a mark."""
    of_title = _with_pairs(_WORD.findall(title.lower()))
    return [*(f"title:{term}" for term in of_title), *of_title, *_with_pairs(_WORD.findall(abstract.lower()))]


def _with_pairs(words: list[str]) -> list[str]:
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def term_weights(title: str, abstract: str, inverse_frequency: Mapping[str, float]) -> dict[str, float]:
    """Term frequency (logarithmic) x inverse document frequency of the known terms, scaled to length 1."""
    counts = Counter(term for term in terms(title, abstract) if term in inverse_frequency)
    weights = {term: (1 + math.log(count)) * inverse_frequency[term] for term, count in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / length for term, weight in weights.items()} if length else {}
