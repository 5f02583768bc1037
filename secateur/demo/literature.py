"""Writes an invented literature as a folder that the arXiv replica serves, together with the truth about it.

``FOLDER/metadata.jsonl`` (a row for each version), ``FOLDER/src/`` (e-prints) and ``FOLDER/truth.json``. All of it
follows from the seed; every record is marked as synthetic in its report number, comments, title and authors.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from secateur.demo import eprints
from secateur.demo.arrivals import draw_growth, months_before
from secateur.demo.eprints import Eprint
from secateur.demo.idioms import build
from secateur.demo.ledger import true_literature
from secateur.demo.papers import Paper, draw_fates, draw_papers, plant_errors
from secateur.demo.tables import TableDraft
from secateur.demo.truth import Truth

CORE_SHARE = 0.6
"""Expected share of pruning papers."""
COMMENT = "Synthetic paper, made by the Secateur demo"
LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"


class FolderInUseError(FileExistsError):
    """The folder holds something other than an earlier synthetic literature."""


def write_literature(folder: Path, *, seed: int = 0, papers: int = 360, years: int = 12, until: date) -> Truth:
    """Write ``papers`` invented papers of the ``years`` before the month of ``until`` and return what was planted.

    About 60 % are pruning papers whose number doubles every 2.2 years. The bytes depend on the arguments alone. Raises
    FolderInUseError for a folder with other content, NoSuchSpanError for years before identifiers of today's form.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    months = months_before(until, years)
    growth = draw_growth(streams[0], months, CORE_SHARE * papers)
    drawn = draw_papers(streams[1], months, growth, papers, until)
    drawn = draw_fates(streams[2], drawn)
    drawn = plant_errors(streams[3], drawn)
    tables = {paper.arrival.arxiv_id: _tables(paper) for paper in drawn if paper.study is not None}
    truth = true_literature(seed, until, growth, drawn, tables)
    _write_folder(folder, streams[4], drawn, tables, truth)
    return truth


def _tables(paper: Paper) -> list[TableDraft]:
    assert paper.study is not None
    assert paper.style is not None
    labels = ("tab:main", "tab:second", "tab:third")
    return [build(sheet, paper.style, label) for sheet, label in zip(paper.study.sheets, labels, strict=False)]


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
    article = eprints.write_article(rng, paper.study, paper.matter, paper.people, paper.style, tables)
    if paper.unread == "no-root-file":
        return eprints.rootless(article)
    if paper.unread == "broken-table":
        return eprints.pack(rng, eprints.broken_off(article))
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
            "modtime": int(created.replace(tzinfo=UTC).timestamp()),
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
