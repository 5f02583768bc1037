"""The features that relevance is judged by: how often each group of cues occurs where, and the words.

Cues are counted in the title, in the abstract, and by the kind of the sentence they stand in (`lexicon.yaml`): one
that speaks of the paper itself, of rivals, or of the background, as any paper may name pruning in passing. Related
groups are also counted together, so that a rare cue (lottery tickets) shares what is learned from a frequent one.
Words and pairs of words are looked up in a vocabulary that was fixed in training.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus.tagging.lexicon import SENTENCE_KINDS, Lexicon
from corpus.tagging.plain import sentences

_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
PLACES = ("title", "abstract", *SENTENCE_KINDS)
"""Where cues are counted: in the title, anywhere in the abstract, in its sentences of each kind."""
SPREAD = ("share of sentences", "first sentence", "last sentence", "title alone")
"""Where the subject (the first union) stands in the abstract, and whether there is no abstract."""


def feature_names(lexicon: Lexicon) -> tuple[str, ...]:
    """Names of the values of `cue_features`, in order."""
    groups = [f"{place}: {group}" for place in PLACES for group in lexicon.cues]
    unions = [
        f"{place}: {kind} {union}" for kind in ("count", "any", "share") for place in PLACES for union in lexicon.unions
    ]
    return (*groups, *unions, *SPREAD)


def cue_features(title: str, abstract: str, lexicon: Lexicon) -> NDArray[np.float64]:
    """The features other than words of plain texts, in the order of `feature_names`: all between 0 and a few units."""
    spans = sentences(abstract)
    in_title, in_sentences = _counts(title, abstract, spans, lexicon)
    kinds = [_kind(abstract[start:end], lexicon) for start, end in spans]
    by_kind = [
        in_sentences[[place for place, one in enumerate(kinds) if one == kind]].sum(axis=0) for kind in SENTENCE_KINDS
    ]
    counts = np.stack([in_title, in_sentences.sum(axis=0), *by_kind])
    unions = counts @ lexicon.membership
    shares = unions / (unions.sum(axis=1, keepdims=True) + 1.0)
    return np.concatenate(
        [
            np.log1p(counts).ravel(),
            np.log1p(unions).ravel(),
            (unions > 0).ravel(),
            shares.ravel(),
            _spread(in_sentences, lexicon),
        ]
    )


def _counts(
    title: str, abstract: str, spans: list[tuple[int, int]], lexicon: Lexicon
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each group of cues begins in the title: (groups,), and in each sentence: (sentences, groups)."""
    text = f"{title}\n{abstract}".lower()
    first = len(title) + 1
    ends = [first + end for _, end in spans]
    in_title = np.zeros(len(lexicon.cues))
    in_sentences = np.zeros((len(spans), len(lexicon.cues)))
    for group, pattern in enumerate(lexicon.cues.values()):
        for match in pattern.finditer(text):
            place = match.start()
            if place < first:
                in_title[group] += 1
            elif spans:
                in_sentences[min(bisect_right(ends, place), len(spans) - 1), group] += 1
    return in_title, in_sentences


def _kind(sentence: str, lexicon: Lexicon) -> str | None:
    return next((kind for kind, pattern in lexicon.sentences.items() if pattern.search(sentence)), None)


def _spread(in_sentences: NDArray[np.float64], lexicon: Lexicon) -> NDArray[np.float64]:
    if not len(in_sentences):
        return np.array([0.0, 0.0, 0.0, 1.0])
    on_subject = in_sentences @ lexicon.membership[:, 0] > 0
    return np.array([on_subject.mean(), on_subject[0], on_subject[-1], 0.0])


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
