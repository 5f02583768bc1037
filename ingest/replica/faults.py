"""What may go wrong on the way to arXiv, for the replica to do on demand. Each kind was seen in the wild.

What is wrong with a single paper is no fault of the way but a matter of the replica's folder: a withdrawn, encrypted or
source-less paper stands in its metadata, a hostile archive in its ``src``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

Kind = Literal[
    "status",
    "hang",
    "delay",
    "reset",
    "truncate",
    "html",
    "latin_1",
    "restamp",
    "repeat",
    "page_size",
    "expired",
    "foreign",
    "dangling",
    "empty_feed",
]
"""Of any request:

status: an error without content, such as 429, 406, or the 503 of a cache whose origin is slow;
hang: not a byte until the client leaves;
delay: the right answer, late;
reset: the connection breaks in mid-body;
truncate: half of the body, called whole;
html: a web page with status 200;
latin_1: the body in Latin-1 although it says UTF-8.

Of OAI-PMH:

restamp: before the answer, a record gets a new time of last change, so that the records behind it move up;
repeat: the last record of this page is the first of the next one, too;
page_size: this page has another size;
expired: the server does not know the token any more;
foreign: the token that leads on is one of the other list;
dangling: a token leads on where nothing follows, so that the last page is empty.

Of the Atom API:

empty_feed: no entries, although the feed counts some.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, with one request."""

    kind: Kind
    match: str = ""
    """Part of the request's path and query; empty for any request."""
    status: int = 503
    retry_after: str | None = None
    """Value of the header Retry-After, with a status."""
    seconds: float = 0.0
    """How late, with a delay."""
    paper: str = ""
    """Whose record is stamped again."""
    size: int = 1
    """Of the page."""


class Faults:
    """Faults still to come, each used once, in their order."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = Lock()

    def add(self, *faults: Fault) -> None:
        """Append faults."""
        with self._lock:
            self._faults.extend(faults)

    def take(self, target: str) -> Fault | None:
        """Return the first fault that matches a request's path and query, and strike it off."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.match in target:
                    return self._faults.pop(position)
        return None

    def __len__(self) -> int:
        with self._lock:
            return len(self._faults)
