"""The commands of the analyses on a literature that was read: what they print, and how they refuse."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from db.session import open_database
from secateur.cli import main


class CommandLine:
    """The command line on one database."""

    def __init__(self, db: Path) -> None:
        self.db = db

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["--db", str(self.db), *arguments])
        return int(left.value.code or 0), out.getvalue(), err.getvalue()

    def __call__(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def secateur(read_corpus: Path) -> CommandLine:
    return CommandLine(read_corpus / "a.db")


def most_common(secateur: CommandLine) -> tuple[str, str]:
    """Data set and network with most papers."""
    first = secateur("comparisons", "--fragmentation")[0]
    return first["dataset"], first["model"]


@pytest.mark.parametrize(
    "option", ["--contradictions", "--dense", "--copies", "--travelling", "--heterogeneity", "--deflation"]
)
def test_baselines_in_every_view(secateur: CommandLine, option: str) -> None:
    rows = secateur("baselines", option)
    assert isinstance(rows, list)
    if option in ("--dense", "--copies", "--deflation"):
        assert rows
    code, out, _ = secateur.run("baselines", option, "--format", "table")
    assert code == 0
    assert out


def test_one_view_at_a_time(secateur: CommandLine) -> None:
    code, _, err = secateur.run("baselines", "--copies", "--dense")
    assert (code, "not --dense and --copies" in err) == (2, True)
    assert secateur.run("comparisons", "--edges", "--missing")[0] == 2
    assert secateur.run("rigor", "--years", "--papers")[0] == 2
    assert secateur.run("acceleration", "--own", "--numbers")[0] == 2


@pytest.mark.parametrize("option", ["--edges", "--centre", "--fragmentation", "--summary"])
def test_comparisons_in_every_view(secateur: CommandLine, option: str) -> None:
    assert secateur("comparisons", option)


def test_rigor_by_all_by_year_and_by_paper(secateur: CommandLine) -> None:
    totals = secateur("rigor")
    years = secateur("rigor", "--years")
    for row in totals:
        assert row["yes"] == sum(other["yes"] for other in years if other["item"] == row["item"])
    papers = secateur("rigor", "--papers")
    name = next(row["arxiv_id"] for row in papers if row["cells"])
    (mine,) = [row for row in secateur("rigor", name) if row["item"] == "numbers"]
    assert mine["answer"] == "yes"
    cells = secateur("query", f"select arxiv_id from result where cell_id = {mine['cells'][0]}")
    assert cells == [{"arxiv_id": name}]
    assert "not in the corpus" in secateur.run("rigor", "1501.99999")[2]


def test_acceleration_names_papers_and_cells(secateur: CommandLine) -> None:
    numbers = secateur("acceleration", "--numbers")
    summary = secateur("acceleration")
    assert sum(row["n_papers"] for row in summary) >= len({row["arxiv_id"] for row in numbers})
    assert {row["kind"] for row in numbers} <= {"measured", "theoretical", "unstated"}
    assert secateur("acceleration", "--own") == []


def test_noise_resolves_names_and_says_what_is_unknown(secateur: CommandLine) -> None:
    dataset, model = most_common(secateur)
    rows = secateur("noise", model.lower(), dataset.lower())
    assert rows[0]["what"].startswith("deviation over seeds")
    assert "data sets with most results" in secateur.run("noise", "resnet-56", "imagenette")[2]
    assert "networks with most results there" in secateur.run("noise", "nothing-9", dataset)[2]
    assert "the network comes first" in secateur.run("noise", dataset, model)[2]


def test_a_method_is_named_in_any_spelling_and_an_unknown_one_is_refused(secateur: CommandLine) -> None:
    rows = secateur("baselines")
    method = max((row["method"] for row in rows), key=[row["method"] for row in rows].count)
    found = secateur("baselines", "--method", method.upper())
    assert {row["method"] for row in found} == {method}
    assert len(found) == sum(row["method"] == method for row in rows)
    code, out, err = secateur.run("baselines", "--method", "Pruning by candlelight")
    assert (code, out) == (2, "")
    assert "most papers have: " in err


@pytest.mark.parametrize("command", [("baselines",), ("comparisons",), ("rigor",), ("acceleration",)])
def test_without_results_an_analysis_says_how_they_come(tmp_path: Path, command: tuple[str, ...]) -> None:
    open_database(tmp_path / "empty.db").dispose()
    code, out, err = CommandLine(tmp_path / "empty.db").run(*command)
    assert (code, json.loads(out)) == (0, [])
    assert "secateur extract" in err


def test_a_search_that_finds_nothing_says_when_there_is_no_paper(secateur: CommandLine, tmp_path: Path) -> None:
    open_database(tmp_path / "empty.db").dispose()
    for words in (("pruning",), ("pruning", "--facets")):
        code, out, err = CommandLine(tmp_path / "empty.db").run("search", *words)
        assert (code, json.loads(out)) == (0, [])
        assert "secateur harvest" in err
    assert secateur.run("search", "zebrafish")[2] == ""


def test_the_table_is_printed_in_every_format(secateur: CommandLine, tmp_path: Path) -> None:
    dataset, model = most_common(secateur)
    chosen = ("table", "--dataset", dataset, "--model", model)
    rows = secateur(*chosen)
    assert {"method", "value", "source", "footnotes", "cell_id"} <= set(rows[0])
    mine = tmp_path / "mine.csv"
    mine.write_text("method,sparsity,value,dense\nMine,50%,70,71\n")
    figure, entries = tmp_path / "figure.svg", tmp_path / "refs.bib"
    code, latex, err = secateur.run(
        *chosen, "--format", "latex", "--with", str(mine), "--plot", str(figure), "--bibtex", str(entries)
    )
    assert (code, err) == (0, "")
    assert r"\textbf{Mine}" in latex
    assert entries.read_text().startswith("@misc{")
    assert "<svg" in figure.read_text()
    assert secateur.run(*chosen, "--format", "markdown")[1].startswith("| Method |")
    assert "--bibtex FILE" in secateur.run(*chosen, "--format", "latex")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dataset", "imagenet", "--model", "nothing-1"), "no comparable result of nothing-1 on ImageNet"),
        (("--dataset", "imagenet", "--model", "resnet-50", "--sparsity", "most"), "a fraction or two"),
        (("--dataset", "imagenet", "--model", "resnet-50", "--plot", "a.gif"), "--plot draws"),
        (("--dataset", "imagenet", "--model", "resnet-50", "--with", "none.csv"), "can't be read as CSV"),
    ],
)
def test_a_table_that_can_not_be_made_says_why(secateur: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = secateur.run("table", *arguments)
    assert code == 2
    assert said in err


def test_growth_answers_and_forecasts(secateur: CommandLine) -> None:
    (answer,) = secateur("growth", "--answer")
    assert answer["exponential"] in ("yes", "no", "undecided")
    assert len(secateur("growth", "--forecast", "6")) == 6
    assert "share" in secateur("growth", "--counts")[0]
    assert "structure=unstructured" in secateur.run("growth", "--facet", "nonsense")[2]
    assert "the sources are: none yet" in secateur.run("growth", "--source", "elsewhere")[2]


def test_growth_is_corrected_by_an_audit(secateur: CommandLine, tmp_path: Path) -> None:
    counts = secateur("growth", "--counts")
    years = sorted({row["start"][:4] for row in counts})
    audit = tmp_path / "audit.csv"
    head = "year,called,called_right,relevant,relevant_found\n"
    audit.write_text(head + "".join(f"{year},100,90,100,60\n" for year in years))
    corrected = secateur("growth", "--counts", "--audit", str(audit))
    for plain, row in zip(counts, corrected, strict=True):
        assert row["papers"] == plain["papers"]
        assert row["corrected"] == pytest.approx(plain["papers"] / row["found"])
        assert row["found"] == pytest.approx(60.5 / 90.5)
    audit.write_text(head + f"{years[0]},100,90,100,60\n")
    assert "no sample of" in secateur.run("growth", "--audit", str(audit))[2]
