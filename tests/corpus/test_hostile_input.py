"""Reading takes time in proportion to the input, whatever it repeats, nests or leaves open.

Fast tests compare the processor's time for an input and for one of four times its length: what looks at everything
again for every piece takes sixteen times as long. The slow tests read a hundred thousand pieces in a paper's time.
"""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpus.bounded import MAX_SECONDS, BoundedReader, NotReadError
from corpus.citations import bib_entries
from corpus.extraction import extract
from corpus.knowledge import Knowledge, load_knowledge
from corpus.reading import Document, read_html, read_latex
from corpus.reading.document import MAX_TABLES
from corpus.reading.stream import WORK
from corpus.reading.tables import MAX_CELLS

REPEATED = [
    *(
        "{",
        "}",
        "[",
        "]",
        "$",
        "^",
        "_",
        "&",
        "\\\\",
        "\\\\[",
        "#",
        "~",
        "%",
        "|",
        "\\",
        "\n\n",
        "a ",
        "93.1 ",
        "``",
        "9",
    ),
    *("\\cite", "\\cite{", "\\cite[", "\\section", "\\section{", "\\title{", "\\author{", "\\footnote{", "\\textbf{"),
    *("\\let", "\\def\\a", "\\def\\a{", "\\def\\a#1{#1}\\a", "\\newcommand\\a[1][", "\\input{a}", "\\usepackage["),
    *("\\newenvironment{", "\\if", "\\ifx", "\\ifnum", "\\else", "\\iffalse", "\\csname", "\\xspace", "\\verb1"),
    *("\\begin{", "\\begin{a}", "\\end{a}", "\\begin{table}", "\\begin{tabular}", "\\begin{tabular}{c}"),
    *("\\begin{center}", "\\begin{minipage}", "\\begin{array}{c}", "\\begin{abstract}", "\\begin{verbatim}"),
    *("\\begin{thebibliography}{9}", "\\begin{filecontents}{a}", "\\begin{filecontents}[", "\\documentclass["),
    *(
        "\\begin{array}{c}\\begin{tabular}",
        "\\begin{table}\\begin{tabular}{c}a",
        "\\cite{a}\\begin{table}",
        "\\bibitem",
    ),
    *("\\multirow", "\\multirow{2}{*}{x}", "\\multicolumn{2}{c}{", "\\caption{", "\\captionof{table}{", "\\label{"),
    *("\\ref{", "\\bibliography{a}", "\\subfloat[", "\\subfloat{", "\\frac", "\\frac1", "x^2y", "\\sqrt[", "\\'{"),
    *("\\num{", "\\newcommand{\\ourname}{A}"),
]
TABLES = [
    "a\\begin{tabular}{c}1\\\\\\end{tabular}",
    "\\begin{tabular}{*{200}c}x\\end{tabular}",
    "\\begin{tabular}{*9{*{200}{@{}}}}x\\end{tabular}",
    "\\begin{table}\\caption{On ImageNet}\\begin{tabular}{lc}Method&Top-1\\\\RigL&73.0\\\\\\end{tabular}\\end{table}",
    "\\label{t}\\begin{tabular}{lc}Method&Top-1\\\\ RigL&73.0\\\\\\end{tabular} We prune to 90\\% as in \\ref{t}. ",
]
NESTED = [
    *(
        ("{", "}"),
        ("\\textbf{", "}"),
        ("\\title{", "}"),
        ("\\footnote{", "}"),
        ("\\caption{", "}"),
        ("^{", "}"),
        ("\\cite{", "}"),
    ),
    *(("\\frac{", "}"), ("\\multicolumn{2}{c}{", "}"), ("\\subfloat{", "}"), ("\\a[", "]"), ("\\begin{a}", "\\end{b}")),
    *(("\\begin{center}", "\\end{center}"), ("\\begin{minipage}{1cm}", "\\end{minipage}")),
    *(("\\begin{array}{c}", "\\end{array}"), ("\\begin{tabular}{c}", "\\end{tabular}")),
    *(("\\begin{table}", "\\end{table}"), ("\\begin{subtable}{1cm}", "\\end{subtable}")),
]
ROWS = [
    "&",
    "\\\\",
    "RigL&73.0\\\\",
    "\\multirow{3000}{*}{x}&1\\\\",
    "\\multicolumn{200}{c}{x}\\\\",
    "\\hline",
    "\\cmidrule(lr){1-2}",
]
IN_BIBLIOGRAPHIES = ["@article{a", "@a{a,b={", "a={", "a-", "{", "arxiv", "@a{b, title={c}}"]
ELEMENTS = [
    "<div>",
    "<table>",
    "<td>",
    "<tr>",
    "<math>",
    "<sup>",
    "<p>",
    "<span>",
    "<a href='#a'>",
    "<figure>",
    "<li>",
    "<h2>",
]
ENDLESS = ["\\def\\a{\\a\\a}\\a", "\\def\\a#1{\\a{#1#1}}\\a{x}", "\\newcommand{\\x}{y{\\x"]
MANY = 100_000


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def reader() -> Iterator[BoundedReader]:
    with BoundedReader(seconds=3 * MAX_SECONDS) as reader:
        yield reader


