"""Numbers of the running text against the tables: a text that says another number of a method than the tables do.

The reader says which numbers of the text are in no table (`corpus.text_numbers`). Of those this rule asks whether they
follow from numbers of the tables, and else looks for the one that the sentence seems to speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.frames import absent, as_text, grouped
from analysis.printed import common_unit, half_unit, metric_name, quantities
from analysis.questions import SLACK, number_of, possible, same_task, where
from corpus.knowledge import load_knowledge
from corpus.knowledge.entries import Kind
from db.records import Finding

NEAR = 10.0
"""Points that a number of the text may be off and still be taken for that of a table."""
NEAR_PART = 0.1
"""The same for what is no share, as a part of the number of the table."""
KINDS: tuple[Kind, Kind] = ("dataset", "model")
_OWN = re.compile(r"\b(?:we|our|ours)\b", re.IGNORECASE)
_DENSE = re.compile(
    r"\b(?:dense|unpruned|original|full|baseline) (?:model|network|net|\w*Net\S*|accuracy)", re.IGNORECASE
)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")
_RATIO = re.compile(r"(\d+(?:\.\d+)?)\s?[×x](?!\w)")
_METRICS = {"perplexity": r"perplexit|\bppl\b", "f1": r"\bF1\b", "map": r"AP\b", "miou": r"IoU"}
"""What a sentence says that speaks of numbers other than accuracies; the metric's own name where none stands here."""
_MEAN = re.compile(r"\b(?:average[ds]?|mean|on average|overall)\b", re.IGNORECASE)
TRIED = (
    "rounding and truncation",
    "other tables and cells",
    "what a number leaves of 100",
    "sums, differences and means of the tables' numbers",
)


def text_against_tables(members: Sequence[dict[str, Any]], texts: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Rule ``text``: a number of the running text that no table has, beside the number of a table that it should be.

    ``members`` are the results of one paper, ``texts`` the numbers of its text. A result is what the sentence speaks of
    if the sentence names its method (or is of the paper's own, or the dense network), and no other data set, network or
    sparsity. Silent where a table has the number, where numbers of a table give it, and where a result that
    the sentence may speak of has the same number.
    """
    rows = [row for row in members if row["metric"] in quantities().higher_is_better | quantities().lower_is_better]
    seen: set[tuple[int, str]] = set()
    for text in texts:
        if text["in_tables"]:
            continue
        referred = _spoken_of(text, [row for row in rows if row["table_label"] in text["tables"]])
        asked = referred or _spoken_of(text, rows)
        near = [row for row in asked if _is_near(text, row)]
        if not near or _follows(text, asked, members):
            continue
        closest = min(near, key=lambda row: abs(_printed(row) - text["value"]))
        key = (closest["cell_id"], text["printed"])
        if key not in seen:
            seen.add(key)
            yield _finding(text, closest, certain=bool(text["refers"]) and bool(referred) and len(asked) == 1)


def _printed(row: Mapping[str, Any]) -> float:
    """The number as the table prints it, in percent where it is a share."""
    return common_unit(float(row["value"]), as_text(row["unit"]))[0]


def _is_near(text: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    share = as_text(row["unit"]) in ("%", "fraction")
    if text["unit"] == "%" and not share:
        return False
    word = _METRICS.get(row["metric"], row["metric"].replace("_", " "))
    said = row["table_label"] in text["tables"] or re.search(word, str(text["sentence"]), re.IGNORECASE)
    if row["metric"] not in quantities().accuracies and not said:
        return False
    gap = abs(_printed(row) - text["value"])
    return gap <= NEAR if share else gap <= NEAR_PART * abs(_printed(row))


def _spoken_of(text: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results that a sentence may speak of."""
    sentence = str(text["sentence"])
    knowledge = load_knowledge()
    named = [row for row in rows if _names_method(sentence, row)]
    if not named and _OWN.search(sentence):
        named = [row for row in rows if row["role"] == "proposed"]
    for kind in KINDS:
        said = {mention.canonical for mention in knowledge.mentions(kind, sentence)}
        if said:
            named = [row for row in named if row[kind] in said]
    if _MEAN.search(sentence):
        named = [row for row in named if row["dataset"] == "average"]
    shares = {float(share) / 100 for share in _PERCENT.findall(sentence)} - {text["value"] / 100}
    points = {row["sparsity"] for row in named if not absent(row["sparsity"])}
    met = {point for point in points if any(min(abs(point - s), abs(1 - point - s)) < 5e-4 for s in shares)}
    ratios = [float(ratio) for ratio in _RATIO.findall(sentence)]
    met |= {point for point in points if any(ratio > 1 and abs(1 - 1 / ratio - point) < 5e-3 for ratio in ratios)}
    if met:
        named = [row for row in named if row["sparsity"] in met]
    return named


def _names_method(sentence: str, row: Mapping[str, Any]) -> bool:
    if row["role"] == "dense":
        return _DENSE.search(sentence) is not None
    names = {re.sub(r"\s*\([^()]*\)$", "", as_text(row["method"])), as_text(row["method_canonical"])} - {""}
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence) for name in names)


