"""Writing each request of the client into the table ``request``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict

from sqlalchemy import Engine

from db import harvests
from ingest.http import PoliteClient, RequestRecord


def stored_requests(engine: Engine, client: PoliteClient, run_id: int | None = None) -> AbstractContextManager[None]:
    """Store the requests that the client sends within the context, as part of a run if one is named."""

    def store(record: RequestRecord) -> None:
        with engine.begin() as connection:
            harvests.add_request(connection, run_id=run_id, **asdict(record))

    return client.recording(store)
