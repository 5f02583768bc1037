"""export: a frame of the corpus as a file for other tools."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.bibtex import bibtex
from analysis.frames import records
from secateur.commands.common import DbOption, UsageError, settings_for
from secateur.output import Format, print_rows

if TYPE_CHECKING:
    import pandas as pd


class Export(StrEnum):
    """A frame of the corpus."""

    PAPERS = "papers"
    TAGS = "tags"
    RESULTS = "results"
    CITATIONS = "citations"
    FINDINGS = "findings"
    VERDICTS = "verdicts"


class ExportFormat(StrEnum):
    """How a frame is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    BIBTEX = "bibtex"


SUFFIXES = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet", ".bib": "bibtex"}
"""Formats by the ends of files' names."""


def export(
    context: typer.Context,
    what: Annotated[Export, typer.Argument(metavar="|".join(Export), help="Which frame.")] = Export.RESULTS,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file; by default standard output.")] = None,
    relevance: Annotated[str, typer.Option(metavar="core|related|no|all", help="Of which papers.")] = "all",
    db: DbOption = None,
    format: Annotated[ExportFormat | None, typer.Option("--format", help="By default as the file's name says.")] = None,  # noqa: A002 - the option's name
) -> None:
    """Write papers, tags, results, citations, findings or verdicts as CSV, JSON, JSON lines, Parquet or BibTeX."""
    from secateur.library import Corpus

    wanted = format or _format_of(output)
    if wanted is ExportFormat.BIBTEX and what is not Export.PAPERS:
        raise UsageError(f"only papers can be written as BibTeX: secateur export papers --format bibtex, not {what}")
    if wanted is ExportFormat.PARQUET and output is None:
        raise UsageError("Parquet is no text: name a file with -o")
    if relevance not in ("core", "related", "no", "all"):
        raise UsageError(f"--relevance is core, related, no or all, not {relevance!r}")
    with Corpus(settings_for(context, db=db).db) as corpus:
        frame = getattr(corpus, what)()
        if relevance != "all":
            if "arxiv_id" not in frame:
                raise UsageError(f"{what} are not of one paper each; leave --relevance out")
            papers = corpus.papers()
            frame = frame[frame["arxiv_id"].isin(papers.loc[papers["relevance"] == relevance, "arxiv_id"])]
    if wanted is ExportFormat.PARQUET:
        assert output is not None  # asked for above
        _write_parquet(frame, output)
        return
    with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as stream:
        if wanted is ExportFormat.BIBTEX:
            stream.write(bibtex(records(frame)))
        else:
            print_rows(records(frame), Format(wanted), columns=list(frame.columns), stream=stream)


def _format_of(output: Path | None) -> ExportFormat:
    if output is None:
        return ExportFormat.CSV
    if output.suffix not in SUFFIXES:
        raise UsageError(f"{output}: its end says no format; use --format, or one of {', '.join(SUFFIXES)}")
    return ExportFormat(SUFFIXES[output.suffix])


def _write_parquet(frame: pd.DataFrame, output: Path) -> None:
    for name in frame.columns:
        # Parquet has no type for objects of differing keys.
        if frame[name].map(lambda value: isinstance(value, dict)).any():
            frame[name] = frame[name].map(lambda value: json.dumps(value) if isinstance(value, dict) else None)
    try:
        frame.to_parquet(output, index=False)
    except ImportError as error:
        raise UsageError("Parquet needs a library of its own: pip install 'secateur[parquet]'") from error
