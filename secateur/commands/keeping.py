"""db: looking after the database itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from db.backup import backup
from secateur.commands.common import DbOption, FormatOption, settings_for
from secateur.output import print_rows

database = typer.Typer(help="A consistent copy of the database.", no_args_is_help=True)


@database.command("backup")
def backup_database(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; an older copy there is replaced.")],
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Copy the database as it is at this moment, even while a nightly writes to it."""
    size = backup(settings_for(context, db=db).db, file)
    print_rows([{"file": str(file), "bytes": size}], format)
