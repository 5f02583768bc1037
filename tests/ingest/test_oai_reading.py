"""ArXivRaw pages become records; what is wrong with one record stays with it."""

import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.oai import BadTokenError, BrokenPageError, OaiServerError, parse_page

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-11-22T03:12:07Z</responseDate>
<request verb="ListRecords">https://oaipmh.arxiv.org/oai</request><ListRecords>{}</ListRecords></OAI-PMH>"""
RECORD = """<record><header>{header}<identifier>oai:arXiv.org:{id}</identifier><datestamp>2020-03-09</datestamp>
<setSpec>cs:cs:LG</setSpec></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id>
<submitter>Ada</submitter><version version="v2"><date>{date}</date><size>9kb</size>{kind}</version>
<version version="v1"><date>Fri, 06 Mar 2020 05:06:12 GMT</date><size>8kb</size><source_type>A</source_type></version>
<title>{title}</title><authors>Ada Lee, Bo Roy</authors><categories>{categories}</categories>{more}
<abstract>  One.
  Two.
</abstract></arXivRaw></metadata></record>"""


def record(**parts: str) -> str:
    values = {
        "id": "2003.03033",
        "header": "",
        "date": "Mon, 09 Mar 2020 01:02:03 GMT",
        "kind": "",
        "title": "A title",
        "categories": "cs.LG stat.ML",
        "more": "",
    }
    return RECORD.format(**{**values, **parts})


def page(*records: str) -> bytes:
    return PAGE.format("".join(records)).encode()


def test_a_record_has_its_versions_in_order_and_its_text_in_one_line() -> None:
    (paper,) = parse_page(page(record(title="\n  A {Sparse}\n  title by \\c{C}elik "))).records
    assert paper.title == "A Sparse title by Çelik"
    assert paper.abstract == "One. Two."
    assert paper.submitted == datetime(2020, 3, 6, 5, 6, 12)
    assert paper.updated == datetime(2020, 3, 9, 1, 2, 3)
    assert [(version.number, version.size, version.source_type) for version in paper.versions] == [
        (1, "8kb", "A"),
        (2, "9kb", ""),
    ]
    assert paper.categories == ("cs.LG", "stat.ML")
    assert paper.authors == ("Ada Lee", "Bo Roy")
    assert paper.datestamp == date(2020, 3, 9)


@pytest.mark.parametrize(
    ("parts", "withdrawn"),
    [
        ({"kind": "<source_type>I</source_type>"}, True),
        ({"more": "<comments>This paper has been withdrawn by the author</comments>"}, True),
        ({"more": "<comments>5 pages. The submission was withdrawn due to an error</comments>"}, True),
        ({"more": "<comments>Withdrawn</comments>"}, True),
        ({"more": "<comments>A previous version was withdrawn from a journal</comments>"}, False),
        ({"more": "<comments>24 pages, funding was withdrawn</comments>"}, False),
        ({}, False),
    ],
)
def test_a_withdrawn_paper_is_recognised(parts: dict[str, str], withdrawn: bool) -> None:
    assert parse_page(page(record(**parts))).records[0].withdrawn is withdrawn


def test_a_synthetic_paper_is_recognised() -> None:
    assert parse_page(page(record(more="<report-no>SYNTHETIC</report-no>"))).records[0].synthetic
    assert not parse_page(page(record(more="<report-no>CERN-1</report-no>"))).records[0].synthetic


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"date": "yesterday"}, "'yesterday', the date of v2, is no date"),
        ({"categories": " "}, "category"),
        ({"title": ""}, "no title"),
        ({"id": "20030.3033"}, "no arXiv identifier"),
        ({"kind": "</version><version version='vX'><date>Fri, 06 Mar 2020 05:06:12 GMT</date>"}, "'vX'"),
    ],
)
def test_a_malformed_record_is_stored_as_unread_and_the_page_goes_on(parts: dict[str, str], reason: str) -> None:
    read = parse_page(page(record(id="2001.00001"), record(**parts), record(id="2001.00002")))
    assert [paper.arxiv_id for paper in read.records] == ["2001.00001", "2001.00002"]
    (unread,) = read.unread
    assert unread.kind == "record"
    assert unread.locator.startswith("oai:arXiv.org:")
    assert reason in unread.reason


