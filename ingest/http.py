"""The one polite client for every arXiv host: one connection, a gap between requests, and a stop when arXiv refuses.

The rules are arXiv's (info.arxiv.org/help/api/tou.html): one request every three seconds and a single connection over
all machines of a user, 15 seconds for pages of arxiv.org (its robots.txt). Processes of one user share them through a
lock and a state file. After a 429 or 406 nothing is sent for ten minutes, by any process, and nothing in the hour after
midnight UTC, when arXiv publishes the new papers and answers badly.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import urljoin

import requests
from filelock import FileLock
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from ingest.addresses import Addresses

PAGE_GAP_SECONDS = 15.0
STOP = timedelta(minutes=10)
QUIET_HOUR = 0
"""The hour of the day, UTC, in which nothing is sent."""
LONGEST_WAIT_SECONDS = 3600.0
CONNECT_TIMEOUT_SECONDS = 30.0
READ_TIMEOUT_SECONDS = 120.0
TRANSFER_TIMEOUT_SECONDS = 1800.0
"""A body that drips for longer is given up."""
MAX_ATTEMPTS = 6
MAX_REDIRECTS = 5
FIRST_BACKOFF_SECONDS = 5.0
LONGEST_BACKOFF_SECONDS = 300.0
DEFAULT_MAX_BYTES = 64 * 2**20
_CHUNK_BYTES = 64 * 1024
_REFUSALS = (406, 429)
_TRANSIENT = (500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+|https?://\S+")


class ArxivError(Exception):
    """Talking with arXiv failed."""


class TrafficStoppedError(ArxivError):
    """ArXiv refused a request, so nothing is sent until a time."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(
            f"arXiv refused ({reason}); nothing is sent before {until:%Y-%m-%d %H:%M:%S} UTC, try again then"
        )
        self.until = until


class UnavailableError(ArxivError):
    """No whole answer came after several tries."""

    def __init__(self, url: str, tries: int, reason: str) -> None:
        super().__init__(f"no whole answer from {url}, asked {tries} times ({reason}); try again later")


class BodyTooLargeError(ArxivError):
    """An answer is larger than what the caller takes."""

    def __init__(self, url: str, max_bytes: int) -> None:
        super().__init__(f"the answer of {url} is larger than {max_bytes:,} bytes and was not read to its end")


class UnsafeRedirectError(ArxivError):
    """A redirect leads away from arXiv or from https, or goes round in circles."""

    def __init__(self, url: str, target: str) -> None:
        super().__init__(f"{url} redirects to {target}, which is not followed: only https addresses of arXiv are")


class NoContactError(ArxivError):
    """The User-Agent names nobody whom arXiv could write to."""

    def __init__(self, user_agent: str) -> None:
        super().__init__(f"the User-Agent {user_agent!r} has no contact; put an e-mail address or web address into it")


class BrokenBodyError(ArxivError):
    """An answer arrived that is not what it should be, such as truncated XML; the client asks again."""


