"""Writes an invented literature as a folder that the arXiv replica serves, together with the truth about it.

``FOLDER/metadata.jsonl`` (a row for each version), ``FOLDER/src/`` (e-prints) and ``FOLDER/truth.json``. Everything follows
from the seed; every record is marked as synthetic in its report number, comments, title and authors.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from secateur.demo import abstracts, eprints
from secateur.demo.abstracts import Facets, FrontMatter
from secateur.demo.arrivals import Arrival, draw_arrivals, draw_growth, months_before
from secateur.demo.eprints import Eprint
from secateur.demo.idioms import Style, build
from secateur.demo.planting import plant
from secateur.demo.studies import Literature, Measurement, Study, draw_study, draw_track, pick
from secateur.demo.tables import TableDraft
from secateur.demo.truth import Comparison, Contradiction, Growth, LookAlike, Slip, TruePaper, TrueResult, Truth
from secateur.demo.world import Method, Names, load_world

CORE_SHARE = 0.6
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

COMMENT = "Synthetic paper, made by the Secateur demo"
LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"


class FolderInUseError(FileExistsError):
    """The folder holds something other than an earlier synthetic literature."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One invented paper with all that is written about it."""

    arrival: Arrival
    relevance: str
    kind: str
    topic: str
    matter: FrontMatter
    people: str
    facets: Facets = Facets()
    study: Study | None = None
    style: Style | None = None
    withdrawn: bool = False
    unread: str | None = None


