"""Which numbers of the running text say how good a network is."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.extraction import extract_path
from corpus.knowledge import load_knowledge
from corpus.reading import Document
from corpus.reading.document import DocumentTable, Paragraph, Section, TableCell
from corpus.text_numbers import MAX_NUMBERS, text_numbers
from db.records import Table, TextNumber


def table(*rows: tuple[str, ...], label: str = "tab:main") -> DocumentTable:
    cells = tuple(
        tuple(TableCell(text, origin=(row, col)) for col, text in enumerate(texts)) for row, texts in enumerate(rows)
    )
    return DocumentTable(Table(0, label, "Accuracy.", rows), cells, "tabular", "table")


TABLE = table(("Method", "Top-1"), ("RigL", "74.56"), ("SET", "0.729"), ("Ours", "75"))


def read(text: str, references: tuple[str, ...] = ("tab:main",)) -> tuple[TextNumber, ...]:
    section = Section(1, "Results", (Paragraph(text, references),))
    return text_numbers(Document(sections=(section,), tables=(TABLE,)))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("RigL reaches 74.56%.", "74.56"),
        ("RigL reaches an accuracy of 74.6.", "74.6"),
        ("RigL has a top-1 accuracy of 74.56 ± 0.2 on ImageNet.", "74.56"),
        ("Its error is 25.44%.", "25.44"),
        ("SET has 72.9 %.", "72.9"),
    ],
)
def test_a_number_that_a_cell_has_is_found_in_the_tables(text: str, printed: str) -> None:
    (found,) = read(text)
    assert (found.printed, found.in_tables, found.section) == (printed, True, "Results")


@pytest.mark.parametrize("text", ["RigL reaches 74.9%.", "RigL reaches 74.65%.", "We reach 75.1%.", "SET has 73.1 %."])
def test_a_number_that_no_cell_has_is_not(text: str) -> None:
    (found,) = read(text)
    assert not found.in_tables


@pytest.mark.parametrize(
    "text",
    [
        "RigL is better by 1.36 points of accuracy.",
        "It improves the accuracy by 12.5%.",
        "We remove 72.1% of the FLOPs.",
        "At 97.5% sparsity the accuracy falls.",
        "The accuracy is about 74.1%.",
        "The accuracy rises, see Section 3.12.",
        "The accuracy holds at a 2.5× speed-up with 1.37M parameters.",
        "Han et al. report an accuracy of 74.1%.",
        "The learning rate of 0.05 gives the best accuracy with a momentum of 0.9.",
        "The accuracy is 74.1–75.3%.",
        "The loss of accuracy is 0.07%.",
        "In Figure fig:curve RigL reaches an accuracy of 74.1%.",
    ],
)
def test_what_says_something_else_is_left_out(text: str) -> None:
    assert read(text) == ()


def test_a_sentence_refers_to_its_own_tables_or_those_of_its_paragraph() -> None:
    own, other = read("As Table tab:main shows, RigL reaches 74.9%. With more epochs it reaches 76.3%.")
    assert (own.tables, own.refers) == (("tab:main",), True)
    assert (other.tables, other.refers) == (("tab:main",), False)
    (without,) = read("RigL reaches 74.9%.", ())
    assert (without.tables, without.refers) == ((), False)


def test_a_paper_in_latex_gives_its_numbers(tmp_path: Path) -> None:
    body = r"""\documentclass{article}\begin{document}\title{Pruning}\section{Results}
Table~\ref{tab:main} compares sparse training. RigL reaches 74.9\% top-1 accuracy, SET 72.9\%.
\begin{table}\caption{ResNet-50 on ImageNet at 90\% sparsity.}\label{tab:main}
\begin{tabular}{lc} Method & Top-1 \\ \hline SET & 72.9 \\ RigL & \textbf{74.6} \\ \end{tabular}\end{table}
\end{document}"""
    (tmp_path / "main.tex").write_text(body, encoding="utf-8")
    found = extract_path(tmp_path, load_knowledge(), on_pruning=True)
    assert [(one.printed, one.tables, one.in_tables) for one in found.text_numbers] == [
        ("74.9", ("tab:main",), False),
        ("72.9", ("tab:main",), True),
    ]
    assert [(one.method, one.bold) for one in found.readings] == [("SET", False), ("RigL", True)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.%±()- abAccuracy", max_size=300))
def test_any_text_is_read(text: str) -> None:
    for one in read(text):
        assert one.printed in text
        assert one.value == float(one.printed)


def test_a_text_of_numbers_alone_is_bounded() -> None:
    assert len(read("The accuracy is 71.1. " * 1000)) == MAX_NUMBERS
