"""The documentation as a site: no broken link, nothing fetched from elsewhere, every page reachable."""

import re
from html.parser import HTMLParser
from pathlib import Path


class Fetched(HTMLParser):
    """Addresses that a browser fetches by itself when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.pictures_without_text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        address = given.get("src") or (given.get("href") if tag == "link" and given.get("rel") != "canonical" else None)
        if address:
            self.addresses.append(address)
        if tag == "img" and given.get("alt") in (None, "", "png"):
            self.pictures_without_text.append(address or "")


def fetched(site: Path) -> dict[str, Fetched]:
    pages = {}
    for page in sorted(site.rglob("*.html")):
        pages[str(page.relative_to(site))] = parser = Fetched()
        parser.feed(page.read_text())
    return pages


def test_the_site_has_all_pages(site: Path) -> None:
    pages = set(fetched(site))
    assert {"index.html", "tutorial.html", "five_questions.html", "reference/commands.html"} <= pages
    assert len(pages) > 20


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    outside = {
        (name, address)
        for name, page in fetched(site).items()
        for address in page.addresses
        if re.match(r"^(\w+:)?//", address)
    }
    assert outside == set()
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )['\"]?(https?:)?//", sheet.read_text()), sheet.name


def test_every_picture_is_there_and_has_a_text(site: Path) -> None:
    for name, page in fetched(site).items():
        if name == "404.html":
            continue
        assert page.pictures_without_text == [], name
        for address in page.addresses:
            assert ((site / name).parent / address.split("?")[0].split("#")[0]).exists(), (name, address)


def test_the_notebook_is_shown_with_its_figures_and_tables(site: Path) -> None:
    page = (site / "five_questions.html").read_text()
    assert page.count("five_questions_output_") >= 2
    assert page.count("<table") >= 6
