"""The Atom query API: papers by a query, in slices of their first submission, so that none reaches the server's wall.

The manual (info.arxiv.org/help/api/user-manual.html) promises 30,000 results; since 2025 the server fails at the ten
thousandth. ``submittedDate`` is the date of version 1. A result tells versions 1 and the newest alone and has no
datestamp, so that a paper known from OAI-PMH keeps what is stored of it until it has a newer version.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import feedparser
from sqlalchemy import Engine

from db import harvests, papers
from db.harvests import HarvestRun
from db.records import PaperRecord, Unread, VersionRecord
from ingest.arxiv_id import parse
from ingest.harvest import HarvestSummary
from ingest.http import BrokenBodyError, PoliteClient
from ingest.metadata import read_paper
from ingest.recording import stored_requests
from ingest.tex import normalise_space

SOURCE = "atom"
WALL = 10_000
"""Results from this one on are a status 500, whatever the manual says."""
PAGE_SIZE = 500
"""Results on a page; the manual asks for 2,000 at most."""
FIRST_DAY = date(1991, 8, 1)
"""ArXiv took its first paper in August 1991."""
_SHORTEST = timedelta(minutes=1)
"""The resolution of submittedDate."""


class AtomError(Exception):
    """The query API can't give an answer to a query."""


class QueryRefusedError(AtomError):
    """The server takes the query for wrong."""

    def __init__(self, query: str, reason: str) -> None:
        super().__init__(
            f"arXiv's query API refuses {query!r}: {reason}; a query is written as cat:cs.LG AND abs:pruning"
        )


class TooManyResultsError(AtomError):
    """More papers of one minute match than the server gives."""

    def __init__(self, query: str, moment: datetime, total: int) -> None:
        super().__init__(f"{total} papers of {moment:%Y-%m-%d %H:%M} match {query!r}; ask for fewer")


@dataclass(frozen=True, slots=True)
class Slice:
    """Papers first submitted between two times (UTC, both inclusive), and how many results of it are here already."""

    first: datetime
    last: datetime
    start: int = 0

    def narrowed(self, query: str) -> str:
        """The query for the papers of this slice alone."""
        return f"({query}) AND submittedDate:[{self.first:%Y%m%d%H%M} TO {self.last:%Y%m%d%H%M}]"

    def parts(self, count: int) -> list[Slice]:
        """So many slices of about the same length; each begins in the minute in which the one before ends."""
        step = (self.last - self.first) / count
        marks = [self.first + step * number for number in range(count)]
        marks = [*dict.fromkeys(mark.replace(second=0, microsecond=0) for mark in marks), self.last]
        return [Slice(first, last) for first, last in pairwise(marks)]


@dataclass(frozen=True, slots=True)
class Feed:
    """One answer of the API."""

    total: int
    records: tuple[PaperRecord, ...]
    unread: tuple[Unread, ...]

    @property
    def results(self) -> int:
        """How many results the answer holds, read or not."""
        return len(self.records) + len(self.unread)


@dataclass(frozen=True, slots=True)
class AtomPage:
    """One page of results, and the slices that are still to be asked for."""

    feed: Feed
    rest: tuple[Slice, ...]


Progress = Callable[[HarvestSummary, int], None]
"""Called after each page with what was done and how many slices are left."""


def list_results(client: PoliteClient, query: str, slices: tuple[Slice, ...]) -> Iterator[AtomPage]:
    """Yield the pages of a query's results, slice by slice; a slice with too many is parted by its count.

    Raises:
        QueryRefusedError: the server takes the query for wrong.
        TooManyResultsError: more papers of one minute match than the server gives.
        ingest.http.ArxivError: no answer could be had.
    """
    waiting = list(slices)
    while waiting:
        current = waiting.pop(0)
        feed = _ask(client, query, current)
        if feed.total >= WALL:
            if current.last - current.first <= _SHORTEST:
                raise TooManyResultsError(query, current.first, feed.total)
            waiting[:0] = current.parts(max(2, math.ceil(1.5 * feed.total / WALL)))
            continue
        following = current.start + PAGE_SIZE
        if following < feed.total:
            waiting.insert(0, Slice(current.first, current.last, following))
        yield AtomPage(feed, tuple(waiting))


def read_feed(body: bytes, expected: int = 0) -> Feed:
    """Read one answer.

    Args:
        body: The feed.
        expected: Number of the first result asked for; a feed that says it has more and shows none is broken.

    Raises:
        BrokenBodyError: the body is no whole feed of the API, or is the empty page that it gives at times.
    """
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    try:
        total = int(parsed.feed["opensearch_totalresults"])
    except (KeyError, ValueError):
        raise BrokenBodyError("the answer is no feed of the query API") from None
    if parsed.bozo and not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride):
        raise BrokenBodyError(f"the feed is broken ({parsed.bozo_exception})")
    if not parsed.entries and total > expected:
        raise BrokenBodyError(f"the page is empty although the feed counts {total} results")
    read = [_read_entry(entry) for entry in parsed.entries]
    return Feed(
        total,
        tuple(item for item in read if isinstance(item, PaperRecord)),
        tuple(item for item in read if isinstance(item, Unread)),
    )


