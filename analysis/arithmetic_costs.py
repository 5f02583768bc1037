"""Do a paper's counts fit together: shares removed against amounts, known networks, measured against possible speed.

A multiply-add counts as one operation or as two, so amounts of operations are tried once, twice and halved. Parameters
and multiply-adds of known networks are those of the knowledge base, and only ever explain or ask, since heads, widths
and resolutions differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.frames import absent, as_text, grouped
from analysis.printed import common_unit, ratio_interval, share_interval
from analysis.questions import (
    beside,
    number_of,
    overlap,
    possible,
    same_point,
    same_task,
    subject,
    where,
)
from corpus.knowledge import Knowledge, load_knowledge
from db.records import Finding

Interval = tuple[float, float]
COUNTED = {"params_reduction": ("params",), "flops_reduction": ("flops", "macs"), "speedup": ("flops", "macs")}
"""Which amounts a printed share or a theoretical ratio is about."""
USUAL_IMAGES = "ImageNet"
"""The data set that the knowledge base's multiply-adds of large networks refer to."""
LARGE = 1e9
"""A network with so many parameters has them whatever it is evaluated on."""
NEAR = 1.2
"""Counts of one network differ by so much between papers: what is counted besides convolutions, heads, padding."""
COUNTS_OPERATIONS = re.compile(r"flop|\bmacs?\b|multiply|theor", re.IGNORECASE)
"""A head with one of them is of operations and not of time."""
TIMES = {"params": (1.0,), "flops": (1.0, 2.0, 0.5), "macs": (1.0, 2.0, 0.5)}
"""A multiply-add is counted once or twice."""


