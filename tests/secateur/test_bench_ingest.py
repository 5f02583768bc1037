"""The bench of ingest measures what it says, on papers that are made up alike each time."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from db.session import open_database
from ingest.snapshot import load_snapshot
from secateur.bench.ingest import QUERIES, bench_ingest
from secateur.bench.texts import made_up_papers, snapshot_line

NOW = datetime(2026, 11, 22, 3, 0, 0)


def test_made_up_papers_are_the_same_each_time_and_all_are_loaded(tmp_path: Path) -> None:
    papers = list(made_up_papers(2500))
    assert papers == list(made_up_papers(2500))
    assert len({paper.arxiv_id for paper in papers}) == 2500
    assert [paper.submitted for paper in papers] == sorted(paper.submitted for paper in papers)
    file = tmp_path / "snapshot.json"
    file.write_text("".join(snapshot_line(paper) + "\n" for paper in papers), encoding="utf-8")
    engine = open_database(tmp_path / "a.db")
    summary = load_snapshot(engine, file, now=NOW)
    engine.dispose()
    assert (summary.added, summary.unread) == (2500, 0)


def test_their_words_are_as_frequent_as_in_real_abstracts() -> None:
    words = Counter(word for paper in made_up_papers(2000) for word in paper.abstract.lower().split())
    total = words.total()
    share = {word: 1e6 * count / total for word, count in words.items()}
    assert share["pruning"] == pytest.approx(921, rel=0.2)
    assert share["the"] > share["models"] > share["pruning"] > share.get("hessian", 0.0)


def test_there_are_fifty_searches_of_one_to_four_words() -> None:
    queries = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    assert len(set(queries)) == 50
    assert {len(words.split()) for words in queries} == {1, 2, 3, 4}


def test_every_goal_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secateur.bench.ingest.PAGE_RECORDS", 40)
    monkeypatch.setattr("secateur.bench.ingest.CHANGED_RECORDS", 30)
    told: list[str] = []
    rows = bench_ingest(400, lambda _done, _total, word: told.append(word))
    units = [row.unit for row in rows]
    assert units == ["s", "s", "times its seconds", "records/s", "MB", "ms", "ms", "s", "s"]
    for row in rows:
        if row.measured is not None:
            assert row.measured > 0
            assert (row.met is None) == (row.goal == "")
    assert len(told) == 5
