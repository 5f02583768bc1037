"""Planted errors, and planted look-alikes that are none, in the numbers of otherwise consistent papers.

A contradiction is a copied number moved by several points away from what its origin and others print. A slip is a
printed change or ratio that does not follow from the row. A rounding look-alike has one decimal less, or a change
computed from unrounded numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from secateur.demo.studies import Measurement, Sheet, Study

PLAIN_IDIOMS = ("levels", "rows", "columns", "groups", "compression", "kept")
AGREEING_PAPERS = 2
"""Readable papers that must print the number unchanged before a copy of it may be moved."""

Place = tuple[int, int, tuple[str, str, str]]
"""Index of the study, index of its sheet, key of the measurement."""
Suitable = Callable[[Sheet, Measurement], bool]
Edit = Callable[[np.random.Generator, Measurement], Measurement]


def plant(rng: np.random.Generator, studies: list[Study], readable: Collection[str]) -> list[Study]:
    """The studies with errors and look-alikes in those papers whose e-prints can be read.

    No paper and no measured thing is touched twice, so that what agreed on a number still does.
    """
    amount = max(2, len(studies) // 25)
    steps: tuple[tuple[int, Suitable, Edit], ...] = (
        (amount, _moved_candidate(studies, readable), _moved),
        (max(2, amount // 2), _change_candidate, _changed),
        (max(2, amount // 3), _ratio_candidate, _mistaken_ratio),
        (max(2, amount // 2), _change_candidate, _rounded_change),
        (max(2, amount // 2), _rounding_candidate, _rounded),
    )
    edits: dict[Place, Measurement] = {}
    for count, suitable, edit in steps:
        places = [
            (index, position, key)
            for index, study in enumerate(studies)
            if study.arrival.arxiv_id in readable
            for position, sheet in enumerate(study.sheets)
            for key, number in sheet.numbers.items()
            if suitable(sheet, number)
        ]
        for index, position, key in _apart(rng, places, edits, count):
            edits[index, position, key] = edit(rng, studies[index].sheets[position].numbers[key])
    return _apply(studies, edits)


def _apart(rng: np.random.Generator, places: list[Place], taken: Collection[Place], count: int) -> list[Place]:
    """So many places, in different papers and of different measured things, also from those taken."""
    papers, keys = {place[0] for place in taken}, {place[2] for place in taken}
    chosen: list[Place] = []
    for order in rng.permutation(len(places)):
        index, _, key = place = places[int(order)]
        if len(chosen) == count:
            break
        if index not in papers and key not in keys:
            papers.add(index)
            keys.add(key)
            chosen.append(place)
    return chosen


def _apply(studies: list[Study], edits: dict[Place, Measurement]) -> list[Study]:
    changed = list(studies)
    for (index, position, key), number in edits.items():
        study = changed[index]
        sheets = list(study.sheets)
        sheets[position] = replace(sheets[position], numbers={**sheets[position].numbers, key: number})
        changed[index] = replace(study, sheets=tuple(sheets))
    return changed


def _moved_candidate(studies: list[Study], readable: Collection[str]) -> Suitable:
    printed: dict[tuple[tuple[str, str, str], bool, float], set[str]] = defaultdict(set)
    for study in studies:
        if study.arrival.arxiv_id in readable:
            for sheet in (each for each in study.sheets if each.idiom in PLAIN_IDIOMS):
                for key, number in sheet.numbers.items():
                    printed[key, sheet.long_context, number.value].add(study.arrival.arxiv_id)

    def suitable(sheet: Sheet, number: Measurement) -> bool:
        others = len(printed[number.key, sheet.long_context, number.value]) - 1
        return sheet.idiom in PLAIN_IDIOMS and number.source == "copied" and others >= AGREEING_PAPERS

    return suitable


def _moved(rng: np.random.Generator, number: Measurement) -> Measurement:
    """Worse than what the others print, by several points or by a third of the perplexity."""
    if number.benchmark.metric == "perplexity":
        value = round(number.value * float(rng.uniform(1.3, 1.7)), 2)
    else:
        value = round(number.value - float(rng.uniform(3.0, 7.0)), 2)
    return replace(number, value=value, agreed=number.value, mark="contradiction")


def _change_candidate(sheet: Sheet, number: Measurement) -> bool:
    return sheet.idiom == "changes" and number.base is not None


def _changed(rng: np.random.Generator, number: Measurement) -> Measurement:
    """Larger by a point or so, which no other dense model, sign or relative change explains."""
    assert number.base is not None
    right = number.value - number.base
    printed = float(np.copysign(abs(right) + rng.uniform(0.9, 1.9), right))
    return replace(number, change=round(printed, 2), mark="difference")


def _rounded_change(rng: np.random.Generator, number: Measurement) -> Measurement:
    assert number.base is not None
    slip = float(rng.choice((-0.01, 0.01)))
    return replace(number, change=round(number.value - number.base + slip, 2), mark="rounding")


def _ratio_candidate(sheet: Sheet, number: Measurement) -> bool:
    return sheet.idiom == "compression"


def _mistaken_ratio(rng: np.random.Generator, number: Measurement) -> Measurement:
    """Half or double the ratio that the sparsity gives."""
    assert number.level is not None
    right = 1 / (1 - number.level.removed)
    return replace(number, ratio=round(right * float(rng.choice((0.5, 2.0))), 1), mark="ratio")


def _rounding_candidate(sheet: Sheet, number: Measurement) -> bool:
    return sheet.idiom in PLAIN_IDIOMS and number.source == "copied" and number.spread is None


def _rounded(rng: np.random.Generator, number: Measurement) -> Measurement:
    return replace(number, decimals=1, mark="rounding")