def harvest_query(
    engine: Engine,
    client: PoliteClient,
    *,
    query: str,
    from_date: date | None = None,
    until_date: date | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> HarvestSummary:
    """Store the papers that match a query of the API and were first submitted within a window of days.

    Args:
        engine: The database.
        client: Asks arXiv; its requests are written into the table ``request``.
        query: In the API's language, such as ``cat:cs.LG AND abs:pruning``.
        from_date: First day of submission; None is arXiv's first.
        until_date: Last day of submission; None is today.
        now: The time (UTC) at which the harvest begins.
        progress: Told after each page.

    Raises:
        AtomError: the query can't be answered; the run is marked failed.
        ingest.http.ArxivError: arXiv refused or gave no answer; calling again goes on where this call stopped.
    """
    run, slices = _begin(engine, client, query, from_date, until_date or now.date(), now)
    done = HarvestSummary()
    try:
        with stored_requests(engine, client, run.id):
            for page in list_results(client, query, slices):
                done += _store(engine, run.id, page, now)
                if progress:
                    progress(done, len(page.rest))
    except AtomError as error:
        with engine.begin() as connection:
            harvests.end_run(connection, run.id, state="failed", now=client.clock.now(), reason=str(error))
        raise
    with engine.begin() as connection:
        harvests.end_run(connection, run.id, state="done", now=client.clock.now())
    return done


def _begin(
    engine: Engine, client: PoliteClient, query: str, from_date: date | None, until_date: date, now: datetime
) -> tuple[HarvestRun, tuple[Slice, ...]]:
    """The run that was left of this query, or a new one, and what is to be asked for."""
    source = {"source": SOURCE, "base_url": client.addresses.base_url or "", "query": query}
    with engine.begin() as connection:
        run = harvests.unfinished_run(connection, **source)
        if run is None or (run.from_date, run.until_date) != (from_date, until_date):
            run = harvests.start_run(connection, **source, from_date=from_date, until_date=until_date, now=now)
    if run.resumption_token is not None:
        return run, _read_token(run.resumption_token)
    first = datetime.combine(from_date or FIRST_DAY, datetime.min.time())
    last = datetime.combine(until_date, datetime.min.time()) + timedelta(days=1)
    return run, (Slice(first, last),)


def _store(engine: Engine, run_id: int, page: AtomPage, now: datetime) -> HarvestSummary:
    feed = page.feed
    with engine.begin() as connection:
        counts = papers.store_papers(connection, feed.records, run_id=run_id, now=now)
        papers.store_unread_records(connection, feed.unread, now=now)
        harvests.advance_run(
            connection,
            run_id,
            token=_token(page.rest),
            response_date=None,
            records=len(feed.records),
            added=counts.added,
            changed=counts.changed,
        )
    return HarvestSummary(1, len(feed.records), counts.added, counts.changed, len(feed.unread))


def _token(rest: tuple[Slice, ...]) -> str:
    return json.dumps([[item.first.isoformat(), item.last.isoformat(), item.start] for item in rest])


def _read_token(token: str) -> tuple[Slice, ...]:
    return tuple(
        Slice(datetime.fromisoformat(first), datetime.fromisoformat(last), start)
        for first, last, start in json.loads(token)
    )


def _ask(client: PoliteClient, query: str, wanted: Slice) -> Feed:
    params = {
        "search_query": wanted.narrowed(query),
        "start": str(wanted.start),
        "max_results": str(PAGE_SIZE),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }
    feeds: list[Feed] = []

    def check(body: bytes) -> None:
        feeds.append(read_feed(body, wanted.start))

    answer = client.get(client.addresses.api, params, check=check)
    if answer.status != 200:
        raise QueryRefusedError(query, _reason(answer.body) or f"HTTP {answer.status}")
    return feeds[-1]


def _reason(body: bytes) -> str:
    """The sentence of an error feed, empty for anything else."""
    entries = feedparser.parse(body).entries
    return normalise_space(str(entries[0].get("summary", ""))) if entries else ""


def _read_entry(entry: Any) -> PaperRecord | Unread:
    locator = str(entry.get("id", "entry without an identifier"))
    try:
        identifier = parse(locator)
        published, updated = _moment(entry, "published"), _moment(entry, "updated")
        versions = [VersionRecord(1, published)]
        if identifier.version is None:
            raise ValueError("its identifier names no version")
        if identifier.version > 1:
            versions.append(VersionRecord(identifier.version, updated))
        primary = entry.get("arxiv_primary_category", {}).get("term", "")
        fields = {
            "title": entry.get("title"),
            "abstract": entry.get("summary"),
            "categories": " ".join([primary, *(tag["term"] for tag in entry.get("tags", ()))]),
            "comments": entry.get("arxiv_comment"),
            "journal-ref": entry.get("arxiv_journal_ref"),
            "doi": entry.get("arxiv_doi"),
        }
        names = tuple(normalise_space(author["name"]) for author in entry.get("authors", ()) if author.get("name"))
        return read_paper(identifier.paper, fields, versions, None, names)
    except (ValueError, KeyError) as error:
        return Unread("record", locator, str(error))


def _moment(entry: Any, name: str) -> datetime:
    parts = entry.get(f"{name}_parsed")
    if parts is None:
        raise ValueError(f"it has no date {name}")
    return datetime(*parts[:6])
