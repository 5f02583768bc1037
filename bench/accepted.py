"""How clean the accepted papers are: false alarms off the subject, and a draw of accepted papers that a person read.

`accepted.jsonl` holds a reader's verdicts on papers accepted from the abstracts beside the checkout. Which papers are
drawn is fixed by a hash of their identifiers, so that another model draws mostly the same ones; what nobody read yet
is listed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from counting import Score, read_lines
from scipy.stats import binomtest

VERDICTS = Path(__file__).with_name("accepted.jsonl")
DRAWN = 200
SUBJECT_WORDS = ("prun", "spars", "lottery")


def share(hits: int, total: int) -> Score:
    """A share with its Wilson interval."""
    interval = binomtest(hits, total).proportion_ci(0.95, method="wilson")
    return Score(hits / total, interval.low, interval.high)


def drawn(accepted: Iterable[str]) -> list[str]:
    """Identifiers of the accepted papers that are read, in a fixed order of chance."""
    return sorted(accepted, key=lambda identifier: hashlib.sha256(f"0:{identifier}".encode()).hexdigest())[:DRAWN]


def accepted_lines(accepted: Collection[str]) -> list[str]:
    """What a reader said of the drawn papers, in Markdown."""
    verdicts = {line["id"]: line["verdict"] for line in read_lines(VERDICTS)}
    sample = drawn(accepted)
    read = [verdicts[identifier] for identifier in sample if identifier in verdicts]
    good = sum(verdict != "no" for verdict in read)
    core = sum(verdict == "core" for verdict in read)
    lines = [
        f"Of {len(accepted)} accepted papers {len(sample)} were drawn, and {len(read)} of them read by one reader.",
        f"Core or related are **{share(good, len(read))}**, core {share(core, len(read))}.",
    ]
    if len(read) < len(sample):
        lines.append(f"Not read yet: {', '.join(identifier for identifier in sample if identifier not in verdicts)}.")
    return lines


def false_alarms(
    texts: Sequence[Mapping[str, str]],
    predicted: Mapping[str, Mapping[str, Any]],
    gold: Sequence[Mapping[str, Any]],
    crossed: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """The rate of false alarms off the subject and among the gold's negatives, in Markdown."""
    off = [t for t in texts if not any(word in f"{t['title']} {t['abstract']}".lower() for word in SUBJECT_WORDS)]
    alarms = sum(predicted[text["id"]]["relevance"] == "core" for text in off)
    negatives = [paper for paper in gold if paper["relevance"] != "core"]
    weight = sum(paper["weight"] for paper in negatives)
    wrong = sum(paper["weight"] for paper in negatives if crossed[paper["id"]]["relevance"] == "core")
    together = (alarms + wrong) / (len(off) + weight)
    return [
        f"Of {len(off):,} abstracts without a word on pruning, sparsity or lottery tickets {alarms} are called core.",
        f"The gold's negatives stand for {weight:,.0f} papers, those called core by cross-validation for {wrong:,.0f}",
        f"({wrong / weight:.2%}). Both together: {together:.2%} false alarms.",
    ]