class Clock:
    """Time as the client sees it; tests put another in its place."""

    def now(self) -> datetime:
        """Return the time, UTC without zone."""
        return datetime.now(UTC).replace(tzinfo=None)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request, as it is stored in the table ``request``."""

    at: datetime
    url: str
    status: int | None
    """None when no answer came."""
    bytes: int
    seconds: float
    etag: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    url: str
    """The address that gave it, after redirects."""
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class PoliteClient:
    """Asks arXiv, or what stands in for it at ``base_url``, one request at a time.

    Args:
        user_agent: Names the program and a contact.
        state_folder: Folder of the lock and of the time of the last request, the same for all processes of a user.
        base_url: Base that replaces every address of arXiv; None for arXiv itself.
        gap_seconds: Least time between the starts of two requests to the API, OAI-PMH and e-print hosts.
        clock: Source of time.
        on_request: Called after each request.
        gap_on_loopback: Keep the gap, the back-off and the quiet hour towards loopback addresses too.
        read_timeout: Seconds without a byte after which an answer is given up.

    Raises:
        NoContactError: the User-Agent has no contact although arXiv itself is asked.
    """

    def __init__(
        self,
        user_agent: str,
        state_folder: Path,
        base_url: str | None = None,
        gap_seconds: float = 3.0,
        clock: Clock | None = None,
        on_request: Callable[[RequestRecord], None] | None = None,
        *,
        gap_on_loopback: bool = False,
        read_timeout: float = READ_TIMEOUT_SECONDS,
    ) -> None:
        self.addresses = Addresses(base_url)
        if not self.addresses.on_loopback and not _CONTACT.search(user_agent):
            raise NoContactError(user_agent)
        self.clock = clock or Clock()
        self._gap_seconds = gap_seconds if gap_on_loopback or not self.addresses.on_loopback else 0.0
        self._read_timeout = read_timeout
        self._listeners = [on_request] if on_request else []
        self._state = _State(Path(state_folder), self.addresses.name)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = user_agent
        self._session.trust_env = not self.addresses.on_loopback
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._random = random.Random()  # noqa: S311 - spreads retries, guards nothing

    def __enter__(self) -> PoliteClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    @contextmanager
    def recording(self, listener: Callable[[RequestRecord], None]) -> Iterator[None]:
        """Call the listener too after each request while the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        compressed: bool = True,
        check: Callable[[bytes], None] | None = None,
    ) -> Answer:
        """Ask for an address until a whole answer comes, following arXiv's own redirects.

        Args:
            url: One of ``addresses``.
            params: Query of the address.
            max_bytes: Largest body taken, after decoding.
            compressed: Accept a compressed transfer; False for files whose stored bytes matter.
            check: Looks at the body of a 200 and raises BrokenBodyError to have it asked for again.

        Raises:
            TrafficStoppedError: arXiv refused, now or within the last ten minutes.
            UnavailableError: every try gave a server error, a hang or a broken body.
            BodyTooLargeError: the body is larger than max_bytes.
            UnsafeRedirectError: a redirect leads elsewhere.
        """
        target = requests.Request("GET", url, params=dict(params or {})).prepare().url or url
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._whole_answer(target, max_bytes, compressed, check)
            if answer.status not in _REDIRECTS:
                return answer
            following = urljoin(target, answer.headers.get("Location", ""))
            if not self.addresses.allows(following):
                raise UnsafeRedirectError(target, following)
            target = following
        raise UnsafeRedirectError(url, target)

    def _whole_answer(
        self, url: str, max_bytes: int, compressed: bool, check: Callable[[bytes], None] | None
    ) -> Answer:
        reason = ""
        for attempt in range(MAX_ATTEMPTS):
            wait = None
            try:
                answer = self._ask_once(url, max_bytes, compressed)
                if answer.status not in _TRANSIENT:
                    if check and answer.status == 200:
                        check(answer.body)
                    return answer
                reason = f"status {answer.status}"
                wait = self._retry_after(answer)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                reason = _described(error)
                if self.addresses.on_loopback and _found_nobody(error):
                    raise UnavailableError(url, attempt + 1, f"{reason}; is the server running?") from error
            except (requests.exceptions.ContentDecodingError, BrokenBodyError) as error:
                reason = str(error)
            if wait is not None and wait > LONGEST_WAIT_SECONDS:
                raise UnavailableError(url, attempt + 1, f"{reason}, asked to wait {wait:.0f} s")
            if attempt + 1 < MAX_ATTEMPTS:
                self.clock.sleep(self._backoff(attempt) if wait is None else wait)
        raise UnavailableError(url, MAX_ATTEMPTS, reason)

    def _backoff(self, attempt: int) -> float:
        if not self._gap_seconds:
            return 0.0
        longest = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**attempt)
        return longest * self._random.uniform(0.5, 1.0)

    def _retry_after(self, answer: Answer) -> float | None:
        """Seconds that the answer asks to wait, given as a number or a date; None when it asks nothing readable."""
        text = answer.headers.get("Retry-After", "").strip()
        if text.isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return max(0.0, (moment - self.clock.now()).total_seconds())

    def _ask_once(self, url: str, max_bytes: int, compressed: bool) -> Answer:
        with self._state.lock:
            self._wait_for_turn(url)
            answer = self._recorded(url, max_bytes, compressed)
            if answer.status in _REFUSALS:
                seconds = max(STOP.total_seconds(), self._retry_after(answer) or 0.0)
                until = self.clock.now() + timedelta(seconds=seconds)
                self._state.stop(self.clock.now(), until, f"status {answer.status} for {url}")
                raise TrafficStoppedError(until, f"status {answer.status}")
        return answer

    def _wait_for_turn(self, url: str) -> None:
        now = self.clock.now()
        stopped_until, reason = self._state.stopped(now)
        if stopped_until is not None and now < stopped_until:
            raise TrafficStoppedError(stopped_until, reason)
        gap = self._gap_seconds
        if gap and self.addresses.is_page(url):
            gap = max(gap, PAGE_GAP_SECONDS)
        if not gap:
            return
        last = self._state.last_request()
        if last is not None:
            # A clock that was set back must not make the wait longer than the gap.
            wait = min(gap, gap - (now - last).total_seconds())
            if wait > 0:
                self.clock.sleep(wait)
        self._sit_out_quiet_hour()
        self._state.requested(self.clock.now())

    def _sit_out_quiet_hour(self) -> None:
        now = self.clock.now()
        if now.hour == QUIET_HOUR:
            end = now.replace(hour=QUIET_HOUR + 1, minute=0, second=0, microsecond=0)
            self.clock.sleep((end - now).total_seconds())

    def _recorded(self, url: str, max_bytes: int, compressed: bool) -> Answer:
        at, started = self.clock.now(), time.monotonic()
        answer: Answer | None = None
        error: str | None = None
        try:
            answer = self._transfer(url, max_bytes, compressed)
            return answer
        except (requests.RequestException, ArxivError) as failure:
            error = _described(failure)
            raise
        finally:
            record = RequestRecord(
                at=at,
                url=url,
                status=answer.status if answer else None,
                bytes=len(answer.body) if answer else 0,
                seconds=time.monotonic() - started,
                etag=answer.headers.get("ETag") if answer else None,
                error=error,
            )
            for listener in self._listeners:
                listener(record)

    def _transfer(self, url: str, max_bytes: int, compressed: bool) -> Answer:
        headers = {"Accept-Encoding": "gzip" if compressed else "identity"}
        timeout = (CONNECT_TIMEOUT_SECONDS, self._read_timeout)
        body, started = bytearray(), time.monotonic()
        with self._session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False) as response:
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > max_bytes:
                    raise BodyTooLargeError(url, max_bytes)
                if time.monotonic() - started > TRANSFER_TIMEOUT_SECONDS:
                    raise requests.Timeout(f"no end of the body within {TRANSFER_TIMEOUT_SECONDS:.0f} s")
            return Answer(url, response.status_code, bytes(body), response.headers)


