"""When weights are removed: all at once, or in rounds that each remove the same fraction of what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """The pruning rounds of a run."""

    def progress(self) -> tuple[float, ...]:
        """How far pruning has come after each round, ascending, 1 at the end."""


class OneShot:
    """One round."""

    def progress(self) -> tuple[float, ...]:
        """Everything at once."""
        return (1.0,)


@dataclass(frozen=True)
class Iterative:
    """``rounds`` rounds, each followed by recovery."""

    rounds: int

    def progress(self) -> tuple[float, ...]:
        """Equal steps."""
        return tuple(done / self.rounds for done in range(1, self.rounds + 1))
