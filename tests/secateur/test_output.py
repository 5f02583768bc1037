"""Printing rows in every format."""

import csv
import io
import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secateur.output import Format, Progress, default_format, plain, print_rows

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
ROWS = st.lists(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=4), max_size=5)


def printed(rows, wanted: Format, **options) -> str:
    stream = io.StringIO()
    print_rows(rows, wanted, stream=stream, **options)
    return stream.getvalue()


@given(ROWS)
def test_json_and_json_lines_say_the_same(rows) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    whole = json.loads(printed(rows, Format.JSON))
    assert whole == [json.loads(line) for line in printed(rows, Format.JSONL).split("\n") if line]
    assert [list(row) for row in whole] == [names] * len(rows)


@given(ROWS)
def test_csv_has_a_row_for_each(rows) -> None:
    lines = list(csv.reader(io.StringIO(printed(rows, Format.CSV, columns=("a", "b")))))
    assert lines[0] == ["a", "b"]
    assert len(lines) == len(rows) + 1


@given(ROWS)
def test_no_text_is_taken_for_markup_in_a_table(rows) -> None:
    printed(rows, Format.TABLE)
    assert "[bold]x[/bold]" in printed([{"a": "[bold]x[/bold]"}], Format.TABLE)


def test_scalars_of_numpy_and_pandas_are_plain() -> None:
    row = {
        "n": np.int64(3),
        "x": np.float64("nan"),
        "at": pd.Timestamp("2020-01-02"),
        "none": pd.NaT,
        "l": [np.float32(0.5)],
    }
    assert plain(row) == {"n": 3, "x": None, "at": "2020-01-02T00:00:00", "none": None, "l": [0.5]}
    assert plain(datetime(2020, 1, 2)) == "2020-01-02T00:00:00"


def test_an_empty_answer_is_an_empty_array_or_says_so() -> None:
    assert json.loads(printed([], Format.JSON)) == []
    assert printed([], Format.CSV, columns=("a",)) == "a\n"
    assert "nothing to show" in printed([], Format.TABLE)


def test_a_pipe_gets_json() -> None:
    assert default_format(io.StringIO()) is Format.JSON


def test_progress_in_a_log_is_a_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    times = iter([0.0, 1.0, 20.0, 21.0])
    monkeypatch.setattr("secateur.output.time.monotonic", lambda: next(times))
    with Progress("fetch", stream) as progress:
        for done in (1, 2, 3):
            progress(done, 10, "2003.03033")
    assert stream.getvalue() == "fetch: 2 of 10 2003.03033\n"


def test_a_title_cannot_steer_the_terminal() -> None:
    shown = printed([{"title": "a\x1b[31mred\x07"}], Format.TABLE)
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_an_identifier_is_never_broken_over_two_lines() -> None:
    long = "a long title " * 12
    rows = [{"arxiv_id": "2003.03033", "date": "2020-03-06", "title": long, "abstract": long, "score": 1.99501e-06}]
    shown = printed(rows, Format.TABLE)
    assert all(text in shown for text in ("2003.03033", "2020-03-06", "1.99501e-06"))
