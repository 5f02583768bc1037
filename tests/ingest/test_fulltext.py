"""E-prints are fetched once a version, stored once a content, and what arXiv cannot give is settled with its reason."""

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.readings import Processing, save_tags
from db.records import Tags
from ingest import fulltext
from ingest.fulltext import (
    FileStore,
    InvalidKeyError,
    RefusedError,
    UnknownPaperError,
    UnwritableStoreError,
    fetch,
)
from ingest.harvest import harvest
from ingest.http import PoliteClient, TrafficStoppedError, UnavailableError
from ingest.replica.faults import Fault
from ingest.replica.server import Replica

Connect = Callable[..., PoliteClient]
TEX = gzip.compress(b"\\documentclass{article}")
ALL = [f"2003.0000{number}" for number in range(1, 8)]


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        info = tarfile.TarInfo("main.tex")
        info.size = 3
        file.addfile(info, io.BytesIO(b"TeX"))
    return buffer.getvalue()


@pytest.fixture
def replica(
    arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]], clock: Any
) -> Iterator[Replica]:
    comment = "This paper has been withdrawn"
    folder = arxiv_folder(
        metadata_line("2003.00001"),
        metadata_line("2003.00002"),
        metadata_line("2003.00003", source_format="pdf"),
        metadata_line("2003.00004", is_withdrawn=1, source_format="withdrawn", comments=comment),
        metadata_line("2003.00005", source_flags="S"),
        metadata_line("2003.00006"),
        metadata_line("2003.00007"),
        metadata_line("cs/0001024"),
    )
    source = folder / "src"
    source.mkdir()
    (source / "2003.00001.tar.gz").write_bytes(tar())
    (source / "2003.00002.gz").write_bytes(TEX)
    (source / "2003.00003.pdf").write_bytes(b"%PDF-1.5\n%%EOF\n")
    (source / "2003.00007.tar.gz").write_bytes(b"%" * 5000)
    (source / "cs_0001024.gz").write_bytes(TEX)
    with Replica(folder, now=clock.now) as replica:
        yield replica


@pytest.fixture
def client(replica: Replica, engine: Engine, connect: Connect, clock: Any) -> PoliteClient:
    client: PoliteClient = connect(replica.url)
    harvest(engine, client, sets=["cs"], now=clock.now())
    return client


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def documents(engine: Engine) -> dict[str, tuple[Any, ...]]:
    query = (
        "SELECT arxiv_id, outcome, media_type, d.bytes, sha256, etag, reason FROM document d "
        "JOIN paper p ON p.id = paper_id AND p.version = d.version WHERE d.kind = 'eprint'"
    )
    with engine.connect() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(query)}


def tag(engine: Engine, at: datetime, **relevances: str) -> None:
    with engine.begin() as connection:
        for arxiv_id, paper_id in connection.exec_driver_sql("SELECT arxiv_id, id FROM paper").all():
            relevance = relevances.get(arxiv_id, "no")
            done = Processing(paper_id, 1, "tag", "1", "x", "done", 0.0, at)
            save_tags(connection, done, Tags(relevance, {}))


def asked(replica: Replica) -> list[str]:
    return [request.target for request in replica.log if not request.target.startswith("/oai")]


