"""OAI-PMH as arXiv's server has spoken it since 2025, with its known oddities.

After the server's public source (github.com/arXiv/oaipmh): paging by time of last change with a token that moves
``from`` to the last day of the page, errors as HTTP 200, ``created`` in the format ``arXiv`` as the date of the
current version, the MSC class printed as ACM class, and a request element that echoes the moved ``from``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qs, quote, unquote, urlencode

from lxml import etree

from ingest.arxiv_id import OAI_PREFIX, InvalidArxivIdError, parse
from ingest.replica.faults import Fault
from ingest.replica.formats import FORMATS, metadata_element
from ingest.replica.records import EARLIEST, Collection, Paper
from ingest.replica.taxonomy import set_specs, sets
from ingest.replica.xml import child, root

OAI = "http://www.openarchives.org/OAI/2.0/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_DESCRIPTIONS = {
    "badArgument": "The request includes illegal arguments, is missing required arguments, includes a repeated "
    "argument, or values for arguments have an illegal syntax.",
    "badResumptionToken": "The value of the resumptionToken argument is invalid or expired.",
    "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or the verb "
    "argument is repeated.",
    "cannotDisseminateFormat": "The metadata format identified by the value given for the metadataPrefix argument is "
    "not supported by the item or by the repository.",
    "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this repository.",
    "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix arguments results in "
    "an empty list.",
}
_VERBS = ("GetRecord", "Identify", "ListIdentifiers", "ListMetadataFormats", "ListRecords", "ListSets")


class _RefusedError(Exception):
    """The request gets an OAI-PMH error."""

    def __init__(self, code: str, reason: str = "", echo: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = _DESCRIPTIONS[code] + (f" Reason: {reason}" if reason else "")
        self.echo = dict(echo or {})


@dataclass(frozen=True, slots=True)
class OaiServer:
    """Answers OAI-PMH requests about a collection.

    Args:
        collection: The papers.
        url: The server's own address, as its answers name it.
        records_limit: Records on a page.
        identifiers_limit: Headers on a page.
    """

    collection: Collection
    url: str
    records_limit: int
    identifiers_limit: int

    def answer(self, arguments: Sequence[tuple[str, str]], now: datetime, fault: Fault | None = None) -> bytes:
        """Return the XML document for a request's arguments at a time (UTC), spoilt if the fault is one of lists."""
        document = root(OAI, "OAI-PMH", {"xsi": _XSI})
        document.set(f"{{{_XSI}}}schemaLocation", f"{OAI} {OAI}OAI-PMH.xsd")
        child(document, "responseDate", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        request = child(document, "request", self.url)
        try:
            echo, element = self._dispatch(arguments, now, fault)
        except _RefusedError as refused:
            echo, element = refused.echo, etree.Element(f"{{{OAI}}}error", code=refused.code)
            element.text = refused.text
        for name, value in echo.items():
            request.set(name, value)
        document.append(element)
        return etree.tostring(document, xml_declaration=True, encoding="UTF-8")

    def _dispatch(
        self, arguments: Sequence[tuple[str, str]], now: datetime, fault: Fault | None
    ) -> tuple[dict[str, str], etree._Element]:
        given = dict(arguments)
        if len(given) != len(arguments):
            raise _RefusedError("badArgument", "Duplicate parameters not allowed")
        verb = given.pop("verb", "")
        if verb not in _VERBS:
            raise _RefusedError("badVerb", "Invalid verb provided")
        if verb in ("ListRecords", "ListIdentifiers"):
            return _List(self, verb, given, now, fault).answer()
        return self._single(verb, given)

    def _single(self, verb: str, given: dict[str, str]) -> tuple[dict[str, str], etree._Element]:
        element = etree.Element(f"{{{OAI}}}{verb}")
        if verb == "GetRecord":
            if set(given) != {"identifier", "metadataPrefix"}:
                raise _RefusedError("badArgument", "Parameters provided did not match expected.")
            paper = self._paper(given["identifier"], {"verb": verb, **given})
            _check_format(given["metadataPrefix"], {"verb": verb, **given})
            element.append(record_element(paper, given["metadataPrefix"]))
        elif verb == "ListMetadataFormats":
            if set(given) - {"identifier"}:
                raise _RefusedError("badArgument", "Only identifier parameter allowed")
            if given:
                _identifier(given["identifier"])
            _list_formats(element)
        elif given:
            raise _RefusedError("badArgument", "No other parameters allowed")
        elif verb == "ListSets":
            for spec, name in sets():
                item = child(element, "set")
                child(item, "setSpec", spec)
                child(item, "setName", name)
        else:
            self._identify(element)
        return {"verb": verb, **given}, element

    def _paper(self, identifier: str, echo: Mapping[str, str]) -> Paper:
        paper = self.collection.get(_identifier(identifier))
        if paper is None:
            raise _RefusedError("idDoesNotExist", "Nothing found for this ID", echo)
        return paper

    def _identify(self, element: etree._Element) -> None:
        for name, value in (
            ("repositoryName", "arXiv"),
            ("baseURL", self.url),
            ("protocolVersion", "2.0"),
            ("adminEmail", "help@arxiv.org"),
            ("earliestDatestamp", EARLIEST.isoformat()),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DD"),
        ):
            child(element, name, value)


@dataclass(slots=True)
class _List:
    """One request of ListRecords or ListIdentifiers."""

    server: OaiServer
    verb: str
    given: dict[str, str]
    now: datetime
    fault: Fault | None = None
    skip: int = 0
    query: dict[str, str] = field(default_factory=dict)

    def answer(self) -> tuple[dict[str, str], etree._Element]:
        if self._meets("restamp"):
            assert self.fault is not None
            self.server.collection.restamp(self.fault.paper, self.now)
        token = self.given.get("resumptionToken")
        self.query = self._resumed(token) if token is not None else self._fresh()
        # The real server moves `from` in the dictionary that it echoes afterwards.
        shown = {"verb": self.verb, "resumptionToken": token} if token is not None else self.query
        start, end = self._window()
        found = self.server.collection.changed_between(start, end, self.query.get("set"))[self.skip :]
        if not found:
            raise _RefusedError("noRecordsMatch", echo=shown)
        page = found[: self._limit()]
        following = self._following(found)
        only_headers = self.verb == "ListIdentifiers"
        element = etree.Element(f"{{{OAI}}}{self.verb}")
        for paper in sorted(page, key=lambda paper: (paper.datestamp, paper.current.paper_id)):
            element.append(
                header_element(paper) if only_headers else record_element(paper, self.query["metadataPrefix"])
            )
        if following is not None:
            midnight = datetime.combine(self.now.date() + timedelta(days=1), time())
            child(element, "resumptionToken", following).set("expirationDate", midnight.strftime("%Y-%m-%dT%H:%M:%SZ"))
        elif token is not None:
            child(element, "resumptionToken")
        return shown, element

    def _meets(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def _limit(self) -> int:
        if self.fault is not None and self.fault.kind == "page_size":
            return self.fault.size
        return self.server.identifiers_limit if self.verb == "ListIdentifiers" else self.server.records_limit

    def _following(self, found: Sequence[Paper]) -> str | None:
        """The token that leads on, None at the end."""
        limit = self._limit()
        page = found[:limit]
        if self._meets("repeat"):
            return self._token(page[:-1], page[-1])
        if self._meets("dangling"):
            return self._token(page, page[-1])
        if len(found) <= limit:
            return None
        if self._meets("foreign"):
            self.query["verb"] = "ListIdentifiers" if self.verb == "ListRecords" else "ListRecords"
        return self._token(page, found[limit])

    def _fresh(self) -> dict[str, str]:
        if "metadataPrefix" not in self.given:
            raise _RefusedError("badArgument", "metadataPrefix required.")
        if set(self.given) - {"metadataPrefix", "from", "until", "set"}:
            raise _RefusedError("badArgument", "Unallowed parameter.")
        _check_format(self.given["metadataPrefix"], {"verb": self.verb})
        return {"verb": self.verb, **self.given}

    def _resumed(self, token: str) -> dict[str, str]:
        if set(self.given) != {"resumptionToken"}:
            raise _RefusedError("badArgument", "No other paramters allowed with resumptionToken")
        if self._meets("expired"):
            raise _RefusedError("badResumptionToken", "Token has expired.")
        query = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
        skip = query.pop("skip", "")
        if not (skip.isascii() and skip.isdigit()) or query.get("metadataPrefix") not in FORMATS:
            raise _RefusedError("badResumptionToken", "Token decoding failed or format is invalid.")
        if query.get("verb") != self.verb:
            raise _RefusedError("badResumptionToken", "token from different verb")
        self.skip = int(skip)
        return query

    def _window(self) -> tuple[date, date]:
        start, end = _day(self.query, "from"), _day(self.query, "until")
        if start and start < EARLIEST:
            raise _RefusedError("badArgument", "start date too early")
        if end and end > self.now.date() + timedelta(days=1):
            raise _RefusedError("badArgument", "until date too late")
        if start and end and start > end:
            raise _RefusedError("badArgument", "from date must be before until date")
        if "set" in self.query and self.query["set"] not in dict(sets()):
            raise _RefusedError("badArgument", "Set does not exist")
        return start or EARLIEST, end or date.max

    def _token(self, page: Sequence[Paper], following: Paper) -> str:
        """Where the next page begins: the day of its first record, and how many of that day were given."""
        if page[0].datestamp == following.datestamp:
            skip = self.skip + len(page)
        else:
            skip = sum(paper.datestamp == following.datestamp for paper in page)
            self.query["from"] = following.datestamp.isoformat()
        return quote(urlencode({**self.query, "skip": skip}))


def header_element(paper: Paper) -> etree._Element:
    """The header of a paper's record."""
    element = etree.Element(f"{{{OAI}}}header")
    child(element, "identifier", OAI_PREFIX + paper.current.paper_id)
    child(element, "datestamp", paper.datestamp.isoformat())
    specs = (spec for category in paper.current.categories for spec in set_specs(category))
    for spec in dict.fromkeys(specs):
        child(element, "setSpec", spec)
    return element


def record_element(paper: Paper, prefix: str) -> etree._Element:
    """A paper's record in one of FORMATS."""
    element = etree.Element(f"{{{OAI}}}record")
    element.append(header_element(paper))
    child(element, "metadata").append(metadata_element(paper, prefix))
    return element


def _list_formats(element: etree._Element) -> None:
    for prefix, (schema, namespace) in FORMATS.items():
        item = child(element, "metadataFormat")
        child(item, "metadataPrefix", prefix)
        child(item, "schema", schema)
        child(item, "metadataNamespace", namespace)


def _identifier(text: str) -> str:
    try:
        if not text.startswith(OAI_PREFIX):
            raise InvalidArxivIdError(text)
        return parse(text).paper
    except InvalidArxivIdError:
        raise _RefusedError("badArgument") from None


def _check_format(prefix: str, echo: Mapping[str, str]) -> None:
    if prefix not in FORMATS:
        raise _RefusedError("cannotDisseminateFormat", "Did not recognize requested format", echo)


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise _RefusedError("badArgument", f"{name} date format must be YYYY-MM-DD") from None
