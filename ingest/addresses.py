"""Where arXiv's services are, and which addresses may be followed.

OAI-PMH moved to oaipmh.arxiv.org in 2025; harvesters are asked to take files from export.arxiv.org
(info.arxiv.org/help/bulk_data.html). A base address, such as a replica's, takes the place of all of them.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlsplit

from ingest.arxiv_id import ArxivId


class InvalidBaseAddressError(ValueError):
    """A base address is no http or https address."""

    def __init__(self, base_url: str) -> None:
        super().__init__(f"{base_url!r} is no address of a server; write it as http://127.0.0.1:8000")


class Addresses:
    """The addresses of arXiv's services, or of the server that stands in for them."""

    def __init__(self, base_url: str | None = None) -> None:
        self.base_url = base_url.rstrip("/") if base_url else None
        parts = urlsplit(self.base_url or "https://arxiv.org")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidBaseAddressError(base_url or "")
        self._base_host = parts.netloc.lower() if base_url else None
        self.on_loopback = _is_loopback(parts.hostname)

    @property
    def name(self) -> str:
        """A name for the state of this server, fit for a file."""
        return "arxiv" if self._base_host is None else self._base_host.replace(":", "-").strip("[]")

    @property
    def oai(self) -> str:
        """OAI-PMH."""
        return f"{self.base_url or 'https://oaipmh.arxiv.org'}/oai"

    @property
    def api(self) -> str:
        """The Atom query API."""
        return f"{self.base_url or 'https://export.arxiv.org'}/api/query"

    def source(self, identifier: ArxivId) -> str:
        """The e-print as it was submitted."""
        return f"{self.base_url or 'https://export.arxiv.org'}/src/{quote(str(identifier))}"

    def pdf(self, identifier: ArxivId) -> str:
        """The PDF."""
        return f"{self.base_url or 'https://export.arxiv.org'}/pdf/{quote(str(identifier))}"

    def html(self, identifier: ArxivId) -> str:
        """The page that LaTeXML made."""
        return f"{self.base_url or 'https://arxiv.org'}/html/{quote(str(identifier))}"

    def is_page(self, url: str) -> bool:
        """Whether robots.txt's delay for pages of arxiv.org holds for the address."""
        parts = urlsplit(url)
        return parts.hostname == "arxiv.org" or (parts.netloc == self._base_host and "/html/" in parts.path)

    def allows(self, url: str) -> bool:
        """Whether a redirect to the address may be followed: the base's own host, else arXiv over https."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if self._base_host is not None:
            return parts.scheme in ("http", "https") and (
                parts.netloc.lower() == self._base_host or (self.on_loopback and _is_loopback(host))
            )
        return parts.scheme == "https" and (host == "arxiv.org" or host.endswith(".arxiv.org"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
