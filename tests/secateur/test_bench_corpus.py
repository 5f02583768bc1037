"""The measurement of the corpus counts what was done, and nothing that could not be read."""

from pathlib import Path

import pytest

from secateur.bench.corpus import NothingToMeasureError, bench_corpus


def test_each_number_is_measured_against_its_goal() -> None:
    rows = bench_corpus(lambda _done, _total, _word: None, seconds=0.2, memory_papers=20)
    assert [row.what for row in rows] == [
        "abstracts tagged, as a night brings them",
        "abstracts tagged, most on pruning",
        "e-prints read and extracted",
        *["highest memory so far"] * 3,
        "memory growth after the first tenth",
    ]
    assert [row.papers for row in rows[3:]] == [2, 10, 20, 20]
    assert rows[3].value <= rows[4].value <= rows[5].value
    assert all(row.papers > 0 for row in rows)
    assert all(row.value > 0 for row in rows[:3])
    assert [row.met for row in rows[:3]] == [row.value >= row.goal for row in rows[:3]]


def test_e_prints_of_ones_own_are_read(shared: Path) -> None:
    rows = bench_corpus(lambda _done, _total, _word: None, seconds=0.2, folder=shared / "data" / "gold" / "tex_dev")
    assert rows[-1].papers > 0


def test_a_folder_without_papers_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(b"\x00\x01")
    with pytest.raises(NothingToMeasureError):
        bench_corpus(lambda _done, _total, _word: None, seconds=0.1, folder=tmp_path)
