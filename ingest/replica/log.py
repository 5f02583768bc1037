"""What the replica was asked, so that a test can tell whether a client kept to arXiv's manners.

The manners are in arXiv's terms of use (info.arxiv.org/help/api/tou.html) and in arxiv.org's robots.txt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from threading import Lock
from typing import overload


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the replica was sent."""

    at: datetime
    """By the replica's clock, UTC."""
    method: str
    target: str
    """Path and query."""
    status: int
    """0 when no answer was given."""
    user_agent: str
    fault: str
    """Kind of the fault that it met, else empty."""


class RequestLog(Sequence[Request]):
    """All requests, in the order of their arrival."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._lock = Lock()

    def append(self, request: Request) -> None:
        """Write down one more request."""
        with self._lock:
            self._requests.append(request)

    @overload
    def __getitem__(self, index: int) -> Request: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Request]: ...

    def __getitem__(self, index: int | slice) -> Request | Sequence[Request]:
        return self._requests[index]

    def __len__(self) -> int:
        return len(self._requests)

    def smallest_gap(self, before: str = "") -> float:
        """Least number of seconds between two requests, the later of which has ``before`` in its target."""
        gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(self) if before in later.target]
        return min(gaps, default=float("inf"))

    def repeated(self) -> list[str]:
        """Targets that were asked for again although a whole answer had been given."""
        whole = Counter(request.target for request in self if request.status == 200 and not request.fault)
        return sorted(target for target, number in whole.items() if number > 1)

    def without_user_agent(self) -> list[Request]:
        """Requests of a client that does not say who it is."""
        return [request for request in self if not request.user_agent]
