"""Does a paper's own table add up: printed differences, ratios and patterns against shares, one number in two tables.

Each rule tries the innocent explanations first and is silent where one fits exactly, rounding above all: a printed
difference may be off by half a unit of the last digit of each of the three numbers. What is left is a question with the
explanations that may still fit; it is a finding only where none is left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.arithmetic_bold import bold_not_best
from analysis.arithmetic_costs import known_counts, shares_of_counts, speed_ups
from analysis.arithmetic_scores import impossible_accuracies, small_datasets, zero_deviations
from analysis.arithmetic_text import text_against_tables
from analysis.baselines import describe_key
from analysis.comparable import KEY, comparable
from analysis.frames import absent, as_text, grouped, present, records, records_by
from analysis.printed import common_unit, metric_name, quantities, ratio_interval, share_interval, with_digits
from analysis.questions import (
    SLACK,
    Number,
    beside,
    number_of,
    overlap,
    possible,
    same_point,
    same_task,
    subject,
    where,
)
from db.records import Finding

NEEDS = (
    *("arxiv_id", "document_table_id", "table_label", "row", "col", "cell_id", "text", "method", "role", "metric"),
    *("value", "unit", "printed", "dataset", "split", "model", "sparsity", "sparsity_low", "sparsity_high"),
    *("sparsity_printed", "sparsity_of", "sparsity_scope", "compression", "pattern", "spread"),
    *("col_text", "row_text", "extra", "measured", "theoretical", "bold", "table_kind", "protocol", "method_canonical"),
)
"""Columns of the view ``result`` that the rules read."""
ASKED_METRICS = ("accuracy_change", "params_reduction", "flops_reduction", "speedup", "params", "flops", "macs")
"""A paper that prints one of them is looked at."""
SEVERAL = 3
"""Questions of one kind that are asked as one, where they are also most of what was compared."""
TOP = re.compile(r"top\W?([15])\b", re.IGNORECASE)


def arithmetic_findings(
    results: pd.DataFrame, texts: pd.DataFrame | None = None, *, compared: pd.DataFrame | None = None
) -> list[Finding]:
    """All questions that the rules of this module raise about the frame of the view ``result``, paper by paper.

    ``texts`` is the frame of `db.views.text_numbers`: without it the running text is not looked at. ``compared`` is the
    frame of `analysis.comparable.comparable`, where it is made already.
    """
    asked = None if texts is None else texts[~texts["in_tables"].astype(bool)]
    of_text = {} if asked is None else grouped(records(asked), "arxiv_id")
    found: list[Finding] = []
    for members in records_by(_askable(results, of_text), "arxiv_id"):
        found += printed_differences(members)
        found += compressions(members)
        found += patterns(members)
        found += shares_of_counts(members)
        found += known_counts(members)
        found += speed_ups(members)
        found += impossible_accuracies(members)
        found += zero_deviations(members)
        found += bold_not_best(members)
        found += text_against_tables(members, of_text.get((members[0]["arxiv_id"],), ()))
    return found + same_number_twice(results, compared=compared)


def _askable(results: pd.DataFrame, of_text: Mapping[tuple[Hashable, ...], object]) -> pd.DataFrame:
    """The results of papers of which a rule has anything to ask, with the columns that the rules read."""
    asked = (
        results["metric"].isin([*ASKED_METRICS]) | (results["spread"] == 0) | results["dataset"].isin(small_datasets())
    )
    asked |= results["bold"] | results["arxiv_id"].isin([name for (name,) in of_text])
    asked |= results["sparsity"].notna() & (results["compression"].notna() | present(results["pattern"]))
    papers = results.loc[asked, "arxiv_id"].unique()
    return results.loc[results["arxiv_id"].isin(papers), [name for name in NEEDS if name in results]]


def printed_differences(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``printed-difference``: a printed change of accuracy against the difference of the numbers beside it.

    ``members`` are the results of one paper. The change is compared with every accuracy of the same method in its row
    or column, less every dense accuracy that it may refer to, in points and relative to the dense number, in either
    sign. Silent where one combination fits within three half-units or nothing can be compared. Where most changes of a
    table fit nothing, they refer to something else: that is one question.
    """
    accuracies = [row for row in members if row["metric"] in quantities().accuracies]
    changes = [row for row in members if row["metric"] == "accuracy_change"]
    for of_table in grouped(changes, "document_table_id").values():
        compared, found = 0, []
        for one in _changes_compared(of_table, accuracies):
            compared += 1
            found += [one] if one is not None else []
        yield from _together(
            found, compared, "changes of accuracy do not fit", "they refer to something that the table does not print"
        )


