"""Frames out of queries: each column as its type asks, repeated values kept once."""

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, MetaData, String, Table, insert, select

from db.frames import PART, read_frame
from db.session import open_database

thing = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("number", Integer),
    Column("share", Float),
    Column("on", Boolean),
    Column("at", DateTime),
    Column("words", JSON),
    Column("name", String),
)


@pytest.fixture
def frame(tmp_path: Path) -> pd.DataFrame:
    engine = open_database(tmp_path / "a.db")
    at = pd.Timestamp("2020-02-29 12:30:01").to_pydatetime()
    rows = [
        {"id": 1, "number": 1, "share": 0.5, "on": True, "at": at, "words": ["a"], "name": "x"},
        {"id": 2, "number": None, "share": None, "on": False, "at": None, "words": ["b"], "name": None},
        *(
            {"id": 3 + i, "number": i, "share": 1.0, "on": True, "at": at, "words": ["a"], "name": "x"}
            for i in range(PART)
        ),
    ]
    with engine.begin() as connection:
        thing.create(connection)
        connection.execute(insert(thing), rows)
        return read_frame(connection, select(thing).where(thing.c.id.in_(range(1, PART + 1))).order_by(thing.c.id))


def test_columns_are_what_their_types_ask(frame: pd.DataFrame) -> None:
    assert len(frame) == PART
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds == {
        "id": "int64",
        "number": "object",
        "share": "float64",
        "on": "bool",
        "at": "datetime64[us]",
        "words": "object",
        "name": "object",
    }
    assert frame.loc[0, "at"] == pd.Timestamp("2020-02-29 12:30:01")
    assert pd.isna(frame.loc[1, "at"])
    assert frame.loc[1, "number"] is None
    assert frame.loc[1, "name"] is None
    assert pd.isna(frame.loc[1, "share"])
    assert frame["words"].iloc[:3].tolist() == [["a"], ["b"], ["a"]]


def test_values_that_repeat_are_kept_once(frame: pd.DataFrame) -> None:
    assert frame["words"].iloc[0] is frame["words"].iloc[PART - 1]
    assert frame["name"].iloc[0] is frame["name"].iloc[PART - 1]


def test_a_query_without_rows_has_its_columns(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db").begin() as connection:
        thing.create(connection)
        frame = read_frame(connection, select(thing))
    assert frame.empty
    assert list(frame.columns) == [column.name for column in thing.c]
    assert str(frame["at"].dtype) == "datetime64[us]"
