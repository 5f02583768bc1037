"""The index of papers and methods that the page's own search reads, as scripts, since a file may not fetch another.

Scripts of a few thousand rows each are loaded one after the other (`static/papers.js` says what the columns are).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from analysis.frames import records
from analysis.report.data import SurveyData
from analysis.report.evidence import paper_path
from analysis.report.methods import MethodFacts
from analysis.report.section import Section

SHARD = 4000
"""Papers a file, so that a browser can show the first while it reads the rest."""
PLAIN = 200
"""The newest papers stand as plain links in the page, for readers without script."""


def papers_section(data: SurveyData, methods: Sequence[MethodFacts]) -> Section:
    """The search page: rows for the script in shards, and the newest papers as plain links."""
    rows = list(_paper_rows(data))
    shards = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
    files = {
        f"assets/papers-{number}.js": f"(window.surveyPapers ??= []).push(...{_script_json(shard)});\n"
        for number, shard in enumerate(shards)
    }
    if methods:
        named = [
            [method.name, PurePosixPath(method.path).name, ", ".join(method.aliases), len(method.printed_by)]
            for method in methods
        ]
        files["assets/papers-methods.js"] = f"window.surveyMethods = {_script_json(named)};\n"
    values = {"shards": list(files), "newest": records(data.shown.head(PLAIN)), "n_papers": len(rows)}
    return Section(values | {"n_methods": len(methods)}, files=files)


def _paper_rows(data: SurveyData) -> Iterable[list[Any]]:
    results = data.results["arxiv_id"].value_counts().to_dict()
    named = data.tags[data.tags["facet"].isin(("structure", "architecture", "proposed"))]
    tags: dict[str, dict[str, list[str]]] = {}
    for row in records(named.drop_duplicates(["arxiv_id", "facet", "value"])):
        tags.setdefault(row["arxiv_id"], {}).setdefault(row["facet"], []).append(row["value"])
    for row in records(data.shown):
        of_paper = tags.get(row["arxiv_id"], {})
        yield [
            row["arxiv_id"],
            PurePosixPath(paper_path(row["arxiv_id"])).name,
            row["title"],
            ", ".join(row["authors"]),
            f"{row['submitted']:%Y-%m-%d}",
            ", ".join(of_paper.get("structure", [])),
            ", ".join(of_paper.get("architecture", [])),
            ", ".join(of_paper.get("proposed", [])),
            results.get(row["arxiv_id"], 0),
            1 if row["synthetic"] else 0,
        ]


def _script_json(value: object) -> str:
    """JSON that is safe inside a script: no ``<`` and no line separators of JavaScript."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