def write_literature(folder: Path, *, seed: int = 0, papers: int = 360, years: int = 12, until: date) -> Truth:
    """Write ``papers`` invented papers of the ``years`` before the month of ``until`` and return what was planted.

    About 60 % are pruning papers whose number doubles every 2.2 years. The folder's bytes depend on the arguments alone.
    Raises FolderInUseError for a folder with other content, NoSuchSpanError for a span without identifiers of today's form.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    months = months_before(until, years)
    growth = draw_growth(streams[0], months, CORE_SHARE * papers)
    drawn = _draw_papers(streams[1], months, growth, papers, until)
    drawn = _draw_fates(streams[2], drawn)
    drawn = _plant_errors(streams[3], drawn)
    tables = {paper.arrival.arxiv_id: _tables(paper) for paper in drawn if paper.study is not None}
    truth = _truth(seed, until, growth, drawn, tables)
    _write_folder(folder, streams[4], drawn, tables, truth)
    return truth


def _draw_papers(
    rng: np.random.Generator, months: list[date], growth: Growth, papers: int, until: date
) -> list[Paper]:
    """All papers in the order of their first versions."""
    others = max(0, papers - sum(growth.counts))
    shape = np.array([np.exp(growth.rate * index / 12) for index in range(len(months))])
    other_counts = rng.multinomial(others, shape / shape.sum())
    counts = [core + int(other) for core, other in zip(growth.counts, other_counts, strict=True)]
    arrivals = iter(draw_arrivals(rng, months, counts, until))
    names = _names(rng, load_world().names)
    literature = Literature(load_world())
    titles: set[str] = set()
    drawn = []
    for core, count in zip(growth.counts, counts, strict=True):
        is_core = set(rng.permutation(count)[:core].tolist())
        for index, arrival in enumerate(itertools.islice(arrivals, count)):
            if index in is_core:
                paper = _core_paper(rng, literature, arrival, names, titles)
            else:
                paper = _other_paper(rng, arrival, next(names))
            drawn.append(_untitled_twice(paper, titles))
    return drawn


def _names(rng: np.random.Generator, names: Names) -> Iterator[str]:
    """Invented method names, each once."""
    pairs = [stem + ending for stem in names.stems for ending in names.endings]
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


def _method(
    rng: np.random.Generator, arrival: Arrival, track: str, name: str, title: str, people: str
) -> Method:
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


def _draw_fates(rng: np.random.Generator, papers: list[Paper]) -> list[Paper]:
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


def _plant_errors(rng: np.random.Generator, papers: list[Paper]) -> list[Paper]:
    studies = [paper.study for paper in papers if paper.study is not None]
    readable = {paper.arrival.arxiv_id for paper in papers if paper.unread is None and not paper.withdrawn}
    planted = {study.arrival.arxiv_id: study for study in plant(rng, studies, readable)}
    return [replace(paper, study=planted.get(paper.arrival.arxiv_id)) for paper in papers]


def _tables(paper: Paper) -> list[TableDraft]:
    assert paper.study is not None
    assert paper.style is not None
    labels = ("tab:main", "tab:second", "tab:third")
    return [build(sheet, paper.style, label) for sheet, label in zip(paper.study.sheets, labels, strict=False)]


def _read_tables(paper: Paper, tables: list[TableDraft]) -> list[TableDraft]:
    """The tables that a reader can be expected to read."""
    if paper.withdrawn or paper.unread not in (None, "broken-table"):
        return []
    return tables[1:] if paper.unread == "broken-table" else tables


def _truth(
    seed: int, until: date, growth: Growth, papers: list[Paper], tables: Mapping[str, list[TableDraft]]
) -> Truth:
    placed = [
        (paper, result, number)
        for paper in papers
        for table in _read_tables(paper, tables.get(paper.arrival.arxiv_id, []))
        for result, number in table.placed(paper.arrival.arxiv_id)
    ]
    results = tuple(result for _, result, _ in placed)
    compared = {
        Comparison(paper.arrival.arxiv_id, number.method.arxiv_id)
        for paper, _, number in placed
        if number is not None and number.method is not None and number.method.synthetic
        if number.method.arxiv_id is not None and number.method.arxiv_id != paper.arrival.arxiv_id
    }
    return Truth(
        seed=seed,
        until=until.isoformat(),
        growth=growth,
        papers=tuple(_true_paper(paper) for paper in papers),
        results=results,
        comparisons=tuple(sorted(compared, key=lambda pair: (pair.citing, pair.cited))),
        contradictions=tuple(_contradictions(placed)),
        slips=tuple(_slips(placed)),
        look_alikes=tuple(_look_alikes(papers, placed, tables)),
    )


def _true_paper(paper: Paper) -> TruePaper:
    return TruePaper(
        arxiv_id=paper.arrival.arxiv_id,
        title=paper.matter.title,
        submitted=paper.arrival.day.isoformat(),
        versions=len(paper.arrival.versions),
        relevance=paper.relevance,
        track=paper.topic,
        proposed=paper.study.own.name if paper.study and paper.study.own else None,
        structure=paper.facets.structure,
        timing=paper.facets.timing,
        criterion=paper.facets.criterion,
        withdrawn=paper.withdrawn,
        unread=paper.unread,
    )


Placed = list[tuple[Paper, TrueResult, Measurement | None]]


def _same_thing(result: TrueResult) -> tuple[Any, ...]:
    return (
        result.method_canonical,
        result.dataset,
        result.model,
        result.metric,
        result.sparsity,
        result.pattern,
        result.protocol,
    )


def _contradictions(placed: Placed) -> Iterator[Contradiction]:
    printed: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for _, result, _ in placed:
        printed[(*_same_thing(result), result.value)].add(result.arxiv_id)
    for _, result, number in placed:
        if number is not None and number.mark == "contradiction" and number.agreed is not None:
            yield Contradiction(
                arxiv_id=result.arxiv_id,
                table=result.table,
                row=result.row,
                col=result.col,
                method=result.method_canonical,
                dataset=result.dataset,
                model=result.model,
                metric=result.metric,
                value=result.value,
                agreed=number.agreed,
                others=tuple(sorted(printed[(*_same_thing(result), number.agreed)])),
            )


def _slips(placed: Placed) -> Iterator[Slip]:
    for _, result, number in placed:
        if number is None or number.level is None:
            continue
        if number.mark == "difference" and number.base is not None and number.change is not None:
            expected = round(number.value - number.base, 2)
            yield Slip("difference", result.arxiv_id, result.table, result.row, number.change, expected)
        elif number.mark == "ratio" and number.ratio is not None:
            expected = round(1 / (1 - number.level.removed), 1)
            yield Slip("ratio", result.arxiv_id, result.table, result.row, number.ratio, expected)


def _look_alikes(
    papers: Collection[Paper], placed: Placed, tables: Mapping[str, list[TableDraft]]
) -> Iterator[LookAlike]:
    for _, result, number in placed:
        if number is not None and number.mark == "rounding":
            yield LookAlike("rounding", result.arxiv_id, result.table, result.row)
    kinds = {"error": "error-rate", "kept": "kept-share"}
    for paper in papers:
        if paper.study is None:
            continue
        drafts = tables[paper.arrival.arxiv_id]
        readable = {table.label for table in _read_tables(paper, drafts)}
        for sheet, table in zip(paper.study.sheets, drafts, strict=True):
            kind = "sequence-length" if sheet.long_context else kinds.get(sheet.idiom)
            if kind is not None and table.label in readable:
                yield LookAlike(kind, paper.arrival.arxiv_id, table.label)


def _write_folder(
    folder: Path,
    rng: np.random.Generator,
    papers: list[Paper],
    tables: Mapping[str, list[TableDraft]],
    truth: Truth,
) -> None:
    _empty_folder(folder)
    sources = folder / "src"
    sources.mkdir()
    with (folder / "metadata.jsonl").open("w", encoding="utf-8", newline="\n") as metadata:
        for paper in papers:
            eprint = _eprint(rng, paper, tables.get(paper.arrival.arxiv_id, []))
            if eprint is not None:
                (sources / f"{paper.arrival.arxiv_id}{eprint.suffix}").write_bytes(eprint.content)
            size = len(eprint.content) if eprint is not None else 42_000
            for row in _rows(paper, size):
                metadata.write(json.dumps(row, ensure_ascii=False) + "\n")
    truth.write(folder / "truth.json")


def _empty_folder(folder: Path) -> None:
    """Make the folder, or clear an earlier synthetic literature; anything else is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        if not (folder / "truth.json").is_file():
            raise FolderInUseError(f"{folder} is not empty and holds no synthetic literature; name another folder")
        shutil.rmtree(folder / "src", ignore_errors=True)


