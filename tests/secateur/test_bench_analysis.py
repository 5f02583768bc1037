"""The bench of the analyses: every analysis is timed, and nothing grows faster than the results."""

import pytest

from secateur.bench.analyses import AnalysisRow, bench_analyses

EVERY = (
    *("growth", "baselines", "contradictions", "genealogy", "heterogeneity", "deflation", "arithmetic", "rigor"),
    *("comparisons", "acceleration", "noise", "table"),
)


def silent(_done: int, _total: int | None, _word: str) -> None:
    """No progress is shown."""


def by_name(rows: list[AnalysisRow]) -> dict[str, AnalysisRow]:
    return {row.what.partition(",")[0]: row for row in rows}


@pytest.mark.slow
def test_every_analysis_is_timed_and_linear() -> None:
    rows = by_name(bench_analyses(6000, 150_000, silent))
    assert set(EVERY) <= set(rows)
    assert all(row.seconds >= 0 and row.megabytes > 50 for row in rows.values())
    # On a busy machine the same work takes up to twice the processor's time; what grows with the square of the results
    # takes four times as much a result.
    assert rows["all"].seconds < 45
    assert rows["all"].megabytes < 900  # of this process, whatever else it holds
    assert all(row.growth is None or row.growth < 3 for row in rows.values())
