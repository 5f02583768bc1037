"""A paper whose e-print is hostile or odd is read or refused by itself; every other paper is read as if it were not."""

import ast
import gzip
import io
import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.session import open_database
from ingest.archive import unpack
from ingest.fulltext import FileStore, fetch
from ingest.harvest import harvest
from ingest.http import PoliteClient
from ingest.replica.server import Replica
from secateur.demo.literature import write_literature
from secateur.stages import extract_papers, tag_papers

NOW = datetime(2026, 11, 22, 3, 0, 0)
GIB = 2**30
Content = dict[str, list[str]]


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for member, data in members:
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def member_of_two_gigabytes(tex: bytes, block: bytes) -> bytes:
    """A tar whose second member has 2 GiB of blocks; each block is packed once, as a gzip member of its own."""
    big = member("figure.eps")
    big.size = 2 * GIB
    whole = tar((member("main.tex"), tex))[: 1024 + -(-len(tex) // 512) * 512 - 512] + big.tobuf()
    return gzip.compress(whole) + gzip.compress(block, 6) * (2 * GIB // len(block)) + gzip.compress(bytes(1024))


def half_packing_block() -> bytes:
    """A mebibyte that packs to a hundredth: no bomb by its ratio."""
    return (bytes(range(256)) * 40).ljust(2**20, b"%")


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "../": (lambda tex: gzip.compress(tar((member("main.tex"), tex), (member("../evil.tex"), tex))), "leads out"),
    "absolute path": (lambda tex: gzip.compress(tar((member("/etc/evil.tex"), tex))), "leads out"),
    "symbolic link": (
        lambda tex: gzip.compress(tar((member("main.tex"), tex), (member("a", tarfile.SYMTYPE, "/etc/passwd"), b""))),
        "is a link",
    ),
    "hard link": (
        lambda tex: gzip.compress(tar((member("main.tex"), tex), (member("a", tarfile.LNKTYPE, "main.tex"), b""))),
        "is a link",
    ),
    "device": (lambda tex: gzip.compress(tar((member("main.tex", tarfile.CHRTYPE), b""))), "no plain file"),
    "gzip bomb": (lambda tex: gzip.compress(tar((member("main.tex"), tex))) + gzip.compress(bytes(GIB // 8)), "times"),
    "member of 2 GB": (lambda tex: member_of_two_gigabytes(tex, half_packing_block()), "unpacks to more than"),
    "truncated": (lambda tex: gzip.compress(tex)[:-30], "truncated"),
    "damaged": (lambda tex: gzip.compress(tex)[:100] + b"\0\0\0\0" + gzip.compress(tex)[104:], "damaged"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("literature") / "arxiv"
    write_literature(folder, seed=5, papers=14, until=date(2026, 11, 1))
    return folder


def read_all(folder: Path, place: Path, content_of: Callable[[Engine], Content]) -> Content:
    """Harvest, tag, fetch and extract a folder into a new database and say what is in it."""
    engine = open_database(place / "a.db")
    store = FileStore(place / "files")
    with Replica(folder) as replica, PoliteClient("tests", place / "state", replica.url) as client:
        harvest(engine, client, sets=[""], now=NOW)
        tag_papers(engine, lambda: NOW)
        fetch(engine, client, store, now=NOW)
        extract_papers(engine, store, lambda: NOW)
    found = content_of(engine)
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def undisturbed(folder: Path, tmp_path_factory: pytest.TempPathFactory, content_of: Any) -> Content:
    return read_all(folder, tmp_path_factory.mktemp("undisturbed"), content_of)


@pytest.fixture(scope="module")
def victim(folder: Path, undisturbed: Content) -> Path:
    """The e-print of a paper that was read and gave results."""
    return next(
        path
        for path in sorted((folder / "src").glob("*.tar.gz"))
        if any(path.name.removesuffix(".tar.gz") in row for row in undisturbed["reading"])
    )


@pytest.fixture
def spoilt(folder: Path, victim: Path, tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Gives the folder with other bytes as the victim's e-print."""
    copy = tmp_path / "arxiv"
    shutil.copytree(folder, copy)

    def put(data: bytes) -> Path:
        (copy / "src" / victim.name).write_bytes(data)
        return copy

    yield put
    shutil.rmtree(copy)


def root_file(victim: Path) -> bytes:
    files = unpack(victim.read_bytes())
    return next(data for name, data in files.items() if b"\\documentclass" in data)


def others(content: Content, victim: Path) -> Content:
    name = victim.name.removesuffix(".tar.gz")
    return {table: [row for row in rows if name not in row] for table, rows in content.items()}


@pytest.mark.parametrize(("make", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_archive_is_unread_with_its_reason_and_costs_no_other_paper_anything(
    make: Callable[[bytes], bytes],
    reason: str,
    spoilt: Callable[[bytes], Path],
    victim: Path,
    undisturbed: Content,
    tmp_path: Path,
    content_of: Callable[[Engine], Content],
) -> None:
    found = read_all(spoilt(make(root_file(victim))), tmp_path, content_of)
    assert others(found, victim) == others(undisturbed, victim)
    name = victim.name.removesuffix(".tar.gz")
    (unread,) = (row for row in found["unread"] if name in row)
    assert reason in unread
    assert not [row for row in found["reading"] if name in row]
    assert [row for row in found["tag"] if name in row] == [row for row in undisturbed["tag"] if name in row]


@pytest.mark.parametrize("encoding", ["latin-1", "broken UTF-8"])
def test_tex_that_is_no_utf_8_gives_the_same_results(
    encoding: str,
    spoilt: Callable[[bytes], Path],
    victim: Path,
    tmp_path: Path,
    content_of: Callable[[Engine], Content],
) -> None:
    comment = {"latin-1": "% Gödel".encode("latin-1"), "broken UTF-8": b"% G\xc3 \xe2\x82 \xff"}[encoding]
    files = unpack(victim.read_bytes())
    for place, mark in (("plain", b"% Goedel"), ("odd", comment)):
        changed = {
            name: data.replace(b"\\begin{document}", mark + b"\n\\begin{document}") for name, data in files.items()
        }
        (tmp_path / place).mkdir()
        packed = gzip.compress(tar(*[(member(name), data) for name, data in changed.items()]))
        found = read_all(spoilt(packed), tmp_path / place, content_of)
        results = [
            {name: value for name, value in reading.items() if name not in ("cell_id", "processing_id")}
            for reading in map(readable, found["reading"])
        ]
        if place == "plain":
            expected = results
    assert expected
    assert results == expected


def readable(row: str) -> dict[str, Any]:
    columns: dict[str, Any] = ast.literal_eval(row)
    return columns
