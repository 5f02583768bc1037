"""What the demo planted: the truth about an invented literature, as frozen dataclasses written to ``truth.json``.

Coordinates of a result are those of the expanded grid (a cell that spans two columns counts twice, rules are no rows),
as a reader finds them. Sparsity is the fraction removed, compression original / new size.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1


class TruthFileError(ValueError):
    """A ``truth.json`` that this version cannot read."""


@dataclass(frozen=True, slots=True)
class TruePaper:
    """One invented paper."""

    arxiv_id: str
    title: str
    submitted: str
    """Day of version 1, ISO."""
    versions: int
    relevance: str
    """core, related or no."""
    track: str
    """connections, filters, encoders, llm; for other papers their topic."""
    proposed: str | None = None
    structure: tuple[str, ...] = ()
    timing: tuple[str, ...] = ()
    criterion: tuple[str, ...] = ()
    withdrawn: bool = False
    unread: str | None = None
    """Why its e-print is not read: encrypted, pdf-only, broken-archive, no-root-file, broken-table; None if it is."""


@dataclass(frozen=True, slots=True)
class TrueResult:
    """One number of one table, and what it means."""

    arxiv_id: str
    table: str
    """The table's label."""
    row: int
    col: int
    method: str
    """As printed, without citation."""
    method_canonical: str
    role: str
    dataset: str
    model: str
    metric: str
    value: float
    unit: str
    sparsity: float | None = None
    compression: float | None = None
    pattern: str | None = None
    spread: float | None = None
    protocol: str | None = None
    source: str = "own"
    """own, copied, re-run or dense: where the paper has the number from."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """That one invented paper compares with another in a table."""

    citing: str
    cited: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A baseline's number that is far from what its own paper and others report for the same thing."""

    arxiv_id: str
    table: str
    row: int
    col: int
    method: str
    dataset: str
    model: str
    metric: str
    value: float
    agreed: float
    """What the others print."""
    others: tuple[str, ...]
    """Papers that print the agreed value."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A printed number that does not follow from its neighbours in the row."""

    kind: str
    """difference: printed change against pruned minus base. ratio: compression against the stated sparsity."""
    arxiv_id: str
    table: str
    row: int
    printed: float
    expected: float


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Something that resembles an error and is none."""

    kind: str
    """rounding, error-rate, kept-share or sequence-length."""
    arxiv_id: str
    table: str
    row: int | None = None
    """None: the whole table."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The process that the dates of the core papers were drawn from, and what was drawn."""

    rate: float
    """Exponential growth rate a year."""
    doubling_years: float
    dispersion: float
    """NB2: variance = mean + dispersion * mean**2."""
    season: tuple[float, ...]
    """Twelve factors, January first."""
    months: tuple[str, ...]
    """``YYYY-MM``, ascending."""
    counts: tuple[int, ...]
    """Core papers drawn in each month."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything planted in one synthetic literature."""

    seed: int
    until: str
    """ISO day before which everything is dated."""
    growth: Growth
    papers: tuple[TruePaper, ...]
    results: tuple[TrueResult, ...]
    comparisons: tuple[Comparison, ...]
    contradictions: tuple[Contradiction, ...]
    slips: tuple[Slip, ...]
    look_alikes: tuple[LookAlike, ...]

    def write(self, path: Path) -> None:
        """Write as JSON, with stable bytes for one content."""
        body = {"format": FORMAT, **dataclasses.asdict(self)}
        path.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Read what ``write`` wrote; raises TruthFileError for another format."""
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("format", None) != FORMAT:
            raise TruthFileError(f"{path} is no truth file of format {FORMAT}; write the demo's literature anew")
        return cls(
            seed=body["seed"],
            until=body["until"],
            growth=Growth(**_tuples(body["growth"])),
            papers=tuple(TruePaper(**_tuples(each)) for each in body["papers"]),
            results=tuple(TrueResult(**each) for each in body["results"]),
            comparisons=tuple(Comparison(**each) for each in body["comparisons"]),
            contradictions=tuple(Contradiction(**_tuples(each)) for each in body["contradictions"]),
            slips=tuple(Slip(**each) for each in body["slips"]),
            look_alikes=tuple(LookAlike(**each) for each in body["look_alikes"]),
        )


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
