"""The folder of the survey: files are written only where they changed, and what an earlier survey had is removed.

Pages are written one by one as they are made, so that a survey of many papers never stands in memory as a whole.
"""

from __future__ import annotations

from pathlib import Path

GENERATOR = b'<meta name="generator" content="Secateur">'
"""What marks a page as one of ours."""
OWN = ("*.html", "papers/*.html", "methods/*.html", "assets/*.js", "figures/*.svg", "data/**/*.csv")
"""What a survey consists of, beside what other programs keep in its folder, such as the feed of the nights."""


class ForeignSiteError(Exception):
    """The folder for the survey holds somebody's other site."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder / 'index.html'} is no survey of Secateur and was left alone; name another folder")


class SiteFolder:
    """A survey's folder while the survey is written; ForeignSiteError if it holds another site."""

    def __init__(self, folder: Path) -> None:
        start = folder / "index.html"
        if start.is_file() and GENERATOR not in start.read_bytes():
            raise ForeignSiteError(folder)
        self.folder = folder
        self.paths: set[str] = set()
        self.written = 0

    def add(self, path: str, content: str) -> None:
        """Writes a file of the survey, unless it stands there with the same content; ValueError for a path twice."""
        if path in self.paths:
            raise ValueError(f"two files of the survey are called {path}")
        self.paths.add(path)
        data = content.encode()
        place = self.folder / path
        if place.is_file() and place.stat().st_size == len(data) and place.read_bytes() == data:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        self.written += 1

    @property
    def pages(self) -> int:
        """How many pages were added."""
        return sum(path.endswith(".html") for path in self.paths)

    def remove_others(self) -> int:
        """Removes files of an earlier survey that this one does not have; returns their number."""
        old = {path for pattern in OWN for path in self.folder.glob(pattern)}
        gone = [path for path in old if path.relative_to(self.folder).as_posix() not in self.paths]
        for path in gone:
            path.unlink()
        return len(gone)
