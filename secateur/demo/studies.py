"""Who compares with whom, on what, and which numbers each invented paper prints.

A paper measures its own method, copies most numbers of earlier methods from the paper that introduced them, and runs
the rest again. Papers are drawn in the order of their dates, so that nothing is compared with what came later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from secateur.demo.arrivals import Arrival
from secateur.demo.world import Benchmark, Level, Method, World, dense_value, noisy, unpruned

COPIED_SHARE = 0.85
"""How often a known number is copied rather than measured anew."""

CONNECTION_IDIOMS = {
    "levels": 0.34,
    "rows": 0.2,
    "columns": 0.14,
    "compression": 0.14,
    "kept": 0.1,
    "error": 0.08,
}
LLM_IDIOMS = {"groups": 0.6, "levels": 0.4}
ENCODER_IDIOMS = {"levels": 0.6, "columns": 0.4}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One printed value of one method on one benchmark at one operating point."""

    method: Method | None
    """None for the unpruned network."""
    benchmark: Benchmark
    level: Level | None
    value: float
    source: str
    """own, copied, re-run or dense."""
    spread: float | None = None
    base: float | None = None
    """Accuracy of the unpruned network beside it, for filter pruning."""
    change: float | None = None
    """Printed change, where it is not pruned minus base."""
    ratio: float | None = None
    """Printed compression ratio, where it is not what the sparsity gives."""
    decimals: int = 2
    mark: str = ""
    """What was planted here: contradiction, difference, ratio, rounding."""
    agreed: float | None = None
    """What other papers print, for a planted contradiction."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Method, benchmark and operating point."""
        return (self.method.name if self.method else "", self.benchmark.key, self.level.key if self.level else "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The numbers of one table, before a builder gives them a form."""

    idiom: str
    benchmarks: tuple[Benchmark, ...]
    levels: tuple[Level, ...]
    methods: tuple[Method, ...]
    numbers: Mapping[tuple[str, str, str], Measurement]
    dense: Mapping[str, Measurement]
    long_context: bool = False
    """Perplexity with 4096 tokens instead of 2048."""
    own: Method | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """An invented core paper with experiments."""

    arrival: Arrival
    track: str
    own: Method | None
    """None for a paper that only measures what others introduced."""
    compared: tuple[Method, ...]
    sheets: tuple[Sheet, ...]


@dataclass(slots=True)
class Literature:
    """What has been published so far: invented methods, numbers as first printed, how often each was compared with."""

    world: World
    invented: list[Method] = field(default_factory=list)
    printed: dict[tuple[str, str, str, bool], Measurement] = field(default_factory=dict)
    popularity: dict[str, int] = field(default_factory=dict)


def draw_track(rng: np.random.Generator, world: World, day: date) -> str:
    """The track of a paper of that day, by the tracks' weights."""
    weights = {name: weight for name, (since, weight) in world.tracks.items() if since <= day}
    return pick(rng, weights)


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """One of the keys, by weight."""
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def draw_study(
    rng: np.random.Generator, literature: Literature, arrival: Arrival, track: str, own: Method | None
) -> Study:
    """One paper's comparisons and numbers; what it prints first becomes part of the literature."""
    compared = _draw_compared(rng, literature, track, arrival.day)
    drawers = {"connections": _connections, "filters": _filters, "encoders": _encoders, "llm": _llm}
    sheets = drawers[track](rng, literature, arrival.day, own, compared)
    if own is not None:
        literature.invented.append(own)
    for method in compared:
        literature.popularity[method.name] = literature.popularity.get(method.name, 0) + 1
    return Study(arrival, track, own, compared, tuple(sheets))


def _draw_compared(rng: np.random.Generator, literature: Literature, track: str, day: date) -> tuple[Method, ...]:
    """Two to four real methods and up to four invented ones; famous and recent ones are preferred."""
    real = literature.world.methods_of(track, day)
    earlier = [each for each in literature.invented if each.track == track]
    famous = [2.0 if method.canonical == "Magnitude" else 1.0 for method in real]
    recent = [
        (1.0 + literature.popularity.get(method.name, 0)) * float(np.exp(-(day - method.since).days / 1100))
        for method in earlier
    ]
    chosen = _sample(rng, real, famous, int(rng.integers(2, 5)))
    chosen += _sample(rng, earlier, recent, int(rng.integers(0, 5)))
    return tuple(sorted(chosen, key=lambda method: (method.since, method.name)))


def _sample(rng: np.random.Generator, items: list[Method], weights: list[float], count: int) -> list[Method]:
    if not items:
        return []
    shares = np.array(weights) / sum(weights)
    indices = rng.choice(len(items), size=min(count, len(items)), replace=False, p=shares)
    return [items[int(index)] for index in indices]


def _some(rng: np.random.Generator, items: list[Benchmark], low: int, high: int) -> tuple[Benchmark, ...]:
    count = min(int(rng.integers(low, high + 1)), len(items))
    indices = sorted(int(index) for index in rng.choice(len(items), size=count, replace=False))
    return tuple(items[index] for index in indices)


def _levels(benchmarks: tuple[Benchmark, ...]) -> tuple[Level, ...]:
    return tuple(Level(removed) for removed in benchmarks[0].levels)


def _connections(
    rng: np.random.Generator, literature: Literature, day: date, own: Method | None, compared: tuple[Method, ...]
) -> list[Sheet]:
    available = literature.world.benchmarks_of("connections", day)
    sheets: list[Sheet] = []
    for benchmark in _some(rng, available, 1, 2):
        idiom = pick(rng, CONNECTION_IDIOMS)
        benchmarks: tuple[Benchmark, ...] = (benchmark,)
        levels = _levels(benchmarks)
        if idiom == "levels":
            alike = [each for each in available if each.levels == benchmark.levels and each != benchmark]
            benchmarks = (benchmark, *_some(rng, alike, 0, 1)) if alike else benchmarks
        elif idiom == "columns":
            common = [each for each in available if 0.9 in each.levels]
            benchmarks, levels = _some(rng, common, 2, 3), (Level(0.9),)
        if any(each in sheet.benchmarks for sheet in sheets for each in benchmarks):
            continue
        sheets.append(_sheet(rng, literature, idiom, benchmarks, levels, own, compared))
    return sheets


def _encoders(
    rng: np.random.Generator, literature: Literature, day: date, own: Method | None, compared: tuple[Method, ...]
) -> list[Sheet]:
    available = literature.world.benchmarks_of("encoders", day)
    if pick(rng, ENCODER_IDIOMS) == "levels":
        benchmarks = _some(rng, available, 1, 2)
        return [_sheet(rng, literature, "levels", benchmarks, _levels(benchmarks), own, compared)]
    benchmarks = _some(rng, available, 3, 4)
    level = Level(float(rng.choice(benchmarks[0].levels)))
    return [_sheet(rng, literature, "columns", benchmarks, (level,), own, compared)]


def _llm(
    rng: np.random.Generator, literature: Literature, day: date, own: Method | None, compared: tuple[Method, ...]
) -> list[Sheet]:
    available = literature.world.benchmarks_of("llm", day)
    long_context = bool(rng.random() < 0.18) and any(each.long_dense for each in available)
    if long_context:
        available = [each for each in available if each.long_dense]
    if pick(rng, LLM_IDIOMS) == "groups":
        benchmarks = _some(rng, available, 2, 4)
        levels: tuple[Level, ...] = (Level(0.5), Level(0.5, "4:8"), Level(0.5, "2:4"))[: int(rng.integers(2, 4))]
        sheets = [_sheet(rng, literature, "groups", benchmarks, levels, own, compared, long_context)]
    else:
        benchmarks = _some(rng, available, 1, 2)
        sheets = [_sheet(rng, literature, "levels", benchmarks, _levels(benchmarks), own, compared, long_context)]
    tasks = tuple(literature.world.benchmarks_of("zero-shot", day))
    if tasks and rng.random() < 0.4:
        level = Level(float(rng.choice((0.5, 0.6))))
        sheets.append(_sheet(rng, literature, "zero-shot", tasks, (level,), own, compared))
    return sheets


def _sheet(
    rng: np.random.Generator,
    literature: Literature,
    idiom: str,
    benchmarks: tuple[Benchmark, ...],
    levels: tuple[Level, ...],
    own: Method | None,
    compared: tuple[Method, ...],
    long_context: bool = False,
) -> Sheet:
    """Numbers of every method on every benchmark at every level."""
    with_spread = idiom in ("levels", "columns") and benchmarks[0].metric != "perplexity" and bool(rng.random() < 0.3)
    methods = (*compared, own) if own is not None else compared
    numbers, dense = {}, {}
    for benchmark in benchmarks:
        exact = benchmark.metric == "perplexity" or benchmark.track == "zero-shot"
        value = dense_value(benchmark, long_context)
        value = value if exact else unpruned(rng, value)
        dense[benchmark.key] = Measurement(None, benchmark, None, value, "dense")
        for level in levels:
            for method in methods:
                number = _measure(rng, literature, method, benchmark, level, long_context, is_own=method is own)
                if with_spread and number.source != "copied":
                    spread = max(0.02, round(float(benchmark.spread * rng.uniform(0.6, 1.5)), 2))
                    number = Measurement(method, benchmark, level, number.value, number.source, spread)
                numbers[number.key] = number
    return Sheet(idiom, benchmarks, levels, methods, numbers, dense, long_context, own)


def _measure(
    rng: np.random.Generator,
    literature: Literature,
    method: Method,
    benchmark: Benchmark,
    level: Level,
    long_context: bool,
    is_own: bool,
) -> Measurement:
    """A copied number if one is known, else a new measurement, which later papers may copy."""
    place = (method.name, benchmark.key, level.key, long_context)
    known = literature.printed.get(place)
    if known is not None and rng.random() < COPIED_SHARE:
        return Measurement(method, benchmark, level, known.value, "copied")
    value = noisy(rng, literature.world.true_value(method, benchmark, level, long_context), benchmark)
    measured = Measurement(method, benchmark, level, value, "own" if is_own else "re-run")
    literature.printed.setdefault(place, measured)
    return measured


def _filters(
    rng: np.random.Generator, literature: Literature, day: date, own: Method | None, compared: tuple[Method, ...]
) -> list[Sheet]:
    """Filter pruning: each method at the reduction of multiply-adds that its own paper chose."""
    benchmarks = _some(rng, literature.world.benchmarks_of("filters", day), 1, 3)
    numbers = {}
    for benchmark in benchmarks:
        for method in compared:
            number = _operating_point(rng, literature, method, benchmark)
            if number is not None:
                numbers[number.key] = number
        if own is not None:
            base = unpruned(rng, benchmark.dense)
            for _ in range(int(rng.integers(1, 3))):
                number = _filter_measurement(rng, literature, own, benchmark, base, "own")
                literature.printed.setdefault((own.name, benchmark.key, "", False), number)
                numbers[number.key] = number
    methods = (*compared, own) if own is not None else compared
    return [Sheet("changes", benchmarks, (), methods, numbers, {}, own=own)]


def _operating_point(
    rng: np.random.Generator, literature: Literature, method: Method, benchmark: Benchmark
) -> Measurement | None:
    """What the method's paper printed on a benchmark; None if an invented method was not tried there."""
    place = (method.name, benchmark.key, "", False)
    known = literature.printed.get(place)
    if known is None:
        if method.synthetic:
            return None
        base = unpruned(rng, benchmark.dense)
        known = literature.printed[place] = _filter_measurement(rng, literature, method, benchmark, base, "copied")
    return Measurement(method, benchmark, known.level, known.value, "copied", base=known.base)


def _filter_measurement(
    rng: np.random.Generator, literature: Literature, method: Method, benchmark: Benchmark, base: float, source: str
) -> Measurement:
    removed = float(rng.choice(benchmark.levels)) + float(rng.integers(-12, 13)) / 1000
    level = Level(round(removed, 3))
    loss = benchmark.dense - literature.world.true_value(method, benchmark, level)
    value = noisy(rng, base - loss + 0.2, benchmark)
    return Measurement(method, benchmark, level, value, source, base=base)
