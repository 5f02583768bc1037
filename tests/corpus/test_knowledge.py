"""The knowledge base: its files keep their schema, names resolve, mentions have exact places."""

import gzip
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from corpus.knowledge import KINDS, KnowledgeFileError, load_knowledge
from corpus.knowledge.entries import Method
from corpus.knowledge.loader import read_entries
from corpus.knowledge.spelling import key
from corpus.results.words import load
from db.records import VOCABULARY


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
    assert len(knowledge.methods) >= 250
    assert len(knowledge.datasets) >= 200
    assert sum(1 for dataset in knowledge.datasets.values() if dataset.test_size) >= 150
    assert len(knowledge.models) >= 400
    assert sum(1 for network in knowledge.models.values() if network.parameters) >= 250
    assert len(knowledge.metrics) >= 60


def test_methods_say_what_they_remove_when_and_by_what(knowledge):
    pruning = [method for method in knowledge.methods.values() if method.structure]
    assert len(pruning) >= 250
    assert sum(1 for method in pruning if method.arxiv) >= 0.85 * len(pruning)
    assert sum(1 for method in pruning if method.timing) >= 0.85 * len(pruning)
    assert sum(1 for method in pruning if method.criterion) >= 0.8 * len(pruning)


def test_a_network_has_about_as_many_parameters_as_its_name_says(knowledge):
    size = re.compile(r"(?<![\dx.A-Z])(\d+(?:\.\d+)?)([BM])\b")
    sized = [(network, size.search(network.name)) for network in knowledge.models.values() if network.parameters]
    compared = [(network, match) for network, match in sized if match and "x" not in network.name]
    assert len(compared) >= 100
    for network, match in compared:
        named = float(match.group(1)) * {"B": 1e9, "M": 1e6}[match.group(2)]
        assert network.parameters == pytest.approx(named, rel=0.35), network.name


def test_networks_that_share_a_name_are_told_apart(knowledge):
    for name, other in (
        ("VGG-16", "VGG-16-BN"),
        ("LeNet-5", "LeNet-5-Caffe"),
        ("ResNet-50 v1", "ResNet-50 v1.5"),
        ("LLaMA-7B", "LLaMA-2-7B"),
        ("LLaMA-3-8B", "LLaMA-3.1-8B"),
    ):
        networks = knowledge.models[name], knowledge.models[other]
        assert set(networks[0].spellings).isdisjoint(networks[1].spellings)
    assert knowledge.models["ResNet-50 v1"].multiply_adds < knowledge.models["ResNet-50 v1.5"].multiply_adds
    assert knowledge.models["VGG-16"].parameters < knowledge.models["VGG-16-BN"].parameters


def test_every_metric_that_tables_are_read_for_is_known(knowledge):
    assert {entry["metric"] for entry in load("metrics.yaml")["metrics"]} - set(knowledge.metrics) == set()


def test_a_metric_is_of_a_kind_of_outcome_that_tags_have(knowledge):
    assert {metric.quantity for metric in knowledge.metrics.values()} <= set(VOCABULARY["metrics"])


def test_a_method_is_as_old_as_its_paper(knowledge):
    for method in knowledge.methods.values():
        if method.arxiv and "." in method.arxiv:
            submitted = 2000 + int(method.arxiv[:2])
            assert method.year in (submitted - 1, submitted), method.name


def test_a_paper_with_an_identifier_has_its_title(knowledge):
    assert [method.name for method in knowledge.methods.values() if method.arxiv and not method.titles] == []


def plain(title):
    return " ".join(re.findall(r"[a-z0-9]+", title.lower()))