def shares_of_counts(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``counts``: a printed share of parameters or operations removed against the amounts beside it.

    ``members`` are the results of one paper. Silent where any dense amount of the task, printed or known, explains the
    share within rounding, as removed or as kept, and where no dense amount is printed.
    """
    amounts = [row for row in members if row["metric"] in TIMES and _is_amount(row)]
    dense = [row for row in amounts if row["role"] == "dense"]
    if not dense:
        return
    for row in members:
        stated = _stated_share(row)
        if stated is None:
            continue
        named = COUNTED[row["metric"]]
        after = [
            one
            for one in amounts
            if one["metric"] in named and one["role"] != "dense" and _in_row(one, row) and same_point(one, row)
        ]
        pairs = [(one, base) for one in after for base in dense if _comparable(one, base)]
        if not pairs or any(_explains(stated, share) for one, base in pairs for share in _removed(one, base)):
            continue
        if not any(_explains(stated, share) for one in after for share in _removed_of_known(one)):
            yield _share_finding(row, pairs)


def _is_amount(row: Mapping[str, Any]) -> bool:
    """Whether a count is one of the network in use, in absolute units; training is counted apart."""
    extra = row["extra"] if isinstance(row["extra"], Mapping) else {}
    return common_unit(1.0, row["unit"])[1] in ("count", "") and extra.get("phase") != "train"


def _stated_share(row: dict[str, Any]) -> Interval | None:
    """The share removed that a row prints, with its rounding; None for other rows."""
    if row["role"] == "dense" or row["metric"] not in COUNTED:
        return None
    number = number_of(row)
    if row["metric"] == "speedup":
        if not row["theoretical"] or number.amount <= 1:
            return None
        low, high = number.amount - number.half, number.amount + number.half
        return 1 - 1 / low, 1 - 1 / high
    if as_text(row["unit"]) not in ("%", "fraction"):
        return None
    # Shares are cut off as often as rounded.
    return (number.amount - number.half) / 100, (number.amount + 2 * number.half) / 100


def _in_row(row: dict[str, Any], other: dict[str, Any]) -> bool:
    return row["document_table_id"] == other["document_table_id"] and row["row"] == other["row"]


def _comparable(row: dict[str, Any], base: dict[str, Any]) -> bool:
    """Whether two amounts are of one task, in units that can be compared."""
    return (
        row["metric"] == base["metric"]
        and same_task(row, base)
        and common_unit(1.0, row["unit"])[1] == common_unit(1.0, base["unit"])[1]
        and (bool(as_text(row["unit"])) or row["col"] == base["col"])
    )


def _removed(row: dict[str, Any], base: dict[str, Any]) -> Iterator[Interval]:
    """The share that a row's amount leaves out of a dense amount, with rounding, however multiply-adds are counted."""
    small, large = number_of(row), number_of(base)
    if large.amount <= large.half:
        return
    low = (small.amount - small.half) / (large.amount + large.half)
    high = (small.amount + small.half) / (large.amount - large.half)
    for times in TIMES[row["metric"]]:
        yield 1 - times * high, 1 - times * low


def _removed_of_known(row: dict[str, Any]) -> Iterator[Interval]:
    """The share that a row's amount leaves out of what is known of its network; its count has three digits."""
    known = _known(row, load_knowledge())
    number = number_of(row)
    if known is None or common_unit(1.0, row["unit"])[1] != "count":
        return
    for times in TIMES[row["metric"]]:
        yield 1 - times * (number.amount + number.half) / (0.995 * known), 1 - times * number.amount / (1.005 * known)


def _explains(stated: Interval, share: Interval) -> bool:
    return overlap(stated, share) or overlap(stated, (1 - share[1], 1 - share[0]))


def _share_finding(row: dict[str, Any], pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> Finding:
    number = number_of(row)
    printed = 1 - 1 / number.amount if row["metric"] == "speedup" else number.amount / 100
    near = [pair for pair in pairs if pair[1]["document_table_id"] == row["document_table_id"]] or pairs
    implied, (amount, base) = min(
        ((1 - number_of(one).amount / number_of(other).amount, (one, other)) for one, other in near),
        key=lambda item: abs(item[0] - printed),
    )
    own = row["role"] == "proposed" or any(_in_row(other, row) for _, other in near)
    causes: tuple[str, ...] = ()
    if printed > implied:
        causes = ("the share counts some of the layers only",)
    if not own:
        causes = (*causes, "the share was copied from a paper with another dense network")
    if len({number_of(other).amount for _, other in near}) > 1 or near is pairs:
        causes = (*causes, "the share refers to a dense network that the paper does not print")
    size = 100 * abs(printed - implied)
    what = "parameters" if row["metric"] == "params_reduction" else "operations"
    sentence = (
        f"{subject(row)} in {where(row)} is said to remove {100 * printed:.4g} % of the {what}, but "
        f"{number_of(amount).shown} of {number_of(base).shown} removes {100 * implied:.4g} %: differs by {size:.3g}; "
    )
    return Finding(
        rule="counts",
        cells=tuple(sorted({row["cell_id"], amount["cell_id"], base["cell_id"]})),
        level="question" if causes else "finding",
        sentence=sentence + possible(causes or ("a misprint", "amounts of another network")),
        size=size,
        explanations=causes,
        tried=("rounding", "every dense row of the paper", "kept against removed", "multiply-adds once or twice"),
        papers=(row["arxiv_id"],),
    )


def known_counts(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``known-counts``: a dense network's printed parameters or operations against what is known of the network.

    Always a question, and silent within a fifth, counted once or twice, and where one name stands for several sizes.
    """
    stated = [row for row in members if row["role"] == "dense" and row["metric"] in TIMES and _is_amount(row)]
    knowledge = load_knowledge()
    for rows in grouped(stated, "model", "metric").values():
        row = rows[0]
        known = _known(row, knowledge)
        several = len({number_of(one).amount for one in rows}) > 1
        if known is None or several or common_unit(1.0, row["unit"])[1] != "count":
            continue
        amount = number_of(row).amount
        ratios = [times * amount / known for times in TIMES[row["metric"]]]
        if amount <= 0 or any(1 / NEAR <= ratio <= NEAR for ratio in ratios):
            continue
        causes: tuple[str, ...] = ("another width, head or variant under the same name", "a part of the network alone")
        if row["metric"] != "params":
            causes = ("another resolution", *causes)
        what = "parameters" if row["metric"] == "params" else "multiply-adds"
        yield Finding(
            rule="known-counts",
            cells=(row["cell_id"],),
            level="question",
            sentence=(
                f"{subject(row)} in {where(row)} has {amount:.4g} {what}, and the network of that name has "
                f"{known:.4g}: {amount / known:.3g} times; {possible(causes)}"
            ),
            size=abs(amount / known - 1),
            explanations=causes,
            tried=("rounding", "multiply-adds once or twice"),
            papers=(row["arxiv_id"],),
        )


def _known(row: Mapping[str, Any], knowledge: Knowledge) -> float | None:
    """Parameters or multiply-adds of a row's network; None where they depend on what it is used for."""
    network = knowledge.models.get(as_text(row["model"]))
    if network is None:
        return None
    usual = row["dataset"] == USUAL_IMAGES
    if row["metric"] != "params":
        return network.multiply_adds if usual else None
    large = network.parameters is not None and network.parameters >= LARGE
    return network.parameters if usual or large else None


def speed_ups(members: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rule ``speed-up``: a measured speed-up above what the operations left over allow. Always a question."""
    for row in members:
        if row["role"] == "dense" or not _is_measured(row):
            continue
        bounds = [bound for other in members for bound in _theoretical(other, row)]
        measured = number_of(row)
        if not bounds or measured.amount - measured.half <= max(high for high, _ in bounds):
            continue
        most, cell = max(bounds)
        causes = ("memory traffic saved besides operations", "another implementation or number format of the dense run")
        yield Finding(
            rule="speed-up",
            cells=tuple(sorted({row["cell_id"], cell})),
            level="question",
            sentence=(
                f"{subject(row)} in {where(row)} is measured {measured.shown} times as fast, and the operations left "
                f"allow {most:.4g} times; {possible(causes)}"
            ),
            size=measured.amount - most,
            explanations=causes,
            tried=("rounding", "every count of the same operating point"),
            papers=(row["arxiv_id"],),
        )


def _is_measured(row: Mapping[str, Any]) -> bool:
    counted = COUNTS_OPERATIONS.search(as_text(row["col_text"]))
    return row["metric"] == "speedup" and bool(row["measured"]) and not row["theoretical"] and not counted


def _theoretical(other: dict[str, Any], row: dict[str, Any]) -> Iterator[tuple[float, int]]:
    """The most that another number of the same operating point allows as speed-up, with its cell."""
    if other["role"] == "dense" or not same_point(other, row) or not _one_point(other, row):
        return
    if other["metric"] == "speedup" and other["theoretical"]:
        number = number_of(other)
        yield number.amount + number.half, other["cell_id"]
    elif other["metric"] == "flops_reduction" and (stated := _stated_share(other)) and stated[1] < 1:
        yield 1 / (1 - stated[1]), other["cell_id"]
    elif other is row and as_text(row["sparsity_of"]) in ("", "weights"):
        shares = share_interval(row)
        if shares is not None and 0 < shares[1] < 1:
            yield 1 / (1 - shares[1]), row["cell_id"]
        elif not absent(row["compression"]):
            yield ratio_interval(float(row["compression"]))[1], row["cell_id"]


def _one_point(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two numbers are surely of one operating point: one row, or the same stated sparsity."""
    stated = [name for name in ("sparsity", "compression", "pattern") if not absent(row[name])]
    return beside(row, other) or any(row[name] == other[name] for name in stated)
