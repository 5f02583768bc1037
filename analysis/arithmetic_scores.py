"""Accuracies that no count of right answers gives, and deviations of zero.

With n questions an accuracy is k/n, so that few printed numbers are possible where n is small (RTE, ARC-c, WinoGrande,
OpenBookQA); the rule is silent where n is so large that the digits could hold anything, as 10,000 images at two
decimals. Sizes are those of the knowledge base and of other_splits in quantities.yaml.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.frames import absent, as_text, grouped
from analysis.printed import common_unit, half_unit, quantities
from analysis.questions import SLACK, Number, number_of, possible, subject, where
from corpus.knowledge import load_knowledge
from db.records import Finding

POWER = 0.6
"""Where a larger share of all printed numbers is possible, an impossible one would hardly ever be told."""
CHANCE = 0.001
"""A paper's numbers are of one split and of single runs where so many fit by chance at most so often."""
MOST = 0.7
"""Share of a paper's numbers on a data set that have to fit before a single one is said not to."""
MEANS = (2, 3, 4, 5, 10)
"""Numbers of runs whose mean may have been printed."""
TRIED = ("rounding", "truncation", "other splits", "means of 2, 3, 4, 5 and 10 runs")


def impossible_accuracies(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``test-size``: an accuracy that no number of right answers gives on the data set's splits.

    ``members`` are the results of one paper. Where most of its numbers on a data set are possible, more than by chance,
    they are single runs on that split, and each other number is a finding, or a question where a mean of runs fits.
    Else the numbers that no split and no mean gives are one question, if they are the fewer ones. A number with a
    deviation is a mean and not asked about.
    """
    accuracies = [row for row in members if row["metric"] in quantities().accuracies and absent(row["spread"])]
    for (dataset, _), rows in grouped(accuracies, "dataset", "metric").items():
        sizes = _test_sizes(dataset)
        size = _split(rows, sizes)
        if size is not None:
            wrong = [row for row in rows if _told(number_of(row), size) and not _reached(number_of(row), size)]
            for row in wrong:
                yield _impossible(row, size, len(rows) - len(wrong))
        elif sizes:
            asked = [row for row in rows if all(_told(number_of(row), one) for one in sizes)]
            wrong = [
                row for row in asked if not any(_reached(number_of(row), n * m) for n in sizes for m in (1, *MEANS))
            ]
            if wrong and 2 * len(wrong) <= len(asked):
                yield _other_way(wrong, sizes[0], len(asked))


def _split(rows: Sequence[dict[str, Any]], sizes: Sequence[int]) -> int | None:
    """The size of the split that the numbers are single runs on; None where none fits them beyond chance."""
    for size in sizes:
        numbers = [number for number in map(number_of, rows) if _told(number, size)]
        fitting = [number for number in numbers if _reached(number, size)]
        chance = math.prod(_share_possible(size, _decimals(number)) for number in set(fitting))
        if len(fitting) >= MOST * len(numbers) and chance <= CHANCE:
            return size
    return None


@functools.cache
def small_datasets() -> frozenset[str]:
    """Data sets on which an accuracy of two decimals may be impossible."""
    named = load_knowledge().datasets
    return frozenset(name for name in named if (sizes := _test_sizes(name)) and _share_possible(sizes[0], 2) <= POWER)


def _test_sizes(dataset: object) -> tuple[int, ...]:
    """Questions of each split of a data set; empty where they are unknown or no right answers are counted."""
    known = load_knowledge().datasets.get(as_text(dataset))
    if known is None or known.test_size is None or known.test_unit != "examples":
        return ()
    return (known.test_size, *quantities().other_splits.get(known.name, ()))


def _decimals(number: Number) -> int:
    return round(-math.log10(2 * number.half))


def _told(number: Number, size: int) -> bool:
    """Whether few enough numbers with these digits are possible."""
    return 100 / size <= number.amount < 100 and _share_possible(size, _decimals(number)) <= POWER


@functools.cache
def _share_possible(size: int, decimals: int) -> float:
    """Which share of all percentages with these decimals k of ``size`` right answers give, rounded or cut off."""
    unit = 10.0**-decimals
    if 2 * size * unit < 1:  # each count gives numbers of its own
        return 2 * size * unit / 100
    shares = [100 * right / size / unit for right in range(size + 1)]
    printed = {round(share) for share in shares} | {math.floor(share + SLACK) for share in shares}
    return len(printed) * unit / 100


def _reached(number: Number, size: int) -> bool:
    """Whether a printed accuracy is k of ``size`` right answers, rounded or cut off."""
    low, high = number.amount - number.half, number.amount + 2 * number.half
    right = math.ceil(low * size / 100 - SLACK * size)
    return right < high * size / 100 - SLACK * size


def _impossible(row: dict[str, Any], size: int, fitting: int) -> Finding:
    number, step = number_of(row), 100 / size
    below = math.floor(number.amount / step)
    digits = max(2, _decimals(number))
    runs = [count for count in MEANS if _reached(number, size * count)]
    causes = (f"a mean of {runs[0]} runs",) if runs else ()
    return Finding(
        rule="test-size",
        cells=(row["cell_id"],),
        level="question" if causes else "finding",
        sentence=(
            f"{subject(row)} in {where(row)} has an accuracy of {number.shown} %, and {below} and {below + 1} of the "
            f"{size} examples of {row['dataset']} are {below * step:.{digits}f} and {(below + 1) * step:.{digits}f} %, "
            f"though {fitting} other numbers fit; {possible(causes or ('a misprint', 'another number of examples'))}"
        ),
        size=min(number.amount - below * step, (below + 1) * step - number.amount),
        explanations=causes,
        tried=TRIED,
        papers=(row["arxiv_id"],),
    )


def _other_way(wrong: Sequence[dict[str, Any]], size: int, asked: int) -> Finding:
    row = wrong[0]
    causes = ("another split or subset", "a mean of more runs than are said", "another measure than accuracy")
    return Finding(
        rule="test-size",
        cells=tuple(sorted(one["cell_id"] for one in wrong)),
        level="question",
        sentence=(
            f"{len(wrong)} of {asked} accuracies on {row['dataset']} are no share of its {size} examples, such as "
            f"{number_of(row).shown} % of {subject(row)} in {where(row)}; {possible(causes)}"
        ),
        size=len(wrong) / asked,
        explanations=causes,
        tried=TRIED,
        papers=(row["arxiv_id"],),
    )


def zero_deviations(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``no-deviation``: accuracies with a printed deviation of zero, one question a table.

    Silent where the deviation has too few digits to tell one example of the test set, and at 0 and 100 %.
    """
    zero = [row for row in members if row["spread"] == 0 and row["metric"] in quantities().accuracies]
    told = [row for row in zero if 0 < number_of(row).amount < 100 and _tells_one_example(row)]
    for rows in grouped(told, "document_table_id").values():
        causes = ("all seeds gave one number", "one run alone", "a deviation that was left out")
        yield Finding(
            rule="no-deviation",
            cells=tuple(sorted(row["cell_id"] for row in rows)),
            level="question",
            sentence=(
                f"{subject(rows[0])} in {where(rows[0])} has a deviation of zero"
                + (f", and {len(rows) - 1} more of its numbers; " if len(rows) > 1 else "; ")
                + possible(causes)
            ),
            size=float(len(rows)),
            explanations=causes,
            tried=("rounding",),
            papers=(rows[0]["arxiv_id"],),
        )


def _tells_one_example(row: Mapping[str, Any]) -> bool:
    half, _ = common_unit(half_unit(0.0, row["printed"], row["text"]), row["unit"])
    sizes = _test_sizes(row["dataset"])
    return half <= (50 / sizes[0] if sizes else 0.005) + SLACK
