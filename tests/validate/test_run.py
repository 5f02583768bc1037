"""A claim is run seed by seed into the database, goes on where it was, and says why where it can't be run."""

import dataclasses
from datetime import datetime

import numpy as np
import pytest
from sqlalchemy import func, select

from db import validation as store
from db.schema import run, verdict
from db.session import open_database
from validate import run as running
from validate.claims import Claim, load_registry
from validate.run import EngineUnavailableError, validate_claim

NOW = datetime(2026, 1, 2, 3, 4, 5)
SETTING = {
    "dataset": "digits",
    "model": "LeNet-300-100",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "batch": 100,
    "epochs": 3,
}
ARMS = {
    "magnitude": {"criterion": "magnitude", "sparsity": 0.95, "recovery": "fine-tuning", "recovery_epochs": 1},
    "random": {"criterion": "random", "sparsity": 0.95, "recovery": "fine-tuning", "recovery_epochs": 1},
}


def claim_of(**changes) -> Claim:
    body = {
        "id": "QUICK",
        "title": "Magnitude beats random",
        "source": {"venue": "Here", "locator": "Table 1", "read": "own"},
        "timing": "after",
        "structure": "unstructured",
        "setting": SETTING,
        "arms": ARMS,
        "parts": [
            {"id": "order", "kind": "ordering", "quantity": "accuracy", "arm": "magnitude", "against": "random"},
            {"id": "size", "kind": "compression", "quantity": "compression", "arm": "magnitude", "value": "20"},
        ],
    }
    return Claim.model_validate({**body, **changes})


@pytest.fixture
def engine(tmp_path):
    engine = open_database(tmp_path / "secateur.db")
    yield engine
    engine.dispose()


def stored_runs(engine, sha256):
    with engine.connect() as connection:
        return store.runs(connection, sha256)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    engine = open_database(tmp_path_factory.mktemp("run") / "secateur.db")
    told = []
    report = validate_claim(engine, claim_of(), progress=lambda *words: told.append(words), now=NOW)
    yield engine, report, told
    engine.dispose()


def test_a_true_claim_is_reproduced_with_estimate_interval_and_seeds(finished):
    _, report, _ = finished
    assert report.label == "reproduced"
    assert report.seeds in (5, 10, 20)
    order, size = report.parts
    assert order.estimate.low > 0
    assert order.new_examples.low > 0
    assert size.estimate.value == pytest.approx(20, abs=0.01)
    assert {arm.arm for arm in report.arms} == {"magnitude", "random"}


def test_every_run_is_kept_with_one_bit_a_test_example(finished):
    engine, report, _ = finished
    rows = stored_runs(engine, report.plan_sha256)
    assert {row.key for row in rows} == {(arm, "as stated", seed) for arm in ARMS for seed in range(report.seeds)}
    for row in rows:
        bits = np.unpackbits(np.frombuffer(row.correct, np.uint8), count=row.examples)
        assert row.examples == 797
        assert 100 * bits.mean() == pytest.approx(row.measures["accuracy"])
        assert row.machine["torch"]
        assert row.finished_at >= NOW


def test_the_sparse_kernels_agree_and_their_time_is_measured_beside_the_operations_saved(finished):
    engine, report, _ = finished
    assert report.kernel_agrees
    assert report.theoretical_ratio == pytest.approx(20, abs=0.01)
    assert set(report.measured_ratio) == {1, 64}
    with engine.connect() as connection:
        timings = store.timings(connection, report.plan_sha256)
    assert {(row.layer, row.batch, row.arm) for row in timings} == {
        (layer, batch, arm) for layer in ("fc1", "fc2", "fc3") for batch in (1, 64) for arm in ("dense", "sparse")
    }
    assert all(row.seconds > 0 and row.blocks >= 30 for row in timings)


def test_progress_counts_the_runs_up_to_the_next_look(finished):
    _, report, told = finished
    assert [done for done, _, _ in told][:10] == list(range(1, 11))
    assert told[0][1] == 10
    assert told[-1][:2] == (2 * report.seeds, 2 * report.seeds)


