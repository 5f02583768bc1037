"""A replica of arXiv on loopback: OAI-PMH, the Atom API and files of a folder, over real HTTP, with faults on demand.

It stands in for arXiv in the demo and in tests: ``base + /oai``, ``/api/query``, ``/src/ID``, ``/html/ID``,
``/pdf/ID`` and ``/abs/ID``, and redirects from the old ``/oai2`` and ``/e-print/ID``. It keeps a log of what it was
asked.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ingest.replica.atom import MAX_RESULTS, AtomServer
from ingest.replica.faults import Fault, Faults
from ingest.replica.files import FileServer, Reply, page, redirect
from ingest.replica.log import Request, RequestLog
from ingest.replica.oai import OaiServer
from ingest.replica.records import Collection

PAGE_SIZE = 1300
IDENTIFIERS_PAGE_SIZE = 20_000
_MAX_FORM_BYTES = 64 * 1024


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class PortUnavailableError(OSError):
    """The replica can't listen at a port."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(f"port {port} can't be used ({error.strerror}); name another, or 0 for a free one")


class Replica:
    """ArXiv on loopback, serving while its context lasts.

    Args:
        folder: Folder with ``metadata.jsonl``, ``src``, ``html`` and ``pdf``, or a file of metadata alone.
        port: Port on 127.0.0.1; 0 takes a free one.
        page_size: Records on a page of ListRecords.
        identifiers_page_size: Headers on a page of ListIdentifiers.
        atom_wall: The Atom API gives results before this one alone.
        faults: What shall go wrong, in this order.
        now: The replica's clock (UTC).

    Raises:
        ingest.replica.records.MetadataFileError: the metadata can't be read.
        OSError: the port is taken.
    """

    def __init__(
        self,
        folder: Path | str,
        port: int = 0,
        page_size: int = PAGE_SIZE,
        identifiers_page_size: int = IDENTIFIERS_PAGE_SIZE,
        atom_wall: int = MAX_RESULTS,
        faults: Iterable[Fault] = (),
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        path = Path(folder)
        self.collection = Collection.load(path)
        self.faults = Faults(faults)
        self.now = now
        self.log = RequestLog()
        try:
            self._server = _Server(self, port)
        except OSError as error:
            raise PortUnavailableError(port, error) from error
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.oai = OaiServer(self.collection, f"{self.url}/oai", page_size, identifiers_page_size)
        self.atom = AtomServer(self.collection, atom_wall)
        self.files = FileServer(self.collection, path if path.is_dir() else path.parent)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Replica:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def most_connections(self) -> int:
        """The largest number of connections that were open at one time."""
        return self._server.most_connections

    def start(self) -> None:
        """Serve in the background."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def serve_forever(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop serving and close every connection."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.hang_up()
        self._server.server_close()

    def reply(self, method: str, target: str, form: bytes, fault: Fault | None = None) -> Reply:
        """The answer to a request; a fault of the way there does not show in it."""
        parts = urlsplit(target)
        query = form.decode("utf-8", "replace") if method == "POST" else parts.query
        path = unquote(parts.path)
        if path == "/oai":
            arguments = parse_qsl(query, keep_blank_values=True)
            return Reply(200, self.oai.answer(arguments, self.now(), fault), "application/xml; charset=utf-8")
        if path == "/oai2":
            return redirect(f"/oai?{parts.query}" if parts.query else "/oai")
        if path == "/api/query":
            return self.atom.answer(parse_qsl(query, keep_blank_values=True), self.now(), fault)
        kind, _, rest = path.lstrip("/").partition("/")
        if kind == "src":
            return self.files.source(rest)
        if kind == "e-print":
            return redirect(f"/src/{rest}")
        if kind == "html":
            return self.files.html(rest)
        if kind == "pdf":
            return self.files.pdf(rest, parts.query)
        if kind == "abs":
            return self.files.abstract(rest)
        return page(404, "Not found")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, replica: Replica, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.replica = replica
        self.most_connections = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
            self.most_connections = max(self.most_connections, sum(map(_is_open, self._connections)))

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is no error of the server.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out apart; waiting for an acknowledgement between them would cost 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(min(length, _MAX_FORM_BYTES)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the replica has its own log."""

    def _answer(self, form: bytes) -> None:
        replica = self.server.replica
        fault = replica.faults.take(self.path)
        reply = replica.reply(self.command, self.path, form, fault)
        if fault is not None:
            reply = _spoilt(reply, fault)
        kind = fault.kind if fault else ""
        agent = self.headers.get("User-Agent", "")
        status = 0 if kind == "hang" else reply.status
        replica.log.append(Request(replica.now(), self.command, self.path, status, agent, kind))
        if fault is not None and kind in ("hang", "delay") and self._left_within(fault.seconds or None):
            self.close_connection = True
            return
        self._send(reply, broken=kind == "reset")

    def _left_within(self, seconds: float | None) -> bool:
        """Wait, for ever if it is None; whether the client left, or the replica ended, in the meantime."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable)

    def _send(self, reply: Reply, *, broken: bool) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not broken:
            self.wfile.write(reply.body)
            return
        self.wfile.write(reply.body[: len(reply.body) // 2])
        self.wfile.flush()
        # Lingering for zero seconds makes the closing a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _is_open(connection: socket.socket) -> bool:
    """Whether the client has not left, which its thread may be late to notice."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _spoilt(reply: Reply, fault: Fault) -> Reply:
    """The reply with its fault, as far as the fault is one of content."""
    if fault.kind == "status":
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        text = {429: b"Rate exceeded.", 503: b"first byte timeout"}.get(fault.status, b"")
        return Reply(fault.status, text, "text/plain", headers)
    if fault.kind == "truncate":
        return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.content_type, reply.headers)
    if fault.kind == "html":
        return page(200, "We are sorry, arXiv is being maintained")
    if fault.kind == "latin_1":
        body = reply.body.decode("utf-8").encode("iso-8859-1", "xmlcharrefreplace")
        return Reply(reply.status, body, reply.content_type, reply.headers)
    return reply
