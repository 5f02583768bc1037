"""What this installation has measured itself, as frames for the analyses: runs of networks and timings of kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from db.schema import claim, plan, run, timing

RUN_COLUMNS = ("claim_id", "arxiv_id", "dataset", "model", "arm", "completion", "seed", "accuracy", "sparsity", "at")
TIMING_COLUMNS = (
    *("claim_id", "arxiv_id", "dataset", "model", "layer", "batch", "arm", "kernel", "sparsity", "seconds"),
    *("cpu", "at"),
)


def own_runs(connection: Connection) -> pd.DataFrame:
    """One row a run that ended, of any claim: RUN_COLUMNS; accuracy in percent, sparsity as the fraction removed."""
    query = (
        select(claim.c.id, claim.c.arxiv_id, plan.c.body, run.c.arm, run.c.completion, run.c.seed, run.c.measures)
        .add_columns(run.c.finished_at)
        .join(plan, plan.c.sha256 == run.c.plan_sha256)
        .join(claim, claim.c.id == plan.c.claim_id)
        .where(run.c.outcome == "done")
        .order_by(run.c.id)
    )
    rows = []
    for claim_id, arxiv_id, body, arm, completion, seed, measures, at in connection.execute(query):
        dataset, model = _setting(body, completion)
        figures = (measures.get("accuracy"), measures.get("sparsity"))
        rows.append((claim_id, arxiv_id, dataset, model, arm, completion, seed, *figures, at))
    frame = pd.DataFrame(rows, columns=list(RUN_COLUMNS))
    return frame.astype({"accuracy": float, "sparsity": float})


def own_timings(connection: Connection) -> pd.DataFrame:
    """One row a layer, batch and arm (dense or sparse) that was timed here: TIMING_COLUMNS; seconds a product."""
    query = (
        select(claim.c.id, claim.c.arxiv_id, plan.c.body, timing)
        .join(plan, plan.c.sha256 == timing.c.plan_sha256)
        .join(claim, claim.c.id == plan.c.claim_id)
        .order_by(timing.c.id)
    )
    rows = []
    for row in connection.execute(query).mappings():
        dataset, model = _setting(row["body"], "")
        place = (row[claim.c.id], row[claim.c.arxiv_id], dataset, model)
        measured = (row["layer"], row["batch"], row["arm"], row["kernel"], row["sparsity"], row["seconds"])
        rows.append((*place, *measured, row["machine"].get("cpu", ""), row["at"]))
    return pd.DataFrame(rows, columns=list(TIMING_COLUMNS))


def _setting(body: Mapping[str, Any], completion: str) -> tuple[str | None, str | None]:
    """Data set and network of a plan under one of its completions."""
    settings = body.get("settings", {})
    chosen: Mapping[str, Any] = settings.get(completion) or next(iter(settings.values()), {})
    return chosen.get("dataset"), chosen.get("model")
