"""override: a person's corrections of results, one by one or from a reviewed file."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from db.overrides import (
    Anchor,
    Override,
    ReadCell,
    all_overrides,
    meets,
    read_cells,
    remove_overrides,
    save_override,
    standing_override,
)
from secateur.commands.asking import paper_identifier
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now, writable
from secateur.output import Format, print_rows, say

CHANGE_COLUMNS = ("paper", "table", "row", "col", "text", "field", "read", "corrected")


def override(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(metavar="PAPER|list", help="An arXiv identifier; list prints all there are.")],
    table: Annotated[str | None, typer.Option("--table", metavar="LABEL|INDEX", help="As `show` prints it.")] = None,
    row: Annotated[int | None, typer.Option(min=0, help="Row of the table's grid, from 0.")] = None,
    col: Annotated[int | None, typer.Option(min=0, help="Column of the table's grid, from 0.")] = None,
    number: Annotated[int, typer.Option(min=0, help="Which number in the cell, from 0.")] = 0,
    set_fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="What it should be; may be repeated.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="The number is no result.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Forget what was corrected here.")] = False,
    note: Annotated[str, typer.Option(help="Why, and from where it is known.")] = "",
    author: Annotated[str | None, typer.Option(help="Who says so; by default your user name.")] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Correct what a result was taken to mean; holds for later readings and versions with the same words around it."""
    settings = settings_for(context, db=db)
    if paper == "list":
        print_rows(_listed(readable(settings)), format, columns=LIST_COLUMNS)
        return
    if table is None or row is None or col is None:
        raise UsageError("name the number with --table, --row and --col; `secateur show PAPER` prints them")
    if [bool(set_fields), reject, undo].count(True) != 1:
        raise UsageError("say what is wrong with one of --set FIELD=VALUE, --reject or --undo")
    readable(settings).dispose()
    engine = writable(settings)
    arxiv_id = paper_identifier(paper)
    with engine.begin() as connection:
        cells = read_cells(connection, arxiv_id)
        anchor = _named(cells, arxiv_id, table, (row, col, number)).anchor
        if undo:
            if not remove_overrides(connection, anchor):
                raise UsageError(f"nothing was corrected in row {row}, column {col} of table {table} of {arxiv_id}")
            say(f"{arxiv_id}: the machine's reading stands again")
            return
        known = standing_override(connection, anchor) or Override(anchor)
        # Two corrections of one number add up; rejecting it, or setting a field of a rejected one, starts anew.
        fields = {} if reject else {**known.values, **_fields(set_fields or [])}
        correction = Override(anchor, fields, reject, author or getpass.getuser(), note or known.note, utc_now())
        save_override(connection, correction)
    print_rows(_changes(correction, meets(anchor, cells)), format, columns=CHANGE_COLUMNS)


def _fields(pairs: list[str]) -> dict[str, Any]:
    from secateur.corrections import checked

    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set wants FIELD=VALUE, not {pair!r}")
        fields[name.strip()] = value.strip()
    return checked(fields)


def _named(cells: list[ReadCell], arxiv_id: str, table: str, place: tuple[int, int, int]) -> ReadCell:
    """The number that a user names; UsageError says which there are."""
    if not cells:
        raise UsageError(f"{arxiv_id} has no results; `secateur show {arxiv_id}` says what is known of it")
    inside = [cell for cell in cells if table in (cell.table_label, str(cell.table_position))]
    if not inside:
        names = dict.fromkeys(f"{cell.table_label} ({cell.table_position})" for cell in cells)
        raise UsageError(f"{arxiv_id} has no table {table!r} with results; there are {', '.join(names)}")
    if len({cell.table_position for cell in inside}) > 1:
        places = sorted({cell.table_position for cell in inside})
        raise UsageError(f"several tables of {arxiv_id} are called {table!r}; name one by its index: {places}")
    for cell in inside:
        if (cell.row, cell.col, cell.anchor.number) == place:
            return cell
    rows, cols = sorted({cell.row for cell in inside}), sorted({cell.col for cell in inside})
    raise UsageError(
        f"no result was read in row {place[0]}, column {place[1]}, number {place[2]} of table {table}; "
        f"its results stand in rows {rows} and columns {cols}"
    )


def _changes(correction: Override, cells: list[ReadCell]) -> list[dict[str, Any]]:
    """One row a field and a number that a correction changes."""
    rows = []
    for cell in cells:
        shown = cell.table_label or str(cell.table_position)
        place = {"paper": cell.anchor.arxiv_id, "table": shown, "row": cell.row, "col": cell.col}
        place["text"] = cell.anchor.text
        if correction.rejected:
            rows.append(place | {"field": "value", "read": cell.reading["value"], "corrected": "no result"})
        rows += [
            place | {"field": name, "read": cell.reading[name], "corrected": value}
            for name, value in correction.values.items()
        ]
    return rows


LIST_COLUMNS = (
    *("paper", "caption", "row_text", "col_text", "number", "text", "set", "reject", "author", "note", "at"),
    *("cells", "read", "agrees"),
)


def _listed(engine: Engine) -> list[dict[str, Any]]:
    """The standing corrections as the entries of a file, each with what the machine reads there today."""
    with engine.connect() as connection:
        standing = {item.anchor: item for item in all_overrides(connection)}
        cells = {arxiv_id: read_cells(connection, arxiv_id) for arxiv_id in {a.arxiv_id for a in standing}}
    rows = []
    for anchor, item in standing.items():
        met = meets(anchor, cells[anchor.arxiv_id])
        read = {name: met[0].reading[name] for name in item.values} if met else None
        rows.append(
            {"paper": anchor.arxiv_id, "caption": anchor.caption, "row_text": anchor.row_text}
            | {"col_text": anchor.col_text, "number": anchor.number, "text": anchor.text}
            | {"set": dict(item.values), "reject": item.rejected, "author": item.author, "note": item.note}
            | {"at": item.at, "cells": len(met), "read": read}
            | {"agrees": None if read is None or item.rejected else read == item.values}
        )
    return rows


def import_overrides(engine: Engine, file: Path, wanted: Format | None) -> None:
    """Store the reviewed corrections of a file; UsageError names what is wrong with it."""
    from secateur.corrections import load_corrections

    corrections = [entry.override(utc_now()) for entry in load_corrections(file)]
    counts = {"stored": 0, "same": 0}
    without: list[Anchor] = []
    with engine.begin() as connection:
        for correction in corrections:
            anchor = correction.anchor
            try:
                stored = save_override(connection, correction)
            except LookupError as error:
                raise UsageError(f"{file}: {error}; nothing was stored") from error
            counts["stored" if stored else "same"] += 1
            if not meets(anchor, read_cells(connection, anchor.arxiv_id)):
                without.append(anchor)
    for anchor in without:
        say(f"{anchor.arxiv_id}: no number read stands at {anchor.row_text!r}, {anchor.col_text!r} today")
    counts["without a number"] = len(without)
    print_rows([counts], wanted, columns=tuple(counts))
