"""What happened to the papers that one cites: which papers of the corpus they are, what is new, what was told before.

What was told is remembered as hashes in ``watched.json`` beside the database, so that nothing is told twice and nothing
that a long nightly stores late is missed, as by a date it would be.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from analysis.frames import records
from analysis.versions import compare_versions
from db.changes import results_of_version
from db.records import Citation
from db.search import SearchUnavailableError, search
from db.watched import Happening, happenings, papers_by_doi, read_versions, titles
from ingest.arxiv_id import InvalidArxivIdError, parse
from secateur.feed import Item, add_entry

STATE = "watched.json"
FEED_TITLE = "Secateur: what happened to the papers that you cite"
ABSTRACT_PAGE = "https://arxiv.org/abs/"
CANDIDATES = 5
"""Papers whose title is compared with an entry's, word for word."""


class WatchStateError(Exception):
    """The file that remembers what was told can't be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not hold what was told of references; remove it to be told everything again")


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of a bibliography, and the paper of the corpus that it is."""

    key: str
    arxiv_id: str | None
    """None where the corpus has no such paper."""
    matched_by: str
    """arxiv, doi or title; empty where it was not found."""
    title: str
    """As the corpus has it, else as the entry has it."""


def resolve(connection: Connection, entries: Sequence[Citation]) -> list[Reference]:
    """Find the papers that entries name: by arXiv identifier, else by DOI, else by a title with the same words.

    An entry with an identifier that the corpus has not is looked for by DOI and title too, as bibliographies err.
    """
    named = {entry.key: identifier for entry in entries if (identifier := _identifier(entry)) is not None}
    dois = papers_by_doi(connection, [entry.doi for entry in entries if entry.doi])
    known = titles(connection, {*named.values(), *dois.values()})
    found = []
    for entry in entries:
        by_doi = dois.get((entry.doi or "").lower())
        if (identifier := named.get(entry.key)) in known:
            found.append(Reference(entry.key, identifier, "arxiv", known[str(identifier)]))
        elif by_doi is not None:
            found.append(Reference(entry.key, by_doi, "doi", known[by_doi]))
        else:
            found.append(_by_title(connection, entry))
    return found


def _identifier(entry: Citation) -> str | None:
    try:
        return None if entry.arxiv_id is None else parse(entry.arxiv_id).paper
    except InvalidArxivIdError:
        return None


def _by_title(connection: Connection, entry: Citation) -> Reference:
    wanted = _words(entry.title)
    try:
        hits = search(connection, f'"{wanted}"', limit=CANDIDATES) if wanted else []
    except SearchUnavailableError:
        hits = []
    for hit in hits:
        if _words(hit.title) == wanted:
            return Reference(entry.key, hit.arxiv_id, "title", hit.title)
    return Reference(entry.key, None, "", entry.title or entry.text)


def _words(title: str) -> str:
    """The words of a title without case, accents and punctuation."""
    plain = "".join(
        character for character in unicodedata.normalize("NFKD", title) if not unicodedata.combining(character)
    )
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


def what_happened(connection: Connection, references: Iterable[Reference]) -> list[Happening]:
    """All that the corpus knows to have happened to the papers cited, oldest first, with numbers that changed."""
    cited = {reference.arxiv_id for reference in references if reference.arxiv_id is not None}
    found = [*happenings(connection, cited), *_changed_numbers(connection, cited)]
    return sorted(found, key=lambda one: (one.seen_at, one.arxiv_id, one.what, one.detail))


def _changed_numbers(connection: Connection, arxiv_ids: Collection[str]) -> Iterator[Happening]:
    """Numbers that stand in the same place of two versions read one after the other, and differ."""
    for older, newer in pairwise(read_versions(connection, arxiv_ids)):
        if older.arxiv_id != newer.arxiv_id:
            continue
        before, after = (results_of_version(connection, one.arxiv_id, one.number) for one in (older, newer))
        for row in records(compare_versions(before, after)):
            if row["what"] == "changed" and row["before"] != row["after"]:
                detail = f"v{older.number} to v{newer.number}, {_number(row)}"
                yield Happening(newer.first_read_at, newer.arxiv_id, "number changed", detail)


def _number(row: Mapping[str, Any]) -> str:
    """Where a number stands, and what became of it, such as ``tab:main: RigL, top1_accuracy: 74.6 to 75.1 %``."""
    place = ", ".join(str(row[name]) for name in ("method", "dataset", "model", "metric") if row[name])
    removed = "" if row["sparsity"] is None else f" at sparsity {row['sparsity']:g}"
    return f"{row['table_label']}: {place}{removed}: {row['before']:g} to {row['after']:g} {row['unit']}".rstrip()


class Told:
    """What was told of each bibliography, in a file.

    Raises:
        WatchStateError: the file holds something else.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._told: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
            if not all(isinstance(hashes, list) for hashes in self._told.values()):
                raise WatchStateError(file)
        except FileNotFoundError:
            self._told = {}
        except (ValueError, AttributeError) as error:
            raise WatchStateError(file) from error

    def new(self, path: Path, happened: Iterable[Happening]) -> list[Happening]:
        """What was not told of the bibliography at a path before."""
        told = set(self._told.get(str(path.resolve()), ()))
        return [one for one in happened if _hash(one) not in told]

    def remember(self, path: Path, happened: Iterable[Happening]) -> None:
        """Store that all of it was told."""
        self._told[str(path.resolve())] = [_hash(one) for one in happened]
        partial = self._file.with_suffix(".tmp")
        partial.write_text(json.dumps(self._told), encoding="utf-8")
        os.replace(partial, self._file)


def _hash(one: Happening) -> str:
    return hashlib.sha256(f"{one.arxiv_id}\n{one.what}\n{one.detail}".encode()).hexdigest()[:16]


def add_to_feed(file: Path, happened: Sequence[Happening], now: datetime) -> None:
    """Add an entry with what happened to an Atom feed, which is made if there is none."""
    papers = len({one.arxiv_id for one in happened})
    title = f"{now:%Y-%m-%d}: {_counted(len(happened), 'thing')} happened to {_counted(papers, 'paper')} that you cite"
    items = [Item(f"{one.arxiv_id} {one.what}: {one.detail}", f"{ABSTRACT_PAGE}{one.arxiv_id}") for one in happened]
    add_entry(file, FEED_TITLE, now, title, items)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
