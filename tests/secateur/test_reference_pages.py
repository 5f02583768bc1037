"""The reference is made from the code: it shows what a command takes, and refuses what has no words."""

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from secateur.output import Format
from secateur.reference.commands import UndescribedCommandError, commands_page
from secateur.reference.markdown import choices, table


def command(*functions: Any) -> Any:
    app = typer.Typer(name="tool")

    @app.callback()
    def _start() -> None:
        pass

    for function in functions:
        app.command(rich_help_panel="Cut")(function)
    return typer.main.get_command(app)


def prune(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="What to prune.")],
    most: Annotated[int, typer.Option(min=1, max=9, help="So many at most.")] = 3,
    fast: Annotated[bool, typer.Option("--fast", help="Without looking.")] = False,
    form: Annotated[Format | None, typer.Option("-f", "--format", help="How to print.")] = None,
    secret: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Prune files | and branches."""


def test_a_command_is_shown_with_all_that_it_takes() -> None:
    page = commands_page(command(prune))
    assert "## Cut\n" in page
    assert "### tool prune\n\nPrune files | and branches.\n" in page
    assert "tool prune [OPTIONS] FILE...\n" in page
    assert "| `FILE` | `path`, may be repeated | required | What to prune. |" in page
    assert "| `--most` | `number`, at least 1, at most 9 | `3` | So many at most. |" in page
    assert "| `--fast` |  |  | Without looking. |" in page
    assert "| `-f, --format` | `table` or `json` or `jsonl` or `csv` |  | How to print. |" in page
    assert "secret" not in page


def test_what_has_no_words_is_refused_and_named() -> None:
    def graft(tree: str, depth: int = 3) -> None:
        pass

    with pytest.raises(UndescribedCommandError) as refused:
        commands_page(command(prune, graft))
    for name in ("tool graft", "tool graft TREE", "tool graft --depth"):
        assert name in str(refused.value)
    assert "tool prune" not in str(refused.value)


def test_a_bar_ends_no_cell_of_a_table() -> None:
    assert table(("a",), [["one | two\nthree"]]).splitlines()[-1] == "| one \\| two three |"
    assert choices("PATH|URL") == "`PATH` or `URL`"
