"""A hook of mkdocs: shows each notebook of the documentation as a page, with the outputs that are stored in it.

A link to `name.ipynb`, which a viewer of the repository can follow, becomes one to that page.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page and its pictures for each notebook."""
    for notebook in sorted(Path(config.docs_dir).glob("*.ipynb")):
        page, resources = MarkdownExporter().from_filename(str(notebook))
        for name, picture in resources["outputs"].items():
            renamed = f"{notebook.stem}_{name}"
            page = page.replace(f"({name})", f"({renamed})")
            files.append(File.generated(config, renamed, content=picture))
        files.append(File.generated(config, f"{notebook.stem}.md", content=page))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to a notebook to its page."""
    return markdown.replace(".ipynb)", ".md)")
