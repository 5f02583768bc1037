"""diff and db backup on the command line: harvest, fetch and read two versions of a paper over HTTP, then compare."""

import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pandas as pd
import pytest

from analysis.versions import compare_versions
from ingest.replica.server import Replica

PAPER = "2003.03033"
TEX = r"""\documentclass{article}\begin{document}
\begin{table}\caption{%s}\label{tab:main}
\begin{tabular}{lcc}
Method & Sparsity & Top-1 accuracy (\%%) \\ \hline
Dense & 0\%% & 76.1 \\
Magnitude & 80\%% & %s \\
%s
\end{tabular}\end{table}\end{document}"""
FIRST = TEX % ("Accuracy of ResNet-50 on ImageNet.", "75.1", r"SNIP & 80\% & 70.2 \\")
SECOND = TEX % ("Top-1 accuracy of ResNet-50 on ImageNet.", "75.4", r"GraSP & 80\% & 71.3 \\")


def metadata(version: int, created: str, modtime: datetime, **fields: object) -> dict[str, Any]:
    return {
        "paper_id": PAPER,
        "version": version,
        "created": created,
        "modtime": int(modtime.timestamp()),
        "is_current": 1,
        "is_withdrawn": 0,
        "source_size": 1000,
        "source_format": "tex",
        "source_flags": "",
        "title": "Pruning neural networks by magnitude",
        "authors": "Ada Lee",
        "abs_categories": "cs.LG",
        "abstract": "We prune convolutional networks to 80% sparsity by magnitude pruning.",
        **fields,
    }


def pack(folder: Path, text: str) -> None:
    (folder / "src").mkdir(exist_ok=True)
    (folder / "main.tex").write_text(text)
    with tarfile.open(folder / "src" / f"{PAPER}.tar.gz", "w:gz") as archive:
        archive.add(folder / "main.tex", "main.tex")


@pytest.fixture(scope="module")
def gold_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The replica's folder of this module: one paper."""
    folder = tmp_path_factory.mktemp("one")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    (folder / "metadata.jsonl").write_text(json.dumps(metadata(1, "2020-03-06 05:06:12", yesterday)) + "\n")
    pack(folder, FIRST)
    return folder


def read_newest(secateur: Any) -> None:
    for step in ("harvest", "tag", "fetch", "extract"):
        answer = secateur(step)
        assert answer.code == 0, answer.err


@pytest.fixture(scope="module")
def twice(gold_folder: Path, secateur: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The command line on a corpus in which both versions of the paper were read."""
    with pytest.MonkeyPatch.context() as patch, Replica(gold_folder) as replica:
        patch.setenv("SECATEUR_ARXIV_URL", replica.url)
        read_newest(secateur)
        paper = replica.collection.get(PAPER)
        assert paper is not None
        now = datetime.now(UTC).replace(tzinfo=None)
        second = replace(paper.current, version=2, created=now, title="Pruning well", modtime=int(now.timestamp()))
        replica.collection.put(replace(paper, versions=(replace(paper.current, is_current=False), second)))
        pack(gold_folder, SECOND)
        read_newest(secateur)
        yield secateur


def test_metadata_and_results_that_changed_are_printed(twice: Any) -> None:
    rows = twice("diff", PAPER, "--format", "json").json()
    metadata = {row["field"]: (row["before"], row["after"]) for row in rows if row["part"] == "metadata"}
    assert metadata["title"] == ("Pruning neural networks by magnitude", "Pruning well")
    assert metadata["version"] == ("1", "2")
    results = {(row["what"], row["method"]): (row["before"], row["after"]) for row in rows if row["part"] == "result"}
    assert results == {
        ("changed", "Magnitude"): (75.1, 75.4),
        ("gone", "SNIP"): (70.2, None),
        ("new", "GraSP"): (None, 71.3),
    }


def test_two_versions_can_be_named(twice: Any) -> None:
    assert twice("diff", PAPER, "v1", "v2", "--format", "json").json() == twice("diff", PAPER).json()
    assert "Magnitude" in twice("diff", PAPER, "1", "2", "--format", "table").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hello"], "no arXiv identifier"),
        (["2003.00001"], "not in the corpus"),
        ([PAPER, "v2", "v1"], "older with a newer"),
        ([PAPER, "v1"], "older with a newer"),
        ([PAPER, "one", "two"], "older with a newer"),
        ([PAPER, "v1", "v3"], "v3 of 2003.03033 was not read (read: v1, v2)"),
    ],
)
def test_a_wrong_use_is_said_in_one_line(twice: Any, arguments: list[str], words: str) -> None:
    answer = twice("diff", *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1


def test_a_backup_is_a_whole_database(twice: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    answer = twice("db", "backup", str(copy), "--format", "json")
    assert answer.json() == [{"file": str(copy), "bytes": copy.stat().st_size}]
    with closing(connect(copy)) as connection:
        assert connection.execute("SELECT version FROM paper").fetchall() == [(2,)]
    refused = twice("db", "backup", str(tmp_path / "no" / "folder.db"))
    assert (refused.code, refused.err.count("\n")) == (2, 1)


def results(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Frames of results from caption, row, column and value."""
    fixed = {"number": 0, "table_label": "t", "dataset": None, "model": None, "sparsity": None, "unit": "%"}
    return pd.DataFrame(
        [
            {
                "caption": caption,
                "row_text": row,
                "col_text": col,
                "method": row,
                "metric": col,
                "value": value,
                **fixed,
            }
            for caption, row, col, value in rows
        ]
    )


def test_equal_rows_are_compared_in_order_and_moved_tables_are_followed() -> None:
    before = results(("A", "x", "acc", 1.0), ("A", "x", "acc", 2.0), ("B", "y", "acc", 3.0))
    after = results(("C", "y", "acc", 3.0), ("A", "x", "acc", 1.0), ("A", "x", "acc", 2.5))
    found = compare_versions(before, after)
    assert found[["what", "before", "after"]].to_numpy().tolist() == [["changed", 2.0, 2.5]]
    assert compare_versions(before, before).empty
