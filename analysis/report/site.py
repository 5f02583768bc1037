"""Writes the living survey: a static site that needs nothing from outside of itself and also works from a file.

Files whose content is as before are left untouched, so that a nightly run changes only what changed; the time of
writing stands on the front page alone. Every text goes through autoescaping templates, and a strict content security
policy allows the site's own style and script only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import networkx as nx

from analysis.comparisons import comparison_graph
from analysis.frames import absent, records
from analysis.report import sections, text
from analysis.report.data import SiteSummary, SurveyData
from analysis.report.paper_pages import paper_contexts

SHARD = 4000
"""Papers a file of the index, so that a browser can show the first while it reads the rest."""
ASSETS = ("survey.css", "papers.js")
NAVIGATION = (
    ("index.html", "Overview"),
    ("papers.html", "Papers"),
    ("growth.html", "Growth"),
    ("baselines.html", "Baselines"),
    ("comparisons.html", "Comparisons"),
    ("claims.html", "Claims"),
    ("quality.html", "Data quality"),
)


GENERATOR = b'<meta name="generator" content="Secateur">'
"""What marks a page as one of ours."""


class ForeignSiteError(Exception):
    """The folder for the survey holds somebody's other site."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder / 'index.html'} is no survey of Secateur and was left alone; name another folder")


def write_site(data: SurveyData, folder: Path, *, now: datetime, show_unreviewed: bool = False) -> SiteSummary:
    """Writes the survey into a folder, which is made where it is missing, and removes the pages of papers gone since.

    ``now`` (UTC) is printed on the front page. Findings that no person has reviewed are shown only with
    ``show_unreviewed``; dismissed ones never. Raises OSError when the folder cannot be written, and ForeignSiteError
    when it holds another site.
    """
    _check_own(folder)
    findings = shown_findings(data, show_unreviewed=show_unreviewed)
    graph = comparison_graph(data.papers, data.tags, data.results, data.citations)
    growth = sections.growth_section(data)
    pages = {
        "index.html": sections.start_section(data, growth, findings, now),
        "papers.html": _index(data),
        "growth.html": growth,
        "baselines.html": sections.baselines_section(data, findings),
        "comparisons.html": sections.comparisons_section(data, graph),
        "claims.html": sections.claims_section(data),
        "quality.html": sections.quality_section(data),
    }
    templates = _templates(data, graph, show_unreviewed=show_unreviewed)
    files: dict[str, str] = {f"assets/{name}": _asset(name) for name in ASSETS}
    for path, section in pages.items():
        files[path] = templates.get_template(path).render(section.values, page=path, root="", now=now)
        files |= section.files
        for drawn in section.figures:
            files |= drawn.files
    template = templates.get_template("paper.html")
    for arxiv_id, context in paper_contexts(data, findings, graph):
        files[f"papers/{text.file_name(arxiv_id)}"] = template.render(context, page="papers.html", root="../")
    written = sum(_write(folder / path, content) for path, content in files.items())
    return SiteSummary(
        folder=folder,
        pages=sum(path.endswith(".html") for path in files),
        figures=sum(len(section.figures) for section in pages.values()),
        written=written,
        removed=_remove_others(folder, files),
    )


def shown_findings(data: SurveyData, *, show_unreviewed: bool) -> list[dict[str, Any]]:
    """The findings that may be shown, reviewed first, each with the paper and place of its cells."""
    cells = {row["cell_id"]: row for row in records(data.results)}
    synthetic = set(data.papers.loc[data.papers["synthetic"].astype(bool), "arxiv_id"])
    shown = []
    for row in records(data.findings):
        if row["state"] not in sections.STATES_SHOWN[show_unreviewed]:
            continue
        places = [
            {"cell": cell, "paper": cells[cell]["arxiv_id"], "label": cells[cell]["table_label"]}
            for cell in row["cells"]
            if cell in cells
        ]
        shown.append(row | {"places": places, "synthetic": any(name in synthetic for name in row["papers"])})
    return sorted(shown, key=lambda row: (row["state"] == "new", row["level"] != "finding"))


def _templates(data: SurveyData, graph: nx.DiGraph, *, show_unreviewed: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    papers = {row["arxiv_id"]: row for row in records(data.papers[["arxiv_id", "title", "synthetic"]])}
    environment.filters |= {
        "amount": text.amount,
        "file_name": text.file_name,
        "shorten": text.shorten,
    }
    environment.tests["missing"] = absent
    environment.globals |= {
        "navigation": NAVIGATION,
        "synthetic_site": data.synthetic,
        "show_unreviewed": show_unreviewed,
        "known": papers,
        "methods": {name: node.get("title") for name, node in graph.nodes(data=True) if not node["in_corpus"]},
        "shown": set(data.shown["arxiv_id"]),
    }
    return environment


def _index(data: SurveyData) -> sections.Section:
    """The index of papers: rows for the script in shards, and the newest as plain links for readers without it."""
    rows = list(_index_rows(data))
    shards = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
    files = {
        f"assets/papers-{number}.js": f"(window.surveyPapers ??= []).push(...{_script_json(shard)});\n"
        for number, shard in enumerate(shards)
    }
    values = {"shards": list(files), "newest": records(data.shown.head(200)), "n_papers": len(rows)}
    return sections.Section(values, files=files)


def _index_rows(data: SurveyData) -> Iterable[list[Any]]:
    results = data.results["arxiv_id"].value_counts().to_dict()
    named = data.tags[data.tags["facet"].isin(("structure", "architecture", "proposed"))]
    tags: dict[str, dict[str, list[str]]] = {}
    for row in records(named.drop_duplicates(["arxiv_id", "facet", "value"])):
        tags.setdefault(row["arxiv_id"], {}).setdefault(row["facet"], []).append(row["value"])
    for row in records(data.shown):
        of_paper = tags.get(row["arxiv_id"], {})
        yield [
            row["arxiv_id"],
            text.file_name(row["arxiv_id"]),
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


def _check_own(folder: Path) -> None:
    start = folder / "index.html"
    if start.is_file() and GENERATOR not in start.read_bytes():
        raise ForeignSiteError(folder)


def _asset(name: str) -> str:
    return resources.files("analysis.report").joinpath("static", name).read_text(encoding="utf-8")


def _write(path: Path, content: str) -> bool:
    """Whether the file was new or other than the content."""
    data = content.encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def _remove_others(folder: Path, files: dict[str, str]) -> int:
    """Removes pages and index files of an earlier survey that this one does not have."""
    old = [*folder.glob("papers/*.html"), *folder.glob("assets/papers-*.js"), *folder.glob("figures/*.svg")]
    gone = [path for path in old if path.relative_to(folder).as_posix() not in files]
    for path in gone:
        path.unlink()
    return len(gone)
