"""All pages of the reference by name, and writing them: `make reference` does so for docs/reference."""

from __future__ import annotations

from pathlib import Path

import typer

from secateur.cli import app
from secateur.reference.commands import commands_page
from secateur.reference.database import database_page
from secateur.reference.python import python_page
from secateur.reference.settings import settings_page


def reference_pages() -> dict[str, str]:
    """Every page by its file name; a ValueError names what is not described in the code."""
    return {
        "commands.md": commands_page(typer.main.get_command(app)),
        "database.md": database_page(),
        "python.md": python_page(),
        "settings.md": settings_page(),
    }


def write_reference(folder: Path) -> None:
    """Write the pages anew."""
    written = reference_pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
