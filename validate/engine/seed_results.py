"""Writes ``seed_results.csv``, the real seed results from which the levels for repeated looks are calibrated.

Run ``python -m validate.engine.seed_results``. The arms are those of the digits claims, and two whose learning rate is
so high that some of their runs fall behind, or collapse to chance.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence

from validate.calibrate import SEED_RESULTS
from validate.claims.schema import Arm, Setting
from validate.engine.data import load_dataset
from validate.engine.outcome import run_arm
from validate.threads import one_thread

STEADY = Setting(
    dataset="digits", model="LeNet-300-100", optimizer="sgd", learning_rate=0.1, momentum=0.9, batch=60, epochs=30
)
UNSTEADY = STEADY.model_copy(update={"learning_rate": 0.25})
COLLAPSING = STEADY.model_copy(update={"learning_rate": 0.4})


def _arm(criterion: str, sparsity: float) -> Arm:
    return Arm.model_validate(
        {
            "criterion": criterion,
            "sparsity": sparsity,
            "recovery": "fine-tuning",
            "recovery_epochs": 20,
            "recovery_learning_rate": 0.5,
        }
    )


ARMS = {
    "dense": (Arm(), STEADY),
    "dense, unsteady": (Arm(), UNSTEADY),
    "dense, collapsing": (Arm(), COLLAPSING),
    "magnitude 90 %": (_arm("magnitude", 0.9), STEADY),
    "magnitude 98 %": (_arm("magnitude", 0.98), STEADY),
    "random 90 %": (_arm("random", 0.9), STEADY),
    "random 95 %": (_arm("random", 0.95), STEADY),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs every arm with every seed and writes arm, seed, accuracy in percent."""
    parser = argparse.ArgumentParser(prog="python -m validate.engine.seed_results", description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    options = parser.parse_args(arguments)
    data = load_dataset("digits")
    with SEED_RESULTS.open("w", newline="", encoding="utf-8") as file, one_thread():
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["arm", "seed", "accuracy"])
        for name, (arm, setting) in ARMS.items():
            for seed in range(1000, 1000 + options.seeds):
                accuracy = run_arm(arm, setting, data, seed).measures["accuracy"]
                writer.writerow([name, seed, f"{accuracy:.4f}"])


if __name__ == "__main__":
    main()
