"""A hook of mkdocs: shows each notebook of the documentation as a page, with the outputs that are stored in it.

A link to `name.ipynb`, which a viewer of the repository can follow, becomes one to that page. What a figure shows is
said for those who don't see it in the metadata `alt` of its cell.
"""

from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

FIGURE = "![png]"
TABLE = '<table border="1" class="dataframe">'
"""A wide table scrolls by itself, so the keyboard has to reach it."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page and its pictures for each notebook."""
    for path in sorted(Path(config.docs_dir).glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        page, resources = MarkdownExporter().from_notebook_node(notebook)
        for alternative in (cell.metadata.alt for cell in notebook.cells if "alt" in cell.metadata):
            page = page.replace(FIGURE, f"![{alternative}]", 1)
        page = page.replace(TABLE, '<table tabindex="0" class="dataframe">')
        for name, picture in resources["outputs"].items():
            renamed = f"{path.stem}_{name}"
            page = page.replace(f"({name})", f"({renamed})")
            files.append(File.generated(config, renamed, content=picture))
        files.append(File.generated(config, f"{path.stem}.md", content=page))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to a notebook to its page."""
    return markdown.replace(".ipynb)", ".md)")
