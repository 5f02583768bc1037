"""`secateur report`: its three forms, the corpus as it was, and what it refuses."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.labels import Answer, save_answers
from db.papers import store_papers
from db.records import PaperRecord, VersionRecord
from db.session import open_database

Report = Callable[..., Any]
FIRST = datetime(2026, 1, 1, 4)
SECOND = FIRST + timedelta(days=1)


def record(name: str, title: str) -> PaperRecord:
    return PaperRecord(name, title, "We prune.", ("A. Author",), ("cs.LG",), (VersionRecord(1, datetime(2020, 1, 1)),))


@pytest.fixture
def report(secateur, tmp_path: Path) -> Report:
    """The command on a corpus of two nights: a paper of the first, one more of the second."""
    file = tmp_path / "a.db"
    engine = open_database(file)
    with engine.begin() as connection:
        for name, title, night in (("2001.00001", "The first", FIRST), ("2001.00002", "The second", SECOND)):
            store_papers(connection, [record(name, title)], run_id=None, now=night)
            save_answers(connection, [Answer(name, "relevance", ("core",), "a person", night)])
    engine.dispose()
    return lambda *arguments: replace(secateur, db=file)("report", *map(str, arguments))


def test_the_site_shows_the_corpus_as_it_was_on_a_day(report: Report, tmp_path: Path) -> None:
    for day, titles in (("2026-01-01", {"The first"}), ("2026-01-02", {"The first", "The second"})):
        site = tmp_path / day
        done = report("-o", site, "--as-of", day)
        assert (done.code, done.err) == (0, "")
        pages = {re.search(r"<h1>(.*?)\s*</h1>", path.read_text())[1] for path in site.glob("papers/*.html")}
        assert pages == titles
        assert f"Written {int(day[-2:])} January 2026" in (site / "index.html").read_text()
    now = report("-o", tmp_path / "now")
    assert now.code == 0
    assert len(list((tmp_path / "now" / "papers").iterdir())) == 2


def test_a_release_of_a_day_is_the_same_whenever_it_is_made(report: Report, tmp_path: Path) -> None:
    def release(name: str) -> str:
        done = report("--as", "release", "-o", tmp_path / name, "--as-of", "2026-01-01")
        assert done.code == 0
        return done.out.split()[-1]

    before = release("a")
    engine = open_database(tmp_path / "a.db")
    with engine.begin() as connection:
        store_papers(connection, [record("2001.00003", "The third")], run_id=None, now=SECOND)
    engine.dispose()
    assert release("b") == before
    assert len(before) == 64


def test_the_draft_stands_with_its_references(report: Report, tmp_path: Path) -> None:
    done = report("--as", "markdown", "-o", tmp_path / "draft")
    assert done.code == 0
    assert {path.name for path in (tmp_path / "draft").iterdir()} >= {"survey.md", "references.bib", "data"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "pdf"], "--as is site, markdown or release, not 'pdf'"),
        (["--as", "markdown"], "--as markdown needs a folder of its own: name it with -o"),
        (["--as-of", "yesterday"], "--as-of wants a day such as 2026-11-01, not 'yesterday'"),
        (["--as-of", "2999-01-01"], "2999-01-01 is not over yet"),
        (["--as-of", "2025-12-31"], "the corpus held nothing on 2025-12-31: its first paper came on 2026-01-01"),
    ],
)
def test_what_it_refuses_it_says_in_a_line(report: Report, arguments: list[str], said: str) -> None:
    done = report(*arguments)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
