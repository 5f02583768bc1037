"""The bulk snapshot is loaded as a stream, goes on where it was killed, and says what it could not read."""

import gzip
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest import snapshot_lines
from ingest.harvest import HarvestSummary, harvest
from ingest.http import PoliteClient
from ingest.replica.server import Replica
from ingest.snapshot import load_snapshot
from ingest.snapshot_lines import (
    BrokenSnapshotError,
    NotASnapshotError,
    Position,
    read_batches,
    read_beside,
    read_line,
)

NOW = datetime(2026, 11, 22, 3, 0, 0)
CONTENT = ("paper", "version", "author", "category", "change")


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def content(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows(engine, f"SELECT * FROM {name} ORDER BY 1, 2") for name in CONTENT}


def line(number: int, **fields: object) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"2003.{number:05}",
        "submitter": "Ada Lee",
        "authors": "Ada Lee, Bo Roy and Cy Diaz",
        "title": f"Pruning networks,\n  part {number}",
        "comments": None,
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": "cs.LG stat.ML",
        "license": None,
        "abstract": f"  We prune network {number}.\n",
        "versions": [
            {"version": "v1", "created": "Fri, 6 Mar 2020 05:06:12 GMT"},
            {"version": "v2", "created": "Mon, 11 Jan 2021 20:31:27 GMT"},
        ],
        "update_date": "2021-01-12",
        "authors_parsed": [["Lee", "Ada", ""], ["Roy", "Bo", ""], ["Diaz", "Cy", ""]],
    }
    return {**item, **fields}


def written(path: Path, lines: list[Any]) -> Path:
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in lines)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "snapshot.json", [line(number) for number in range(1, 26)])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_lines, "BATCH_LINES", 10)


def test_arxivs_own_sample_is_read_as_arxiv_has_it(shared: Path, engine: Engine) -> None:
    sample = shared / "data" / "arxiv" / "kaggle" / "arxiv-metadata-oai-snapshot.sample.jsonl"
    assert load_snapshot(engine, sample, now=NOW).added == 1
    assert rows(engine, "SELECT arxiv_id, submitted, updated, version, primary_category, datestamp FROM paper") == [
        ("2101.11408", "2021-01-11 20:31:27.000000", "2021-01-30 23:57:29.000000", 2, "cs.DS", "2022-11-07")
    ]
    assert rows(engine, "SELECT name FROM author") == [("Daniel Lemire",)]


def test_gzip_and_zip_give_the_same_as_the_plain_file(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "any-name"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.write(file, "arxiv-metadata-oai-snapshot.json")
        writing.writestr("README.md", "about")
    plain = [batch.records for batch in read_batches(file, Position())]
    assert len(plain[0]) == 25
    for path in (packed, archive):
        assert [batch.records for batch in read_batches(path, Position())] == plain


def test_a_process_of_its_own_reads_the_same(file: Path) -> None:
    assert list(read_beside(file, Position())) == list(read_batches(file, Position()))
    with pytest.raises(FileNotFoundError):
        list(read_beside(file.with_name("absent"), Position()))


def test_a_paper_can_be_searched_after_a_load_of_any_size(tmp_path: Path, engine: Engine) -> None:
    many = written(tmp_path / "many.json", [line(number, title=f"Word{number}") for number in range(1, 1201)])
    load_snapshot(engine, many, now=NOW)
    for number in (1, 700, 1200):
        found = f"SELECT rowid FROM paper_search WHERE paper_search MATCH 'word{number}'"
        assert len(rows(engine, found)) == 1
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO paper_search(paper_search, rank) VALUES ('integrity-check', 1)")
        connection.exec_driver_sql("UPDATE paper SET title = 'Otherwise' WHERE arxiv_id = '2003.00700'")
        connection.exec_driver_sql("INSERT INTO paper_search(paper_search, rank) VALUES ('integrity-check', 1)")


def test_a_second_load_of_the_same_file_changes_nothing(file: Path, engine: Engine) -> None:
    load_snapshot(engine, file, now=NOW)
    before = content(engine)
    assert load_snapshot(engine, file, now=NOW.replace(day=23)) == HarvestSummary(pages=1, records=25)
    assert content(engine) == before


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_load_that_was_killed_goes_on_where_it_stopped(
    file: Path, engine: Engine, pack: Callable[[bytes], bytes]
) -> None:
    file.write_bytes(pack(file.read_bytes()))

    def killed(_read: int, _total: int, done: HarvestSummary) -> None:
        if done.pages == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_snapshot(engine, file, now=NOW, progress=killed)
    assert rows(engine, "SELECT state, records FROM harvest_run") == [("running", 20)]
    assert load_snapshot(engine, file, now=NOW).records == 5
    assert rows(engine, "SELECT state, records, resumption_token FROM harvest_run") == [("done", 25, None)]
    assert rows(engine, "SELECT count(DISTINCT arxiv_id) FROM paper") == [(25,)]


@pytest.mark.usefixtures("small_batches")
def test_a_file_that_was_changed_meanwhile_is_read_from_its_beginning(file: Path, engine: Engine) -> None:
    def killed(_read: int, _total: int, _done: HarvestSummary) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_snapshot(engine, file, now=NOW, progress=killed)
    written(file, [line(number) for number in range(100, 115)])
    assert load_snapshot(engine, file, now=NOW).records == 15


@pytest.mark.usefixtures("small_batches")
def test_progress_tells_the_bytes_of_the_packed_file(file: Path, engine: Engine) -> None:
    file.write_bytes(gzip.compress(file.read_bytes()))
    told: list[tuple[int, int]] = []
    load_snapshot(engine, file, now=NOW, progress=lambda read, total, _done: told.append((read, total)))
    assert told[-1] == (file.stat().st_size, file.stat().st_size)
    assert len(told) == 3


@pytest.mark.parametrize(
    ("bad", "locator", "reason"),
    [
        ("{", "snapshot.json:2", "Expecting property name"),
        ("[1]", "snapshot.json:2", "no JSON object"),
        (line(2, id="cats"), "snapshot.json:2", "no arXiv identifier"),
        (line(2, title=" "), "oai:arXiv.org:2003.00002", "no title"),
        (line(2, versions=[]), "oai:arXiv.org:2003.00002", "no version"),
        (line(2, versions=[{"version": "v1"}]), "oai:arXiv.org:2003.00002", "created"),
        (line(2, versions=None), "oai:arXiv.org:2003.00002", "NoneType"),
        (line(2, versions=[{"version": "v1", "created": "soon"}]), "oai:arXiv.org:2003.00002", "no date"),
        (line(2, categories=""), "oai:arXiv.org:2003.00002", "category"),
        (line(2, title=7), "oai:arXiv.org:2003.00002", "int"),
        (line(2, update_date=None), "oai:arXiv.org:2003.00002", "isoformat"),
    ],
)
def test_a_malformed_line_is_unread_and_the_others_are_stored(
    tmp_path: Path, engine: Engine, bad: Any, locator: str, reason: str
) -> None:
    path = written(tmp_path / "snapshot.json", [line(1), bad, line(3)])
    summary = load_snapshot(engine, path, now=NOW)
    assert (summary.added, summary.unread) == (2, 1)
    (kind, place, why) = rows(engine, "SELECT kind, locator, reason FROM unread")[0]
    assert (kind, place) == ("record", locator)
    assert reason in why


def test_a_line_of_millions_of_bytes_is_passed_over(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_lines, "MAX_LINE_BYTES", 2000)
    path = written(tmp_path / "snapshot.json", [line(1), line(2, abstract="long " * 5000), line(3)])
    summary = load_snapshot(engine, path, now=NOW)
    assert (summary.added, summary.unread) == (2, 1)
    assert list(read_batches(path, Position()))[-1].end == Position(path.stat().st_size, 3)


def test_a_file_of_something_else_is_refused_in_one_sentence(tmp_path: Path, engine: Engine) -> None:
    table = written(tmp_path / "table.csv", ["id,title"] * 300)
    with pytest.raises(NotASnapshotError, match="no snapshot of arXiv's metadata"):
        load_snapshot(engine, table, now=NOW)
    empty = written(tmp_path / "empty.json", [])
    with pytest.raises(NotASnapshotError, match="empty"):
        load_snapshot(engine, empty, now=NOW)
    assert rows(engine, "SELECT count(*) FROM unread") == [(0,)]


@pytest.mark.usefixtures("small_batches")
def test_what_stands_before_the_break_of_a_packed_file_is_stored(
    file: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_lines, "_BUFFER_BYTES", 512)
    whole = gzip.compress(
        "".join(json.dumps(line(n, abstract=str(hash(n)) * 40)) + "\n" for n in range(1, 99)).encode()
    )
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenSnapshotError, match="get the file again"):
        load_snapshot(engine, file, now=NOW)
    assert 0 < rows(engine, "SELECT count(*) FROM paper")[0][0] < 98


