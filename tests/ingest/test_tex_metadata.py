"""TeX in names and titles becomes what is printed; formulas stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.authors import split_authors
from ingest.tex import accents_to_unicode, to_unicode


@pytest.mark.parametrize(
    ("tex", "printed"),
    [
        (r"Mustafa Bora \c{C}elik", "Mustafa Bora Çelik"),
        (r"Hayriye Akta\c{s} Din\c{c}er", "Hayriye Aktaş Dinçer"),
        (r"Fr\'ed\'eric Lagouti\`ere", "Frédéric Lagoutière"),
        (r"Sch{\"u}rmann, Sch\"{u}rmann, Sch\"urmann", "Schürmann, Schürmann, Schürmann"),
        (r"\v{Z}itkovi\'c", "Žitković"),
        (r"Universit\`{a} degli Studi, Mart{\'\i}n, Mart\'{\i}n", "Università degli Studi, Martín, Martín"),
        (r"S{\o}ren \O stensen, {\L}ukasz Stanis{\l}awa", "Søren Østensen, Łukasz Stanisława"),
        (r"Gau\ss{} and Stra\ss e", "Gauß and Straße"),
        (r"Erd\H{o}s, \r{A}ngstr\"om, \AA", "Erdős, Ångström, Å"),
        (r"R\&D at 90\% of \$5", "R&D at 90% of $5"),
        (r"\emph{Sparse} {DNN}s~now", "Sparse DNNs now"),
        (r"Pruning $\ell_0$ with {SNIP}", r"Pruning $\ell_0$ with SNIP"),
        (r"$\mathrm{\"a}$", r"$\mathrm{\"a}$"),
        (r"a \cite{b} \lambda", r"a \cite{b} \lambda"),
    ],
)
def test_tex_is_printed(tex: str, printed: str) -> None:
    assert to_unicode(tex) == printed


def test_an_abstract_keeps_its_commands_and_escapes() -> None:
    assert accents_to_unicode(r"G\"odel, \emph{50\%} of $\{0,1\}$") == r"Gödel, \emph{50\%} of $\{0,1\}$"


@given(st.text(max_size=60))
def test_any_text_is_converted_and_plain_text_stays(text: str) -> None:
    converted = accents_to_unicode(text)
    assert isinstance(to_unicode(text), str)
    if "\\" not in text:
        assert converted == text


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Lee, Bo Roy and Cy Diaz", ["Ada Lee", "Bo Roy", "Cy Diaz"]),
        ("Ada Lee, Bo Roy, and Cy Diaz", ["Ada Lee", "Bo Roy", "Cy Diaz"]),
        ("Ada Lee and Bo Roy (with an appendix by Cy Diaz)", ["Ada Lee", "Bo Roy"]),
        (
            "A. Lee (1), B. Roy (1,2) and C. Diaz (1 and 3) ((1) MIT, USA, (2) ETH (Zurich))",
            ["A. Lee", "B. Roy", "C. Diaz"],
        ),
        (
            "A. A. Abdumalikov Jr., A. Alves Jr, W. T. Hill, III, J. S. Tsai",
            ["A. A. Abdumalikov Jr.", "A. Alves Jr", "W. T. Hill, III", "J. S. Tsai"],
        ),
        ("LHCb Collaboration: R. Aaij, B. Adeva", ["LHCb Collaboration", "R. Aaij", "B. Adeva"]),
        ("X. Zhan, et al. (for the Jefferson Lab Collaboration)", ["X. Zhan"]),
        (
            "V. Schaffenroth, S. Geier, and MUCHFUSS collaboration",
            ["V. Schaffenroth", "S. Geier", "MUCHFUSS collaboration"],
        ),
        (r"Bora \c{C}elik,\n Wan Anderson", [r"Bora Çelik", r"\n Wan Anderson"]),
        ("Alexander Andrews", ["Alexander Andrews"]),
        ("", []),
    ],
)
def test_authors_are_parted(line: str, names: list[str]) -> None:
    assert list(split_authors(line)) == names


@given(st.text(max_size=80))
def test_any_line_gives_names_without_commas_or_parentheses(line: str) -> None:
    for name in split_authors(line):
        assert name == name.strip()
        assert name
        assert "(" not in name