def _follows(text: Mapping[str, Any], asked: Sequence[dict[str, Any]], members: Sequence[dict[str, Any]]) -> bool:
    """Whether numbers of the tables give the number: a dense one and the change that a method's row prints, the
    difference of two in a row or column, or the mean of a row, a column or a method in a table.
    """
    value, half = float(text["value"]), half_unit(float(text["value"]), text["printed"])
    levels = [row for row in members if row["metric"] in quantities().higher_is_better | quantities().lower_is_better]
    methods = {row["method"] for row in asked}
    changes = [row for row in members if row["metric"] == "accuracy_change" and row["method"] in methods]
    for base in (row for row in levels if row["role"] == "dense"):
        for change in (row for row in changes if same_task(row, base)):
            room = half + number_of(base).half + number_of(change).half + SLACK
            if min(abs(_printed(base) + sign * _printed(change) - value) for sign in (1, -1)) <= room:
                return True
    for name in ("row", "col", "method"):
        for group in grouped(levels, "document_table_id", name, "metric").values():
            if len(group) > 1 and abs(_mean(group) - value) <= half + number_of(group[0]).half + SLACK:
                return True
            if value < NEAR and name != "method" and _is_difference(value, half, group):
                return True
    return False


def _mean(group: Sequence[dict[str, Any]]) -> float:
    return sum(map(_printed, group)) / len(group)


def _is_difference(value: float, half: float, group: Sequence[dict[str, Any]]) -> bool:
    """Whether two numbers, printed with as many digits or more, differ by so much or by what rounding leaves of it."""
    printed = np.sort([_printed(row) for row in group if number_of(row).half <= half + SLACK])
    room = 3 * half + SLACK
    after = np.searchsorted(printed, printed + value - room)
    return bool((after < np.searchsorted(printed, printed + value + room, side="right")).any())


def _finding(text: Mapping[str, Any], row: dict[str, Any], *, certain: bool) -> Finding:
    causes = () if certain else ("another result, which no table prints", "another run than that of the table")
    unit = " %" if text["unit"] else ""
    sentence = str(text["sentence"])
    quoted = sentence if len(sentence) <= 160 else sentence[:157] + "..."
    return Finding(
        rule="text",
        cells=(row["cell_id"],),
        level="finding" if certain else "question",
        sentence=(
            f"The text says {text['printed']}{unit} where {where(row)} has a {metric_name(row['metric'])} of "
            f"{number_of(row).as_printed} for {row['method']}, and no table has the number of the text (“{quoted}”); "
            + possible(causes or ("a misprint", "a table that was brought up to date and a text that was not"))
        ),
        size=abs(_printed(row) - float(text["value"])),
        explanations=causes,
        tried=TRIED,
        papers=(row["arxiv_id"],),
    )
