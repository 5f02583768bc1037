"""noise: what seeds and tuning alone move, the smallest gain that means something, and the seeds needed."""

from __future__ import annotations

from typing import Annotated

import typer

from secateur.commands.common import DbOption, FormatOption, UsageError, settings_for
from secateur.output import print_rows


def noise(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="NETWORK", help="Such as resnet-56.")],
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Such as cifar-10.")],
    sparsity: Annotated[
        float | None, typer.Argument(metavar="[SPARSITY]", min=0.0, max=1.0, help="Fraction removed; all without it.")
    ] = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """What seeds and tuning alone move a network's accuracy, and the smallest gain that means something."""
    from analysis.noise import ROW_COLUMNS
    from secateur.library import Corpus

    with Corpus(settings_for(context, db=db).db) as corpus:
        try:
            found = corpus.noise(model, dataset, sparsity)
        except ValueError as error:
            raise UsageError(str(error)) from error
    place = "" if sparsity is None else f" near {100 * sparsity:g} % sparsity"
    print_rows(found.rows(), format, columns=ROW_COLUMNS, title=f"{found.model}, {found.dataset}{place}")
