"""A clock that needs no waiting, for a client and the replica to share, so that hours of manners pass at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingest.http import Clock


class VirtualClock(Clock):
    """Time that passes only by sleeping.

    Args:
        start: The time at first, UTC without zone.
    """

    def __init__(self, start: datetime) -> None:
        self.time = start
        self.slept: list[float] = []
        """Seconds of each sleep."""

    def now(self) -> datetime:
        """Return the time, UTC without zone."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)
