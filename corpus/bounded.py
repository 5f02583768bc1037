"""Extraction within bounds of time and memory, whatever bytes a paper has.

Papers are read in one process of their own, which lives as long as nothing goes wrong. It is ended when a paper takes
too long and may take only so much more memory than it began with; the paper is then not read, with the reason, and the
next one gets a new process. A crash inside a C library ends that process alone.
"""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from corpus.extraction import Extraction, extract_path

MAX_SECONDS = 5.0
"""A paper's time; the papers that this was measured on need 0.1 s."""
MAX_BYTES = 500 * 2**20
"""Memory that reading a paper may need."""
_START_SECONDS = 60.0
"""Time until a process has loaded the knowledge base."""


class NotReadError(Exception):
    """A paper was not read; the message is the reason."""


class BoundedReader:
    """Extracts one paper after the other within bounds; a context manager that ends its process."""

    def __init__(self, *, seconds: float = MAX_SECONDS, max_bytes: int = MAX_BYTES) -> None:
        self.seconds = seconds
        self.max_bytes = max_bytes
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def extract(self, path: Path, *, on_pruning: bool | None = None) -> Extraction:
        """What a file or folder reports; raises NotReadError."""
        pipe = self._pipe or self._start()
        try:
            pipe.send((path, on_pruning))
            if not pipe.poll(self.seconds):
                self.close()
                raise NotReadError(f"it takes longer than {self.seconds:g} s to read")
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise NotReadError("the reader crashed on it") from error
        if isinstance(answer, Extraction):
            return answer
        if answer is None:
            self.close()
            raise NotReadError(f"it needs more than {self.max_bytes // 2**20} MB of memory to read")
        raise NotReadError(str(answer))

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.max_bytes), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(_START_SECONDS) or self._pipe.recv() != "ready":
            self.close()
            raise NotReadError(f"the process that reads papers did not start within {_START_SECONDS:g} s")
        return self._pipe

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def __enter__(self) -> BoundedReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _serve(pipe: Connection, max_bytes: int) -> None:
    """Read the papers whose paths come, until the pipe ends; answer None where the memory is at its end."""
    import corpus.tagging  # noqa: F401 - numerical libraries reserve memory as they load, before the limit counts
    from corpus.knowledge import load_knowledge
    from corpus.reading.forms import UnreadablePathError

    knowledge = load_knowledge()
    _limit_memory(max_bytes)
    pipe.send("ready")
    while True:
        try:
            path, on_pruning = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        answer: Extraction | str | None
        try:
            answer = extract_path(path, knowledge, on_pruning=on_pruning)
        except UnreadablePathError as error:
            answer = str(error).removeprefix(f"{path}: ")
        except MemoryError:
            answer = None
        except Exception as error:  # whatever a reader trips over is the reason why its paper is not read
            answer = f"{type(error).__name__}: {error}".strip()[:500]
        pipe.send(answer)


def _limit_memory(max_bytes: int) -> None:
    """Allow this process so much more address space than it has; systems that know no such limit have none."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + max_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
