"""The living survey: whole, safe, quiet about what no person has reviewed, and the same bytes for the same data."""

from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

from analysis.findings import all_findings
from analysis.report import SurveyChoices, SurveyData, write_site
from db.findings import finding_id

Make = Callable[..., pd.DataFrame]
NOW = datetime(2026, 3, 1, 4, 0)
EVIL = '<script>alert(1)</script> "Pruning" & $x$'
FRAMES = {
    "papers": "arxiv_id title abstract submitted updated version primary_category withdrawn synthetic relevance "
    "authors comments",
    "tags": "arxiv_id facet value canonical confidence field start_char end_char quotation",
    "citations": "arxiv_id key text title year cited_arxiv_id matched_by",
    "tables": "arxiv_id version document_table_id label position caption kind grid",
    "abstract_claims": "arxiv_id quantity value unit direction quotation confidence",
    "findings": "id rule level state sentence size explanations tried papers cells",
    "verdicts": "claim_id arxiv_id title part label cause seeds estimate low high at",
    "status": "name value",
    "unread": "kind arxiv_id version locator reason",
    "full_texts": "arxiv_id outcome reason read unread_reason",
    "agreement": "facet papers both person_only machine_only",
    "imports": "arxiv_id what source at",
    "stated": "arxiv_id compared_with source",
    "evaluations": "arxiv_id method dataset model",
}
OUTSIDE = ("https://arxiv.org/abs/", "mailto:?subject=Wrong%20number")
OPEN = SurveyChoices(show_unreviewed=True)


def frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=FRAMES[name].split()).astype(object)
    if name == "papers":
        made["submitted"], made["updated"] = pd.to_datetime(made["submitted"]), pd.to_datetime(made["updated"])
        made = made.astype({"withdrawn": bool, "synthetic": bool})
    return made.where(made.notna(), None) if rows else made


def paper(number: int, **more: Any) -> dict[str, Any]:
    day = pd.Timestamp(2019, 1, 1) + pd.DateOffset(months=number % 80, days=number % 28)
    facts = {"arxiv_id": f"{day:%y%m}.{number:05d}", "title": f"Paper {number}", "abstract": "We prune single weights."}
    facts |= {"submitted": day, "updated": day, "version": 1, "primary_category": "cs.LG", "withdrawn": False}
    return facts | {"synthetic": False, "relevance": "core", "authors": ["A. Author", "B. Author"]} | more


def survey(make_results: Make, papers: list[dict[str, Any]], **frames: list[dict[str, Any]]) -> SurveyData:
    """A corpus in which every paper prints RigL's and the dense accuracy, and each other's number differs."""
    rows = []
    for number, row in enumerate(papers):
        place = {"arxiv_id": row["arxiv_id"], "document_table_id": number, "synthetic": row["synthetic"]}
        place |= {"submitted": row["submitted"]}
        rows.append(place | {"sparsity": 0.9, "value": 70.0 + number % 4, "method_canonical": "RigL"})
        rows.append(place | {"role": "dense", "method": "Dense", "value": 76.0, "row": 1})
    results = make_results(*rows)
    found = [
        {"id": finding_id(item.rule, item.cells), "rule": item.rule, "level": item.level, "state": "new"}
        | {"sentence": item.sentence, "size": item.size, "explanations": [], "tried": list(item.tried)}
        | {"papers": list(item.papers), "cells": list(item.cells)}
        for item in all_findings(results)
    ]
    tags = [
        {"arxiv_id": row["arxiv_id"], "facet": "structure", "value": "unstructured", "confidence": 0.9}
        | {"field": "abstract", "start_char": 9, "end_char": 23, "quotation": "single weights"}
        for row in papers
    ]
    given = {"papers": papers, "tags": tags, "findings": found} | frames
    return SurveyData(results=results, **{name: frame(name, given.get(name, [])) for name in FRAMES})


