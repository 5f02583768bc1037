"""Which papers to ask a person about: those the tagger is least sure of, and unlike each other.

Uncertainty alone picks many papers of one kind, whose labels teach the same thing. So papers are taken one by one, each
by its uncertainty times its distance from those already taken (Brinker 2003, *Incorporating diversity in active
learning with support vector machines*; with the least confident prediction as uncertainty, Lewis & Gale 1994).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer


def choose(texts: Sequence[str], confidences: Sequence[float], count: int) -> list[int]:
    """Places of the texts to ask about, the most telling first.

    Args:
        texts: title and abstract of each candidate.
        confidences: the tagger's score of its own answer for each, 0..1.
        count: how many to choose; fewer texts are all chosen.

    Raises:
        ValueError: texts and confidences are not as many.
    """
    if len(texts) != len(confidences):
        raise ValueError(f"{len(texts)} texts, but {len(confidences)} confidences")
    if not texts:
        return []
    # The word in front keeps a vocabulary of at least one where every text is empty.
    words = TfidfVectorizer(sublinear_tf=True).fit_transform([f"paper {text}" for text in texts])
    uncertainty = 1.0 - np.asarray(confidences, dtype=float)
    nearest = np.zeros(len(texts))
    chosen: list[int] = []
    for _ in range(min(count, len(texts))):
        worth = uncertainty * (1.0 - nearest)
        worth[chosen] = -1.0
        best = int(np.argmax(worth))
        chosen.append(best)
        nearest = np.maximum(nearest, (words @ words[best].T).toarray().ravel())
    return chosen
