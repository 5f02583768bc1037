"""The data dictionary has words for every table and column, and says where words are missing."""

import pytest
import yaml
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, inspect, text

from db import dictionary
from db.dictionary import UndescribedError, data_dictionary
from db.schema import RESULT_VIEW, metadata


def test_every_table_and_column_has_words_of_its_own_or_shared_ones() -> None:
    described = {table.name: table for table in data_dictionary()}
    assert set(described) == {*metadata.tables, "result"}
    for name, table in metadata.tables.items():
        assert [column.name for column in described[name].columns] == [column.name for column in table.columns]
    assert all(column.description.strip() for table in described.values() for column in table.columns)


def test_the_view_of_results_is_described_as_a_database_has_it() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text(RESULT_VIEW.format(false="0")))
        shown = [column["name"] for column in inspect(connection).get_columns("result")]
    described = next(table for table in data_dictionary() if table.name == "result")
    assert [column.name for column in described.columns] == shown


def test_no_words_are_left_of_tables_and_columns_that_are_gone() -> None:
    words = yaml.safe_load(dictionary.WORDS.read_text())
    columns = {name: {column.name for column in table.columns} for name, table in metadata.tables.items()}
    described = next(table for table in data_dictionary() if table.name == "result")
    columns["result"] = {column.name for column in described.columns}
    assert set(words["tables"]) <= set(columns)
    for name, table in words["tables"].items():
        assert set(table.get("columns", {})) <= columns[name], name
    assert set(words["everywhere"]) <= set().union(*columns.values())


@pytest.mark.parametrize(("comment", "missing"), [(None, "the table leaf"), ("a leaf", r"the column leaf\.colour")])
def test_what_has_no_words_is_refused_with_where_to_put_them(
    comment: str | None, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = MetaData()
    Table("leaf", grown, Column("colour", Integer), comment=comment)
    monkeypatch.setattr(dictionary, "metadata", grown)
    with pytest.raises(UndescribedError, match=rf"{missing} .*db/schema\.py"):
        data_dictionary()