def _described(error: Exception) -> str:
    """An error's kind and first line; of one that wraps another, the reason underneath."""
    inner = error.args[0] if error.args else error
    lines = str(getattr(inner, "reason", inner)).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]


def _found_nobody(error: Exception) -> bool:
    """Whether no connection came about, as distinguished from one that broke."""
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


class _State:
    """The lock of a user's processes, and what they must know of each other: last request, stop."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.json"
        self.lock = FileLock(str(folder / f"{name}.lock"))

    def last_request(self) -> datetime | None:
        return self._moment("last_request")

    def stopped(self, now: datetime) -> tuple[datetime | None, str]:
        at, until = self._moment("stopped_at"), self._moment("stopped_until")
        reason = str(self._read().get("reason", ""))
        if at is not None and until is not None and now < at:
            # A clock that was set back must not make the stop longer than it was.
            until = now + (until - at)
            self.stop(now, until, reason)
        return until, reason

    def requested(self, at: datetime) -> None:
        self._write({**self._read(), "last_request": at.isoformat()})

    def stop(self, at: datetime, until: datetime, reason: str) -> None:
        stop = {"stopped_at": at.isoformat(), "stopped_until": until.isoformat(), "reason": reason}
        self._write({**self._read(), **stop})

    def _moment(self, key: str) -> datetime | None:
        try:
            return datetime.fromisoformat(str(self._read()[key]))
        except (KeyError, ValueError):
            return None

    def _read(self) -> dict[str, object]:
        try:
            state = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write(self, state: Mapping[str, object]) -> None:
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(state), encoding="utf-8")
        os.replace(temporary, self._path)
