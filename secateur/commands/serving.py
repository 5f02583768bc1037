"""serve: the corpus and its survey in a browser."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from secateur.commands.common import DbOption, settings_for
from secateur.output import say


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; by default other machines can't ask.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8001,
    refresh: Annotated[
        float | None,
        typer.Option(
            "--refresh", metavar="MINUTES", min=0.01, help="Look so often for a changed corpus, and serve it then."
        ),
    ] = None,
    db: DbOption = None,
) -> None:
    """Corpus and survey in a browser, read-only, from a copy that no nightly writes to; ends on Ctrl-C."""
    from secateur.serving import serve as serve_corpus

    settings = settings_for(context, db=db)
    # As Ctrl-C ends it, so does the signal that a service manager sends: the copy is removed first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        serve_corpus(settings, host=host, port=port, refresh_minutes=refresh, ready=typer.echo, said=say)
    except KeyboardInterrupt:
        say("ended")
