"""The replica speaks OAI-PMH as arXiv's server does, oddities included."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from lxml import etree

from ingest.replica.records import MetadataFileError
from ingest.replica.server import Replica

NAMES = {
    "o": "http://www.openarchives.org/OAI/2.0/",
    "a": "http://arxiv.org/OAI/arXiv/",
    "r": "http://arxiv.org/OAI/arXivRaw/",
    "old": "http://arxiv.org/OAI/arXivOld/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
NOW = datetime(2026, 11, 22, 3, 12, 7)
DAY = 86_400
START = 1_583_712_000


@pytest.fixture
def replica(arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]]) -> Iterator[Replica]:
    blalock = {
        "title": "What is the State of Neural Network Pruning?",
        "authors": "Davis Blalock, Jose Javier Gonzalez Ortiz, Jonathan Frankle, John Guttag",
        "comments": "Published in Proceedings of Machine Learning and Systems 2020 (MLSys 2020)",
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": "Neural network pruning---the task of reducing the size of a network by removing parameters---has "
        "been the subject of a great deal of work in recent years.",
        "submitter": "Davis Blalock",
    }
    folder = arxiv_folder(
        metadata_line("2003.03033", **blalock),
        metadata_line("2001.00001", modtime=START + DAY, is_current=0),
        metadata_line(
            "2001.00001",
            version=2,
            created="2023-08-02 00:41:18",
            modtime=START + DAY,
            authors=r"B. \c{C}elik Jr.",
            msc_class="68T07",
            acm_class="I.2",
            abs_categories="math.IT",
        ),
        metadata_line("2001.00002", modtime=START + DAY + 5, abs_categories="stat.ML"),
        metadata_line("2001.00003", modtime=START + 2 * DAY),
        metadata_line("hep-th/9901002", modtime=2009, abs_categories="hep-th chao-dyn"),
    )
    with Replica(folder, page_size=2, now=lambda: NOW) as replica:
        yield replica


def ask(replica: Replica, **arguments: str) -> Any:
    answer = requests.get(f"{replica.url}/oai", params=arguments, timeout=5)
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


def values(element: Any, path: str) -> list[str]:
    return [str(found) for found in element.xpath(path, namespaces=NAMES)]


def listed(replica: Replica, **arguments: str) -> list[list[str]]:
    pages = []
    page = ask(replica, verb="ListRecords", metadataPrefix="arXivRaw", **arguments)
    while True:
        pages.append(values(page, "//r:id/text()"))
        token = values(page, "//o:resumptionToken/text()")
        if not token:
            return pages
        page = ask(replica, verb="ListRecords", resumptionToken=token[0])


def structure(element: Any) -> Any:
    """Tags, texts and attributes, without layout; addresses of servers and schemas differ."""
    text = (element.text or "").strip()
    if text.startswith("http://127.0.0.1"):
        text = "https://oaipmh.arxiv.org/oai"
    attributes = {name: value for name, value in element.attrib.items() if "schemaLocation" not in name}
    return element.tag, text, attributes, [structure(child) for child in element]


@pytest.mark.parametrize(
    ("sample", "arguments"),
    [
        *[
            (
                f"GetRecord_{prefix}",
                {"verb": "GetRecord", "identifier": "oai:arXiv.org:2003.03033", "metadataPrefix": prefix},
            )
            for prefix in ("oai_dc", "arXivOld", "arXivRaw", "arXiv")
        ],
        ("ListMetadataFormats", {"verb": "ListMetadataFormats"}),
        ("ListSets", {"verb": "ListSets"}),
        ("error_badVerb", {"verb": "Nonsense"}),
        ("error_badArgument", {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2020"}),
        ("error_cannotDisseminateFormat", {"verb": "ListRecords", "metadataPrefix": "marc"}),
        ("error_badResumptionToken", {"verb": "ListRecords", "resumptionToken": "nonsense"}),
        (
            "error_idDoesNotExist",
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:9912.99999", "metadataPrefix": "arXiv"},
        ),
        (
            "error_noRecordsMatch",
            {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-19", "set": "cs:cs:LG"},
        ),
    ],
)
def test_answers_are_those_of_the_real_server(
    shared: Path, replica: Replica, sample: str, arguments: dict[str, str]
) -> None:
    text = (shared / "data" / "arxiv" / "oai" / "rendered" / f"{sample}.xml").read_bytes()
    expected = etree.fromstring(text.replace(b"9999.99999", b"9912.99999"))
    assert structure(ask(replica, **arguments)) == structure(expected)


def test_records_stamped_before_the_earliest_datestamp_are_moved_to_it(replica: Replica) -> None:
    page = ask(replica, verb="ListIdentifiers", metadataPrefix="arXiv", until="2005-09-16")
    assert values(page, "//o:identifier/text()") == ["oai:arXiv.org:hep-th/9901002"]
    assert values(page, "//o:datestamp/text()") == ["2005-09-16"]
    assert values(page, "//o:setSpec/text()") == ["physics:hep-th", "physics:nlin:CD"]


def test_pages_follow_the_days_of_change_and_the_token_moves_from(replica: Replica) -> None:
    page = ask(replica, verb="ListRecords", metadataPrefix="arXivRaw", set="cs")
    token = values(page, "//o:resumptionToken/text()")[0]
    assert unquote(unquote(token)) == "verb=ListRecords&metadataPrefix=arXivRaw&set=cs&from=2020-03-11&skip=0"
    assert values(page, "//o:resumptionToken/@expirationDate") == ["2026-11-23T00:00:00Z"]
    assert set(page.find(".//o:resumptionToken", NAMES).attrib) == {"expirationDate"}
    assert values(page, "//o:request/@from") == ["2020-03-11"]
    last = ask(replica, verb="ListRecords", resumptionToken=token)
    assert values(last, "//r:id/text()") == ["2001.00003"]
    assert [element.text for element in last.findall(".//o:resumptionToken", NAMES)] == [None]
    assert listed(replica) == [["hep-th/9901002", "2003.03033"], ["2001.00001", "2001.00002"], ["2001.00003"]]


def test_a_day_with_more_records_than_a_page_is_skipped_through(
    arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]]
) -> None:
    folder = arxiv_folder(*[metadata_line(f"2003.{number:05}", modtime=START + number) for number in range(1, 8)])
    with Replica(folder, page_size=3) as replica:
        pages = listed(replica, **{"from": "2020-03-09"})
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(itertools.chain(*pages)) == [f"2003.{number:05}" for number in range(1, 8)]


def test_a_single_page_has_no_token(replica: Replica) -> None:
    page = ask(replica, verb="ListRecords", metadataPrefix="arXivRaw", set="stat:stat:ML", until="2020-03-09")
    assert values(page, "//r:id/text()") == ["2003.03033"]
    assert page.find(".//o:resumptionToken", NAMES) is None


def test_created_is_the_current_versions_day_and_the_acm_class_is_the_msc_class(replica: Replica) -> None:
    identifier = "oai:arXiv.org:2001.00001"
    record = ask(replica, verb="GetRecord", identifier=identifier, metadataPrefix="arXiv")
    assert values(record, "//a:created/text()") == ["2023-08-02"]
    assert values(record, "//a:acm-class/text()") == ["68T07"]
    assert values(record, "//a:keyname/text() | //a:forenames/text() | //a:suffix/text()") == ["Çelik", "B.", "Jr."]
    assert values(record, "//o:setSpec/text()") == ["math:math:IT", "cs:cs:IT"]
    old = ask(replica, verb="GetRecord", identifier=identifier, metadataPrefix="arXivOld")
    assert values(old, "//old:acm-class/text()") == ["I.2"]
    assert values(old, "//old:authors/text()") == [r"B. \c{C}elik Jr."]
    raw = ask(replica, verb="GetRecord", identifier=identifier, metadataPrefix="arXivRaw")
    assert values(raw, "//r:version/@version") == ["v1", "v2"]
    dublin = ask(replica, verb="GetRecord", identifier=identifier, metadataPrefix="oai_dc")
    assert values(dublin, "//dc:date/text()") == ["2020-03-06", "2023-08-02"]


LIST = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ({**LIST, "set": "cs.LG"}, "badArgument", "Set does not exist"),
        ({**LIST, "from": "2005-09-15"}, "badArgument", "start date too early"),
        ({**LIST, "until": "2026-11-24"}, "badArgument", "until date too late"),
        ({**LIST, "from": "2021-01-02", "until": "2021-01-01"}, "badArgument", "from"),
        ({**LIST, "from": "2021-02-30"}, "badArgument", "YYYY-MM-DD"),
        ({**LIST, "page": "2"}, "badArgument", "Unallowed"),
        ({"verb": "ListRecords"}, "badArgument", "metadataPrefix required"),
        ({**LIST, "resumptionToken": "x"}, "badArgument", "No other"),
        (
            {"verb": "ListIdentifiers", "resumptionToken": "verb%3DListRecords%26metadataPrefix%3DarXivRaw%26skip%3D1"},
            "badResumptionToken",
            "token from different verb",
        ),
        ({"verb": "Identify", "set": "cs"}, "badArgument", "No other parameters allowed"),
        ({"verb": "GetRecord", "metadataPrefix": "arXiv"}, "badArgument", "did not match"),
        ({"verb": "GetRecord", "metadataPrefix": "arXiv", "identifier": "2003.03033"}, "badArgument", ""),
        ({}, "badVerb", "Invalid verb provided"),
    ],
)
def test_wrong_requests_get_their_error_with_status_200(
    replica: Replica, arguments: dict[str, str], code: str, reason: str
) -> None:
    page = ask(replica, **arguments)
    assert values(page, "//o:error/@code") == [code]
    assert reason in values(page, "//o:error/text()")[0]


def test_a_repeated_argument_is_an_error_and_post_is_answered(replica: Replica) -> None:
    twice = requests.get(f"{replica.url}/oai?verb=Identify&verb=Identify", timeout=5)
    assert b"Duplicate parameters not allowed" in twice.content
    posted = requests.post(f"{replica.url}/oai", data={"verb": "Identify"}, timeout=5)
    assert b"<earliestDatestamp>2005-09-16</earliestDatestamp>" in posted.content


def test_the_old_address_redirects(replica: Replica) -> None:
    answer = requests.get(f"{replica.url}/oai2?verb=Identify", timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/oai?verb=Identify")


def test_rows_of_the_bulk_snapshot_are_served_too(shared: Path) -> None:
    with Replica(shared / "data" / "arxiv" / "kaggle" / "arxiv-metadata-oai-snapshot.sample.jsonl") as replica:
        raw = ask(replica, verb="GetRecord", identifier="oai:arXiv.org:2101.11408", metadataPrefix="arXivRaw")
    assert values(raw, "//r:date/text()") == ["Mon, 11 Jan 2021 20:31:27 GMT", "Sat, 30 Jan 2021 23:57:29 GMT"]
    assert values(raw, "//o:datestamp/text()") == ["2022-11-07"]


def test_a_broken_line_of_metadata_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetadataFileError, match=r"metadata\.jsonl"):
        Replica(tmp_path)
    (tmp_path / "metadata.jsonl").write_text('\n{"paper_id": "2003.03033"}\n')
    with pytest.raises(MetadataFileError, match="line 2"):
        Replica(tmp_path)
