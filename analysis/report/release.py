"""A release of the corpus that can be cited: CSV files, their schema, and hashes that say which release it is.

The schema is a Frictionless Data Package (https://specs.frictionlessdata.io/data-package/); what the files and columns
mean stands in release.yaml. The same corpus gives the same bytes, so that a hash names it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from analysis.comparisons import comparison_edges
from analysis.report.data import SurveyData
from analysis.report.text import csv_text

PACKAGE = "datapackage.json"
SUMS = "SHA256SUMS"


class NoReleaseError(Exception):
    """The folder for a release holds something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds other files than a release; name an empty or a new folder")


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it was written."""

    folder: Path
    sha256: str
    """Hash of SHA256SUMS, which names the whole."""
    rows: Mapping[str, int]
    """Rows of each file, by its name without ending."""


def write_release(data: SurveyData, folder: Path, *, day: date, states: tuple[str, ...]) -> Release:
    """Writes the release of the corpus as of a day into a folder that is empty, new, or holds an earlier release.

    Only findings in one of the ``states`` go into it. Raises NoReleaseError for a folder with other files.
    """
    described = _described()
    contents = {name: _text(name, frame) for name, frame in _frames(data, states).items()}
    known = {f"{name}.csv" for name in described} | {PACKAGE, SUMS}
    if folder.exists() and any(path.name not in known for path in folder.iterdir()):
        raise NoReleaseError(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.csv": text.encode() for name, (text, _) in contents.items()}
    sizes = {name: rows for name, (_, rows) in contents.items()}
    package = _package(described, files, sizes, day)
    files[PACKAGE] = (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files[SUMS] = sums.encode()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Release(folder, hashlib.sha256(files[SUMS]).hexdigest(), sizes)


@functools.cache
def _described() -> dict[str, Any]:
    text = resources.files("analysis.report").joinpath("release.yaml").read_text(encoding="utf-8")
    described: dict[str, Any] = yaml.safe_load(text)
    return described


def _frames(data: SurveyData, states: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    edges = comparison_edges(data.tags, data.results, data.citations, stated=data.stated)
    return {
        "papers": data.papers,
        "tags": data.tags,
        "results": data.results,
        "citations": data.citations[data.citations["cited_arxiv_id"].notna()],
        "comparisons": edges,
        "claims": data.abstract_claims,
        "findings": data.findings[data.findings["state"].isin(states)],
        "verdicts": data.verdicts,
    }


def _text(name: str, frame: pd.DataFrame) -> tuple[str, int]:
    columns = list(_described()[name]["fields"])
    plain = {column: _plain(frame[column]) for column in columns}
    return csv_text(pd.DataFrame(plain, columns=columns)), len(frame)


def _plain(column: pd.Series) -> list[Any] | pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return ["true" if value else "false" for value in column]
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    if pd.api.types.is_numeric_dtype(column):
        return column
    return ["; ".join(map(str, value)) if isinstance(value, (list, tuple)) else value for value in column]


def _package(
    described: Mapping[str, Any], files: Mapping[str, bytes], rows: Mapping[str, int], day: date
) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": f"secateur-{day:%Y-%m-%d}",
        "title": f"The literature on sparsity and pruning as Secateur read it, {day:%Y-%m-%d}",
        "version": f"{day:%Y.%m.%d}",
        "created": f"{day:%Y-%m-%d}T23:59:59Z",
        "description": (
            "Facts read by machine from arXiv's metadata and e-prints. Metadata of arXiv is in the public domain, "
            "papers belong to their authors, and no full text or whole table is part of this release."
        ),
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "description": facts["description"],
                "encoding": "utf-8",
                "bytes": len(files[f"{name}.csv"]),
                "hash": f"sha256:{hashlib.sha256(files[f'{name}.csv']).hexdigest()}",
                "rows": rows[name],
                "schema": {
                    "fields": [
                        {"name": field, "type": kind, "description": meaning}
                        for field, (kind, meaning) in facts["fields"].items()
                    ],
                    "missingValues": [""],
                },
            }
            for name, facts in described.items()
        ],
    }
