"""Bibliographies: printed entries, biblatex and .bib files."""

import pytest

from corpus.citations import bib_entries, make_citation, read_bibliography
from corpus.reading import read_latex
from corpus.reading.scanner import tokenize
from db.records import Citation


def bibliography(files: dict[str, str], body: str = "\\cite{lee2019}") -> tuple[Citation, ...]:
    main = "\\documentclass{article}\\begin{document}" + body + "\\bibliography{refs}\\end{document}"
    return read_latex({"main.tex": main.encode(), **{name: text.encode() for name, text in files.items()}}).bibliography


def test_natbib_entries() -> None:
    text = r"""\begin{thebibliography}{9}\providecommand{\natexlab}[1]{#1}
\expandafter\ifx\csname urlstyle\endcsname\relax\providecommand{\doi}[1]{doi: #1}\else\providecommand{\doi}{x}\fi
\bibitem[{Lee et~al.(2019)Lee, Ajanthan}]{lee2019}
N.~Lee and T.~Ajanthan.
\newblock {SNIP}: Single-shot network pruning.
\newblock \emph{arXiv preprint arXiv:1810.02340}, 2019.
\end{thebibliography}"""
    (entry,) = bibliography({"main.bbl": text})
    assert (entry.key, entry.title, entry.authors) == (
        "lee2019",
        "SNIP: Single-shot network pruning",
        "N. Lee and T. Ajanthan",
    )
    assert (entry.year, entry.arxiv_id, entry.matched_by) == (2019, "1810.02340", "eprint")


def test_biblatex_entries() -> None:
    text = r"""\refsection{0}\datalist[entry]{nty/global}
\entry{lee2019}{article}{}
  \name{author}{1}{}{{{hash=1}{family={Lee},given={N.}}}}
  \field{title}{{SNIP}: Single-shot}
  \field{year}{2019}
  \field{eprint}{1810.02340}
  \verb{doi}
  \verb 10.1000/snip
  \endverb
\endentry
\enddatalist\endrefsection"""
    (entry,) = bibliography({"main.bbl": text})
    assert (entry.title, entry.year, entry.arxiv_id, entry.doi) == (
        "SNIP: Single-shot",
        2019,
        "1810.02340",
        "10.1000/snip",
    )


def test_only_cited_entries_of_a_bib_file_are_the_papers() -> None:
    text = """@string{iclr = "ICLR"}
@inproceedings{lee2019, title={{SNIP}: Single-shot {N}etwork}, author="Lee, N. and Torr, P.", year=2019, booktitle=iclr,
  url={https://arxiv.org/abs/1810.02340v2}}
@article{other, title={Never cited}, year={2020}}"""
    (entry,) = bibliography({"refs.bib": text})
    assert (entry.key, entry.title, entry.year) == ("lee2019", "SNIP: Single-shot Network", 2019)
    assert (entry.arxiv_id, entry.matched_by) == ("1810.02340", "url")


def test_an_entry_written_in_the_paper_goes_before_files() -> None:
    item = r"\bibitem{a} A. Author, ``A title,'' in \emph{Venue}, 2017."
    body = rf"\cite{{a}}\begin{{thebibliography}}{{1}}{item}\end{{thebibliography}}"
    (entry,) = bibliography({"main.bbl": r"\begin{thebibliography}{1}\bibitem{b} B.\end{thebibliography}"}, body)
    assert (entry.key, entry.title, entry.authors, entry.year) == ("a", "A title", "A. Author", 2017)


@pytest.mark.parametrize(
    ("text", "arxiv_id"),
    [
        ("arXiv:2301.00774", "2301.00774"),
        ("arXiv preprint arXiv:2301.00774v2, 2023", "2301.00774"),
        ("CoRR, abs/1810.02340, 2018", "1810.02340"),
        ("arXiv:cs/0112017", "cs/0112017"),
        ("doi:10.48550/arXiv.2301.00774", "2301.00774"),
        ("In ICLR, 2019. pages 1234.56789", None),
    ],
)
def test_identifiers_in_text(text: str, arxiv_id: str | None) -> None:
    assert make_citation("k", text).arxiv_id == arxiv_id


def test_an_arxiv_number_is_no_year() -> None:
    assert make_citation("k", "arXiv:2012.01234, 2021.").year == 2021
    assert make_citation("k", "arXiv:2012.01234").year is None


def test_damaged_bib_files_give_what_they_hold() -> None:
    assert [entry.key for entry in bib_entries("@article{a, title={unclosed @article{b, year={2020}}")] == ["a", "b"]


def test_empty_bibliographies_have_no_entries() -> None:
    assert bib_entries("") == []
    assert read_bibliography(tokenize(""), {}, tokenize) == ()
