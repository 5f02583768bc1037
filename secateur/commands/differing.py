"""diff: what changed in one paper, from harvest to harvest and between its versions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from analysis.frames import records
from analysis.versions import compare_versions
from db import changes, views
from secateur.commands.asking import paper_identifier
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for
from secateur.output import print_rows

COLUMNS = (
    *("part", "what", "version", "seen_at", "field", "before", "after", "unit"),
    *("table_label", "method", "dataset", "model", "sparsity"),
)


def diff(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv identifier.")],
    versions: Annotated[
        list[str] | None, typer.Argument(metavar="[V1 V2]", help="Two versions that were read, such as v1 v2.")
    ] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """What changed in a paper: its metadata from harvest to harvest, and its results between two versions read."""
    arxiv_id = paper_identifier(paper)
    rows: list[dict[str, Any]] = []
    with readable(settings_for(context, db=db)).connect() as connection:
        if views.papers(connection, arxiv_id=arxiv_id).empty:
            raise UsageError(f"{arxiv_id} is not in the corpus; `secateur harvest` brings it if its set is harvested")
        pair = _version_pair(arxiv_id, versions or [], changes.versions_read(connection, arxiv_id))
        rows += [
            {"part": "metadata", "what": "changed", **change}
            for change in records(changes.changes(connection, arxiv_id))
            if not (versions and pair) or (change["version"] and pair[0] < change["version"] <= pair[1])
        ]
        if pair:
            older, newer = (changes.results_of_version(connection, arxiv_id, number) for number in pair)
            rows += [
                {"part": "result", "version": pair[1], "field": result["metric"], **result}
                for result in records(compare_versions(older, newer))
            ]
    print_rows(rows, format, columns=COLUMNS, title=f"arXiv:{arxiv_id}")


def _version_pair(arxiv_id: str, named: list[str], read: list[int]) -> tuple[int, int] | None:
    """The two versions to compare: the named ones, else the newest two that were read, None if there are no two."""
    if not named:
        return (read[-2], read[-1]) if len(read) > 1 else None
    numbers = [int(text.removeprefix("v")) for text in named if text.removeprefix("v").isdecimal()]
    if len(numbers) != 2 or len(named) != 2 or numbers[0] >= numbers[1]:
        raise UsageError(f"diff compares an older with a newer version, such as v1 v2, not {' '.join(named)!r}")
    unread = [f"v{number}" for number in numbers if number not in read]
    if unread:
        known = ", ".join(f"v{number}" for number in read) or "none"
        raise UsageError(f"{' and '.join(unread)} of {arxiv_id} was not read (read: {known})")
    return numbers[0], numbers[1]
