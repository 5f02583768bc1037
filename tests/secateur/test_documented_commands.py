"""Every command line that README and docs print is one that Secateur takes, and those that are cheap are run."""

import io
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from corpus.knowledge import load_knowledge
from corpus.knowledge.own import OWN_KNOWLEDGE
from corpus.tagging.lexicon import load_lexicon, with_own_subject
from secateur import Corpus
from secateur.cli import app, main
from validate.claims import load_claims

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "reference"),
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"^[A-Z_]+=\S*$")
ARXIV_ID = re.compile(r"\b\d{4}\.\d{5}\b")
CHEAP = {"acceleration", "baselines", "claims", "comparisons", "growth", "noise", "query", "rigor", "search", "show"}
CHEAP |= {"status", "table", "override list", "label next", "label export"}
"""Commands that only read, and need nothing but a corpus."""


@dataclass(frozen=True)
class Printed:
    """A command line on a page."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: secateur {' '.join(self.words)}"


def printed_commands() -> Iterator[Printed]:
    """The command lines of all shell blocks, without comments, redirections, optional parts and cron's fields."""
    for page in PAGES:
        for language, block in FENCE.findall(page.read_text()):
            if language not in ("", "sh"):
                continue
            for line in block.splitlines():
                words = shlex.split(re.sub(r"^[\d*]+( +[\d*]+){4} +", "", line), comments=True)
                while words and (ASSIGNMENT.match(words[0]) or words[0] in ("export", "[")):
                    words = words[1:]
                if words and Path(words[0]).name == "secateur":
                    end = next((place for place, word in enumerate(words) if word in (">", ">>", "|", "&")), len(words))
                    yield Printed(str(page.relative_to(ROOT)), tuple(words[1:end]))


COMMANDS = [command for command in printed_commands() if "[" not in "".join(command.words)]


def test_the_pages_print_commands() -> None:
    assert len(COMMANDS) > 60
    assert {command.page for command in COMMANDS} >= {"README.md", "docs/tutorial.md", "docs/how-to/cluster.md"}


@pytest.mark.parametrize("printed", COMMANDS, ids=str)
def test_a_printed_command_line_is_one_that_secateur_takes(printed: Printed) -> None:
    command: Any = typer.main.get_command(app)
    words = [word for word in printed.words if word != "..."]
    context = command.make_context("secateur", list(words))
    while hasattr(command, "commands") and context._protected_args:
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None, name
        context = command.make_context(name, list(rest), parent=context)


def is_cheap(words: tuple[str, ...]) -> bool:
    named = [word for word in words if not word.startswith("-")]
    return " ".join(named[:1]) in CHEAP or " ".join(named[:2]) in CHEAP


@pytest.mark.parametrize("printed", [one for one in COMMANDS if is_cheap(one.words)], ids=str)
def test_a_printed_command_that_only_reads_works(
    printed: Printed, read_corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    (tmp_path / "night").mkdir()
    for copy in ("demo", "night"):
        shutil.copy(read_corpus / "a.db", tmp_path / copy / "secateur.db")
    (tmp_path / "mine.csv").write_text("method,sparsity,value\nMine,0.9,75.1\n")
    monkeypatch.setenv("SECATEUR_DB", "demo/secateur.db")
    with Corpus() as corpus:
        known = corpus.results().arxiv_id.iloc[0]
    out, err = io.StringIO(), io.StringIO()
    words = [ARXIV_ID.sub(known, word) for word in printed.words]
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0, err.getvalue()
    assert out.getvalue().strip()


def test_the_python_of_the_readme_runs(read_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECATEUR_DB", str(read_corpus / "a.db"))
    blocks = [block for language, block in FENCE.findall(PAGES[0].read_text()) if language == "python"]
    assert blocks
    for block in blocks:
        known: dict[str, Any] = {}
        exec(compile(block, "README.md", "exec"), known)
        known["corpus"].close()


def blocks_of(page: str, wanted: str) -> list[str]:
    return [block for language, block in FENCE.findall((ROOT / "docs" / page).read_text()) if language == wanted]


def test_the_snapshot_that_the_tutorial_prints_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("snapshot.json").write_text(blocks_of("tutorial.md", "json")[0])
    with pytest.raises(SystemExit) as left:
        main(["--db", "night/secateur.db", "harvest", "--source", "snapshot", "--file", "snapshot.json"])
    assert left.value.code == 0
    assert json.loads(capsys.readouterr().out)[0]["added"] == 1


def test_the_claim_that_the_docs_print_is_a_claim(tmp_path: Path) -> None:
    (tmp_path / "my-claim.yaml").write_text(blocks_of("how-to/own_claim.md", "yaml")[0])
    assert [claim.id for claim in load_claims(tmp_path / "my-claim.yaml")] == ["MY-MAGNITUDE-70"]


def test_the_names_that_the_docs_print_are_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in blocks_of("how-to/own_topic.md", "yaml"):
        (tmp_path / block.split("\n", 1)[0].removeprefix("# ")).write_text(block)
        assert yaml.safe_load(block)
    monkeypatch.setenv(OWN_KNOWLEDGE, os.fspath(tmp_path))
    knowledge = load_knowledge()
    assert knowledge.resolve("method", "My Quant") == "MyQuant"
    assert knowledge.resolve("dataset", "MyBench") == "MyBench"
    assert with_own_subject(load_lexicon(), tmp_path / "subject.yaml").subject.search("low-bit weights")
