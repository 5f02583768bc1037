"""Claims are typed facts: the registry is whole, and a wrong file is refused in one line that says where."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from validate.claims import Claim, ClaimError, load_claim, load_claims, load_registry
from validate.plan import NotTestableError, SettingIncompleteError, freeze

REGISTRY = load_registry()


def body(**changes):
    claim = {
        "id": "TEST-1",
        "title": "Pruning loses nothing",
        "timing": "after",
        "structure": "unstructured",
        "setting": {
            "dataset": "digits",
            "model": "LeNet-300-100",
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "batch": 60,
            "epochs": 2,
        },
        "arms": {"dense": {}, "pruned": {"criterion": "magnitude", "sparsity": 0.9}},
        "parts": [{"id": "a", "kind": "delta", "quantity": "accuracy", "arm": "pruned", "against": "dense"}],
    }
    return {**claim, **changes}


THRESHOLD = {
    "id": "a",
    "kind": "threshold",
    "comparator": "better",
    "quantity": "accuracy",
    "arm": "pruned",
    "against": "dense",
}
SPEED = {
    **THRESHOLD,
    "kind": "speed",
    "quantity": "time_ratio",
    "batch": 1,
    "cache": "hot",
}
LAYERWISE = {"criterion": "magnitude", "distribution": "layerwise"}
SOURCE = {"venue": "Here", "locator": "Table 1", "read": "own"}


def written(folder: Path, *claims) -> Path:
    path = folder / "paper.yaml"
    path.write_text(yaml.safe_dump({"source": SOURCE, "claims": list(claims)}))
    return path


def refused(claim: Claim) -> str:
    try:
        freeze(claim, "data")
    except NotTestableError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("claim", REGISTRY.values(), ids=list(REGISTRY))
def test_every_claim_of_the_registry_is_frozen_or_refused_with_a_sentence_and_says_where_it_stands(claim: Claim):
    assert claim.source.locator
    refusal = refused(claim)
    if refusal:
        assert len(refusal.split()) > 4
        return
    plan = freeze(claim, "data")
    assert len(plan.sha256) == 64
    assert all(planned.margin > 0 or planned.part.compares == "better" for planned in plan.parts)


def test_every_claim_of_the_facts_is_in_the_registry(shared):
    facts = yaml.safe_load((shared / "facts" / "claims.yaml").read_text(encoding="utf-8"))["claims"]
    assert {claim["id"] for claim in facts} <= set(REGISTRY)
    for claim in facts:
        ours = REGISTRY[claim["id"]]
        assert ours.source.read == claim["provenance"]["how"], ours.id
        assert ours.source.arxiv == claim["source"].get("arxiv"), ours.id


def test_what_a_plan_of_earlier_runs_froze_is_not_touched_by_new_words_of_the_schema():
    body = freeze(REGISTRY["HAN15-L300-12X"], "data").body["claim"]
    assert set(body["arms"]["dense"]) == set()
    assert set(body["setting"]) == {"dataset", "model"}


def test_what_a_paper_leaves_open_is_completed_three_to_five_times():
    for claim in REGISTRY.values():
        if claim.setting.open_fields and not any(arm.method for arm in claim.arms.values()) and claim.completions:
            assert 3 <= len(claim.completions) <= 5, claim.id


def test_a_release_has_a_planted_true_false_and_noise_claim():
    expected = {claim.expected for claim in REGISTRY.values()} - {None}
    assert expected == {"reproduced", "not_reproduced", "inconclusive"}


def test_a_claim_of_ones_own_is_read_from_a_file(tmp_path):
    claim = load_claim(written(tmp_path, body()))
    assert claim.id == "TEST-1"
    assert claim.source.venue == "Here"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"arms": {"dense": {}, "pruned": {"criterion": "magnitude", "sparsity": 1.0}}}, "arms.pruned.sparsity"),
        ({"arms": {"dense": {}, "pruned": {"criterion": "magnitude", "sparsity": -0.1}}}, "arms.pruned.sparsity"),
        ({"arms": {"dense": {}, "pruned": {"sparsity": 0.5}}}, "arms.pruned: a pruned arm needs a criterion"),
        ({"arms": {"dense": {}, "pruned": {"criterion": "magnitude"}}}, "arms.pruned"),
        ({"arms": {"dense": {}}}, "part a names the arm pruned"),
        ({"colour": "green"}, "colour"),
        ({"id": "no spaces please"}, "id"),
        ({"parts": []}, "parts"),
        ({"parts": [{"id": "a", "kind": "delta", "quantity": "accuracy", "arm": "pruned"}]}, "parts.0"),
        ({"parts": [{"id": "a", "kind": "absolute", "quantity": "error", "arm": "pruned"}]}, "parts.0"),
        ({"source": {**SOURCE, "arxiv": "12"}}, "source.arxiv"),
        ({"parts": [THRESHOLD]}, "two points"),
        ({"parts": [{**THRESHOLD, "kind": "delta", "comparator": "better", "or_arms": ["dense"]}]}, "or_arms"),
        ({"parts": [{**THRESHOLD, "kind": "absolute", "comparator": None, "value": "1"}]}, "not with the arm dense"),
        ({"parts": [SPEED]}, "arms with layers"),
        ({"parts": [{**SPEED, "batch": None}]}, "batch and its cache"),
        ({"parts": [{**THRESHOLD, "kind": "ordering", "cache": "hot"}]}, "are for kind speed"),
        ({"parts": [{**SPEED, "quantity": "accuracy"}]}, "time_ratio"),
        ({"arms": {"dense": {}, "pruned": {"layers": [{"rows": 0, "columns": 1}]}}}, "arms.pruned.layers.0.rows"),
        ({"estimand": "early_stop"}, "evaluate_every"),
        (
            {"estimand": "early_stop", "setting": {**body()["setting"], "evaluate_every": 9, "validation_examples": 0}},
            "validation_examples above 0",
        ),
        ({"setting": {**body()["setting"], "learning_rate": float("inf")}}, "setting.learning_rate"),
        ({"setting": {**body()["setting"], "epochs": 10**12}}, "setting.epochs"),
        ({"arms": {"dense": {}, "pruned": {"criterion": "magnitud", "sparsity": 0.5}}}, "'magnitude'"),
    ],
)
def test_an_impossible_claim_is_refused_in_one_line_with_file_and_field(tmp_path, change, field):
    path = written(tmp_path, body(**change))
    with pytest.raises(ClaimError) as error:
        load_claims(path)
    message = str(error.value)
    assert str(path) in message
    assert field in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text", ["[1, 2", "claims: 3", "claims: []", "- a", "claims: [3]", "claims: []\nnote: x", "", "[" * 3_000]
)
def test_a_file_that_holds_no_claims_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ClaimError) as error:
        load_claims(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_file_of_two_are_refused(tmp_path):
    with pytest.raises(ClaimError, match="can't be read"):
        load_claim(tmp_path / "absent.yaml")
    with pytest.raises(ClaimError, match="TEST-1, TEST-2"):
        load_claim(written(tmp_path, body(), body(id="TEST-2")))


def test_an_id_is_used_once_and_refers_to_a_claim(tmp_path):
    twice = written(tmp_path, body(), body())
    with pytest.raises(ClaimError, match="used by another"):
        load_claims(twice)
    (tmp_path / "other.yaml").write_text(written(tmp_path, body()).read_text())
    with pytest.raises(ClaimError, match="used by another"):
        load_registry(tmp_path)
    (tmp_path / "other.yaml").unlink()
    written(tmp_path, body(positive_control="ABSENT"))
    with pytest.raises(ClaimError, match="ABSENT is no claim"):
        load_registry(tmp_path)


@pytest.mark.parametrize(("printed", "rounding"), [("1.59", 0.005), ("1.60", 0.005), ("12", 0.5), (1.5, 0.05)])
def test_a_number_keeps_the_digits_it_was_printed_with(printed, rounding):
    part = {"id": "a", "kind": "absolute", "quantity": "error", "arm": "pruned", "value": printed}
    claim = Claim.model_validate({**body(parts=[part]), "source": SOURCE})
    assert claim.parts[0].value == Decimal(str(printed))
    assert claim.parts[0].rounding == pytest.approx(rounding)


def test_a_plan_changes_its_hash_with_anything_that_it_froze():
    claim = Claim.model_validate({**body(), "source": SOURCE})
    other = claim.model_copy(update={"title": "Another wording"})
    plan = freeze(claim, "data")
    assert plan.sha256 == freeze(claim, "data").sha256
    assert len({plan.sha256, freeze(claim, "other data").sha256, freeze(other, "data").sha256}) == 3


def test_a_margin_is_never_less_than_the_rounding_of_the_printed_number():
    part = {"id": "a", "kind": "absolute", "quantity": "error", "arm": "pruned", "value": "10"}
    coarse = Claim.model_validate({**body(parts=[{**part, "value": "1e1"}]), "source": SOURCE})
    fine = Claim.model_validate({**body(parts=[part]), "source": SOURCE})
    assert freeze(fine, "").parts[0].margin == 1.0
    assert freeze(coarse, "").parts[0].margin == 5.0


@pytest.mark.parametrize(
    "change",
    [
        {"timing": "before"},
        {"structure": "block"},
        {"estimand": "best_epoch"},
        {"setting": {**body()["setting"], "model": "AlexNet"}},
        {"arms": {"dense": {}, "pruned": {**LAYERWISE, "kept_by_layer": {"conv1": 0.5}}}},
        {"arms": {"dense": {}, "pruned": {"method": "variational dropout"}}},
    ],
)
def test_what_the_engine_cannot_test_is_said_before_anything_runs(change):
    with pytest.raises(NotTestableError):
        freeze(Claim.model_validate({**body(**change), "source": SOURCE}), "")


def test_a_setting_without_completions_is_incomplete_and_the_open_fields_are_named():
    claim = Claim.model_validate(
        {**body(setting={"dataset": "digits", "model": "LeNet-300-100", "epochs": 3}), "source": SOURCE}
    )
    with pytest.raises(SettingIncompleteError, match="optimizer, learning_rate, batch"):
        freeze(claim, "")


def test_reading_claims_does_not_load_torch():
    heavy = "[name for name in ('torch', 'sklearn', 'scipy') if name in sys.modules]"
    code = f"import sys, validate.claims as claims; claims.load_registry(); print({heavy})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
