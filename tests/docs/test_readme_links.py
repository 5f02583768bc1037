"""What the README links to and shows is there, and its pictures are small."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
ADDRESS = re.compile(r"""\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)\"""")


def local_addresses() -> list[str]:
    found = [link or picture for link, picture in ADDRESS.findall(README)]
    return [address.split("#")[0] for address in found if "://" not in address]


def test_every_link_of_the_readme_leads_somewhere() -> None:
    assert len(local_addresses()) > 15
    assert [address for address in local_addresses() if not (ROOT / address).exists()] == []


def test_every_picture_is_small_and_shown() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.png"))
    shown = README + "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 200_000, picture.name
        assert picture.name in shown, picture.name
