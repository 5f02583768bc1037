"""The scores on docs/quality.md: intervals by papers, years, verdicts of a reader, causes of errors."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module


def test_an_interval_is_of_papers_and_not_of_facts(bench):
    counting = bench("counting")
    apart = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]] * 20)
    together = np.array([[20.0, 0.0, 0.0], [0.0, 20.0, 20.0]])
    wide, narrow = counting.f1(together), counting.f1(apart)
    assert wide.value == narrow.value == pytest.approx(0.5)
    assert (wide.low, wide.high) == (0, 1)
    assert 0.3 < narrow.low < 0.5 < narrow.high < 0.7


def test_precision_and_recall_are_of_all_papers_together(bench):
    counting = bench("counting")
    counts = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    assert counting.precision(counts).value == pytest.approx(3 / 4)
    assert counting.recall(counts).value == pytest.approx(3 / 5)
    assert counting.f1(counts).value == pytest.approx(6 / 9)
    assert counting.mean_f1([counts, counts]) == counting.f1(counts)


def test_the_gold_against_itself_is_all_right(bench, shared):
    counting = bench("counting")
    gold = counting.read_lines(shared / "data" / "gold" / "abstracts_dev.jsonl")
    itself = {paper["id"]: paper for paper in gold}
    counts = counting.tag_counts(counting.load_tool(shared / "tools" / "score_tags.py"), gold, itself)
    assert all(counting.f1(each).low == 1 for each in counts.values())
    assert counting.f1(counting.relevance_counts(gold, itself)).value == 1


@pytest.mark.parametrize(
    ("identifier", "year"), [("2506.21712", 2025), ("nips1995-48", 1995), ("3dv/3dv2025.json0-27", 2025)]
)
def test_the_year_stands_in_the_identifier(bench, identifier, year):
    assert bench("quality").year_of(identifier) == year


def test_no_year_is_invented(bench):
    with pytest.raises(ValueError, match="no year"):
        bench("quality").year_of("paper-7")


def test_every_year_of_the_labels_has_a_row(bench, shared):
    quality, counting = bench("quality"), bench("counting")
    labels = counting.read_lines(shared / "data" / "gold" / "abstracts_dev.jsonl")
    labels += counting.read_lines(ROOT / "corpus" / "tagging" / "labels.jsonl")
    rows = quality.years_table(labels, {paper["id"]: paper for paper in labels})
    assert sum(int(row.split("|")[2]) for row in rows[2:]) == len(labels)


def test_papers_are_drawn_by_chance_that_does_not_change(bench):
    accepted = bench("accepted")
    papers = [f"2501.{number:05d}" for number in range(1000)]
    sample = accepted.drawn(papers)
    assert len(sample) == accepted.DRAWN
    assert sample == accepted.drawn(reversed(papers))
    assert len(set(sample) - set(accepted.drawn(papers[50:]))) < 20


def test_what_nobody_read_is_listed(bench):
    accepted = bench("accepted")
    read = [json.loads(line)["id"] for line in accepted.VERDICTS.read_text("utf-8").splitlines()]
    text = " ".join(accepted.accepted_lines([*read[:10], "2501.99999"]))
    assert "10 of them read" in text
    assert "2501.99999" in text


def test_an_error_without_a_known_cause_says_so(bench):
    worst = bench("worst")
    rows = worst.with_causes([worst.Mistake("relevance 0000.0", "a new one", 1.0)])
    assert rows[-1] == f"| a new one | {worst.NOT_LOOKED_INTO} |"


def test_the_surest_errors_stand_first(bench):
    worst = bench("worst")
    gold = [{"id": "a", "relevance": "core"}, {"id": "b", "relevance": "no"}, {"id": "c", "relevance": "core"}]
    said = {
        "a": {"relevance": "no", "scores": {"core": 0.4}},
        "b": {"relevance": "core", "scores": {"core": 0.9}},
        "c": {"relevance": "core", "scores": {"core": 0.9}},
    }
    assert [mistake.key for mistake in worst.worst_relevance(gold, said, 10)] == ["relevance b", "relevance a"]
