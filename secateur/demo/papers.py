"""Draws the invented papers of one literature: what each is about, its experiments, and what becomes of it.

Core papers stand in the months that the growth process gave; some papers are withdrawn, some have no source that can be
read, and some readable ones carry planted errors.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from secateur.demo import abstracts, eprints
from secateur.demo.abstracts import Facets, FrontMatter
from secateur.demo.arrivals import Arrival, draw_arrivals
from secateur.demo.cells import Style
from secateur.demo.planting import plant
from secateur.demo.studies import Literature, Study, draw_study, draw_track, pick
from secateur.demo.truth import Growth
from secateur.demo.world import Method, load_world

RELATED_SHARE = 0.375
"""Of the papers that are not core."""
CORE_KINDS = {"method": 0.8, "empirical": 0.08, "theory": 0.05, "survey": 0.03, "system": 0.04}
WITHDRAWN_SHARE = 0.015
UNREAD_SHARES = {
    "encrypted": 0.008,
    "pdf-only": 0.02,
    "broken-archive": 0.008,
    "no-root-file": 0.008,
    "broken-table": 0.015,
}
"""Of the core papers with experiments; at least one paper each."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One invented paper with all that is written about it."""

    arrival: Arrival
    relevance: str
    kind: str
    topic: str
    matter: FrontMatter
    people: str
    facets: Facets | None = None
    """Of a paper that introduces a method."""
    study: Study | None = None
    style: Style | None = None
    withdrawn: bool = False
    unread: str | None = None


def draw_papers(rng: np.random.Generator, months: list[date], growth: Growth, papers: int, until: date) -> list[Paper]:
    """All papers in the order of their first versions."""
    others = max(0, papers - sum(growth.counts))
    shape = np.array([np.exp(growth.rate * index / 12) for index in range(len(months))])
    other_counts = rng.multinomial(others, shape / shape.sum())
    counts = [core + int(other) for core, other in zip(growth.counts, other_counts, strict=True)]
    arrivals = iter(draw_arrivals(rng, months, counts, until))
    stems = load_world().names
    names, other_names = _names(rng, stems.stems, stems.endings), _names(rng, stems.stems, stems.other_endings)
    literature = Literature(load_world())
    titles: set[str] = set()
    drawn = []
    for core, count in zip(growth.counts, counts, strict=True):
        is_core = set(rng.permutation(count)[:core].tolist())
        for index, arrival in enumerate(itertools.islice(arrivals, count)):
            if index in is_core:
                paper = _core_paper(rng, literature, arrival, names, titles)
            else:
                paper = _other_paper(rng, arrival, next(other_names))
            drawn.append(_untitled_twice(paper, titles))
    return drawn


def _names(rng: np.random.Generator, stems: Sequence[str], endings: Sequence[str]) -> Iterator[str]:
    """Invented method names, each once."""
    pairs = [stem + ending for stem in stems for ending in endings]
    order = [pairs[int(index)] for index in rng.permutation(len(pairs))]
    yield from order
    for number in itertools.count(2):
        yield from (f"{name}-{number}" for name in order)


def _people(rng: np.random.Generator) -> str:
    names = load_world().names
    return abstracts.authors(rng, names.first, names.last)


def _core_paper(
    rng: np.random.Generator, literature: Literature, arrival: Arrival, names: Iterator[str], titles: set[str]
) -> Paper:
    kind = pick(rng, CORE_KINDS)
    people = _people(rng)
    if kind in ("theory", "survey", "system"):
        return Paper(arrival, "core", kind, kind, abstracts.wordy_matter(rng, kind), people)
    track = draw_track(rng, literature.world, arrival.day)
    if kind == "empirical":
        study = draw_study(rng, literature, arrival, track, None)
        matter = abstracts.study_matter(rng, study)
        return Paper(arrival, "core", kind, track, matter, people, study=study, style=eprints.draw_style(rng, None))
    facets = abstracts.draw_facets(rng, track)
    name = next(names)
    title = abstracts.method_title(rng, track, name, facets)
    if title in titles:
        title = f"{name}: {title}"
    own = _method(rng, arrival, track, name, title, people)
    study = draw_study(rng, literature, arrival, track, own)
    matter = abstracts.method_matter(rng, study, title, facets)
    facets = abstracts.stated_facets(study, facets)
    return Paper(arrival, "core", kind, track, matter, people, facets, study, eprints.draw_style(rng, name))


def _method(rng: np.random.Generator, arrival: Arrival, track: str, name: str, title: str, people: str) -> Method:
    """A new method, on average a little better than the known ones."""
    return Method(
        name=name,
        prints=(name,),
        canonical=name,
        track=track,
        since=arrival.day,
        skill=round(float(rng.lognormal(0.12, 0.16)), 3),
        arxiv_id=arrival.arxiv_id,
        authors=people,
        title=title,
        venue="Preprint",
        year=arrival.day.year,
        synthetic=True,
    )


def _other_paper(rng: np.random.Generator, arrival: Arrival, name: str) -> Paper:
    relevance = "related" if rng.random() < RELATED_SHARE else "no"
    topic, matter = abstracts.other_matter(rng, relevance, arrival.day, name)
    return Paper(arrival, relevance, "other", topic, matter, _people(rng))


def _untitled_twice(paper: Paper, titles: set[str]) -> Paper:
    """The paper under a title that no earlier one has."""
    plain = paper.matter.title.removesuffix(f" {abstracts.MARK}")
    title = paper.matter.title
    for number in itertools.count(2):
        if title not in titles:
            break
        title = f"{plain}, Part {number} {abstracts.MARK}"
    titles.add(title)
    return replace(paper, matter=replace(paper.matter, title=title))


def draw_fates(rng: np.random.Generator, papers: list[Paper]) -> list[Paper]:
    """Some papers are withdrawn, some have no source that can be read."""
    fated = list(papers)
    several = [index for index, paper in enumerate(papers) if len(paper.arrival.versions) > 1]
    withdrawn = _draw(rng, several, max(1, round(WITHDRAWN_SHARE * len(papers))))
    for index in withdrawn:
        fated[index] = replace(fated[index], withdrawn=True)
    free = [index for index, paper in enumerate(fated) if paper.study is not None and not paper.withdrawn]
    amount = len(free)
    for reason, share in UNREAD_SHARES.items():
        chosen = _draw(rng, free, max(1, round(share * amount)))
        for index in chosen:
            fated[index] = replace(fated[index], unread=reason)
        free = [index for index in free if index not in chosen]
    return fated


def _draw(rng: np.random.Generator, items: list[int], count: int) -> list[int]:
    return [items[int(index)] for index in rng.permutation(len(items))[:count]]


def plant_errors(rng: np.random.Generator, papers: list[Paper]) -> list[Paper]:
    """The papers with errors and look-alikes in the numbers of some readable ones."""
    studies = [paper.study for paper in papers if paper.study is not None]
    readable = {paper.arrival.arxiv_id for paper in papers if paper.unread is None and not paper.withdrawn}
    planted = {study.arrival.arxiv_id: study for study in plant(rng, studies, readable)}
    return [replace(paper, study=planted.get(paper.arrival.arxiv_id)) for paper in papers]
