"""Made-up metadata in any number, with words as frequent as in real abstracts, so that a search meets real crowds.

``words.csv`` has the words and pairs of words of 16,248 abstracts on machine learning with their share of the text;
rarer words are made up, with Zipf's frequencies. Words are drawn one by one: no sentence means anything.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_WORDS = Path(__file__).with_name("words.csv")
_RARE_WORDS = 60_000
_ABSTRACT_WORDS = 150
_TITLE_WORDS = 9
_BLOCK = 2000
_FIRST_DAY = datetime(2015, 1, 1, tzinfo=UTC)
_PAPERS_OF_A_MONTH = 20_000
_CATEGORIES = ("cs.LG", "cs.CV stat.ML", "math.IT cs.IT", "quant-ph", "astro-ph.CO", "cs.CL cs.AI cs.LG")


@dataclass(frozen=True, slots=True)
class MadeUpPaper:
    """What is made up of one paper."""

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[tuple[str, str], ...]
    """Last and first names."""
    categories: str
    submitted: datetime


def made_up_papers(number: int, seed: int = 0) -> Iterator[MadeUpPaper]:
    """Yield papers whose identifiers and dates rise; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    for start in range(0, number, _BLOCK):
        size = min(_BLOCK, number - start)
        titles, abstracts = _texts(rng, size, _TITLE_WORDS), _texts(rng, size, _ABSTRACT_WORDS)
        people = rng.integers(1, 6, size)
        for position, (title, abstract) in enumerate(zip(titles, abstracts, strict=True)):
            yield _paper(start + position, title, abstract, int(people[position]))


def snapshot_line(paper: MadeUpPaper) -> str:
    """The paper as a line of arXiv's bulk snapshot."""
    return json.dumps(
        {
            "id": paper.arxiv_id,
            "submitter": " ".join(reversed(paper.authors[0])),
            "authors": ", ".join(f"{first} {last}" for last, first in paper.authors),
            "title": paper.title,
            "comments": "12 pages, 3 figures",
            "journal-ref": None,
            "doi": None,
            "report-no": None,
            "categories": paper.categories,
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "abstract": f"  {paper.abstract}\n",
            "versions": [{"version": "v1", "created": format_datetime(paper.submitted, usegmt=True)}],
            "update_date": paper.submitted.date().isoformat(),
            "authors_parsed": [[last, first, ""] for last, first in paper.authors],
        }
    )


def metadata_row(paper: MadeUpPaper) -> dict[str, Any]:
    """The paper as a row of arXiv's metadata table, which the replica serves."""
    return {
        "paper_id": paper.arxiv_id,
        "version": 1,
        "created": f"{paper.submitted:%Y-%m-%d %H:%M:%S}",
        "updated": f"{paper.submitted:%Y-%m-%d %H:%M:%S}",
        "modtime": int(paper.submitted.timestamp()),
        "is_current": 1,
        "source_size": 400_000,
        "source_format": "tex",
        "title": paper.title,
        "authors": ", ".join(f"{first} {last}" for last, first in paper.authors),
        "abs_categories": paper.categories,
        "comments": "12 pages, 3 figures",
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": f"  {paper.abstract}\n",
    }


def _paper(number: int, title: str, abstract: str, people: int) -> MadeUpPaper:
    month, rest = divmod(number, _PAPERS_OF_A_MONTH)
    year, month = divmod(month, 12)
    moment = _FIRST_DAY.replace(year=_FIRST_DAY.year + year, month=month + 1) + timedelta(minutes=2 * rest)
    authors = tuple((f"Name{(number * 7 + k) % 9973}", f"First{(number + k) % 991}") for k in range(people))
    identifier = f"{moment:%y%m}.{rest + 1:05}"
    return MadeUpPaper(identifier, title, abstract, authors, _CATEGORIES[number % len(_CATEGORIES)], moment)


def _texts(rng: np.random.Generator, number: int, words: int) -> list[str]:
    vocabulary, cumulated = _vocabulary()
    drawn = vocabulary[np.searchsorted(cumulated, rng.random((number, words)))]
    return [" ".join(row).capitalize() for row in drawn.tolist()]


@cache
def _vocabulary() -> tuple[np.ndarray, np.ndarray]:
    """All words, and the shares of the text up to each."""
    with _WORDS.open(encoding="utf-8", newline="") as file:
        rows = [(row["words"], float(row["per_million"]) / 1e6) for row in csv.DictReader(file)]
    rare = 1.0 / np.arange(100, 100 + _RARE_WORDS)
    rare *= (1.0 - sum(share for _, share in rows)) / rare.sum()
    words = [word for word, _ in rows] + [_rare_word(number) for number in range(_RARE_WORDS)]
    shares = np.concatenate([[share for _, share in rows], rare])
    return np.array(words, dtype=object), np.cumsum(shares) / shares.sum()


def _rare_word(number: int) -> str:
    """A word of three to four syllables, a different one for each number."""
    syllables = ("ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo", "zu", "qua")
    word = "q"
    for _ in range(4):
        number, digit = divmod(number, len(syllables))
        word += syllables[digit]
    return word
