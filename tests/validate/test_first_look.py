"""The page of claims says what the rows beside it say, and the rows hold what their verdicts were made of."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db import validation as store
from db.session import open_database
from db.validation import RunRow
from secateur.cli import app
from validate.claims import load_registry
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
    assert "| compression |  | compression of pruned: 12 | 12.22 |" in text
    assert "### HAN15-L300-DENSITIES" in text
    assert "### HAN15-L300-12X" not in text
