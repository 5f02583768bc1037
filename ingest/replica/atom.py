"""The Atom query API as arXiv has answered it since November 2025.

After github.com/arXiv/arxiv-search (the "classic API") and arXiv's API manual: words without an operator are joined
by OR, AND binds closer, ``lastUpdatedDate`` is taken as ``submittedDate``, errors of the request are a feed with
status 400, and results from the ten thousandth on are a status 500. Words match whole; the real index also matches
their stems.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from lxml import etree

from ingest.arxiv_id import InvalidArxivIdError, parse
from ingest.authors import split_authors
from ingest.replica.faults import Fault
from ingest.replica.files import Reply
from ingest.replica.query import Query, QueryError, parse_query, query_score
from ingest.replica.records import Collection, Paper, PaperVersion
from ingest.replica.xml import child, root
from ingest.tex import accents_to_unicode, normalise_space

MAX_RESULTS = 10_000
"""The real server's limit, whatever its manual says."""
MAX_DOCUMENTED = 30_000

_ATOM = "http://www.w3.org/2005/Atom"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_ARXIV = "http://arxiv.org/schemas/atom"
_PARAMETERS = ("search_query", "id_list", "start", "max_results", "sortBy", "sortOrder")
_SORTS = ("relevance", "lastUpdatedDate", "submittedDate")
_ORDERS = ("ascending", "descending")


class _BadRequestError(Exception):
    """The request gets an error feed."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked, checked."""

    search_query: str
    id_list: str
    start: int
    max_results: int
    sort_by: str
    sort_order: str

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> _Request:
        sort_by = arguments.get("sortBy", "relevance")
        if sort_by not in _SORTS:
            raise _BadRequestError(f"sortBy must be in: {', '.join(_SORTS)}")
        sort_order = arguments.get("sortOrder", "descending")
        if sort_order not in _ORDERS:
            raise _BadRequestError(f"sortOrder must be in: {', '.join(_ORDERS)}")
        start, size = _count(arguments, "start", 0), _count(arguments, "max_results", 10)
        if start + size > MAX_DOCUMENTED:
            raise _BadRequestError(f"max_results cannot exceed {MAX_DOCUMENTED}")
        return cls(arguments.get("search_query", ""), arguments.get("id_list", ""), start, size, sort_by, sort_order)

    @property
    def text(self) -> str:
        return (
            f"search_query={self.search_query}&id_list={self.id_list}&start={self.start}&max_results={self.max_results}"
        )


@dataclass(frozen=True, slots=True)
class AtomServer:
    """Answers queries about a collection.

    Args:
        collection: The papers.
        wall: Results from this one on are a status 500.
    """

    collection: Collection
    wall: int = MAX_RESULTS

    def answer(self, arguments: Sequence[tuple[str, str]], now: datetime, fault: Fault | None = None) -> Reply:
        """Return the feed for a request's arguments at a time (UTC), spoilt if the fault is one of feeds."""
        try:
            request = _Request.read({name: value for name, value in arguments if name in _PARAMETERS})
            query = parse_query(request.search_query) if request.search_query.strip() else None
            found = self._found(request, query)
        except (_BadRequestError, QueryError) as error:
            return _feed_reply(400, _error_feed(str(error), now))
        if request.max_results == 0 or _beyond(request, self.wall):
            return Reply(500, b"Internal Server Error", "text/plain")
        shown = found[request.start : request.start + request.max_results]
        if fault is not None and fault.kind == "empty_feed":
            shown = []
        return _feed_reply(200, _feed(request, now, len(found), shown))

    def _found(self, request: _Request, query: Query | None) -> list[tuple[Paper, PaperVersion]]:
        candidates = self._listed(request.id_list) if request.id_list.strip() else None
        if candidates is None:
            candidates = [(paper, paper.current) for paper in self.collection] if query else []
        scored = [(query_score(query, paper) if query else 1.0, paper, version) for paper, version in candidates]
        matching = [item for item in scored if item[0] > 0]
        if query or request.sort_by != "relevance":
            descending = request.sort_order == "descending"
            matching.sort(key=lambda item: _sort_key(request.sort_by, *item), reverse=descending)
        return [(paper, version) for _score, paper, version in matching]

    def _listed(self, id_list: str) -> list[tuple[Paper, PaperVersion]]:
        found = []
        for text in filter(None, (part.strip() for part in id_list.split(","))):
            try:
                identifier = parse(text)
            except InvalidArxivIdError:
                if not _looks_like_identifier(text):
                    raise _BadRequestError(f"incorrect id format for {text}") from None
                continue
            paper = self.collection.get(identifier.paper)
            version = paper.version(identifier.version) if paper else None
            if paper and version:
                found.append((paper, version))
        return found


