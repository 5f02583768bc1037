"""The four metadata formats of arXiv's OAI-PMH: oai_dc, arXiv, arXivOld and arXivRaw.

Order and oddities of the elements follow the templates of the real server (github.com/arXiv/oaipmh): in ``arXiv``,
``created`` is the date of the current version; ``acm-class`` carries the MSC class; only arXivRaw has the versions; TeX
accents are converted in oai_dc and arXiv alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from email.utils import format_datetime

from lxml import etree

from ingest.authors import split_authors
from ingest.replica.records import Paper, PaperVersion
from ingest.replica.taxonomy import category_name
from ingest.replica.xml import child, root
from ingest.tex import accents_to_unicode

_DC = "http://purl.org/dc/elements/1.1/"
_SCHEMAS = "https://oaipmh.arxiv.org/OAI"
_NAMESPACES = "http://arxiv.org/OAI"
FORMATS = {
    "oai_dc": ("https://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
    "arXiv": (f"{_SCHEMAS}/arXiv.xsd", f"{_NAMESPACES}/arXiv/"),
    "arXivOld": (f"{_SCHEMAS}/arXivOld.xsd", f"{_NAMESPACES}/arXivOld/"),
    "arXivRaw": (f"{_SCHEMAS}/arXivRaw.xsd", f"{_NAMESPACES}/arXivRaw/"),
}
"""Prefix to schema and namespace."""

_SUFFIX = re.compile(r",?\s+(Jr\.?|Sr\.?|II|III|IV)$")
_PARTICLE = re.compile(r"\s((?:(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|ten|ter)\s+)+\S+)$")


def metadata_element(paper: Paper, prefix: str) -> etree._Element:
    """A paper's metadata in the format of a prefix."""
    if prefix == "oai_dc":
        return _dublin_core(paper)
    if prefix == "arXiv":
        return _arxiv(paper.current)
    return _arxiv_raw(paper) if prefix == "arXivRaw" else _arxiv_old(paper.current)


def _root(prefix: str) -> etree._Element:
    namespace = FORMATS[prefix][1]
    return root(namespace, prefix)


def _filled(element: etree._Element, pairs: list[tuple[str, str]]) -> None:
    for name, text in pairs:
        if text:
            child(element, name, text)


def _dublin_core(paper: Paper) -> etree._Element:
    namespace = FORMATS["oai_dc"][1]
    current, first = paper.current, paper.versions[0]
    element = etree.Element(f"{{{namespace}}}dc", nsmap={"oai_dc": namespace, "dc": _DC})
    days = dict.fromkeys((first.created.date().isoformat(), current.created.date().isoformat()))
    texts = [("title", accents_to_unicode(current.title))]
    texts += [
        ("creator", ", ".join(part for part in (" ".join(filter(None, (key, suffix))), fore) if part))
        for key, fore, suffix in _names(current)
    ]
    texts += [("subject", name) for name in dict.fromkeys(map(category_name, current.categories))]
    texts += [("subject", current.msc_class), ("subject", current.acm_class)]
    texts += [("description", f"{accents_to_unicode(current.abstract)} ")]
    texts += [("description", accents_to_unicode(current.comments))]
    texts += [("date", day) for day in days]
    texts += [("type", "text")]
    texts += [("identifier", f"{scheme}://arxiv.org/abs/{current.paper_id}") for scheme in ("https", "http")]
    texts += [("identifier", current.journal_ref), ("identifier", current.doi and f"doi:{current.doi}")]
    _filled(element, [(f"{{{_DC}}}{name}", text) for name, text in texts])
    return element


def _arxiv(current: PaperVersion) -> etree._Element:
    element = _root("arXiv")
    child(element, "id", current.paper_id)
    child(element, "created", current.created.date().isoformat())
    if current.updated:
        child(element, "updated", current.updated.date().isoformat())
    authors = child(element, "authors")
    for key, fore, suffix in _names(current):
        _filled(child(authors, "author"), [("keyname", key), ("forenames", fore), ("suffix", suffix)])
    child(element, "title", accents_to_unicode(current.title))
    _filled(
        element,
        [
            ("categories", " ".join(current.categories)),
            ("comments", accents_to_unicode(current.comments)),
            ("report-no", current.report_num),
            ("msc-class", current.msc_class),
            ("acm-class", current.msc_class if current.acm_class else ""),
            ("journal-ref", current.journal_ref),
            ("doi", current.doi),
            ("license", current.license),
            ("abstract", accents_to_unicode(current.abstract)),
        ],
    )
    return element


def _arxiv_old(current: PaperVersion) -> etree._Element:
    element = _root("arXivOld")
    _filled(
        element,
        [
            ("id", current.paper_id),
            ("title", current.title),
            ("authors", current.authors),
            ("categories", " ".join(current.categories)),
            ("comments", current.comments),
            ("report-no", current.report_num),
            ("msc-class", current.msc_class),
            ("acm-class", current.acm_class),
            ("journal-ref", current.journal_ref),
            ("doi", current.doi),
            ("abstract", current.abstract),
            ("license", current.license),
        ],
    )
    return element


def _arxiv_raw(paper: Paper) -> etree._Element:
    current = paper.current
    element = _root("arXivRaw")
    child(element, "id", current.paper_id)
    child(element, "submitter", current.submitter)
    for version in paper.versions:
        item = child(element, "version")
        item.set("version", f"v{version.version}")
        child(item, "date", format_datetime(version.created.replace(tzinfo=UTC), usegmt=True))
        child(item, "size", f"{version.source_size // 1024}kb")
        if version.source_type:
            child(item, "source_type", version.source_type)
    child(element, "title", current.title)
    child(element, "authors", current.authors)
    child(element, "categories", " ".join(current.categories))
    _filled(
        element,
        [
            ("comments", current.comments),
            ("report-no", current.report_num),
            ("acm-class", current.msc_class if current.acm_class else ""),
            ("msc-class", current.msc_class),
            ("journal-ref", current.journal_ref),
            ("doi", current.doi),
            ("license", current.license),
            ("abstract", current.abstract),
        ],
    )
    return element


def _names(version: PaperVersion) -> Iterator[tuple[str, str, str]]:
    """Key name, forenames and suffix of each author."""
    for name in split_authors(version.authors):
        suffix = _SUFFIX.search(name)
        bare = name[: suffix.start()] if suffix else name
        particle = _PARTICLE.search(bare)
        fore, _, key = bare.rpartition(" ") if particle is None else (bare[: particle.start()], "", particle[1])
        yield key, fore, suffix[1] if suffix else ""
