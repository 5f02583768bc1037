"""Puts the scores of docs/quality.md into the table that the survey's page on data quality shows: `make quality`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "quality.md"
TABLE = ROOT / "analysis" / "report" / "scores.csv"
TAGS = re.compile(r"^\| (?P<what>[\w ,]+) \| (?P<score>[01]\.\d+)(?: \[[^]]*\])?(?: \([^)]*\))? \|")
ALL = re.compile(r"^\| \*\*all\*\* \| \*\*(?P<score>[\d.]+)(?: \[[^]]*\])?\*\* \| \d+ / \d+ \|")


def scores(page: str) -> Iterator[tuple[str, str, str]]:
    """What was scored, its F1, and on what, from the tables of docs/quality.md."""
    basis = re.search(r"(\d+ abstracts) and (\d+ typed e-prints)", page)
    abstracts, eprints = basis.groups() if basis else ("labelled abstracts", "typed e-prints")
    heading = ""
    for line in page.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif heading.startswith("Tags") and (row := TAGS.match(line)):
            yield f"tags: {row['what']}", row["score"], f"{abstracts}, by cross-validation"
        elif heading.startswith("Results") and (row := ALL.match(line)):
            yield heading.lower().replace("latex", "LaTeX").replace("html", "HTML"), row["score"], eprints


def main() -> None:
    """Writes the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["what", "f1", "scored_on"])
        writer.writerows(scores(PAGE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
