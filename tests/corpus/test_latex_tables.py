"""Tables of LaTeX sources as expanded grids, with their captions and labels."""

import pytest

from corpus.reading import Document, DocumentTable, read_latex


def document(body: str, **files: bytes) -> Document:
    source = "\\documentclass{article}\\begin{document}\n" + body + "\n\\end{document}"
    return read_latex({"main.tex": source.encode(), **files})


def table(body: str) -> DocumentTable:
    return document(body).tables[0]


def grid(rows: str, columns: str = "lcc", environment: str = "tabular") -> list[list[str]]:
    found = table(f"\\begin{{{environment}}}{{{columns}}}{rows}\\end{{{environment}}}")
    return [list(row) for row in found.table.grid]


def test_spans_repeat_their_text() -> None:
    rows = r"\multirow{2}{*}{A} & \multicolumn{2}{c|}{B} \\ & 1 & 2 \\"
    assert grid(rows) == [["A", "B", "B"], ["A", "1", "2"]]


def test_a_span_upwards_covers_the_rows_above() -> None:
    assert grid(r" & 1 & 2 \\ \multirow{-2}{*}{A} & 3 & 4 \\") == [["A", "1", "2"], ["A", "3", "4"]]


def test_a_block_of_rows_and_columns_is_one_cell() -> None:
    rows = r"\multicolumn{2}{c}{\multirow{2}{*}{AB}} & x \\ \multicolumn{2}{c}{} & y \\"
    assert grid(rows) == [["AB", "AB", "x"], ["AB", "AB", "y"]]


def test_blocks_of_nicematrix_are_spans() -> None:
    rows = r"\Block{2-1}{M} & \Block[c]{1-2}{P} & \\ & a & b \\ \Block{2-1}{A} & 1 & 2 \\ & 3 & 4 \\"
    expected = [["M", "P", "P"], ["M", "a", "b"], ["A", "1", "2"], ["A", "3", "4"]]
    assert grid(rows, environment="NiceTabular") == expected


def test_rules_are_no_rows_and_are_kept_as_places() -> None:
    rows = r"\toprule M & a & b \\ \cmidrule(lr){2-3} x & 1 & 2 \\[2pt] \midrule y & 3 & 4 \\ \bottomrule"
    found = table(rf"\begin{{tabular}}{{lcc}}{rows}\end{{tabular}}")
    assert [row[0] for row in found.table.grid] == ["M", "x", "y"]
    assert found.rules == (0, 2, 3)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (r"\textbf{93.1}$_{\pm 0.2}$", "93.1±0.2"),
        (r"{\bf 93.1}\%", "93.1%"),
        (r"$10\times$", "10×"),
        (r"$3.2\times10^{18}$", "3.2×10^18"),
        (r"$L_1$-norm~\cite{li}", "L1-norm"),
        (r"Ours$^{\dagger}$\footnote{Re-run.}", "Ours†"),
        (r"\cellcolor[gray]{.9}\textcolor{red}{5.1}", "5.1"),
        (r"\makecell[l]{Top-1\\(\%)}", "Top-1 (%)"),
        (r"\begin{tabular}[c]{@{}c@{}}Top-1\\(\%)\end{tabular}", "Top-1 (%)"),
        (r"\rotatebox[origin=c]{90}{VGG}", "VGG"),
        (r"\phantom{0}8.96", "8.96"),
        (r"\num{1.2e-3}", "1.2×10^-3"),
        (r"\SI{4.5}{\milli\second}", "4.5 ms"),
        (r"na\"{\i}ve Erd\H{o}s", "naïve Erdős"),
        (r"\ding{51}/\xmark", "✓/✗"),
        (r"1.64\% $\to$ 1.59\%", "1.64% → 1.59%"),
        (r"BERT\textsubscript{BASE}", "BERTBASE"),
        (r"-- & --", "–"),
    ],
)
def test_cells_become_plain_text(cell: str, text: str) -> None:
    assert grid(rf"{cell} \\", "c")[0][0].replace(" ", "") == text.replace(" ", "")


def test_bold_citations_and_marks_are_kept_beside_the_text() -> None:
    found = table(r"\begin{tabular}{lc}Ours$^\dagger$~\cite{a,b} & \textbf{93.1} \\ x & 2 \\ \end{tabular}")
    first, second = found.cells[0]
    assert (first.cites, first.marks, second.bold) == (("a", "b"), "†", True)
    assert not found.cells[1][1].bold


def test_what_a_specification_prints_between_columns_ends_the_cell_before() -> None:
    assert grid(r"93.1 & 0.2 \\", r"r@{$\,\pm\,$}l") == [["93.1 ±", "0.2"]]
    assert grid(r"1 & 2 \\", r"r@{\hskip 12pt}l") == [["1", "2"]]


def test_columns_with_templates_and_own_types() -> None:
    found = table(
        r"\newcolumntype{M}[1]{>{$}#1<{$}}\begin{tabularx}{\linewidth}{l*{2}{M{c}}}a & x^2 & \alpha \\ \end{tabularx}"
    )
    assert found.table.grid == (("a", "x^2", "α"),)


