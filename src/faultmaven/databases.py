"""Which database it is: the one place that knows, for the server and for commands that work beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import SQLAlchemyError

from faultmaven.database import Clock, Database, Transaction, Wakes, now_micros
from faultmaven.errors import Problem, Unavailable
from faultmaven.settings import Settings
from faultmaven.sqlite import SqliteDatabase
from faultmaven.statements import Statements

T = TypeVar("T")
Trouble = OSError | SQLAlchemyError | Problem


def open_database(settings: Settings, bus: Wakes, clock: Clock = now_micros, *, alone: bool = False) -> Database:
    """As the settings say. Nothing is opened before its `start`, which also brings its tables up to date.

    `alone`: for the server, of which there is one for each database. On PostgreSQL the database itself sees to that, on
    SQLite the lock of the data folder does.
    """
    if url := settings.database_url.get_secret_value():
        from faultmaven.postgres import PostgresDatabase  # who has SQLite needs no PostgreSQL driver

        return PostgresDatabase(url, bus, clock, alone=alone)
    return SqliteDatabase(settings.data_dir / "faultmaven.db", bus, clock)


def look(settings: Settings, work: Callable[[Transaction], T]) -> T:
    """One read of the database as it is: for who must change nothing, not even tables of an older version.

    Raises FileNotFoundError where there is no database yet, Unavailable where it cannot be read.
    """
    url = settings.database_url.get_secret_value()
    return _look_at_postgres(url, work) if url else _look_at_sqlite(settings.data_dir / "faultmaven.db", work)


def _look_at_sqlite(path: Path, work: Callable[[Transaction], T]) -> T:
    path.stat()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as driver:
            return work(Transaction(driver, Statements(SQLiteDialect_pysqlite()), now_micros()))
    except sqlite3.Error as error:
        raise Unavailable(str(error)) from error


def _look_at_postgres(url: str, work: Callable[[Transaction], T]) -> T:
    import psycopg
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    from faultmaven import postgres_connection

    try:
        with closing(postgres_connection.Server(url).connect("read")) as driver:
            return work(Transaction(driver, Statements(PGDialect_psycopg()), now_micros()))  # type: ignore[no-untyped-call]
    except psycopg.Error as error:
        raise Unavailable(postgres_connection.reason(error)) from error


def reason(trouble: Trouble) -> str:
    """Why it cannot be used, for a person."""
    match trouble:
        case Problem():
            return trouble.detail
        case OSError():
            return trouble.strerror or str(trouble)
        case _:
            return str(getattr(trouble, "orig", trouble))
