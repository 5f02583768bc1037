"""Each method has positive controls of its own, and nothing is refuted before they have passed."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import validation as store
from db.session import open_database
from db.validation import VerdictRow
from validate.claims import Arm, load_registry
from validate.claims.schema import Replication
from validate.controls import controls_by_method, controls_of, is_replicated_number, methods_of, methods_of_arm
from validate.ledger import control_passed, store_frozen
from validate.plan import NotTestableError, SettingIncompleteError, freeze
from validate.verdict import VERDICT_VERSION

NOW = datetime(2026, 1, 2, 3, 4, 5)
REGISTRY = load_registry()
SNIP = REGISTRY["SNIP19-L300-95-98"]
OWN = SNIP.model_copy(update={"id": "OWN", "source": REGISTRY["DIGITS-SNIP-BEATS-RANDOM"].source})


@pytest.fixture
def engine(tmp_path):
    engine = open_database(tmp_path / "secateur.db")
    yield engine
    engine.dispose()


def came_to(connection, name, label):
    plan = freeze(REGISTRY[name], "")
    store_frozen(connection, REGISTRY[name], plan.sha256, plan.body, NOW)
    whole = VerdictRow("whole", label, "", 5, None, None, None, {}, VERDICT_VERSION, NOW)
    store.store_verdict(connection, plan.sha256, [whole])


@pytest.mark.parametrize(
    ("arm", "methods"),
    [
        ({}, set()),
        ({"criterion": "random", "sparsity": 0.9}, set()),
        ({"criterion": "random", "sparsity": 0.9, "schedule": "gradual"}, set()),
        ({"criterion": "snip", "sparsity": 0.9, "schedule": "at-initialisation"}, {"snip"}),
        ({"criterion": "magnitude", "sparsity": 0.9, "schedule": "gradual"}, {"magnitude", "gradual"}),
        ({"criterion": "random", "sparsity": 0.9, "schedule": "rigl"}, {"rigl"}),
        (
            {"criterion": "magnitude", "sparsity": 0.9, "schedule": "dynamic-network-surgery"},
            {"dynamic-network-surgery"},
        ),
        (
            {"criterion": "magnitude", "sparsity": 0.9, "rounds": 3, "recovery": "weight-rewinding"},
            {"magnitude", "weight-rewinding"},
        ),
    ],
)
def test_an_arm_has_the_methods_that_choose_its_weights(arm, methods):
    assert methods_of_arm(Arm.model_validate(arm)) == methods


def test_every_method_that_a_claim_asks_for_has_a_control():
    for method, names in controls_by_method(REGISTRY).items():
        assert names, method
        assert all(method in methods_of(REGISTRY[name]) for name in names)


def test_a_control_is_expected_to_be_reproduced_or_named_by_a_claim():
    named = {claim.positive_control for claim in REGISTRY.values()}
    for name, claim in controls_of(REGISTRY).items():
        assert claim.expected == "reproduced" or name in named or is_replicated_number(claim)


def test_a_claim_waits_for_the_control_it_names_and_for_one_of_each_of_its_methods(engine):
    with engine.begin() as connection:
        assert not control_passed(connection, OWN)
        came_to(connection, "DIGITS-MAGNITUDE-BEATS-RANDOM", "reproduced")
        assert not control_passed(connection, OWN)
        came_to(connection, "DIGITS-SNIP-BEATS-RANDOM", "reproduced")
        assert control_passed(connection, OWN)


def freezable(claim):
    try:
        freeze(claim, "")
    except (NotTestableError, SettingIncompleteError):
        return False
    return True


def test_a_claim_of_others_waits_for_a_replicated_number(engine):
    number = REGISTRY["SNIP19-L5-98-ELSEWHERE"]
    with engine.begin() as connection:
        for name, claim in REGISTRY.items():
            if freezable(claim) and not is_replicated_number(claim):
                came_to(connection, name, "reproduced")
        assert not control_passed(connection, SNIP)
        came_to(connection, number.id, "reproduced")
        assert control_passed(connection, SNIP)
        assert not control_passed(connection, number)


NUMBER = REGISTRY["HAN15-L300-12X"]


@given(apart=st.decimals(-1, 1, places=2))
def test_a_number_is_replicated_where_another_party_is_within_the_margin(apart):
    error = next(part for part in NUMBER.parts if part.id == "error")
    other = Replication(by="others", part="error", value=error.value + apart)
    claim = NUMBER.model_copy(update={"replications": (other,)})
    assert is_replicated_number(claim) == (abs(apart) <= Decimal("0.2"))


@pytest.mark.parametrize(
    "change",
    [
        {"replications": ()},
        {"replications": (Replication(by="others", part="error", statement="the same"),)},
        {"replications": (Replication(by="others", part="size", value="12"),)},
        {"source": NUMBER.source.model_copy(update={"read": "read_secondary"})},
        {"source": NUMBER.source.model_copy(update={"read": "own"})},
        {"setting": NUMBER.setting.model_copy(update={"claimed_on": "larger networks"})},
    ],
)
def test_what_is_counted_or_read_second_hand_or_a_stand_in_is_no_replicated_number(change):
    assert is_replicated_number(NUMBER)
    assert not is_replicated_number(NUMBER.model_copy(update=change))


def test_what_others_found_changes_no_plan():
    assert freeze(NUMBER, "").sha256 == freeze(NUMBER.model_copy(update={"replications": ()}), "").sha256


@pytest.mark.parametrize("label", ["inconclusive", "not_reproduced"])
def test_a_control_that_was_not_reproduced_counts_for_nothing(engine, label):
    with engine.begin() as connection:
        came_to(connection, "DIGITS-MAGNITUDE-BEATS-RANDOM", "reproduced")
        came_to(connection, "DIGITS-SNIP-BEATS-RANDOM", label)
        assert not control_passed(connection, OWN)


def test_a_control_of_the_users_own_is_taken_at_its_word(engine):
    mine = SNIP.model_copy(update={"id": "MINE", "positive_control": "MY-CONTROL"})
    control = SNIP.model_copy(update={"id": "MY-CONTROL"})
    with engine.begin() as connection:
        assert not control_passed(connection, mine)
        plan = freeze(control, "")
        store_frozen(connection, control, plan.sha256, plan.body, NOW)
        whole = VerdictRow("whole", "reproduced", "", 5, None, None, None, {}, VERDICT_VERSION, NOW)
        store.store_verdict(connection, plan.sha256, [whole])
        assert control_passed(connection, mine)
