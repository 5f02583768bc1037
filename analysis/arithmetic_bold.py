"""Bold that is not best: where a paper prints its best numbers in bold, a number beside a bold one that is better.

A *contest* is what bold is given in: three numbers or more of one table, of one metric, data set, network and operating
point, or, where no three share a point, of one metric, data set and network; there only a number that was had with no
less removed is better. What bold means is inferred from the contests of the paper in which it was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.frames import absent, as_text, grouped
from analysis.printed import metric_name, quantities
from analysis.questions import SLACK, number_of, possible, subject, where
from db.records import Finding

SMALLEST = 3
"""Numbers of a contest."""
FITTING = 3
"""Contests whose bold number is best, for each whose is not, before bold is taken to mean best."""
TASK = ("metric", "dataset", "model", "split", "protocol")
POINT = ("sparsity", "compression", "pattern")
SUBJECTS = ("submetric", "phase", "stage", "device", "batch")
"""What else a row or column may say its numbers are of."""
TRIED = (
    "rounding",
    "ties",
    "another operating point or cost",
    "several bold numbers",
    "the paper's own method in bold",
    "methods that are never in bold",
)


@dataclass(frozen=True)
class _Contest:
    """Numbers of which one is in bold; ``better`` are those that beat it."""

    bold: dict[str, Any]
    better: tuple[dict[str, Any], ...]
    rows: tuple[dict[str, Any], ...]

    def without(self, methods: frozenset[str]) -> _Contest:
        """The contest in which some methods take no part."""
        return _Contest(self.bold, tuple(row for row in self.better if row["method"] not in methods), self.rows)


def bold_not_best(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``bold``: a number in bold that another of its contest beats.

    ``members`` are the results of one paper. Silent in ablations and among variants of one method, where bold marks
    what is used; where several different numbers of a contest are in bold; where the better number has a cost that is
    worse, or a method that is never in bold and beats bold more than once, and so takes no part; where the paper's own
    method is always in bold, best or not; and where bold is best too seldom to mean that.
    """
    tables = [
        list(_contests(rows, members))
        for rows in grouped((row for row in members if _competes(row)), "document_table_id").values()
    ]
    tables = [_among_competitors(contests) for contests in tables]
    every = [contest for contests in tables for contest in contests]
    fitting = [contest for contest in every if not contest.better]
    missed = [contest for contest in every if contest.better]
    if len(missed) > max(1, len(fitting) / FITTING):
        return
    own_always = all(one.bold["role"] == "proposed" or not _takes_part(one, "proposed") for one in every)
    for contest in missed:
        if own_always and contest.bold["role"] == "proposed" and len(fitting) < FITTING:
            continue
        yield _finding(contest, every, own_always=own_always, enough=len(fitting) >= FITTING)


def _competes(row: dict[str, Any]) -> bool:
    known = row["metric"] in quantities().higher_is_better | quantities().lower_is_better
    return known and row["role"] != "dense" and row["table_kind"] != "ablation"


def _subjects(row: dict[str, Any]) -> tuple[str, ...]:
    extra = row["extra"] or {}
    return tuple(as_text(extra.get(name)) for name in SUBJECTS)


def _contests(rows: Sequence[dict[str, Any]], members: Sequence[dict[str, Any]]) -> Iterator[_Contest]:
    """The contests of a table in which one number, or several equal ones, are in bold, and not all."""
    keyed = [row | {"of": _subjects(row), "point": tuple(as_text(row[name]) for name in POINT)} for row in rows]
    for task in grouped(keyed, *TASK, "of").values():
        at_points = [group for group in grouped(task, "point").values() if len(group) >= SMALLEST]
        for group in at_points or [task]:
            bold = [row for row in group if row["bold"]]
            several = len({row["value"] for row in bold}) > 1 or len({row["method"] for row in group}) < SMALLEST
            if len(group) < SMALLEST or not bold or len(bold) == len(group) or several:
                continue
            if all(row["role"] == "proposed" for row in group):
                continue
            better = tuple(row for row in group if _beats(row, bold[0]) and _at_no_less(row, bold[0], members))
            yield _Contest(bold[0], better, tuple(group))


def _beats(row: dict[str, Any], bold: dict[str, Any]) -> bool:
    """Whether a number is better than the bold one; with more digits or fewer, by more than rounding hides."""
    one, other = number_of(row), number_of(bold)
    gain = other.amount - one.amount if row["metric"] in quantities().lower_is_better else one.amount - other.amount
    return gain > (0 if one.half == other.half else max(one.half, other.half)) + SLACK


def _at_no_less(row: dict[str, Any], bold: dict[str, Any], members: Sequence[dict[str, Any]]) -> bool:
    """Whether nothing printed says that a number was had with less removed, or at a higher cost."""
    for name in ("sparsity", "compression"):
        if not absent(row[name]) and not absent(bold[name]) and row[name] < bold[name] - SLACK:
            return False
    here = _costs(row, members)
    return all(here[name] <= cost + SLACK for name, cost in _costs(bold, members).items() if name in here)


def _costs(row: dict[str, Any], members: Sequence[dict[str, Any]]) -> dict[str, float]:
    """What the row or column of a number prints of cost, less being better."""
    signs = dict.fromkeys(quantities().costs, 1.0) | dict.fromkeys(quantities().savings, -1.0)
    return {
        one["metric"]: signs[one["metric"]] * float(one["value"])
        for one in members
        if one["metric"] in signs
        and one["document_table_id"] == row["document_table_id"]
        and one["method"] == row["method"]
        and (one["row"] == row["row"] or one["col"] == row["col"])
    }


def _among_competitors(contests: list[_Contest]) -> list[_Contest]:
    """The contests of a table without methods that are never in bold though they beat bold more than once."""
    bold = {contest.bold["method"] for contest in contests}
    beaten: dict[str, int] = {}
    for contest in contests:
        for method in {row["method"] for row in contest.better}:
            beaten[method] = beaten.get(method, 0) + 1
    outside = frozenset(method for method, times in beaten.items() if times > 1 and method not in bold)
    return [contest.without(outside) for contest in contests]


def _takes_part(contest: _Contest, role: str) -> bool:
    return any(row["role"] == role for row in contest.rows)


def _finding(contest: _Contest, every: Sequence[_Contest], *, own_always: bool, enough: bool) -> Finding:
    bold = contest.bold
    best = max(contest.better, key=lambda row: abs(number_of(row).amount - number_of(bold).amount))
    causes = []
    if own_always and bold["role"] == "proposed":
        causes.append("bold marks the paper's own method")
    if best["role"] != "proposed" and all(best["method"] != one.bold["method"] for one in every):
        causes.append(f"{best['method']} takes no part in the comparison")
    if all(absent(best[name]) or absent(bold[name]) for name in POINT):
        causes.append("another operating point")
    if not enough:
        causes.append("bold means something else")
    return Finding(
        rule="bold",
        cells=tuple(sorted((bold["cell_id"], best["cell_id"]))),
        level="question" if causes else "finding",
        sentence=(
            f"{subject(bold)} in {where(bold)} has its {metric_name(bold['metric'])} of {number_of(bold).as_printed} "
            f"in bold, and {best['method']} beside it has {number_of(best).as_printed}; "
            + possible(tuple(causes) or ("the wrong number is in bold", "a misprint"))
        ),
        size=abs(number_of(best).amount - number_of(bold).amount),
        explanations=tuple(causes),
        tried=TRIED,
        papers=(bold["arxiv_id"],),
    )
