"""The page of the settings: name, environment variable, default and meaning of each, from the class itself."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import platformdirs

from secateur.reference.markdown import table
from secateur.settings import Settings

INTRODUCTION = """# Settings

A flag of a command wins over a `SECATEUR_*` variable of the environment, that over `secateur.toml` in the working
folder, and that over `secateur.toml` in the user's configuration folder (`~/.config/secateur` on Linux).

```toml
# secateur.toml
contact = "you@example.org"
sets = ["cs:cs:LG", "cs:cs:CV"]
fetch_limit = 300
```

The user's data folder is `~/.local/share/secateur` on Linux.
"""

OTHERS = """
Some variables of the environment are no settings: `SECATEUR_TRACEBACK=1` shows where an error arose, and
`SECATEUR_KERNEL` and `SECATEUR_ISA` choose the sparse kernels ([Sparse kernels](../kernels.md)).
"""


class UndescribedSettingError(ValueError):
    """A setting has no words; its docstring stands below it in secateur/settings.py."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the setting {name} is not described: write a docstring below it")


def settings_page() -> str:
    """The page; UndescribedSettingError if a setting is without words."""
    words = _docstrings()
    rows = []
    for name, field in Settings.model_fields.items():
        if not words.get(name):
            raise UndescribedSettingError(name)
        default = field.get_default(call_default_factory=True)
        rows.append((f"`{name}`", f"`SECATEUR_{name.upper()}`", _shown(default), words[name].replace("``", "`")))
    return INTRODUCTION + "\n" + table(("setting", "variable", "default", "meaning"), rows) + "\n" + OTHERS


def _docstrings() -> dict[str, str]:
    """The string below each annotated name of the class."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = str(ast.literal_eval(below.value))
    return found


def _shown(default: object) -> str:
    """A default as it is on every machine: the user's folders are called by what they are."""
    if default is None or default == "":
        return ""
    if isinstance(default, list):
        return " ".join(f"`{item}`" for item in default)
    data = Path(platformdirs.user_data_dir("secateur"))
    if isinstance(default, str | Path) and Path(default).is_relative_to(data):
        return f"`{Path(default).relative_to(data)}` in the user's data folder"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
