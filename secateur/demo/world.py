"""The simulated world behind the invented papers: benchmarks, methods, and what a measurement of a method gives.

Each method has a skill; the true loss of a benchmark at an operating point is divided by it. A measurement adds the
noise of seeds. Facts about real methods and the figures of the formula come from ``world.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

MOST_DEVIATIONS = 2.0
"""Means over seeds stay within so many standard errors, so that no honest number looks like an error."""
DENSE_RANGE = 0.2
"""Unpruned networks of different papers differ by at most twice this, in points."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A data set with a network, and how accuracy falls there."""

    key: str
    track: str
    dataset: str
    model: str
    since: date
    metric: str
    dense: float
    loss: float
    steepness: float
    spread: float
    """Standard deviation over seeds; for perplexity relative."""
    levels: tuple[float, ...]
    long_dense: float | None = None
    """Dense perplexity with 4096 tokens of context instead of 2048."""
    until: date | None = None

    def alive(self, day: date) -> bool:
        """Whether papers of that day use it."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Method:
    """A pruning method, real or invented."""

    name: str
    prints: tuple[str, ...]
    """The ways in which tables write its name."""
    canonical: str
    track: str
    since: date
    skill: float
    arxiv_id: str | None = None
    authors: str = ""
    title: str = ""
    venue: str = ""
    year: int = 0
    synthetic: bool = False

    @property
    def key(self) -> str:
        """Key of its entry in bibliographies."""
        letters = "".join(letter for letter in self.name.lower() if letter.isalnum())
        return f"{letters}{self.year}" if self.year else letters


@dataclass(frozen=True, slots=True)
class Level:
    """An operating point: a share removed (of weights or of multiply-adds), or an N:M pattern."""

    removed: float
    pattern: str | None = None

    @property
    def key(self) -> str:
        """Distinguishes operating points of one method on one benchmark."""
        return self.pattern or f"{self.removed:g}"


@dataclass(frozen=True, slots=True)
class Names:
    """Material for invented names."""

    stems: tuple[str, ...]
    endings: tuple[str, ...]
    """Of pruning methods."""
    other_endings: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All that exists before the first invented paper."""

    benchmarks: tuple[Benchmark, ...]
    methods: tuple[Method, ...]
    patterns: Mapping[str, float]
    tracks: Mapping[str, tuple[date, float]]
    names: Names

    def benchmarks_of(self, track: str, day: date) -> list[Benchmark]:
        """Benchmarks of a track that papers of a day use."""
        return [each for each in self.benchmarks if each.track == track and each.alive(day)]

    def methods_of(self, track: str, day: date) -> list[Method]:
        """Real methods of a track that were known on a day."""
        return [each for each in self.methods if each.track == track and each.since <= day]

    def true_value(self, method: Method, benchmark: Benchmark, level: Level, long_context: bool = False) -> float:
        """Expected accuracy (%) or perplexity of a method at an operating point."""
        harder = self.patterns[level.pattern] if level.pattern else 1.0
        if benchmark.metric == "perplexity":
            odds = level.removed / (1 - level.removed)
            rise = benchmark.loss * harder * odds**benchmark.steepness / method.skill
            return dense_value(benchmark, long_context) * (1 + rise)
        reference = {"filters": 0.5, "zero-shot": 0.5}.get(benchmark.track, 0.1)
        loss = benchmark.loss * (reference / (1 - level.removed)) ** benchmark.steepness / method.skill
        return max(benchmark.dense - loss, 0.15 * benchmark.dense)


def dense_value(benchmark: Benchmark, long_context: bool = False) -> float:
    """Expected value of the unpruned network."""
    if long_context and benchmark.long_dense is not None:
        return benchmark.long_dense
    return benchmark.dense


def noisy(rng: np.random.Generator, value: float, benchmark: Benchmark, seeds: int = 3) -> float:
    """A measured mean over seeds, rounded to two decimals as papers print it."""
    scale = benchmark.spread * (value if benchmark.metric == "perplexity" else 1.0)
    deviation = float(np.clip(rng.normal(), -MOST_DEVIATIONS, MOST_DEVIATIONS))
    measured = value + deviation * scale / np.sqrt(seeds)
    ceiling = np.inf if benchmark.metric == "perplexity" else 99.95
    return round(float(min(measured, ceiling)), 2)


def unpruned(rng: np.random.Generator, value: float) -> float:
    """Accuracy of one paper's unpruned network: papers differ a little, by recipe and seed."""
    return round(value + float(rng.uniform(-DENSE_RANGE, DENSE_RANGE)), 2)


@cache
def load_world() -> World:
    """Read ``world.yaml``."""
    text = resources.files("secateur.demo").joinpath("world.yaml").read_text(encoding="utf-8")
    facts: dict[str, Any] = yaml.safe_load(text)
    return World(
        benchmarks=tuple(Benchmark(**{**each, "levels": tuple(each["levels"])}) for each in facts["benchmarks"]),
        methods=tuple(Method(**{**each, "prints": tuple(each["prints"])}) for each in facts["methods"]),
        patterns=facts["patterns"],
        tracks={name: (each["since"], each["weight"]) for name, each in facts["tracks"].items()},
        names=Names(
            stems=tuple(facts["name_stems"]),
            endings=tuple(facts["name_endings"]),
            other_endings=tuple(facts["other_endings"]),
            first=tuple(facts["first_names"]),
            last=tuple(facts["last_names"]),
        ),
    )
