"""What the two readings store, and how the view of results shows it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from db import readings, views
from db.findings import finding_id, save_findings
from db.overrides import Anchor, remove_overrides, standing_override
from db.readings import Processing, save_extraction, save_failure, save_tags, unextracted, untagged
from db.records import (
    AbstractClaim,
    Cell,
    Citation,
    Finding,
    Reading,
    Sparsity,
    Table,
    Tag,
    Tags,
    TextNumber,
    Unread,
)
from db.schema import document, override, paper
from db.session import open_database

NOW = datetime(2026, 1, 2, 3, 4, 5)
TABLE = Table(
    0, "tab:main", "Accuracy of ResNet-50", (("Method", "Top-1"), ("RigL", "75.1"), ("SET", "72.9")), "results"
)
TAGS = Tags(
    "core",
    {"core": 0.9, "related": 0.08, "no": 0.02},
    (Tag("structure", "unstructured", 0.8, "abstract", 0, 12, "unstructured"),),
    (AbstractClaim("sparsity", 90, "%", "removed", "90% sparsity", 3, 15),),
)


def a_reading(row: int, value: float) -> Reading:
    method = TABLE.grid[row][0]
    return Reading(
        Cell(0, row, 1, 0, TABLE.grid[row][1], method, "Top-1"),
        method,
        "baseline",
        "top1_accuracy",
        value,
        "%",
        sparsity=Sparsity(0.9, "90%", low=0.895, high=0.905),
    )


def done(stage: str, version: str = "1", sha: str = "aa", paper_version: int = 1) -> Processing:
    return Processing(1, paper_version, stage, version, sha, "done", 0.1, NOW)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_database(tmp_path / "a.db")
    with engine.begin() as connection:
        connection.execute(
            insert(paper).values(
                arxiv_id="1911.11134",
                title="Rigging the Lottery",
                abstract="unstructured sparse training",
                submitted=datetime(2019, 11, 25),
                updated=datetime(2019, 11, 25),
                version=1,
                primary_category="cs.LG",
                added_at=datetime(2026, 1, 1),
                changed_at=datetime(2026, 1, 1),
            )
        )
        connection.execute(
            insert(document).values(
                paper_id=1, version=1, kind="eprint", outcome="stored", url="u", sha256="aa", fetched_at=NOW
            )
        )
    return engine


def content(connection: Connection) -> list[object]:
    tables = ("tag", "abstract_claim", "document_table", "cell", "reading", "citation", "unread")
    return [connection.execute(text(f"SELECT * FROM {name} ORDER BY id")).fetchall() for name in tables]


def test_a_paper_is_tagged_once_by_a_tagger_and_again_by_a_newer_one(engine: Engine) -> None:
    with engine.begin() as connection:
        assert [item.arxiv_id for item in untagged(connection, "1")] == ["1911.11134"]
        save_tags(connection, done("tag"), TAGS)
        assert untagged(connection, "1") == []
        assert len(untagged(connection, "2")) == 1
        frame = views.tags(connection)
        assert frame[frame.facet == "relevance"].value.tolist() == ["core"]
        assert frame[frame.facet == "structure"].quotation.tolist() == ["unstructured"]
        assert views.abstract_claims(connection).value.tolist() == [90.0]
        assert views.papers(connection).relevance.tolist() == ["core"]


def test_a_paper_whose_record_changed_is_tagged_again(engine: Engine) -> None:
    with engine.begin() as connection:
        save_tags(connection, done("tag"), TAGS)
        connection.execute(text("UPDATE paper SET changed_at = '2026-03-01 00:00:00.000000'"))
        assert len(untagged(connection, "1")) == 1


def test_only_core_papers_await_extraction(engine: Engine) -> None:
    with engine.begin() as connection:
        assert unextracted(connection, "1") == []
        save_tags(connection, done("tag"), TAGS)
        assert [item.sha256 for item in unextracted(connection, "1")] == ["aa"]
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1)], [])
        assert unextracted(connection, "1") == []


def test_saving_the_same_reading_twice_changes_nothing(engine: Engine) -> None:
    def save(connection: Connection) -> list[object]:
        save_tags(connection, done("tag"), TAGS)
        left = [Unread("table", "tab:odd", "no rows")]
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1)], [Citation("k", "t")], left)
        return content(connection)

    with engine.begin() as connection:
        assert save(connection) == save(connection)


def test_the_result_is_the_newest_reading_and_cells_keep_their_identity(engine: Engine) -> None:
    with engine.begin() as connection:
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1), a_reading(2, 72.9)], [])
        before = views.results(connection).cell_id.tolist()
        better = replace(a_reading(1, 75.1), dataset="ImageNet")
        save_extraction(connection, done("extract", version="2"), [TABLE], [better], [])
        frame = views.results(connection)
        assert frame.dataset.tolist() == ["ImageNet"]
        assert frame.cell_id.tolist() == before[:1]
        assert len(connection.execute(select(text("1")).select_from(readings.cell)).fetchall()) == 2


def test_an_override_wins_over_every_reader_and_survives_a_new_version(engine: Engine) -> None:
    with engine.begin() as connection:
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1), a_reading(2, 72.9)], [])
        anchor = {"paper_id": 1, "caption": TABLE.caption, "col_text": "Top-1", "author": "a person", "at": NOW}
        connection.execute(insert(override).values(**anchor, row_text="RigL", dataset="ImageNet"))
        connection.execute(insert(override).values(**anchor, row_text="SET", rejected=True))
        save_extraction(
            connection,
            done("extract", sha="bb", paper_version=2),
            [TABLE],
            [a_reading(1, 75.2), a_reading(2, 72.9)],
            [],
        )
        frame = views.results(connection)
        assert frame[["version", "method", "dataset", "value"]].values.tolist() == [[2, "RigL", "ImageNet", 75.2]]


def test_a_corrected_value_ends_when_a_new_version_prints_another_number(engine: Engine) -> None:
    with engine.begin() as connection:
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1)], [])
        anchor = {"paper_id": 1, "caption": TABLE.caption, "row_text": "RigL", "col_text": "Top-1", "text": "75.1"}
        connection.execute(insert(override).values(**anchor, value=11.1, dataset="ImageNet", author="a", at=NOW))
        assert views.results(connection)[["value", "dataset"]].values.tolist() == [[11.1, "ImageNet"]]
        printed = replace(TABLE, grid=(*TABLE.grid[:1], ("RigL", "99.9"), *TABLE.grid[2:]))
        number = a_reading(1, 99.9)
        number = replace(number, cell=replace(number.cell, text="99.9"))
        save_extraction(connection, done("extract", sha="bb", paper_version=2), [printed], [number], [])
        assert views.results(connection)[["value", "dataset"]].values.tolist() == [[99.9, "ImageNet"]]
        here = Anchor("1911.11134", TABLE.caption, "RigL", "Top-1", 0, "99.9")
        assert standing_override(connection, here) is not None
        assert remove_overrides(connection, here) == 1
        assert views.results(connection).dataset.tolist() == [None]


def test_what_could_not_be_read_is_stored_with_its_reason_until_a_reader_can(engine: Engine) -> None:
    with engine.begin() as connection:
        failed = replace(done("extract"), outcome="unread", reason="unbalanced braces")
        save_failure(connection, failed, "document", "main.tex")
        items = views.unread_items(connection)
        assert items[["kind", "locator", "reason"]].values.tolist() == [
            ["document", "1911.11134v1 main.tex", "unbalanced braces"]
        ]
        save_extraction(connection, done("extract", version="2"), [TABLE], [a_reading(1, 75.1)], [])
        assert views.unread_items(connection).empty


def test_what_an_older_version_left_unread_is_gone_when_a_newer_one_is_read(engine: Engine) -> None:
    with engine.begin() as connection:
        save_failure(connection, replace(done("tag"), outcome="unread", reason="odd"), "record", "abstract")
        save_failure(connection, replace(done("extract"), outcome="unread", reason="odd"), "document", "main.tex")
        save_tags(connection, done("tag", version="2"), TAGS)
        newer = done("extract", sha="bb", paper_version=2)
        save_extraction(connection, newer, [TABLE], [a_reading(1, 75.1)], [])
        assert views.unread_items(connection).empty


def test_sparsity_keeps_what_was_printed_and_its_interval(engine: Engine) -> None:
    with engine.begin() as connection:
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1)], [])
        row = views.results(connection).iloc[0]
        assert (row.sparsity, row.sparsity_printed, row.sparsity_of, row.sparsity_low) == (0.9, "90%", "weights", 0.895)
        assert row.assumed == []
        assert row.compression != row.compression  # not stated


def test_numbers_of_the_text_are_those_of_the_newest_reading(engine: Engine) -> None:
    number = TextNumber(
        "Results", "RigL reaches 75.4%.", "75.4", 75.4, "%", ("tab:main",), refers=False, in_tables=False
    )
    with engine.begin() as connection:
        bold = replace(a_reading(1, 75.1), bold=True)
        save_extraction(connection, done("extract"), [TABLE], [bold, a_reading(2, 72.9)], [], (), [number])
        shown = views.text_numbers(connection, "1911.11134").iloc[0]
        assert (shown.printed, shown.value, shown.tables, shown.refers) == ("75.4", 75.4, ["tab:main"], False)
        assert views.results(connection).bold.tolist() == [True, False]
        save_extraction(connection, done("extract", version="2"), [TABLE], [a_reading(1, 75.1)], [])
        assert views.text_numbers(connection).empty
        assert views.results(connection).bold.tolist() == [False]


def test_a_finding_keeps_its_state_while_it_is_raised_and_is_marked_gone_after(engine: Engine) -> None:
    with engine.begin() as connection:
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1), a_reading(2, 72.9)], [])
        cells = tuple(views.results(connection).cell_id)
        found = Finding("contradiction", cells, "question", "differs by 2.2", 2.2, papers=("1911.11134",))
        assert save_findings(connection, [found], NOW).added == 1
        connection.execute(text("UPDATE finding SET state = 'explained'"))
        assert save_findings(connection, [replace(found, cells=cells[::-1])], NOW).kept == 1
        assert views.findings(connection).state.tolist() == ["explained"]
        assert views.findings(connection).id.tolist() == [finding_id("contradiction", cells)]
        assert save_findings(connection, [], NOW).gone == 1
        assert views.findings(connection).empty


def test_status_counts_everything(engine: Engine) -> None:
    with engine.begin() as connection:
        save_tags(connection, done("tag"), TAGS)
        save_extraction(connection, done("extract"), [TABLE], [a_reading(1, 75.1)], [])
        counts = dict(views.status(connection).itertuples(index=False))
        assert counts["papers"] == 1
        assert counts["relevance core"] == 1
        assert counts["results"] == 1
        assert counts["stage extract done"] == 1


def test_of_a_paper_stored_in_several_forms_its_source_is_read_else_its_page(engine: Engine) -> None:
    with engine.begin() as connection:
        save_tags(connection, done("tag"), TAGS)
        page = {"paper_id": 1, "version": 1, "kind": "html", "outcome": "stored", "url": "u", "fetched_at": NOW}
        connection.execute(insert(document).values(**page, sha256="bb", media_type="html"))
        assert [(item.sha256, item.kind) for item in unextracted(connection, "1")] == [("aa", "eprint")]
        connection.execute(text("UPDATE document SET media_type = 'pdf' WHERE kind = 'eprint'"))
        assert [(item.sha256, item.kind) for item in unextracted(connection, "1")] == [("bb", "html")]
        connection.execute(text("UPDATE document SET outcome = 'no_source', sha256 = NULL WHERE kind = 'eprint'"))
        assert [(item.sha256, item.kind) for item in unextracted(connection, "1")] == [("bb", "html")]
