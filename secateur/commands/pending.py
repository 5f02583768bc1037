"""The commands of the contract that are not built yet: each says so in one line and exits with 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from secateur.commands.common import UsageError

PENDING = {
    "watch": "what changed in the papers that one cites",
    "check": "one paper or draft, everything",
}
"""Command and what it will print or do."""


def _pending(name: str) -> Callable[[list[str] | None], None]:
    def command(arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
        raise UsageError(f"`secateur {name}` is not built yet")

    command.__doc__ = f"Not built yet: {PENDING[name]}."
    return command


def add_pending(app: typer.Typer) -> None:
    """Add every command that is not built yet."""
    for name in PENDING:
        app.command(
            name,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
            rich_help_panel="Not built yet",
        )(_pending(name))