def _eprint(rng: np.random.Generator, paper: Paper, tables: list[TableDraft]) -> Eprint | None:
    """The submission of the newest version; None where arXiv would give none."""
    if paper.withdrawn or paper.unread == "encrypted":
        return None
    if paper.unread == "pdf-only":
        return eprints.blank_pdf(paper.matter.title)
    if paper.study is None or paper.style is None:
        return eprints.pack(rng, eprints.write_note(paper.matter, paper.people))
    broken = tables[0].label if paper.unread == "broken-table" else None
    article = eprints.write_article(rng, paper.study, paper.matter, paper.people, paper.style, tables, broken)
    if paper.unread == "no-root-file":
        return eprints.rootless(article)
    packed = eprints.pack(rng, article)
    return eprints.truncated(packed) if paper.unread == "broken-archive" else packed


def _rows(paper: Paper, size: int) -> Iterator[dict[str, Any]]:
    """A row for each version, with the columns of arXiv's metadata table."""
    last = len(paper.arrival.versions)
    for number, created in enumerate(paper.arrival.versions, start=1):
        withdrawn = paper.withdrawn and number == last
        updated = created + timedelta(hours=9)
        yield {
            "paper_id": paper.arrival.arxiv_id,
            "version": number,
            "created": f"{created:%Y-%m-%d %H:%M:%S}",
            "updated": f"{updated:%Y-%m-%d %H:%M:%S}",
            "modtime": int(_utc(created).timestamp()),
            "is_current": int(number == last),
            "is_withdrawn": int(withdrawn),
            "source_size": 0 if withdrawn else size,
            "source_format": "withdrawn" if withdrawn else "pdf" if paper.unread == "pdf-only" else "tex",
            "source_flags": "S" if paper.unread == "encrypted" else "1",
            "title": paper.matter.title,
            "authors": paper.people,
            "abs_categories": paper.matter.categories,
            "comments": f"This paper has been withdrawn by its authors. {COMMENT}" if withdrawn else COMMENT,
            "report_num": "SYNTHETIC",
            "msc_class": None,
            "acm_class": None,
            "journal_ref": None,
            "doi": None,
            "license": LICENSE,
            "abstract": f"  {paper.matter.abstract}",
        }


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
