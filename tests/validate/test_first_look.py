"""The page of claims says what the rows beside it say, and the rows hold what their verdicts were made of."""

import json
from datetime import datetime
from pathlib import Path
from statistics import fmean, stdev

import pytest
from typer.testing import CliRunner

from db import validation as store
from db.session import open_database
from db.validation import RunRow
from secateur.cli import app
from validate.claims import Arm, load_registry
from validate.first_look.arms import arm_in_words, arm_lines
from validate.first_look.page import page_of, standing
from validate.first_look.rows import read_rows, rows_of, write_rows
from validate.plan import freeze
from validate.run import validate_claim
from validate.verdict import judge

REGISTRY = load_registry()
RUNS, JUDGED = read_rows()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
NOW = datetime(2026, 1, 2, 3, 4, 5)


def test_the_page_of_claims_is_what_the_command_writes_of_registry_and_rows():
    assert PAGE.read_text(encoding="utf-8") == page_of(REGISTRY, RUNS, JUDGED)


def test_every_claim_stands_on_the_page_with_a_label_or_a_reason():
    page = PAGE.read_text(encoding="utf-8")
    whole = {row.claim: row for row in JUDGED if row.part == "whole"}
    for claim in REGISTRY.values():
        assert f"| {claim.id} |" in page
        assert standing(claim, whole.get(claim.id))


def run_row(run) -> RunRow:
    return RunRow(
        arm=run.arm,
        completion=run.completion,
        seed=run.seed,
        outcome=run.outcome,
        measures=json.loads(run.measures),
        correct=None,
        examples=0,
        seconds=run.seconds,
        machine={},
        finished_at=NOW,
    )


@pytest.mark.parametrize("claim", sorted({run.claim for run in RUNS} & {row.claim for row in JUDGED if row.seeds}))
def test_a_verdict_made_again_of_the_rows_measures_the_same(claim):
    told = {(row.part, row.completion): row for row in JUDGED if row.claim == claim}
    look = max(5, told["whole", ""].seeds)
    rows = [run_row(run) for run in RUNS if run.claim == claim and run.seed < look]
    again = judge(freeze(REGISTRY[claim], ""), rows, control_passed=True)
    assert again.seeds == told["whole", ""].seeds
    for part in again.parts:
        row = told[part.part, part.completion]
        assert row.seeds == part.seeds
        if part.estimate is None:
            assert row.estimate is None
        else:
            assert row.estimate == pytest.approx(part.estimate.value, abs=1e-6)


def test_rows_are_read_as_they_were_written(tmp_path):
    write_rows(tmp_path, RUNS, JUDGED)
    assert read_rows(tmp_path) == (RUNS, JUDGED)


def test_the_command_writes_rows_and_page_of_a_database(tmp_path):
    path = tmp_path / "claims.db"
    engine = open_database(path)
    validate_claim(engine, REGISTRY["HAN15-L300-DENSITIES"], now=NOW)
    with engine.connect() as connection:
        assert [plan.claim_id for plan in store.newest_plans(connection)] == ["HAN15-L300-DENSITIES"]
        runs, judged = rows_of(connection, REGISTRY)
    engine.dispose()
    page = tmp_path / "page.md"
    answer = CliRunner().invoke(app, ["claims", "export", str(tmp_path / "to"), "--page", str(page), "--db", str(path)])
    assert answer.exit_code == 0
    assert read_rows(tmp_path / "to") == (runs, judged)
    text = page.read_text(encoding="utf-8")
    assert "| compression |  | compression of pruned: 12 ± 0.5 | 12.22 |" in text
    assert "### HAN15-L300-DENSITIES" in text
    assert "### HAN15-L300-12X" not in text
    again = CliRunner().invoke(app, ["claims", "export", str(tmp_path / "to"), "--db", str(path)])
    assert again.exit_code == 0
    assert read_rows(tmp_path / "to") == (runs, judged)


def test_rows_of_claims_that_a_database_has_not_run_stay_as_they_were(tmp_path):
    path = tmp_path / "claims.db"
    engine = open_database(path)
    validate_claim(engine, REGISTRY["HAN15-L300-DENSITIES"], now=NOW)
    with engine.connect() as connection:
        runs, judged = rows_of(connection, REGISTRY)
    engine.dispose()
    write_rows(tmp_path, RUNS, JUDGED)
    assert CliRunner().invoke(app, ["claims", "export", str(tmp_path), "--db", str(path)]).exit_code == 0
    all_runs, all_judged = read_rows(tmp_path)
    names = {row.claim for row in all_runs}
    assert names == {row.claim for row in RUNS} | {"HAN15-L300-DENSITIES"}
    assert [row for row in all_runs if row.claim == "HAN15-L300-DENSITIES"] == runs
    assert [row for row in all_judged if row.claim == "HAN15-L300-DENSITIES"] == judged
    assert [row for row in all_runs if row.claim != "HAN15-L300-DENSITIES"] == [
        row for row in RUNS if row.claim != "HAN15-L300-DENSITIES"
    ]
    assert [row.claim for row in all_judged] == [row.claim for row in JUDGED]


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ({}, "not pruned"),
        ({"model": "MLP-33-11"}, "MLP-33-11, not pruned"),
        ({"method": "edge-popup"}, "edge-popup"),
        (
            {"criterion": "snip", "sparsity": 0.95, "schedule": "at-initialisation", "calibration": 100},
            "snip, 95 % of the weights removed, at initialisation, scores on 100 examples",
        ),
        (
            {"criterion": "magnitude", "pattern": "2:4", "recovery": "fine-tuning", "recovery_learning_rate": 0.1},
            "magnitude, 2:4, one shot, fine tuning at 0.1 times the rate",
        ),
        (
            {
                "criterion": "magnitude",
                "distribution": "layerwise",
                "kept_by_layer": {"fc1": 0.2, "fc3": 0.5},
                "rounds": 7,
                "recovery": "weight-rewinding",
                "last_recovery": "from-scratch",
            },
            "magnitude, kept: fc1 20 % fc3 50 %, iterative, 7 rounds, weight rewinding, the last from scratch",
        ),
        (
            {"layers": [{"rows": 4, "columns": 8, "density": 0.1}, {"rows": 2, "columns": 4, "masks_only": True}]},
            "4 x 8, 10 % kept, then 2 x 4, zeros in the dense matrix",
        ),
    ],
)
def test_the_page_says_what_each_arm_does(arm, words):
    assert arm_in_words(Arm.model_validate(arm)) == words


def test_behind_each_arm_stand_the_mean_and_deviation_of_its_rows():
    claim = REGISTRY["SNIP19-L300-95-98"]
    own = [run for run in RUNS if run.claim == claim.id]
    found = [json.loads(run.measures)["error"] for run in own if (run.arm, run.completion) == ("dense", "30,000 steps")]
    lines = "\n".join(arm_lines(claim, own))
    assert f"{fmean(found):.2f} ± {stdev(found):.2f} (30,000 steps)" in lines


def test_a_claim_says_its_margin_and_a_claim_of_a_paper_its_controls():
    page = PAGE.read_text(encoding="utf-8")
    assert "| error of SNIP 95 %: 1.6 ± 0.2 |" in page
    assert "snip: DIGITS-SNIP-BEATS-RANDOM (reproduced)" in page
