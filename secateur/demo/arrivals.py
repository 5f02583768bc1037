"""When the invented papers arrive: counts by month from a known process, days, versions and arXiv-like identifiers.

Core papers follow mean = c * exp(rate * t) * season(month) with NB2 noise (variance = mean + dispersion * mean**2), so
what ``analysis`` should fit is known. Identifiers have numbers that arXiv has never reached: none is a real paper's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from secateur.demo.truth import Growth

DOUBLING_YEARS = 2.2
DISPERSION = 0.08
SEASON = (0.95, 1.10, 1.10, 0.85, 1.25, 1.05, 0.85, 0.80, 1.05, 1.20, 1.15, 0.85)
"""Month-of-year factors: more papers before the deadlines of conferences."""
FIRST_MONTH = date(2007, 4, 1)
"""The first month of identifiers of the form YYMM.number."""


class NoSuchSpanError(ValueError):
    """A span of years for which identifiers of today's form cannot be written."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When one paper came, under which identifier, and the times of its versions (UTC)."""

    arxiv_id: str
    versions: tuple[datetime, ...]

    @property
    def day(self) -> date:
        """Day of version 1."""
        return self.versions[0].date()


def months_before(until: date, years: int) -> list[date]:
    """First days of the ``12 * years`` complete months before the month of ``until``; raises NoSuchSpanError."""
    last = until.year * 12 + until.month - 2
    months = [date(index // 12, index % 12 + 1, 1) for index in range(last - 12 * years + 1, last + 1)]
    if not months or months[0] < FIRST_MONTH:
        raise NoSuchSpanError(
            f"{years} years before {until} begin before {FIRST_MONTH:%Y-%m}; ask for 1 year or more, but fewer"
        )
    return months


def draw_growth(rng: np.random.Generator, months: list[date], core_papers: float) -> Growth:
    """Counts of core papers by month; their expected sum is ``core_papers``."""
    rate = math.log(2) / DOUBLING_YEARS
    shape = np.array([math.exp(rate * index / 12) * SEASON[month.month - 1] for index, month in enumerate(months)])
    mean = shape * core_papers / shape.sum()
    counts = rng.poisson(rng.gamma(1 / DISPERSION, mean * DISPERSION))
    return Growth(
        rate=rate,
        doubling_years=DOUBLING_YEARS,
        dispersion=DISPERSION,
        season=SEASON,
        months=tuple(f"{month:%Y-%m}" for month in months),
        counts=tuple(int(count) for count in counts),
    )


def draw_arrivals(rng: np.random.Generator, months: list[date], counts: list[int], until: date) -> list[Arrival]:
    """``counts[i]`` papers in ``months[i]``, ascending by time within a month; later versions end before ``until``."""
    end = datetime(until.year, until.month, 1)
    arrivals = []
    for month, count in zip(months, counts, strict=True):
        seconds = _seconds(month)
        times = sorted(int(second) for second in rng.integers(0, seconds, size=count))
        for number, offset in enumerate(times, start=1):
            first = datetime(month.year, month.month, 1) + timedelta(seconds=offset)
            arrivals.append(Arrival(_identifier(month, number), _versions(rng, first, end)))
    return arrivals


def _seconds(month: date) -> int:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return (following - month).days * 86_400


def _identifier(month: date, number: int) -> str:
    """Five digits since 2015, four before (arXiv's identifier scheme)."""
    base = 90_000 if month.year >= 2015 else 9_000
    return f"{month:%y%m}.{base + 7 * number}"


def _versions(rng: np.random.Generator, first: datetime, end: datetime) -> tuple[datetime, ...]:
    times = [first]
    more = int(rng.choice(3, p=(0.68, 0.25, 0.07)))
    for _ in range(more):
        times.append(times[-1] + timedelta(seconds=int(rng.integers(15 * 86_400, 220 * 86_400))))
    return tuple(time for time in times if time < end)
