"""The page on the quality of the data: the flow of papers, agreement with people, and what is unread, with reasons.

The flow follows PRISMA 2020 (Page et al. 2021, https://www.prisma-statement.org): records identified, screened, sought,
assessed and included, with the number and the reasons of those that left at each step.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from importlib import resources
from typing import Any

import pandas as pd

from analysis.frames import absent, as_text
from analysis.report.data import SurveyData
from analysis.report.section import MOST_ROWS, Section
from analysis.report.text import csv_text, share

GROUPS = (
    ("Papers", "papers", "Harvested works, counted once whatever their number of versions."),
    ("Relevance", "relevance", "What title and abstract say: core is about sparsity or pruning of the network itself."),
    ("Full texts", "documents", "Outcome of asking for the full text of each version."),
    ("Stages", "stage", "Versions that a stage of reading has finished, or could not read."),
    ("Unread", "unread", "Records, documents, tables, cells and claims that could not be read."),
    ("Harvests", "harvest runs", "Runs against arXiv by their state."),
)
FEWEST = 20
"""Papers with a person's answer from which on a share means anything."""


def quality_section(data: SurveyData) -> Section:
    """What was harvested and read, how well, and what could not be, with the reasons."""
    reasons = _reasons(data)
    steps = flow(data)
    flow_rows = [
        {"step": step["name"], "papers": step["papers"], "left": left["name"], "left_papers": left["papers"]}
        for step in steps
        for left in step["left"] or [{"name": "", "papers": None}]
    ]
    return Section(
        {
            "groups": _groups(data.status),
            "flow": steps,
            "scores": shipped_scores(),
            "agreement": [_agreement(row) for row in data.agreement.itertuples(index=False)],
            "n_corrected": _corrected(data.results),
            "n_results": len(data.results),
            "reasons": reasons[:MOST_ROWS],
            "n_reasons": len(reasons),
        },
        files={
            "data/status.csv": csv_text(data.status),
            "data/unread.csv": csv_text(data.unread),
            "data/flow.csv": csv_text(pd.DataFrame(flow_rows, columns=["step", "papers", "left", "left_papers"])),
            "data/agreement.csv": csv_text(data.agreement),
        },
    )


def flow(data: SurveyData) -> list[dict[str, Any]]:
    """The steps from harvested to included papers: name, papers, note, and who left after it (name and papers)."""
    papers = data.papers
    imported = set(data.imports["arxiv_id"])
    relevance = papers["relevance"].map(as_text)
    core = set(data.core["arxiv_id"])
    texts = data.full_texts[data.full_texts["arxiv_id"].isin(core)]
    stored = texts[texts["outcome"] == "stored"]
    read = stored[stored["read"].astype(bool)]
    with_results = set(data.results["arxiv_id"])
    refused = Counter(texts.loc[texts["outcome"] != "stored", "outcome"].map(lambda name: name.replace("_", " ")))
    unread = Counter(
        reason or "not read yet" for reason in stored.loc[~stored["read"].astype(bool), "unread_reason"].map(as_text)
    )
    waiting = len(core - set(texts["arxiv_id"]) - imported)
    steps = [
        _step("identified", len(papers), "records harvested or imported", {"not tagged yet": (relevance == "").sum()}),
        _step(
            "screened",
            int((relevance != "").sum()),
            "title and abstract read",
            {"not about pruning": (relevance == "no").sum(), "related only": (relevance == "related").sum()},
        ),
        _step(
            "sought",
            len(core),
            "about sparsity or pruning: full text sought",
            {"not asked for yet": waiting, "came with an import": len((core & imported) - set(texts["arxiv_id"]))}
            | dict(sorted(refused.items())),
        ),
        _step("retrieved", len(stored), "full text stored", dict(unread.most_common(6))),
        _step("read", len(read), "tables read", {"no result in them": len(set(read["arxiv_id"]) - with_results)}),
        _step("included", len(with_results), "papers with results, imported ones among them", {}),
    ]
    return steps if len(papers) else []


def shipped_scores() -> list[dict[str, str]]:
    """How well the readers that this version ships did on labelled material: what, f1 and scored_on of scores.csv."""
    text = resources.files("analysis.report").joinpath("scores.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _step(name: str, papers: int, note: str, left: dict[str, int]) -> dict[str, Any]:
    leaving = [{"name": why, "papers": int(number)} for why, number in left.items() if number]
    return {"name": name, "papers": papers, "note": note, "left": leaving}


def _groups(frame: pd.DataFrame) -> list[dict[str, Any]]:
    status = dict(zip(frame["name"], frame["value"], strict=True))
    groups = []
    for title, prefix, note in GROUPS:
        rows = [
            {"name": name.removeprefix(prefix).strip() or "all", "value": value}
            for name, value in status.items()
            if name.startswith(prefix)
        ]
        if prefix == "papers":
            rows = [{"name": name, "value": status[name]} for name in status if name.endswith("papers")]
        if rows:
            groups.append({"title": title, "note": note, "rows": rows})
    return groups


def _agreement(row: Any) -> dict[str, Any]:
    found, given = row.both + row.machine_only, row.both + row.person_only
    return {
        "facet": row.facet,
        "papers": row.papers,
        "precision": share(row.both, found),
        "recall": share(row.both, given),
        "few": row.papers < FEWEST,
    }


def _corrected(results: pd.DataFrame) -> int:
    return int(results["override_id"].notna().sum()) if "override_id" in results else 0


def _reasons(data: SurveyData) -> list[dict[str, Any]]:
    reasons = []
    for (kind, reason), group in data.unread.groupby(["kind", "reason"]):
        example = group.iloc[0]
        paper = None if absent(example["arxiv_id"]) else example["arxiv_id"]
        reasons.append(
            {"kind": kind, "reason": reason, "count": len(group), "locator": example["locator"], "paper": paper}
        )
    return sorted(reasons, key=lambda row: (-row["count"], row["kind"], row["reason"]))
