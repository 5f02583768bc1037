"""Titles and abstracts of the invented papers, from the sentences in ``phrases.yaml`` and ``topics.yaml``.

A core paper's abstract states its facets in sentences of their own, so what a tagger should find is known. Every title
ends with a mark that says it is synthetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from secateur.demo.studies import Study, pick

MARK = "[synthetic]"
"""Ends the title of every invented paper."""

CATEGORIES = {
    "connections": ("cs.LG", "cs.LG stat.ML", "cs.LG cs.CV", "cs.NE cs.LG"),
    "filters": ("cs.CV", "cs.CV cs.LG"),
    "encoders": ("cs.CL cs.LG", "cs.CL"),
    "llm": ("cs.LG cs.CL", "cs.CL cs.LG", "cs.LG cs.AI"),
}


@dataclass(frozen=True, slots=True)
class Facets:
    """What a core paper with a method does."""

    structure: tuple[str, ...] = ()
    timing: tuple[str, ...] = ()
    criterion: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Title, abstract and categories as a record prints them."""

    title: str
    abstract: str
    categories: str


@cache
def phrases(name: str) -> dict[str, Any]:
    """The sentences of ``NAME.yaml`` in this package."""
    text = resources.files("secateur.demo").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def choose(rng: np.random.Generator, items: Sequence[str]) -> str:
    """One of the items, all equally likely."""
    return items[int(rng.integers(len(items)))]


def draw_facets(rng: np.random.Generator, track: str) -> Facets:
    """Structure, timing and criterion of a new method of a track."""
    shares = phrases("phrases")["facets"][track]
    timing = pick(rng, shares["timing"])
    return Facets((pick(rng, shares["structure"]),), (timing,), (pick(rng, shares["criterion"][timing]),))


def method_title(rng: np.random.Generator, track: str, name: str, facets: Facets) -> str:
    """Title of a paper that introduces a method."""
    word = phrases("phrases")["criterion_words"][facets.criterion[0]]
    template = choose(rng, phrases("phrases")["titles"][track])
    capital = "-".join(part.capitalize() for part in word.split("-"))
    return _marked(template.format(name=name, criterion=capital, Criterion=capital))


def method_matter(rng: np.random.Generator, study: Study, title: str, facets: Facets) -> FrontMatter:
    """Abstract of a paper that introduces a method, with a result and comparisons from its own tables."""
    assert study.own is not None
    material = phrases("phrases")
    structure = facets.structure[0]
    if any(level.pattern for sheet in study.sheets for level in sheet.levels):
        structure = "semi-structured"
    part, parts = material["parts"][structure]
    timing = facets.timing[0]
    recovery = material["recovery"].get(f"{timing}-{study.track}", material["recovery"].get(timing, ()))
    sentences = [
        choose(rng, material["opening"][study.track]),
        choose(rng, material["gap"][study.track]),
        choose(rng, material["propose"][structure]),
        choose(rng, material["criterion"][facets.criterion[0]]),
        choose(rng, material["timing"][timing]),
    ]
    if recovery and rng.random() < 0.6:
        sentences.append(choose(rng, recovery))
    sentences.append(_result_sentence(rng, study))
    sentences.append(choose(rng, material["comparison"]))
    if rng.random() < 0.5:
        sentences.append(choose(rng, material["closing"]))
    words = {"name": study.own.name, "part": part, "parts": parts, "baselines": _baselines(study)}
    text = " ".join(_sentence(each.format(**words)) for each in sentences)
    return FrontMatter(title, text, choose(rng, CATEGORIES[study.track]))


def stated_facets(study: Study, facets: Facets) -> Facets:
    """The facets that the abstract states: patterns of the tables count as semi-structured beside unstructured."""
    if any(level.pattern for sheet in study.sheets for level in sheet.levels):
        return Facets((*facets.structure, "semi-structured"), facets.timing, facets.criterion)
    return facets


def study_matter(rng: np.random.Generator, study: Study) -> FrontMatter:
    """Title and abstract of a paper that only measures published methods."""
    material = phrases("phrases")["others"]["empirical"]
    benchmark = study.sheets[0].benchmarks[0]
    words = {"model": benchmark.model, "dataset": benchmark.dataset, "baselines": _baselines(study)}
    title = choose(rng, material["titles"]).format(**words)
    text = " ".join(choose(rng, slot).format(**words) for slot in material["sentences"])
    return FrontMatter(_marked(title), text, choose(rng, CATEGORIES[study.track]))


def wordy_matter(rng: np.random.Generator, kind: str) -> FrontMatter:
    """Title and abstract of a core paper without experiments: theory, survey or system."""
    material = phrases("phrases")["others"][kind]
    text = " ".join(choose(rng, slot) for slot in material["sentences"])
    categories = {"theory": "cs.LG stat.ML", "survey": "cs.LG cs.AI", "system": "cs.AR cs.LG"}[kind]
    return FrontMatter(_marked(choose(rng, material["titles"])), text, categories)


def other_matter(rng: np.random.Generator, relevance: str, day: date, name: str) -> tuple[str, FrontMatter]:
    """Topic, title and abstract of a related paper, or of one that has nothing to do with pruning."""
    topics = [each for each in phrases("topics")[relevance] if each["since"] <= day]
    if not topics:
        topics = [min(phrases("topics")[relevance], key=lambda each: each["since"])]
    topic = topics[int(rng.integers(len(topics)))]
    template = choose(rng, topic["titles"])
    title = template.format(name=name) if "{name}" in template else f"{name}: {template}"
    text = " ".join(choose(rng, slot).format(name=name) for slot in topic["sentences"])
    return topic["topic"], FrontMatter(_marked(title), text, topic["categories"])


def authors(rng: np.random.Generator, first: Sequence[str], last: Sequence[str]) -> str:
    """One to five plainly invented people, as a record prints them."""
    names = [f"{choose(rng, first)} {choose(rng, last)}" for _ in range(int(rng.integers(1, 6)))]
    unique = list(dict.fromkeys(names))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}"


def _marked(title: str) -> str:
    return f"{title} {MARK}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _baselines(study: Study) -> str:
    names = [method.prints[0].replace("$\\ell_1$", "L1").replace("$L_0$", "L0") for method in study.compared[-3:]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _result_sentence(rng: np.random.Generator, study: Study) -> str:
    sheet = study.sheets[0]
    own = [number for number in sheet.numbers.values() if number.method is study.own and number.level is not None]
    number = own[int(rng.integers(len(own)))]
    assert number.level is not None
    kind = "filters" if study.track == "filters" else number.benchmark.metric
    templates = phrases("phrases")["result"]
    template = choose(rng, templates.get(kind, templates["accuracy"]))
    return template.format(
        name=study.own.name if study.own else "",
        dataset=number.benchmark.dataset,
        model=number.benchmark.model,
        sparsity=f"{100 * number.level.removed:.10g}",
        value=f"{number.value:.2f}",
    )
