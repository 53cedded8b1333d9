"""PostgreSQL behind the same seam: one writer that commits groups (writer.py), readers in threads of their own.

The writer's connection holds an advisory lock for as long as it lives. So nothing is ever written beside another
server: without that connection nobody writes, and while it lives nobody else has the lock.

A connection that is lost fails the calls that were using it; the next call makes a new one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio.to_thread
import psycopg
import sqlalchemy as sa
import structlog
from psycopg import errors
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from faultmaven import migrations
from faultmaven.database import Clock, Transaction, Wakes, now_micros
from faultmaven.errors import Unavailable
from faultmaven.postgres_connection import LOST, PERHAPS_STORED, Link, NoConnection, Server, reason
from faultmaven.statements import Statements
from faultmaven.writer import Verdict, Writer

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

READS_AT_ONCE = 6
SCANS_AT_ONCE = 4
# Who finds all readers busy waits so long for one.
QUEUE_SECONDS = 10.0
# A server that was killed a moment ago may still have the lock: PostgreSQL takes a while to notice.
LOCK_SECONDS = 5
LOCK = int.from_bytes(b"faultmvn")
MIGRATING = LOCK + 1


class PostgresDatabase:
    """PostgreSQL 14 or newer. `alone`: this is the server, and refuses to be one of two."""

    def __init__(self, url: str, bus: Wakes, clock: Clock = now_micros, *, alone: bool = True) -> None:
        self._server = Server(url)
        self._statements = Statements(PGDialect_psycopg())  # type: ignore[no-untyped-call]
        self._ground = _Ground(self._server, alone)
        self._writer = Writer(self._ground, self._statements, bus, clock)
        self._reads = _Readers(self._server, self._statements, clock, READS_AT_ONCE)
        self._scans = _Readers(self._server, self._statements, clock, SCANS_AT_ONCE)

    async def start(self) -> None:
        """Takes the lock, brings the tables up to date and starts the writer. Raises Unavailable."""
        try:
            await anyio.to_thread.run_sync(self._ground.open)
            await anyio.to_thread.run_sync(self._migrate)
        except (psycopg.Error, sa.exc.DBAPIError, NoConnection) as error:
            raise Unavailable(reason(error.__cause__ or error)) from error
        self._writer.start()
        self._reads.start()
        self._scans.start()

    async def stop(self) -> None:
        """Finishes what is waiting, then closes all connections."""
        await self._writer.stop()
        await self._reads.stop()
        await self._scans.stop()
        self._ground.close()

    def write(
        self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, T]:
        return self._writer.write(work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._reads.run(lambda transaction: work(transaction, *args, **kwargs))

    async def scan(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._scans.run(lambda transaction: work(transaction, *args, **kwargs))

    def _migrate(self) -> None:
        link = self._server.connect("migrate")
        try:
            if _is_newest(link):
                return
            with _core(link) as connection:
                link.execute("BEGIN")
                # A command may be at it at the same time; whoever comes second finds nothing to do.
                link.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATING,))
                migrations.upgrade(connection)
                link.execute("COMMIT")
        finally:
            link.close()


class _Ground:
    """The writer's connection, and with it the lock that keeps a second server away."""

    def __init__(self, server: Server, alone: bool) -> None:
        self._server = server
        self._alone = alone
        self._link: Link | None = None
        self._backend: tuple[Any, ...] | None = None
        self._committing = False

    def open(self) -> None:
        """At start. Raises Unavailable when another server has the lock and keeps it."""
        link = self._server.connect("write")
        try:
            if self._alone:
                link.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
                link.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
                link.execute("RESET lock_timeout")
        except errors.LockNotAvailable as error:
            link.close()
            raise Unavailable(
                "another server is using it; stop that one, or set FAULTMAVEN_DATABASE_URL to another"
            ) from error
        self._keep(link)

    def _open_again(self) -> Link:
        """After a loss. What is left of the lost connection may still hold the lock; it is ended for good first."""
        link = self._server.connect_again("write")
        try:
            if self._backend is not None:
                link.execute(
                    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
                    " WHERE pid = %s AND backend_start = %s",
                    self._backend,
                )
            if self._alone and link.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
                raise NoConnection(
                    "Another server has taken over this database, so this one stores nothing any more. "
                    "Stop one of the two."
                )
            return self._keep(link)
        except BaseException:
            link.close()
            raise

    def _keep(self, link: Link) -> Link:
        self._backend = link.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        self._link = link
        return link

    def begin(self) -> Link:
        if self._link is not None:
            try:
                self._link.execute("BEGIN")
                return self._link
            except psycopg.Error:
                if not self._link.lost:
                    raise
                self.close()  # lost while nothing was under way, so nobody needs to notice
        link = self._open_again()
        link.execute("BEGIN")
        return link

    def commit(self) -> None:
        assert self._link is not None
        self._committing = True
        ended = self._link.execute("COMMIT").statusmessage
        self._committing = False
        if ended != "COMMIT":
            raise RuntimeError("a service went on after the database had refused a statement; all was rolled back")

    def rollback(self, error: BaseException) -> Verdict:
        committing, self._committing = self._committing, False
        if self._link is None:
            return Verdict(error, "over")
        if self._link.in_transaction:
            with suppress(psycopg.Error):
                self._link.execute("ROLLBACK")
        if self._link.lost:
            log.warning("database.connection_lost", database=self._server.name, reason=reason(error))
            self.close()
            return Verdict(Unavailable(PERHAPS_STORED if committing else LOST), "over", unknown=committing)
        told = self._server.problem(error)
        match error:
            case errors.SerializationFailure() | errors.DeadlockDetected():
                return Verdict(told, "again")
            case errors.ReadOnlySqlTransaction():
                self.close()  # by the next connection, the name may lead to the new primary
                return Verdict(told, "over")
            case _:
                return Verdict(told, "apart")

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


