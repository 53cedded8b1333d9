"""How sessions are closed, where it depends on instants that no real clock gives twice.

The sweep closes and tells each once, in steps so short that nobody has to wait; and who makes room is well defined.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests import databases

from faultmaven.bus import Bus
from faultmaven.cases import log
from faultmaven.database import Database, Transaction
from faultmaven.databases import open_database
from faultmaven.identity import service as identity
from faultmaven.identity.service import User
from faultmaven.observability import Refusal
from faultmaven.sessions import closing, failures, service
from faultmaven.sessions.closing import BATCH, DAY, Lifetimes
from faultmaven.sessions.diagnosis import diagnose
from faultmaven.sessions.failures import KEPT, SESSIONS_WAITING, Failures
from faultmaven.sessions.model import OpenSession
from faultmaven.sessions.tables import failures as failure_table
from faultmaven.sessions.tables import sessions as session_table
from faultmaven.settings import Settings

pytestmark = pytest.mark.anyio

LIMITS = Lifetimes(absolute_days=3, closed_days=2, most_per_user=10_000)
MINUTE = 60_000_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    now = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    folder = tmp_path / "data"
    folder.mkdir()
    settings = Settings(data_dir=folder, database_url=databases.settings_for(folder).get("database_url", ""))
    database = open_database(settings, Bus(), clock, alone=True)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def users(database: Database) -> list[User]:
    return [await database.write(new_user, name) for name in ("alice", "bob")]


def new_user(transaction: Transaction, name: str) -> User:
    signed_in = identity.sign_in(transaction, identity.create_token(transaction, name).bearer)
    assert signed_in is not None
    return signed_in.user


def open_many(transaction: Transaction, user: User, count: int, minutes: int) -> set[str]:
    body = OpenSession(timeout_minutes=minutes)
    return {service.open_session(transaction, user, body, LIMITS).session_id for _ in range(count)}


def counted(transaction: Transaction, table: sa.Table) -> int:
    (row,) = transaction.all(sa.select(sa.func.count()).select_from(table))
    count: int = row[0]
    return count


async def swept(database: Database) -> int:
    """All there is to sweep; in how many transactions."""
    count = 1
    while await database.write(closing.sweep, LIMITS):
        count += 1
    return count


async def told(database: Database, user: User) -> list[dict[str, Any]]:
    """The user's whole log, whose cursors have no gap."""
    events: list[dict[str, Any]] = []
    while page := await database.read(log.of_user, user.id, len(events)):
        assert [one.cursor for one in page] == list(range(len(events) + 1, len(events) + len(page) + 1))
        events += [json.loads(one.body) for one in page]
    return events


async def test_each_session_that_is_over_is_closed_and_told_once(
    database: Database, clock: Clock, users: list[User]
) -> None:
    over = [await database.write(open_many, user, 70, 10) for user in users]
    alive = [await database.write(open_many, user, 3, 100) for user in users]
    clock.now += 11 * MINUTE
    for _ in range(2):
        await swept(database)
        for user, theirs, still in zip(users, over, alive, strict=True):
            events = await told(database, user)
            expired = [one for one in events if one["type"] == "session.expired"]
            assert Counter(one["session_id"] for one in expired) == Counter(theirs)
            assert {one["reason"] for one in expired} == {"idle"}
            assert {one.session_id for one in await database.read(service.list_sessions, user)} == still
            swept_one = await database.read(diagnose, user, next(iter(theirs)), [], LIMITS)
            assert (swept_one.status, swept_one.closed_at) == ("expired", swept_one.expires_at)


async def test_the_reason_is_the_end_that_came(database: Database, clock: Clock, users: list[User]) -> None:
    user = users[0]
    (session_id,) = await database.write(open_many, user, 1, 1440)
    for _ in range(3):
        clock.now += 1439 * MINUTE
        await database.write(service.heartbeat, user, session_id, LIMITS)
    clock.now += DAY
    await swept(database)
    assert [one["reason"] for one in await told(database, user) if one["type"] == "session.expired"] == ["absolute"]


async def test_no_transaction_of_the_sweep_does_more_than_it_has_time_for(
    database: Database, clock: Clock, users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "SWEEP_SECONDS", 0)
    count = 5 * BATCH
    await database.write(open_many, users[0], count, 10)
    clock.now += 11 * MINUTE
    # Readers see none of a transaction, or all of it.
    seen = [len(await told(database, users[0]))]
    while await database.write(closing.sweep, LIMITS):
        seen.append(len(await told(database, users[0])))
    steps = [after - before for before, after in pairwise(seen)]
    assert sum(steps) == count
    assert max(steps) <= BATCH


