"""The replica's Atom API answers as arXiv's does; feedparser, which knows nothing of it, reads the feeds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
import requests
from lxml import etree

from ingest.replica.server import Replica

NOW = datetime(2026, 11, 22, 3, 12, 7)


@pytest.fixture(scope="module")
def real_replica(shared: Path) -> Iterator[Replica]:
    metadata = shared / "data" / "arxiv" / "db" / "arxiv_metadata_rows_from_oaipmh_testdb.jsonl"
    with Replica(metadata, now=lambda: NOW) as replica:
        yield replica


@pytest.fixture
def replica(arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]]) -> Iterator[Replica]:
    folder = arxiv_folder(
        metadata_line("2001.00001", title="Magnitude pruning", abstract="Weights.", created="2020-01-01 00:00:00"),
        metadata_line(
            "2001.00002",
            title="Lottery tickets",
            abstract="On magnitude pruning of sparse networks.",
            authors=r"Jonathan Fr\"ankle, Ada Lee",
            abs_categories="cs.CV cs.LG",
            created="2020-02-01 00:00:00",
            is_current=0,
        ),
        metadata_line(
            "2001.00002",
            version=2,
            title="Lottery tickets, again",
            abstract="On magnitude pruning of sparse networks.",
            authors=r"Jonathan Fr\"ankle, Ada Lee",
            abs_categories="cs.CV cs.LG",
            created="2022-02-01 00:00:00",
            doi="10.1/x",
        ),
        metadata_line(
            "2001.00003",
            title="Quantum <tea> & rest",
            abstract="Nothing else.",
            authors="Bo Roy",
            abs_categories="quant-ph",
            created="2020-03-01 12:00:00",
        ),
    )
    with Replica(folder, now=lambda: NOW) as replica:
        yield replica


def ask(replica: Replica, **arguments: str | int) -> Any:
    answer = requests.get(f"{replica.url}/api/query", params=arguments, timeout=5)
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    return answer.status_code, feed


def found(replica: Replica, query: str, **arguments: str | int) -> list[str]:
    status, feed = ask(replica, search_query=query, **arguments)
    assert status == 200, feed.entries
    assert int(feed.feed.opensearch_totalresults) >= len(feed.entries)
    return [entry.id.removeprefix("http://arxiv.org/abs/2001.0000") for entry in feed.entries]


@pytest.mark.parametrize(
    ("query", "papers"),
    [
        ("ti:magnitude", {"1v1"}),
        ("abs:magnitude", {"2v2"}),
        ("all:magnitude", {"1v1", "2v2"}),
        ("magnitude", {"1v1", "2v2"}),
        ("weights tea", {"1v1", "3v1"}),
        ("weights AND tea", set()),
        ('"pruning of sparse"', {"2v2"}),
        ('ti:"pruning magnitude"', set()),
        ("magnitude ANDNOT ti:lottery", {"1v1"}),
        ("weights OR tea AND quantum", {"1v1", "3v1"}),
        ("(weights OR tea) AND quantum", {"3v1"}),
        ("au:frankle", {"2v2"}),
        ("au:ada_lee", {"1v1", "2v2"}),
        ("cat:cs.LG", {"1v1", "2v2"}),
        ("cat:cs", set()),
        ("id:2001.00003", {"3v1"}),
        ("submittedDate:[20200101 TO 20200131]", {"1v1"}),
        ("submittedDate:[202001010000 TO 202002010000]", {"1v1", "2v2"}),
        ("lastUpdatedDate:[2022 TO 2022]", set()),
        ("submittedDate:[202002 TO 2020]", {"2v2", "3v1"}),
    ],
)
def test_queries_are_read_as_the_manual_says(replica: Replica, query: str, papers: set[str]) -> None:
    assert set(found(replica, query)) == papers


def test_results_are_sorted_and_sliced(replica: Replica) -> None:
    dates = {"sortBy": "submittedDate", "sortOrder": "ascending"}
    assert found(replica, "cat:cs.LG OR cat:quant-ph", **dates) == ["1v1", "2v2", "3v1"]
    assert found(replica, "cat:cs.LG OR cat:quant-ph", sortBy="lastUpdatedDate") == ["2v2", "3v1", "1v1"]
    assert found(replica, "magnitude pruning") == ["1v1", "2v2"]
    assert found(replica, "cat:cs.LG OR cat:quant-ph", start=1, max_results=1, **dates) == ["2v2"]


def test_an_entry_has_the_dates_and_title_of_the_version_asked_for(replica: Replica) -> None:
    _status, feed = ask(replica, id_list="2001.00002v1,2001.00002,0000.0000")
    first, second = feed.entries
    assert (first.title, first.published, first.updated) == (
        "Lottery tickets",
        "2020-02-01T00:00:00Z",
        "2020-02-01T00:00:00Z",
    )
    assert (second.title, second.published, second.updated) == (
        "Lottery tickets, again",
        "2020-02-01T00:00:00Z",
        "2022-02-01T00:00:00Z",
    )
    assert [author.name for author in second.authors] == ["Jonathan Fränkle", "Ada Lee"]
    assert second.arxiv_primary_category["term"] == "cs.CV"
    assert second.arxiv_doi == "10.1/x"
    assert found(replica, "ti:lottery", id_list="2001.00001,2001.00002") == ["2v2"]


def test_texts_are_escaped(replica: Replica) -> None:
    _status, feed = ask(replica, search_query="tea")
    assert feed.entries[0].title == "Quantum <tea> & rest"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"id_list": "abc"}, "incorrect id format for abc"),
        ({"search_query": "x", "start": "-1"}, "start must be non-negative"),
        ({"search_query": "x", "max_results": "many"}, "max_results must be an integer"),
        ({"search_query": "x", "sortBy": "date"}, "sortBy must be in"),
        ({"search_query": "x", "start": "29000", "max_results": "2000"}, "30000"),
        ({"search_query": "(x"}, "parenthesis"),
        ({"search_query": "x AND"}, "missing"),
        ({"search_query": "nonsense:x"}, "unknown field"),
        ({"search_query": "submittedDate:[2007* TO 2008]"}, "range of dates"),
    ],
)
def test_wrong_requests_get_an_error_feed(replica: Replica, arguments: dict[str, str], text: str) -> None:
    status, feed = ask(replica, **arguments)
    assert status == 400
    assert feed.feed.title == "arXiv Search Results"
    assert feed.entries[0].title == "Error"
    assert text in feed.entries[0].summary
    assert feed.entries[0].author == "arXiv api core"


@pytest.mark.parametrize("arguments", [{"start": 10_000}, {"start": 9_500, "max_results": 2_000}, {"max_results": 0}])
def test_the_wall_at_ten_thousand_is_a_status_500(replica: Replica, arguments: dict[str, int]) -> None:
    answer = requests.get(f"{replica.url}/api/query", params={"search_query": "x", **arguments}, timeout=5)
    assert answer.status_code == 500


def shape(feed: bytes) -> list[list[str]]:
    """Order of the elements of a feed and of each entry, repetitions once."""
    root = etree.fromstring(feed)
    atom = "{http://www.w3.org/2005/Atom}"
    return [
        list(dict.fromkeys(str(child.tag) for child in element)) for element in (root, *root.iterfind(f"{atom}entry"))
    ]


def test_feeds_have_the_shape_of_live_ones(shared: Path, replica: Replica) -> None:
    folder = shared / "data" / "arxiv" / "atom_live"
    live = {
        "error": next(folder.glob("id_abc_*.xml")),
        "empty": next(folder.glob("id_0000*.xml")),
        "entry": next(folder.glob("id_1605*.xml")),
    }
    url = f"{replica.url}/api/query"
    assert shape(requests.get(url, {"id_list": "abc"}, timeout=5).content) == shape(live["error"].read_bytes())
    empty = requests.get(url, {"id_list": "0000.0000", "max_results": 100}, timeout=5).content
    assert shape(empty) == shape(live["empty"].read_bytes())
    assert b"arXiv Query: search_query=&amp;id_list=0000.0000&amp;start=0&amp;max_results=100" in empty
    assert b"https://arxiv.org/api/oqaUC9OB2SccftmJHZqrxySXrao<" in empty
    entry = shape(requests.get(url, {"id_list": "2001.00001"}, timeout=5).content)
    expected = shape(live["entry"].read_bytes())
    assert entry[0] == expected[0]
    assert entry[1] == [tag for tag in expected[1] if not tag.endswith("comment")]


def test_every_real_paper_can_be_found_by_its_identifier(real_replica: Replica) -> None:
    identifiers = [paper.current.paper_id for paper in real_replica.collection]
    _status, feed = ask(real_replica, id_list=",".join(identifiers[:100]), max_results=100)
    assert len(feed.entries) == 100
    for entry, identifier in zip(feed.entries, identifiers, strict=False):
        paper = real_replica.collection.get(identifier)
        assert paper is not None
        assert entry.published == paper.versions[0].created.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert entry.updated == paper.current.created.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert [tag.term for tag in entry.tags] == list(paper.current.categories)
        assert len(entry.authors) >= 1
