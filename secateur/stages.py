"""The two readings as stages over the database: `tag` for what is new or changed, `extract` for stored full texts.

Each paper is read by itself and stored in a transaction of its own, so a killed run leaves whole papers only, and a
paper that can't be read is stored as unread, with its reason, and stops nothing.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from sqlalchemy import Engine

from corpus.bounded import BoundedReader, NotReadError
from corpus.knowledge import load_knowledge
from corpus.knowledge.own import own_mark
from corpus.reading import READER_VERSION
from corpus.scale import Lost, over
from corpus.tagging import TAGGER_VERSION, TaggingModel, load_model, tag
from corpus.tagging.lexicon import load_lexicon
from corpus.tagging.relevance import RelevanceModelError, read_model
from db.readings import (
    Processing,
    StoredDocument,
    save_extraction,
    save_failure,
    save_tags,
    unextracted,
    untagged,
)
from db.records import Citation, Reading, Table, TextNumber, Unread
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
    version = TAGGER_VERSION + own_mark()
    if own_tagger is None or not own_tagger.is_file():
        return version, load_model()
    lexicon = load_lexicon()
    try:
        model = TaggingModel(lexicon, read_model(own_tagger, lexicon))
    except RelevanceModelError as error:
        raise OwnTaggerError(own_tagger) from error
    return f"{version}+{hashlib.sha256(own_tagger.read_bytes()).hexdigest()[:12]}", model


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
    # A record that changes from now on is tagged again, though this run may be stored after the change.
    read_at = clock()
    with engine.execution_options(read_only=True).connect() as connection:
        waiting = untagged(connection, tagger_version, limit)
    knowledge = load_knowledge()
    read = unread = found = 0
    for start in range(0, len(waiting), BATCH):
        with engine.begin() as connection:
            for paper in waiting[start : start + BATCH]:
                began = time.perf_counter()
                place = (paper.paper_id, paper.version, "tag", tagger_version, paper.sha256)
                done = Processing(*place, outcome="done", seconds=0.0, at=read_at)
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


class DaemonicWorkerError(Exception):
    """A Dask worker may not start the process in which it would read papers within bounds."""

    def __init__(self) -> None:
        super().__init__(
            "the cluster's workers may not start processes of their own: start them with the environment variable "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """What came of reading one full text."""

    seconds: float
    reason: str = ""
    """Why it was not read, empty when it was."""
    tables: tuple[Table, ...] = ()
    readings: tuple[Reading, ...] = ()
    citations: tuple[Citation, ...] = ()
    unread: tuple[Unread, ...] = ()
    text_numbers: tuple[TextNumber, ...] = ()


def extract_papers(
    engine: Engine,
    store: FileStore,
    clock: Clock,
    *,
    limit: int | None = None,
    jobs: int = 1,
    cluster: str | None = None,
    progress: Progressed = _silent,
) -> StageSummary:
    """Read tables, results and citations of every core paper's full text that this reader has not read.

    Papers are read in ``jobs`` processes or on a Dask ``cluster`` whose workers see the file store; this process alone
    writes, paper by paper in the same order. Raises corpus.scale.ClusterError, DaemonicWorkerError.
    """
    reader_version = READER_VERSION + own_mark()
    # A mistake in a file of one's own is said here, and not by each process that reads papers.
    load_knowledge()
    with engine.execution_options(read_only=True).connect() as connection:
        waiting = unextracted(connection, reader_version, limit)
    paths = [store.path(document.sha256).resolve() for document in waiting]
    read = unread = found = 0
    with BoundedReader() as reader, closing(_readings(reader, paths, jobs, cluster)) as results:
        for number, (document, (_, paper)) in enumerate(zip(waiting, results, strict=True), 1):
            paper = ReadPaper(0.0, paper.reason) if isinstance(paper, Lost) else paper
            _store(engine, document, reader_version, paper, clock)
            unread += bool(paper.reason)
            read += not paper.reason
            found += len(paper.readings)
            progress(number, len(waiting), document.arxiv_id)
    return StageSummary("extract", read, unread, found)


def _readings(
    reader: BoundedReader, paths: list[Path], jobs: int, cluster: str | None
) -> Generator[tuple[Path, ReadPaper | Lost], None, None]:
    if jobs == 1 and cluster is None:
        yield from over(partial(_read, reader), paths)
    else:
        yield from over(read_in_worker, paths, jobs=jobs, cluster=cluster)


def _read(reader: BoundedReader, path: Path) -> ReadPaper:
    began = time.perf_counter()
    try:
        found = reader.extract(path, on_pruning=True)
    except NotReadError as error:
        return ReadPaper(time.perf_counter() - began, str(error))
    seconds = time.perf_counter() - began
    bibliography = tuple(found.document.bibliography)
    return ReadPaper(seconds, "", found.tables, found.readings, bibliography, found.unread, found.text_numbers)


@cache
def _reader_of_worker() -> BoundedReader:
    return BoundedReader()


def read_in_worker(path: Path) -> ReadPaper:
    """Read one full text in a worker process, which keeps its reader; raises DaemonicWorkerError."""
    if multiprocessing.current_process().daemon:
        raise DaemonicWorkerError
    return _read(_reader_of_worker(), path)


def _store(engine: Engine, document: StoredDocument, reader_version: str, paper: ReadPaper, clock: Clock) -> None:
    done = Processing(
        document.paper_id,
        document.version,
        "extract",
        reader_version,
        document.sha256,
        "unread" if paper.reason else "done",
        paper.seconds,
        clock(),
        paper.reason,
    )
    with engine.begin() as connection:
        if paper.reason:
            save_failure(connection, done, "document", document.kind)
        else:
            save_extraction(
                connection, done, paper.tables, paper.readings, paper.citations, paper.unread, paper.text_numbers
            )


def _failed(done: Processing, error: Exception) -> Processing:
    return replace(done, outcome="unread", reason=f"{type(error).__name__}: {error}".strip()[:500])