def test_a_record_without_metadata_or_header_is_unread() -> None:
    read = parse_page(page("<record/>", "<record><header><identifier>x</identifier></header></record>"))
    assert len(read.unread) == 2


def test_a_deleted_record_is_told() -> None:
    deleted = record(id="2001.00001").replace("<header>", '<header status="deleted">', 1)
    read = parse_page(page(deleted, record()))
    assert read.deleted == ("2001.00001",)
    assert len(read.records) == 1


def test_control_characters_do_not_cost_the_page() -> None:
    assert parse_page(page(record(title="A\x0btitle"))).records[0].title == "A title"


@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', '"aaaaaaaaaa"'])
def test_entities_of_a_document_are_refused(entity: str) -> None:
    evil = page(record(title="&x;")).replace(b"<OAI-PMH", f"<!DOCTYPE a [<!ENTITY x {entity}>]><OAI-PMH".encode(), 1)
    with pytest.raises(BrokenPageError, match="declares entities"):
        parse_page(evil)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Down</body></html>",
        b"Rate exceeded.",
        page(record())[:-200],
        page().replace(b"03:12:07Z", b""),
    ],
)
def test_what_is_no_whole_document_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenPageError):
        parse_page(body)


@given(st.integers(0, 2000))
def test_a_page_cut_anywhere_is_broken_or_whole(length: int) -> None:
    whole = page(record())
    try:
        page_read = parse_page(whole[:length])
    except BrokenPageError:
        return
    assert len(page_read.records) == 1


def test_arxivs_own_answers_are_read(shared: Path) -> None:
    folder = shared / "data" / "arxiv" / "oai"
    live = parse_page((folder / "live" / "ListRecords_arXivRaw_2026-09_live_records.xml").read_bytes())
    assert [paper.arxiv_id for paper in live.records] == ["1706.03762", "2508.11450", "2609.12825"]
    assert live.records[0].submitted == datetime(2017, 6, 12, 17, 57, 34)
    assert live.records[2].authors == ("Mustafa Bora Çelik", "Hayriye Aktaş Dinçer", "Ayse Keles")
    assert live.token is not None
    assert live.token.endswith("skip%3D2")
    first = parse_page((folder / "rendered" / "ListRecords_page1_with_token.xml").read_bytes())
    last = parse_page((folder / "rendered" / "ListRecords_last_page_empty_token.xml").read_bytes())
    single = parse_page((folder / "rendered" / "ListRecords_single_page_no_token.xml").read_bytes())
    assert first.token is not None
    assert last.token is single.token is None
    assert first.records == last.records == single.records
    assert first.response_date == datetime(2026, 11, 22, 3, 12, 7)
    headers = parse_page((folder / "rendered" / "ListIdentifiers.xml").read_bytes()).headers
    assert [header.arxiv_id for header in headers] == ["2003.03033"]


def test_arxivs_own_errors_are_told_apart(shared: Path) -> None:
    folder = shared / "data" / "arxiv" / "oai" / "rendered"
    for path in folder.glob("error_*.xml"):
        code = path.stem.removeprefix("error_")
        if code == "noRecordsMatch":
            assert parse_page(path.read_bytes()).records == ()
            continue
        with pytest.raises(OaiServerError, match=code) as error:
            parse_page(path.read_bytes())
        assert error.value.code == code
        assert isinstance(error.value, BadTokenError) == (code == "badResumptionToken")


def test_other_formats_are_unread_but_not_lost(shared: Path) -> None:
    folder = shared / "data" / "arxiv" / "oai"
    old = parse_page((folder / "live" / "ListRecords_arXiv_old_oai2_2013_live.xml").read_bytes())
    assert [item.locator for item in old.unread] == ["oai:arXiv.org:0801.3931"]
    assert "arXivRaw" in old.unread[0].reason


def test_a_page_of_1300_records_is_read_fast() -> None:
    body = page(*[record(id=f"2003.{number:05}", title=r"Fr\'ed\'eric's {DNN} $x$") for number in range(1, 1301)])
    started = time.perf_counter()
    read = parse_page(body)
    seconds = time.perf_counter() - started
    assert len(read.records) == 1300
    sys.stdout.write(f"1,300 records read in {seconds:.2f} s\n")
    assert seconds < 2.0
