"""harvest, fetch, nightly, replica: from arXiv into the database."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from db.records import FetchedDocument
from ingest.fulltext import FileStore
from ingest.fulltext import fetch as fetch_documents
from ingest.harvest import HarvestSummary
from ingest.harvest import harvest as harvest_sets
from ingest.http import PoliteClient
from secateur.commands.asking import paper_identifier
from secateur.commands.common import (
    DbOption,
    FormatOption,
    JobsOption,
    UrlOption,
    UsageError,
    settings_for,
    utc_now,
    writable,
)
from secateur.output import Progress, print_rows, say
from secateur.settings import Settings


def polite_client(settings: Settings) -> PoliteClient:
    """The one client for arXiv; all processes of a user share its record of the last request."""
    if settings.arxiv_url is None and not settings.contact:
        raise UsageError(
            "arXiv wants to know whom to write to: set SECATEUR_CONTACT to your e-mail address, or contact in "
            "secateur.toml"
        )
    return PoliteClient(
        settings.user_agent, settings.state, base_url=settings.arxiv_url, gap_seconds=settings.gap_seconds
    )


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} wants a day such as 2026-11-01, not {text!r}") from error


def harvest(
    context: typer.Context,
    source: Annotated[str, typer.Option(metavar="oai|atom|snapshot", help="Where the metadata come from.")] = "oai",
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="SET", help="OAI-PMH set such as cs:cs:LG; may be repeated.")
    ] = None,
    query: Annotated[
        str | None, typer.Option(metavar="Q", help="For atom: a query such as 'cat:cs.LG AND abs:pruning'.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="F", help="For snapshot: arXiv's metadata file, plain, gzip or zip.")
    ] = None,
    from_day: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day of change; for atom, of submission.")
    ] = None,
    until_day: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Last day of change; for atom, of submission.")
    ] = None,
    arxiv_url: UrlOption = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Bring metadata of papers into the database; goes on where the last harvest ended."""
    given = {"--set": sets, "--query": query, "--file": file, "--from": from_day, "--until": until_day}
    _check_source(source, {option for option, value in given.items() if value is not None})
    settings = settings_for(
        context, db=db, arxiv_url=arxiv_url, sets=[s for item in sets for s in item.split()] if sets else None
    )
    window = (_day(from_day, "--from"), _day(until_day, "--until"))
    if window[0] and window[1] and window[0] > window[1]:
        raise UsageError(f"--from {window[0]} is after --until {window[1]}")
    if file is not None:
        summary = _from_snapshot(settings, file)
    elif query is not None:
        summary = _from_atom(settings, query, *window)
    else:
        summary = _from_oai(settings, *window)
    print_rows([_counts(summary)], format)


OPTIONS_OF_SOURCE = {
    "oai": {"--set", "--from", "--until"},
    "atom": {"--query", "--from", "--until"},
    "snapshot": {"--file"},
}
NEEDED_BY_SOURCE = {"atom": "--query", "snapshot": "--file"}


def _check_source(source: str, given: set[str]) -> None:
    if source not in OPTIONS_OF_SOURCE:
        raise UsageError(f"--source is oai, atom or snapshot, not {source!r}")
    needed = NEEDED_BY_SOURCE.get(source)
    if needed and needed not in given:
        raise UsageError(f"--source {source} needs {needed}")
    odd = sorted(given - OPTIONS_OF_SOURCE[source])
    if odd:
        fitting = " or ".join(name for name, options in OPTIONS_OF_SOURCE.items() if odd[0] in options)
        raise UsageError(f"{odd[0]} is for --source {fitting}, not for {source}")


def _from_oai(settings: Settings, first: date | None, last: date | None) -> HarvestSummary:
    with polite_client(settings) as client, Progress("harvest") as progress:

        def told(set_spec: str, so_far: HarvestSummary) -> None:
            progress(so_far.records, None, set_spec)

        return harvest_sets(
            writable(settings),
            client,
            sets=settings.sets,
            from_date=first,
            until_date=last,
            now=utc_now(),
            progress=told,
        )


def _from_atom(settings: Settings, query: str, first: date | None, last: date | None) -> HarvestSummary:
    from ingest.atom import harvest_query

    with polite_client(settings) as client, Progress("harvest") as progress:

        def told(so_far: HarvestSummary, slices: int) -> None:
            progress(so_far.records, None, f"{slices} slices left")

        return harvest_query(
            writable(settings),
            client,
            query=query,
            from_date=first,
            until_date=last,
            now=utc_now(),
            progress=told,
        )


def _from_snapshot(settings: Settings, file: Path) -> HarvestSummary:
    from ingest.snapshot import load_snapshot

    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    with Progress("snapshot, MB") as progress:

        def told(read: int, total: int, so_far: HarvestSummary) -> None:
            progress(read // 10**6, max(1, total // 10**6), f"{so_far.records:,} records")

        base_url = settings.arxiv_url or ""
        return load_snapshot(writable(settings), file, base_url=base_url, now=utc_now(), progress=told)


def _counts(summary: HarvestSummary) -> dict[str, int]:
    names = ("records", "added", "changed", "unread", "deleted", "pages")
    return {name: getattr(summary, name) for name in names}


def fetch(
    context: typer.Context,
    papers: Annotated[
        list[str] | None, typer.Argument(metavar="PAPER", help="These papers, whatever they are.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Most e-prints to fetch.")] = None,
    arxiv_url: UrlOption = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Fetch the e-prints of relevant papers that are not here yet, or of the papers named."""
    settings = settings_for(context, db=db, arxiv_url=arxiv_url)
    wanted = tuple(paper_identifier(name) for name in papers or ())
    with polite_client(settings) as client, Progress("fetch") as progress:
        seen: list[str] = []

        def told(arxiv_id: str, document: FetchedDocument) -> None:
            seen.append(arxiv_id)
            progress(len(seen), None, f"{arxiv_id} {document.outcome}")

        summary = fetch_documents(
            writable(settings),
            client,
            FileStore(settings.files_folder),
            limit=limit,
            arxiv_ids=wanted,
            now=utc_now(),
            progress=told,
        )
    rows = [{"outcome": outcome, "papers": number} for outcome, number in sorted(summary.outcomes.items())]
    print_rows(rows, format, columns=("outcome", "papers"))


def nightly(
    context: typer.Context,
    fetch_limit: Annotated[int | None, typer.Option(min=0, help="Most e-prints to fetch this night.")] = None,
    jobs: JobsOption = 1,
    arxiv_url: UrlOption = None,
    db: DbOption = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder of the survey.")] = None,
) -> None:
    """Harvest, tag, fetch, extract, analyse and publish; safe to run from cron and to kill at any moment."""
    from secateur.nightly import nightly as run_nightly

    settings = settings_for(context, db=db, arxiv_url=arxiv_url, site=output, fetch_limit=fetch_limit)
    with polite_client(settings) as client:
        digest = run_nightly(
            writable(settings),
            settings,
            client,
            utc_now,
            fetch_limit=settings.fetch_limit,
            jobs=jobs,
            say=lambda step: say(f"nightly: {step}"),
        )
    for line in digest.lines():
        typer.echo(line)
    if digest.failures:
        raise typer.Exit(1)


def replica(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with metadata.jsonl and src/.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    page_size: Annotated[int, typer.Option(min=1, help="Records on one page of OAI-PMH.")] = 1300,
) -> None:
    """Serve a folder of papers as arXiv would, on loopback, and print the URL; ends on Ctrl-C."""
    from ingest.replica.server import Replica

    with Replica(folder, port=port, page_size=page_size) as server:
        typer.echo(server.url)
        threading.Event().wait()