async def test_what_was_closed_long_ago_is_forgotten_with_its_failures(
    database: Database, clock: Clock, users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "SWEEP_SECONDS", 0)
    user = users[0]
    old = await database.write(open_many, user, 2 * BATCH + 1, 10)
    for session_id in old:
        await database.write(failures.record_run, user.id, session_id, "analysis_failed", "correlation")
    clock.now += 11 * MINUTE
    await swept(database)
    clock.now += DAY
    kept = await database.write(open_many, user, 1, 10)
    await database.write(failures.record_run, user.id, next(iter(kept)), "analysis_failed", "correlation")
    clock.now += 11 * MINUTE
    await swept(database)
    assert await database.scan(counted, session_table) == len(old | kept)
    clock.now += DAY
    await swept(database)
    assert await database.scan(counted, session_table) == 1
    assert await database.scan(counted, failure_table) == 1
    assert (await told(database, user))[-1]["session_id"] in kept


async def test_of_several_used_at_the_same_instant_the_one_opened_first_makes_room(
    database: Database, clock: Clock, users: list[User]
) -> None:
    user, three = users[0], replace(LIMITS, most_per_user=3)
    first, second, third = [(await database.write(open_many, user, 1, 60)).pop() for _ in range(3)]
    clock.now += MINUTE
    late = (await database.write(open_many, user, 1, 60)).pop()
    for session_id in (late, third, second):
        await database.write(service.heartbeat, user, session_id, LIMITS)
    await database.write(service.heartbeat, user, first, LIMITS)
    # All four were used last at this instant; three were opened a minute before, at one instant too.
    clock.now += MINUTE
    for _ in range(3):
        await database.write(service.open_session, user, OpenSession(), three)
    ended = [one["session_id"] for one in await told(database, user) if one["type"] == "session.ended"]
    assert ended == [*sorted((first, second, third)), late]


async def test_what_is_over_takes_no_place_and_makes_no_room(
    database: Database, clock: Clock, users: list[User]
) -> None:
    user, two = users[0], replace(LIMITS, most_per_user=2)
    over = await database.write(open_many, user, 1, 10)
    clock.now += 9 * MINUTE
    used_least = await database.write(open_many, user, 1, 60)
    clock.now += MINUTE  # the very instant at which the first is over; nobody has swept
    new = await database.write(service.open_session, user, OpenSession(), two)
    live = {one.session_id for one in await database.read(service.list_sessions, user)}
    assert live == used_least | {new.session_id}
    await swept(database)
    ends = [(one["type"], one["session_id"]) for one in await told(database, user) if one["type"] != "session.opened"]
    assert ends == [("session.expired", over.pop())]


async def test_a_flood_of_refusals_takes_little_room(database: Database, clock: Clock, users: list[User]) -> None:
    noted = Failures(database, clock)
    (real,) = await database.write(open_many, users[0], 1, 10)
    made_up = [f"session_{number:032x}" for number in range(SESSIONS_WAITING)]
    for round_ in range(3):
        for session_id in [real, *made_up]:
            for _ in range(KEPT):
                path = f"/api/v1/sessions/{session_id}"
                noted.note(Refusal(users[0].id, "", 410, "session_ended", "GET", path, f"round-{round_}"))
        waiting = [noted.waiting(users[0].id, session_id) for session_id in [real, *made_up]]
        assert sum(map(bool, waiting)) == SESSIONS_WAITING
        assert max(map(len, waiting)) == KEPT
        again = noted.waiting(users[0].id, real)
        await noted.flush()
        await database.write(failures.record, again)  # as after a commit whose outcome nobody could be told
        assert not any(noted.waiting(users[0].id, session_id) for session_id in [real, *made_up])
        stored = await database.read(failures.newest, real)
        assert {one.correlation_id for one in stored} == {f"round-{round_}"}
        assert await database.scan(counted, failure_table) == KEPT


async def test_one_users_flood_of_refusals_hides_no_others(database: Database, clock: Clock, users: list[User]) -> None:
    noted = Failures(database, clock)
    (real,) = await database.write(open_many, users[1], 1, 10)
    for number in range(2 * SESSIONS_WAITING):
        path = f"/api/v1/sessions/session_{number:032x}"
        noted.note(Refusal(users[0].id, "", 404, "session_not_found", "GET", path, "flood"))
    noted.note(Refusal(users[1].id, "", 410, "session_ended", "GET", f"/api/v1/sessions/{real}", "one"))
    assert [one.correlation_id for one in noted.waiting(users[1].id, real)] == ["one"]
    await noted.flush()
    assert [one.correlation_id for one in await database.read(failures.newest, real)] == ["one"]
