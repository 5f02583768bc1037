"""The notebook runs from its first cell to its last, shows what it shows to readers, and names no machine."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "five_questions.ipynb"


def outputs(notebook: Any) -> list[list[str]]:
    """What each cell shows: texts by their stream, other outputs by their richest form."""
    forms = ("image/png", "text/html", "text/plain")
    return [
        [output.get("name") or next(form for form in forms if form in output["data"]) for output in cell["outputs"]]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def test_the_stored_notebook_shows_figures_and_tables_and_no_path() -> None:
    text = NOTEBOOK.read_text()
    shown = [form for cell in outputs(json.loads(text)) for form in cell]
    assert shown.count("image/png") >= 2
    assert shown.count("text/html") >= 6
    assert "error" not in shown
    assert "stderr" not in shown
    assert not any(home in text for home in ("/" + "root/", "/" + "home/", "/" + "work/", "/" + "tmp/"))


@pytest.mark.slow
def test_the_notebook_runs_and_shows_what_is_stored(tmp_path: Path) -> None:
    pytest.importorskip("ipykernel", reason="needs the extra docs")
    nbclient = pytest.importorskip("nbclient", reason="needs the extra docs")
    nbformat = pytest.importorskip("nbformat", reason="needs the extra docs")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    stored = outputs(notebook)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert outputs(notebook) == stored
