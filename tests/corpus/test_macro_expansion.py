"""Macros and conditionals: what a source turns into before anything is read from it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.reading import read_latex
from corpus.reading.expander import Expander
from corpus.reading.text import to_text


def expanded(source: str, files: dict[str, str] | None = None) -> str:
    known = files or {}

    def find(name: str, origin: str) -> tuple[str, str] | None:
        for candidate in (name, name + ".tex"):
            if candidate in known:
                return candidate, known[candidate]
        return None

    return to_text(Expander(find).run(source, "main.tex").tokens)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\newcommand{\ours}{Moss}\ours{} wins", "Moss wins"),
        (r"\newcommand\ours{Moss}\ours{} wins", "Moss wins"),
        (r"\newcommand{\res}[2]{#1$\pm$#2}\res{93.1}{0.2}", "93.1±0.2"),
        (r"\newcommand{\f}[2][x]{#1#2}\f{a} \f[y]{b}", "xa yb"),
        (r"\def\X#1{$#1\times$}\X{12}", "12×"),
        (r"\def\pair(#1,#2){#1 and #2}\pair(a,b)", "a and b"),
        (r"\let\old=\alpha \def\b{B}\let\c\b\def\b{other}\c", "B"),
        (r"\providecommand{\a}{1}\providecommand{\a}{2}\a", "1"),
        (r"\def\a{1}{\def\a{2}\a}\a", "21"),
        (r"\def\a{1}{\gdef\a{2}}\a", "2"),
        (r"\NewDocumentCommand{\n}{O{d} m}{#2}\n[o]{kept}", "kept"),
        (r"\DeclareMathOperator{\prune}{prune}$\prune$", "prune"),
        (r"\newcommand{\x}{$\times$}5\x", "5×"),
        (r"\expandafter\def\csname my name\endcsname{N}\csname my name\endcsname", "N"),
        (r"\newenvironment{res}[1]{Result #1: }{.}\begin{res}{a}good\end{res}", "Result a: good."),
    ],
)
def test_definitions_are_executed(source: str, text: str) -> None:
    assert expanded(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\newif\ifarxiv\arxivtrue\ifarxiv yes\else no\fi", "yes"),
        (r"\newif\ifarxiv\ifarxiv yes\else no\fi", "no"),
        (r"\iffalse hidden \ifx\a\b x\fi still hidden\fi seen", "seen"),
        (r"a% comment with } and \begin{table}" + "\nb", "ab"),
        (r"a\begin{comment}b } \begin{tabular}\end{comment}c", "ac"),
        (r"\ifnum 2>1 more\else less\fi", "more"),
        (r"\newtoggle{long}\toggletrue{long}\iftoggle{long}{L}{S}", "L"),
        (r"\excludecomment{draft}a\begin{draft}b\end{draft}c", "ac"),
        (r"100\% $\iff$ all", "100% ⇔ all"),
    ],
)
def test_only_active_branches_remain(source: str, text: str) -> None:
    assert expanded(source) == text


def test_xspace_adds_a_space_only_before_words() -> None:
    source = r"\newcommand{\m}{Moss\xspace}\m wins, \m, \m{} and \m."
    assert expanded(source) == "Moss wins, Moss, Moss and Moss."


def test_input_is_followed_and_what_stands_after_it_comes_after() -> None:
    files = {"parts/a.tex": r"\newcommand{\v}{93.1}A", "b.tex": "B"}
    assert expanded(r"\newcommand{\both}{\input{parts/a}\input{b} end}\both{} \v", files) == "AB end 93.1"


def test_a_file_that_includes_itself_ends() -> None:
    document = read_latex({"main.tex": rb"\documentclass{article}\begin{document}a\input{main}b\end{document}"})
    assert [section.text for section in document.sections] == ["ab"]
    assert "includes itself" in document.unread[0].reason


@pytest.mark.parametrize(
    "source",
    [
        r"\def\a{\a\a}\a",
        r"\def\a{\b\b\b\b\b\b\b\b}\def\b{\c\c\c\c\c\c\c\c}\def\c{\d\d\d\d\d\d\d\d}\def\d{\a x}\a",
        r"\def\a#1{\a{#1#1}}\a{x}",
        r"\newcommand{\a}{\b}\newcommand{\b}{\a}\a",
    ],
)
def test_endless_macros_end_and_are_reported(source: str) -> None:
    started = time.monotonic()
    paper = rf"\documentclass{{article}}\begin{{document}}before {source} after\end{{document}}"
    document = read_latex({"main.tex": paper.encode()})
    assert time.monotonic() - started < 5
    assert any("without end" in item.reason for item in document.unread)
    assert "before" in document.text
    assert "after" in document.text


@pytest.mark.parametrize(
    "opening", ["{", r"\textbf{", r"\footnote{", r"\num{", r"\frac{", r"\begin{table}", "$^{", r"\subfloat{"]
)
def test_deep_nesting_that_never_closes_gives_a_document(opening: str) -> None:
    source = r"\documentclass{article}\begin{document}before " + opening * 3000
    assert "before" in read_latex({"main.tex": source.encode()}).text


@settings(max_examples=300, deadline=2000)
@given(
    st.lists(
        st.sampled_from(
            [
                *r"{}[]$&#%^_~\ ",
                *("\n", "\n\n", "#1", "93.1", "word", r"\\", r"\verb|x|", r"\a", r"\b"),
                *(r"\def", r"\let", r"\csname", r"\newcommand", r"\newif\ifx", r"\iffalse", r"\else", r"\fi"),
                *(r"\begin{tabular}{ll}", r"\end{tabular}", r"\begin{table}", r"\end{table}", r"\caption{"),
                *(r"\multirow{2}{*}{x}", r"\multicolumn{2}{c}{", r"\input{a}", r"\cite{k}", r"\subfloat"),
            ]
        ),
        max_size=60,
    ).map("".join)
)
def test_any_source_gives_a_document(source: str) -> None:
    read_latex({"main.tex": b"\\documentclass{article}\\begin{document}" + source.encode(), "a.tex": source.encode()})


@settings(max_examples=200, deadline=2000)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_document(data: bytes) -> None:
    read_latex({"main.tex": data})
