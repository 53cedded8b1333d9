"""Runs that are taken over, and the end of taking over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faultmaven.answers import runs, service
from faultmaven.answers.model import Ask
from faultmaven.bus import Bus
from faultmaven.cases import log
from faultmaven.identity.service import User, local_user
from faultmaven.sessions.closing import Lifetimes
from faultmaven.sessions.model import OpenSession
from faultmaven.sessions.service import open_session
from faultmaven.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio

LIFETIMES = Lifetimes(absolute_days=30, closed_days=30, most_per_user=20)
LIMITS = service.Limits(LIFETIMES, queued=10, quota=0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    now = 1_000_000_000_000_000

    def __call__(self) -> int:
        return self.now

    def let_leases_run_out(self) -> None:
        self.now += runs.LEASE + 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "test.db", Bus(), clock)
    await database.start()
    yield database
    await database.stop()


async def asked(database: SqliteDatabase) -> tuple[User, service.Asked]:
    user = await database.write(local_user)
    session = await database.write(open_session, user, OpenSession(), LIFETIMES)
    question = Ask(session_id=session.session_id, query="What is wrong?")
    sent = service.Sent(None, "correlation", [])
    return user, await database.write(service.ask, user, question, sent, LIMITS)


async def test_a_run_whose_lease_holds_is_nobody_elses(database: SqliteDatabase) -> None:
    await asked(database)
    assert await database.write(runs.claim) is not None
    assert await database.write(runs.claim) is None


async def test_who_was_given_up_for_dead_changes_nothing(database: SqliteDatabase, clock: Clock) -> None:
    await asked(database)
    first = await database.write(runs.claim)
    clock.let_leases_run_out()
    second = await database.write(runs.claim)
    assert first is not None
    assert second is not None
    assert (first.attempt, second.attempt) == (1, 2)
    assert not await database.write(runs.fail, first, "analysis_failed", "too late")
    assert await database.write(runs.fail, second, "analysis_failed", "in time")


async def test_a_question_that_takes_every_worker_down_is_given_up(database: SqliteDatabase, clock: Clock) -> None:
    user, question = await asked(database)
    for _ in range(runs.ATTEMPTS):
        assert await database.write(runs.claim) is not None
        clock.let_leases_run_out()
    assert await database.write(runs.claim) is None
    assert await database.read(service.status_of, user, question.query_id) == "failed"
    events = await database.read(log.of_query, question.query_id, 0)
    assert events[-1].type == "answer.failed"
    assert '"gave_up"' in events[-1].body


async def test_a_run_knows_the_request_that_asked(database: SqliteDatabase) -> None:
    await asked(database)
    run = await database.write(runs.claim)
    assert run is not None
    assert run.correlation_id == "correlation"
