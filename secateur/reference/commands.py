"""The page of every command with its arguments and options, as the command line itself knows them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from secateur.reference.markdown import choices, table

Command = Any
"""A command or group of commands as typer builds it; typer has no public name for the class."""

KINDS = {"int": "number", "float": "number", "Path": "path"}
"""What Python's types are called on a command line; anything else is text."""

INTRODUCTION = """# Commands

Every command with its arguments and options. `secateur COMMAND --help` prints the same.

- `--db PATH|URL` may stand before the command or behind it.
- `--format table|json|jsonl|csv` chooses how data is printed; without it a table on a terminal, JSON in a pipe.
- Exit codes: 0 done, 1 a check found something, 2 wrong use or bad input (with one line on stderr), 130 interrupted.
- What may be set once instead of at every command stands in [Settings](settings.md).
"""


class UndescribedCommandError(ValueError):
    """Commands, arguments or options have no words; the message names them all."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"not described: {', '.join(names)}. A command's words are the docstring of its function, those of an "
            "argument or option its help="
        )


def commands_page(root: Command) -> str:
    """The page, by groups of `secateur --help`; UndescribedCommandError if anything is without words."""
    found = list(_walk(root, root.name))
    undescribed = [path for path, command in found if not _words(command)]
    undescribed += [
        f"{path} {_name(one)}" for path, command in found for one in _shown(command) if not getattr(one, "help", None)
    ]
    if undescribed:
        raise UndescribedCommandError(undescribed)
    parts = [INTRODUCTION]
    panel = None
    for path, command in found:
        if path.count(" ") == 1 and command.rich_help_panel != panel:
            panel = command.rich_help_panel
            parts.append(f"## {panel}\n")
        parts.append(_section(path, command))
    return "\n".join(parts)


def _walk(group: Command, path: str) -> Iterator[tuple[str, Command]]:
    """Commands below a group, in the order of its panels, each group before its own commands."""
    panels = list(dict.fromkeys(command.rich_help_panel for command in group.commands.values()))
    ordered = sorted(group.commands.items(), key=lambda item: panels.index(item[1].rich_help_panel))
    for name, command in ordered:
        below = f"{path} {name}"
        yield below, command
        if hasattr(command, "commands"):
            yield from _walk(command, below)


def _words(command: Command) -> str:
    return inspect.cleandoc(command.help or "").split("\f")[0].strip()


def _shown(command: Command) -> list[Any]:
    return [one for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper()).strip("[]")
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _section(path: str, command: Command) -> str:
    shown = _shown(command)
    given = [_usage(one) for one in shown if one.param_type_name == "argument"]
    options = ["[OPTIONS]"] if any(one.param_type_name == "option" for one in shown) else []
    commands = ["COMMAND"] if hasattr(command, "commands") else []
    lines = [
        f"### {path}",
        "",
        _words(command),
        "",
        "```text",
        " ".join([path, *options, *given, *commands]),
        "```",
        "",
    ]
    if shown:
        rows = [(choices(_name(one)), _value(one), _default(one), one.help) for one in shown]
        lines += [table(("name", "value", "default", "meaning"), rows), ""]
    return "\n".join(lines)


def _usage(argument: Any) -> str:
    name = _name(argument) + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _value(parameter: Any) -> str:
    """What may be given: nothing for a flag, the choices where there are some, else what it stands for."""
    if getattr(parameter, "is_flag", False):
        return ""
    described = parameter.type_descriptor
    if described.is_choice:
        kind = "|".join(str(getattr(choice, "value", choice)) for choice in described.choices)
    elif parameter.metavar and parameter.param_type_name == "option":
        kind = parameter.metavar
    else:
        kind = KINDS.get(parameter.bare_type().removeprefix("list[").removesuffix("]"), "text")
    bounds = [f"at least {parameter.min:g}"] if parameter.min is not None else []
    bounds += [f"at most {parameter.max:g}"] if parameter.max is not None else []
    bounds += ["may be repeated"] if parameter.multiple or parameter.nargs == -1 else []
    return ", ".join([choices(kind), *bounds])


def _default(parameter: Any) -> str:
    default = parameter.default
    if parameter.required:
        return "required"
    if default is None or default is False or default in ("", (), []) or callable(default):
        return ""
    return f"`{getattr(default, 'value', default)}`"
