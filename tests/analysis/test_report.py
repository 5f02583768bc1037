"""The living survey: whole, safe, quiet about what no person has reviewed, and the same bytes for the same data."""

import dataclasses
import itertools
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

from analysis.report import SurveyChoices, SurveyData, write_site
from analysis.report.quality_page import flow, shipped_scores
from db.nights import News

Make = Callable[..., SurveyData]
MakePaper = Callable[..., dict[str, Any]]
NOW = datetime(2026, 3, 1, 4, 0)
EVIL = '<script>alert(1)</script> "Pruning" & $x$'
OUTSIDE = ("https://arxiv.org/abs/", "mailto:?subject=Wrong%20number")
OPEN = SurveyChoices(show_unreviewed=True)


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
def papers(make_paper: MakePaper) -> list[dict[str, Any]]:
    return [make_paper(number) for number in range(1, 46)]


@pytest.fixture(scope="module")
def few(papers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return papers[:6]


def test_every_relative_link_and_fragment_resolves(make_survey: Make, papers: list[Any], tmp_path: Path) -> None:
    unread = [{"kind": "table", "arxiv_id": papers[0]["arxiv_id"], "version": 1, "locator": "tab:x", "reason": "image"}]
    verdict = {"claim_id": "C-1", "arxiv_id": papers[0]["arxiv_id"], "title": "Holds", "part": "whole", "seeds": 5}
    verdict |= {"label": "reproduced", "cause": "", "estimate": 1.0, "low": 0.5, "high": 1.5, "at": pd.Timestamp(NOW)}
    data = make_survey(papers, unread=unread, verdicts=[verdict], status=[{"name": "papers", "value": 45}])
    summary = write_site(data, tmp_path, now=NOW, choices=OPEN)
    pages = crawl(tmp_path)
    assert len(pages) == summary.pages == 13 + len(papers) + 1, "thirteen pages, one a paper and that of RigL"
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            if link.startswith(OUTSIDE):
                continue
            assert ":" not in link, link
            target, _, fragment = unquote(link).partition("#")
            # The page for missing addresses is also shown for those in a folder.
            place = path.parent / "papers" if path.name == "404.html" and target.startswith("../") else path.parent
            file = (place / target).resolve() if target else path
            assert file.is_file(), f"{path.name} links to {link}"
            if file.name == "papers.html" and "=" in fragment:
                continue  # what the script of the search reads
            assert not fragment or fragment in pages[file].ids, f"{path.name} links to {link}"
            followed += 1
    assert followed > 500


def test_titles_and_all_other_words_are_shown_as_text(make_survey: Make, make_paper: MakePaper, tmp_path: Path) -> None:
    rows = [make_paper(number, title=EVIL, abstract=EVIL, authors=[EVIL], comments=EVIL) for number in range(1, 40)]
    data = make_survey(rows, unread=[{"kind": "record", "locator": EVIL, "reason": EVIL}])
    write_site(data, tmp_path, now=NOW, choices=OPEN)
    for path, page in crawl(tmp_path).items():
        assert "<script>alert" not in page.text, path
        assert page.tags.count("script") == {"papers.html": 4, "graph.html": 3, "404.html": 2}.get(path.name, 1)
    index = (tmp_path / "assets" / "papers-0.js").read_text()
    assert "<" not in index
    assert "alert(1)" in index
    assert "&lt;script&gt;alert(1)" in (tmp_path / "index.html").read_text()


def test_policy_forbids_all_that_is_not_the_sites_own(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    write_site(make_survey(few), tmp_path, now=NOW)
    for page in crawl(tmp_path).values():
        assert "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'" in page.text
        assert not any(name == "style" or name.startswith("on") for name in page.attributes)
        assert "style" not in page.tags


def test_synthetic_papers_are_marked_on_every_page_and_never_linked_to_arxiv(
    make_survey: Make, make_paper: MakePaper, few: list[Any], tmp_path: Path
) -> None:
    invented = make_paper(95, synthetic=True)
    write_site(make_survey([*few, invented]), tmp_path, now=NOW)
    for path, page in crawl(tmp_path).items():
        assert f"1 of {len(few) + 1} papers is invented." in page.text, path
        assert f"arxiv.org/abs/{invented['arxiv_id']}" not in page.text
    write_site(make_survey([invented]), tmp_path / "alone", now=NOW)
    assert "invented papers made by the demo" in (tmp_path / "alone" / "index.html").read_text()
    own = (tmp_path / "papers" / f"{invented['arxiv_id']}.html").read_text()
    assert own.count("mark-synthetic") >= 2
    write_site(make_survey(few), tmp_path / "real", now=NOW)
    assert all("ynthetic" not in page.text for page in crawl(tmp_path / "real").values())


def test_unreviewed_findings_stay_out_unless_asked_for(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    data = make_survey(few)
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


def test_an_empty_corpus_says_what_is_missing_on_every_page(make_survey: Make, tmp_path: Path) -> None:
    summary = write_site(make_survey([]), tmp_path, now=NOW)
    assert (summary.pages, summary.figures) == (13, 0)
    for path, page in crawl(tmp_path).items():
        assert ('class="empty"' in page.text) == (path.name != "404.html"), path


def test_the_same_data_changes_nothing_but_the_front_page(make_survey: Make, papers: list[Any], tmp_path: Path) -> None:
    first = write_site(make_survey(papers), tmp_path, now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    again = write_site(make_survey(papers), tmp_path, now=NOW)
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert (changed, again.written, again.removed) == ([], 0, 0)
    assert {*tmp_path.rglob("*.*")} == {*before}
    assert first.written == len(before)
    later = write_site(make_survey(papers), tmp_path, now=datetime(2026, 3, 1, 5, 0))
    assert later.written == 1


def test_pages_of_papers_that_left_are_removed(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    write_site(make_survey(few), tmp_path, now=NOW)
    summary = write_site(make_survey(few[1:]), tmp_path, now=NOW)
    assert summary.removed == 1
    assert not (tmp_path / "papers" / f"{few[0]['arxiv_id']}.html").exists()


def test_a_paper_page_shows_evidence_but_never_the_whole_table(
    make_survey: Make, make_paper: MakePaper, tmp_path: Path
) -> None:
    row = make_paper(1)
    grid = [["Method", "Acc"], ["RigL", "71.0"], ["a secret cell", "of the table"]]
    table = {"arxiv_id": row["arxiv_id"], "version": 1, "document_table_id": 0, "label": "tab:main", "position": 0}
    table |= {"caption": "Main results.", "kind": "results", "grid": grid}
    write_site(make_survey([row], tables=[table]), tmp_path, now=NOW)
    text = (tmp_path / "papers" / f"{row['arxiv_id']}.html").read_text()
    assert '<mark title="structure: unstructured">single weights</mark>' in text
    assert "row 1, col 1" in text
    assert 'id="cell-1"' in text
    assert "3 × 2 cells" in text
    assert "secret cell" not in text


def test_old_identifiers_have_pages_too(make_survey: Make, make_paper: MakePaper, tmp_path: Path) -> None:
    old = make_paper(2, arxiv_id="cs/9901001", submitted=pd.Timestamp(1999, 1, 1))
    write_site(make_survey([old]), tmp_path, now=NOW)
    assert (tmp_path / "papers" / "cs_9901001.html").is_file()


def test_figures_have_text_for_those_who_do_not_see_them_and_their_numbers(
    make_survey: Make, papers: list[Any], tmp_path: Path
) -> None:
    summary = write_site(make_survey(papers), tmp_path, now=NOW)
    assert summary.figures >= 3
    forms = {path.stem for path in tmp_path.glob("figures/*.svg")}
    names = {form.removesuffix("-light").removesuffix("-dark").removesuffix("-narrow") for form in forms}
    assert forms == {f"{name}{width}-{ink}" for name in names for width in ("", "-narrow") for ink in ("light", "dark")}
    for name in names:
        assert (tmp_path / "data" / f"{name}.csv").read_text().count("\n") > 1
    for page in crawl(tmp_path).values():
        assert page.text.count("<img ") == page.text.count('alt="') - page.text.count('alt=""')


def test_a_method_has_a_page_with_what_it_is_and_every_number(
    make_survey: Make, make_paper: MakePaper, few: list[Any], tmp_path: Path
) -> None:
    own = make_paper(7, arxiv_id="1911.11134", title="Rigging the Lottery", submitted=pd.Timestamp(2019, 11, 25))
    write_site(make_survey([*few, own]), tmp_path, now=NOW)
    page = (tmp_path / "methods" / "rigl.html").read_text()
    for words in ("unstructured", "during", "gradient", "Rigging the Lottery", "6 other papers print numbers of it"):
        assert words in page
    assert page.count("RigL") > 1
    assert page.count('href="https://arxiv.org/abs/') >= len(few), "each number leads to its paper on arXiv"
    assert page.count("#cell-") == len(few) + 1
    assert "−6" in page
    assert (tmp_path / "data" / "methods" / "rigl.csv").read_text().count("\n") == len(few) + 2
    assert 'href="methods/rigl.html"' in (tmp_path / "methods.html").read_text()


def test_a_paper_of_many_numbers_has_several_pages_and_links_find_the_right_one(
    make_survey: Make, make_paper: MakePaper, few: list[Any], tmp_path: Path
) -> None:
    number = few[0]["arxiv_id"]
    more = [{"arxiv_id": number, "row": row, "sparsity": 0.5, "method_canonical": "RigL"} for row in range(2, 700)]
    write_site(make_survey(few, more_results=more), tmp_path, now=NOW)
    pages = crawl(tmp_path)
    parts = sorted(path for path in pages if path.name.startswith(number))
    assert [path.name for path in parts] == [f"{number}.html", f"{number}_part2.html", f"{number}_part3.html"]
    cells = [name for path in parts for name in pages[path].ids if name.startswith("cell-")]
    assert len(cells) == len(set(cells)) == 700
    for path in (tmp_path / "methods").glob("rigl*.html"):
        for link in pages[path].links:
            target, _, fragment = link.partition("#")
            assert not fragment.startswith("cell-") or fragment in pages[(path.parent / target).resolve()].ids
    assert all(path.stat().st_size < 500_000 for path in pages)


def test_each_number_has_a_prefilled_report_of_a_mistake(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    page = tmp_path / "papers" / f"{few[0]['arxiv_id']}.html"
    tracker = "https://tracker.example/new?labels=data"
    write_site(make_survey(few), tmp_path, now=NOW, choices=SurveyChoices(mistakes=tracker))
    found = [link for link in Page(page).links if link.startswith(tracker + "&title=Wrong%20number%3A%20")]
    assert len(found) == 2
    assert "RigL%2C%20top1_accuracy%2070.0%20%25" in found[0]
    write_site(make_survey(few), tmp_path, now=NOW, choices=SurveyChoices(mistakes=""))
    assert "Wrong%20number" not in page.read_text()


def test_no_text_of_a_csv_file_is_a_formula(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    formula = '=HYPERLINK("http://example.org")'
    claim = {"arxiv_id": few[0]["arxiv_id"], "quantity": "sparsity", "value": -1.5, "unit": "%", "quotation": formula}
    write_site(make_survey(few, abstract_claims=[claim]), tmp_path, now=NOW)
    text = (tmp_path / "data" / "abstract-claims.csv").read_text()
    assert "\"'=HYPERLINK" in text
    assert ",-1.5," in text


def test_growth_is_not_fitted_to_papers_that_were_selected(
    make_survey: Make, papers: list[Any], tmp_path: Path
) -> None:
    write_site(make_survey(papers), tmp_path, now=NOW)
    assert (tmp_path / "figures" / "growth-light.svg").is_file()
    write_site(make_survey(papers), tmp_path, now=NOW, choices=SurveyChoices(selected_by="titles with prune"))
    for name in ("index.html", "growth.html"):
        assert "the papers were selected: titles with prune" in (tmp_path / name).read_text()
    assert not list(tmp_path.glob("figures/growth*"))


def test_papers_of_an_import_are_counted_by_themselves(make_survey: Make, papers: list[Any], tmp_path: Path) -> None:
    imports = [{"arxiv_id": row["arxiv_id"], "what": "results", "source": "Some 2020"} for row in papers[:35]]
    write_site(make_survey(papers, imports=imports), tmp_path, now=NOW)
    page = (tmp_path / "growth.html").read_text()
    assert "Papers of the survey Some 2020" in page
    assert (tmp_path / "figures" / "growth-some-2020-light.svg").is_file()


def test_the_front_page_says_what_the_night_brought(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    sentences = (("new", "A differs from B."), ("confirmed", "C differs from D."))
    news = News(3, 2, 1, ((few[0]["arxiv_id"], few[0]["title"]),), sentences)
    data = dataclasses.replace(make_survey(few), news=news)
    write_site(data, tmp_path, now=NOW)
    page = (tmp_path / "index.html").read_text()
    assert "3 papers new, 2 changed, 1 withdrawn" in page
    assert "C differs from D." in page
    assert "A differs from B." not in page
    write_site(data, tmp_path, now=NOW, choices=OPEN)
    assert "A differs from B." in (tmp_path / "index.html").read_text()


def test_the_flow_of_papers_loses_none(make_survey: Make, make_paper: MakePaper, few: list[Any]) -> None:
    rows = [*few, make_paper(8, relevance="no"), make_paper(9, relevance=None), make_paper(10), make_paper(11)]
    names = [row["arxiv_id"] for row in rows]
    texts = [{"arxiv_id": name, "outcome": "stored", "reason": "", "read": True} for name in names[:6]]
    texts.append({"arxiv_id": names[8], "outcome": "no_source", "reason": "", "read": False})
    data = make_survey(few, full_texts=texts)
    data = dataclasses.replace(data, papers=make_survey(rows).papers)
    steps = flow(data)
    assert [step["papers"] for step in steps] == [10, 9, 8, 6, 6, 6]
    for step, following in itertools.pairwise(steps):
        assert step["papers"] - sum(left["papers"] for left in step["left"]) == following["papers"], step["name"]
    assert {"name": "no source", "papers": 1} in steps[2]["left"]


def test_a_page_shows_how_a_paper_reports_with_the_evidence(make_survey: Make, few: list[Any], tmp_path: Path) -> None:
    number = few[0]["arxiv_id"]
    timed = {"arxiv_id": number, "metric": "speedup", "unit": "x", "value": 1.7, "measured": True, "row": 2}
    write_site(make_survey(few, more_results=[timed | {"sparsity": 0.9}]), tmp_path, now=NOW)
    own = (tmp_path / "papers" / f"{number}.html").read_text()
    assert "measured speed" in own
    assert "the unpruned network&#39;s own number" in own
    assert "measured speed" not in (tmp_path / "papers" / f"{few[1]['arxiv_id']}.html").read_text()
    assert f"papers/{number}.html#cell-13" in (tmp_path / "acceleration.html").read_text()
    totals = pd.read_csv(tmp_path / "data" / "rigor-totals.csv").set_index("item")
    assert totals.loc["measured_speed", ["yes", "not_seen"]].tolist() == [1, 5]


def test_the_page_on_quality_has_the_scores_of_the_readers_that_are_shipped(
    make_survey: Make, few: list[Any], tmp_path: Path
) -> None:
    write_site(make_survey(few), tmp_path, now=NOW)
    page = (tmp_path / "quality.html").read_text()
    scores = shipped_scores()
    assert {"tags: core", "results from LaTeX"} <= {row["what"] for row in scores}
    for row in scores:
        assert 0 < float(row["f1"]) <= 1
        assert f'<td class="n">{row["f1"]}</td><td>{row["scored_on"]}</td>' in page


def test_the_front_page_answers_the_questions_that_the_corpus_can_answer(
    make_survey: Make, papers: list[Any], tmp_path: Path
) -> None:
    write_site(make_survey(papers), tmp_path, now=NOW)
    start = (tmp_path / "index.html").read_text()
    assert "How fast does the field grow?" in start
    assert f"Of {len(papers)} papers that were read, 100\u00a0% compare with none of the others" in start
    assert "Do claims hold when they are run again?" not in start
    verdict = {"claim_id": "a2020", "part": "whole", "label": "reproduced", "seeds": 5, "title": "A", "arxiv_id": None}
    write_site(make_survey(papers, verdicts=[verdict]), tmp_path, now=NOW)
    assert "Run here over several seeds: 1 reproduced." in (tmp_path / "index.html").read_text()


def test_the_newest_papers_are_real_ones_where_a_corpus_has_any(
    make_survey: Make, make_paper: MakePaper, few: list[Any], tmp_path: Path
) -> None:
    invented = make_paper(95, synthetic=True, title="An invented paper")
    write_site(make_survey([*few, invented]), tmp_path, now=NOW)
    start = (tmp_path / "index.html").read_text()
    assert "An invented paper" not in start
    assert few[0]["title"] in start
    write_site(make_survey([invented]), tmp_path, now=NOW)
    assert "An invented paper" in (tmp_path / "index.html").read_text()


def test_tex_in_titles_and_abstracts_is_no_part_of_any_page(
    make_survey: Make, make_paper: MakePaper, tmp_path: Path
) -> None:
    paper = make_paper(
        1, title=r"FedP$^2$: $\ell_0$ pruning", abstract=r"We prune single weights, \textit{all} of 3\%."
    )
    write_site(make_survey([paper]), tmp_path, now=NOW)
    page = (tmp_path / "papers" / f"{paper['arxiv_id']}.html").read_text()
    assert "<h1>FedP²: ℓ₀ pruning" in page
    assert "<mark" in page
    assert "all of 3%." in page
    assert "FedP²: ℓ₀" in (tmp_path / "index.html").read_text()
    assert r"$\ell" not in (tmp_path / "assets" / "papers-0.js").read_text()


def test_every_page_names_the_feed_of_the_nights_where_there_is_one(
    make_survey: Make, make_paper: MakePaper, tmp_path: Path
) -> None:
    data = make_survey([make_paper(1)])
    write_site(data, tmp_path, now=NOW, choices=SurveyChoices(feed="digest.xml"))
    assert 'type="application/atom+xml"' in (tmp_path / "index.html").read_text()
    paper = next(tmp_path.glob("papers/*.html"))
    assert 'href="../digest.xml"' in paper.read_text()
    write_site(data, tmp_path, now=NOW)
    assert "digest.xml" not in (tmp_path / "index.html").read_text()
