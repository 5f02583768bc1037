"""The two readings as stages over the database: `tag` for what is new or changed, `extract` for stored full texts.

Each paper is read by itself and stored in a transaction of its own, so a killed run leaves whole papers only, and a
paper that can't be read is stored as unread, with its reason, and stops nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from corpus.bounded import BoundedReader, NotReadError
from corpus.knowledge import load_knowledge
from corpus.reading import READER_VERSION
from corpus.tagging import TAGGER_VERSION, TaggingModel, load_model, tag
from corpus.tagging.lexicon import load_lexicon
from corpus.tagging.relevance import RelevanceModelError, read_model
from db.readings import (
    PaperText,
    Processing,
    StoredDocument,
    save_extraction,
    save_failure,
    save_tags,
    unextracted,
    untagged,
)
from ingest.fulltext import FileStore

Progressed = Callable[[int, int | None, str], None]
Clock = Callable[[], datetime]
BATCH = 200
"""Papers tagged in one transaction: a tag takes a millisecond, a commit several."""


@dataclass(frozen=True, slots=True)
class StageSummary:
    """What a stage did."""

    stage: str
    read: int
    unread: int
    found: int
    """Tags or results."""


def _silent(_done: int, _total: int | None, _word: str) -> None:
    return


class OwnTaggerError(Exception):
    """The tagger that was trained on a person's labels can't be used."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was trained for another version of the tagger: run `secateur label train` again")


def _tagger(own_tagger: Path | None) -> tuple[str, TaggingModel]:
    """The tagger and its version: the one trained on a person's labels where there is one, else the shipped one."""
    if own_tagger is None or not own_tagger.is_file():
        return TAGGER_VERSION, load_model()
    lexicon = load_lexicon()
    try:
        model = TaggingModel(lexicon, read_model(own_tagger, lexicon))
    except RelevanceModelError as error:
        raise OwnTaggerError(own_tagger) from error
    return f"{TAGGER_VERSION}+{hashlib.sha256(own_tagger.read_bytes()).hexdigest()[:12]}", model


def tag_papers(
    engine: Engine,
    clock: Clock,
    *,
    own_tagger: Path | None = None,
    limit: int | None = None,
    progress: Progressed = _silent,
) -> StageSummary:
    """Tag title and abstract of every paper that this tagger has not read since it last changed.

    ``own_tagger`` is where `secateur label train` keeps what it learned; raises OwnTaggerError if it is out of date.
    """
    tagger_version, model = _tagger(own_tagger)
    with engine.execution_options(read_only=True).connect() as connection:
        waiting = untagged(connection, tagger_version, limit)
    knowledge = load_knowledge()
    read = unread = found = 0
    for start in range(0, len(waiting), BATCH):
        with engine.begin() as connection:
            for paper in waiting[start : start + BATCH]:
                began = time.perf_counter()
                done = _processing(paper, "tag", tagger_version, paper.sha256, began, clock)
                try:
                    tags = tag(paper.title, paper.abstract, knowledge, model)
                except Exception as error:  # one paper never stops the run
                    unread += 1
                    save_failure(connection, _failed(done, error), "record", "title and abstract")
                    continue
                save_tags(connection, replace(done, seconds=time.perf_counter() - began), tags)
                read += 1
                found += len(tags.tags)
        progress(min(start + BATCH, len(waiting)), len(waiting), waiting[start].arxiv_id)
    return StageSummary("tag", read, unread, found)


def extract_papers(
    engine: Engine, store: FileStore, clock: Clock, *, limit: int | None = None, progress: Progressed = _silent
) -> StageSummary:
    """Read tables, results and citations of every core paper's full text that this reader has not read."""
    with engine.execution_options(read_only=True).connect() as connection:
        waiting = unextracted(connection, READER_VERSION, limit)
    read = unread = found = 0
    with BoundedReader() as reader:
        for number, document in enumerate(waiting, 1):
            results = _extract(engine, store, reader, document, clock)
            if results is None:
                unread += 1
            else:
                read += 1
                found += results
            progress(number, len(waiting), document.arxiv_id)
    return StageSummary("extract", read, unread, found)


def _extract(
    engine: Engine, store: FileStore, reader: BoundedReader, waiting: StoredDocument, clock: Clock
) -> int | None:
    """Read and store one full text; how many results, None if it could not be read."""
    began = time.perf_counter()
    done = _processing(waiting, "extract", READER_VERSION, waiting.sha256, began, clock)
    try:
        extraction = reader.extract(store.path(waiting.sha256), on_pruning=True)
    except NotReadError as error:
        done = replace(done, outcome="unread", reason=str(error))
    done = replace(done, seconds=time.perf_counter() - began)
    with engine.begin() as connection:
        if done.outcome != "done":
            save_failure(connection, done, "document", waiting.kind)
            return None
        citations = extraction.document.bibliography
        save_extraction(connection, done, extraction.tables, extraction.readings, citations, extraction.unread)
    return len(extraction.readings)


def _processing(
    paper: PaperText | StoredDocument, stage: str, version: str, sha256: str, began: float, clock: Clock
) -> Processing:
    seconds = time.perf_counter() - began
    return Processing(paper.paper_id, paper.version, stage, version, sha256, "done", seconds, clock())


def _failed(done: Processing, error: Exception) -> Processing:
    return replace(done, outcome="unread", reason=f"{type(error).__name__}: {error}".strip()[:500])
