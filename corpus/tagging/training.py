"""Fits the relevance model: logistic regression (scikit-learn) over cue counts and weighted words.

Cue features are divided by their spread before the fit, and the division is folded into the weights, so that inference
needs no scaling. Each text is given twice, the second time as its title alone. Weak examples (texts taken to be of one
class without a reader) carry a smaller weight.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from corpus.tagging.features import cue_features, feature_names, term_weights, terms
from corpus.tagging.lexicon import Lexicon
from corpus.tagging.plain import plain
from corpus.tagging.relevance import RelevanceModel
from db.records import RELEVANCE


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled title and abstract."""

    identifier: str
    title: str
    abstract: str
    relevance: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the fit."""

    strength: float = 0.3
    """Inverse of the regularisation, as scikit-learn's ``C``."""
    word_scale: float = 8.0
    """How much the words weigh against the cues."""
    least_spread: float = 1.0
    """Cues are divided by their spread or this, so that no rare cue gets a large weight."""
    title_weight: float = 0.3
    """Weight of a second copy of each text, the title alone: a paper without an abstract is judged as well."""
    least_texts: int = 3
    """A term must occur in this many texts."""
    most_terms: int = 20000


def fit(
    examples: Sequence[Example], lexicon: Lexicon, settings: Settings, about: Mapping[str, object]
) -> RelevanceModel:
    """A relevance model from labelled texts; all three classes must occur."""
    texts = [(plain(example.title), plain(example.abstract)) for example in examples]
    vocabulary, inverse_frequency = _vocabulary(texts, settings)
    texts += [(title, "") for title, _ in texts]
    cues = np.array([cue_features(title, abstract, lexicon) for title, abstract in texts])
    spread = np.maximum(cues[: len(examples)].std(axis=0), settings.least_spread)
    words = _word_matrix(texts, vocabulary, inverse_frequency)
    features = sparse.hstack([sparse.csr_matrix(cues / spread), words * settings.word_scale]).tocsr()
    classifier = LogisticRegression(C=settings.strength, max_iter=3000)
    weights_of_texts = [example.weight for example in examples]
    classifier.fit(
        features,
        [example.relevance for example in examples] * 2,
        sample_weight=[*weights_of_texts, *(settings.title_weight * weight for weight in weights_of_texts)],
    )
    order = [list(classifier.classes_).index(name) for name in RELEVANCE]
    weights = classifier.coef_[order].T
    cue_count = cues.shape[1]
    return RelevanceModel(
        features=feature_names(lexicon),
        cue_weights=weights[:cue_count] / spread[:, None],
        vocabulary=tuple(vocabulary),
        inverse_frequency=inverse_frequency,
        word_weights=weights[cue_count:] * settings.word_scale,
        intercept=classifier.intercept_[order],
        about=about,
    )


def _vocabulary(texts: Sequence[tuple[str, str]], settings: Settings) -> tuple[list[str], NDArray[np.float64]]:
    counts = Counter(term for title, abstract in texts for term in set(terms(title, abstract)))
    kept = [term for term, count in counts.most_common(settings.most_terms) if count >= settings.least_texts]
    kept.sort()
    frequency = np.array([math.log((1 + len(texts)) / (1 + counts[term])) + 1 for term in kept])
    return kept, frequency


def _word_matrix(
    texts: Sequence[tuple[str, str]], vocabulary: Sequence[str], inverse_frequency: NDArray[np.float64]
) -> sparse.csr_matrix:
    column = {term: index for index, term in enumerate(vocabulary)}
    frequency = dict(zip(vocabulary, inverse_frequency.tolist(), strict=True))
    rows, columns, values = [], [], []
    for row, (title, abstract) in enumerate(texts):
        for term, weight in term_weights(title, abstract, frequency).items():
            rows.append(row)
            columns.append(column[term])
            values.append(weight)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), len(vocabulary)))
