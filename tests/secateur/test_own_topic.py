"""A topic of one's own: the names in a folder that the settings give are known wherever papers are read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from corpus.knowledge.own import OWN_KNOWLEDGE
from db.session import open_database
from ingest.fulltext import FileStore
from secateur.commands.common import utc_now
from secateur.stages import extract_papers, tag_papers

METHODS = "- {name: GranitQuant, aliases: [Granit Quantization]}\n"
ABSTRACT = (
    "Large language models are costly to serve. We prune their weights in one shot without retraining, and compare "
    "with Granit Quantization and magnitude pruning on WikiText-2."
)
PAPER = {"id": "2601.00001", "title": "One-shot pruning of large language models", "abstract": ABSTRACT}


def secateur(folder: Path, *arguments: str) -> Any:
    """What a command prints, as JSON; its working folder is where secateur.toml lies."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SECATEUR_")}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", "from secateur.cli import main; main()", *arguments]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture
def names(tmp_path: Path) -> Path:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "methods.yaml").write_text(METHODS)
    return folder


def test_a_command_tags_by_own_names_where_the_settings_name_them(tmp_path: Path, names: Path) -> None:
    (tmp_path / "papers.jsonl").write_text(json.dumps(PAPER) + "\n")
    assert "Granit Quantization" not in secateur(tmp_path, "classify", "papers.jsonl")["baselines"]
    (tmp_path / "secateur.toml").write_text('knowledge = "names"\n')
    assert "Granit Quantization" in secateur(tmp_path, "classify", "papers.jsonl")["baselines"]


def test_a_paper_of_an_own_subject_may_be_core_only_with_its_words(tmp_path: Path, names: Path) -> None:
    paper = {"id": "2601.00002", "title": "Low-bit quantization of networks", "abstract": "We quantize a network."}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper) + "\n")
    assert secateur(tmp_path, "classify", "papers.jsonl")["scores"]["core"] < 0.002
    (names / "subject.yaml").write_text("- quantiz\n")
    (tmp_path / "secateur.toml").write_text('knowledge = "names"\n')
    assert secateur(tmp_path, "classify", "papers.jsonl")["scores"]["core"] > 0.002


def test_papers_are_read_again_once_when_own_names_come(
    own_corpus: Path, names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(own_corpus / "a.db")
    store = FileStore(own_corpus / "files")

    def read() -> tuple[int, int]:
        return tag_papers(engine, utc_now).read, extract_papers(engine, store, utc_now).read

    read()
    assert read() == (0, 0)
    monkeypatch.setenv(OWN_KNOWLEDGE, str(names))
    assert min(read()) > 10
    assert read() == (0, 0)
    engine.dispose()
