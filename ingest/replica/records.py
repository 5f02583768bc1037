"""The replica's papers: reading ``metadata.jsonl``.

Its lines are rows of arXiv's own metadata table, one a version, or of its bulk snapshot, one a paper.
The columns are those of the table that arXiv's OAI-PMH server reads (github.com/arXiv/oaipmh); the bulk snapshot is the
one on Kaggle (``arxiv-metadata-oai-snapshot.json``), which has no sizes and one set of metadata for all versions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from ingest.replica.taxonomy import set_specs

EARLIEST = date(2005, 9, 16)
"""ArXiv's earliest datestamp; records stamped before are moved to it."""
_EARLIEST_SECONDS = int(datetime(EARLIEST.year, EARLIEST.month, EARLIEST.day, tzinfo=UTC).timestamp())


class MetadataFileError(Exception):
    """The replica's metadata can't be read."""


@dataclass(frozen=True, slots=True)
class PaperVersion:
    """One row of arXiv's metadata table: one version of a paper."""

    paper_id: str
    version: int
    created: datetime
    """UTC."""
    updated: datetime | None
    """When the row was last touched."""
    modtime: int
    """UNIX seconds of the record's last change."""
    is_current: bool
    is_withdrawn: bool
    source_size: int
    source_format: str
    source_flags: str
    title: str
    authors: str
    categories: tuple[str, ...]
    """Primary first."""
    abstract: str
    submitter: str = ""
    comments: str = ""
    report_num: str = ""
    msc_class: str = ""
    acm_class: str = ""
    journal_ref: str = ""
    doi: str = ""
    license: str = ""

    @property
    def source_type(self) -> str:
        """The flags that arXivRaw prints for the version's source."""
        flags = "".join(flag for flag in "AS" if flag in self.source_flags)
        formats = {"pdftex": "D", "withdrawn": "I", "html": "H", "ps": "P", "docx": "X"}
        return flags + formats.get(self.source_format, "")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper with all its versions."""

    versions: tuple[PaperVersion, ...]
    """Ascending."""

    @property
    def current(self) -> PaperVersion:
        """The version whose metadata is the paper's."""
        return next((version for version in reversed(self.versions) if version.is_current), self.versions[-1])

    @property
    def datestamp(self) -> date:
        """UTC day of the last change."""
        return datetime.fromtimestamp(self.current.modtime, UTC).date()

    def version(self, number: int | None) -> PaperVersion | None:
        """The version of a number, the current one for None."""
        if number is None:
            return self.current
        return next((version for version in self.versions if version.version == number), None)


class Collection:
    """All papers of a replica."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = {paper.current.paper_id: paper for paper in papers}
        self._in_order: list[Paper] | None = None

    @classmethod
    def load(cls, path: Path) -> Collection:
        """Read a folder's ``metadata.jsonl``, or the file itself.

        Raises:
            MetadataFileError: there is no such file, or a line has not the columns.
        """
        file = path / "metadata.jsonl" if path.is_dir() else path
        if not file.is_file():
            raise MetadataFileError(f"there is no {file}; name a folder with a metadata.jsonl, or such a file")
        rows: dict[str, list[PaperVersion]] = {}
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    for row in _rows(json.loads(line)) if line.strip() else ():
                        rows.setdefault(row.paper_id, []).append(row)
                except (KeyError, TypeError, ValueError) as error:
                    raise MetadataFileError(f"{file}, line {number}: {type(error).__name__}: {error}") from error
        return cls(Paper(tuple(sorted(group, key=lambda row: row.version))) for group in rows.values())

    def __len__(self) -> int:
        return len(self._papers)

    def __iter__(self) -> Iterator[Paper]:
        return iter(self._papers.values())

    def get(self, paper_id: str) -> Paper | None:
        """The paper of an identifier without version."""
        return self._papers.get(paper_id)

    def changed_between(self, start: date, end: date, set_spec: str | None) -> list[Paper]:
        """Papers last changed within some days, of a set or its subsets, in the order of change."""
        return [
            paper
            for paper in self._ordered()
            if start <= paper.datestamp <= end and (set_spec is None or _in_set(paper, set_spec))
        ]

    def restamp(self, paper_id: str, moment: datetime) -> None:
        """Change a record's time of last change, as arXiv does in bulk now and then."""
        paper = self._papers[paper_id]
        seconds = int(moment.replace(tzinfo=UTC).timestamp())
        self.put(Paper(tuple(replace(version, modtime=seconds) for version in paper.versions)))

    def put(self, paper: Paper) -> None:
        """Add a paper, or put it in the place of the one with its identifier."""
        self._papers[paper.current.paper_id] = paper
        self._in_order = None

    def _ordered(self) -> list[Paper]:
        if self._in_order is None:
            self._in_order = sorted(
                self._papers.values(), key=lambda paper: (paper.current.modtime, paper.current.paper_id)
            )
        return self._in_order


def _in_set(paper: Paper, set_spec: str) -> bool:
    return any(
        spec == set_spec or spec.startswith(f"{set_spec}:")
        for category in paper.current.categories
        for spec in set_specs(category)
    )


def _rows(line: Mapping[str, Any]) -> Iterator[PaperVersion]:
    if "paper_id" in line:
        yield _table_row(line)
    else:
        yield from _snapshot_rows(line)


def _texts(line: Mapping[str, Any], **columns: str) -> dict[str, str]:
    return {name: str(line.get(column) or "") for name, column in columns.items()}


def _table_row(line: Mapping[str, Any]) -> PaperVersion:
    return PaperVersion(
        paper_id=line["paper_id"],
        version=int(line["version"]),
        created=datetime.fromisoformat(line["created"]),
        updated=datetime.fromisoformat(line["updated"]) if line.get("updated") else None,
        modtime=max(int(line["modtime"]), _EARLIEST_SECONDS),
        is_current=bool(line["is_current"]),
        is_withdrawn=bool(line.get("is_withdrawn")),
        source_size=int(line.get("source_size") or 0),
        source_format=line.get("source_format") or "",
        source_flags=line.get("source_flags") or "",
        title=line["title"],
        authors=line["authors"],
        categories=tuple(line["abs_categories"].split()),
        abstract=line["abstract"],
        **_texts(
            line,
            submitter="submitter",
            comments="comments",
            report_num="report_num",
            msc_class="msc_class",
            acm_class="acm_class",
            journal_ref="journal_ref",
            doi="doi",
            license="license",
        ),
    )


def _snapshot_rows(line: Mapping[str, Any]) -> Iterator[PaperVersion]:
    stamp = datetime.fromisoformat(line["update_date"]).replace(tzinfo=UTC) + timedelta(hours=12)
    for position, version in enumerate(line["versions"], 1):
        yield PaperVersion(
            paper_id=line["id"],
            version=int(version["version"].removeprefix("v")),
            created=parsedate_to_datetime(version["created"]).astimezone(UTC).replace(tzinfo=None),
            updated=stamp.replace(tzinfo=None),
            modtime=max(int(stamp.timestamp()), _EARLIEST_SECONDS),
            is_current=position == len(line["versions"]),
            is_withdrawn=False,
            source_size=0,
            source_format="tex",
            source_flags="",
            title=line["title"],
            authors=line["authors"],
            categories=tuple(line["categories"].split()),
            abstract=line["abstract"],
            **_texts(
                line,
                submitter="submitter",
                comments="comments",
                report_num="report-no",
                journal_ref="journal-ref",
                doi="doi",
                license="license",
            ),
        )