def _together(found: list[Finding], compared: int, what: str, cause: str) -> list[Finding]:
    """Questions as they are, or as one where they are several and most of what was compared."""
    if len(found) < SEVERAL or 2 * len(found) <= compared:
        return found
    first = max(found, key=lambda one: one.size)
    return [
        replace(
            first,
            cells=tuple(sorted({cell for one in found for cell in one.cells})),
            level="question",
            sentence=f"{len(found)} of {compared} {what}; {possible((cause,))} The largest: {first.sentence}",
            explanations=(cause,),
        )
    ]


def _changes_compared(changes: Sequence[dict[str, Any]], accuracies: list[dict[str, Any]]) -> Iterator[Finding | None]:
    """Of each change that can be compared, the question that it raises, if any."""
    for change in changes:
        near = [row for row in accuracies if row["role"] != "dense" and beside(row, change) and same_point(row, change)]
        bases = _plausible_bases(change, accuracies)
        kinds = _kinds(change) & {_kind(row) for row in bases}
        pruned = [row for row in near if _kind(row) in kinds]
        dense = [row for row in bases if _kind(row) in {_kind(row) for row in pruned}]
        if not pruned:
            continue
        if _explained(change, pruned, dense) or _of_two_in_column(change, accuracies):
            yield None
            continue
        of_kind = [row for row in dense if _kind(row) == _kind(pruned[0])]
        yield _difference_finding(change, pruned, of_kind)


def _kind(row: dict[str, Any]) -> str:
    return "5" if row["metric"] == "top5_accuracy" else "1"


def _kinds(change: dict[str, Any]) -> frozenset[str]:
    """Whether a change is of top-1 or of top-5 accuracy, as its head says; either where it says neither or both."""
    return frozenset(TOP.findall(as_text(change["col_text"]) + as_text(change["row_text"]))) or frozenset("15")


