"""The knowledge base: its files keep their schema, names resolve, mentions have exact places."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.knowledge import KINDS, KnowledgeFileError, load_knowledge
from corpus.knowledge.entries import Method
from corpus.knowledge.loader import read_entries
from corpus.knowledge.spelling import key


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge()


def entries(knowledge, kind):
    return {
        "method": knowledge.methods,
        "dataset": knowledge.datasets,
        "model": knowledge.models,
        "metric": knowledge.metrics,
    }[kind]


def test_it_knows_the_field(knowledge):
    assert len(knowledge.methods) >= 150
    assert len(knowledge.datasets) >= 60
    assert len(knowledge.models) >= 120
    assert len(knowledge.metrics) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_every_spelling_resolves_to_its_own_entry(knowledge, kind):
    for name, entry in entries(knowledge, kind).items():
        for spelling in entry.spellings:
            assert knowledge.resolve(kind, spelling) == name


@pytest.mark.parametrize("kind", KINDS)
def test_no_spelling_belongs_to_two_entries(knowledge, kind):
    owners = defaultdict(set)
    for name, entry in entries(knowledge, kind).items():
        for spelling in entry.spellings:
            owners[key(spelling), spelling if spelling in entry.exact else ""].add(name)
    assert {spelling: names for spelling, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("kind", "printed", "canonical"),
    [
        ("model", "Llama 2 7B", "LLaMA-2-7B"),
        ("model", "resnet50", "ResNet-50"),
        ("model", "ResNet\u201150", "ResNet-50"),
        ("model", "VGG16", "VGG-16"),
        ("model", "vgg16_bn", "VGG-16-BN"),
        ("model", "LeNet-5-Caffe", "LeNet-5-Caffe"),
        ("model", "LeNet5", "LeNet-5"),
        ("model", "ResNet-50 v1.5", "ResNet-50 v1.5"),
        ("model", "opt 1.3b", "OPT-1.3B"),
        ("dataset", "CIFAR10", "CIFAR-10"),
        ("dataset", "ILSVRC2012", "ImageNet"),
        ("dataset", "ARC-C", "ARC-c"),
        ("dataset", "wikitext2", "WikiText-2"),
        ("method", "Wanda [12]", "Wanda"),
        ("method", "SparseGPT†", "SparseGPT"),
        ("method", "SET*", "SET"),
        ("method", "Optimal Brain Damage", "OBD"),
        ("metric", "PPL", "perplexity"),
    ],
)
def test_a_name_is_known_however_it_is_printed(knowledge, kind, printed, canonical):
    assert knowledge.resolve(kind, printed) == canonical


@pytest.mark.parametrize("word", ["set", "str", "cp", "dst", "force", "cats", "Set", "opt"])
def test_an_ordinary_word_is_no_method(knowledge, word):
    assert knowledge.resolve("method", word) is None


def test_ours_is_no_name(knowledge):
    assert knowledge.resolve("method", "(ours)") is None
    assert knowledge.resolve("method", "Ours") is None


def test_mentions_are_the_longest_and_stand_between_word_boundaries(knowledge):
    text = "LLaMA-2-7B, OPT-6.7B, and ResNet-50; not ResNet-500, not ShResNet-18, nor an optimal option."
    found = knowledge.mentions("model", text)
    assert [mention.canonical for mention in found] == ["LLaMA-2-7B", "OPT-6.7B", "ResNet-50"]


def test_a_name_is_found_across_a_line_break_but_not_across_words(knowledge):
    assert [m.text for m in knowledge.mentions("model", "a ResNet-\n50 here")] == ["ResNet-\n50"]
    assert knowledge.mentions("method", "the s nip of cold") == []


def test_acronyms_that_are_words_need_their_case(knowledge):
    assert [m.text for m in knowledge.mentions("method", "we set the rate and compare with SET")] == ["SET"]


@given(st.text(alphabet=st.sampled_from("LlaMA-2 7B ResNet50CIFAR1, .()\n[]"), max_size=60))
def test_mentions_quote_the_text_at_their_offsets(text):
    knowledge = load_knowledge()
    for kind in KINDS:
        last = 0
        for mention in knowledge.mentions(kind, text):
            assert text[mention.start : mention.end] == mention.text
            assert mention.start >= last
            assert knowledge.resolve(kind, mention.text) == mention.canonical
            last = mention.end


@given(st.text(max_size=80))
def test_any_text_is_read_without_error(text):
    knowledge = load_knowledge()
    for kind in KINDS:
        knowledge.resolve(kind, text)
        knowledge.mentions(kind, text)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("yaml_text", "told"),
    [
        ("- {name: A, colour: red}", "colour"),
        ("- {name: A, timing: [sometimes]}", "sometimes"),
        ("- {name: A, arxiv: nonsense}", "arxiv"),
        ("- {aliases: [B]}", "name"),
        ("- {name: A, aliases: [b]}\n- {name: B}", "belongs to both 'A' and 'B'"),
        ("- {name: A, exact: [X]}", "exact"),
        ("name: A", "must be a list"),
        ("- {name: A", "not valid YAML"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_file_and_field(tmp_path, yaml_text, told):
    path = write(tmp_path / "methods.yaml", yaml_text)
    with pytest.raises(KnowledgeFileError, match=r"methods\.yaml") as caught:
        read_entries(path, Method)
    assert told in str(caught.value)


def test_canonical_names_agree_with_the_typed_papers(shared, knowledge):
    for path in sorted((shared / "data" / "gold" / "tex_dev").glob("*/gold.json")):
        for result in json.loads(path.read_text(encoding="utf-8"))["results"]:
            dataset, model = result.get("dataset"), result.get("model")
            if dataset not in (None, "average"):
                assert knowledge.resolve("dataset", dataset) == dataset
            if model is not None and "encoder" not in model and "/" not in model.replace("/16", "").replace("/32", ""):
                assert knowledge.resolve("model", model) == model
