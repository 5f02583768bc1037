"""What stands on each page of the survey about the corpus as a whole: frames in, the contexts of templates out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import networkx as nx
import pandas as pd

from analysis.baselines import SPREAD_COLUMNS, baseline_spread, dense_spread, describe_key, plot_baseline_spread
from analysis.comparisons import (
    edge_table,
    fragmentation,
    missing_comparisons,
    paper_degrees,
    plot_comparisons,
    summarise,
)
from analysis.frames import absent, grouped, records
from analysis.growth import (
    GrowthFit,
    TooFewCountsError,
    fit_growth,
    local_growth,
    monthly_counts,
    plot_growth,
    plot_local_growth,
)
from analysis.growth_models import compare_growth_models
from analysis.printed import metric_name
from analysis.report.data import SurveyData
from analysis.report.figures import Figure, figure
from analysis.report.text import amount, share
from db.records import FACETS, VOCABULARY

REVIEWED = ("confirmed", "explained")
STATES_SHOWN = {False: REVIEWED, True: ("new", *REVIEWED)}
MOST_ROWS = 40
"""Rows of a table on a page; all of them stand in the CSV file beside it."""
GROUPS = (
    ("Papers", "papers", "Harvested works, counted once whatever their number of versions."),
    ("Relevance", "relevance", "What title and abstract say: core is about sparsity or pruning of the network itself."),
    ("Full texts", "documents", "Outcome of asking for the full text of each version."),
    ("Stages", "stage", "Versions that a stage of reading has finished, or could not read."),
    ("Unread", "unread", "Records, documents, tables, cells and claims that could not be read."),
    ("Harvests", "harvest runs", "Runs against arXiv by their state."),
)


@dataclass(frozen=True, slots=True)
class Section:
    """The content of one page: values for its template, its figures, and files to download."""

    values: dict[str, Any]
    figures: tuple[Figure, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """Path within the site to text."""


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False)


def growth_section(data: SurveyData) -> Section:
    """Counts by month and their growth, for real and synthetic papers apart."""
    kinds, figures, files = [], [], {}
    core = data.papers[data.papers["relevance"] == "core"]
    for synthetic in (False, True):
        papers = core[core["synthetic"].astype(bool) == synthetic]
        if papers.empty:
            continue
        name = "growth-synthetic" if synthetic else "growth"
        kind, drawn = _growth_of(papers, data.papers, name)
        kinds.append(kind | {"synthetic": synthetic})
        figures += drawn
    facets = facet_years(data, core)
    files["data/facets-by-year.csv"] = _csv(facets)
    return Section({"kinds": kinds, "facets": _facet_tables(facets)}, tuple(figures), files)


def _growth_of(papers: pd.DataFrame, harvested: pd.DataFrame, name: str) -> tuple[dict[str, Any], list[Figure]]:
    # The month of the newest harvested paper is incomplete; later months were not harvested at all.
    until = harvested["submitted"].max().date()
    kind: dict[str, Any] = {"papers": len(papers), "until": until, "fits": [], "local": [], "figures": []}
    try:
        counts = monthly_counts(papers, until)
        fits = [fit_growth(counts, method=method) for method in ("nb2", "quasi-poisson", "poisson")]
    except ValueError as error:
        return kind | {"why_none": str(error)}, []
    fits = list({fit.method: fit for fit in fits}.values())
    local = local_growth(counts)
    drawn = [
        figure(
            name,
            lambda ax: plot_growth(fits[0], counts, ax=ax),
            counts,
            alt=f"Bars of core papers a month since {fits[0].first:%Y-%m}; {growth_sentence(fits[0])}",
            caption="Core papers a month by the date of version 1 (bars) and the fitted exponential trend (line).",
        )
    ]
    if len(local) > 1:
        drawn.append(
            figure(
                f"{name}-local",
                lambda ax: plot_local_growth(local, ax=ax),
                local,
                alt="Growth rate a year in windows of four years with 95 % intervals; the table below has the numbers.",
                caption="Growth rate in sliding windows of four years, with 95 % intervals, at the end of each window.",
                size=(8.0, 2.8),
            )
        )
    return kind | {"fits": fits, "local": records(local), "shapes": _shapes(counts), "figures": drawn}, drawn


def _shapes(counts: pd.DataFrame) -> list[dict[str, Any]]:
    try:
        return records(compare_growth_models(counts))
    except TooFewCountsError:
        return []


def growth_sentence(fit: GrowthFit) -> str:
    """The result of a fit in a sentence."""
    low, high = fit.doubling_interval
    if fit.rate_low <= 0:
        return (
            f"no growth is compatible with the counts ({100 * fit.rate_low:.0f} to {100 * fit.rate_high:.0f} % a year)."
        )
    return f"their number doubles every {fit.doubling_time:.2g} years (95\u00a0% interval {low:.2g} to {high:.2g})."


def facet_years(data: SurveyData, papers: pd.DataFrame) -> pd.DataFrame:
    """Papers by facet, value and year of version 1: columns facet, value, year, papers, of (papers of that year)."""
    years = papers.set_index("arxiv_id")["submitted"].dt.year
    tags = data.tags[data.tags["facet"].isin(FACETS) & data.tags["arxiv_id"].isin(years.index)]
    tags = tags.drop_duplicates(["arxiv_id", "facet", "value"])
    tags = tags.assign(year=tags["arxiv_id"].map(years))
    counted = tags.groupby(["facet", "value", "year"])["arxiv_id"].nunique().reset_index(name="papers")
    return counted.assign(of=counted["year"].map(years.value_counts()))


def _facet_tables(counted: pd.DataFrame, most_years: int = 8) -> list[dict[str, Any]]:
    years = sorted(counted["year"].unique())[-most_years:]
    groups = grouped(records(counted), "facet", "value")
    tables = []
    for facet in FACETS:
        rows = []
        for value in VOCABULARY[facet]:
            by_year = {row["year"]: row for row in groups.get((facet, value), [])}
            cells = [share(by_year[year]["papers"], by_year[year]["of"]) if year in by_year else "–" for year in years]
            if by_year:
                papers = sum(row["papers"] for row in by_year.values())
                rows.append({"value": value, "cells": cells, "papers": papers})
        if rows:
            most = max(row["papers"] for row in rows)
            tables.append({"facet": facet, "rows": rows, "years": years, "most": most})
    return tables


def baselines_section(data: SurveyData, findings: list[dict[str, Any]]) -> Section:
    """Spread of pruned baselines and dense models, and the questions about them."""
    pruned, dense = baseline_spread(data.results), dense_spread(data.results)
    figures = [
        drawn
        for name, spread, what in (
            ("spread", pruned, "pruned baselines"),
            ("dense-spread", dense, "dense models"),
        )
        if (drawn := _spread_figure(name, spread, what)) is not None
    ]
    return Section(
        {
            "pruned": [_spread_row(row) for row in records(_differing(pruned).head(MOST_ROWS))],
            "dense": [_spread_row(row) for row in records(_differing(dense).head(MOST_ROWS))],
            "n_keys": len(pruned),
            "n_several": int((pruned["n_papers"] > 1).sum()),
            "n_differing": len(_differing(pruned)),
            "findings": findings,
            "spread_figures": figures,
        },
        tuple(figures),
        {"data/baselines.csv": _csv(pruned), "data/dense-models.csv": _csv(dense)},
    )


def _differing(spread: pd.DataFrame) -> pd.DataFrame:
    """Keys for which several papers print different numbers."""
    return spread[(spread["n_papers"] > 1) & (spread["n_numbers"] > 1)]


def _spread_figure(name: str, spread: pd.DataFrame, what: str) -> Figure | None:
    wide = _differing(spread)
    wide = wide[wide["unit"] == "%"]
    if wide.empty:
        return None
    metric = wide["metric"].value_counts().index[0]
    wide = wide[wide["metric"] == metric].head(14)
    return figure(
        name,
        lambda ax: plot_baseline_spread(wide, ax=ax, rows=14),
        wide[list(SPREAD_COLUMNS)],
        alt=f"Each row is one of the {what} that most papers print; dots are the different numbers that papers give.",
        caption=(
            f"Different printed numbers of the {what} that most papers share, {metric_name(metric)}, as the difference "
            "from the median. A diamond is the number of the paper that introduced the method."
        ),
        size=(8.0, 1.1 + 0.32 * len(wide)),
    )


def _spread_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": describe_key(row),
        "metric": metric_name(row["metric"]),
        "n_papers": row["n_papers"],
        "n_numbers": row["n_numbers"],
        "n_copies": row["n_copies"],
        "low": amount(row["low"], row["unit"]),
        "high": amount(row["high"], row["unit"]),
        "range": amount(row["range"], row["unit"], 3),
        "median": amount(row["median"], row["unit"]),
        "own": amount(row["own"], row["unit"]),
        "low_paper": row["gap_low_paper"],
        "high_paper": row["gap_high_paper"],
        "low_cell": row["gap_low_cell"],
        "high_cell": row["gap_high_cell"],
        "synthetic": row["synthetic"],
    }


def comparisons_section(data: SurveyData, graph: nx.DiGraph) -> Section:
    """The graph of comparisons in numbers."""
    degrees, missing, combinations = paper_degrees(graph), missing_comparisons(graph), fragmentation(data.results)
    compared = degrees[degrees["compared_by"] > 0]
    figures = []
    if len(compared):
        most = compared.iloc[0]
        figures.append(
            figure(
                "comparisons",
                lambda ax: plot_comparisons(graph, ax=ax),
                compared,
                alt=f"Bars of how many papers compare with each; most, {most['compared_by']}, with {most['arxiv_id']}.",
                caption="The papers whose methods most other papers print results of.",
                size=(8.0, 1.0 + 0.28 * min(15, len(compared))),
            )
        )
    files = {
        "data/comparisons.csv": _csv(edge_table(graph)),
        "data/missing-comparisons.csv": _csv(missing),
        "data/combinations.csv": _csv(combinations),
    }
    values = {
        "summary": summarise(graph),
        "compared": records(compared.head(MOST_ROWS)),
        "missing": records(missing.head(MOST_ROWS)),
        "n_missing": len(missing),
        "combinations": records(combinations.head(MOST_ROWS)),
        "n_combinations": len(combinations),
        "n_datasets": combinations["dataset"].nunique(),
        "n_models": combinations["model"].nunique(),
        "n_alone": int((combinations["n_papers"] == 1).sum()),
    }
    return Section(values | {"comparison_figures": figures}, tuple(figures), files)


def claims_section(data: SurveyData) -> Section:
    """What abstracts claim, and what came of the claims that were run."""
    verdicts = [row | {"whole": row["part"] == "whole"} for row in records(data.verdicts)]
    claims: dict[str, list[dict[str, Any]]] = {}
    for row in verdicts:
        claims.setdefault(row["claim_id"], []).append(row)
    shown = set(data.shown["arxiv_id"])
    stated = data.abstract_claims[data.abstract_claims["arxiv_id"].isin(shown)]
    quantities = [
        {
            "quantity": quantity,
            "claims": len(group),
            "papers": group["arxiv_id"].nunique(),
        }
        for quantity, group in stated.groupby("quantity")
    ]
    return Section(
        {
            "claims": [
                {"id": name, "parts": sorted(parts, key=lambda row: not row["whole"])} for name, parts in claims.items()
            ],
            "labels": data.verdicts.loc[data.verdicts["part"] == "whole", "label"].value_counts().to_dict(),
            "quantities": sorted(quantities, key=lambda row: -row["claims"]),
            "n_claims": len(stated),
        },
        files={"data/verdicts.csv": _csv(data.verdicts), "data/abstract-claims.csv": _csv(stated)},
    )


def quality_section(data: SurveyData) -> Section:
    """What was harvested and read, and what could not be, with the reasons."""
    status = dict(zip(data.status["name"], data.status["value"], strict=True))
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
    reasons = []
    for (kind, reason), group in data.unread.groupby(["kind", "reason"]):
        example = group.iloc[0]
        paper = None if absent(example["arxiv_id"]) else example["arxiv_id"]
        reasons.append(
            {"kind": kind, "reason": reason, "count": len(group), "locator": example["locator"], "paper": paper}
        )
    reasons.sort(key=lambda row: (-row["count"], row["kind"], row["reason"]))
    return Section(
        {"groups": groups, "reasons": reasons[:MOST_ROWS], "n_reasons": len(reasons)},
        files={"data/status.csv": _csv(data.status), "data/unread.csv": _csv(data.unread)},
    )


def start_section(data: SurveyData, growth: Section, findings: list[dict[str, Any]], now: datetime) -> Section:
    """The front page: what the corpus holds and what is new."""
    core = data.papers[data.papers["relevance"] == "core"]
    recent = core[core["submitted"] >= pd.Timestamp(now) - pd.Timedelta(days=30)]
    read = data.results["arxiv_id"].nunique()
    tiles = [
        {"value": len(data.papers), "name": "papers harvested", "href": "quality.html"},
        {"value": len(core), "name": "on sparsity or pruning", "href": "papers.html"},
        {"value": read, "name": "read for results", "href": "papers.html"},
        {"value": len(data.results), "name": "numbers extracted", "href": "baselines.html"},
        {"value": len(findings), "name": "findings shown", "href": "baselines.html#findings"},
        {"value": data.verdicts["claim_id"].nunique(), "name": "claims re-run", "href": "claims.html"},
    ]
    kind = growth.values["kinds"][0] if growth.values["kinds"] else None
    return Section(
        {
            "tiles": tiles,
            "n_recent": len(recent),
            "newest": records(data.shown.head(8)),
            "growth": kind,
            "sentence": growth_sentence(kind["fits"][0]) if kind and kind["fits"] else None,
            "facets": growth.values["facets"],
        }
    )
