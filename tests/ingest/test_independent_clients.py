"""Clients that others wrote harvest the replica and see the records that Secateur stores: the replica speaks arXiv."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import arxiv
import pytest
from lxml import etree
from oaipmh_scythe import Scythe
from sqlalchemy import Engine

from ingest.arxiv_id import parse
from ingest.harvest import harvest
from ingest.http import PoliteClient
from ingest.replica.server import Replica

RAW = "{http://arxiv.org/OAI/arXivRaw/}"
NOW = datetime(2026, 11, 22, 3, 0, 0)
Connect = Callable[..., PoliteClient]


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_scythe_sees_the_records_that_are_stored(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any
) -> None:
    seen = {}
    with Replica(real_metadata, page_size=100, now=clock.now) as replica:
        harvest(engine, connect(replica.url), sets=[""], now=NOW)
        ours = len(replica.log)
        with Scythe(f"{replica.url}/oai") as scythe:
            for record in scythe.list_records(metadata_prefix="arXivRaw"):
                raw = etree.fromstring(etree.tostring(record.xml)).find(f".//{RAW}arXivRaw")
                assert raw is not None
                versions = [version.findtext(f"{RAW}size") for version in raw.iterfind(f"{RAW}version")]
                title = " ".join((raw.findtext(f"{RAW}title") or "").split())
                seen[raw.findtext(f"{RAW}id")] = (title, raw.findtext(f"{RAW}categories"), versions)
        assert len(replica.log) == 2 * ours
    assert len(seen) == 509
    stored = dict(rows(engine, "SELECT arxiv_id, title FROM paper"))
    assert set(stored) == set(seen)
    plain = {arxiv_id for arxiv_id, (title, *_) in seen.items() if not set(title) & set("\\{}~")}
    assert len(plain) > 400
    assert all(stored[arxiv_id] == seen[arxiv_id][0] for arxiv_id in plain)
    for table, column, place in (("category", "name", 1), ("version", "size", 2)):
        order = "number" if table == "version" else "position"
        joined = f"SELECT arxiv_id, t.{column} FROM {table} t JOIN paper p ON p.id = t.paper_id ORDER BY t.{order}"
        found: dict[str, list[str]] = {}
        for arxiv_id, value in rows(engine, joined):
            found.setdefault(arxiv_id, []).append(value)
        assert found == {key: value[place].split() if place == 1 else value[place] for key, value in seen.items()}


def test_scythe_pages_identifiers_to_the_end(real_metadata: Path) -> None:
    with (
        Replica(real_metadata, identifiers_page_size=60) as replica,
        Scythe(f"{replica.url}/oai") as scythe,
    ):
        names = [header.identifier for header in scythe.list_identifiers(metadata_prefix="arXiv", set_="math")]
    assert len(names) == len(set(names)) > 60
    assert all(name.startswith("oai:arXiv.org:") for name in names)


def test_arxiv_py_sees_the_records_that_are_stored(
    real_metadata: Path, engine: Engine, connect: Connect, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica(real_metadata, now=clock.now) as replica:
        harvest(engine, connect(replica.url), sets=[""], now=NOW)
        client = arxiv.Client(page_size=10, delay_seconds=0.0)
        monkeypatch.setattr(client, "query_url_format", f"{replica.url}/api/query?{{}}")
        search = arxiv.Search("cat:hep-th", max_results=None, sort_by=arxiv.SortCriterion.SubmittedDate)
        found = list(client.results(search))
    category = "SELECT paper_id FROM category WHERE name = 'hep-th'"
    stored = rows(
        engine, f"SELECT arxiv_id, version, submitted, updated, primary_category FROM paper WHERE id IN ({category})"
    )
    seen = set()
    for result in found:
        identifier = parse(result.entry_id)
        moments = [
            f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.000000" for moment in (result.published, result.updated)
        ]
        seen.add((identifier.paper, identifier.version, *moments, result.primary_category))
    assert len(found) == len(seen) == 42
    assert seen == set(stored)
