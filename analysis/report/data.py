"""What the living survey is made of, and what writing it brought."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True, slots=True)
class SurveyData:
    """The frames of the corpus, as ``db/views.py`` gives them."""

    papers: pd.DataFrame
    tags: pd.DataFrame
    results: pd.DataFrame
    citations: pd.DataFrame
    tables: pd.DataFrame
    abstract_claims: pd.DataFrame
    findings: pd.DataFrame
    verdicts: pd.DataFrame
    status: pd.DataFrame
    unread: pd.DataFrame
    """What could not be read: kind, arxiv_id, version, locator, reason."""

    @property
    def shown(self) -> pd.DataFrame:
        """Papers that have a page, newest first: the core papers, and those with results or a verdict."""
        named = set(self.results["arxiv_id"]) | set(self.verdicts["arxiv_id"].dropna())
        shown = self.papers[(self.papers["relevance"] == "core") | self.papers["arxiv_id"].isin(named)]
        return shown.sort_values(["submitted", "arxiv_id"], ascending=False, ignore_index=True)

    @property
    def synthetic(self) -> bool:
        """Whether any paper is invented, so that every page must say so."""
        return bool(self.papers["synthetic"].any())


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """What `write_site` wrote."""

    folder: Path
    pages: int
    figures: int
    written: int
    """Files that are new or whose content changed; all others were left as they were."""
    removed: int
    """Pages of papers that are no longer shown."""
