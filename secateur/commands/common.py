"""What commands share: the options every one has, and how they open the settings and the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Connection, Engine

from db.papers import has_papers
from db.session import open_database, open_readonly
from secateur.output import Format, say
from secateur.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd

    from secateur.library import Corpus

DbOption = Annotated[
    str | None, typer.Option("--db", metavar="PATH|URL", help="The database; by default one in the user's data folder.")
]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How to print; table on a terminal, json in a pipe.")
]
UrlOption = Annotated[
    str | None, typer.Option("--arxiv-url", metavar="URL", help="Ask this base, such as a replica, instead of arXiv.")
]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, help="Processes that read papers side by side.")]
ClusterOption = Annotated[
    str | None, typer.Option("--cluster", metavar="tcp://HOST:PORT", help="A Dask scheduler whose workers read papers.")
]


class UsageError(Exception):
    """The command was used wrongly, or its input is bad; the message is one clear line."""


def settings_for(context: typer.Context, **flags: object) -> Settings:
    """Settings of one call; a ``--db`` before the command counts when there is none after it."""
    if flags.get("db") is None:
        flags["db"] = (context.find_root().obj or {}).get("db")
    return load_settings(**flags)


def writable(settings: Settings) -> Engine:
    """The database for writing, made or migrated if need be."""
    return open_database(settings.db)


def readable(settings: Settings) -> Engine:
    """The database for reading only."""
    return open_readonly(settings.db)


def say_if_unread(corpus: Corpus, frame: pd.DataFrame) -> None:
    """Say how results come into a corpus, where an analysis has no row because there are none."""
    if frame.empty and corpus.query("SELECT id FROM reading LIMIT 1").empty:
        say("no result is in the corpus yet: `secateur fetch` and `secateur extract` read papers")


def say_if_no_paper(connection: Connection) -> None:
    """Say how papers come into a corpus, where a question finds none because there are none."""
    if not has_papers(connection):
        say("no paper is in the corpus yet: `secateur harvest` brings them")


def utc_now() -> datetime:
    """The time now, UTC without zone, as the database stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
