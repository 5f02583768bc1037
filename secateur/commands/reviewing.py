"""review: what a person says of the questions and findings that rules raise."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from analysis.frames import records
from db import views
from db.findings import FindingState, review_finding
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now, writable
from secateur.output import print_rows

COLUMNS = ("id", "rule", "level", "state", "sentence", "explanations", "papers", "reviewer", "note")


def review(
    context: typer.Context,
    findings: Annotated[
        list[str] | None, typer.Argument(metavar="[FINDING]...", help="Their ids; without any, findings are listed.")
    ] = None,
    state: Annotated[
        FindingState | None,
        typer.Option(
            "--as",
            help="confirmed: it stands; explained: it has an innocent cause; dismissed: it is wrong; new: forget what "
            "was said. Without ids, the state that is listed, new by default.",
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Why, and from where it is known.")] = "",
    reviewer: Annotated[str | None, typer.Option(help="Who says so; by default your user name.")] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Say of findings whether they stand; without ids, list those that no person has reviewed, largest first."""
    settings = settings_for(context, db=db)
    wanted = FindingState.NEW if state is None else state
    if not findings:
        with readable(settings).connect() as connection:
            rows = records(views.findings(connection))
        print_rows([row for row in rows if row["state"] == wanted], format, columns=COLUMNS)
        return
    if state is None:
        raise UsageError("say what they are with --as confirmed, explained, dismissed or new")
    readable(settings).dispose()
    with writable(settings).begin() as connection:
        for identity in findings:
            try:
                review_finding(
                    connection, identity, wanted, reviewer=reviewer or getpass.getuser(), note=note, at=utc_now()
                )
            except LookupError as error:
                raise UsageError(f"{error}; `secateur review` lists their ids, and nothing was stored") from error
        rows = records(views.findings(connection))
    print_rows([row for row in rows if row["id"] in findings], format, columns=COLUMNS)
