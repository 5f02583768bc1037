"""What may go wrong on the way to arXiv, for the replica to do on demand. Each kind was seen in the wild."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, with one request."""

    kind: Literal["status", "reset", "truncate", "html", "delay"]
    """status: an error without content; reset: the connection breaks in mid-body; truncate: half of the body, called
    whole; html: a web page with status 200; delay: the right answer, late."""
    match: str = ""
    """Part of the request's path and query; empty for any request."""
    status: int = 503
    retry_after: str | None = None
    """Value of the header Retry-After, with a status."""
    seconds: float = 0.0
    """How late."""


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
