"""A sheet says what the corpus knows of a paper, and leaves the corpus as it was."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from db import views
from db.session import open_database
from secateur.check import ALONE, DIFFERS, EXPLAINED, Sheet, check_draft, check_paper
from secateur.commands.checking import page

NOW = datetime(2026, 11, 23, 3, 0, 0)
DRAFT = r"""\documentclass{article}
\title{<script>alert(1)</script> Pruning anew}
\begin{document}\maketitle
\begin{abstract}We propose OwnPrune, a magnitude pruning method, and prune 90\% of the weights of ResNet-50 on ImageNet
without fine-tuning.\end{abstract}
\section{Experiments}
\begin{table}\caption{Top-1 accuracy (\%) of ResNet-50 on ImageNet at 90\% sparsity.}\label{tab:main}
\begin{tabular}{lcc}\toprule Method & Top-1 & Drop \\ \midrule
Dense & 76.80 & - \\ RigL~\cite{rigl} & 73.00 & 3.80 \\ OwnPrune (ours) & 75.00 & 2.80 \\ \bottomrule
\end{tabular}\end{table}
\begin{thebibliography}{9}
\bibitem{rigl} U. Evci et al. Rigging the Lottery. arXiv:1911.11134, 2019.\end{thebibliography}
\end{document}
"""


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    (folder / "main.tex").write_text(DRAFT, encoding="utf-8")
    return folder


def rows_of(sheet: Sheet, name: str) -> dict[str, str]:
    return {row["asks"]: row[name] for row in sheet.rigor}


def test_a_draft_is_checked_without_a_corpus(draft: Path) -> None:
    sheet = check_draft(None, draft, NOW)
    assert "Pruning anew" in sheet.title
    assert [row["rule"] for row in sheet.questions] == ["printed-difference"]
    assert "75" in sheet.questions[0]["sentence"]
    assert {row["says"] for row in sheet.quoted} == {ALONE}
    assert sheet.missing == ()
    assert rows_of(sheet, "answer")["the unpruned network's own number"] == "yes"
    assert any("corpus is empty" in note for note in sheet.notes)


def test_a_text_and_bold_that_do_not_fit_the_table_are_asked_about(tmp_path: Path) -> None:
    begin, end = DRAFT.index(r"\begin{table}"), DRAFT.index(r"\begin{thebibliography}")
    table = r"""As Table~\ref{tab:main} shows, RigL reaches 73.60\% at 90\% sparsity.
