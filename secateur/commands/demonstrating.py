"""demo: the whole way on a small synthetic literature, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from secateur.commands.common import FormatOption
from secateur.output import say


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the demo.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another seed makes another literature.")] = 0,
    papers: Annotated[int, typer.Option(min=300, help="Papers of the literature.")] = 360,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Invent a literature with known truth, run the real nightly on it over HTTP, and print what was found of it."""
    from secateur.demo.run import print_demo, run_demo

    found = run_demo(output, seed=seed, papers=papers, say=say)
    if not print_demo(found, format):
        raise typer.Exit(1)
