"""The living survey as its readers meet it: in Chromium, from files, on phone and desk, by keyboard, by its links."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from analysis.report import SurveyChoices, SurveyData, write_site

pytestmark = pytest.mark.slow

Browser = Any
BrowserPage = Request = Any
EVIL = "<script>alert(1)</script>"
DROP = "'; drop table paper"
FORMULA = '=HYPERLINK("http://example.org","A")'
PAGES = (
    *("index", "papers", "methods", "tradeoff", "growth", "baselines", "comparisons", "graph", "rigor", "acceleration"),
    *("claims", "quality"),
)
PREFIX = "/surveys/pruning"
"""Where a server offers the site: not at the top of its host."""
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def site(
    make_survey: Callable[..., SurveyData],
    make_paper: Callable[..., dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    papers = [make_paper(number, title=f"Paper {number} on pruning") for number in range(1, 46)]
    papers[0] |= {"title": EVIL, "abstract": EVIL, "authors": [DROP], "comments": EVIL}
    papers[1] |= {"title": "Émile prunes", "authors": ["Zoë Å. Müller"]}
    papers.append(make_paper(46, arxiv_id="1911.11134", title="Rigging the Lottery"))
    rows = [
        {"arxiv_id": papers[number]["arxiv_id"], "method": FORMULA, "method_canonical": None, "sparsity": 0.5, "row": 2}
        for number in range(3)
    ]
    rows += [{"arxiv_id": papers[44]["arxiv_id"], "row": row, "sparsity": row / 1000} for row in range(3, 60)]
    data = make_survey(papers, more_results=rows)
    folder = tmp_path_factory.mktemp("survey")
    write_site(data, folder, now=datetime(2026, 3, 1), choices=SurveyChoices(show_unreviewed=True))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def left_behind(request: Request) -> bool:
    """Whether a request failed only because the page was left before its answer, as a quick reader does."""
    return request.failure == "net::ERR_ABORTED"


@pytest.fixture
def watched(browser: Browser) -> Iterator[tuple[BrowserPage, list[str]]]:
    """A page, and all that it complained about or asked of others; nothing may stand there in the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: request.url.startswith("file:") or wrong.append(f"request: {request.url}"))
    page.on("requestfailed", lambda request: left_behind(request) or wrong.append(f"not there: {request.url}"))
    yield page, wrong
    context.close()
    assert wrong == []


@pytest.fixture
def page(watched: tuple[BrowserPage, list[str]]) -> BrowserPage:
    return watched[0]


def all_pages(site: Path) -> list[Path]:
    papers = sorted(site.glob("papers/*.html"))
    return [*(site / f"{name}.html" for name in PAGES), *site.glob("methods/*.html"), *papers[:2], papers[-1]]


def test_every_kind_of_page_loads_without_a_complaint_or_a_request_to_others(site: Path, page: BrowserPage) -> None:
    for path in all_pages(site):
        page.goto(path.as_uri())
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
        assert broken == [], path.name


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_and_none_has_a_serious_finding_of_axe(
    site: Path, browser: Browser, width: int, scheme: str
) -> None:
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    for path in all_pages(site):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(answer => answer.violations)")
        serious = [
            (item["id"], [node["html"][:200] for node in item["nodes"][:3]])
            for item in found
            if item["impact"] in SERIOUS
        ]
        assert serious == [], f"{path.name}: {json.dumps(serious, indent=1)}"
    context.close()


def test_hostile_texts_are_shown_as_text(site: Path, page: BrowserPage) -> None:
    paper = next(path for path in site.glob("papers/*.html") if DROP.replace("'", "&#39;") in path.read_text())
    page.goto(paper.as_uri())
    assert page.locator("h1").inner_text() == EVIL
    assert page.locator(".authors").inner_text() == DROP
    assert FORMULA in page.locator("#main").inner_text()
    page.goto((site / "papers.html").as_uri())
    page.fill("#query", "alert(1)")
    assert page.locator("#list a").all_inner_texts() == [EVIL]
    page.fill("#query", DROP)
    assert page.locator("#list a").all_inner_texts() == [EVIL]
    for path in site.glob("data/**/*.csv"):
        assert not re.search(r'(^|,)"?=', path.read_text(), re.MULTILINE), path.name


