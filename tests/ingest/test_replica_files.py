"""The replica gives files as arXiv does: stored forms, headers, and what it refuses."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ingest.replica.server import Replica


@pytest.fixture
def replica(arxiv_folder: Callable[..., Path], metadata_line: Callable[..., dict[str, Any]]) -> Iterator[Replica]:
    folder = arxiv_folder(
        metadata_line("2003.03033", title="A <b> title", is_current=0),
        metadata_line("2003.03033", version=2, title="A <b> title"),
        metadata_line("2003.00002", source_format="pdf"),
        metadata_line("2003.00004", is_withdrawn=1, source_format="withdrawn"),
        metadata_line("2003.00005", source_flags="S"),
        metadata_line("cs/0001024"),
    )
    for kind, name, content in [
        ("src", "2003.03033.tar.gz", b"\x1f\x8b tar"),
        ("src", "2003.00002.pdf", b"%PDF-1.5"),
        ("src", "cs_0001024.gz", b"\x1f\x8b tex"),
        ("html", "2003.03033.html", b"<html></html>"),
        ("pdf", "2003.03033.pdf", b"%PDF-1.4"),
    ]:
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / name).write_bytes(content)
    with Replica(folder) as replica:
        yield replica


def get(replica: Replica, path: str) -> requests.Response:
    return requests.get(replica.url + path, timeout=5, allow_redirects=False)


@pytest.mark.parametrize(
    ("path", "content", "content_type", "disposition"),
    [
        ("/src/2003.03033", b"\x1f\x8b tar", "application/gzip", 'attachment; filename="arXiv-2003.03033v2.tar.gz"'),
        ("/src/2003.03033v2", b"\x1f\x8b tar", "application/gzip", 'attachment; filename="arXiv-2003.03033v2.tar.gz"'),
        ("/src/2003.00002", b"%PDF-1.5", "application/pdf", 'attachment; filename="arXiv-2003.00002v1.pdf"'),
        ("/src/cs/0001024v1", b"\x1f\x8b tex", "application/gzip", 'attachment; filename="arXiv-cs_0001024v1.gz"'),
        ("/html/2003.03033v2", b"<html></html>", "text/html; charset=utf-8", None),
        ("/pdf/2003.03033", b"%PDF-1.4", "application/pdf", 'inline; filename="arXiv-2003.03033v2.pdf"'),
        ("/pdf/2003.00002v1", b"%PDF-1.5", "application/pdf", 'inline; filename="arXiv-2003.00002v1.pdf"'),
    ],
)
def test_files_come_with_arxivs_headers(
    replica: Replica, path: str, content: bytes, content_type: str, disposition: str | None
) -> None:
    answer = get(replica, path)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers.get("Content-Disposition") == disposition
    assert answer.headers["ETag"] == get(replica, path).headers["ETag"]
    assert "Last-Modified" in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/src/2003.00004", 404),
        ("/src/2003.00005", 403),
        ("/src/2003.03033v1", 404),
        ("/src/2003.03033v9", 404),
        ("/src/9912.99999", 404),
        ("/src/arxiv/2003.03033", 400),
        ("/src/%2e%2e%2fmetadata.jsonl", 400),
        ("/html/2003.00005", 404),
        ("/pdf/2003.00004", 404),
        ("/nothing", 404),
    ],
)
def test_what_arxiv_does_not_give_is_refused_with_its_status(replica: Replica, path: str, status: int) -> None:
    assert get(replica, path).status_code == status


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/e-print/2003.03033v1", "/src/2003.03033v1"),
        ("/e-print/cs/0001024", "/src/cs/0001024"),
        ("/pdf/2003.03033.pdf", "/pdf/2003.03033"),
        ("/pdf/2003.03033?download=1", "/pdf/2003.03033"),
    ],
)
def test_old_addresses_redirect(replica: Replica, path: str, location: str) -> None:
    answer = get(replica, path)
    assert (answer.status_code, answer.headers["Location"]) == (301, location)


def test_the_abstract_page_escapes_its_text(replica: Replica) -> None:
    assert "<h1>A &lt;b&gt; title</h1>" in get(replica, "/abs/2003.03033").text


def test_the_log_tells_what_was_asked(replica: Replica) -> None:
    requests.get(f"{replica.url}/src/2003.03033", headers={"User-Agent": "someone"}, timeout=5)
    (request,) = replica.log
    assert (request.method, request.target, request.status) == ("GET", "/src/2003.03033", 200)
    assert request.user_agent == "someone"
    assert replica.most_connections == 1


def test_connections_at_one_time_are_counted(replica: Replica) -> None:
    with requests.Session() as one, requests.Session() as other:
        one.get(f"{replica.url}/abs/2003.03033", timeout=5)
        other.get(f"{replica.url}/abs/2003.03033", timeout=5)
        assert replica.most_connections == 2
