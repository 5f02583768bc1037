"""report: the living survey as a site, a draft, or a release to cite."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from secateur.commands.common import DbOption, UsageError, readable, settings_for, utc_now, writable


def report(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where to write; by default the site's folder.")
    ] = None,
    form: Annotated[str, typer.Option("--as", metavar="site|markdown|release", help="What to write.")] = "site",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DAY", help="Show the corpus as it was when this day (UTC) ended."),
    ] = None,
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Show findings that no person has reviewed.")
    ] = False,
    db: DbOption = None,
) -> None:
    """Write the living survey: a self-contained site, a draft in Markdown with BibTeX, or a release to cite."""
    from secateur.nightly import find
    from secateur.past import corpus_as_of, end_of
    from secateur.publishing import FORMS, write_survey

    if form not in FORMS:
        raise UsageError(f"--as is {', '.join(FORMS[:-1])} or {FORMS[-1]}, not {form!r}")
    if form != "site" and output is None:
        raise UsageError(f"--as {form} needs a folder of its own: name it with -o")
    settings = settings_for(context, db=db, site=output, show_unreviewed=unreviewed or None)
    if as_of is None:
        readable(settings).dispose()
        engine = writable(settings)
        find(engine, utc_now())
        typer.echo(write_survey(engine, settings, form, utc_now()))
        return
    day = _day(as_of)
    with corpus_as_of(settings.db, day) as engine:
        typer.echo(write_survey(engine, settings, form, end_of(day)))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of wants a day such as 2026-11-01, not {text!r}") from error
    if day > utc_now().date():
        raise UsageError(f"{day} is not over yet; --as-of shows the corpus as it was")
    return day
