"""The worst errors of the readers, each with its cause as far as somebody looked into it (`causes.yaml`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

CAUSES = Path(__file__).with_name("causes.yaml")
NOT_LOOKED_INTO = "not looked into yet"


@dataclass(frozen=True)
class Mistake:
    """One error, or several of one kind in one paper."""

    key: str
    """Under which its cause is kept."""
    what: str
    badness: float


def worst_relevance(
    gold: Sequence[Mapping[str, Any]], predicted: Mapping[str, Mapping[str, Any]], number: int
) -> list[Mistake]:
    """Papers told core wrongly or missed, those first of which the model was surest."""
    mistakes = []
    for paper in gold:
        said, score = predicted[paper["id"]]["relevance"], predicted[paper["id"]]["scores"]["core"]
        if (said == "core") != (paper["relevance"] == "core"):
            sure = score if said == "core" else 1 - score
            what = f"{paper['id']} is {paper['relevance']}, said {said} (core: {score:.2f})"
            mistakes.append(Mistake(f"relevance {paper['id']}", what, sure))
    return sorted(mistakes, key=lambda mistake: -mistake.badness)[:number]


def worst_results(tool: ModuleType, gold: Path, predicted: Path, number: int) -> list[Mistake]:
    """Kinds of wrong tuples in a paper, those with the most tuples first."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(gold.glob("*/gold.json")):
        name = path.parent.name
        found = json.loads((predicted / f"{name}.json").read_text(encoding="utf-8"))
        scored = tool.score_paper(json.loads(path.read_text(encoding="utf-8")), found)
        for want, got, fields in scored["wrong"]:
            told = "; ".join(f"{field} {want.get(field)!r}, read {got.get(field)!r}" for field in fields)
            counts[name, told] += 1
        missed = scored["gold"] - scored["matched"]
        if missed:
            counts[name, "values not found"] += missed
    return [
        Mistake(f"results {name}: {told}", f"{name}: {told} ({count} tuples)", count)
        for (name, told), count in counts.most_common(number)
    ]


def with_causes(mistakes: Sequence[Mistake]) -> list[str]:
    """A Markdown table of mistakes and their causes."""
    causes: dict[str, str] = yaml.safe_load(CAUSES.read_text(encoding="utf-8")) or {}
    lines = ["| error | cause |", "|---|---|"]
    lines += [f"| {mistake.what} | {causes.get(mistake.key, NOT_LOOKED_INTO)} |" for mistake in mistakes]
    return lines
