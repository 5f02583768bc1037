"""The tagger on sentences of our own: relevance, facets, names and claims, each with its evidence."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.knowledge import load_knowledge
from corpus.tagging import TAGGER_VERSION, classify_object, load_model, tag
from corpus.tagging.acronyms import definitions
from corpus.tagging.claims import find_claims
from corpus.tagging.lexicon import LexiconError, load_lexicon, read_lexicon
from corpus.tagging.plain import plain, sentences
from corpus.tagging.relevance import RelevanceModelError, read_model
from db.records import FACETS, NAMES, RELEVANCE, VOCABULARY

TITLE = "ThinSlice: Channel Pruning of Convolutional Networks by Feature-Map Rank"
ABSTRACT = (
    "Deep convolutional neural networks are costly to run on phones. In this paper, we propose ThinSlice, a filter "
    "pruning method that ranks the filters of a trained network by the rank of their feature maps and removes the "
    "weakest, followed by fine-tuning. Experiments on CIFAR-10 and ImageNet show that ThinSlice outperforms HRank "
    "and FPGM. On ResNet-50, it removes 53.5% of the FLOPs and 40.1% of the parameters with an accuracy drop of "
    "only 0.4%, "
    r"and gives a $1.9\times$ speedup on a mobile CPU."
)


@pytest.fixture(scope="module")
def tools():
    return load_knowledge(), load_model()


@pytest.fixture(scope="module")
def thin(tools):
    return tag(TITLE, ABSTRACT, *tools)


def read(tools, sentence, title="Structured pruning of neural networks"):
    """Tags of an abstract that is about pruning and says one sentence more."""
    lead = "We propose a network pruning method that removes weights of deep neural networks. "
    return tag(title, lead + sentence, *tools)


def test_a_pruning_paper_is_core(thin):
    assert thin.relevance == "core"
    assert sum(thin.scores.values()) == pytest.approx(1)
    assert set(thin.scores) == set(RELEVANCE)


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("A bakery's sourdough", "We study the fermentation of sourdough and its taste."),
        (
            "Faster alpha-beta search",
            "We prune branches of the game tree by better move ordering, which halves the nodes that engines visit.",
        ),
        (
            "Sparse rewards in exploration",
            "Reinforcement learning with sparse rewards is hard. We propose a curiosity bonus for exploration.",
        ),
    ],
)
def test_other_pruning_and_sparsity_is_not_core(tools, title, abstract):
    tags = tag(title, abstract, *tools)
    assert tags.relevance != "core"
    assert tags.tags == ()
    assert tags.claims == ()


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (
            "Evicting the KV cache",
            "Long contexts fill the KV cache. We propose a token eviction rule for the key-value cache of LLMs.",
        ),
        (
            "Visual token pruning for multimodal models",
            "Vision-language models process many visual tokens. We prune redundant visual tokens before the decoder.",
        ),
    ],
)
def test_what_leaves_the_weights_alone_is_related(tools, title, abstract):
    assert tag(title, abstract, *tools).relevance == "related"


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (
            "Trimming Convolutional Networks: An Overview",
            "Networks with many zero weights are studied widely. We review pruning before, during and after training.",
        ),
        (
            "Discarding Superfluous Filters by Clustering",
            "Phones need fewer channels. We describe a filter pruning scheme that keeps one filter of each cluster.",
        ),
        (
            "Which Heads Are Needed for Translation?",
            "We prune attention heads of a translation model one by one and find that most of them can be removed.",
        ),
        ("Pruning the Smallest Weights of VGG-16", ""),
        ("The Lottery Ticket Hypothesis for Recurrent Networks", ""),
    ],
)
def test_pruning_is_recognised_in_any_words(tools, title, abstract):
    assert tag(title, abstract, *tools).relevance == "core"


def test_facets_are_read(thin):
    assert thin.values("structure") == ["filter-channel"]
    assert thin.values("timing") == ["after"]
    assert "activation" in thin.values("criterion")
    assert thin.values("recovery") == ["fine-tuning"]
    assert thin.values("architecture") == ["cnn"]
    assert thin.values("contribution") == ["method"]
    assert set(thin.values("metrics")) == {"accuracy", "flops", "sparsity", "speedup"}


def test_names_are_read(thin):
    assert thin.values("proposed") == ["ThinSlice"]
    assert thin.values("baselines") == ["HRank", "FPGM"]
    assert thin.values("datasets") == ["CIFAR-10", "ImageNet"]
    assert thin.values("models") == ["ResNet-50"]
    canonical = {one.value: one.canonical for one in thin.tags if one.facet in NAMES}
    assert canonical["HRank"] == "HRank"
    assert canonical["ThinSlice"] is None


def test_claims_are_read(thin):
    read_claims = {(c.quantity, c.value, c.unit, c.direction) for c in thin.claims}
    assert read_claims == {
        ("flops", 53.5, "%", "removed"),
        ("sparsity", 40.1, "%", "removed"),
        ("accuracy", 0.4, "%", "loss"),
        ("speedup", 1.9, "x", "gain"),
    }


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Our method has an accuracy drop of only 0.1%, and reaches 98.1% accuracy.", {0.1: "loss", 98.1: "level"}),
        ("We achieve 76.1% top-1 accuracy with a drop of 0.5%.", {76.1: "level", 0.5: "loss"}),
        ("We improve the accuracy by 48%.", {48.0: "gain"}),
    ],
)
def test_an_accuracy_that_is_reached_is_neither_gained_nor_lost(sentence, expected):
    assert {claim.value: claim.direction for claim in find_claims(sentence, sentence)} == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It achieves a 1.2-1.5x speedup.", {("speedup", 1.2), ("speedup", 1.5)}),
        ("It raises throughput from 15 FPS to 19.4 FPS.", {("speedup", 19.4)}),
        ("We show that memory is reduced by 40 percent.", {("memory", 40.0)}),
        ("Our results show a perplexity reduction of 12%.", {("perplexity", 12.0)}),
        ("We obtain 11 tokens per second.", {("speedup", 11.0)}),
        ("Our method needs only 0.2 GPU days.", {("training-cost", 0.2)}),
        ("We reach a 1.4X reduction in latency by sparsity.", {("speedup", 1.4)}),
        ("We reach 90% sparsity.", {("sparsity", 90.0)}),
        ("Pruning ratios ranging from 20% to 60% are evaluated.", {("sparsity", 20.0), ("sparsity", 60.0)}),
        ("We prune LLaMA-2-7B with N:M sparsity of 2:4.", set()),
        ("It improves accuracy by 2.1 points compared to 67.4% of the rival.", {("accuracy", 2.1)}),
    ],
)
def test_numbers_are_understood(tools, sentence, expected):
    assert {(c.quantity, c.value) for c in read(tools, sentence).claims} == expected


def test_a_number_of_the_background_is_no_claim(tools):
    abstract = "Existing networks have 90% redundant weights. We propose a pruning method for neural networks."
    assert tag("Network pruning", abstract, *tools).claims == ()


def test_a_denied_word_is_no_tag(tools):
    tags = read(tools, "Our method works on the trained network without any retraining.")
    assert tags.values("recovery") == ["none"]


def test_a_goal_is_no_reported_metric(tools):
    tags = tag(
        "Pruning neural networks",
        "Energy consumption is a concern. To reduce energy, we propose to prune the weights of neural networks.",
        *tools,
    )
    assert "energy" not in tags.values("metrics")


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ('The approach is named "gentle pruning" by us.', {"gentle pruning"}),
        ("We introduce Block Weaving (BWV) for it.", {"Block Weaving", "BWV"}),
        ("We propose Cluster-Guided Layer Pruning (K-Slim) here.", {"Cluster-Guided Layer Pruning", "K-Slim"}),
        ("We propose a compact, fast engine for phones (FastSlim). FastSlim is small.", {"FastSlim"}),
        ("We present SlimNet and its variant SlimNet-Q.", {"SlimNet", "SlimNet-Q"}),
        ("We introduce a rule for LLaMA.", set()),
        ("We present a structure-aware cutting of channels (SACX), and SACX is fast.", {"SACX"}),
        ("We introduce the modules Slim Gate (SLG) and Thin Door (THD).", {"Slim Gate", "SLG", "Thin Door", "THD"}),
        ("We use the recently proposed regularizer named FooNorm.", set()),
        ("One promising solution, called FooTune, is proposed to save memory.", set()),
        ("We present a novel FooBar approach, called GradFoo.", {"GradFoo"}),
        ("To save time, Online Foo Pruning (OFP) uses few samples.", {"Online Foo Pruning", "OFP"}),
        ("Scores are computed using a technique called Foo Propagation.", set()),
    ],
)
def test_own_names_are_found(tools, sentence, names):
    assert set(read(tools, sentence).values("proposed")) == names


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("It outperforms Wanda, SparseGPT and FooPrune on WikiText-2.", ["Wanda", "SparseGPT", "FooPrune"]),
        ("It is compared with magnitude pruning.", ["magnitude pruning"]),
        ("It outperforms state-of-the-art methods on ImageNet.", []),
        ("It beats strong rivals, outperforming Griffen (5% worse) and FooCut.", ["Griffen", "FooCut"]),
        ("Compared to Wanda, it is slow.", ["Wanda"]),
        ("It surpasses existing FOOX methods.", []),
        ("It reaches state-of-the-art results with FooNet-9.", []),
    ],
)
def test_rivals_are_found(tools, sentence, names):
    assert read(tools, sentence).values("baselines") == names


def test_an_unknown_name_is_kept_as_written(tools):
    tags = read(tools, "We evaluate Zorgon-7B on the ZorgBench dataset.")
    assert "Zorgon-7B" in tags.values("models")
    assert tags.values("datasets") == ["ZorgBench"]


def test_the_printed_object_has_every_field(thin):
    line = classify_object("2301.00001", thin)
    assert json.loads(json.dumps(line)) == line
    assert list(line) == ["id", "relevance", "scores", *FACETS, *NAMES, "claims"]
    assert set(line["claims"][0]) == {"quantity", "value", "unit", "direction", "text"}


def test_the_tagger_has_a_version():
    assert TAGGER_VERSION


def assert_evidence(tags, title, abstract):
    for one in tags.tags:
        source = title if one.field == "title" else abstract
        assert source[one.start : one.end] == one.quotation
        assert one.quotation.strip()
    for claim in tags.claims:
        assert abstract[claim.start : claim.end] == claim.text
        assert claim.quantity in VOCABULARY["metrics"]


def test_evidence_points_to_the_quoted_text(thin):
    assert_evidence(thin, TITLE, ABSTRACT)


PIECES = st.sampled_from(
    [
        *(
            "We prune neural networks ",
            "by 50% ",
            "FLOPs ",
            "$2\\times$ ",
            "\\textbf{Foo}Net ",
            "outperforms Wanda, RigL ",
        ),
        *(
            "on ImageNet. ",
            "(DST) ",
            "dynamic sparse training ",
            "from 3.2x to 4x ",
            "CIFAR-10/100 ",
            "é\u00a0– ",
            "e.g. ",
        ),
        *(
            "speedup. ",
            "Our method, ",
            "called “soft cut” ",
            "accuracy of 71,5 ",
            "\n",
            "12 ms ",
            "LLaMA-2-7B ",
            "\\%",
            "$",
        ),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=5).map("".join))
def test_evidence_is_exact_for_any_abstract(abstract, title):
    title = "Pruning neural networks: " + title
    assert_evidence(tag(title, abstract, load_knowledge(), load_model()), title, abstract)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_makes_it_fail(abstract, title):
    tags = tag(title, "We prune the weights of neural networks. " + abstract, load_knowledge(), load_model())
    assert tags.relevance in RELEVANCE
    assert tag(title, abstract, load_knowledge(), load_model()).relevance in RELEVANCE


@given(st.text(max_size=200))
def test_plain_text_has_the_same_length(text):
    assert len(plain(text)) == len(text)


@given(st.text(alphabet=st.sampled_from("aA. ?!)(1e.g"), max_size=80))
def test_sentences_cover_the_text_in_order(text):
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == text.replace(" ", "")
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_abbreviations_do_not_end_a_sentence():
    text = "We compare, e.g. Wanda et al. Then we stop. Next one."
    assert [text[s:e] for s, e in sentences(text)][-1] == "Next one."


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("we use Filter Pruning via Geometric Median (FPGM).", "Filter Pruning via Geometric Median"),
        ("Deep R Network (DRN)", "Deep R Network"),
        (
            "TRIM (Targeted Row-wise Iterative Metric-driven pruning)",
            "Targeted Row-wise Iterative Metric-driven pruning",
        ),
        ("a table (see Fig)", None),
    ],
)
def test_short_forms_are_explained(text, long):
    found = list(definitions(text))
    assert [definition.long for definition in found] == ([long] if long else [])


LEXICON = "scopes: {{timing: all}}\nfacets: {{timing: {{{}}}}}\ncues: {{}}\nunions: {{}}\nsubject: [x]\nrelated: [x]"


def test_a_lexicon_with_an_unknown_value_is_refused(tmp_path):
    path = tmp_path / "lexicon.yaml"
    path.write_text(LEXICON.format("never: [x]"), encoding="utf-8")
    with pytest.raises(LexiconError, match="never"):
        read_lexicon(path)


def test_a_lexicon_with_an_unknown_group_is_refused(tmp_path):
    path = tmp_path / "lexicon.yaml"
    path.write_text(LEXICON.format("after: [x]").replace("unions: {}", "unions: {core: [never]}"), encoding="utf-8")
    with pytest.raises(LexiconError, match=r"unions\.core.*never"):
        read_lexicon(path)


def test_a_lexicon_with_a_broken_pattern_is_refused(tmp_path):
    path = tmp_path / "lexicon.yaml"
    path.write_text(LEXICON.format("after: ['(']"), encoding="utf-8")
    with pytest.raises(LexiconError, match=r"facets\.timing\.after"):
        read_lexicon(path)


def test_a_model_file_with_code_in_it_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, features=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RelevanceModelError, match="train"):
        read_model(path, load_lexicon())


def test_a_missing_model_says_how_to_train_one(tmp_path):
    with pytest.raises(RelevanceModelError, match=r"corpus\.tagging\.train"):
        read_model(tmp_path / "absent.npz", load_lexicon())


@pytest.mark.parametrize(
    ("abstract", "quantity"),
    [
        ("Our method outperforms baselines by ~3% on average when compressing the network.", "accuracy"),
        ("Our method outperforms baselines by 30% in FLOPs.", "flops"),
    ],
)
def test_what_a_method_is_better_by_is_accuracy_unless_it_is_said_otherwise(abstract: str, quantity: str) -> None:
    (claim,) = find_claims(abstract, abstract)
    assert claim.quantity == quantity
