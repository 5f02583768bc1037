"""One paper's metadata out of the raw fields that arXivRaw, the bulk snapshot and the query API share.

Titles and names are stored as they are printed; abstracts and comments keep their TeX but for accents. What every
source says the same way is read here, so that the same record from two sources is the same ``PaperRecord``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from db.records import PaperRecord, VersionRecord
from ingest.authors import split_authors
from ingest.tex import accents_to_unicode, normalise_space, to_unicode

SYNTHETIC_REPORT_NUMBER = "SYNTHETIC"

_VERSION_NAME = re.compile(r"v([1-9][0-9]{0,3})", re.ASCII)
_ARXIV_DATE = re.compile(r"[A-Z][a-z]{2}, {1,2}(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", re.ASCII)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_WITHDRAWN = re.compile(
    r"^withdrawn\b|\b(?:this|the)\s+(?:paper|article|manuscript|submission|preprint|e-?print|work|note)"
    r"\s+(?:has been|was|is|is being|had been)\s+withdrawn\b",
    re.IGNORECASE,
)


def read_paper(
    arxiv_id: str,
    fields: Mapping[str, str | None],
    versions: Sequence[VersionRecord],
    datestamp: date | None,
    authors: tuple[str, ...] | None = None,
) -> PaperRecord:
    """Return the record of one paper.

    Args:
        arxiv_id: The identifier without version.
        fields: Raw texts by arXivRaw's names: title, abstract, authors, categories, submitter, comments, journal-ref,
            report-no, doi, license. What is missing is empty.
        versions: The versions in any order; version 1 must be among them.
        datestamp: Day of arXiv's last change to the record, None where the source does not say.
        authors: The names, where the source has them apart; None reads them from the field.

    Raises:
        ValueError: something without which a paper cannot be counted is missing; the message says what.
    """
    if not versions:
        raise ValueError("it has no version")
    ordered = tuple(sorted(versions, key=_number))
    if ordered[0].number != 1:
        raise ValueError(f"it lacks version 1, whose date growth is counted by; the first is v{ordered[0].number}")
    title = to_unicode(_text(fields, "title"))
    if not title:
        raise ValueError("it has no title")
    comments = accents_to_unicode(_text(fields, "comments"))
    report_number = _text(fields, "report-no")
    return PaperRecord(
        arxiv_id=arxiv_id,
        title=title,
        abstract=accents_to_unicode(_text(fields, "abstract")),
        authors=split_authors(fields.get("authors") or "") if authors is None else authors,
        categories=tuple(dict.fromkeys((fields.get("categories") or "").split())),
        versions=ordered,
        submitter=to_unicode(_text(fields, "submitter")),
        comments=comments,
        journal_ref=accents_to_unicode(_text(fields, "journal-ref")),
        report_number=report_number,
        doi=_text(fields, "doi"),
        license=_text(fields, "license"),
        datestamp=datestamp,
        withdrawn=_is_withdrawn(ordered[-1], comments),
        synthetic=report_number == SYNTHETIC_REPORT_NUMBER,
    )


def read_version(name: str, moment: str, size: str = "", source_type: str = "") -> VersionRecord:
    """Return one version from its name (``v2``) and the date as arXiv prints it; raises ValueError."""
    match = _VERSION_NAME.fullmatch(name)
    if not match:
        raise ValueError(f"{name!r} is no name of a version")
    try:
        submitted = read_date(moment)
    except ValueError:
        raise ValueError(f"{moment!r}, the date of {name}, is no date") from None
    return VersionRecord(int(match[1]), submitted, size, source_type)


def read_date(text: str) -> datetime:
    """Return the time (UTC) of a date as mail writes it, ``Mon, 11 Jan 2021 20:31:27 GMT``; raises ValueError."""
    match = _ARXIV_DATE.fullmatch(text)
    month = _MONTHS.get(match[2]) if match else None
    if match and month:
        return datetime(int(match[3]), month, int(match[1]), int(match[4]), int(match[5]), int(match[6]))
    moment = parsedate_to_datetime(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _number(version: VersionRecord) -> int:
    return version.number


def _text(fields: Mapping[str, str | None], name: str) -> str:
    text = fields.get(name)
    return normalise_space(text) if text else ""


def _is_withdrawn(newest: VersionRecord, comments: str) -> bool:
    """ArXiv marks a withdrawn version ``I``; older withdrawals stand in the comments alone."""
    return "I" in newest.source_type or ("withdrawn" in comments.lower() and bool(_WITHDRAWN.search(comments)))
