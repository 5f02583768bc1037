"""OAI-PMH as arXiv speaks it: reading arXivRaw pages into records, and paging by resumption tokens.

arXivRaw is read because it alone gives every version's date: ``created`` in the format ``arXiv`` is the newest
version's date since 2025. Errors come as HTTP 200 with a code. The page size differs and is never assumed; only the
token says whether there is more. Protocol: openarchives.org/OAI/openarchivesprotocol.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError, fromstring

from db.records import PaperRecord, Unread, VersionRecord
from ingest.arxiv_id import OAI_PREFIX, InvalidArxivIdError, parse
from ingest.http import BrokenBodyError, PoliteClient
from ingest.metadata import read_paper, read_version
from ingest.tex import normalise_space

FORMAT = "arXivRaw"
MAX_PAGES = 20_000
"""More pages than arXiv has records for at its smallest known page size; a list longer than that never ends."""
EARLIEST_DATESTAMP = date(2005, 9, 16)
"""Asking for changes before this day is an error, and all records are of this day or later."""

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_RECORD, _HEADER, _TOKEN = f"{_OAI}record", f"{_OAI}header", f"{_OAI}resumptionToken"
_METADATA, _ARXIV_RAW, _VERSION = f"{_OAI}metadata", f"{_RAW}arXivRaw", f"{_RAW}version"
_SET = re.compile(r"[a-z-]+(?::[a-z-]+(?::[A-Za-z-]+)?)?")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_STRAY_BYTE = re.compile("[\udc80-\udcff]")


class OaiError(Exception):
    """A list cannot be had by OAI-PMH."""


class OaiServerError(OaiError):
    """The server answered with an error."""

    def __init__(self, code: str, text: str) -> None:
        # The server puts what is particular behind the protocol's own long sentence.
        super().__init__(f"arXiv's OAI-PMH server answers {code}: {text.partition('Reason: ')[2] or text}")
        self.code = code


class BadTokenError(OaiServerError):
    """A resumption token is unknown or has expired; the list must be asked for from its beginning."""


class RepeatedTokenError(OaiError):
    """The server gave the same resumption token twice, so that the list would never end."""

    def __init__(self, token: str) -> None:
        super().__init__(f"the resumption token {token!r} came twice; start the harvest again")


class EndlessListError(OaiError):
    """The server gives more pages than arXiv can have."""

    def __init__(self) -> None:
        super().__init__(f"the list has more than {MAX_PAGES} pages; ask for a smaller window")


class BrokenPageError(BrokenBodyError):
    """An answer is no whole OAI-PMH document: truncated, or a web page."""


class InvalidSetError(OaiError):
    """A name is no name of a set."""

    def __init__(self, set_spec: str) -> None:
        super().__init__(
            f"{set_spec!r} is no set of OAI-PMH; sets are written group:archive:CATEGORY, such as cs, cs:cs:LG, "
            "stat:stat:ML, physics:quant-ph"
        )


@dataclass(frozen=True, slots=True)
class Header:
    """A record's header."""

    arxiv_id: str
    datestamp: date
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list."""

    response_date: datetime
    """The server's clock, UTC."""
    records: tuple[PaperRecord, ...] = ()
    headers: tuple[Header, ...] = ()
    """Of ListIdentifiers."""
    deleted: tuple[str, ...] = ()
    """Identifiers of papers that the server calls deleted."""
    unread: tuple[Unread, ...] = ()
    token: str | None = None
    """Where to go on; None on the last page."""


@dataclass(frozen=True, slots=True)
class Window:
    """What of arXiv to list, by the days of last change, both inclusive; raises InvalidSetError."""

    set_spec: str = ""
    """Such as ``cs:cs:LG``; empty for all."""
    from_date: date | None = None
    until_date: date | None = None

    def __post_init__(self) -> None:
        if self.set_spec and not _SET.fullmatch(self.set_spec):
            raise InvalidSetError(self.set_spec)

    def params(self, verb: str) -> dict[str, str]:
        """The arguments of the first request of a list."""
        params = {"verb": verb, "metadataPrefix": FORMAT}
        if self.from_date and self.from_date > EARLIEST_DATESTAMP:
            params["from"] = self.from_date.isoformat()
        if self.until_date:
            params["until"] = self.until_date.isoformat()
        if self.set_spec:
            params["set"] = self.set_spec
        return params


def list_records(client: PoliteClient, window: Window, token: str | None = None) -> Iterator[Page]:
    """Yield the pages of records of a window, from its beginning or from a token.

    Raises:
        BadTokenError: the token is unknown or has expired.
        OaiServerError: the server refuses the arguments.
        RepeatedTokenError, EndlessListError: the list has no end.
        ingest.http.ArxivError: no answer could be had.
    """
    return _pages(client, "ListRecords", window, token)


def list_identifiers(client: PoliteClient, window: Window, token: str | None = None) -> Iterator[Page]:
    """Yield the pages of headers of a window; raises as ``list_records`` does."""
    return _pages(client, "ListIdentifiers", window, token)


def get_record(client: PoliteClient, arxiv_id: str) -> Page:
    """Return the page of one record; raises as ``list_records`` does."""
    params = {"verb": "GetRecord", "metadataPrefix": FORMAT, "identifier": OAI_PREFIX + arxiv_id}
    return _page(client, params)


def _page(client: PoliteClient, params: Mapping[str, str]) -> Page:
    pages: list[Page] = []
    answer = client.get(client.addresses.oai, params, check=lambda body: pages.append(parse_page(body)))
    if answer.status != 200:
        raise OaiServerError(f"HTTP {answer.status}", f"for {answer.url}; check the address of the server")
    return pages[-1]


