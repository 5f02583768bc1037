"""claims, validate and bench on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="validation needs torch: pip install 'secateur[validate]'")

WITHOUT_TORCH = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.split(".")[0] == "torch" else find(name, *rest)
from secateur.cli import main
main(sys.argv[1:])
"""

CLAIM = """
source: {venue: a draft, locator: Table 1, read: own}
claims:
  - id: MY-DENSITIES
    title: Keeping 8, 9 and 26 % of the weights keeps 8 % of all
    timing: after
    structure: unstructured
    setting: {dataset: none, model: LeNet-300-100, epochs: 0}
    arms:
      pruned: {criterion: magnitude, distribution: layerwise, kept_by_layer: {fc1: 0.08, fc2: 0.09, fc3: 0.26}}
    parts:
      - {id: kept, kind: structural, quantity: kept_percent, arm: pruned, value: "8"}
"""


def test_the_registry_is_listed_and_shown(secateur) -> None:
    names = [row["id"] for row in secateur("claims", "--format", "json").json()]
    assert "DIGITS-NO-LOSS" in names
    assert secateur("claims", "list", "--format", "json").json() == secateur("claims", "--format", "json").json()
    assert secateur("claims", "show", "HAN15-L300-12X").json()["source"]["arxiv"] == "1506.02626"


def test_a_claim_is_run_and_its_verdict_stored(secateur) -> None:
    answer = secateur("validate", "HAN15-L300-DENSITIES")
    assert answer.code == 0, answer.err
    assert answer.json()[0]["label"] == "reproduced"
    stored = secateur("query", "select label from verdict where part = 'whole'").json()
    assert {"label": "reproduced"} in stored


def test_a_users_own_file_is_run(secateur, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CLAIM)
    answer = secateur("validate", str(path))
    assert answer.code == 0, answer.err
    assert answer.json()[0]["label"] == "reproduced"


LONG = """
source: {{venue: a draft, locator: Table 1, read: own}}
claims:
  - id: {name}
    title: Nothing is lost at 50 % sparsity
    timing: before
    structure: unstructured
    setting: {{dataset: digits, model: LeNet-300-100, optimizer: sgd, learning_rate: 0.1, batch: 4, epochs: 5}}
    arms: {{dense: {{}}, {arms}}}
    parts: [{{id: no loss, kind: delta, quantity: error, arm: pruned at 50 %, against: dense}}]
"""
"""So many short runs that no machine ends them within the budget."""


def test_a_budget_is_for_all_claims_together(secateur, tmp_path: Path) -> None:
    pruned = "pruned at {at} %: {{criterion: random, sparsity: {of_one}, schedule: at-initialisation}}"
    arms = ", ".join(pruned.format(at=at, of_one=at / 100) for at in range(30, 80))
    files = []
    for name in ("FIRST", "SECOND"):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(LONG.format(name=name, arms=arms))
    answer = secateur("validate", *map(str, files), "--budget", "2")
    assert answer.code == 0, answer.err
    runs = "select claim_id from run join plan on plan_sha256 = sha256 where claim_id in ('FIRST', 'SECOND') group by 1"
    assert secateur("query", runs).json() == [{"claim_id": "FIRST"}]
    assert {row["claim"] for row in answer.json()} == {"FIRST", "SECOND"}


def test_a_malformed_claim_is_stored_as_unread_and_does_not_stop_the_others(secateur, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(CLAIM.replace("epochs: 0", "epochs: 0, colour: red"))
    answer = secateur("validate", str(path), "HAN15-L300-DENSITIES")
    assert answer.code == 2
    assert "colour" in answer.err
    assert answer.err.count("\n") == 1
    assert answer.json()[0]["label"] == "reproduced"
    counts = {row["name"]: row["value"] for row in secateur("status").json()}
    assert counts["unread claim"] == 1


def test_a_users_claim_does_not_take_the_name_of_another_in_the_registry(secateur, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CLAIM.replace("MY-DENSITIES", "DIGITS-MAGNITUDE-BEATS-RANDOM"))
    answer = secateur("validate", str(path))
    assert answer.code == 2
    assert "id: DIGITS-MAGNITUDE-BEATS-RANDOM is another claim of the registry" in answer.err
    assert (
        secateur("validate", str(tmp_path / "none.yaml")).err
        == f"secateur: there is no file {tmp_path / 'none.yaml'}\n"
    )


def test_without_torch_a_claim_that_trains_says_what_to_install(tmp_path: Path) -> None:
    arguments = ["validate", "--db", str(tmp_path / "a.db")]
    trained = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments, "DIGITS-NO-LOSS"], capture_output=True, text=True, check=False
    )
    assert trained.returncode == 2
    assert "pip install 'secateur[validate]'" in trained.stderr
    assert trained.stderr.count("\n") == 1
    structural = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments, "HAN15-L300-12X"],
        capture_output=True,
        text=True,
        check=False,
        # The data sets of whoever runs the tests count for nothing here.
        env=os.environ | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
    )
    assert structural.returncode == 0, structural.stderr
    assert "needs_assets" in structural.stdout


def test_the_kernels_are_measured_beside_dense(secateur) -> None:
    rows = secateur("bench", "kernels", "--suite", "vectors", "--sparsity", "0.9", "--seconds", "0.001").json()
    assert {row["kernel"] for row in rows} <= {"c", "scipy"}
    assert [row["layer"] for row in rows].count("geometric mean") == 1
    assert all(row["ours"] > 0 and row["numpy"] > 0 and row["torch"] > 0 for row in rows[:-1])
    assert rows[-1]["against_dense"] > 0


@pytest.mark.parametrize(("option", "value"), [("--suite", "matrices"), ("--mask", "diagonal")])
def test_an_unknown_benchmark_is_refused_in_one_line(secateur, option, value) -> None:
    answer = secateur("bench", "kernels", option, value)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert value in answer.err
