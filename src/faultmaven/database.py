"""The seam to the database: services are plain functions of a Transaction and values, and never commit.

    await database.write(service.open_session, user, body)    one transaction, fsynced before it returns
    await database.read(service.get_session, user, id)         one snapshot, for a handful of rows
    await database.scan(service.search_cases, user, text)      one snapshot, off the loop, for reads of unknown size

A function may run twice (its group is rolled back when another member fails; a database may ask for a retry), so it
must have no effect but through its transaction. Which database it is, only databases.py knows: SQLite or PostgreSQL.

Columns are TEXT and BIGINT only: times are integers, microseconds since 1970 UTC; JSON is text. Statements are
SQLAlchemy Core, built once at module level with `bindparam`, in what SQLite and PostgreSQL share (statements.py).
LIKE is for text that was lowered before: SQLite ignores the case of ASCII, PostgreSQL does not.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from faultmaven.statements import Driver, Row, Statements

__all__ = ["Clock", "Database", "Row", "Transaction", "metadata", "new_id", "now_micros", "rfc3339"]

P = ParamSpec("P")
T = TypeVar("T")

metadata = sa.MetaData()

Clock = Callable[[], int]


def now_micros() -> int:
    return time.time_ns() // 1000


def rfc3339(micros: int) -> str:
    """`2026-01-02T03:04:05.678901Z`; the fraction is left out when it is zero."""
    moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000, tzinfo=None)
    return moment.isoformat() + "Z"


def new_id(prefix: str) -> str:
    """An opaque id with 128 random bits; the prefix only helps people who read logs."""
    return f"{prefix}_{secrets.token_hex(16)}"


class Transaction:
    """What a service works with: one connection, one time, and the topics to wake once the work is durable."""

    __slots__ = ("_driver", "_statements", "changed", "now", "topics")

    def __init__(self, driver: Driver, statements: Statements, now: int) -> None:
        self._driver = driver
        self._statements = statements
        self.now = now
        self.topics: set[str] = set()
        self.changed = False  # whether any row was written; the writer asks

    def execute(self, statement: sa.Executable, **values: Any) -> int:
        """Runs a statement that changes rows; the number of rows it changed."""
        changed: int = self._statements.prepared(statement, values).run(self._driver, values).rowcount
        if changed:
            self.changed = True
        return changed

    def first(self, statement: sa.Executable, **values: Any) -> Row | None:
        rows = self._rows(statement, values)
        return rows[0] if rows else None

    def all(self, statement: sa.Executable, **values: Any) -> list[Row]:
        return self._rows(statement, values)

    def _rows(self, statement: sa.Executable, values: dict[str, Any]) -> list[Row]:
        prepared = self._statements.prepared(statement, values)
        rows = prepared.rows(self._driver, values)
        if prepared.writes and rows:
            self.changed = True
        return rows

    def wake(self, topic: str) -> None:
        """Readers of `topic` look again once this transaction is committed; see bus.py."""
        self.topics.add(topic)


class Wakes(Protocol):
    """The part of the bus that a commit needs."""

    def wake(self, topics: set[str]) -> None: ...


class Database(Protocol):
    """What routes and workers use; which database it is, only databases.py knows."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def scan(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T: ...
