"""Full-text search over title and abstract: SQLite's FTS5, the only place with SQL of one dialect.

The index ``paper_search`` is an external-content table kept in step by triggers. Ranking is bm25 with the title
weighted five times the abstract (https://www.sqlite.org/fts5.html, section 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

_INSERT_TRIGGER = """CREATE TRIGGER paper_search_insert AFTER INSERT ON paper BEGIN
         INSERT INTO paper_search(rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
       END"""
SEARCH_SQL = (
    """CREATE VIRTUAL TABLE paper_search USING fts5(
         title, abstract, content='paper', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2")""",
    _INSERT_TRIGGER,
    """CREATE TRIGGER paper_search_delete AFTER DELETE ON paper BEGIN
         INSERT INTO paper_search(paper_search, rowid, title, abstract)
         VALUES ('delete', old.id, old.title, old.abstract);
       END""",
    """CREATE TRIGGER paper_search_update AFTER UPDATE OF title, abstract ON paper BEGIN
         INSERT INTO paper_search(paper_search, rowid, title, abstract)
         VALUES ('delete', old.id, old.title, old.abstract);
         INSERT INTO paper_search(rowid, title, abstract) VALUES (new.id, new.title, new.abstract);
       END""",
    "INSERT INTO paper_search(paper_search) VALUES ('rebuild')",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One paper found."""

    arxiv_id: str
    title: str
    submitted: str
    relevance: str
    snippet: str
    """The part of title or abstract that matches, matches in square brackets."""
    score: float
    """Higher is better."""


class SearchUnavailableError(Exception):
    """The database has no full-text index."""


def create_search(connection: Connection) -> None:
    """Make and fill the index; does nothing on a dialect that has none of it."""
    if connection.dialect.name != "sqlite":
        return
    for statement in SEARCH_SQL:
        connection.exec_driver_sql(statement)


@contextmanager
def indexed_together(connection: Connection) -> Iterator[None]:
    """Index the papers inserted within the context by one statement at its end, not one by one.

    The trigger is away only within the transaction, so that no other connection can insert without it.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    newest = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM paper").scalar_one()
    connection.exec_driver_sql("DROP TRIGGER paper_search_insert")
    yield
    connection.exec_driver_sql(
        "INSERT INTO paper_search(rowid, title, abstract) SELECT id, title, abstract FROM paper WHERE id > ?", (newest,)
    )
    connection.exec_driver_sql(_INSERT_TRIGGER)


def match_expression(words: str) -> str:
    """A person's words as an FTS5 query: every word must occur, quoted phrases stay whole, a trailing * is a prefix.

    Raises ValueError if no word is left.
    """
    parts = []
    for phrase, word in re.findall(r'"([^"]*)"|(\S+)', words):
        cleaned = re.sub(r'["\x00]', " ", phrase or word).strip()
        if re.search(r"\w", cleaned):
            star = "*" if word.endswith("*") else ""
            parts.append(f'"{cleaned.rstrip("*")}"{star}')
    if not parts:
        raise ValueError(f"no word to search for in {words!r}")
    return " ".join(parts)


def search(connection: Connection, words: str, *, limit: int = 20) -> list[Hit]:
    """Papers whose title or abstract holds all the words, best first.

    Raises ValueError if there is no word, SearchUnavailableError on a database without the index.
    """
    if connection.dialect.name != "sqlite":
        raise SearchUnavailableError("full-text search needs an SQLite database")
    rows = connection.execute(
        text(
            """
            WITH hit AS (
              SELECT rowid AS id, snippet(paper_search, -1, '[', ']', ' … ', 24) AS snippet,
                     -bm25(paper_search, 5.0, 1.0) AS score
              FROM paper_search WHERE paper_search MATCH :words ORDER BY bm25(paper_search, 5.0, 1.0) LIMIT :limit
            )
            SELECT p.arxiv_id, p.title, p.submitted, hit.snippet, hit.score,
                   coalesce((SELECT t.value FROM tag t JOIN processing n ON n.id = t.processing_id
                             WHERE t.paper_id = p.id AND t.facet = 'relevance'
                             ORDER BY n.version DESC, n.id DESC LIMIT 1), '') AS relevance
            FROM hit JOIN paper p ON p.id = hit.id ORDER BY hit.score DESC, p.id
            """
        ),
        {"words": match_expression(words), "limit": limit},
    )
    return [
        Hit(row.arxiv_id, row.title, str(row.submitted)[:10], row.relevance, " ".join(row.snippet.split()), row.score)
        for row in rows
    ]
