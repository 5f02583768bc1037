"""The front page: what the corpus holds, and what came since the night before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from analysis.frames import records
from analysis.report.data import SurveyData
from analysis.report.growth_page import growth_sentence
from analysis.report.section import Section
from db.nights import News

NEWEST = 8
"""Papers that the front page lists."""


def start_section(
    data: SurveyData,
    growth: Section,
    findings: list[dict[str, Any]],
    n_methods: int,
    now: datetime,
    *,
    show_unreviewed: bool,
) -> Section:
    """The front page; ``findings`` are those that may be shown."""
    recent = data.core[data.core["submitted"] >= pd.Timestamp(now) - pd.Timedelta(days=30)]
    tiles = [
        {"value": len(data.papers), "name": "papers harvested", "href": "quality.html"},
        {"value": len(data.core), "name": "on sparsity or pruning", "href": "papers.html"},
        {"value": data.results["arxiv_id"].nunique(), "name": "with results", "href": "papers.html#order=results"},
        {"value": len(data.results), "name": "numbers extracted", "href": "baselines.html"},
        {"value": n_methods, "name": "methods", "href": "methods.html"},
        {"value": len(findings), "name": "findings shown", "href": "baselines.html#findings"},
        {"value": data.verdicts["claim_id"].nunique(), "name": "claims re-run", "href": "claims.html"},
    ]
    kinds = growth.values["kinds"]
    kind = next((kind for kind in kinds if kind["fits"]), kinds[0] if kinds else None)
    return Section(
        {
            "tiles": tiles,
            "n_recent": len(recent),
            "newest": records(data.shown.head(NEWEST)),
            "night": None if data.news is None else _night(data.news, show_unreviewed=show_unreviewed),
            "growth": kind,
            "sentence": growth_sentence(kind["fits"][0]) if kind and kind["fits"] else None,
            "facets": growth.values["facets"],
        }
    )


def _night(news: News, *, show_unreviewed: bool) -> dict[str, Any]:
    """What the newest night brought; what no person has reviewed is counted, and shown only on request."""
    shown = [sentence for state, sentence in news.contradictions if show_unreviewed or state != "new"]
    return {
        "news": news,
        "relevant": news.relevant[:NEWEST],
        "contradictions": shown[:NEWEST],
        "n_unreviewed": len(news.contradictions) - len(shown),
    }
