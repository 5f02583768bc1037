"""baselines, comparisons, report: the analyses and the living survey."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from analysis.frames import records
from db import views
from secateur.commands.common import (
    DbOption,
    FormatOption,
    UsageError,
    readable,
    settings_for,
    utc_now,
    writable,
)
from secateur.output import Format, default_format, print_rows

BASELINE_COLUMNS = (
    "method",
    "dataset",
    "model",
    "point",
    "metric",
    "n_papers",
    "n_copies",
    "low",
    "high",
    "gap_low_paper",
    "gap_high_paper",
    "causes",
)
"""What of a baseline a terminal has room for; the other formats have all columns."""


def baselines(
    context: typer.Context,
    method: Annotated[str | None, typer.Option(help="Only keys of this method.")] = None,
    contradictions: Annotated[
        bool, typer.Option("--contradictions", help="Only what differs beyond rounding, with possible causes.")
    ] = False,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """How one baseline's number differs between papers."""
    from analysis.baselines import baseline_spread
    from analysis.baselines import contradictions as find_contradictions

    with readable(settings_for(context, db=db)).connect() as connection:
        results = views.results(connection)
    frame = find_contradictions(results) if contradictions else baseline_spread(results)
    if method and "method" in frame:
        frame = frame[frame["method"].str.lower() == method.lower()]
    columns = list(frame.columns)
    if (format or default_format(sys.stdout)) is Format.TABLE:
        columns = [name for name in BASELINE_COLUMNS if name in frame]
    print_rows(records(frame), format, columns=columns)


def comparisons(
    context: typer.Context,
    missing: Annotated[bool, typer.Option("--missing", help="Comparisons that a paper's neighbours made.")] = False,
    graphml: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the graph here as GraphML.")] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Who compares with whom: one row a paper, or the comparisons that are missing."""
    from analysis.comparisons import missing_comparisons, paper_degrees, write_graphml
    from secateur.library import Corpus

    with Corpus(settings_for(context, db=db).db) as corpus:
        graph = corpus.comparison_graph()
    if graphml:
        write_graphml(graph, graphml)
    frame: pd.DataFrame = missing_comparisons(graph) if missing else paper_degrees(graph)
    print_rows(records(frame), format, columns=list(frame.columns))


def report(
    context: typer.Context,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder of the site.")] = None,
    form: Annotated[str, typer.Option("--as", metavar="site|markdown", help="What to write.")] = "site",
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Show findings that no person has reviewed.")
    ] = False,
    db: DbOption = None,
) -> None:
    """Write the living survey: a self-contained site."""
    from secateur.feed import night_before
    from secateur.nightly import find, publish

    if form == "markdown":
        raise UsageError("`secateur report --as markdown` is not built yet")
    if form != "site":
        raise UsageError(f"--as is site or markdown, not {form!r}")
    settings = settings_for(context, db=db, site=output, show_unreviewed=unreviewed or None)
    readable(settings).dispose()
    engine = writable(settings)
    find(engine, utc_now())
    site = publish(engine, settings, utc_now(), since=night_before(settings.site_folder))
    typer.echo(f"{site.pages} pages; start at {(site.folder / 'index.html').resolve()}")
