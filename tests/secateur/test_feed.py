"""The digest's feed is valid Atom, keeps its nights, and survives a file that is none."""

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import feedparser
import pytest

from secateur import feed
from secateur.feed import Item, add_night, last_night

NIGHT = datetime(2026, 11, 22, 4, 30)


def test_each_night_is_an_entry_and_the_newest_comes_first(tmp_path: Path) -> None:
    assert last_night(tmp_path) is None
    add_night(tmp_path, NIGHT, "one", [Item("A paper on <b> & pruning", "papers/2003.03033.html"), Item("plain")])
    first = feedparser.parse((tmp_path / "digest.xml").read_bytes())
    path = add_night(tmp_path, NIGHT + timedelta(days=1), "two", [])
    found = feedparser.parse(path.read_bytes(), sanitize_html=False)
    assert not found.bozo
    assert found.version == "atom10"
    assert [entry.title for entry in found.entries] == ["two", "one"]
    assert found.entries[1].id == first.entries[0].id != found.entries[0].id
    assert (found.feed.id, found.feed.author) == (first.feed.id, "Secateur")
    assert found.feed.updated == found.entries[0].updated == "2026-11-23T04:30:00Z"
    assert last_night(tmp_path) == NIGHT + timedelta(days=1)
    assert "A paper on &lt;b&gt; &amp; pruning</a>" in found.entries[1].content[0].value


def test_links_lead_to_the_survey_beside_the_feed(tmp_path: Path) -> None:
    add_night(tmp_path, NIGHT, "one", [Item("A paper", "papers/2003.03033.html")])
    address = "https://example.org/survey/digest.xml"
    found = feedparser.parse((tmp_path / "digest.xml").read_bytes())
    assert urljoin(address, found.entries[0].link) == "https://example.org/survey/index.html"
    links = {link.rel: urljoin(address, link.href) for link in found.feed.links}
    assert links == {"self": address, "alternate": "https://example.org/survey/index.html"}


def test_the_oldest_nights_leave_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_ENTRIES", 3)
    for number in range(5):
        add_night(tmp_path, NIGHT + timedelta(days=number), str(number), [])
    found = feedparser.parse((tmp_path / "digest.xml").read_bytes())
    assert [entry.title for entry in found.entries] == ["4", "3", "2"]


@pytest.mark.parametrize("text", ["", "<feed", "<feed xmlns='http://www.w3.org/2005/Atom'/>", "\x00"])
def test_a_file_that_is_no_feed_gives_way_to_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "digest.xml").write_text(text)
    assert last_night(tmp_path) is None
    add_night(tmp_path, NIGHT, "one", [Item("with \x01 a control character")])
    assert [entry.title for entry in feedparser.parse((tmp_path / "digest.xml").read_bytes()).entries] == ["one"]