class Page(HTMLParser):
    """Links, sources, ids and tags of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = path.read_text()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            self.attributes.add(name)
            if name in ("href", "src", "srcset") and value:
                self.links.append(value)
            if name == "id" and value:
                assert value not in self.ids, f"id {value} twice"
                self.ids.add(value)


def crawl(folder: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in folder.rglob("*.html")}


@pytest.fixture(scope="module")
def papers() -> list[dict[str, Any]]:
    return [paper(number) for number in range(1, 46)]


@pytest.fixture(scope="module")
def few(papers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return papers[:6]


def test_every_relative_link_and_fragment_resolves(make_results: Make, papers: list[Any], tmp_path: Path) -> None:
    unread = [{"kind": "table", "arxiv_id": papers[0]["arxiv_id"], "version": 1, "locator": "tab:x", "reason": "image"}]
    verdict = {"claim_id": "C-1", "arxiv_id": papers[0]["arxiv_id"], "title": "Holds", "part": "whole", "seeds": 5}
    verdict |= {"label": "reproduced", "cause": "", "estimate": 1.0, "low": 0.5, "high": 1.5, "at": pd.Timestamp(NOW)}
    data = survey(make_results, papers, unread=unread, verdicts=[verdict], status=[{"name": "papers", "value": 45}])
    summary = write_site(data, tmp_path, now=NOW, choices=OPEN)
    pages = crawl(tmp_path)
    assert len(pages) == summary.pages == 9 + len(papers) + 1, "nine pages, one a paper and that of RigL"
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            if link.startswith(OUTSIDE):
                continue
            assert ":" not in link, link
            target, _, fragment = unquote(link).partition("#")
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), f"{path.name} links to {link}"
            if file.name == "papers.html" and "=" in fragment:
                continue  # what the script of the search reads
            assert not fragment or fragment in pages[file].ids, f"{path.name} links to {link}"
            followed += 1
    assert followed > 500


def test_titles_and_all_other_words_are_shown_as_text(make_results: Make, tmp_path: Path) -> None:
    rows = [paper(number, title=EVIL, abstract=EVIL, authors=[EVIL], comments=EVIL) for number in range(1, 40)]
    data = survey(make_results, rows, unread=[{"kind": "record", "locator": EVIL, "reason": EVIL}])
    write_site(data, tmp_path, now=NOW, choices=OPEN)
    for path, page in crawl(tmp_path).items():
        assert "<script>alert" not in page.text, path
        assert page.tags.count("script") == (4 if path.name == "papers.html" else 1)
    index = (tmp_path / "assets" / "papers-0.js").read_text()
    assert "<" not in index
    assert "alert(1)" in index
    assert "&lt;script&gt;alert(1)" in (tmp_path / "index.html").read_text()


def test_policy_forbids_all_that_is_not_the_sites_own(make_results: Make, few: list[Any], tmp_path: Path) -> None:
    write_site(survey(make_results, few), tmp_path, now=NOW)
    for page in crawl(tmp_path).values():
        assert "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'" in page.text
        assert not any(name == "style" or name.startswith("on") for name in page.attributes)
        assert "style" not in page.tags


def test_synthetic_papers_are_marked_on_every_page_and_never_linked_to_arxiv(
    make_results: Make, few: list[Any], tmp_path: Path
) -> None:
    invented = paper(95, synthetic=True)
    write_site(survey(make_results, [*few, invented]), tmp_path, now=NOW)
    for path, page in crawl(tmp_path).items():
        assert "invented papers made by the demo" in page.text, path
        assert f"arxiv.org/abs/{invented['arxiv_id']}" not in page.text
    own = (tmp_path / "papers" / f"{invented['arxiv_id']}.html").read_text()
    assert own.count("mark-synthetic") >= 2
    write_site(survey(make_results, few), tmp_path / "real", now=NOW)
    assert all("ynthetic" not in page.text for page in crawl(tmp_path / "real").values())


def test_unreviewed_findings_stay_out_unless_asked_for(make_results: Make, few: list[Any], tmp_path: Path) -> None:
    data = survey(make_results, few)
    assert len(data.findings) > 0
    write_site(data, tmp_path / "quiet", now=NOW)
    assert not any("differs by" in page.text for page in crawl(tmp_path / "quiet").values())
    write_site(data, tmp_path / "open", now=NOW, choices=OPEN)
    assert "not reviewed by a person" in (tmp_path / "open" / "baselines.html").read_text()
    data.findings["state"] = "confirmed"
    write_site(data, tmp_path / "reviewed", now=NOW)
    assert "differs by 3; possible causes" in (tmp_path / "reviewed" / "baselines.html").read_text()
    data.findings["state"] = "dismissed"
    write_site(data, tmp_path / "dismissed", now=NOW, choices=OPEN)
    assert not any("differs by" in page.text for page in crawl(tmp_path / "dismissed").values())


def test_an_empty_corpus_says_what_is_missing_on_every_page(make_results: Make, tmp_path: Path) -> None:
    summary = write_site(survey(make_results, []), tmp_path, now=NOW)
    assert (summary.pages, summary.figures) == (9, 0)
    for path, page in crawl(tmp_path).items():
        assert 'class="empty"' in page.text, path


def test_the_same_data_changes_nothing_but_the_front_page(
    make_results: Make, papers: list[Any], tmp_path: Path
) -> None:
    first = write_site(survey(make_results, papers), tmp_path, now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    again = write_site(survey(make_results, papers), tmp_path, now=NOW)
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert (changed, again.written, again.removed) == ([], 0, 0)
    assert {*tmp_path.rglob("*.*")} == {*before}
    assert first.written == len(before)
    later = write_site(survey(make_results, papers), tmp_path, now=datetime(2026, 3, 1, 5, 0))
    assert later.written == 1


def test_pages_of_papers_that_left_are_removed(make_results: Make, few: list[Any], tmp_path: Path) -> None:
    write_site(survey(make_results, few), tmp_path, now=NOW)
    summary = write_site(survey(make_results, few[1:]), tmp_path, now=NOW)
    assert summary.removed == 1
    assert not (tmp_path / "papers" / f"{few[0]['arxiv_id']}.html").exists()


def test_a_paper_page_shows_evidence_but_never_the_whole_table(make_results: Make, tmp_path: Path) -> None:
    row = paper(1)
    grid = [["Method", "Acc"], ["RigL", "71.0"], ["a secret cell", "of the table"]]
    table = {"arxiv_id": row["arxiv_id"], "version": 1, "document_table_id": 0, "label": "tab:main", "position": 0}
    table |= {"caption": "Main results.", "kind": "results", "grid": grid}
    write_site(survey(make_results, [row], tables=[table]), tmp_path, now=NOW)
    text = (tmp_path / "papers" / f"{row['arxiv_id']}.html").read_text()
    assert '<mark title="structure: unstructured">single weights</mark>' in text
    assert "row 1, col 1" in text
    assert 'id="cell-1"' in text
    assert "3 × 2 cells" in text
    assert "secret cell" not in text


def test_old_identifiers_have_pages_too(make_results: Make, tmp_path: Path) -> None:
    old = paper(2, arxiv_id="cs/9901001", submitted=pd.Timestamp(1999, 1, 1))
    write_site(survey(make_results, [old]), tmp_path, now=NOW)
    assert (tmp_path / "papers" / "cs_9901001.html").is_file()


def test_figures_have_text_for_those_who_do_not_see_them_and_their_numbers(
    make_results: Make, papers: list[Any], tmp_path: Path
) -> None:
    summary = write_site(survey(make_results, papers), tmp_path, now=NOW)
    assert summary.figures >= 3
    for name in {path.stem.rpartition("-")[0] for path in tmp_path.glob("figures/*.svg")}:
        assert (tmp_path / "data" / f"{name}.csv").read_text().count("\n") > 1
    for page in crawl(tmp_path).values():
        assert page.text.count("<img ") == page.text.count('alt="') - page.text.count('alt=""')
