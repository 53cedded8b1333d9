"""SQLite as a first-class server: one writer that commits groups, many readers.

All that wait for the writer share one transaction and so one fsync. What makes that safe is in `_run_together`: nobody
is told anything before the commit, and one member's failure never costs another its work.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import anyio
import anyio.to_thread
import sqlalchemy as sa

from faultmaven.database import Clock, Transaction, Wakes, now_micros
from faultmaven.errors import Problem, StorageFull, Unavailable
from faultmaven.statements import Statements

P = ParamSpec("P")
T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
GROUP_LIMIT = 256
SCANS_AT_ONCE = 6


@dataclass(slots=True)
class _Job(Generic[T]):
    """One caller of `write`, waiting; afterwards its outcome."""

    run: Callable[[Transaction], T]
    future: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None
    topics: set[str] = field(default_factory=set)

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # T may itself be None


class SqliteDatabase:
    """SQLite as a server: one writer that commits groups, many readers, WAL, `synchronous=FULL`."""

    def __init__(self, path: Path, bus: Wakes, clock: Clock = now_micros) -> None:
        self._path = path
        self._bus = bus
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
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._read_connection: sa.Connection | None = None
        self._reading: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Opens the file, brings its tables up to date and starts the writer. Raises SQLAlchemyError or a Problem."""
        try:
            await anyio.to_thread.run_sync(self._migrate)
        except sqlite3.Error as error:
            raise _as_problem(error) from error
        self._loop = asyncio.get_running_loop()
        self._read_connection = self._engine.connect()
        self._reading = _driver(self._read_connection)
        self._thread = threading.Thread(target=self._write_groups, name="writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finishes what is waiting, then closes the file."""
        writer, self._thread = self._thread, None  # what is handed over from here on would never be run
        if writer is not None:
            self._jobs.put(None)
            await anyio.to_thread.run_sync(writer.join)
        if self._read_connection is not None:
            self._read_connection.close()
            self._read_connection = self._reading = None
        self._engine.dispose()

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Durable when it returns. A cancelled caller does not undo work that was already handed over."""
        if self._thread is None or self._loop is None:
            raise Unavailable("The server is stopping.")
        future: asyncio.Future[T] = self._loop.create_future()
        job = _Job(lambda transaction: work(transaction, *args, **kwargs), future)
        self._jobs.put(job)
        return await future

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
        """Alembic costs a third of a second to import, so it is asked only when the tables are not the newest."""
        newest = max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
        with self._engine.connect() as connection:
            if sa.inspect(connection).has_table("alembic_version"):
                present = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
                if present == newest:
                    return
                if present > newest:
                    raise Unavailable("a newer version of FaultMaven has used it; start that one, or choose another")
            driver = _driver(connection)
            driver.execute("BEGIN IMMEDIATE")
            try:
                upgrade(connection)
                driver.execute("COMMIT")
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")

    def _write_groups(self) -> None:
        assert self._loop is not None
        with self._engine.connect() as connection:
            driver = _driver(connection)
            while True:
                group, stopping = self._next_group()
                if group:
                    self._run_group(driver, group)
                    self._loop.call_soon_threadsafe(self._finish, group)
                if stopping:
                    return

    def _next_group(self) -> tuple[list[_Job[Any]], bool]:
        """Waits for one job and takes all others that are waiting with it; True when the writer should stop."""
        group: list[_Job[Any]] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == GROUP_LIMIT or self._jobs.empty():
                return group, False
            job = self._jobs.get()
        return group, True

    def _run_group(self, driver: sqlite3.Connection, group: list[_Job[Any]]) -> None:
        if self._run_together(driver, group) or len(group) == 1:
            return
        for job in group:
            job.result, job.error, job.topics = None, None, set()
            self._run_together(driver, [job])

    def _run_together(self, driver: sqlite3.Connection, group: list[_Job[Any]]) -> bool:
        """One transaction for the group. False when it was rolled back; then every member of it has an error."""
        try:
            driver.execute("BEGIN IMMEDIATE")
            for job in group:
                before = driver.total_changes
                _run(job, self._transaction(driver))
                # A member that refused before it changed anything takes nothing back from the others.
                if job.error is not None and driver.total_changes != before:
                    raise job.error
            driver.execute("COMMIT")
        except BaseException as error:  # whatever it was, the writer lives on and the callers are told
            if driver.in_transaction:
                # Where the disk fails even this, the next group cannot begin, and comes here again.
                with suppress(sqlite3.Error):
                    driver.execute("ROLLBACK")
            told = _as_problem(error)
            for job in group:
                job.error, job.topics = told, set()
            return False
        return True

    def _finish(self, group: list[_Job[Any]]) -> None:
        for job in group:
            job.settle()
        topics = set().union(*(job.topics for job in group))
        if topics:
            self._bus.wake(topics)


def _run(job: _Job[Any], transaction: Transaction) -> None:
    try:
        job.result = job.run(transaction)
        job.topics = transaction.topics
    except Problem as problem:
        job.error = problem


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


def upgrade(connection: sa.Connection) -> None:
    """Runs the migrations that this database has not seen, within the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
