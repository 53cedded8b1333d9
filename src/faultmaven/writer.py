"""One writer that commits groups: all that wait for it share one transaction, and so one wait for the disk.

What makes that safe is in `_together`: nobody is told anything before the commit, and one member's failure never costs
another its work. What the database itself must bring is a `Ground`: sqlite.py and postgres.py have one each.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeVar

import anyio.to_thread

from faultmaven.database import Clock, Transaction, Wakes
from faultmaven.errors import Problem, Unavailable
from faultmaven.statements import Driver, Statements

P = ParamSpec("P")
T = TypeVar("T")

GROUP_LIMIT = 256
# Before each further try of a transaction that the database has asked to repeat.
PAUSES = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2)

# What becomes of a group whose transaction failed: its members run one by one, since one of them may be the cause; the
# same group runs again, since the database asks for it and has kept nothing; or all of them have failed.
After = Literal["apart", "again", "over"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`told` is what the callers get to hear. `unknown`: it may have been stored nevertheless."""

    told: BaseException
    after: After
    unknown: bool = False


class Ground(Protocol):
    """What a database is to the writer, which alone calls it, in its own thread."""

    def begin(self) -> Driver:
        """Opens a transaction that may write; if need be the connection first."""

    def commit(self) -> None: ...

    def rollback(self, error: BaseException) -> Verdict:
        """Takes back what was begun, and judges why it had to be. Never raises."""

    def close(self) -> None: ...


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


class Writer:
    """Start and stop it on the loop; in between, `write` from there."""

    def __init__(self, ground: Ground, statements: Statements, bus: Wakes, clock: Clock) -> None:
        self._ground = ground
        self._statements = statements
        self._bus = bus
        self._clock = clock
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_groups, name="writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finishes what is waiting."""
        thread, self._thread = self._thread, None  # what is handed over from here on would never be run
        if thread is not None:
            self._jobs.put(None)
            await anyio.to_thread.run_sync(thread.join)

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Durable when it returns. A cancelled caller does not undo work that was already handed over."""
        if self._thread is None or self._loop is None:
            raise Unavailable("The server is stopping.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(lambda transaction: work(transaction, *args, **kwargs), future))
        return await future

    def _write_groups(self) -> None:
        assert self._loop is not None
        try:
            while True:
                group, stopping = self._next_group()
                if group:
                    self._run(group)
                    self._loop.call_soon_threadsafe(self._finish, group)
                if stopping:
                    return
        finally:
            self._ground.close()

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

    def _run(self, group: list[_Job[Any]]) -> None:
        if self._until_decided(group) != "apart" or len(group) == 1:
            return
        for place, job in enumerate(group):
            if self._until_decided([job]) == "over":
                for rest in group[place + 1 :]:
                    rest.error, rest.topics = job.error, set()
                return

    def _until_decided(self, group: list[_Job[Any]]) -> After | None:
        """Repeats what the database asks to repeat. None: it is committed; otherwise every member has an error."""
        for pause in PAUSES:
            if pause:
                time.sleep(pause)
            after = self._together(group)
            if after != "again":
                return after
        return "apart"

    def _together(self, group: list[_Job[Any]]) -> After | None:
        """One transaction for the group."""
        try:
            driver = self._ground.begin()
            for job in group:
                transaction = Transaction(driver, self._statements, self._clock())
                self._ask(job, transaction)
                # A member that refused before it changed anything takes nothing back from the others.
                if job.error is not None and transaction.changed:
                    raise job.error
            self._ground.commit()
        except BaseException as error:  # whatever it was, the writer lives on and the callers are told
            verdict = self._ground.rollback(error)
            for job in group:
                job.error = verdict.told
                if not verdict.unknown:
                    job.topics = set()
            return verdict.after
        return None

    @staticmethod
    def _ask(job: _Job[Any], transaction: Transaction) -> None:
        job.error = None
        try:
            job.result = job.run(transaction)
            job.topics = transaction.topics
        except Problem as problem:
            job.error, job.topics = problem, set()

    def _finish(self, group: list[_Job[Any]]) -> None:
        for job in group:
            job.settle()
        topics = set().union(*(job.topics for job in group))
        if topics:
            self._bus.wake(topics)
