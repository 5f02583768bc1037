"""Which metric a paper says it reports on which data set: ``We report F1 for MRPC and accuracy for the other tasks``.

Such a sentence decides for columns that are headed by a data set alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from corpus.reading import Document
from corpus.results.headers import ACCURACIES, COSTS, QUALITIES, USUAL_METRICS, find_slots
from corpus.results.subjects import Subjects
from corpus.results.words import PHRASES

_SENTENCE = re.compile(r"(?<=[.;!?])\s+")
_PREPOSITION = re.compile(r"\b(?:for|on|in case of)\b")
_MOST = 400
"""Characters of the longest sentence that is read."""


def reported_metrics(document: Document, subjects: Subjects) -> dict[str, str]:
    """The metric that the text or a caption says is reported, by data set; two different ones cancel out."""
    found: dict[str, set[str]] = {}
    captions = [table.table.caption for table in document.tables]
    for text in (document.text, *captions):
        for sentence in _SENTENCE.split(text):
            if len(sentence) <= _MOST and PHRASES["reports"].search(sentence):
                for dataset, metric in _pairs(sentence, subjects):
                    found.setdefault(dataset, set()).add(metric)
    return {dataset: metrics.pop() for dataset, metrics in found.items() if len(metrics) == 1}


def _pairs(sentence: str, subjects: Subjects) -> Iterator[tuple[str, str]]:
    """Data sets behind a preposition with the last metric before it."""
    parts = _PREPOSITION.split(sentence)
    for before, behind in pairwise(parts):
        slots = [slot for slot in find_slots(before) if slot.metric not in COSTS]
        if not slots or slots[-1].metric not in QUALITIES | _OF_TASKS:
            continue
        following = find_slots(behind)
        if following:
            behind = behind[: behind.lower().find(following[0].part)]
        metric = slots[-1].metric
        yield from ((dataset, metric) for dataset in subjects.datasets(behind) if _is_possible(metric, dataset))


def _is_possible(metric: str, dataset: str) -> bool:
    """False for means, and for accuracies on data sets that are measured in another way (``zero-shot on COCO``)."""
    usual = USUAL_METRICS.get(dataset, "accuracy")
    return dataset != "average" and (metric not in ACCURACIES or usual in ACCURACIES | {"f1", *_CORRELATIONS})


_CORRELATIONS = frozenset({"matthews_correlation", "correlation"})
_OF_TASKS = _CORRELATIONS | frozenset({"bleu", "rouge", "map", "miou", "perplexity"})
"""Metrics of single tasks beside those of classification."""
