"""BibTeX entries: keys that never clash, and no character of a title or name that TeX would trip over."""

import re
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from analysis.bibtex import bibtex, bibtex_keys


def paper(
    title: str = "SNIP: Single-shot Network Pruning", authors: tuple[str, ...] = ("Namhoon Lee",), **more: object
) -> dict:
    known = {"arxiv_id": "1810.02340", "submitted": datetime(2018, 10, 4), "primary_category": "cs.CV"}
    return {"title": title, "authors": list(authors)} | known | more


def test_an_entry_has_arxivs_fields() -> None:
    entry = bibtex([paper(authors=("Namhoon Lee", "Philip H. S. Torr"))])
    assert entry.startswith("@misc{lee2018snip,\n")
    assert "  title = {{SNIP}: Single-shot Network Pruning},\n" in entry
    assert "  author = {Namhoon Lee and Philip H. S. Torr},\n" in entry
    assert "  eprint = {1810.02340},\n  archivePrefix = {arXiv},\n  primaryClass = {cs.CV},\n" in entry


def test_keys_are_ascii_without_small_words_and_suffixes() -> None:
    rows = [paper("The État of Sparsity", ("José Núñez, Jr.",)), paper("Ωmega", ()), paper("?", ("李",))]
    assert bibtex_keys(rows) == ["nunez2018etat", "anonymous2018mega", "anonymous2018paper"]


def test_papers_of_one_year_and_word_get_letters() -> None:
    keys = bibtex_keys([paper() for _ in range(28)])
    assert keys[:3] == ["lee2018snip", "lee2018snipb", "lee2018snipc"]
    assert len(set(keys)) == 28


def test_what_tex_takes_for_its_own_is_escaped_and_formulas_stay() -> None:
    entry = bibtex([paper(r"50% of $n_1$ & more_than {x} \input", ("A_B",))])
    assert r"title = {50\% of $n_1$ \& more\_than \{x\} \textbackslash{}input}" in entry
    assert r"author = {A\_B}" in entry


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3).map(tuple))
def test_any_text_leaves_braces_balanced(title: str, authors: tuple[str, ...]) -> None:
    entry = re.sub(r"\\[{}]", "", bibtex([paper(title.replace("$", ""), authors)]))
    assert entry.count("{") == entry.count("}")