def paper(body: str) -> str:
    definitions = "\\newcommand\\a[1][x]{y}"
    return f"\\documentclass{{article}}{definitions}\\begin{{document}}We prune. {body}\\end{{document}}"


def table(rows: str) -> str:
    return f"\\begin{{table}}\\begin{{tabular}}{{lc}}Method&Top-1\\\\\\hline {rows}\\end{{tabular}}\\end{{table}}"


def read(source: str) -> Document:
    return read_latex({"main.tex": source.encode()})


def seconds(work: Callable[[], object]) -> float:
    """The processor's time; without the collector of cyclic waste, whose rounds depend on all else in memory."""
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.enable()


def assert_in_proportion(work: Callable[[int], object], size: int = 1500) -> None:
    """Four times the size takes at most seven times as long; 0.2 s is too little to tell."""
    long = seconds(lambda: work(4 * size))
    if long > 0.2:
        assert long < 7 * min(seconds(lambda: work(size)) for _ in range(2))


@pytest.mark.parametrize("piece", REPEATED)
def test_time_is_in_proportion_to_what_is_repeated(piece: str, knowledge: Knowledge) -> None:
    assert_in_proportion(lambda size: extract(read(paper(piece * size)), knowledge, on_pruning=True))


@pytest.mark.parametrize("opening", ["{", "\\title{", "\\author{", "\\abstract{", "\\newcommand{", "\\begin{table}"])
def test_time_is_in_proportion_to_what_stands_before_the_document(opening: str) -> None:
    assert_in_proportion(lambda size: read("\\documentclass{article}" + opening * size + "\\begin{document}"))


@pytest.mark.parametrize("one", TABLES)
def test_time_is_in_proportion_to_the_tables(one: str, knowledge: Knowledge) -> None:
    assert_in_proportion(lambda size: extract(read(paper("word " * 500 + one * size)), knowledge, on_pruning=True), 40)


@pytest.mark.parametrize(("begin", "end"), NESTED)
def test_time_is_in_proportion_to_the_depth(begin: str, end: str, knowledge: Knowledge) -> None:
    inner = "x\\begin{tabular}{c}1\\\\\\end{tabular}"
    assert_in_proportion(
        lambda size: extract(read(paper(begin * size + inner + end * size)), knowledge, on_pruning=True)
    )


@pytest.mark.parametrize("row", ROWS)
def test_time_is_in_proportion_to_the_rows(row: str, knowledge: Knowledge) -> None:
    assert_in_proportion(lambda size: extract(read(paper(table(row * size))), knowledge, on_pruning=True), 500)


@pytest.mark.parametrize("piece", IN_BIBLIOGRAPHIES)
def test_time_is_in_proportion_to_the_bibliography(piece: str) -> None:
    assert_in_proportion(lambda size: bib_entries(piece * size), 5000)


