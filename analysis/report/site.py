"""Writes the living survey: a static site that needs nothing from outside of itself and also works from a file.

Files whose content is as before are left untouched, so that a nightly run changes only what changed; the time of
writing stands on the front page alone. Every text goes through autoescaping templates, and a strict content security
policy allows the site's own style and script only.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from importlib import resources
from pathlib import Path

import jinja2
import networkx as nx

from analysis.comparisons import comparison_graph
from analysis.frames import absent, records
from analysis.report import text
from analysis.report.baselines_page import baselines_section
from analysis.report.claims_page import claims_section
from analysis.report.comparisons_page import comparisons_section
from analysis.report.data import SiteSummary, SurveyChoices, SurveyData
from analysis.report.evidence import CellPlaces, Mistakes, arxiv_url, by_place, paper_path
from analysis.report.folder import SiteFolder
from analysis.report.graph_page import graph_section
from analysis.report.growth_page import growth_section
from analysis.report.habits_pages import acceleration_section, rigor_frame, rigor_of_papers, rigor_section
from analysis.report.method_pages import method_contexts, methods_section
from analysis.report.methods import MethodFacts, introduced, survey_methods
from analysis.report.paper_pages import paper_contexts
from analysis.report.quality_page import quality_section
from analysis.report.readable import readable, with_readable_titles, written
from analysis.report.rows import RowsBy
from analysis.report.search_index import papers_section
from analysis.report.section import Section
from analysis.report.shown import shown_findings
from analysis.report.start_page import start_section
from analysis.report.tradeoff_page import tradeoff_section
from analysis.rigor import ITEMS
from analysis.tradeoff import changes_from_dense
from corpus.knowledge import Knowledge, load_knowledge

ASSETS = ("survey.css", "survey.js", "papers.js", "graph.js")
NOT_FOUND = "404.html"
"""The name under which static hosts look for the page that they show for an address that does not exist."""
NAVIGATION = (
    ("index.html", "Overview"),
    ("papers.html", "Papers"),
    ("methods.html", "Methods"),
    ("tradeoff.html", "Trade-off"),
    ("growth.html", "Growth"),
    ("baselines.html", "Baselines"),
    ("comparisons.html", "Comparisons"),
    ("graph.html", "Graph"),
    ("rigor.html", "Rigor"),
    ("acceleration.html", "Acceleration"),
    ("claims.html", "Claims"),
    ("quality.html", "Data quality"),
)


def write_site(
    data: SurveyData,
    folder: Path,
    *,
    now: datetime,
    choices: SurveyChoices | None = None,
    knowledge: Knowledge | None = None,
) -> SiteSummary:
    """Writes the survey into a folder, which is made where it is missing, and removes the pages of papers gone since.

    ``now`` (UTC) is printed on the front page. Findings that no person has reviewed are shown only by choice; dismissed
    ones never. Raises OSError when the folder cannot be written, and ForeignSiteError when it holds another site.
    """
    choices = choices or SurveyChoices()
    knowledge = knowledge or load_knowledge()
    data = with_readable_titles(data, knowledge)
    site = SiteFolder(folder)
    results = by_place(data.results)
    places = CellPlaces(results)
    findings = shown_findings(data, places, show_unreviewed=choices.show_unreviewed)
    graph = comparison_graph(data.papers, data.tags, data.results, data.citations, knowledge, stated=data.stated)
    methods = survey_methods(data, results, knowledge, graph)
    changes = changes_from_dense(results)
    rigor = rigor_frame(data)
    sections = {
        "papers.html": papers_section(data, methods),
        "methods.html": methods_section(methods),
        "tradeoff.html": tradeoff_section(data, changes),
        "growth.html": growth_section(data, choices.selected_by),
        "baselines.html": baselines_section(data, findings, show_unreviewed=choices.show_unreviewed),
        "comparisons.html": comparisons_section(data, graph),
        "graph.html": graph_section(graph, set(data.shown["arxiv_id"])),
        "rigor.html": rigor_section(data, rigor),
        "acceleration.html": acceleration_section(data, knowledge),
        "claims.html": claims_section(data),
        "quality.html": quality_section(data),
    }
    shown = choices.show_unreviewed
    sections["index.html"] = start_section(data, sections, findings, len(methods), now, show_unreviewed=shown)
    templates = _templates(data, graph, methods, places, choices)
    for name in ASSETS:
        site.add(f"assets/{name}", _asset(name))
    for path, section in sections.items():
        _add_section(site, templates, path, section, now)
    site.add(NOT_FOUND, _not_found(templates))
    mistakes = Mistakes(choices.mistakes)
    template = templates.get_template("method.html")
    for path, context, files in method_contexts(methods, results, changes, mistakes):
        site.add(path, template.render(context, page="methods.html", root="../"))
        for name, content in files.items():
            site.add(name, content)
    rows = RowsBy(results, "arxiv_id")
    shown_rigor = rigor_of_papers(rigor, dict(ITEMS))
    for path, name, context in paper_contexts(data, rows, findings, graph, mistakes, introduced(methods), shown_rigor):
        site.add(path, templates.get_template(name).render(context, page="papers.html", root="../"))
    return SiteSummary(
        folder=folder,
        pages=site.pages,
        figures=sum(len(section.figures) for section in sections.values()),
        written=site.written,
        removed=site.remove_others(),
    )


def _add_section(site: SiteFolder, templates: jinja2.Environment, path: str, section: Section, now: datetime) -> None:
    site.add(path, templates.get_template(path).render(section.values, page=path, root="", now=now))
    for files in (section.files, *(drawn.files for drawn in section.figures)):
        for name, content in files.items():
            site.add(name, content)


def _not_found(templates: jinja2.Environment) -> str:
    script = _asset("missing.js")
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = templates.get_template(NOT_FOUND)
    return page.render(page=NOT_FOUND, root="", script=script, script_hash=script_hash)


def _templates(
    data: SurveyData,
    graph: nx.DiGraph,
    methods: Iterable[MethodFacts],
    places: CellPlaces,
    choices: SurveyChoices,
) -> jinja2.Environment:
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
        "arxiv_url": arxiv_url,
        "cell_path": places.path,
        "basename": os.path.basename,
        "paper_path": paper_path,
        "readable": readable,
        "written": written,
        "shorten": text.shorten,
    }
    environment.tests["missing"] = absent
    environment.globals |= {
        "navigation": NAVIGATION,
        "synthetic_papers": int(data.papers["synthetic"].sum()),
        "all_papers": len(data.papers),
        "feed": choices.feed,
        "show_unreviewed": choices.show_unreviewed,
        "known": papers,
        "methods_outside": {name: node.get("title") for name, node in graph.nodes(data=True) if not node["in_corpus"]},
        "method_paths": {method.name: method.path for method in methods},
        "shown": set(data.shown["arxiv_id"]),
    }
    return environment


def _asset(name: str) -> str:
    return resources.files("analysis.report").joinpath("static", name).read_text(encoding="utf-8")