\begin{table}\caption{Top-1 accuracy (\%) of ResNet-50 on ImageNet by sparsity.}\label{tab:main}
\begin{tabular}{lcccc}\toprule Method & 80\% & 90\% & 95\% & 98\% \\ \midrule
RigL~\cite{rigl} & 74.60 & 73.00 & \textbf{70.10} & 66.00 \\
SET & 74.20 & 72.10 & 69.90 & 65.00 \\
OwnPrune (ours) & \textbf{76.10} & \textbf{75.00} & 69.50 & \textbf{65.90} \\ \bottomrule
\end{tabular}\end{table}
"""
    (tmp_path / "main.tex").write_text(DRAFT[:begin] + table + DRAFT[end:], encoding="utf-8")
    found = {row["rule"]: row for row in check_draft(None, tmp_path, NOW).questions}
    assert set(found) == {"bold", "text"}
    assert "65.90 in bold, and RigL beside it has 66.00" in found["bold"]["sentence"]
    assert found["text"]["level"] == "finding"
    assert "73.60 % where table tab:main has a top-1 accuracy of 73.00 for RigL" in found["text"]["sentence"]


def test_a_main_file_is_read_with_its_parts_and_without_other_documents(tmp_path: Path) -> None:
    begin, end = DRAFT.index(r"\begin{table}"), DRAFT.index(r"\begin{thebibliography}")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "main.tex").write_text(DRAFT[begin:end], encoding="utf-8")
    main = tmp_path / "paper.tex"
    main.write_text(DRAFT[:begin] + r"\input{tables/main}" + DRAFT[end:], encoding="utf-8")
    other = DRAFT.replace("Pruning anew", "Answer to the reviewers").replace("Experiments", "Answers" * 100)
    (tmp_path / "answer.tex").write_text(other, encoding="utf-8")
    sheet = check_draft(None, main, NOW)
    assert "Pruning anew" in sheet.title
    assert (sheet.found, len(sheet.quoted)) == (1, 2)


def test_the_page_shows_texts_as_text_and_loads_nothing(draft: Path) -> None:
    text = page(check_draft(None, draft, NOW))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "src=" not in text


def test_a_paper_is_checked_beside_the_corpus(read_corpus: Path) -> None:
    engine = open_database(read_corpus / "a.db")
    with engine.connect() as connection:
        results = views.results(connection)
    quoting = results.loc[results["role"] == "baseline", "arxiv_id"].value_counts().index[0]
    sheet = check_paper(engine, quoting)
    engine.dispose()
    assert sheet.quoted
    assert all(row["papers"] > 0 and row["others"] for row in sheet.compared)
    assert all(row["papers"] == 0 for row in sheet.quoted if row["says"] == ALONE)
    assert len(sheet.rigor) > 10


def test_numbers_that_differ_from_those_of_others_ask_for_an_answer(read_corpus: Path) -> None:
    engine = open_database(read_corpus / "a.db")
    with engine.connect() as connection:
        found = views.findings(connection)
    for papers in found.loc[found["rule"] == "contradiction", "papers"]:
        sheets = [check_paper(engine, paper) for paper in papers]
        assert any(row["says"] in (DIFFERS, EXPLAINED) for sheet in sheets for row in sheet.quoted)
    engine.dispose()


def test_a_draft_beside_the_corpus_leaves_it_as_it_was(read_corpus: Path, draft: Path) -> None:
    engine = open_database(read_corpus / "a.db")
    with engine.connect() as connection:
        before = (len(views.papers(connection)), len(views.results(connection)))
    sheet = check_draft(engine, draft, NOW)
    assert (sheet.paper, sheet.found) == ("draft", 1)
    with engine.connect() as connection:
        assert (len(views.papers(connection)), len(views.results(connection))) == before
    engine.dispose()


def test_the_command_says_what_it_found_by_its_exit_code(draft: Path, tmp_path: Path, secateur: Any) -> None:
    answer = secateur("check", str(draft), "--format", "json", "--html", str(tmp_path / "a.html"))
    assert answer.code == 1
    assert answer.json()["found"] == 1
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "Do its own numbers fit together?" in secateur("check", str(draft), "--format", "table").out


def test_what_is_run_stands_on_the_sheet_and_on_the_page(draft: Path, tmp_path: Path, secateur: Any) -> None:
    pytest.importorskip("torch", reason="validation needs torch: pip install 'secateur[validate]'")
    text = DRAFT.replace("ResNet-50", "LeNet-300-100").replace("ImageNet", "MNIST").replace("OwnPrune", "Magnitude")
    (draft / "main.tex").write_text(text, encoding="utf-8")
    answer = secateur("check", str(draft), "--run", "--budget", "0", "--html", str(tmp_path / "sheet.html"))
    sheet = answer.json()
    assert {row["claim"] for row in sheet["runnable"]} == {row["claim_id"] for row in sheet["verdicts"]} != set()
    assert {row["label"] for row in sheet["verdicts"]} <= {"inconclusive", "claim_unverified", "needs_assets"}
    assert "None of its claims was run here" not in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "DERIVED-DRAFT" in secateur("check", str(draft), "--run", "--budget", "0", "--format", "table").out


@pytest.mark.parametrize("name", ["no-such-folder/here", "1911.11134"])
def test_what_is_not_there_is_said_in_one_line(name: str, secateur: Any) -> None:
    secateur("status")
    answer = secateur("check", name)
    assert (answer.code, answer.err.count("\n")) == (2, 1)


def test_an_empty_folder_holds_no_paper(tmp_path: Path, secateur: Any) -> None:
    (tmp_path / "empty").mkdir()
    answer = secateur("check", str(tmp_path / "empty"))
    assert answer.code == 2
    assert "not read" in answer.err


def test_a_check_needs_no_torch(draft: Path, tmp_path: Path) -> None:
    script = tmp_path / "without_torch.py"
    script.write_text(
        "import sys\n"
        "from importlib.abc import MetaPathFinder\n"
        "class NoTorch(MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from secateur.check import check_draft\n"
        "if __name__ == '__main__':\n"
        "    print(check_draft(None, Path(sys.argv[1]), datetime(2026, 1, 1)).found)\n"
    )
    done = subprocess.run([sys.executable, str(script), str(draft)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
