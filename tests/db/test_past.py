"""The corpus as it was: everything later is gone, and what was overwritten is back."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, func, select

from db import views
from db.findings import save_findings
from db.labels import Answer, save_answers
from db.nights import news
from db.papers import store_papers
from db.past import BeforeTheCorpusError, rewind
from db.readings import Processing, save_extraction, save_tags
from db.records import Cell, Finding, PaperRecord, Reading, Table, Tags, VersionRecord
from db.schema import category, paper, version
from db.session import open_database
from db.survey import agreement, full_texts

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, 4)
SECOND = FIRST + DAY
THIRD = FIRST + 2 * DAY
FRAMES = (views.papers, views.tags, views.results, views.tables, views.findings, views.citations, views.status)
BEFORE = PaperRecord(
    "1911.11134",
    "Rigging the Lottery",
    "We train sparse networks.",
    ("Utku Evci", "Trevor Gale"),
    ("cs.LG", "cs.CV"),
    (VersionRecord(1, datetime(2019, 11, 25), "100kb"),),
    datestamp=date(2019, 11, 26),
)
AFTER = replace(
    BEFORE,
    title="Rigging the Lottery: Making All Tickets Winners",
    authors=("Utku Evci", "Trevor Gale", "Erich Elsen"),
    categories=("cs.LG", "stat.ML"),
    versions=(*BEFORE.versions, VersionRecord(2, datetime(2020, 7, 1), "120kb")),
    datestamp=date(2020, 7, 2),
    withdrawn=True,
)
OTHER = replace(BEFORE, arxiv_id="2001.00001", title="Another")


def read(connection: Connection, at: datetime, reader: str, value: float) -> None:
    grid = (("Method", "Top-1"), ("RigL", "75.1"))
    reading = Reading(Cell(0, 1, 1, 0, "75.1"), "RigL", "proposed", "top1_accuracy", value, "%")
    done = Processing(1, 1, "extract", reader, "aa", "done", 0.1, at)
    save_extraction(connection, done, [Table(0, "tab:main", "Results", grid, "results")], [reading], [])


def tagged(connection: Connection, paper_id: int, relevance: str, at: datetime, tagger: str) -> None:
    scores = {"core": 0.9, "related": 0.1, "no": 0.0}
    save_tags(connection, Processing(paper_id, 1, "tag", tagger, "aa", "done", 0.1, at), Tags(relevance, scores))


def first_night(connection: Connection) -> None:
    store_papers(connection, [BEFORE], run_id=None, now=FIRST)
    tagged(connection, 1, "core", FIRST, "1")
    read(connection, FIRST, "1", 75.1)
    save_findings(connection, [Finding("contradiction", (1,), "question", "It differs.", 1.0)], FIRST)


def later_nights(connection: Connection) -> None:
    store_papers(connection, [AFTER, OTHER], run_id=None, now=SECOND)
    tagged(connection, 1, "related", SECOND, "2")
    tagged(connection, 2, "core", SECOND, "2")
    read(connection, SECOND, "2", 57.1)
    save_findings(connection, [], SECOND)
    save_answers(connection, [Answer("1911.11134", "relevance", ("no",), "a person", THIRD)])


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_database(tmp_path / "a.db")
    with engine.begin() as connection:
        first_night(connection)
    return engine


def test_a_rewound_corpus_is_what_it_was(engine: Engine) -> None:
    with engine.connect() as connection:
        before = [view(connection) for view in FRAMES]
    with engine.begin() as connection:
        later_nights(connection)
        changed = [view(connection) for view in FRAMES]
        rewind(connection, FIRST)
        after = [view(connection) for view in FRAMES]
        assert connection.scalar(select(paper.c.changed_at)) == FIRST
        assert connection.scalar(select(func.count()).select_from(version)) == 1
        assert connection.scalars(select(category.c.name).order_by(category.c.position)).all() == ["cs.LG", "cs.CV"]
    for frame, then in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(frame, then)
    assert not any(frame.equals(then) for frame, then in zip(before[:3], changed[:3], strict=True))


def test_a_moment_in_between_keeps_what_came_until_then(engine: Engine) -> None:
    with engine.begin() as connection:
        later_nights(connection)
        rewind(connection, SECOND)
        assert views.papers(connection)["relevance"].tolist() == ["related", "core"]
        assert views.results(connection)["value"].tolist() == [57.1]
        assert views.findings(connection).empty
        assert news(connection, SECOND).new == 1


def test_there_is_nothing_before_the_corpus(engine: Engine) -> None:
    with (
        engine.begin() as connection,
        pytest.raises(BeforeTheCorpusError, match="held nothing on 2025-12-31: its first paper came on 2026-01-01"),
    ):
        rewind(connection, FIRST - DAY)


def test_agreement_counts_what_people_and_the_tagger_say(engine: Engine) -> None:
    with engine.begin() as connection:
        later_nights(connection)
        save_answers(connection, [Answer("2001.00001", "relevance", ("core",), "a person", THIRD)])
        save_answers(connection, [Answer("2001.00001", "timing", ("before",), "a person", THIRD)])
        found = agreement(connection).set_index("facet").T.to_dict("list")
        assert found == {"relevance": [2, 1, 0, 0], "timing": [1, 0, 1, 0]}
        assert full_texts(connection).empty


def test_who_imports_papers_is_no_person(engine: Engine) -> None:
    with engine.begin() as connection:
        save_answers(connection, [Answer("1911.11134", "relevance", ("core",), "import some", THIRD)])
        assert agreement(connection).empty