def test_a_longtable_keeps_its_first_head_and_drops_the_rest() -> None:
    body = r"""\begin{longtable}{lc}\caption{Long.}\label{tab:l}\\ \hline M & A \\ \hline \endfirsthead
    \multicolumn{2}{c}{continued} \\ M & A \\ \endhead \hline \endfoot x & 1 \\ y & 2 \\ \end{longtable}"""
    found = table(body)
    assert found.table.grid == (("M", "A"), ("x", "1"), ("y", "2"))
    assert (found.table.label, found.table.caption, found.header_rows) == ("tab:l", "Long.", 1)


def test_tables_beside_each_other_keep_their_captions() -> None:
    body = r"""\begin{table}\begin{minipage}{.5\textwidth}\caption{One.}\label{a}\begin{tabular}{c}1\\\end{tabular}
    \end{minipage}\begin{minipage}{.5\textwidth}\caption{Two.}\label{b}\begin{tabular}{c}2\\\end{tabular}\end{minipage}
    \end{table}"""
    found = document(body).tables
    assert [(t.table.label, t.table.caption, t.table.grid) for t in found] == [
        ("a", "One.", (("1",),)),
        ("b", "Two.", (("2",),)),
    ]


def test_sub_tables_know_the_caption_around_them() -> None:
    body = r"""\begin{table}\begin{subtable}{.5\textwidth}\caption{VGG.}\label{a}\begin{tabular}{c}1\\\end{tabular}
    \end{subtable}\subfloat[ResNet.\label{b}]{\begin{tabular}{c}2\\\end{tabular}}
    \caption{On CIFAR-10.}\label{c}\end{table}"""
    found = document(body).tables
    assert [(t.table.label, t.table.caption, t.parent_caption) for t in found] == [
        ("a", "VGG.", "On CIFAR-10."),
        ("b", "ResNet.", "On CIFAR-10."),
    ]


def test_notes_below_a_table_are_kept() -> None:
    body = r"""\begin{table}\begin{threeparttable}\caption{C.}\begin{tabular}{c}1\tnote{a}\\\end{tabular}
    \begin{tablenotes}\item[a] Re-run.\end{tablenotes}\end{threeparttable}\end{table}"""
    found = table(body)
    assert found.table.caption == "C."
    assert "Re-run." in found.notes[0]


def test_tables_without_label_are_numbered_in_the_order_of_the_paper() -> None:
    body = r"\begin{center}\begin{tabular}{c}1\\\end{tabular}\end{center}\begin{tabular}{c}2\\\end{tabular}"
    assert [t.table.label for t in document(body).tables] == ["#0", "#1"]


def test_inactive_tables_do_not_exist() -> None:
    body = (
        "%\\begin{tabular}{c}1\\\\\\end{tabular}\n"
        r"\iffalse\begin{tabular}{c}2\\\end{tabular}\fi\begin{comment}\begin{tabular}{c}3\\\end{tabular}\end{comment}"
    )
    assert document(body).tables == ()


def test_a_table_that_cannot_be_read_is_named_and_the_rest_is_read() -> None:
    empty = r"\begin{table}\label{tab:empty}\begin{tabular}{cc}\hline\end{tabular}\end{table}"
    body = empty + r"\begin{tabular}{c}2\\\end{tabular}"
    found = document(body)
    assert [t.table.grid for t in found.tables] == [(("2",),)]
    assert [(item.kind, item.locator) for item in found.unread] == [("table", "tab:empty")]


def test_only_files_reached_from_the_root_are_read() -> None:
    files = {
        "main.tex": rb"\documentclass{article}\begin{document}\input{sec/a}\end{document}",
        "sec/a.tex": rb"\begin{tabular}{c}1\\\end{tabular}",
        "old.tex": rb"\begin{tabular}{c}old\\\end{tabular}",
    }
    assert [t.table.grid for t in read_latex(files).tables] == [(("1",),)]


def test_latin_1_and_local_styles_are_read() -> None:
    source = "\\documentclass{article}\\usepackage{ours}\\title{\\name: José}\\begin{document}x\\end{document}"
    files = {
        "paper.tex": source.encode("latin-1"),
        "ours.sty": rb"\newcommand{\name}{Moss}\def\@private{p}",
    }
    assert read_latex(files).title == "Moss: José"


def test_sections_hold_paragraphs_with_what_they_refer_to() -> None:
    body = "\\section{Results}Table~\\ref{tab:a} shows SNIP~\\cite{lee}.\n\nMore."
    section = document(body).sections[0]
    assert (section.level, section.title) == (1, "Results")
    assert [p.text for p in section.paragraphs] == ["Table tab:a shows SNIP .", "More."]
    assert (section.paragraphs[0].references, section.paragraphs[0].cites) == (("tab:a",), ("lee",))


def test_a_source_without_latex_says_so() -> None:
    assert read_latex({"notes.md": b"# x", "fig.png": b"\x89PNG"}).unread[0].reason == "there is no LaTeX file in it"
    assert read_latex({}).unread[0].reason == "it is empty"
