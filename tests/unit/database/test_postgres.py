"""What PostgreSQL needs and SQLite does not: connections that run out or are lost, and values of other types."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests import databases, tampering

from faultmaven import postgres
from faultmaven.bus import Bus
from faultmaven.database import Transaction
from faultmaven.errors import Problem, StorageFull, Unavailable
from faultmaven.postgres import PostgresDatabase

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.only_on("postgresql", "the other has no connections, locks or types to speak of"),
]

things = sa.table("things", sa.column("name", sa.Text), sa.column("number", sa.BigInteger))
_insert = sa.insert(things)
_named = sa.select(things.c.number).where(things.c.name == sa.bindparam("wanted"))
_sum = sa.select(sa.func.sum(things.c.number))
_add = sa.update(things).values(number=things.c.number + sa.bindparam("more"))
_number = sa.select(things.c.number)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return databases.settings_for(tmp_path)["database_url"]


@pytest.fixture
async def database(tmp_path: Path, url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(url, Bus())
    await database.start()
    tampering.execute(tmp_path, "CREATE TABLE things (name TEXT UNIQUE, number BIGINT)")
    yield database
    await database.stop()


def add(transaction: Transaction, name: str, number: int) -> None:
    transaction.execute(_insert, name=name, number=number)


def number_of(transaction: Transaction, name: str) -> int | None:
    row = transaction.first(_named, wanted=name)
    return row.number if row else None


async def test_who_finds_all_readers_busy_waits_and_is_then_told(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "QUEUE_SECONDS", 0.05)
    busy, go = threading.Barrier(postgres.READS_AT_ONCE + 1), threading.Event()

    def linger(_: Transaction) -> str:
        busy.wait()
        go.wait()
        return "done"

    lingering = [asyncio.create_task(database.read(linger)) for _ in range(postgres.READS_AT_ONCE)]
    await asyncio.to_thread(busy.wait)
    with pytest.raises(Unavailable, match="busy"):
        await database.read(number_of, "a")
    assert await database.scan(number_of, "a") is None
    go.set()
    assert await asyncio.gather(*lingering) == ["done"] * postgres.READS_AT_ONCE
    assert await database.read(number_of, "a") is None


async def test_many_callers_wait_for_few_readers(database: PostgresDatabase) -> None:
    await database.write(add, "a", 1)
    assert await asyncio.gather(*(database.read(number_of, "a") for _ in range(200))) == [1] * 200


async def test_no_text_is_like_one_with_nul(database: PostgresDatabase) -> None:
    await database.write(add, "a", 1)
    assert await database.read(number_of, "a\0") is None
    assert await database.write(number_of, "\0") is None
    with pytest.raises(psycopg.DataError, match="NUL"):
        await database.write(add, "a\0", 1)


async def test_sums_are_whole_numbers(database: PostgresDatabase) -> None:
    await database.write(add, "a", 1)
    await database.write(add, "b", 1 << 62)
    await database.write(add, "c", 1 << 62)
    row = await database.read(lambda transaction: transaction.first(_sum))
    assert row is not None
    assert (row[0], type(row[0])) == ((1 << 63) + 1, int)


async def test_an_error_does_not_repeat_what_was_stored(database: PostgresDatabase) -> None:
    await database.write(add, "confidential", 1)
    with pytest.raises(psycopg.errors.UniqueViolation, match="things_name_key") as refused:
        await database.write(add, "confidential", 2)
    assert "confidential" not in str(refused.value)


async def test_who_is_overtaken_by_another_program_runs_again(database: PostgresDatabase, url: str) -> None:
    await database.write(add, "a", 1)
    looked = []

    def add_what_was_seen(transaction: Transaction) -> None:
        row = transaction.first(_number)
        assert row is not None
        looked.append(row.number)
        if len(looked) == 1:
            with psycopg.connect(url) as other:
                other.execute("UPDATE things SET number = 10")
        transaction.execute(_add, more=row.number)

    await database.write(add_what_was_seen)
    assert looked == [1, 10]
    assert await database.read(number_of, "a") == 20


async def test_who_is_overtaken_every_time_is_told_to_come_back(database: PostgresDatabase, url: str) -> None:
    await database.write(add, "a", 1)

    def never_in_time(transaction: Transaction) -> None:
        transaction.first(_number)
        with psycopg.connect(url) as other:
            other.execute("UPDATE things SET number = number + 1")
        transaction.execute(_add, more=1)

    with pytest.raises(Unavailable, match="Another program"):
        await database.write(never_in_time)
    await database.write(add, "b", 2)
    assert await database.read(number_of, "b") == 2


async def test_a_service_that_goes_on_after_a_refused_statement_has_stored_nothing(database: PostgresDatabase) -> None:
    """PostgreSQL answers its COMMIT with a quiet ROLLBACK."""

    def shrug(transaction: Transaction) -> None:
        add(transaction, "a", 1)
        try:
            add(transaction, "a", 2)
        except psycopg.Error:
            return

    with pytest.raises(RuntimeError, match="rolled back"):
        await database.write(shrug)
    assert await database.read(number_of, "a") is None


@pytest.mark.parametrize(
    ("sqlstate", "told"),
    [("53100", StorageFull), ("53200", Unavailable), ("57014", Unavailable), ("25006", Unavailable)],
)
async def test_what_the_database_lacks_is_told_as_such(
    database: PostgresDatabase, tmp_path: Path, sqlstate: str, told: type[Problem]
) -> None:
    tampering.execute(
        tmp_path,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$",
    )
    tampering.execute(
        tmp_path, "CREATE TRIGGER refusing BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(told) as refused:
        await database.write(add, "a", 1)
    assert isinstance(refused.value, Problem)
    assert "nothing was stored" in refused.value.detail
    tampering.execute(tmp_path, "DROP TRIGGER refusing ON things")
    await database.write(add, "a", 1)


async def test_readers_change_nothing(database: PostgresDatabase) -> None:
    for look in (database.read, database.scan):
        with pytest.raises(Unavailable):
            await look(add, "a", 1)
    assert await database.read(number_of, "a") is None


async def test_a_second_server_is_refused_and_a_command_is_not(
    database: PostgresDatabase, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 1)
    second = PostgresDatabase(url, Bus())
    with pytest.raises(Unavailable, match="another server is using it"):
        await second.start()
    await second.stop()
    command = PostgresDatabase(url, Bus(), alone=False)
    await command.start()
    await command.write(add, "by a command", 1)
    await command.stop()
    await database.write(add, "by the server", 2)
    assert await database.read(number_of, "by a command") == 1
