"""The survey's table of scores is what docs/quality.md says."""

import csv
import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def made_from_the_page():
    spec = importlib.util.spec_from_file_location("bench_scores", ROOT / "bench" / "scores.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.scores((ROOT / "docs" / "quality.md").read_text(encoding="utf-8")))


def test_the_table_holds_every_score_of_the_page():
    scores = made_from_the_page()
    with (ROOT / "analysis" / "report" / "scores.csv").open(encoding="utf-8", newline="") as table:
        assert [tuple(row) for row in csv.reader(table)][1:] == scores
    assert {"tags: core", "tags: claims", "results from LaTeX", "results from HTML"} <= {what for what, _, _ in scores}
