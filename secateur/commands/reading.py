"""tag, extract, classify, read: the readings of abstracts and e-prints, over the database and on single files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from secateur.commands.common import (
    ClusterOption,
    DbOption,
    FormatOption,
    JobsOption,
    UsageError,
    settings_for,
    utc_now,
    writable,
)
from secateur.output import Format, Progress, default_format, print_object, print_rows, say

MOST_COMPLAINTS = 5
"""Bad lines of a file that are named one by one."""
TABLE_FACETS = ("id", "relevance", "structure", "timing", "criterion", "architecture", "proposed", "models")
"""What of a paper's tags a terminal has room for."""


def tag(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=0, help="Most papers to tag.")] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Tag title and abstract of papers that are new or changed."""
    from secateur.stages import tag_papers

    with Progress("tag") as progress:
        settings = settings_for(context, db=db)
        summary = tag_papers(
            writable(settings), utc_now, own_tagger=settings.own_tagger, limit=limit, progress=progress
        )
    print_rows([{"read": summary.read, "unread": summary.unread, "tags": summary.found}], format)


def extract(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=0, help="Most papers to read.")] = None,
    jobs: JobsOption = 1,
    cluster: ClusterOption = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Read tables, results and citations of fetched e-prints that are new or changed."""
    from ingest.fulltext import FileStore
    from secateur.stages import extract_papers

    settings = settings_for(context, db=db)
    with Progress("extract") as progress:
        summary = extract_papers(
            writable(settings),
            FileStore(settings.files_folder),
            utc_now,
            limit=limit,
            jobs=jobs,
            cluster=cluster,
            progress=progress,
        )
    print_rows([{"read": summary.read, "unread": summary.unread, "results": summary.found}], format)


def _papers(path: Path) -> Iterator[dict[str, str]]:
    """The papers of a JSON-lines file; a bad line is said and left out. Raises UsageError if no line is a paper."""
    read = unread = 0
    with sys.stdin.buffer if str(path) == "-" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                paper = {name: str(item[name]) for name in ("id", "title", "abstract")}
            except (ValueError, KeyError, TypeError) as error:
                unread += 1
                missing = f"no {error}" if isinstance(error, KeyError) else "no JSON object"
                if unread <= MOST_COMPLAINTS:
                    say(f"{path}:{number}: unread: {missing}; a line holds id, title and abstract")
                continue
            read += 1
            yield paper
    if unread and not read:
        raise UsageError(f"{path}: none of its {unread} lines is a JSON object with id, title and abstract")
    if unread > MOST_COMPLAINTS:
        say(f"{path}: {unread} lines unread in all")


def classify(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Lines with id, title, abstract; - for stdin.")],
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Tag the papers of a file, one JSON object a line unless --format says otherwise; needs no database."""
    from corpus.knowledge import load_knowledge
    from corpus.tagging import classify_object, load_model
    from corpus.tagging import tag as tag_paper

    if str(file) != "-" and not file.is_file():
        raise UsageError(f"there is no file {file}")
    knowledge, model = load_knowledge(), load_model()
    found = (
        classify_object(paper["id"], tag_paper(paper["title"], paper["abstract"], knowledge, model))
        for paper in _papers(file)
    )
    if format in (None, Format.JSONL):
        for item in found:
            sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
        return
    print_rows(found, format, columns=TABLE_FACETS if format is Format.TABLE else None)


def read(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with .tex files, a .tar.gz or .gz e-print, .html or .pdf.")
    ],
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Read one paper's tables, results and citations; needs no database. JSON is one object."""
    from corpus.bounded import BoundedReader, NotReadError
    from corpus.knowledge import load_knowledge
    from corpus.reading.output import extraction_object

    if not path.exists():
        raise UsageError(f"there is no file or folder {path}")
    try:
        with BoundedReader() as reader:
            extraction = reader.extract(path)
    except NotReadError as error:
        raise UsageError(f"{path}: not read: {error}") from error
    found: dict[str, Any] = extraction_object(extraction, load_knowledge())
    if not (found["paper"]["title"] or found["paper"]["abstract"] or found["tables"] or found["citations"]):
        reason = next((item["reason"] for item in found["unread"]), "no title, table or bibliography")
        raise UsageError(f"{path}: not read: nothing of a paper is in it ({reason})")
    wanted = format or default_format(sys.stdout)
    if wanted is Format.TABLE:
        columns = ("label", "kind", "caption")
        print_rows([{name: table[name] for name in columns} for table in found["tables"]], wanted, title="tables")
        shown = ("table", "row", "col", "method", "role", "dataset", "model", "sparsity", "metric", "value", "unit")
        print_rows([{name: row.get(name) for name in shown} for row in found["results"]], wanted, title="results")
        print_rows(found["unread"], wanted, title="unread")
    elif wanted is Format.JSON:
        print_object(found)
    else:
        print_rows(found["results"], wanted)