def _plausible_bases(change: dict[str, Any], accuracies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dense accuracies that a change may refer to: all of its task, but not those printed in another method's row
    where its own row prints one.
    """
    dense = [row for row in accuracies if row["role"] == "dense" and same_task(row, change)]
    if not any(beside(row, change) and row["method"] == change["method"] for row in dense):
        return dense
    others = {row["method"] for row in accuracies if row["role"] != "dense"} - {change["method"]}
    return [row for row in dense if row["method"] not in others]


def _explained(change: dict[str, Any], pruned: list[dict[str, Any]], dense: list[dict[str, Any]]) -> bool:
    printed = number_of(change)
    pairs = ((row, base) for row in pruned for base in dense if _kind(row) == _kind(base))
    return any(_adds_up(printed, number_of(row), number_of(base)) for row, base in pairs)


def _of_two_in_column(change: dict[str, Any], accuracies: list[dict[str, Any]]) -> bool:
    """Whether a change in a row of changes is the difference of any two numbers of its column."""
    table, row, col = (change[name] for name in ("document_table_id", "row", "col"))
    here = [one for one in accuracies if one["document_table_id"] == table]
    if any(one["row"] == row for one in here):
        return False
    column = [one for one in here if one["col"] == col]
    return _explained(change, column, column)


def _adds_up(printed: Number, after: Number, before: Number) -> bool:
    """Whether rounding lets the printed change be the difference, or its share of the dense number."""
    difference, half = abs(after.amount - before.amount), after.half + before.half
    if abs(abs(printed.amount) - difference) <= printed.half + half + SLACK:
        return True
    if before.base <= before.half:
        return False
    relative, most = 100 * difference / before.base, 100 * (difference + half) / (before.base - before.half)
    return abs(abs(printed.amount) - relative) <= printed.half + (most - relative) + SLACK


def _difference_finding(change: dict[str, Any], pruned: list[dict[str, Any]], dense: list[dict[str, Any]]) -> Finding:
    near = [row for row in dense if beside(row, change)]
    printed, after = number_of(change), number_of(pruned[0])
    numbers = [number_of(base) for base in near or dense]
    before = min(numbers, key=lambda base: abs(abs(printed.amount) - abs(after.amount - base.amount)))
    difference = after.amount - before.amount
    size = abs(abs(printed.amount) - abs(difference))
    certain = bool(near) and len(pruned) == 1 and len(near) == 1
    explanations = () if certain else ("the change refers to a dense model that the paper does not print",)
    sentence = (
        f"The change of {subject(change)} is printed as {printed.shown} points in {where(change)}, but the "
        f"accuracies {after.shown} and {before.shown} give {difference:.6g}: differs by {size:.3g}; "
    )
    return Finding(
        rule="printed-difference",
        cells=tuple(sorted({printed.cell, after.cell, before.cell})),
        level="finding" if certain else "question",
        sentence=sentence + possible(explanations or ("a misprint", "numbers of different runs")),
        size=size,
        explanations=explanations,
        tried=("rounding", "every dense row of the paper", "relative change", "sign", "error against accuracy"),
        papers=(change["arxiv_id"],),
    )


def compressions(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``compression``: a printed ratio c against the printed share of weights removed, which should be 1 - 1/c.

    Silent where the intervals of rounding meet, where the share was meant as kept, or where 1 - 1/c is the share of all
    parameters that the paper's own counts give (the sparsity then counts the prunable layers only).
    """
    for rows in _operating_points(members, "compression").values():
        row = rows[0]
        low, high = ratio_interval(float(row["compression"]))
        implied = (1 - 1 / low, 1 - 1 / high)
        shares = [_share(row), _complement(_share(row)), *_counted_shares(row, members)]
        if any(overlap(implied, share) for share in shares):
            continue
        size = abs(1 - 1 / float(row["compression"]) - float(row["sparsity"])) * 100
        beyond = implied[0] > _share(row)[1]
        causes = (
            ("the ratio also counts quantisation or coding",)
            if beyond
            else ("the ratio counts layers that are not pruned", "the ratio counts the indices of sparse storage")
        )
        yield Finding(
            rule="compression",
            cells=(row["cell_id"],),
            level="question",
            sentence=(
                f"{subject(row)} in {where(row)} has a ratio of {row['compression']:g}×, which is "
                f"{100 * (1 - 1 / row['compression']):.4g} % removed, and a sparsity of {100 * row['sparsity']:.4g} %: "
                f"they are {size:.3g} percentage points apart; {possible(causes)}"
            ),
            size=size,
            explanations=causes,
            tried=("rounding", "kept against removed", "share of the counted parameters"),
            papers=(row["arxiv_id"],),
        )


def _operating_points(members: list[dict[str, Any]], name: str) -> dict[Any, list[dict[str, Any]]]:
    """Pruned results that state both a sparsity of weights and ``name``, one group a row of a table and statement."""
    stated = [
        row
        for row in members
        if row["role"] != "dense"
        and not absent(row["sparsity"])
        and not absent(row[name])
        and as_text(row["sparsity_of"]) in ("", "weights")
    ]
    return grouped(stated, "document_table_id", "row", "method", "sparsity", name)


def _share(row: dict[str, Any]) -> tuple[float, float]:
    interval = share_interval(row)
    assert interval is not None  # _operating_points takes only rows with a sparsity
    return interval


def _complement(interval: tuple[float, float]) -> tuple[float, float]:
    return 1 - interval[1], 1 - interval[0]


def _counted_shares(row: dict[str, Any], members: list[dict[str, Any]]) -> Iterator[tuple[float, float]]:
    """Shares removed as the row's parameter or byte count and the paper's dense counts give them, with rounding."""
    counts = [item for item in members if item["metric"] in ("params", "model_size") and same_task(item, row)]
    table, line = row["document_table_id"], row["row"]
    after = [item for item in counts if item["document_table_id"] == table and item["row"] == line]
    for pruned in (item for item in after if item["role"] != "dense"):
        for dense in (item for item in counts if item["role"] == "dense" and item["metric"] == pruned["metric"]):
            small, large = number_of(pruned), number_of(dense)
            if large.amount > large.half:
                low = 1 - (small.amount + small.half) / (large.amount - large.half)
                yield low, 1 - (small.amount - small.half) / (large.amount + large.half)


def patterns(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``pattern``: an N:M pattern keeps N of M weights, so the stated sparsity should be 1 - N/M.

    Silent where rounding, N read as the removed ones, or a share meant as kept explains it.
    """
    for rows in _operating_points(members, "pattern").values():
        row = rows[0]
        kept, _, group = str(row["pattern"]).partition(":")
        if not (kept.isdigit() and group.isdigit() and int(group)):
            continue
        implied = 1 - int(kept) / int(group)
        share = _share(row)
        if any(overlap((value, value), share) for value in (implied, 1 - implied)):
            continue
        less = share[1] < implied and as_text(row["sparsity_scope"]) != "prunable"
        causes = ("layers outside the pattern stay dense",) if less else ()
        size = 100 * abs(implied - row["sparsity"])
        sentence = (
            f"{subject(row)} in {where(row)} has the pattern {row['pattern']}, which removes {100 * implied:.4g} %, "
            f"and a sparsity of {100 * row['sparsity']:.4g} %: differs by {size:.3g} points; "
        )
        yield Finding(
            rule="pattern",
            cells=(row["cell_id"],),
            level="question" if causes else "finding",
            sentence=sentence + possible(causes or ("a misprint", "further pruning on top of the pattern")),
            size=size,
            explanations=causes,
            tried=("rounding", "N removed instead of kept", "kept against removed", "layers left dense"),
            papers=(row["arxiv_id"],),
        )


def same_number_twice(results: pd.DataFrame, *, compared: pd.DataFrame | None = None) -> list[Finding]:
    """Rule ``same-number``: one key has different numbers in two tables of one paper.

    Silent where rounding or the printed deviations cover the difference, and where a table has several numbers for the
    key, which then lacks what tells them apart. Where most numbers that two tables share differ, that is one question.
    """
    stated = results.loc[results["spread"].notna(), ["cell_id", "spread"]]
    deviations = dict(stated.itertuples(index=False, name=None))
    tables = results.groupby("arxiv_id")["table_label"].nunique()
    several = tables.index[tables > 1]
    rows = comparable(results[results["arxiv_id"].isin(several)]) if compared is None else compared
    rows = rows[rows["arxiv_id"].isin(several)]
    repeated = rows[rows.duplicated(["arxiv_id", *KEY], keep=False)]
    shared: Counter[tuple[str, ...]] = Counter()
    differing: dict[tuple[str, ...], list[Finding]] = {}
    for members in grouped(records(repeated), "arxiv_id", *KEY).values():
        by_table = grouped(members, "table_label")
        single = [rows[0] for rows in by_table.values() if len({row["amount"] for row in rows}) == 1]
        if len(single) < 2:
            continue
        low, high = min(single, key=lambda row: row["amount"]), max(single, key=lambda row: row["amount"])
        pair = (low["arxiv_id"], *sorted((low["table_label"], high["table_label"])))
        shared[pair] += 1
        room = low["half_unit"] + high["half_unit"] + SLACK * abs(high["amount"])
        size = high["amount"] - low["amount"]
        noise = sum(common_unit(deviations.get(row["cell_id"], 0.0), row["unit"])[0] for row in (low, high))
        if size <= max(room, noise):
            continue
        differing.setdefault(pair, []).append(_twice_finding(low, high, size))
    return [
        one
        for pair, found in differing.items()
        for one in _together(
            found, shared[pair], "numbers that two tables share differ", "the tables are of different settings"
        )
    ]


def _twice_finding(low: dict[str, Any], high: dict[str, Any], size: float) -> Finding:
    causes = ("another run or seed", "a setting that only the captions or the text state")
    first, second = (with_digits(row["amount"], row["half_unit"]) for row in (low, high))
    measured = f"{first} {low['unit']}"
    return Finding(
        rule="same-number",
        cells=tuple(sorted((low["cell_id"], high["cell_id"]))),
        level="question",
        sentence=(
            f"{describe_key(low)}: {metric_name(low['metric'])} is {measured.rstrip()} in {where(low)} "
            f"and {second} in {where(high)}: differs by {size:.3g}; {possible(causes)}"
        ),
        size=size,
        explanations=causes,
        tried=("rounding", "printed deviations"),
        papers=(low["arxiv_id"],),
    )
