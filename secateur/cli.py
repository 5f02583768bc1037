"""The command line ``secateur``: it puts the commands together and turns every error into one line on stderr.

Exit codes: 0 done, 1 a check found something, 2 wrong use or bad input, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DBAPIError

from secateur import __version__
from secateur.commands import (
    analysing,
    asking,
    auditing,
    checking,
    correcting,
    data,
    demonstrating,
    differing,
    exporting,
    growing,
    habits,
    harvesting,
    importing,
    keeping,
    labelling,
    noise,
    reading,
    reporting,
    reviewing,
    serving,
    tabulating,
    validating,
    watching,
)
from secateur.output import say
from secateur.settings import load_settings

ROOMS = ("secateur", "validate", "analysis", "corpus", "ingest", "db")
ASK, BUILD, SURVEY, CHECK = "Ask the corpus", "Build the corpus", "The survey", "Check claims"
CORRECT = "Correct the corpus"

app = typer.Typer(
    name="secateur",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Reads the literature on sparsity and pruning of neural networks, and checks it.",
)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    db: Annotated[str | None, typer.Option("--db", metavar="PATH|URL", help="The database for every command.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    context.obj = {"db": db}
    if version:
        typer.echo(f"secateur {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        return
    load_settings().share_knowledge()


PANELS: dict[str, dict[str, Callable[..., None]]] = {
    BUILD: {
        "harvest": harvesting.harvest,
        "fetch": harvesting.fetch,
        "tag": reading.tag,
        "extract": reading.extract,
        "nightly": harvesting.nightly,
        "replica": harvesting.replica,
        "classify": reading.classify,
        "read": reading.read,
    },
    ASK: {
        "search": asking.search,
        "query": asking.query,
        "show": asking.show,
        "diff": differing.diff,
        "watch": watching.watch,
        "export": exporting.export,
        "status": asking.status,
    },
    CORRECT: {"override": correcting.override, "review": reviewing.review, "import": importing.import_file},
    SURVEY: {
        "growth": growing.growth,
        "baselines": analysing.baselines,
        "comparisons": analysing.comparisons,
        "noise": noise.noise,
        "table": tabulating.table,
        "rigor": habits.rigor,
        "acceleration": habits.acceleration,
        "report": reporting.report,
        "serve": serving.serve,
        "demo": demonstrating.demo,
    },
    CHECK: {
        "check": checking.check,
        "validate": validating.validate,
        "audit": auditing.audit,
        "bench": validating.bench,
    },
}
for panel, commands in PANELS.items():
    for name, function in commands.items():
        app.command(name, rich_help_panel=panel)(function)
app.add_typer(validating.claims, name="claims", rich_help_panel=CHECK)
app.add_typer(data.data, name="data", rich_help_panel=CHECK)
app.add_typer(keeping.database, name="db", rich_help_panel=BUILD)
app.add_typer(labelling.label, name="label", rich_help_panel=CORRECT)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    _open_streams()
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        _leave(error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        say("secateur: interrupted; run the same command again to go on")
        sys.exit(130)
    except BrokenPipeError:
        _end_quietly()
    except SystemExit as error:
        # The library that reads the arguments takes a broken pipe for a failure of the command.
        if isinstance(error.__context__, BrokenPipeError):
            _end_quietly()
        raise
    except Exception as error:
        if os.environ.get("SECATEUR_TRACEBACK"):
            raise
        _leave(_described(error))
    sys.exit(code if isinstance(code, int) else 0)


def _open_streams() -> None:
    """Give a closed standard stream somewhere to write to, as a command in cron may have none."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process


def _end_quietly() -> NoReturn:
    """Leave when the reader of the pipe has left, as `head` does; nothing more can be said to it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _described(error: Exception) -> str:
    """An error in one line; what is not one of ours is named with its class, and how to see where it arose."""
    if isinstance(error, DBAPIError):
        return f"the database says: {error.orig}"
    room = type(error).__module__.split(".")[0]
    text = " ".join(str(error).split())
    if room in ROOMS and text:
        return text
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {text} (set SECATEUR_TRACEBACK=1 to see where this arose)"


def _leave(message: str) -> NoReturn:
    # The library that checks arguments puts the kind of its own error before the words.
    say(f"secateur: {' '.join(message.replace(': Value error, ', ': ').split())}")
    sys.exit(2)
