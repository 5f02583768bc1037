"""The documentation in Chromium: it asks no other machine, fits a phone, and axe finds nothing serious."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PAGES = ("index.html", "tutorial.html", "five_questions.html", "reference/commands.html", "reference/database.html")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium, which is not installed here")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_asks_no_other_machine(site: Path, browser: Any, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in sorted(site.rglob("*.html")):
        page.goto(name.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.close()
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: Path, browser: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    for name in PAGES:
        page.goto((site / name).as_uri())
        found = axe.run(page).response["violations"]
        assert [(name, one["id"]) for one in found if one["impact"] in ("serious", "critical")] == []
    page.close()
