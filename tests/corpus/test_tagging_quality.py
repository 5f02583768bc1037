"""How well the tagger does on labelled abstracts beside the checkout: floors, so that no change loses ground."""

import gzip
import json
import subprocess
import sys
import time

import pytest

from corpus.knowledge import load_knowledge
from corpus.tagging import classify_object, load_model, tag
from corpus.tagging.relevance import MODEL_FILE
from corpus.tagging.train import main as train


def lines(path):
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.decode("utf-8").split("\n") if line]


def score(shared, predictions, tmp_path):
    written = tmp_path / "predicted.jsonl"
    written.write_text("".join(json.dumps(line) + "\n" for line in predictions), encoding="utf-8")
    gold = shared / "data" / "gold" / "abstracts_dev.jsonl"
    tool = shared / "tools" / "score_tags.py"
    run = subprocess.run(
        [sys.executable, str(tool), str(gold), str(written), "--json"], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def assert_floors(scores, core):
    assert scores["missing"] == 0
    assert scores["core"]["f1"] >= core
    assert scores["facets_mean_f1"] >= 0.80
    assert scores["claims"]["f1"] >= 0.80
    for kind, floor in (("proposed", 0.74), ("datasets", 0.85), ("models", 0.85)):
        assert scores[kind]["f1"] >= floor


@pytest.fixture(scope="module")
def background(shared):
    """Abstracts that hold no word on pruning or sparsity."""
    words = ("prun", "spars", "lottery")
    texts = lines(shared / "data" / "abstracts" / "abstracts.jsonl.gz")
    return [t for t in texts if not any(word in f"{t['title']} {t['abstract']}".lower() for word in words)]


def test_the_shipped_model_keeps_its_floors(shared, tmp_path):
    knowledge, model = load_knowledge(), load_model()
    texts = lines(shared / "data" / "gold" / "abstracts_dev_input.jsonl")
    predicted = [classify_object(t["id"], tag(t["title"], t["abstract"], knowledge, model)) for t in texts]
    assert_floors(score(shared, predicted, tmp_path), core=0.95)


@pytest.fixture(scope="module")
def held_out(shared):
    """Abstracts of which a reader told the relevance and that no model was fitted on, with that relevance."""
    texts = {t["id"]: t for t in lines(shared / "data" / "abstracts" / "abstracts.jsonl.gz")}
    labels = lines(MODEL_FILE.with_name("labels_held_out.jsonl"))
    return [(texts[label["id"]], label["relevance"]) for label in labels]


def test_papers_of_other_years_and_venues_are_told_apart(held_out):
    knowledge, model = load_knowledge(), load_model()
    pairs = [(truth, tag(t["title"], t["abstract"], knowledge, model).relevance) for t, truth in held_out]
    right = sum(truth == found == "core" for truth, found in pairs)
    wrong = sum((truth == "core") != (found == "core") for truth, found in pairs)
    assert 2 * right / (2 * right + wrong) >= 0.82


def test_no_label_is_both_fitted_on_and_held_out():
    fitted, left = (
        {line["id"] for line in lines(MODEL_FILE.with_name(name))} for name in ("labels.jsonl", "labels_held_out.jsonl")
    )
    assert fitted.isdisjoint(left)


@pytest.mark.parametrize(
    ("source", "share"), [("he-y/Awesome-Pruning", 0.65), ("MingSun-Tse/Awesome-Pruning-at-Initialization", 0.75)]
)
def test_titles_of_pruning_lists_are_core_without_an_abstract(shared, source, share):
    knowledge, model = load_knowledge(), load_model()
    rows = [row for row in lines(shared / "data" / "lists" / "pruning_lists.jsonl") if row["source"] == source]
    found = [row for row in rows if tag(row["title"], "", knowledge, model).relevance == "core"]
    assert len(found) / len(rows) >= share


def test_texts_off_the_subject_are_almost_never_core(background):
    knowledge, model = load_knowledge(), load_model()
    sample = background[::4]
    found = [t["title"] for t in sample if tag(t["title"], t["abstract"], knowledge, model).relevance == "core"]
    assert len(found) / len(sample) < 0.003, found


def test_it_is_fast_enough_for_a_year_of_arxiv(background):
    knowledge, model = load_knowledge(), load_model()
    sample = background[:1500]
    began = time.process_time()
    for text in sample:
        tag(text["title"], text["abstract"], knowledge, model)
    assert len(sample) / (time.process_time() - began) > 1500


@pytest.mark.slow
def test_held_out_papers_keep_their_floors(shared, tmp_path):
    held_out = tmp_path / "held_out.jsonl"
    gold = shared / "data" / "gold"
    train(
        [
            *("--labels", str(gold / "abstracts_dev.jsonl"), "--texts", str(gold / "abstracts_dev_input.jsonl")),
            *("--cross-validate", "5", "-o", str(held_out)),
        ]
    )
    assert_floors(score(shared, lines(held_out), tmp_path), core=0.85)
