"""The pages of docs/reference are what the code says: `make reference` writes them anew."""

from pathlib import Path

import pytest

from secateur.reference.pages import reference_pages

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
STORED = sorted(path.name for path in FOLDER.iterdir())


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference_pages()


def test_every_page_is_stored_and_no_other(pages: dict[str, str]) -> None:
    assert sorted(pages) == STORED


@pytest.mark.parametrize("name", STORED)
def test_a_page_is_what_the_code_says(name: str, pages: dict[str, str]) -> None:
    stored = (FOLDER / name).read_text(encoding="utf-8")
    assert stored == pages[name], f"docs/reference/{name} is not what the code says: run `make reference` and commit it"