def test_rows_are_flat_and_have_the_same_columns(finished):
    _, report, _ = finished
    rows = report.rows()
    assert [row["part"] for row in rows] == ["whole", "order", "size"]
    assert len({tuple(row) for row in rows}) == 1
    assert all(value is None or isinstance(value, (str, int, float)) for row in rows for value in row.values())


def test_running_again_runs_nothing_and_says_the_same(finished):
    engine, report, _ = finished
    before = stored_runs(engine, report.plan_sha256)
    with engine.connect() as connection:
        verdicts = store.verdicts(connection, report.plan_sha256)
    told = []
    again = validate_claim(engine, claim_of(), progress=lambda *words: told.append(words), now=datetime(2027, 1, 1))
    assert told == []
    assert again == report
    assert stored_runs(engine, report.plan_sha256) == before
    with engine.connect() as connection:
        assert store.verdicts(connection, report.plan_sha256) == verdicts


def test_a_killed_validation_goes_on_where_it_was_and_ends_the_same(engine, finished):
    whole, report, _ = finished

    def stop_after_three(done, total, name):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        validate_claim(engine, claim_of(), progress=stop_after_three, now=NOW)
    assert len(stored_runs(engine, report.plan_sha256)) == 3
    resumed = validate_claim(engine, claim_of(), now=NOW)
    assert resumed.parts == report.parts
    for ours, theirs in zip(
        stored_runs(engine, report.plan_sha256), stored_runs(whole, report.plan_sha256), strict=True
    ):
        assert (ours.key, ours.measures, ours.correct) == (theirs.key, theirs.measures, theirs.correct)


def test_a_budget_that_ends_early_buys_inconclusive_and_the_next_call_goes_on(engine):
    report = validate_claim(engine, claim_of(), budget_seconds=0.0, now=NOW)
    assert (report.label, report.cause, report.seeds) == ("inconclusive", "budget", 0)
    assert report.measured_ratio is None
    assert validate_claim(engine, claim_of(), now=NOW).label == "reproduced"


def test_a_broken_run_is_stored_as_failed_shown_and_run_again(engine, monkeypatch):
    original = running._dataset

    def broken(name, *where):
        broken.calls += 1
        if 3 <= broken.calls <= 5:
            raise OSError("disk on fire")
        return original(name, *where)

    broken.calls = 0
    monkeypatch.setattr(running, "_dataset", broken)
    claim = claim_of(parts=[claim_of().parts[1].model_dump()])
    report = validate_claim(engine, claim, now=NOW)
    assert "random: failed: OSError: disk on fire (2 runs)" in report.warnings
    assert "failed" in {row.outcome for row in stored_runs(engine, report.plan_sha256)}
    monkeypatch.setattr(running, "_dataset", original)
    again = validate_claim(engine, claim, now=NOW)
    assert again.label == "reproduced"
    assert {row.outcome for row in stored_runs(engine, again.plan_sha256)} == {"done"}


def test_runs_that_all_break_end_at_the_first_look_with_the_cause(engine, monkeypatch):
    original = running._dataset
    calls = []

    def broken_after_the_plan(name, *where):
        calls.append(name)
        if len(calls) > 1:
            raise OSError("disk on fire")
        return original(name, *where)

    monkeypatch.setattr(running, "_dataset", broken_after_the_plan)
    report = validate_claim(engine, claim_of(), now=NOW)
    assert (report.label, report.cause, report.seeds) == ("inconclusive", "failed", 0)
    assert report.warnings == (
        "magnitude: failed: OSError: disk on fire (5 runs)",
        "random: failed: OSError: disk on fire (5 runs)",
    )