@pytest.mark.parametrize("tag", ELEMENTS)
def test_time_is_in_proportion_to_a_page(tag: str, knowledge: Knowledge) -> None:
    assert_in_proportion(lambda size: extract(read_html(tag * size), knowledge, on_pruning=True))


def test_time_is_in_proportion_to_the_tables_of_a_page(knowledge: Knowledge) -> None:
    one = "<table><tr><td>RigL</td><td>73.0</td></tr></table><p>Table 1: x</p>"
    assert_in_proportion(lambda size: extract(read_html(one * size), knowledge, on_pruning=True), 100)


def test_time_is_in_proportion_to_the_references_to_a_table(knowledge: Knowledge) -> None:
    one = table("RigL&73.0\\\\").replace("\\begin{table}", "\\begin{table}\\label{t}")
    body = "We prune RigL to 90\\% sparsity on ImageNet in \\ref{t}. "
    assert_in_proportion(lambda size: extract(read(paper(one + body * size)), knowledge, on_pruning=True), 300)


@pytest.mark.parametrize("source", ENDLESS)
def test_an_endless_macro_costs_no_more_in_a_longer_paper(source: str) -> None:
    assert_in_proportion(lambda size: read(paper(source * size)))


@pytest.mark.slow
@pytest.mark.parametrize("piece", [*REPEATED, *TABLES, *ELEMENTS])
def test_a_hundred_thousand_pieces_are_read_in_a_papers_time(piece: str, tmp_path: Path, reader: BoundedReader) -> None:
    path = tmp_path / ("page.html" if piece in ELEMENTS else "main.tex")
    path.write_text(piece * MANY if piece in ELEMENTS else paper(piece * MANY))
    try:
        reader.extract(path)
    except NotReadError as error:
        assert "longer" not in str(error)  # noqa: PT017 - three times the time, for slow machines


@pytest.mark.slow
def test_a_document_of_more_tokens_than_any_paper_is_read_in_part_and_says_so() -> None:
    document = read(paper("a " * WORK))
    assert "it is too long to expand; the rest was left out" in [item.reason for item in document.unread]
    assert document.text.startswith("We prune. a a a")


def test_more_tables_than_any_paper_are_left_out_and_that_is_said() -> None:
    document = read(paper(table("RigL&73.0\\\\") * (MAX_TABLES + 2)))
    page = read_html("<table><tr><td>RigL</td><td>73.0</td></tr></table>" * (MAX_TABLES + 2))
    for found in (document, page):
        assert len(found.tables) == MAX_TABLES
        assert [item.reason for item in found.unread] == [
            f"there are more than {MAX_TABLES} tables; the rest was left out"
        ]


def test_more_cells_than_any_paper_are_left_out_and_that_is_said() -> None:
    wide = "\\begin{tabular}{c}" + "x&" * 199 + "x\\\\" + "\\end{tabular}"
    document = read(paper("\\par".join([wide.replace("\\\\", "\\\\" + "x\\\\" * 99)] * 3)))
    assert [len(found.table.grid) for found in document.tables] == [100] * (MAX_CELLS // 20_000)
    assert [item.locator for item in document.unread if f"{MAX_CELLS:,} cells" in item.reason] == ["#2"]


@pytest.mark.parametrize("count", ["inf", "1e999", "nan", "²", "9" * 5000, "-9"])
def test_counts_that_are_no_numbers_are_read_as_text_or_bounded(count: str) -> None:
    source = table(rf"\multirow{{{count}}}{{*}}{{a}}&\multicolumn{{{count}}}{{c}}{{b}}\\").replace(
        "{lc}", f"{{*{{{count}}}{{c}}}}"
    )
    definitions = (
        rf"\newcommand{{\x}}[{count}]{{x}}\ifnum{count}>1 y\fi\ding{{{count}}}\newcolumntype{{q}}[{count}]{{c}}"
    )
    assert "a" in str([found.table.grid for found in read(paper(definitions + source)).tables])
