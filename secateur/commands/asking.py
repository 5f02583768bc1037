"""search, query, show, status: the corpus at a user's fingertips."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from analysis.frames import records
from db import views
from db.facets import facet_counts, papers_with_all
from db.query import run_query
from db.search import matching
from db.search import search as search_papers
from ingest.arxiv_id import InvalidArxivIdError, parse
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, say_if_no_paper, settings_for
from secateur.output import Format, default_format, print_object, print_rows, say


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="TEXT", help='Words, "a phrase", or a prefix*.')],
    limit: Annotated[
        int, typer.Option(min=1, help="Most papers to print; with --facets, most values of each facet.")
    ] = 20,
    facet: Annotated[
        list[str] | None,
        typer.Option(metavar="FACET=VALUE", help="Only papers with this tag: structure=head; may be repeated."),
    ] = None,
    relevance: Annotated[str | None, typer.Option(metavar="core|related|no", help="Only such papers.")] = None,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count all papers that match by facet and value, instead of naming them.")
    ] = False,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Papers whose title or abstract holds all the words, best first."""
    tags = [*(facet or ()), *([f"relevance={relevance}"] if relevance else ())]
    with readable(settings_for(context, db=db)).connect() as connection:
        try:
            among = papers_with_all(connection, tags) if tags else None
            if facets:
                found = matching(connection, " ".join(words), among=among)
                if not found:
                    say_if_no_paper(connection)
                counts = facet_counts(connection, found, most=limit)
                print_rows([asdict(count) for count in counts], format, columns=("facet", "value", "papers"))
                return
            hits = search_papers(connection, " ".join(words), limit=limit, among=among)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if not hits:
            say_if_no_paper(connection)
    columns = ("arxiv_id", "submitted", "relevance", "title", "snippet", "score")
    print_rows([asdict(hit) for hit in hits], format, columns=columns)


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement that reads.")],
    limit: Annotated[int, typer.Option(min=1, help="Most rows to print.")] = 10_000,
    seconds: Annotated[float, typer.Option(min=0.01, help="Stop the query after this long.")] = 30.0,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Run SQL on a read-only connection; docs/reference/database.md describes the tables."""
    result = run_query(readable(settings_for(context, db=db)), sql, row_limit=limit, seconds=seconds)
    print_rows(result.dicts(), format, columns=result.columns)
    if result.truncated:
        say(f"only the first {limit} rows are shown; raise --limit for more")


def show(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv identifier.")],
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """All that the corpus knows of one paper: record, tags with their evidence, results, citations, findings."""
    arxiv_id = paper_identifier(paper)
    with readable(settings_for(context, db=db)).connect() as connection:
        record = views.papers(connection, arxiv_id=arxiv_id)
        if record.empty:
            raise UsageError(f"{arxiv_id} is not in the corpus; `secateur harvest` brings it if its set is harvested")
        parts: dict[str, list[dict[str, Any]]] = {
            "tags": records(views.tags(connection, arxiv_id=arxiv_id).drop(columns="arxiv_id")),
            "abstract_claims": records(views.abstract_claims(connection, arxiv_id=arxiv_id).drop(columns="arxiv_id")),
            "results": records(views.results(connection, arxiv_id=arxiv_id)),
            "citations": records(views.citations(connection, arxiv_id=arxiv_id).drop(columns="arxiv_id")),
        }
        every = views.findings(connection)
        parts["findings"] = [row for row in records(every.drop(columns="cells")) if arxiv_id in row["papers"]]
    facts = records(record)[0]
    wanted = format or default_format(sys.stdout)
    if wanted is Format.CSV:
        raise UsageError("a paper is no table: --format json, jsonl or table; `secateur query` prints CSV")
    if wanted is not Format.TABLE:
        print_object(facts | parts, indent=None if wanted is Format.JSONL else 1)
        return
    print_rows(
        [{"field": name, "value": value} for name, value in facts.items()], Format.TABLE, title=f"arXiv:{arxiv_id}"
    )
    columns = {
        "tags": ("facet", "value", "confidence", "quotation"),
        "results": ("table_label", "row", "col", "method", "role", "dataset", "model", "sparsity", "metric", "value"),
        "citations": ("key", "cited_arxiv_id", "title"),
        "findings": ("rule", "level", "state", "sentence"),
    }
    for name, shown in columns.items():
        print_rows([{key: row[key] for key in shown} for row in parts[name]], Format.TABLE, title=name, columns=shown)


def status(
    context: typer.Context,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """What is harvested, read and pending, and how large the corpus is."""
    settings = settings_for(context, db=db)
    with readable(settings).connect() as connection:
        rows = records(views.status(connection))
    folder = settings.files_folder
    stored = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    rows.append({"name": "bytes of e-prints", "value": stored})
    print_rows(rows, format, columns=("name", "value"))


def paper_identifier(text: str) -> str:
    """A user's way of naming a paper as the identifier without version; UsageError if it is none."""
    try:
        return parse(text).paper
    except InvalidArxivIdError as error:
        raise UsageError(str(error)) from error