def _pages(client: PoliteClient, verb: str, window: Window, token: str | None) -> Iterator[Page]:
    seen = {token} if token else set()
    for _ in range(MAX_PAGES):
        page = _page(client, {"verb": verb, "resumptionToken": token} if token else window.params(verb))
        yield page
        token = page.token
        if token is None:
            return
        if token in seen:
            raise RepeatedTokenError(token)
        seen.add(token)
    raise EndlessListError


def parse_page(body: bytes) -> Page:
    """Read one answer of ListRecords, ListIdentifiers or GetRecord in the format arXivRaw.

    A record that cannot be read becomes an ``Unread`` of kind ``record``; an empty list (noRecordsMatch) an empty page.

    Raises:
        BrokenPageError: the body is no whole OAI-PMH document.
        BadTokenError, OaiServerError: the server answered with an error.
    """
    root = _document(body)
    response_date = _response_date(root)
    error = root.find(f"{_OAI}error")
    if error is not None:
        code, text = error.get("code", "no code"), normalise_space(error.text or "")
        if code == "noRecordsMatch":
            return Page(response_date)
        raise (BadTokenError if code == "badResumptionToken" else OaiServerError)(code, text)
    body_element = _list_element(root)
    records: list[PaperRecord] = []
    headers: list[Header] = []
    deleted: list[str] = []
    unread: list[Unread] = []
    token = None
    for element in body_element:
        if element.tag == _TOKEN:
            token = (element.text or "").strip() or None
        elif element.tag in (_RECORD, _HEADER):
            read = _read(element)
            if isinstance(read, PaperRecord):
                records.append(read)
            elif isinstance(read, Unread):
                unread.append(read)
            elif read.deleted:
                deleted.append(read.arxiv_id)
            else:
                headers.append(read)
    return Page(response_date, tuple(records), tuple(headers), tuple(deleted), tuple(unread), token)


def _document(body: bytes) -> Element:
    if b"<!ENTITY" in body:
        raise BrokenPageError("the answer declares entities, which no answer of arXiv does")
    try:
        root = fromstring(body)  # noqa: S314 - without entities of its own
    except ParseError:
        try:
            root = fromstring(_legal(body))  # noqa: S314 - likewise
        except ParseError as error:
            raise BrokenPageError(f"the answer is no whole XML document ({error})") from error
    if root.tag != f"{_OAI}OAI-PMH":
        raise BrokenPageError(f"the answer is a document of {root.tag!r}, not of OAI-PMH")
    return root


def _legal(body: bytes) -> bytes:
    """The body with spaces for control characters, and with bytes that are no UTF-8 read as Latin-1.

    Both come from submitters' forms, and would cost the whole page.
    """
    text = body.decode("utf-8", "surrogateescape")
    text = _STRAY_BYTE.sub(lambda match: chr(ord(match[0]) - 0xDC00), text)
    return _ILLEGAL.sub(" ", text).encode()


def _response_date(root: Element) -> datetime:
    text = (root.findtext(f"{_OAI}responseDate") or "").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BrokenPageError(f"the answer has no responseDate ({text!r})") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _list_element(root: Element) -> Element:
    for verb in ("ListRecords", "ListIdentifiers", "GetRecord"):
        element = root.find(_OAI + verb)
        if element is not None:
            return element
    raise BrokenPageError("the answer has neither a list nor an error")


def _read(element: Element) -> PaperRecord | Header | Unread:
    """Read one record or header; whatever is wrong with it stays with it."""
    header_element = element if element.tag == _HEADER else element.find(_HEADER)
    locator = "record without an identifier"
    try:
        if header_element is None:
            raise ValueError("it has no header")
        texts = _texts(header_element)
        locator = texts.get("identifier") or locator
        header = _read_header(header_element, texts)
        if element is header_element or header.deleted:
            return header
        metadata = element.find(_METADATA)
        raw = None if metadata is None else metadata.find(_ARXIV_RAW)
        if raw is None:
            raise ValueError("it has no arXivRaw metadata")
        return _read_paper(raw, header)
    except (ValueError, KeyError) as error:
        return Unread("record", locator, str(error))


def _texts(element: Element) -> dict[str, str]:
    """Texts of the children by their names without namespace; of a repeated one the last."""
    return {_local_name(child.tag): (child.text or "").strip() for child in element}


@lru_cache(maxsize=256)
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _read_header(element: Element, texts: Mapping[str, str]) -> Header:
    identifier = texts.get("identifier", "")
    if not identifier.startswith(OAI_PREFIX):
        raise InvalidArxivIdError(identifier)
    return Header(
        arxiv_id=parse(identifier).paper,
        datestamp=date.fromisoformat(texts.get("datestamp", "")[:10]),
        deleted=element.get("status") == "deleted",
    )


def _read_paper(raw: Element, header: Header) -> PaperRecord:
    fields = _texts(raw)
    arxiv_id = fields.get("id", "")
    if arxiv_id != header.arxiv_id and parse(arxiv_id).paper != header.arxiv_id:
        raise ValueError(f"its header names {header.arxiv_id}, its metadata {parse(arxiv_id).paper}")
    versions = [_read_version(child) for child in raw.findall(_VERSION)]
    return read_paper(header.arxiv_id, fields, versions, header.datestamp)


def _read_version(element: Element) -> VersionRecord:
    texts = _texts(element)
    name, size, source_type = element.get("version", ""), texts.get("size", ""), texts.get("source_type", "")
    return read_version(name, texts.get("date", ""), size, source_type)