@pytest.fixture(scope="module")
def titles_of(shared):
    """Titles by arXiv id, as arXiv's records, arXiv's listings and curated lists of papers on pruning have them."""
    data = shared / "data"
    found = defaultdict(set)
    sources = (
        (data / "lists" / "pruning_lists.jsonl", "arxiv_id"),
        (data / "arxiv" / "db" / "arxiv_metadata_rows_from_oaipmh_testdb.jsonl", "paper_id"),
        (data / "abstracts" / "abstracts.jsonl.gz", "id"),
    )
    for path, identifier in sources:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in content.decode("utf-8").splitlines():
            row = json.loads(line)
            link_text = len(row["title"].split()) < 2
            if re.fullmatch(r"\d{4}\.\d{4,5}", row.get(identifier) or "") and not link_text:
                found[row[identifier]].add(plain(row["title"]))
    return found


def test_identifiers_are_those_of_the_papers_named(knowledge, titles_of):
    compared = [method for method in knowledge.methods.values() if method.arxiv in titles_of]
    assert len(compared) >= 150
    for method in compared:
        near = max(fuzz.ratio(plain(ours), theirs) for ours in method.titles for theirs in titles_of[method.arxiv])
        assert near >= 90, f"{method.name}: {method.arxiv} is {titles_of[method.arxiv]}"


def test_no_identifier_that_a_list_knows_is_left_out(knowledge, titles_of):
    known = {title: identifier for identifier, titles in titles_of.items() for title in titles}
    without = {
        plain(title): method.name
        for method in knowledge.methods.values()
        for title in method.titles
        if not method.arxiv
    }
    assert {name: known[title] for title, name in without.items() if title in known} == {}


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
        ("model", "ResNet50-v1", "ResNet-50 v1"),
        ("model", "CodeLlama-13B", "Code Llama-13B"),
        ("model", "DiTs", "DiT"),
        ("model", "Conformers", "Conformer"),
        ("model", "opt 1.3b", "OPT-1.3B"),
        ("dataset", "CIFAR10", "CIFAR-10"),
        ("dataset", "ILSVRC2012", "ImageNet"),
        ("dataset", "ARC-C", "ARC-c"),
        ("dataset", "wikitext2", "WikiText-2"),
        ("dataset", "GPQA Diamond", "GPQA-Diamond"),
        ("dataset", "VOC2007", "PASCAL VOC 2007"),
        ("dataset", "VOC 2012", "PASCAL VOC 2012"),
        ("method", "Wanda [12]", "Wanda"),
        ("method", "SparseGPT†", "SparseGPT"),
        ("method", "SET*", "SET"),
        ("method", "Optimal Brain Damage", "OBD"),
        ("metric", "PPL", "perplexity"),
        ("metric", "TFLOPS", "achieved_flops"),
        ("metric", "TFLOPs", "flops"),
        ("metric", "tok/s", "throughput"),
        ("metric", "CER", "character_error_rate"),
    ],
)
def test_a_name_is_known_however_it_is_printed(knowledge, kind, printed, canonical):
    assert knowledge.resolve(kind, printed) == canonical


def test_a_word_that_is_a_name_only_alone_is_read_in_a_cell_and_not_in_a_sentence(knowledge):
    for word, method in (("Random", "Random pruning"), ("movement", "Movement pruning"), ("gradual", "GMP")):
        assert knowledge.resolve("method", word) == method
        assert knowledge.mentions("method", f"{word} forests and {word} scores") == []


@pytest.mark.parametrize(
    "text",
    [
        "We train a ViT, which gives us net gains; in general, LLM drop in accuracy is small and of low LLM rank.",
        "They grow and snip it, play a puzzle with shears, slope and a tome, and force the cats to fire and set sail.",
        "Learning compression from balanced sparsity needs no neuron merging, channel gating or attention drop.",
        "GAN compression and gan slimming are routes of step and spot; owl, flap, chase and bonsai are words.",
    ],
)
def test_plain_english_names_no_method(knowledge, text):
    assert knowledge.mentions("method", text) == []


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
        ("- {name: A}\n- {name: A}", "A stand twice"),
        ("- {name: A, exact: [X]}", "exact"),
        ("- {name: A, alone: [X]}", "alone"),
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
