"""The house stands: rooms import only downwards, SQL stays in db, and no dependency has a package of our names."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("secateur", "validate", "analysis", "corpus", "ingest", "db")


def imports(path: Path) -> Iterator[str]:
    """Names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    above = set(ROOMS[: ROOMS.index(room)])
    upward = [(path.name, name) for path in modules(room) for name in imports(path) if name.split(".")[0] in above]
    assert modules(room)
    assert upward == []


@pytest.mark.parametrize("room", ["corpus", "analysis"])
def test_pure_rooms_know_no_database_and_no_network(room: str) -> None:
    impure = {"sqlalchemy", "sqlite3", "requests", "socket", "http"}
    found = [(path.name, name) for path in modules(room) for name in imports(path) if name.split(".")[0] in impure]
    assert found == []


def test_sql_is_built_in_db_alone() -> None:
    makers = {"text", "select", "insert", "update", "delete"}
    found = []
    for room in ROOMS[:-1]:
        for path in modules(room):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                    found += [(path.name, alias.name) for alias in node.names if alias.name in makers]
    assert found == []


def test_no_installed_dependency_ships_a_package_of_our_names() -> None:
    others = {
        room: sorted(set(packages_distributions().get(room, [])) - {"secateur"})
        for room in ROOMS
        if set(packages_distributions().get(room, [])) - {"secateur"}
    }
    assert others == {}


@pytest.mark.parametrize(
    "module", ["corpus.reading", "corpus.tagging", "validate.claims", "validate.run", "secateur.cli"]
)
def test_what_may_not_need_them_does_not_wait_for_torch_or_matplotlib(module: str) -> None:
    heavy = ("torch", "matplotlib", "statsmodels", "sklearn")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the list of files that git keeps")
def test_the_repository_names_no_path_of_a_machine() -> None:
    names = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    homes = ("/" + "work/", "/" + "root/", "/" + "home/")
    found = [
        name
        for name in names
        if (ROOT / name).suffix in {".py", ".md", ".toml", ".yaml", ".txt", ".c", ".html"}
        and any(home in (ROOT / name).read_text(errors="replace") for home in homes)
    ]
    assert found == []