class _Readers:
    """Threads with a connection each, made when it is first needed."""

    def __init__(self, server: Server, statements: Statements, clock: Clock, count: int) -> None:
        self._server = server
        self._statements = statements
        self._clock = clock
        self._count = count
        self._free = asyncio.Semaphore(count)
        self._threads: ThreadPoolExecutor | None = None
        self._mine = threading.local()
        self._links: set[Link] = set()

    def start(self) -> None:
        self._threads = ThreadPoolExecutor(self._count, "reader")

    async def stop(self) -> None:
        threads, self._threads = self._threads, None
        if threads is not None:
            await anyio.to_thread.run_sync(threads.shutdown)
        for link in self._links:
            link.close()
        self._links.clear()

    async def run(self, work: Callable[[Transaction], T]) -> T:
        if self._threads is None:
            raise Unavailable("The server is stopping.")
        try:
            async with asyncio.timeout(QUEUE_SECONDS if self._free.locked() else None):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("All connections to the database are busy; try again shortly.") from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, work)
        finally:
            self._free.release()

    def _look(self, work: Callable[[Transaction], T]) -> T:
        """On a connection that turns out to be lost it is done again: a read changes nothing."""
        link: Link | None = getattr(self._mine, "link", None)
        if link is not None:
            try:
                return self._once(link, work)
            except psycopg.Error as error:
                if not link.lost:
                    raise self._server.problem(error) from error
                self._forget(link)
        link = self._server.connect_again("read")
        self._links.add(link)
        self._mine.link = link
        try:
            return self._once(link, work)
        except psycopg.Error as error:
            if not link.lost:
                raise self._server.problem(error) from error
            self._forget(link)
            raise Unavailable("The connection to the database was lost. Try again.") from error

    def _once(self, link: Link, work: Callable[[Transaction], T]) -> T:
        link.execute("BEGIN")
        try:
            return work(Transaction(link, self._statements, self._clock()))
        finally:
            if link.in_transaction:
                with suppress(psycopg.Error):  # what was read, was read
                    link.execute("COMMIT")

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        self._mine.link = None
        link.close()


def _is_newest(link: Link) -> bool:
    if link.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return False
    row = link.execute("SELECT version_num FROM alembic_version").fetchone()
    return row is not None and migrations.is_newest(row[0])


class _TypesInByteOrder(PGTypeCompiler):
    """Text sorts by bytes, as on SQLite, whatever the database's locale: and no index breaks when that changes."""

    def visit_TEXT(self, type_: sa.Text, **more: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return f'{super().visit_TEXT(type_, **more)} COLLATE "C"'


@contextmanager
def _core(link: Link) -> Iterator[sa.Connection]:
    """What Alembic works with. The caller begins and ends the transaction."""
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: link, isolation_level="AUTOCOMMIT", poolclass=sa.StaticPool
    )
    engine.dialect.type_compiler_instance = _TypesInByteOrder(engine.dialect)
    with engine.connect() as connection:
        yield connection
