"""From a paper's file to what it reports: the document, its tables and the readings of their numbers.

Numbers of papers that are not about pruning are not read as pruning results, however much their tables look alike:
a paper must name known pruning methods or N:M patterns in its tables, or title and abstract must be about pruning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from corpus.knowledge import Knowledge
from corpus.reading import Document
from corpus.reading.forms import read_paper
from corpus.results import read_results
from corpus.text_numbers import text_numbers
from db.records import Reading, Table, TextNumber, Unread

_WORDS = re.compile(r"\b(?:prun|spars|unprun)\w*", re.I)
MIN_WORDS = 5
"""Words on pruning that a text has if its tables report pruning: 14 papers on other subjects had 0 to 4 of them. One is
enough where the tables name two pruning methods."""
MIN_CHARACTERS = 2000
"""A shorter text says too little of its subject to be turned away."""
_NOT_OF_WEIGHTS = frozenset(["token", "activation"])


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was read from one paper."""

    document: Document
    tables: tuple[Table, ...] = ()
    readings: tuple[Reading, ...] = ()
    unread: tuple[Unread, ...] = ()
    """What could not be read, of the document and of its tables."""
    text_numbers: tuple[TextNumber, ...] = ()
    """Numbers of its running text that say how good a network is."""


def extract(document: Document, knowledge: Knowledge, *, on_pruning: bool | None = None) -> Extraction:
    """Tables and readings of a document.

    ``on_pruning`` says whether the paper is known to be about pruning; None leaves that to the document itself.
    """
    tables, readings, unread = read_results(document, knowledge)
    unread = (*document.unread, *unread)
    if on_pruning is None:
        on_pruning = not readings or reports_pruning(document, readings, knowledge)
    if on_pruning:
        return Extraction(document, tables, readings, unread, text_numbers(document))
    reason = "neither its tables nor its abstract speak of pruning, so no number was taken as a pruning result"
    return Extraction(document, tables, (), (*document.unread, Unread("document", "results", reason)))


def extract_path(path: Path, knowledge: Knowledge, *, on_pruning: bool | None = None) -> Extraction:
    """Read a file or folder and extract it; raises UnreadablePathError."""
    return extract(read_paper(path), knowledge, on_pruning=on_pruning)


def reports_pruning(document: Document, readings: Iterable[Reading], knowledge: Knowledge) -> bool:
    """Whether the numbers of a paper's tables are about pruning."""
    text = document.text
    if len(text) < MIN_CHARACTERS:
        return True
    words = sum(1 for _ in islice(_WORDS.finditer(text), MIN_WORDS))
    named = {reading.method_canonical or reading.pattern for reading in readings if _names_pruning(reading, knowledge)}
    if named and words >= (MIN_WORDS if len(named) == 1 else 1):
        return True
    from corpus.tagging import load_model, tag

    return tag(document.title, document.abstract, knowledge, load_model()).relevance == "core"


def _names_pruning(reading: Reading, knowledge: Knowledge) -> bool:
    if reading.pattern is not None:
        return True
    method = knowledge.methods.get(reading.method_canonical or "")
    return method is not None and bool(set(method.structure) - _NOT_OF_WEIGHTS)
