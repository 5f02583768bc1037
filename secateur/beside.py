"""The frames that a check looks at: the corpus, and a draft of an author's own put beside it for the time of a check.

A draft is read into a database of its own that is gone afterwards, so that the user's corpus never holds it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from sqlalchemy import Engine

from corpus.bounded import BoundedReader, NotReadError
from corpus.extraction import Extraction
from corpus.knowledge import load_knowledge
from corpus.tagging import load_model
from corpus.tagging import tag as tag_text
from db import views
from db.imports import stated_comparisons
from db.papers import store_papers
from db.readings import Processing, save_extraction, save_tags, untagged
from db.records import PaperRecord, VersionRecord
from db.session import open_database

DRAFT = "draft"
"""Stands for the identifier that a draft does not have yet."""


class UnreadDraftError(ValueError):
    """Nothing of a paper could be read from a file or folder."""


@dataclass(frozen=True)
class Frames:
    """What `db.views` and `db.imports` say, as `analysis` takes it."""

    papers: pd.DataFrame
    tags: pd.DataFrame
    claims: pd.DataFrame
    results: pd.DataFrame
    citations: pd.DataFrame
    findings: pd.DataFrame
    verdicts: pd.DataFrame
    stated: pd.DataFrame
    text_numbers: pd.DataFrame


def corpus_frames(engine: Engine) -> Frames:
    """All of a corpus."""
    with engine.execution_options(read_only=True).connect() as connection:
        return Frames(
            papers=views.papers(connection),
            tags=views.tags(connection),
            claims=views.abstract_claims(connection),
            results=views.results(connection),
            citations=views.citations(connection),
            findings=views.findings(connection),
            verdicts=views.verdicts(connection),
            stated=stated_comparisons(connection),
            text_numbers=views.text_numbers(connection),
        )


def draft_frames(path: Path, now: datetime) -> tuple[Frames, tuple[str, ...]]:
    """A draft's file or folder as frames of one paper, and what of it could not be read.

    Raises UnreadDraftError if nothing of a paper is in it.
    """
    try:
        with BoundedReader() as reader:
            extraction = reader.extract(path, on_pruning=True)
    except NotReadError as error:
        raise UnreadDraftError(f"{path}: not read: {error}") from error
    document = extraction.document
    if not (document.title or document.abstract or extraction.tables or document.bibliography):
        reason = next((item.reason for item in extraction.unread), "no title, table or bibliography")
        raise UnreadDraftError(f"{path}: not read: nothing of a paper is in it ({reason})")
    with TemporaryDirectory(prefix="secateur-draft-") as folder:
        engine = open_database(Path(folder) / "draft.db")
        try:
            _store(engine, path, extraction, now)
            frames = corpus_frames(engine)
        finally:
            engine.dispose()
    return frames, tuple(f"{item.locator}: {item.reason}" for item in extraction.unread)


def _store(engine: Engine, path: Path, extraction: Extraction, now: datetime) -> None:
    document = extraction.document
    title = document.title or path.name
    record = PaperRecord(
        arxiv_id=DRAFT,
        title=title,
        abstract=document.abstract,
        authors=document.authors,
        categories=(DRAFT,),
        versions=(VersionRecord(1, now),),
    )
    tags = tag_text(title, document.abstract, load_knowledge(), load_model())
    sha256 = document.sha256 or hashlib.sha256(document.text.encode()).hexdigest()
    with engine.begin() as connection:
        store_papers(connection, [record], run_id=None, now=now)
        paper_id = untagged(connection, DRAFT)[0].paper_id
        tagged = Processing(paper_id, 1, "tag", DRAFT, sha256, "done", 0.0, now)
        save_tags(connection, tagged, tags)
        done = replace(tagged, stage="extract")
        save_extraction(
            connection,
            done,
            extraction.tables,
            extraction.readings,
            document.bibliography,
            extraction.unread,
            extraction.text_numbers,
        )


def beside(corpus: Frames, draft: Frames) -> Frames:
    """The draft as one more paper of the corpus, its cells numbered behind the corpus's."""
    last = 0 if corpus.results.empty else int(corpus.results["cell_id"].max())
    own = draft.results.assign(cell_id=draft.results["cell_id"] + last)
    return replace(
        corpus,
        papers=_joined(corpus.papers, draft.papers),
        tags=_joined(corpus.tags, draft.tags),
        claims=_joined(corpus.claims, draft.claims),
        results=_joined(corpus.results, own),
        citations=_joined(corpus.citations, draft.citations),
        text_numbers=_joined(corpus.text_numbers, draft.text_numbers),
    )


def _joined(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    frames = [frame for frame in (one, other) if not frame.empty]
    return pd.concat(frames, ignore_index=True) if frames else one
