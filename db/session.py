"""Opening a Secateur database: SQLite in WAL mode with foreign keys on, migrated to the schema that this version knows.

A target is a path of an SQLite file or any SQLAlchemy URL. Writers take SQLite's write lock when a transaction begins
(``BEGIN IMMEDIATE``), so that two processes wait for each other instead of failing half-way; keep transactions short.
Readers use ``open_readonly`` or ``engine.execution_options(read_only=True)`` and are never blocked by a writer (WAL).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url

from db.schema import RESULT_VIEW

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 60
CACHE_KIB = 64 * 1024


class DatabaseError(Exception):
    """A database can't be used as it is; the message says why and what to do."""


class NewerDatabaseError(DatabaseError):
    """The database was made by a newer version of Secateur."""


class NotADatabaseError(DatabaseError):
    """The file is no Secateur database."""


class MissingDatabaseError(DatabaseError):
    """There is no database yet."""


class UnwritableDatabaseError(DatabaseError):
    """The disk took no more of the database; the transaction was undone."""

    def __init__(self, database: str | None, reason: str) -> None:
        super().__init__(
            f"cannot write the database {database} ({reason}): make room on its disk, then run the same command again "
            "to go on; nothing is half-written"
        )


def database_url(target: str | Path) -> URL:
    """The SQLAlchemy URL of a path or URL."""
    name = str(target)
    if "://" in name:
        return make_url(name)
    return URL.create("sqlite", database=name)


def head_revision() -> str:
    """The newest schema revision that this version knows."""
    return max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def open_database(target: str | Path) -> Engine:
    """Open for reading and writing; make it if absent, migrate it if older.

    Raises NewerDatabaseError if a newer Secateur made it, NotADatabaseError if the file is something else.
    """
    url = database_url(target)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"cannot make the folder of the database {url.database}: {error.strerror}") from error
    engine = _engine(url)
    try:
        _migrate(engine, url)
    except Exception:
        engine.dispose()
        raise
    return engine


def open_readonly(target: str | Path) -> Engine:
    """Open for reading only; the connection itself refuses to write. Raises MissingDatabaseError if there is none."""
    url = database_url(target)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, execution_options={"read_only": True})
    path = Path(url.database or "")
    if not path.is_file():
        raise MissingDatabaseError(f"there is no database at {path}; run `secateur harvest` or `secateur demo` first")
    open_database(target).dispose()
    url = URL.create("sqlite", database=f"file:{path.resolve()}", query={"mode": "ro", "uri": "true"})
    return _engine(url).execution_options(read_only=True)


def _engine(url: URL) -> Engine:
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", _explain_full_disk)
    return engine


def _configure_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver must not begin transactions of its own, or DDL would escape them.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    # The default of 2 MB makes a bulk load read its own indexes again and again.
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _explain_full_disk(context: ExceptionContext) -> Exception | None:
    reason = str(context.original_exception)
    # A limit on the size of files reaches SQLite as a disk that fails.
    if reason not in ("database or disk is full", "disk I/O error"):
        return None
    return UnwritableDatabaseError(context.engine.url.database if context.engine else None, reason)


def _migrate(engine: Engine, url: URL) -> None:
    head = head_revision()
    try:
        if engine.dialect.name == "sqlite" and url.database != ":memory:":
            _enter_wal(engine)
        with engine.execution_options(read_only=True).connect() as connection:
            revision = _revision(connection)
        if revision == head:
            return
        if revision is not None and revision > head:
            raise NewerDatabaseError(
                f"the database {url.database} was made by a newer Secateur (schema {revision}, this version knows "
                f"{head}); upgrade Secateur or name another database with --db"
            )
        _upgrade(engine)
    except DatabaseError:
        raise
    except Exception as error:
        if "file is not a database" in str(error):
            raise NotADatabaseError(f"{url.database} is no SQLite database; name another file with --db") from error
        if "unable to open database file" in str(error) or "readonly database" in str(error):
            raise DatabaseError(f"cannot open the database {url.database} for writing") from error
        raise


def _enter_wal(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        raw.close()


def _revision(connection: Connection) -> str | None:
    """The schema revision of a database, None for an empty one; raises NotADatabaseError for someone else's."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if names:
        raise NotADatabaseError(
            f"{connection.engine.url.database} holds other tables ({', '.join(sorted(names)[:3])}) and is no Secateur "
            "corpus; name another file with --db"
        )
    return None


def _upgrade(engine: Engine, revision: str = "head") -> None:
    # Alembic takes a third of a second to import, and is needed only when the schema changes.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        # A view holds no data, so it follows the newest schema and needs no migration of its own.
        connection.exec_driver_sql("DROP VIEW IF EXISTS result")
        command.upgrade(config, revision)
        false = "0" if engine.dialect.name == "sqlite" else "false"
        connection.exec_driver_sql(RESULT_VIEW.format(false=false))
