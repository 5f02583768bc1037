"""check: one paper or draft, everything, in the terminal, as JSON, or as a page."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from db.session import MissingDatabaseError
from secateur.commands.asking import paper_identifier
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now, writable
from secateur.commands.validating import run_claims
from secateur.output import Format, default_format, plain, print_object, print_rows
from secateur.verdicts import print_verdicts, rounded

if TYPE_CHECKING:
    from secateur.check import Sheet


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the sheet as it is shown."""

    name: str
    title: str
    about: str
    nothing: str
    columns: tuple[str, ...]


PARTS = (
    Part(
        "claims",
        "What the abstract claims",
        "Numeric results that the abstract states about the paper's own method.",
        "No number was read from the abstract.",
        ("quantity", "value", "unit", "direction", "quotation"),
    ),
    Part(
        "questions",
        "Do its own numbers fit together?",
        "Differences, ratios and counts recomputed from the printed numbers; rounding alone never raises a question.",
        "No question: what could be recomputed fits.",
        ("level", "rule", "sentence", "where", "tried"),
    ),
    Part(
        "compared",
        "Baselines it quotes",
        "Each number of another method beside what other papers print for the same method, network, data set, metric "
        "and operating point.",
        "No other paper prints any of its baselines' numbers.",
        ("what", "says", "printed", "others", "papers", "unit", "metric", "own", "own_paper", "causes", "where"),
    ),
    Part(
        "missing",
        "Baselines its contemporaries use",
        "Methods public half a year before that most papers near it compare with, and it does not.",
        "None is missing, or too few neighbours are known.",
        ("missing", "title", "using"),
    ),
    Part(
        "rigor",
        "How it reports",
        "What is not seen in a text that was read is not no; unknown where nothing was read.",
        "Nothing of its reporting is known.",
        ("asks", "answer", "value", "evidence"),
    ),
    Part(
        "runnable",
        "What can be run again",
        "Runs, epochs and about how many minutes of one core until the first look, as the runs of docs/claims.md took; "
        "--run runs them.",
        "The engine has none of its combinations of method, data set and network.",
        ("claim", "from", "title", "runs", "epochs", "minutes", "needs", "why_not"),
    ),
    Part(
        "verdicts",
        "Verdicts",
        "What came of its claims on this machine.",
        "None of its claims was run here.",
        (
            *("claim_id", "part", "label", "cause", "seeds", "estimate", "low", "high"),
            *("accuracy", "theoretical_ratio", "measured_ratio_batch_1", "measured_ratio_batch_64"),
        ),
    ),
)
LONG = frozenset({"sentence", "what", "title", "quotation", "evidence", "asks", "says", "causes", "why_not"})


def check(
    context: typer.Context,
    paper: Annotated[
        str, typer.Argument(metavar="PAPER|PATH", help="An arXiv identifier, or a draft: LaTeX folder, e-print, .html.")
    ],
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the sheet as a page, too.")] = None,
    run: Annotated[bool, typer.Option("--run", help="Run what can be run again, and show the verdicts.")] = False,
    budget: Annotated[
        float | None, typer.Option(min=0.0, help="With --run: stop after this many seconds; the next call goes on.")
    ] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """All that can be checked of a paper or draft, on one sheet; exit 1 if something asks for an answer.

    JSON is one object with a list for each part.
    """
    sheet = _sheet(context, paper, db)
    wanted = format or default_format(sys.stdout)
    if wanted is Format.CSV:
        raise UsageError("a sheet is no table: --format table, json or jsonl, or --html FILE")
    if wanted is Format.TABLE:
        _print_tables(sheet, [part for part in PARTS if not (run and part.name == "verdicts")])
    refuted = False
    if run:
        from secateur.check import verdicts_of_run

        rows, refuted = _run(context, sheet, db, budget)
        if wanted is Format.TABLE:
            print_verdicts(rows, wanted)
        sheet = replace(sheet, verdicts=verdicts_of_run(rows))
    if wanted is not Format.TABLE:
        print_object(_object(sheet), indent=None if wanted is Format.JSONL else 1)
    if html is not None:
        html.write_text(page(sheet), encoding="utf-8")
    if sheet.found or refuted:
        raise typer.Exit(1)


def _sheet(context: typer.Context, paper: str, db: str | None) -> Sheet:
    from secateur.check import NoSuchPaperError, check_draft, check_paper

    settings = settings_for(context, db=db)
    path = Path(paper)
    if not path.exists():
        try:
            identifier = paper_identifier(paper)
        except UsageError as error:
            raise UsageError(f"there is no file or folder {paper!r}, and {error}") from error
        try:
            return check_paper(readable(settings), identifier)
        except NoSuchPaperError as error:
            raise UsageError(str(error)) from error
    try:
        engine = readable(settings)
    except MissingDatabaseError:
        engine = None
    return check_draft(engine, path, utc_now())


def _object(sheet: Sheet) -> dict[str, Any]:
    parts = {part.name: [dict(row) for row in getattr(sheet, part.name)] for part in PARTS}
    parts["quoted"] = [dict(row) for row in sheet.quoted]
    del parts["compared"]
    return {"paper": sheet.paper, "title": sheet.title, "found": sheet.found, "notes": list(sheet.notes)} | parts


def _print_tables(sheet: Sheet, parts: Sequence[Part]) -> None:
    for note in sheet.notes:
        typer.echo(note)
    for part in parts:
        rows = getattr(sheet, part.name)
        if rows:
            columns = _filled(part.columns, rows)
            print_rows([{name: row[name] for name in columns} for row in rows], Format.TABLE, title=part.title)
        else:
            typer.echo(f"{part.title}: {part.nothing}")


def page(sheet: Sheet) -> str:
    """The sheet as one HTML page that loads nothing."""
    from jinja2 import Environment, PackageLoader

    from secateur.check import DIFFERS

    environment = Environment(loader=PackageLoader("secateur"), autoescape=True, trim_blocks=True)
    environment.filters["cell"] = _cell
    parts = [
        {
            "title": part.title,
            "about": part.about,
            "nothing": part.nothing,
            "columns": _filled(part.columns, getattr(sheet, part.name)),
            "rows": [_shown(part, row) for row in getattr(sheet, part.name)],
        }
        for part in PARTS
    ]
    asking = (DIFFERS, "finding", "question")
    return environment.get_template("check.html").render(sheet=sheet, parts=parts, long=LONG, asking=asking)


def _shown(part: Part, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the page shows it; measured numbers with the digits that runs can tell apart."""
    return {name: rounded(value) if part.name == "verdicts" else value for name, value in row.items()}


def _filled(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns in which some row has something."""
    return [name for name in columns if any(row[name] not in (None, "", []) for row in rows)]


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _run(
    context: typer.Context, sheet: Sheet, db: str | None, budget: float | None
) -> tuple[list[dict[str, Any]], bool]:
    """Runs the sheet's claims: the rows of their reports, and whether one is not reproduced."""
    from secateur.check import claims_of

    settings = settings_for(context, db=db)
    claims = [*sheet.registered, *claims_of(sheet.claim_file)]
    return run_claims(writable(settings), claims, budget=budget, data_folder=settings.data_folder)
