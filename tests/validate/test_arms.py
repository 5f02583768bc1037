"""An arm that makes no sense is refused in one line that says what is wrong with it."""

import pytest
import yaml
from pydantic import ValidationError

from validate.claims import Arm, Claim, ClaimError, load_claims
from validate.plan import NotTestableError, freeze

PRUNED = {"criterion": "magnitude", "sparsity": 0.5}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"criterion": "telepathy", "sparsity": 0.5}, "magnitude"),
        ({**PRUNED, "pattern": "hexagons"}, "pattern"),
        ({**PRUNED, "pattern": "0:4"}, "pattern"),
        ({"criterion": "magnitude", "pattern": "4:4"}, "N is less than M"),
        ({**PRUNED, "pattern": "2:4"}, "leave sparsity"),
        ({"criterion": "magnitude", "pattern": "2:4", "distribution": "erk"}, "leave sparsity"),
        ({**PRUNED, "pattern": "4x1", "compare": "output"}, "compare"),
        ({**PRUNED, "schedule": "rigl", "rounds": 3}, "no rounds"),
        ({**PRUNED, "schedule": "one-shot", "rounds": 3}, "no rounds"),
        ({**PRUNED, "schedule": "set", "start": 0.5}, "start"),
        ({**PRUNED, "every": 100}, "no use of every"),
        ({**PRUNED, "schedule": "gradual", "drop_fraction": 0.3}, "drop_fraction"),
        ({**PRUNED, "schedule": "gradual", "start": 0.9, "end": 0.1}, "after end"),
        ({**PRUNED, "rewind_to_epoch": 3}, "weight-rewinding"),
        ({**PRUNED, "distribution": "layerwise"}, "kept_by_layer"),
        ({**PRUNED, "calibration": 0}, "calibration"),
        ({"pattern": "2:4"}, "needs a criterion"),
    ],
)
def test_an_impossible_arm_is_refused(body, word):
    with pytest.raises(ValidationError, match=word):
        Arm.model_validate(body)


def test_the_schedule_that_is_left_out_follows_from_the_rounds():
    assert Arm.model_validate(PRUNED).schedule_name == "one-shot"
    assert Arm.model_validate({**PRUNED, "rounds": 3}).schedule_name == "iterative"
    assert Arm.model_validate({**PRUNED, "schedule": "rigl"}).schedule_name == "rigl"


def test_a_pattern_of_n_in_m_says_how_much_is_kept():
    arm = Arm.model_validate({"criterion": "magnitude", "pattern": "1:4"})
    assert arm.pruned
    assert arm.kept == 0.25


def claim_of(arm, **changes) -> Claim:
    body = {
        "id": "TEST",
        "title": "A test",
        "source": {"venue": "Here", "locator": "Table 1", "read": "own"},
        "timing": "after",
        "structure": "unstructured",
        "setting": {
            "dataset": "digits",
            "model": "VGG-16-BN",
            "optimizer": "sgd",
            "learning_rate": 0.1,
            "batch": 60,
            "epochs": 2,
        },
        "arms": {"dense": {}, "pruned": arm},
        "parts": [{"id": "a", "kind": "delta", "quantity": "accuracy", "arm": "pruned", "against": "dense"}],
    }
    return Claim.model_validate({**body, **changes})


@pytest.mark.parametrize(
    ("arm", "timing", "structure"),
    [
        (PRUNED, "after", "unstructured"),
        ({"criterion": "magnitude", "pattern": "2:4"}, "after", "semi-structured"),
        ({**PRUNED, "pattern": "4x1"}, "after", "block"),
        ({**PRUNED, "pattern": "filter"}, "after", "filter-channel"),
        ({"criterion": "snip", "sparsity": 0.9, "schedule": "at-initialisation"}, "before", "unstructured"),
        ({**PRUNED, "schedule": "rigl"}, "during", "unstructured"),
    ],
)
def test_a_claim_is_about_what_one_of_its_arms_does(arm, timing, structure):
    assert freeze(claim_of(arm, timing=timing, structure=structure), "").seeds == 20
    with pytest.raises(NotTestableError, match="no arm"):
        freeze(claim_of(arm, timing="before" if timing != "before" else "after", structure=structure), "")
    with pytest.raises(NotTestableError, match="no arm"):
        freeze(claim_of(arm, timing=timing, structure="block" if structure != "block" else "filter-channel"), "")


def test_layers_that_a_network_does_not_have_are_named():
    for arm in (
        {**PRUNED, "left_alone": ["conv99"]},
        {"criterion": "magnitude", "distribution": "layerwise", "kept_by_layer": {"conv99": 0.1}},
    ):
        with pytest.raises(NotTestableError, match=r"conv99, but VGG-16-BN has conv1, .* fc1"):
            freeze(claim_of(arm), "")


def test_rewinding_goes_back_and_not_forward():
    arm = {**PRUNED, "recovery": "weight-rewinding", "rewind_to_epoch": 5}
    with pytest.raises(NotTestableError, match="epoch 5 of a training of 2"):
        freeze(claim_of(arm), "")


def test_a_claim_file_with_such_an_arm_is_refused_in_one_line(tmp_path):
    body = claim_of(PRUNED).model_dump(mode="json", exclude={"source", "arms"}, exclude_none=True)
    body["arms"] = {"dense": {}, "pruned": {**PRUNED, "pattern": "2:4"}}
    source = {"venue": "Here", "locator": "Table 1", "read": "own"}
    path = tmp_path / "claim.yaml"
    path.write_text(yaml.safe_dump({"source": source, "claims": [body]}))
    with pytest.raises(ClaimError, match=r"arms\.pruned: pattern 2:4 says how much") as error:
        load_claims(path)
    assert "\n" not in str(error.value)
