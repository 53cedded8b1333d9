"""SQLite as a first-class server: one writer that commits groups (writer.py), many readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
import anyio.to_thread
import sqlalchemy as sa

from faultmaven import migrations
from faultmaven.database import Clock, Transaction, Wakes, now_micros
from faultmaven.errors import StorageFull, Unavailable
from faultmaven.statements import Statements
from faultmaven.writer import Verdict, Writer

P = ParamSpec("P")
T = TypeVar("T")

SCANS_AT_ONCE = 6
PERHAPS_STORED = (
    "The disk failed just when this was being stored, so it is not known whether it was. "
    "Check the disk with the data folder, and look before you repeat it."
)


class SqliteDatabase:
    """SQLite as a server: one writer that commits groups, many readers, WAL, `synchronous=FULL`."""

    def __init__(self, path: Path, bus: Wakes, clock: Clock = now_micros) -> None:
        self._clock = clock
        self._engine = sa.create_engine(
            f"sqlite:///{path}",
            connect_args={"check_same_thread": False, "timeout": 10},
            isolation_level="AUTOCOMMIT",
            pool_size=SCANS_AT_ONCE + 2,  # and the writer, and the reader on the loop
            max_overflow=0,
        )
        sa.event.listen(self._engine, "connect", _prepare)
        # Who has to wait for a connection waits here, and not in one of the threads that others need.
        self._scanning = anyio.CapacityLimiter(SCANS_AT_ONCE)
        self._statements = Statements(self._engine.dialect)
        self._writer = Writer(_Ground(self._engine), self._statements, bus, clock)
        self._read_connection: sa.Connection | None = None
        self._reading: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Opens the file, brings its tables up to date and starts the writer. Raises SQLAlchemyError or a Problem."""
        try:
            await anyio.to_thread.run_sync(self._migrate)
        except sqlite3.Error as error:
            raise _as_problem(error) from error
        self._read_connection = self._engine.connect()
        self._reading = _driver(self._read_connection)
        self._writer.start()

    async def stop(self) -> None:
        """Finishes what is waiting, then closes the file."""
        await self._writer.stop()
        if self._read_connection is not None:
            self._read_connection.close()
            self._read_connection = self._reading = None
        self._engine.dispose()

    def write(
        self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, T]:
        return self._writer.write(work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs on the loop: for point reads, which cost less here than a hop to a thread would."""
        if self._reading is None:
            raise Unavailable("The server is stopping.")
        with _snapshot(self._reading):
            return work(self._transaction(self._reading), *args, **kwargs)

    async def scan(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def scanning() -> T:
            with self._engine.connect() as connection:
                driver = _driver(connection)
                with _snapshot(driver):
                    return work(self._transaction(driver), *args, **kwargs)

        return await anyio.to_thread.run_sync(scanning, limiter=self._scanning)

    def _transaction(self, driver: sqlite3.Connection) -> Transaction:
        return Transaction(driver, self._statements, self._clock())

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
            if sa.inspect(connection).has_table("alembic_version"):
                present = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
                if migrations.is_newest(present):
                    return
            driver = _driver(connection)
            driver.execute("BEGIN IMMEDIATE")
            try:
                migrations.upgrade(connection)
                driver.execute("COMMIT")
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")


class _Ground:
    """The writer's connection."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None
        self._driver: sqlite3.Connection | None = None
        self._committing = False
        self._in_doubt = False

    def begin(self) -> sqlite3.Connection:
        if self._driver is None:
            self._connection = self._engine.connect()
            self._driver = _driver(self._connection)
        self._driver.execute("BEGIN IMMEDIATE")
        return self._driver

    def commit(self) -> None:
        assert self._driver is not None
        self._committing = True
        self._driver.execute("COMMIT")
        self._committing = self._in_doubt = False

    def rollback(self, error: BaseException) -> Verdict:
        committing, self._committing = self._committing, False
        if committing and "disk I/O error" in str(error):
            # What could not be synced is in the file all the same: until the next commit overwrites it there, whoever
            # opens the file after a crash takes it for committed.
            self._in_doubt = True
        if self._driver is not None and self._driver.in_transaction:
            # Where the disk fails even this, the next group cannot begin, and comes here again.
            with suppress(sqlite3.Error):
                self._driver.execute("ROLLBACK")
        told = _as_problem(error)
        if self._in_doubt and isinstance(told, StorageFull | Unavailable):
            return Verdict(Unavailable(PERHAPS_STORED), "apart", unknown=True)
        # Whoever holds the lock holds it against all of the group, and each would wait for it anew.
        return Verdict(told, "over" if "database is locked" in str(error) else "apart")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = self._driver = None


def _as_problem(error: BaseException) -> BaseException:
    text = str(getattr(error, "orig", None) or error)
    if "disk is full" in text or "No space left" in text:
        return StorageFull()
    if "disk I/O error" in text or "unable to open database" in text or "readonly database" in text:
        return Unavailable(
            "The database file cannot be written; nothing was stored. Check the disk with the data folder."
        )
    if "database is locked" in text:
        return Unavailable("Another program holds the database file, so nothing was stored. End it, then try again.")
    return error


@contextmanager
def _snapshot(driver: sqlite3.Connection) -> Iterator[None]:
    driver.execute("BEGIN")
    try:
        yield
    finally:
        driver.execute("COMMIT")


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _prepare(driver: sqlite3.Connection, _record: object) -> None:
    driver.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000", "secure_delete=ON"):
        driver.execute(f"PRAGMA {pragma}")
