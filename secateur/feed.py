"""Atom feeds (RFC 4287) that are kept from run to run: the nightly digests, one entry a night, and what a watch tells.

Addresses in the digests' feed are relative to it, so that it holds wherever the survey's folder is published.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

NAME = "digest.xml"
TITLE = "Secateur: what the night brought"
START = "index.html"
"""The page beside the digests' feed to which it leads."""
MAX_ENTRIES = 100
"""Older entries leave a feed."""
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ATOM = "http://www.w3.org/2005/Atom"


class ForeignFeedError(ValueError):
    """A file is no feed that Secateur wrote, and stays as it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already and is no Atom feed; name another file for the feed")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an entry, with the page that it leads to; None for none."""

    text: str
    page: str | None = None


def last_night(folder: Path) -> datetime | None:
    """When the newest night of a folder's feed ended (UTC), None if there is no feed that can be read."""
    found = nights(folder)
    return found[0] if found else None


def night_before(folder: Path) -> datetime | None:
    """When the night before the newest ended (UTC): what came since is what the newest brought. None without one."""
    found = nights(folder)
    return found[1] if len(found) > 1 else None


def nights(folder: Path) -> list[datetime]:
    """When the nights of a folder's feed ended (UTC), newest first; none if there is no feed that can be read."""
    feed = _read(folder / NAME)
    texts = [] if feed is None else [entry.findtext(_name("updated")) or "" for entry in feed.findall(_name("entry"))]
    try:
        return [datetime.fromisoformat(text.removesuffix("Z")) for text in texts]
    except ValueError:
        return []


def add_night(folder: Path, at: datetime, title: str, items: Sequence[Item]) -> Path:
    """Add one night to the feed of a folder, and make the feed if there is none; return its path.

    Args:
        folder: The survey's folder.
        at: When the night ended (UTC).
        title: The night in one line.
        items: What it brought.
    """
    return add_entry(folder / NAME, TITLE, at, title, items, start=START)


def check_feed(path: Path) -> None:
    """Raise ForeignFeedError if there is a file at the path that is no feed."""
    if path.exists() and _read(path) is None:
        raise ForeignFeedError(path)


def add_entry(
    path: Path, feed_title: str, at: datetime, title: str, items: Sequence[Item], *, start: str | None = None
) -> Path:
    """Add an entry to a feed, and make the feed if there is none; return its path.

    Args:
        path: The feed's file; one that is no feed is replaced.
        feed_title: The title of a feed that is made.
        at: When it came (UTC).
        title: The entry in one line.
        items: What it says.
        start: The page that feed and entry lead to, if any.
    """
    feed = _read(path)
    if feed is None:
        feed = _empty_feed(feed_title, path.name, start)
    updated = _time(at)
    entry = etree.Element(_name("entry"))
    _child(entry, "id", uuid.uuid5(uuid.NAMESPACE_URL, f"{feed.findtext(_name('id'))} {at.isoformat()}").urn)
    _child(entry, "title", title)
    _child(entry, "updated", updated)
    if start is not None:
        _child(entry, "link").set("href", start)
    content = _child(entry, "content", _html(items))
    content.set("type", "html")
    feed.find(_name("updated")).text = updated  # type: ignore[union-attr]  # _read has seen that it is there
    entries = feed.findall(_name("entry"))
    feed.insert(feed.index(entries[0]) if entries else len(feed), entry)
    for old in entries[MAX_ENTRIES - 1 :]:
        feed.remove(old)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    partial.write_bytes(etree.tostring(feed, xml_declaration=True, encoding="UTF-8", pretty_print=True))
    os.replace(partial, path)
    return path


def _read(path: Path) -> etree._Element | None:
    """The feed of an earlier night; None for none, or for a file that is no feed of ours."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        feed = etree.fromstring(path.read_bytes(), parser)
    except (FileNotFoundError, etree.XMLSyntaxError):
        return None
    whole = feed.tag == _name("feed") and all(feed.find(_name(name)) is not None for name in ("id", "updated"))
    return feed if whole else None


def _empty_feed(title: str, name: str, start: str | None) -> etree._Element:
    feed = etree.Element(_name("feed"), nsmap={None: _ATOM})  # type: ignore[dict-item]  # None is the default namespace
    _child(feed, "id", uuid.uuid4().urn)
    _child(feed, "title", title)
    _child(feed, "updated", "")
    _child(_child(feed, "author"), "name", "Secateur")
    own = _child(feed, "link")
    own.set("rel", "self")
    own.set("href", name)
    if start is not None:
        _child(feed, "link").set("href", start)
    return feed


def _html(items: Sequence[Item]) -> str:
    listing = etree.Element("ul")
    for item in items:
        line = etree.SubElement(listing, "li")
        place = line if item.page is None else etree.SubElement(line, "a", href=item.page)
        place.text = _ILLEGAL.sub(" ", item.text)
    return etree.tostring(listing, encoding="unicode", method="html")


def _child(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, _name(name))
    element.text = text
    return element


def _name(tag: str) -> str:
    return f"{{{_ATOM}}}{tag}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"
