"""Loads a snapshot in a process of its own, for the memory of that process and of its reader to be measured.

``python -m secateur.bench.loading FILE DATABASE`` prints seconds and megabytes as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from db.session import open_database
from ingest.snapshot import load_snapshot


def load(file: Path, database: Path) -> tuple[float, float]:
    """Seconds of a load into a new database, and the largest memory of this process and of the reader, in MB."""
    engine = open_database(database)
    started = time.perf_counter()
    load_snapshot(engine, file, now=datetime.now(UTC).replace(tzinfo=None))
    seconds = time.perf_counter() - started
    engine.dispose()
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return seconds, sum(peaks) / unit


if __name__ == "__main__":
    sys.stdout.write(json.dumps(load(Path(sys.argv[1]), Path(sys.argv[2]))))
