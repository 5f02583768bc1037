"""A person's corrections: checked, shown over every reading, and kept through new readers and new versions."""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.session import open_database
from ingest.fulltext import FileStore, fetch
from ingest.harvest import harvest
from ingest.http import PoliteClient
from ingest.replica.server import Replica
from secateur import stages
from secateur.cli import main
from secateur.stages import extract_papers, tag_papers

PAPER = "1812.90007"
LATER = datetime.now(UTC).replace(tzinfo=None)
"""The replica lives by the clock of the machine."""
AMC, OURS, BASE = ("--row", "3", "--col", "2"), ("--row", "4", "--col", "2"), ("--row", "2", "--col", "1")


@dataclass(frozen=True)
class CommandLine:
    """The command line on one database."""

    folder: Path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["--db", str(self.folder / "a.db"), *arguments])
        return int(left.value.code or 0), out.getvalue(), err.getvalue()

    def __call__(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return json.loads(out) if out else None

    def values(self, row: int, col: int, *names: str) -> list[Any]:
        """Fields of the result in one cell of the main table; empty if the cell is no result."""
        sql = f"select {', '.join(names)} from result where arxiv_id = '{PAPER}' and row = {row} and col = {col}"
        return [tuple(found.values()) for found in self("query", sql)]


@pytest.fixture
def secateur(own_corpus: Path) -> CommandLine:
    return CommandLine(own_corpus)


@pytest.fixture
def corrected(secateur: CommandLine) -> CommandLine:
    """With a data set corrected, one of two rows with the same words given a sparsity, and a number rejected."""
    secateur("override", PAPER, "--table", "tab:main", *AMC, "--set", "dataset=CIFAR-10.1")
    secateur("override", PAPER, "--table", "tab:main", *OURS, "--set", "sparsity=0.42", "--note", "section 4")
    secateur("override", PAPER, "--table", "0", *BASE, "--reject", "--author", "A. Reader")
    return secateur


def shown(secateur: CommandLine, shift: int = 0) -> list[list[Any]]:
    """What the three corrections and the row below them come to, in a table whose rows moved down."""
    return [
        secateur.values(3 + shift, 2, "dataset"),
        secateur.values(4 + shift, 2, "sparsity", "sparsity_low"),
        secateur.values(5 + shift, 2, "sparsity", "sparsity_low"),
        secateur.values(2 + shift, 1, "value"),
    ]


RIGHT = [[("CIFAR-10.1",)], [(0.42, 0.42)], [(None, None)], []]


def test_a_correction_is_shown_and_says_what_it_changed(secateur: CommandLine) -> None:
    changed = secateur("override", PAPER, "--table", "tab:main", *AMC, "--set", "dataset=CIFAR-10.1")
    assert [(row["text"], row["field"], row["read"], row["corrected"]) for row in changed] == [
        ("93.10", "dataset", "CIFAR-10", "CIFAR-10.1")
    ]
    assert secateur.values(3, 2, "dataset", "value") == [("CIFAR-10.1", 93.1)]
    secateur("override", PAPER, "--table", "tab:main", *AMC, "--set", "value=93.2", "--set", "modifiers=KD; long")
    assert secateur.values(3, 2, "dataset", "value", "modifiers") == [("CIFAR-10.1", 93.2, '["KD", "long"]')]
    secateur("override", PAPER, "--table", "tab:main", *AMC, "--undo")
    assert secateur.values(3, 2, "dataset", "value") == [("CIFAR-10", 93.1)]


def test_of_rows_with_the_same_words_only_the_one_named_is_corrected(corrected: CommandLine) -> None:
    assert shown(corrected) == RIGHT


def test_corrections_survive_a_new_reader(corrected: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "READER_VERSION", "a later one")
    engine = open_database(corrected.folder / "a.db")
    read = extract_papers(engine, FileStore(corrected.folder / "files"), lambda: LATER)
    engine.dispose()
    assert read.read > 30
    assert shown(corrected) == RIGHT


def new_version(folder: Path, change: Callable[[str], str]) -> None:
    """Give the paper a second version in a replica's folder."""
    metadata = folder / "metadata.jsonl"
    rows = [json.loads(line) for line in metadata.read_text().splitlines()]
    (first,) = [row for row in rows if row["paper_id"] == PAPER]
    moment = datetime.now(UTC) - timedelta(hours=1)
    day = f"{moment:%Y-%m-%d %H:%M:%S}"
    second = first | {"version": 2, "created": day, "updated": day, "modtime": int(moment.timestamp())}
    first["is_current"] = 0
    metadata.write_text("".join(json.dumps(row) + "\n" for row in [*rows, second]))
    archive = folder / "src" / f"{PAPER}.tar.gz"
    with tarfile.open(archive) as old:
        sources = {name: old.extractfile(name).read() for name in old.getnames()}  # type: ignore[union-attr]  # files only
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as new:
        for name, source in sources.items():
            data = change(source.decode()).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    archive.write_bytes(gzip.compress(packed.getvalue()))


def test_corrections_survive_a_new_version_with_another_number_and_another_row(
    corrected: CommandLine, read_corpus: Path, tmp_path: Path
) -> None:
    arxiv = tmp_path / "arxiv"
    shutil.copytree(read_corpus / "arxiv", arxiv)

    def change(tex: str) -> str:
        first = r"CP~\citep{channelpruning2017} & 93.57"
        assert first in tex
        return tex.replace("93.10", "93.11").replace(
            first, r"Random & 93.57 & 90.00 & $-3.57$ & 52.5 \\" + "\n" + first
        )

    new_version(arxiv, change)
    engine = open_database(corrected.folder / "a.db")
    store = FileStore(corrected.folder / "files")
    with Replica(arxiv) as replica, PoliteClient("tests", tmp_path / "state", replica.url) as client:
        assert harvest(engine, client, sets=[""], now=LATER).changed == 1
        tag_papers(engine, lambda: LATER)
        fetch(engine, client, store, now=LATER)
    extract_papers(engine, store, lambda: LATER)
    engine.dispose()
    assert corrected.values(4, 2, "version", "value") == [(2, 93.11)]
    assert shown(corrected, shift=1) == RIGHT


def test_the_list_is_a_file_of_corrections(corrected: CommandLine, read_corpus: Path, tmp_path: Path) -> None:
    listed = corrected("override", "list")
    assert [(item["set"], item["reject"], item["cells"]) for item in listed] == [
        ({"dataset": "CIFAR-10.1"}, False, 1),
        ({"sparsity": 0.42, "sparsity_low": 0.42, "sparsity_high": 0.42}, False, 1),
        ({}, True, 1),
    ]
    assert listed[0]["read"] == {"dataset": "CIFAR-10"}
    assert [item["agrees"] for item in listed] == [False, False, None]
    file = tmp_path / "overrides.yaml"
    file.write_text(json.dumps(listed))
    assert corrected("import", "overrides", str(file)) == [{"stored": 0, "same": 3, "without a number": 0}]
    for row, col in ((3, 2), (4, 2), (2, 1)):
        place = ("--row", str(row), "--col", str(col))
        corrected("override", PAPER, "--table", "tab:main", *place, "--undo")
    assert corrected("override", "list") == []
    assert corrected("import", "overrides", str(file)) == [{"stored": 3, "same": 0, "without a number": 0}]
    assert shown(corrected) == RIGHT
    assert corrected("override", "list") == listed


def test_a_correction_that_meets_no_number_is_stored_and_said(secateur: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "overrides.yaml"
    file.write_text(
        f"- {{paper: '{PAPER}', caption: gone, row_text: X, col_text: Y, author: me, set: {{dataset: MNIST}}}}\n"
    )
    code, out, err = secateur.run("import", "overrides", str(file))
    assert (code, json.loads(out)) == (0, [{"stored": 1, "same": 0, "without a number": 1}])
    assert "no number read stands at 'X', 'Y'" in err
    assert [item["cells"] for item in secateur("override", "list")] == [0]


def broken(**fields: Any) -> str:
    entry = {"paper": PAPER, "caption": "c", "row_text": "r", "col_text": "d", "author": "me", "set": {"value": 1}}
    return json.dumps([entry, entry | fields])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (broken(set={"sparsty": 0.5}), "entry 2: set.sparsty: there is no such field"),
        (broken(set={"sparsity": 80}), "entry 2: set.sparsity: Input should be less than or equal to 1"),
        (broken(set={"role": "hero"}), "one of proposed, baseline, dense"),
        (broken(set={"metric": "acc"}), "'acc' is no metric"),
        (broken(set={}), "either sets fields or rejects"),
        (broken(reject=True), "either sets fields or rejects"),
        (broken(author=""), "entry 2: author"),
        (broken(paper=1812.90007), "in quotes"),
        (broken(paper="2001.00001"), "not in the corpus"),
        ("- [", "is no YAML"),
        ("paper: '1812.90007'", "is a list of entries"),
        ("\x00\xff", "overrides.yaml"),
    ],
)
def test_a_wrong_file_is_refused_whole_in_one_line(
    secateur: CommandLine, tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "overrides.yaml"
    file.write_bytes(content.encode("latin-1"))
    code, out, err = secateur.run("import", "overrides", str(file))
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert words in err
    assert secateur("override", "list") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--table", "tab:none", *AMC, "--reject"], "there are tab:main (0)"),
        (["--table", "tab:main", "--row", "99", "--col", "2", "--reject"], "its results stand in rows"),
        (["--table", "tab:main", *AMC], "--set FIELD=VALUE, --reject or --undo"),
        (["--table", "tab:main", *AMC, "--set", "value=1", "--reject"], "--set FIELD=VALUE, --reject or --undo"),
        (["--table", "tab:main", *AMC, "--set", "value"], "FIELD=VALUE"),
        (["--table", "tab:main", *AMC, "--set", "weight=1"], "weight: no field of a result"),
        (["--table", "tab:main", *AMC, "--set", "dataset="], "dataset"),
        (["--table", "tab:main", *AMC, "--undo"], "nothing was corrected"),
        (["--reject"], "--table, --row and --col"),
    ],
)
def test_a_wrong_correction_is_one_line(secateur: CommandLine, arguments: list[str], words: str) -> None:
    code, out, err = secateur.run("override", PAPER, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert words in err
