"""What a runner does while nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from faultmaven.answers import runs, service
from faultmaven.answers.engine import Step, Task
from faultmaven.answers.model import Ask
from faultmaven.answers.runner import Runner
from faultmaven.bus import Bus
from faultmaven.evidence.store import Store
from faultmaven.identity.service import local_user
from faultmaven.observability import Metrics
from faultmaven.sessions.closing import Lifetimes
from faultmaven.sessions.model import OpenSession
from faultmaven.sessions.service import open_session
from faultmaven.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio

LIFETIMES = Lifetimes(absolute_days=30, closed_days=30, most_per_user=20)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class CountingDatabase(SqliteDatabase):
    """Counts how often a lease is renewed."""

    renewed = 0

    async def write(self, work: Any, *args: Any, **more: Any) -> Any:
        self.renewed += work is runs.renew
        return await super().write(work, *args, **more)


class Thinking:
    """An engine that takes longer than any test."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def run(self, _task: Task) -> AsyncGenerator[Step, None]:
        self.began.set()
        await asyncio.sleep(3600)
        yield  # type: ignore[misc]  # which makes it a generator


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[CountingDatabase]:
    database = CountingDatabase(tmp_path / "test.db", Bus())
    await database.start()
    yield database
    await database.stop()


async def test_a_run_is_left_in_peace_while_the_server_stops(database: CountingDatabase, tmp_path: Path) -> None:
    bus, engine = Bus(), Thinking()
    user = await database.write(local_user)
    session = await database.write(open_session, user, OpenSession(), LIFETIMES)
    question = Ask(session_id=session.session_id, query="What is wrong?")
    await database.write(
        service.ask,
        user,
        question,
        service.Sent(None, "correlation", []),
        service.Limits(LIFETIMES, queued=10, quota=0),
    )
    runner = Runner(database, bus, engine, Store(tmp_path), Metrics(), 1)
    await runner.start()
    await engine.began.wait()
    bus.close()
    await asyncio.sleep(0.3)
    await runner.stop()
    assert database.renewed <= 3