def test_names_apart_stand_in_for_a_missing_line_of_authors() -> None:
    item = line(1, authors=None, authors_parsed=[["Le Roy", "Bo", "Jr"], ["Lee", "Ada", ""]])
    record = read_line(json.dumps(item).encode(), "here")
    assert record is not None
    assert record.authors == ("Bo Le Roy, Jr", "Ada Lee")  # type: ignore[union-attr]  # the line is good


@pytest.fixture
def replica(arxiv_folder: Callable[..., Path], metadata_line: Callable[..., Any], clock: Any) -> Iterator[Replica]:
    folder = arxiv_folder(
        metadata_line("2003.00001", version=1, is_current=0, created="2020-03-06 05:06:12"),
        metadata_line(
            "2003.00001",
            version=2,
            created="2021-01-11 20:31:27",
            title="Pruning networks, part 1",
            abstract="We prune network 1.",
            modtime=int(datetime(2021, 1, 12).timestamp()),
            license=None,
        ),
    )
    with Replica(folder, now=clock.now) as server:
        yield server


def test_oai_completes_what_the_snapshot_does_not_state_and_calls_it_no_change(
    tmp_path: Path, engine: Engine, replica: Replica, connect: Callable[..., PoliteClient]
) -> None:
    load_snapshot(engine, written(tmp_path / "a.json", [line(1, submitter=None)]), now=NOW)
    assert rows(engine, "SELECT size FROM version") == [("",), ("",)]
    harvest(engine, connect(replica.url), sets=[""], from_date=date(2021, 1, 1), now=NOW)
    assert rows(engine, "SELECT field, before, after FROM change WHERE field = 'versions'") == []
    sizes = rows(engine, "SELECT size, source_type FROM version")
    assert all(size for size, _ in sizes)
    load_snapshot(engine, written(tmp_path / "b.json", [line(1, submitter=None)]), now=NOW)
    assert rows(engine, "SELECT size, source_type FROM version") == sizes


def test_the_first_harvest_after_a_snapshot_goes_on_from_its_newest_day(
    file: Path,
    engine: Engine,
    arxiv_folder: Callable[..., Path],
    metadata_line: Callable[..., Any],
    clock: Any,
    connect: Callable[..., PoliteClient],
) -> None:
    with Replica(arxiv_folder(metadata_line("2003.03033")), now=clock.now) as server:
        load_snapshot(engine, file, base_url=server.url, now=NOW)
        harvest(engine, connect(server.url), sets=["cs:cs:LG"], now=clock.now())
        assert "from=2021-01-10" in server.log[0].target
