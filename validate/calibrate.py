"""Finds the levels for repeated looks by simulation and writes them to ``boundaries.json``.

Run ``python -m validate.calibrate``. A claim that is just false is simulated many times: its paired differences are
drawn from a Gaussian, or resampled from real seed results (``seed_results.csv``: accuracies of this project's engine
on digits, collapsed runs among them), centred on the bound. The level to use at each look is the quantile of the
smallest p value over the looks; the smallest level over all populations and both directions is kept. Populations with
an arm of which more than one run in twenty collapses are simulated and reported, and don't set the level: among five
to twenty seeds such collapses can stay unseen, and no level of a t test makes up for what was not seen.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from validate.plan import LOOKS
from validate.statistics import BOUNDARIES, LEVELS, looks_name

SEED_RESULTS = Path(__file__).with_name("seed_results.csv")
_CHUNK = 20_000


def read_seed_results(path: Path = SEED_RESULTS) -> dict[str, NDArray[np.float64]]:
    """Accuracies in percent by arm, in the order of the seeds."""
    accuracies: dict[str, list[float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            accuracies.setdefault(row["arm"], []).append(float(row["accuracy"]))
    return {arm: np.array(values) for arm, values in accuracies.items()}


def collapses(accuracies: NDArray[np.float64]) -> bool:
    """Whether more than one run in twenty reaches less than half of the arm's best accuracy."""
    return bool((accuracies < accuracies.max() / 2).mean() > 0.05)


def populations(results: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64] | None]:
    """Centred paired differences of arms by name; None stands for a standard Gaussian."""
    found: dict[str, NDArray[np.float64] | None] = {"gaussian": None}
    arms = list(results)
    for position, one in enumerate(arms):
        for other in arms[position + 1 :]:
            difference = results[one] - results[other]
            found[f"{one} - {other}"] = difference - difference.mean()
            found[f"{other} - {one}"] = difference.mean() - difference
    return found


def _draws(population: NDArray[np.float64] | None, simulations: int, seeds: int, seed: int) -> Iterator[Any]:
    rng = np.random.default_rng(seed)
    for start in range(0, simulations, _CHUNK):
        shape = (min(_CHUNK, simulations - start), seeds)
        yield rng.standard_normal(shape) if population is None else rng.choice(population, size=shape)


def smallest_p_values(
    population: NDArray[np.float64] | None, looks: Sequence[int], simulations: int, seed: int
) -> NDArray[np.float64]:
    """The smallest one-sided p value (mean above 0) over the looks, for each simulated claim with mean 0."""
    smallest = []
    for values in _draws(population, simulations, looks[-1], seed):
        p = np.ones(len(values))
        for look in looks:
            seen = values[:, :look]
            error = seen.std(axis=1, ddof=1) / np.sqrt(look)
            with np.errstate(divide="ignore", invalid="ignore"):
                t = seen.mean(axis=1) / error
            p = np.fmin(p, stats.t.sf(t, look - 1))
        smallest.append(p)
    return np.concatenate(smallest)


def _rounded_down(level: float) -> float:
    return math.floor(level * 1e5) / 1e5


def calibrate(simulations: int, seed: int) -> dict[str, Any]:
    """Levels for every schedule of looks, and the error rates that they give for each population."""
    results = read_seed_results()
    everything = populations(results)
    controlled = populations({arm: values for arm, values in results.items() if not collapses(values)})
    levels: dict[str, dict[str, float]] = {}
    rates: dict[str, dict[str, dict[str, float]]] = {}
    for count in range(2, len(LOOKS) + 1):
        looks = LOOKS[:count]
        smallest = {name: smallest_p_values(values, looks, simulations, seed) for name, values in everything.items()}
        name = looks_name(looks)
        levels[name] = {
            f"{level:g}": _rounded_down(min(float(np.quantile(smallest[one], level)) for one in controlled))
            for level in LEVELS
        }
        rates[name] = {
            f"{level:g}": {
                population: round(float((p <= levels[name][f"{level:g}"]).mean()), 4)
                for population, p in smallest.items()
            }
            for level in LEVELS
        }
    return {
        "made_by": "python -m validate.calibrate",
        "simulations": simulations,
        "seed": seed,
        "levels": levels,
        "not_controlled": sorted(set(everything) - set(controlled)),
        "error_rates": rates,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes ``boundaries.json`` and prints the levels."""
    parser = argparse.ArgumentParser(prog="python -m validate.calibrate", description=__doc__)
    parser.add_argument("--simulations", type=int, default=200_000, help="claims simulated for each population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=BOUNDARIES)
    options = parser.parse_args(arguments)
    found = calibrate(options.simulations, options.seed)
    options.output.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found["levels"], indent=1) + "\n")


if __name__ == "__main__":
    main()
