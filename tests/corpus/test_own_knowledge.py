"""Names of one's own stand beside those shipped, or in their place, and are checked as they are."""

from pathlib import Path

import pytest

from corpus.bounded import BoundedReader
from corpus.knowledge import KnowledgeFileError, load_knowledge
from corpus.knowledge.own import OWN_KNOWLEDGE, OwnKnowledgeError, own_mark
from corpus.tagging.lexicon import LexiconError, load_lexicon, with_own_subject

METHODS = '- {name: GranitQuant, aliases: [Granit Quantization], arxiv: "2210.17323", year: 2022}\n'
DATASETS = "- {name: Quarrybench, aliases: [QuarryB], task: image classification, test_size: 500}\n"
PAPER = r"""
\documentclass{article}\title{Pruning on stones}\begin{document}\begin{abstract}We prune.\end{abstract}
\begin{table}\caption{Top-1 accuracy (\%) of ResNet-50 on QuarryB at 90\% sparsity.}
\begin{tabular}{lc}
Method & Accuracy \\ Dense & 76.1 \\ Granit Quantization & 75.0 \\ RigL & 74.6 \\
\end{tabular}\end{table}
\end{document}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "methods.yaml").write_text(METHODS)
    (folder / "datasets.yaml").write_text(DATASETS)
    monkeypatch.setenv(OWN_KNOWLEDGE, str(folder))
    return folder


def test_own_names_stand_beside_those_shipped(own: Path) -> None:
    knowledge = load_knowledge()
    assert knowledge.resolve("method", "granit quantization") == "GranitQuant"
    assert knowledge.resolve("dataset", "QuarryB") == "Quarrybench"
    assert knowledge.resolve("method", "RigL") == "RigL"
    assert knowledge.resolve("model", "resnet 50") == "ResNet-50"


def test_an_own_entry_takes_the_place_of_the_shipped_one_of_its_name(own: Path) -> None:
    (own / "datasets.yaml").write_text("- {name: CIFAR-10, aliases: [C10], task: stones, test_size: 7}\n")
    knowledge = load_knowledge()
    assert knowledge.resolve("dataset", "C10") == "CIFAR-10"
    assert knowledge.datasets["CIFAR-10"].test_size == 7


def test_the_process_that_reads_papers_knows_own_names(own: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text(PAPER)
    with BoundedReader() as reader:
        found = reader.extract(tmp_path / "main.tex", on_pruning=True)
    assert {reading.dataset for reading in found.readings} == {"Quarrybench"}
    assert "GranitQuant" in {reading.method_canonical for reading in found.readings}


def test_the_mark_changes_with_the_files_and_is_empty_without_them(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_mark()
    other = tmp_path / "other"
    other.mkdir()
    (other / "datasets.yaml").write_text(DATASETS)
    monkeypatch.setenv(OWN_KNOWLEDGE, str(other))
    assert first.startswith("+")
    assert own_mark() not in ("", first)
    monkeypatch.delenv(OWN_KNOWLEDGE)
    assert own_mark() == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- {name: Foo, task: stones, colour: red}\n", "colour"),
        ("- {name: Foo, aliases: [ImageNet-1K], task: stones}\n", "ImageNet-1K"),
        ("name: Foo\n", "list of entries"),
    ],
)
def test_a_mistake_in_an_own_file_is_named(own: Path, text: str, named: str) -> None:
    (own / "datasets.yaml").write_text(text)
    with pytest.raises(KnowledgeFileError, match=named):
        load_knowledge()


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN_KNOWLEDGE, str(tmp_path))
    with pytest.raises(OwnKnowledgeError, match=r"methods\.yaml"):
        load_knowledge()


def test_words_of_an_own_subject_are_among_those_that_a_core_paper_has(tmp_path: Path) -> None:
    (tmp_path / "subject.yaml").write_text("- quantiz\n- low[- ]bit\n")
    shipped = load_lexicon()
    own = with_own_subject(shipped, tmp_path / "subject.yaml")
    for text in ("we quantize the weights", "low-bit networks", "pruned networks"):
        assert own.subject.search(text)
    assert not shipped.subject.search("we quantize the weights")
    assert not own.subject.search("a bit lower")


@pytest.mark.parametrize("text", ["quantiz\n", "- (quantiz\n", "- 3\n", "[]\n"])
def test_a_subject_that_is_no_list_of_patterns_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "subject.yaml").write_text(text)
    with pytest.raises(LexiconError, match=r"subject\.yaml"):
        with_own_subject(load_lexicon(), tmp_path / "subject.yaml")