def _looks_like_identifier(text: str) -> bool:
    """Whether the real server takes a text for an identifier; it knows no months, so 0000.0000 is one."""
    year_month, _, number = text.partition(".")
    return len(year_month) == 4 and len(number) in (4, 5) and (year_month + number).isdigit()


def _beyond(request: _Request, wall: int) -> bool:
    return 1 + round(request.start / request.max_results) > math.floor(wall / request.max_results)


def _count(arguments: Mapping[str, str], name: str, default: int) -> int:
    text = arguments.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise _BadRequestError(f"{name} must be an integer") from None
    if value < 0:
        raise _BadRequestError(f"{name} must be non-negative")
    return value


def _sort_key(sort_by: str, score: float, paper: Paper, version: PaperVersion) -> tuple[float, str]:
    moment = paper.versions[0].created if sort_by == "submittedDate" else version.created
    return (score if sort_by == "relevance" else moment.timestamp(), version.paper_id)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _empty_feed(identifier: str, title: str, now: datetime) -> etree._Element:
    feed = root(_ATOM, "feed", {"opensearch": _OPENSEARCH, "arxiv": _ARXIV})
    child(feed, "id", identifier)
    child(feed, "title", title)
    child(feed, "updated", _time(now))
    return feed


def _counts(feed: etree._Element, size: int, total: int, start: int) -> None:
    for name, value in (("itemsPerPage", size), ("totalResults", total), ("startIndex", start)):
        child(feed, f"{{{_OPENSEARCH}}}{name}", str(value))


def _feed(request: _Request, now: datetime, total: int, shown: Sequence[tuple[Paper, PaperVersion]]) -> etree._Element:
    # SHA-1 names the query, as on the real server; it guards nothing.
    digest = base64.b64encode(hashlib.sha1(request.text.encode(), usedforsecurity=False).digest()).decode()[:-1]
    feed = _empty_feed(f"https://arxiv.org/api/{digest}", f"arXiv Query: {request.text}", now)
    asked = {
        "search_query": request.search_query,
        "start": request.start,
        "max_results": request.max_results,
        "id_list": request.id_list,
    }
    link = child(feed, "link")
    link.set("href", f"https://arxiv.org/api/query?{urlencode(asked, safe=',:')}")
    link.set("type", "application/atom+xml")
    _counts(feed, request.max_results, total, request.start)
    for paper, version in shown:
        _entry(feed, paper, version)
    return feed


def _entry(feed: etree._Element, paper: Paper, version: PaperVersion) -> None:
    name = f"{version.paper_id}v{version.version}"
    entry = child(feed, "entry")
    child(entry, "id", f"http://arxiv.org/abs/{name}")
    child(entry, "title", normalise_space(accents_to_unicode(version.title)))
    child(entry, "updated", _time(version.created))
    _link(entry, f"https://arxiv.org/abs/{name}", "alternate", "text/html")
    _link(entry, f"https://arxiv.org/pdf/{name}", "related", "application/pdf").set("title", "pdf")
    child(entry, "summary", normalise_space(accents_to_unicode(version.abstract)))
    for category in version.categories:
        item = child(entry, "category")
        item.set("term", category)
        item.set("scheme", _ARXIV)
    child(entry, "published", _time(paper.versions[0].created))
    for tag, text in (("comment", version.comments), ("primary_category", None), ("journal_ref", version.journal_ref)):
        if tag == "primary_category":
            child(entry, f"{{{_ARXIV}}}{tag}").set("term", version.categories[0])
        elif text:
            child(entry, f"{{{_ARXIV}}}{tag}", text)
    for author in split_authors(version.authors):
        child(child(entry, "author"), "name", author)
    if version.doi:
        child(entry, f"{{{_ARXIV}}}doi", version.doi)


def _link(entry: etree._Element, address: str, relation: str, media_type: str) -> etree._Element:
    link = child(entry, "link")
    link.set("href", address)
    link.set("rel", relation)
    link.set("type", media_type)
    return link


def _error_feed(text: str, now: datetime) -> etree._Element:
    feed = _empty_feed("https://arxiv.org/", "arXiv Search Results", now)
    _counts(feed, 1, 1, 0)
    address = f"https://arxiv.org/api/errors#{text.replace(' ', '_')}"
    entry = child(feed, "entry")
    child(entry, "id", address)
    child(entry, "title", "Error")
    child(entry, "updated", _time(now))
    _link(entry, address, "alternate", "text/html")
    child(entry, "summary", text)
    child(child(entry, "author"), "name", "arXiv api core")
    return feed


def _feed_reply(status: int, feed: etree._Element) -> Reply:
    body = etree.tostring(feed, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Reply(status, body, "application/atom+xml; charset=utf-8")
