"""Identifiers of arXiv papers: reading them from any common writing, and the forms that other places need.

The grammar is arXiv's own (info.arxiv.org/help/arxiv_identifier.html): ``YYMM.NNNN`` from April 2007, five digits from
January 2015, and ``archive/YYMMNNN`` before, with an optional version. An old identifier's subject class is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OAI_PREFIX = "oai:arXiv.org:"

_ARCHIVE = re.compile(
    r"acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    r"|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg"
    r"|q-bio|quant-ph|solv-int|supr-con"
)
"""Archives that gave out identifiers before April 2007."""

_VERSION = r"(?:v(?P<version>[1-9][0-9]{0,3}))?"
_NEW = re.compile(rf"(?P<month>[0-9]{{4}})\.(?P<number>[0-9]{{4,5}}){_VERSION}", re.ASCII)
_OLD = re.compile(
    rf"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Za-z-]{{2,}})?/(?P<month>[0-9]{{4}})(?P<number>[0-9]{{3}}){_VERSION}",
    re.ASCII,
)
_BEFORE = re.compile(
    r"""^(?:
        oai:arxiv\.org:
      | (?:https?://)?(?:dx\.)?(?:doi\.org/)?10\.48550/arxiv\.
      | (?:https?://)?(?:[a-z0-9-]+\.)*(?:arxiv\.org|ar5iv\.org)/(?:abs|pdf|html|src|e-print|format|ps|tb)/
      | arxiv:\s*
    )""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_AFTER = re.compile(r"(?:\.pdf)?/?(?:[?#]\S*)?(?:\s*\[[A-Za-z.-]+\])?$", re.IGNORECASE | re.ASCII)


class InvalidArxivIdError(ValueError):
    """A text is no arXiv identifier."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        super().__init__(f"{shown!r} is no arXiv identifier; write it as 2003.03033, 2003.03033v2 or hep-th/9901002")


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An identifier in its canonical form."""

    paper: str
    """Without version, such as ``2003.03033`` or ``hep-th/9901002``."""
    version: int | None = None
    """None when no version was named, which arXiv takes as the newest."""

    def __str__(self) -> str:
        return self.paper if self.version is None else f"{self.paper}v{self.version}"

    @property
    def oai(self) -> str:
        """The paper's OAI-PMH identifier, which has no version."""
        return OAI_PREFIX + self.paper

    @property
    def file_name(self) -> str:
        """The identifier as one part of a path: ``/`` is written ``_``."""
        return str(self).replace("/", "_")


def parse(text: str) -> ArxivId:
    """Read an identifier from itself, with ``arXiv:``, from an OAI identifier, a DOI of arXiv or an address.

    Raises:
        InvalidArxivIdError: the text is none of these, or its month or archive never existed.
    """
    bare = text.strip().removeprefix(OAI_PREFIX)
    match = _NEW.fullmatch(bare)
    if not match:
        bare = _AFTER.sub("", _BEFORE.sub("", bare, count=1), count=1)
        match = _NEW.fullmatch(bare)
    return _new(match, text) if match else _old(bare, text)


def _new(match: re.Match[str], text: str) -> ArxivId:
    month, number, version = match.groups()
    if not _is_new(month, number):
        raise InvalidArxivIdError(text)
    return ArxivId(f"{month}.{number}", int(version) if version else None)


def _old(bare: str, text: str) -> ArxivId:
    match = _OLD.fullmatch(bare)
    if not match or not _ARCHIVE.fullmatch(match["archive"]) or not _is_old(match["month"]):
        raise InvalidArxivIdError(text)
    paper = f"{match['archive']}/{match['month']}{match['number']}"
    return ArxivId(paper, int(match["version"]) if match["version"] else None)


def _is_new(month: str, number: str) -> bool:
    digits = 4 if month < "1501" else 5
    return month >= "0704" and "01" <= month[2:] <= "12" and len(number) == digits and int(number) > 0


def _is_old(month: str) -> bool:
    return (month >= "9107" or month <= "0703") and "01" <= month[2:] <= "12"
