"""Takes the pictures of the documentation from a demo's survey, light and dark: `python bench/pictures.py demo/site`.

Needs Chromium. Colours are reduced to 64, which the pages don't show and which keeps each file below 200 KB.
"""

from __future__ import annotations

import argparse
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
COLOURS = 64


@dataclass(frozen=True)
class Shot:
    """One picture: a page, from the top or from a place on it, and its height in pixels."""

    name: str
    page: str
    height: int
    place: str = ""
    """Selector of what stands at the top of the picture."""


SHOTS = (
    Shot("survey", "index.html", 1230),
    Shot("tradeoff", "tradeoff.html", 560, "main section"),
    Shot("contradictions", "baselines.html", 470, "#findings"),
)


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="folder of the survey, such as demo/site")
    site = parser.parse_args().site.resolve()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1160, "height": 1000}, color_scheme=scheme)
            for shot in SHOTS:
                suffix = "" if scheme == "light" else "_dark"
                save(take(page, site, shot), PICTURES / f"{shot.name}{suffix}.png")
        browser.close()


def take(page: Page, site: Path, shot: Shot) -> bytes:
    """The picture as PNG."""
    page.goto((site / shot.page).as_uri())
    top = page.locator(shot.place).first.bounding_box()["y"] if shot.place else 0.0
    clip = {"x": 0, "y": max(top - 10, 0), "width": 1160, "height": shot.height}
    return page.screenshot(full_page=True, clip=clip)


def save(picture: bytes, path: Path) -> None:
    """Write a picture with few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