def test_each_outcome_is_stored_with_its_reason(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(fulltext, "MAX_EPRINT_BYTES", 4000)
    summary = fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    found = documents(engine)
    assert {name: row[:2] for name, row in found.items()} == {
        "2003.00001": ("stored", "tar+gzip"),
        "2003.00002": ("stored", "tex+gzip"),
        "2003.00003": ("pdf_only", "pdf"),
        "2003.00004": ("withdrawn", ""),
        "2003.00005": ("encrypted", ""),
        "2003.00006": ("no_source", ""),
        "2003.00007": ("too_large", ""),
    }
    assert summary.asked == 7 + 3 + 3
    assert summary.outcomes["stored"] == 2
    assert store.get(found["2003.00002"][3]) == TEX
    assert found["2003.00002"][4].startswith('"sha256:')
    assert all(row[5] for name, row in found.items() if row[0] not in ("stored", "pdf_only"))
    assert asked(replica)[0] == "/src/2003.00001v1"


def test_settled_papers_are_not_asked_for_again_until_a_new_version(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    before = asked(replica)
    assert len(set(before)) == len(before)
    again = fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    assert (again.asked, again.skipped) == (0, 7)
    assert asked(replica) == before
    paper = replica.collection.get("2003.00002")
    assert paper is not None
    second = replace(paper.current, version=2, modtime=int(clock.now().timestamp()), created=clock.now())
    replica.collection.put(replace(paper, versions=(replace(paper.current, is_current=False), second)))
    clock.time += timedelta(days=1)
    harvest(engine, client, sets=["cs"], now=clock.now())
    assert fetch(engine, client, store, arxiv_ids=ALL, now=clock.now()).asked == 1
    assert asked(replica)[-1] == "/src/2003.00002v2"


def test_wanted_are_core_papers_that_are_not_withdrawn(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    assert fetch(engine, client, store, now=clock.now()).asked == 0
    tag(
        engine,
        clock.now(),
        **{"2003.00001": "core", "2003.00002": "related", "2003.00004": "core", "cs/0001024": "core"},
    )
    assert fetch(engine, client, store, limit=1, now=clock.now()).asked == 1
    assert fetch(engine, client, store, now=clock.now()).asked == 1
    assert sorted(asked(replica)) == ["/src/2003.00001v1", "/src/cs/0001024v1"]
    assert fetch(engine, client, store, now=clock.now()).asked == 0


def test_a_failure_is_tried_again_next_time(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    replica.faults.add(*[Fault("status") for _ in range(6)])
    assert fetch(engine, client, store, arxiv_ids=["2003.00001"], now=clock.now()).outcomes == {"failed": 1}
    assert documents(engine)["2003.00001"][0] == "failed"
    assert fetch(engine, client, store, arxiv_ids=["2003.00001"], now=clock.now()).outcomes == {"stored": 1}
    assert documents(engine)["2003.00001"][0] == "stored"


@pytest.mark.parametrize("fault", [Fault("reset"), Fault("html"), Fault("status", retry_after="5")])
def test_faults_on_the_way_do_not_spoil_the_bytes(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any, fault: Fault
) -> None:
    replica.faults.add(fault)
    fetch(engine, client, store, arxiv_ids=["2003.00002"], now=clock.now())
    assert store.get(documents(engine)["2003.00002"][3]) == TEX


def test_a_server_that_is_down_is_left_alone(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    replica.faults.add(*[Fault("status") for _ in range(60)])
    with pytest.raises(UnavailableError, match="three e-prints in a row"):
        fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    assert len(asked(replica)) == 18


def test_refusals_in_a_row_end_the_fetching_and_settle_nothing(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    replica.faults.add(*[Fault("status", match="/src/", status=403) for _ in range(9)])
    with pytest.raises(RefusedError):
        fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    assert len(asked(replica)) == 3
    assert documents(engine) == {}


def test_a_refusal_of_one_paper_is_its_own(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    replica.faults.add(Fault("status", match="00002", status=403))
    fetch(engine, client, store, arxiv_ids=ALL[:3], now=clock.now())
    assert [row[0] for row in documents(engine).values()] == ["stored", "encrypted", "pdf_only"]


def test_a_stop_keeps_what_was_fetched(
    replica: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    replica.faults.add(Fault("status", match="00002", status=429))
    with pytest.raises(TrafficStoppedError):
        fetch(engine, client, store, arxiv_ids=ALL, now=clock.now())
    assert list(documents(engine)) == ["2003.00001"]


def test_an_unknown_paper_is_named(client: PoliteClient, engine: Engine, store: FileStore, clock: Any) -> None:
    with pytest.raises(UnknownPaperError, match=r"1706\.03762"):
        fetch(engine, client, store, arxiv_ids=["arXiv:1706.03762v7", "2003.00001"], now=clock.now())


def test_the_store_keeps_each_content_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path / "files")
    key = store.put(b"content")
    assert store.put(b"content") == key
    assert store.has(key)
    assert store.get(key) == b"content"
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1
    assert not store.has("0" * 64)
    with pytest.raises(FileNotFoundError):
        store.get("0" * 64)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fulltext.os, "replace", fail)
    with pytest.raises(UnwritableStoreError, match=r"No space left on device.*make room"):
        store.put(b"other")
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64])
def test_what_is_no_key_never_becomes_a_path(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidKeyError):
        FileStore(tmp_path).has(key)


def other_forms(engine: Engine) -> list[tuple[Any, ...]]:
    query = (
        "SELECT arxiv_id, d.kind, outcome, media_type FROM document d JOIN paper p ON p.id = paper_id "
        "WHERE d.kind <> 'eprint' ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def with_other_forms(tmp_path: Path, replica: Replica) -> Replica:
    """The replica with an HTML page of a paper whose source is not public, and a PDF of one that has none."""
    for kind, name, body in (
        ("html", "2003.00005.html", b"<html><article class='ltx_document'>text</article></html>"),
        ("pdf", "2003.00006.pdf", b"%PDF-1.5\n%%EOF\n"),
    ):
        (tmp_path / "arxiv" / kind).mkdir()
        (tmp_path / "arxiv" / kind / name).write_bytes(body)
    return replica


def test_a_paper_without_a_source_is_had_as_html_else_as_pdf(
    with_other_forms: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    summary = fetch(engine, client, store, arxiv_ids=ALL[:6], now=clock.now())
    assert other_forms(engine) == [
        ("2003.00005", "html", "stored", "html"),
        ("2003.00006", "html", "no_source", ""),
        ("2003.00006", "pdf", "stored", "pdf"),
    ]
    assert summary.outcomes["html stored"] == summary.outcomes["pdf stored"] == 1
    assert asked(with_other_forms)[-3:] == ["/html/2003.00006v1", "/html/2003.00005v1", "/pdf/2003.00006v1"]
    before = asked(with_other_forms)
    assert fetch(engine, client, store, arxiv_ids=ALL[:6], now=clock.now()).asked == 0
    assert asked(with_other_forms) == before


def test_pages_of_arxiv_are_asked_for_at_longer_intervals(
    with_other_forms: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    fetch(engine, client, store, arxiv_ids=["2003.00005", "2003.00006"], now=clock.now())
    times = [request.at for request in with_other_forms.log if "/html/" in request.target]
    assert (times[1] - times[0]).total_seconds() >= 15


def test_a_fetch_that_was_stopped_before_the_other_forms_asks_for_them_next_time(
    with_other_forms: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any
) -> None:
    assert fetch(engine, client, store, arxiv_ids=["2003.00005"], limit=1, now=clock.now()).asked == 1
    with_other_forms.faults.add(Fault("status", match="/html/", status=429))
    with pytest.raises(TrafficStoppedError):
        fetch(engine, client, store, arxiv_ids=["2003.00005"], now=clock.now())
    clock.time += timedelta(minutes=11)
    fetch(engine, client, store, arxiv_ids=["2003.00005"], now=clock.now())
    assert other_forms(engine) == [("2003.00005", "html", "stored", "html")]


@pytest.mark.parametrize("fault", [Fault("html"), Fault("truncate")], ids=lambda fault: fault.kind)
def test_a_web_page_or_half_a_file_is_no_full_text(
    with_other_forms: Replica, client: PoliteClient, engine: Engine, store: FileStore, clock: Any, fault: Fault
) -> None:
    with_other_forms.faults.add(replace(fault, match="/pdf/"), replace(fault, match="/html/2003.00005"))
    fetch(engine, client, store, arxiv_ids=ALL[:6], now=clock.now())
    assert len(with_other_forms.faults) == 0
    assert [row[2] for row in other_forms(engine)] == ["stored", "no_source", "stored"]