def test_an_emptied_layer_is_never_silent(engine):
    arms = {**ARMS, "magnitude": {"criterion": "magnitude", "sparsity": 0.99999}}
    report = validate_claim(engine, claim_of(arms=arms), now=NOW)
    assert any("layer(s) lost all their weights" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("change", "label", "reason"),
    [
        ({"setting": {**SETTING, "dataset": "mnist"}}, "needs_assets", "'mnist' is not on this machine"),
        ({"setting": {**SETTING, "batch": None}}, "setting_incomplete", "leaves open batch"),
        ({"timing": "before"}, "not_testable_here", "before training"),
        ({"setting": {**SETTING, "model": "AlexNet"}}, "not_testable_here", "no model 'AlexNet'"),
    ],
)
def test_what_cannot_be_run_gets_its_label_and_reason_without_a_run(engine, change, label, reason):
    report = validate_claim(engine, claim_of(**change), now=NOW)
    assert report.label == label
    assert reason in report.cause
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(run)).scalar_one() == 0
        assert connection.execute(select(verdict.c.label)).scalars().all() == [label]
        assert store.newest_label(connection, "QUICK") == label


def test_a_refutation_waits_for_its_positive_control(engine):
    swapped = {"id": "order", "kind": "ordering", "quantity": "accuracy", "arm": "random", "against": "magnitude"}
    false = claim_of(id="FALSE", parts=[swapped], positive_control="QUICK")
    first = validate_claim(engine, false, now=NOW)
    assert first.label == "inconclusive"
    assert "a positive control is missing: QUICK" in first.cause
    assert validate_claim(engine, claim_of(), now=NOW).label == "reproduced"
    second = validate_claim(engine, false, now=NOW)
    assert (second.label, second.cause) == ("not_reproduced", "reversed")


def test_structural_claims_need_no_data_and_one_seed(engine):
    report = validate_claim(engine, load_registry()["HAN15-L300-DENSITIES"], now=NOW)
    assert (report.label, report.seeds) == ("reproduced", 1)
    assert report.theoretical_ratio == pytest.approx(12.22, abs=0.01)


def test_a_stand_in_says_what_it_means_for_the_claim_it_stands_for(engine):
    report = validate_claim(engine, claim_of(stands_in_for=["OTHER"]), now=NOW)
    assert [(one.claim, one.label, one.cause) for one in report.stands_in_for] == [
        ("OTHER", "surrogate_only", "supports")
    ]
    assert report.rows()[-1]["part"] == "for OTHER"


def test_without_torch_the_message_says_how_to_install_it(engine, monkeypatch):
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'secateur\[validate\]'"):
        validate_claim(engine, claim_of(), now=NOW)


def test_what_this_call_has_trained_is_timed_without_training_it_again(engine, monkeypatch):
    monkeypatch.setattr(running._Validation, "_trained_again", lambda validation, arm: pytest.fail("trained again"))
    report = validate_claim(engine, claim_of(), now=NOW)
    assert set(report.measured_ratio) == {1, 64}


def test_what_an_earlier_call_has_trained_is_trained_again_to_be_timed(engine, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(running, "time_layers", lambda layers, now: [])
        assert validate_claim(engine, claim_of(), now=NOW).measured_ratio is None
    assert set(validate_claim(engine, claim_of(), now=NOW).measured_ratio) == {1, 64}


@pytest.mark.slow
def test_side_by_side_processes_give_the_same_bits(engine, finished, monkeypatch):
    monkeypatch.setattr(running._Validation, "_trained_again", lambda validation, arm: pytest.fail("trained again"))
    whole, report, _ = finished
    beside = validate_claim(engine, claim_of(), jobs=2, now=NOW)
    assert beside.parts == report.parts
    for ours, theirs in zip(
        stored_runs(engine, report.plan_sha256), stored_runs(whole, report.plan_sha256), strict=True
    ):
        assert (ours.measures, ours.correct) == (theirs.measures, theirs.correct)


@pytest.mark.slow
def test_the_controls_of_the_registry_come_out_as_expected(engine):
    registry = load_registry()
    controls = [claim for claim in registry.values() if claim.expected is not None]
    for claim in sorted(controls, key=lambda claim: claim.positive_control is not None):
        report = validate_claim(engine, claim, now=NOW)
        assert report.label == claim.expected, dataclasses.asdict(report)
