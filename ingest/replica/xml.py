"""Building XML elements out of metadata, which may hold characters that XML has no place for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def root(namespace: str, name: str, prefixes: Mapping[str, str] | None = None) -> etree._Element:
    """Return an element whose namespace is the default one, with prefixes for others."""
    # The stubs of lxml know no default namespace, which lxml writes as None.
    names: Any = {None: namespace, **(prefixes or {})}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=names)


def child(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Append an element in its parent's namespace, unless the name has its own, and return it."""
    if not name.startswith("{"):
        name = f"{{{etree.QName(parent).namespace}}}{name}"
    element = etree.SubElement(parent, name)
    if text is not None:
        element.text = legal(text)
    return element


def legal(text: str) -> str:
    """Return the text with a space for each character that XML forbids."""
    return _ILLEGAL.sub(" ", text)