def test_the_search_finds_titles_authors_and_methods_and_can_be_linked_to(site: Path, page: BrowserPage) -> None:
    start = (site / "papers.html").as_uri()
    page.goto(start)
    page.fill("#query", "zoe muller")
    assert page.locator("#list a").all_inner_texts() == ["Émile prunes"]
    assert page.locator("#count").inner_text() == "1 of 46 papers"
    assert page.url == f"{start}#q=zoe+muller"
    page.fill("#query", "rigl")
    assert page.locator("#found-methods a").all_inner_texts() == ["RigL"]
    page.fill("#query", "no such paper")
    assert page.locator("#count").inner_text() == "No paper has all these words."
    page.goto("about:blank")
    page.goto(f"{start}#q=pruning&order=oldest")
    assert page.input_value("#query") == "pruning"
    dates = [text.split(" · ")[1] for text in page.locator("#list .fine").all_inner_texts()]
    assert dates == sorted(dates)
    assert len(dates) == 43


def test_the_search_can_be_used_without_a_mouse(site: Path, page: BrowserPage) -> None:
    page.goto((site / "growth.html").as_uri())
    page.keyboard.press("/")
    page.wait_for_url("**/papers.html#q=")
    page.keyboard.type("paper 7 ")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Paper 7 on pruning"
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/*.html")
    assert page.locator("h1").inner_text() == "Paper 7 on pruning"


def test_the_start_page_can_be_used_within_a_second(site: Path, page: BrowserPage) -> None:
    page.goto((site / "index.html").as_uri())
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert 0 < ready < 1000


def test_the_first_stop_of_the_keyboard_leads_past_the_head(site: Path, page: BrowserPage) -> None:
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def column(page: BrowserPage, number: int) -> list[str]:
    return page.eval_on_selector_all(
        f"table.sortable:first-of-type tbody tr:not([hidden]) > :nth-child({number})",
        "cells => cells.map(cell => cell.innerText.trim())",
    )


def test_a_table_is_sorted_by_its_numbers_either_way(site: Path, page: BrowserPage) -> None:
    page.goto((site / "methods" / "rigl.html").as_uri())
    heading = page.locator("th", has=page.get_by_role("button", name="value"))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    up = [float(text.split()[0]) for text in column(page, 4)]
    assert up == sorted(up)
    assert up[0] < up[-1]
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(text.split()[0]) for text in column(page, 4)] == up[::-1]


def test_a_table_is_filtered_by_words(site: Path, page: BrowserPage) -> None:
    page.goto((site / "methods" / "rigl.html").as_uri())
    before = len(column(page, 1))
    page.get_by_label("Filter: Numbers of RigL").fill("paper 17")
    left = column(page, 7)
    assert 0 < len(left) < before
    assert all("Paper 17" in text for text in left)
    assert page.locator("label.filter output").inner_text() == f"{len(left)} of {before} rows"


def test_a_link_to_a_cell_leads_to_its_row_and_unfolds_its_table(site: Path, page: BrowserPage) -> None:
    page.goto((site / "baselines.html").as_uri())
    link = page.locator("table a[href*='#cell-']").first
    cell = link.get_attribute("href").partition("#")[2]
    link.click()
    assert page.url.endswith(f"#{cell}")
    row = page.locator(f"#{cell}")
    assert row.is_visible()
    page.evaluate("document.querySelector('details').open = false")
    assert not row.is_visible()
    page.evaluate(f"location.hash = ''; location.hash = '{cell}'")
    row.wait_for(state="visible")


def test_the_graph_can_be_walked_through_by_keyboard_and_linked_to(site: Path, page: BrowserPage) -> None:
    page.goto((site / "graph.html").as_uri())
    page.fill("#walk-query", "rigging")
    page.keyboard.press("Enter")
    assert page.locator("#walk-chosen h2").inner_text() == "Rigging the Lottery"
    assert page.locator("#walk-view path.in").count() == 45
    page.get_by_role("button", name="Paper 9 on pruning").focus()
    page.keyboard.press("Enter")
    assert page.locator("#walk-chosen h2").inner_text() == "Paper 9 on pruning"
    assert page.locator("#walk-view path.out").count() == 1
    linked = page.url
    page.goto("about:blank")
    page.goto(linked)
    assert page.locator("#walk-chosen h2 a").get_attribute("href").startswith("papers/")
    before = page.locator("#walk-view svg").get_attribute("viewBox")
    page.click("#zoom-in")
    assert page.locator("#walk-view svg").get_attribute("viewBox") != before


def test_numbers_lead_to_arxiv_and_to_a_report_of_a_mistake(site: Path, page: BrowserPage) -> None:
    paper = sorted(site.glob("papers/*.html"))[3]
    page.goto(paper.as_uri())
    numbers = page.locator("tbody tr[id^=cell-]")
    for number in range(numbers.count()):
        row = numbers.nth(number)
        assert row.locator("a.number").get_attribute("href") == f"https://arxiv.org/abs/{paper.stem}v1"
        assert row.locator("a.report").get_attribute("href").startswith("mailto:?subject=Wrong%20number")


def test_figures_follow_the_colours_and_have_words_for_those_who_do_not_see_them(site: Path, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto((site / "growth.html").as_uri())
        image = page.locator("figure img").first
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.currentSrc").endswith(f"-{scheme}.svg")
        assert len(image.get_attribute("alt")) > 40
        context.close()
    drawn = (site / "figures" / "growth-light.svg").read_text()
    assert "<title" in drawn
    assert "<desc" in drawn


def test_a_phone_has_figures_of_its_own_that_fit_and_can_be_read(site: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    for path in ("growth.html", "comparisons.html", "baselines.html", "graph.html"):
        page.goto((site / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
        for image in page.locator("figure img").all():
            image.scroll_into_view_if_needed()
            image.evaluate("image => image.decode()")
            assert image.evaluate("image => image.currentSrc").endswith("-narrow-light.svg"), path
            assert image.bounding_box()["width"] <= 360
            # Drawn at about its own size, letters are as large as those of the text around.
            assert image.evaluate("image => image.clientWidth / image.naturalWidth") > 0.85
    context.close()


def test_a_printed_page_has_the_folded_tables_and_no_controls(site: Path, page: BrowserPage) -> None:
    page.goto((site / "methods" / "rigl.html").as_uri())
    page.emulate_media(media="print")
    assert not page.locator("label.filter").first.is_visible()
    assert not page.locator("nav").first.is_visible()
    assert page.locator("table").first.is_visible()
    for path in ("methods/rigl.html", "papers/1911.11134.html"):
        page.goto((site / path).as_uri())
        heads, cells = (
            page.locator(f"table.sortable {row} tr >> nth=0").locator("th, td") for row in ("thead", "tbody")
        )
        seen = [[cell.is_visible() for cell in of_row.all()] for of_row in (heads, cells)]
        assert seen[0] == seen[1], "a heading stands above its column"
        assert not all(seen[0])
    page.goto((site / "graph.html").as_uri())
    assert page.locator("details.still img").is_visible()


def test_readers_without_script_have_the_newest_papers_and_all_tables(site: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "papers.html").as_uri())
    assert page.locator("#list a").count() == 46
    page.goto((site / "methods" / "rigl.html").as_uri())
    assert page.locator("tbody tr").count() > 45
    context.close()


class StaticHost(SimpleHTTPRequestHandler):
    """Serves a folder below a prefix and answers other addresses with the site's own page, as static hosts do."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(PREFIX) if path.startswith(PREFIX) else "/not-of-this-site")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        content = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code, message)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Says nothing."""


@pytest.mark.parametrize("missing", ["gone.html", "papers/gone.html", "papers/a/b/gone.html"])
@pytest.mark.parametrize("width", [360, 1280])
def test_an_address_that_does_not_exist_shows_a_page_whose_links_work(
    site: Path, browser: Browser, missing: str, width: int
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(StaticHost, directory=str(site)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    context = browser.new_context(viewport={"width": width, "height": 800})
    try:
        page = context.new_page()
        top = f"http://127.0.0.1:{server.server_port}{PREFIX}"
        assert page.goto(f"{top}/{missing}").status == 404
        links = page.eval_on_selector_all("a[href]:not(.skip)", "links => links.map(link => link.href)")
        assert len(links) > 12
        assert {context.request.get(link).status for link in links} == {200}
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute", "no style"
        page.get_by_text("Search the papers").click()
        assert page.url == f"{top}/papers.html"
    finally:
        context.close()
        server.shutdown()
        thread.join()
        server.server_close()
