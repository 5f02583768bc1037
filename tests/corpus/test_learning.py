"""Learning from labels: which papers are asked about, and how far the answers move the tagger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.learning.adaptation import TooFewLabelsError, adapt, change_in_scores
from corpus.learning.choice import choose
from corpus.tagging import load_model
from corpus.tagging.plain import plain
from corpus.tagging.relevance import read_model, save_model
from corpus.tagging.training import Example

METHODS = ("magnitude", "Taylor expansion", "the Hessian", "group lasso", "learned gates", "random scores")
PLACES = ("ResNet-50", "VGG-16", "LLaMA-7B", "BERT", "a vision transformer")
TOKENS = [
    Example(
        f"t{i}{j}",
        f"Token pruning by {how} for {where}",
        f"We prune tokens of {where} at inference, chosen by {how}. The weights stay as they are, tokens get fewer.",
        "related",
    )
    for i, how in enumerate(METHODS)
    for j, where in enumerate(PLACES)
]
FILTERS = [
    Example(
        f"f{i}{j}",
        f"Pruning filters by {how} in {where}",
        f"We propose to prune filters of {where} by {how} and fine-tune. Half of the FLOPs are removed.",
        "core",
    )
    for i, how in enumerate(METHODS)
    for j, where in enumerate(PLACES)
]


def of_another_mind(examples: list[Example]) -> list[Example]:
    return [Example(e.identifier, e.title, e.abstract, "core") for e in examples]


def said(example: Example, model: object) -> str:
    tagging = model or load_model()
    scores = tagging.relevance.scores(plain(example.title), plain(example.abstract), tagging.lexicon)  # type: ignore[attr-defined]  # a TaggingModel
    return max(scores, key=scores.__getitem__)


def test_the_tagger_learns_another_readers_border() -> None:
    shipped = load_model()
    assert [said(example, shipped) for example in TOKENS[:5]] == ["related"] * 5
    learned = adapt(shipped, [*of_another_mind(TOKENS[5:]), *FILTERS, *unrelated()])
    assert [said(example, learned) for example in TOKENS[:5]] == ["core"] * 5
    assert [said(example, learned) for example in FILTERS[:5]] == ["core"] * 5
    assert [said(example, learned) for example in unrelated()[:3]] == ["no"] * 3


def unrelated() -> list[Example]:
    return [
        Example(
            f"n{i}", f"Decision trees for {where}", f"We prune decision trees after growing them with {where}.", "no"
        )
        for i, where in enumerate(PLACES)
    ]


def test_a_few_labels_that_agree_move_little() -> None:
    shipped = load_model()
    learned = adapt(shipped, [*TOKENS[:8], *FILTERS[:8]])
    moved = np.abs(learned.relevance.cue_weights - shipped.relevance.cue_weights).max()
    assert moved < 0.2 * np.abs(shipped.relevance.cue_weights).max()


def test_the_change_in_scores_is_measured_on_labels_left_out() -> None:
    scores = {score.name: score for score in change_in_scores(load_model(), [*of_another_mind(TOKENS), *unrelated()])}
    assert scores["accuracy"].before < 0.4
    assert scores["accuracy"].after > 0.9
    assert scores["log loss"].after < scores["log loss"].before
    at_random = [
        Example(e.identifier, e.title, e.abstract, ("core", "no")[place * 7919 % 13 % 2])
        for place, e in enumerate(FILTERS)
    ]
    assert {score.name: score for score in change_in_scores(load_model(), at_random)}["accuracy"].after < 0.8


def test_what_was_learned_is_kept_in_a_file(tmp_path) -> None:
    learned = adapt(load_model(), [*of_another_mind(TOKENS), *unrelated()])
    save_model(learned.relevance, tmp_path / "own.npz")
    again = read_model(tmp_path / "own.npz", learned.lexicon)
    assert again.about["own_labels"] == len(TOKENS) + len(unrelated())
    assert np.allclose(again.word_weights, learned.relevance.word_weights, atol=1e-4)


@pytest.mark.parametrize("examples", [[], FILTERS[:9], FILTERS])
def test_too_few_labels_or_one_kind_teach_nothing(examples: list[Example]) -> None:
    with pytest.raises(TooFewLabelsError, match="label next"):
        adapt(load_model(), examples)


def test_papers_are_chosen_for_doubt_and_for_difference() -> None:
    texts = [f"{e.title} {e.abstract}" for e in (*FILTERS[:4], *TOKENS[:4])]
    doubtful_filters = [0.5, 0.51, 0.52, 0.53, 0.55, 0.9, 0.9, 0.9]
    chosen = choose(texts, doubtful_filters, 3)
    assert chosen[0] == 0
    assert 4 in chosen
    assert not {5, 6, 7} & set(chosen[:2])


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(0.34, 1.0)), max_size=8), st.integers(1, 10))
@settings(max_examples=50, deadline=None)
def test_any_texts_give_so_many_different_places(papers: list[tuple[str, float]], count: int) -> None:
    chosen = choose([text for text, _ in papers], [confidence for _, confidence in papers], count)
    assert len(chosen) == len(set(chosen)) == min(count, len(papers))
    assert set(chosen) <= set(range(len(papers)))
