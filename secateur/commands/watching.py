"""watch: what happened to the papers that one cites."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now
from secateur.output import print_rows, say

COLUMNS = ("seen_at", "what", "arxiv_id", "cited_as", "title", "detail")
ENTRY_COLUMNS = ("key", "arxiv_id", "matched_by", "title")
MOST_NAMED = 5
"""Entries that were not found and are named on one line."""


def watch(
    context: typer.Context,
    references: Annotated[
        Path, typer.Argument(metavar="PATH", help="A .bib or .bbl file, or a draft: its folder, archive or page.")
    ],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DAY", help="All since a day (UTC), whatever was told before."),
    ] = None,
    feed: Annotated[
        Path | None, typer.Option("--feed", metavar="FILE", help="Add what is told to this Atom feed as well.")
    ] = None,
    entries: Annotated[
        bool, typer.Option("--entries", help="Which papers the entries are, or that they were not found.")
    ] = False,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Tell what happened to the papers that one cites: new versions, changed numbers, withdrawals, disputes.

    Each thing is told once for each PATH; exit code 1 says that something was told.
    """
    from corpus.references import read_references
    from secateur.feed import check_feed
    from secateur.watching import STATE, Told, add_to_feed, resolve, what_happened

    settings = settings_for(context, db=db)
    first_moment = None if since is None else _moment(since)
    if feed is not None:
        check_feed(feed)
    with readable(settings).connect() as connection:
        found = resolve(connection, read_references(references))
        if entries:
            rows = [{name: getattr(one, name) for name in ENTRY_COLUMNS} for one in found]
            print_rows(rows, format, columns=ENTRY_COLUMNS)
            return
        happened = what_happened(connection, found)
    told = Told(settings.home / STATE)
    news = told.new(references, happened)
    if first_moment is not None:
        news = [one for one in happened if one.seen_at >= first_moment]
    titles = {one.arxiv_id: one.title for one in found}
    keys = {name: ", ".join(one.key for one in found if one.arxiv_id == name) for name in titles}
    rows = [
        {"cited_as": keys[one.arxiv_id], "title": titles[one.arxiv_id]}
        | {name: getattr(one, name) for name in ("seen_at", "what", "arxiv_id", "detail")}
        for one in news
    ]
    print_rows(rows, format, columns=COLUMNS, title=str(references))
    _say_missing([one.key for one in found if one.arxiv_id is None], len(found))
    if feed is not None and news:
        add_to_feed(feed, news, utc_now())
    if first_moment is None:
        told.remember(references, happened)
    if news:
        raise typer.Exit(1)


def _say_missing(keys: list[str], entries: int) -> None:
    if keys:
        more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
        named = ", ".join(keys[:MOST_NAMED]) + more
        say(f"{len(keys)} of {entries} entries are not in the corpus: {named} (--entries lists all)")


def _moment(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time())
    except ValueError as error:
        raise UsageError(f"--since wants a day such as 2026-11-01, not {day!r}") from error
