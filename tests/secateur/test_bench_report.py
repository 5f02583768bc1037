"""The measurement of the living survey: what it prints of two sizes of corpus, and that time grows with papers only."""

import pytest

from secateur.bench.report import bench_report


@pytest.mark.slow
def test_writing_the_survey_is_measured_and_no_page_is_too_large() -> None:
    said: list[str] = []
    small, large = bench_report((150, 600), said.append)
    assert (small.papers, large.papers) == (150, 600)
    assert large.results > 3 * small.results
    assert large.pages > small.pages > 150
    assert large.largest_page_bytes < 500_000
    assert large.read_seconds + large.write_seconds < 4.5 * (small.read_seconds + small.write_seconds)
    assert said[0] == "150 papers: simulating"
