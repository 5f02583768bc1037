"""The digest counts what came since the last night that ended, on a demo literature served over HTTP."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from ingest.replica.server import Replica
from secateur.demo.literature import write_literature


@pytest.fixture(scope="module")
def gold_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The replica's folder of this module: an invented literature."""
    folder = tmp_path_factory.mktemp("literature") / "arxiv"
    write_literature(folder, seed=5, papers=40, until=date(2026, 11, 1))
    return folder


@pytest.fixture(scope="module")
def nights(gold_folder: Path, secateur: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Three nights: the first, one in which two papers changed, and one without news."""
    site = tmp_path_factory.mktemp("site")
    said = []
    with pytest.MonkeyPatch.context() as patch, Replica(gold_folder) as replica:
        patch.setenv("SECATEUR_ARXIV_URL", replica.url)
        patch.setenv("SECATEUR_SHOW_UNREVIEWED", "true")
        for night in range(3):
            if night == 1:
                _change_two(replica)
            answer = secateur("nightly", "-o", str(site))
            assert answer.code == 0, answer.err
            said.append(next(line for line in answer.out.splitlines() if line.startswith("since the last night")))
    feed = feedparser.parse((site / "digest.xml").read_bytes(), sanitize_html=False)
    return {"said": said, "feed": feed, "site": site}


def _change_two(replica: Replica) -> None:
    """A new title for one paper, a withdrawal for another."""
    now = datetime.now(UTC).replace(tzinfo=None)
    first, second = list(replica.collection)[:2]
    renamed = replace(first.current, title="Pruning anew: magnitude pruning", modtime=int(now.timestamp()))
    gone = replace(second.current, comments="This paper has been withdrawn", modtime=int(now.timestamp()))
    replica.collection.put(replace(first, versions=(*first.versions[:-1], renamed)))
    replica.collection.put(replace(second, versions=(*second.versions[:-1], gone)))


def test_the_first_night_brings_the_whole_literature(nights: dict[str, Any]) -> None:
    assert ": 40 new, 0 changed, 0 withdrawn," in nights["said"][0]
    assert " 0 relevant" not in nights["said"][0]


def test_a_later_night_counts_what_changed_and_was_withdrawn(nights: dict[str, Any]) -> None:
    assert ": 0 new, 2 changed, 1 withdrawn," in nights["said"][1]


def test_a_night_without_news_says_so(nights: dict[str, Any]) -> None:
    assert ": 0 new, 0 changed, 0 withdrawn, 0 relevant, 0 read, 0 failed, 0 new contradictions" in nights["said"][2]


def test_the_feed_has_an_entry_for_each_night_that_leads_to_pages_of_the_survey(nights: dict[str, Any]) -> None:
    feed = nights["feed"]
    assert not feed.bozo
    assert [f"since the last night, {entry.title}" for entry in feed.entries] == nights["said"][::-1]
    pages = [part.split('"')[0] for part in feed.entries[-1].content[0].value.split('href="')[1:]]
    assert pages
    assert [page for page in pages if not (nights["site"] / page).is_file()] == []
