"""Exports: what other tools read is what the corpus holds."""

import csv
import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest

from secateur import Corpus
from secateur.cli import main


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


@pytest.fixture
def database(read_corpus: Path) -> Path:
    return read_corpus / "a.db"


@pytest.mark.parametrize("what", ["papers", "tags", "results", "citations", "findings", "verdicts"])
def test_each_frame_has_all_its_rows_and_columns(database: Path, what: str, tmp_path: Path) -> None:
    with Corpus(database) as corpus:
        frame = getattr(corpus, what)()
    assert run("export", what, "-o", tmp_path / "a.csv", "--db", database) == 0
    assert run("export", what, "-o", tmp_path / "a.jsonl", "--db", database) == 0
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    assert header == list(frame.columns)
    assert len(rows) == len(frame)
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(frame.columns)] * len(frame)


def test_numbers_come_back_as_they_are(database: Path, tmp_path: Path) -> None:
    run("export", "results", "-o", tmp_path / "a.csv", "--db", database)
    with Corpus(database) as corpus:
        pd.testing.assert_series_equal(pd.read_csv(tmp_path / "a.csv")["value"], corpus.results()["value"])


def test_papers_of_one_relevance_as_bibtex(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "papers", "--relevance", "core", "--format", "bibtex", "--db", database) == 0
    with Corpus(database) as corpus:
        core = corpus.papers().query("relevance == 'core'")
    text = capsys.readouterr().out
    assert text.count("@misc{") == len(core)
    assert all(f"eprint = {{{arxiv_id}}}" in text for arxiv_id in core["arxiv_id"])


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow, the extra parquet")
@pytest.mark.parametrize("what", ["papers", "results", "findings"])
def test_parquet_keeps_types(database: Path, what: str, tmp_path: Path) -> None:
    assert run("export", what, "-o", tmp_path / "a.parquet", "--db", database) == 0
    with Corpus(database) as corpus:
        frame = getattr(corpus, what)()
    assert list(pd.read_parquet(tmp_path / "a.parquet").columns) == list(frame.columns)
    assert len(pd.read_parquet(tmp_path / "a.parquet")) == len(frame)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results", "--format", "bibtex"], "only papers can be written as BibTeX"),
        (["results", "--format", "parquet"], "name a file with -o"),
        (["results", "-o", "a.xlsx"], "its end says no format"),
        (["papers", "--relevance", "some"], "--relevance is core, related, no or all"),
        (["findings", "--relevance", "core"], "findings are not of one paper each"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    database: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", *arguments, "--db", database) == 2
    assert said in capsys.readouterr().err
