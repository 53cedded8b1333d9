"""The writer that commits groups: what it promises to each caller, whoever else is in the group."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import databases, tampering

from faultmaven.database import Transaction
from faultmaven.databases import open_database
from faultmaven.errors import CaseNotFound, Problem, Unavailable
from faultmaven.settings import Settings

pytestmark = pytest.mark.anyio

notes = sa.table("notes", sa.column("text", sa.Text), sa.column("place", sa.BigInteger))
_next_place = sa.select(sa.func.count()).select_from(notes).scalar_subquery()
_insert = sa.insert(notes).values(text=sa.bindparam("words"), place=_next_place)
_all = sa.select(notes.c.text).order_by(notes.c.place)
_none = sa.update(notes).where(notes.c.text == "nobody wrote this").values(place=0)
_look_and_write = sa.update(notes).where(notes.c.text == sa.bindparam("words")).values(place=0).returning(notes.c.text)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Awake:
    """Hears of every wake-up, and looks at once at what can be read by then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.heard: list[tuple[set[str], list[str]]] = []

    def wake(self, topics: set[str]) -> None:
        self.heard.append((topics, committed(self._folder)))


class Opened:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.awake = Awake(folder)
        chosen = Settings(data_dir=folder, **databases.settings_for(folder))  # type: ignore[arg-type]  # converted
        self.database = open_database(chosen, self.awake)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Opened]:
    one = Opened(folder)
    await one.database.start()
    try:
        tampering.execute(folder, "CREATE TABLE notes (text TEXT PRIMARY KEY, place BIGINT)")
        yield one
    finally:
        await one.database.stop()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(tmp_path) as one:
        yield one


def committed(folder: Path) -> list[str]:
    """What somebody else sees, in the order it was written."""
    return [text for (text,) in tampering.execute(folder, "SELECT text FROM notes ORDER BY place")]


def note(transaction: Transaction, text: str) -> str:
    transaction.execute(_insert, words=text)
    transaction.wake(text)
    return text


def read_notes(transaction: Transaction) -> list[str]:
    return [row.text for row in transaction.all(_all)]


def refuse(_: Transaction) -> None:
    raise CaseNotFound()


def note_and_refuse(transaction: Transaction, text: str) -> None:
    note(transaction, text)
    raise CaseNotFound()


def crash(transaction: Transaction, text: str, error: type[BaseException]) -> None:
    note(transaction, text)
    raise error(text)


async def in_one_group(store: Opened, *work: Callable[[Transaction], object]) -> list[object]:
    """The outcome of each, result or error: all wait while the writer is held up, and are then taken at once."""
    held, go = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        held.set()
        go.wait()

    holding = asyncio.create_task(store.database.write(hold))
    await asyncio.to_thread(held.wait)
    waiting = [asyncio.create_task(store.database.write(one)) for one in work]
    await asyncio.sleep(0)  # each has now handed over its work
    go.set()
    await holding
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_waiting_callers_share_one_transaction(store: Opened) -> None:
    def look(transaction: Transaction) -> tuple[list[str], list[str]]:
        return read_notes(transaction), committed(store.folder)

    outcome = await in_one_group(store, lambda t: note(t, "a"), lambda t: note(t, "b"), look)
    assert outcome == ["a", "b", (["a", "b"], [])]
    assert committed(store.folder) == ["a", "b"]


async def test_a_member_that_fails_after_a_change_takes_nothing_from_the_others(store: Opened) -> None:
    outcome = await in_one_group(
        store, lambda t: note(t, "a"), lambda t: note_and_refuse(t, "lost"), lambda t: note(t, "b")
    )
    assert [outcome[0], type(outcome[1]), outcome[2]] == ["a", CaseNotFound, "b"]
    assert committed(store.folder) == ["a", "b"]


async def test_after_a_failure_the_members_run_alone(store: Opened) -> None:
    def look(_: Transaction) -> list[str]:
        return committed(store.folder)

    outcome = await in_one_group(store, lambda t: note(t, "a"), lambda t: note_and_refuse(t, "lost"), look)
    assert outcome[2] == ["a"]


async def test_a_refusal_before_any_change_costs_nobody_a_second_run(store: Opened) -> None:
    runs: list[str] = []

    def counted(transaction: Transaction, text: str) -> str:
        runs.append(text)
        return note(transaction, text)

    outcome = await in_one_group(store, lambda t: counted(t, "a"), refuse, lambda t: counted(t, "b"))
    assert isinstance(outcome[1], CaseNotFound)
    assert runs == ["a", "b"]
    assert committed(store.folder) == ["a", "b"]


@pytest.mark.parametrize("error", [ValueError, AssertionError, RecursionError, MemoryError])
async def test_the_writer_survives_whatever_a_caller_raises(store: Opened, error: type[BaseException]) -> None:
    outcome = await in_one_group(store, lambda t: note(t, "a"), lambda t: crash(t, "lost", error))
    assert outcome[0] == "a"
    assert type(outcome[1]) is error
    assert await store.database.write(note, "b") == "b"
    assert committed(store.folder) == ["a", "b"]


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        (lambda t: t.all(_all), ["a", "b"]),
        (lambda t: t.execute(_none), ["a", "b"]),
        (lambda t: t.first(_look_and_write, words="nobody wrote this"), ["a", "b"]),
        (lambda t: t.execute(_insert, words="lost"), ["a", "b", "a", "b"]),
        (lambda t: t.first(_look_and_write, words="a"), ["a", "b", "a", "b"]),
    ],
    ids=["looked", "changed nothing", "found nothing to change", "wrote", "changed and looked"],
)
async def test_only_who_changed_something_before_refusing_makes_the_others_run_again(
    store: Opened, asked: Callable[[Transaction], object], runs: list[str]
) -> None:
    ran: list[str] = []

    def counted(transaction: Transaction, text: str) -> str:
        ran.append(text)
        return note(transaction, text)

    def ask_and_refuse(transaction: Transaction) -> None:
        asked(transaction)
        raise CaseNotFound()

    # The refusal comes last, so that all of the group has run when it is taken back.
    await in_one_group(store, lambda t: counted(t, "a"), lambda t: counted(t, "b"), ask_and_refuse)
    assert ran == runs
    assert committed(store.folder) == ["a", "b"]


async def test_an_error_of_the_database_reaches_its_caller_alone(store: Opened) -> None:
    outcome = await in_one_group(store, lambda t: note(t, "a"), lambda t: note(t, "a"), lambda t: note(t, "b"))
    assert [outcome[0], outcome[2]] == ["a", "b"]
    assert isinstance(outcome[1], Exception)
    assert "unique" in str(outcome[1]).lower()


async def test_readers_are_woken_when_it_can_be_read(store: Opened) -> None:
    await in_one_group(store, lambda t: note(t, "a"), lambda t: note(t, "b"))
    assert store.awake.heard == [({"a", "b"}, ["a", "b"])]


async def test_nobody_is_woken_for_what_was_not_kept(store: Opened) -> None:
    await in_one_group(store, lambda t: note(t, "a"), lambda t: note_and_refuse(t, "lost"))
    assert store.awake.heard == [({"a"}, ["a"])]


async def test_a_caller_that_leaves_does_not_undo_its_work(store: Opened) -> None:
    held, go = threading.Event(), threading.Event()

    def slowly(transaction: Transaction) -> None:
        held.set()
        go.wait()
        note(transaction, "kept")

    leaving = asyncio.create_task(store.database.write(slowly))
    await asyncio.to_thread(held.wait)
    leaving.cancel()
    go.set()
    await store.database.write(note, "next")
    assert leaving.cancelled()
    assert committed(store.folder) == ["kept", "next"]


async def test_a_read_sees_what_is_committed_and_changes_nothing(store: Opened) -> None:
    await store.database.write(note, "a")
    assert await store.database.read(read_notes) == ["a"]
    assert await store.database.scan(read_notes) == ["a"]
    with pytest.raises(CaseNotFound):
        await store.database.read(refuse)
    assert await store.database.read(read_notes) == ["a"]


async def test_a_scan_sees_one_state_from_beginning_to_end(store: Opened) -> None:
    await store.database.write(note, "a")
    seen, go = threading.Event(), threading.Event()

    def twice(transaction: Transaction) -> tuple[list[str], list[str]]:
        first = read_notes(transaction)
        seen.set()
        go.wait()
        return first, read_notes(transaction)

    scanning = asyncio.create_task(store.database.scan(twice))
    await asyncio.to_thread(seen.wait)
    await store.database.write(note, "b")
    go.set()
    assert await scanning == (["a"], ["a"])


async def test_all_of_one_transaction_happens_at_one_time(store: Opened) -> None:
    first, second = await store.database.write(lambda t: (t.now, t.now))
    assert first == second


async def test_stopping_finishes_what_is_waiting_and_refuses_what_comes_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as one:
        waiting = [asyncio.create_task(one.database.write(note, str(number))) for number in range(20)]
        await asyncio.sleep(0)
        await one.database.stop()
        assert await asyncio.gather(*waiting) == [str(number) for number in range(20)]
        for work in (one.database.write, one.database.read):
            with pytest.raises(Unavailable):
                await work(read_notes)
    assert committed(one.folder) == [str(number) for number in range(20)]


Way = Literal["note", "refuse", "note and refuse", "crash"]
ways: st.SearchStrategy[Way] = st.sampled_from(("note", "refuse", "note and refuse", "crash"))


def work_of(way: Way, text: str) -> Callable[[Transaction], object]:
    match way:
        case "note":
            return lambda transaction: note(transaction, text)
        case "refuse":
            return refuse
        case "note and refuse":
            return lambda transaction: note_and_refuse(transaction, text)
        case "crash":
            return lambda transaction: crash(transaction, text, ValueError)


@settings(max_examples=25, deadline=None)
@given(st.lists(ways, min_size=1, max_size=12))
def test_each_gets_its_own_outcome_and_exactly_what_succeeded_is_kept(given_ways: list[Way]) -> None:
    async def scenario(folder: Path) -> None:
        async with opened(folder) as one:
            work = [work_of(way, str(number)) for number, way in enumerate(given_ways)]
            outcome = await in_one_group(one, *work)
            kept = [str(number) for number, way in enumerate(given_ways) if way == "note"]
            assert committed(one.folder) == kept
            assert set().union(*(topics for topics, _ in one.awake.heard)) == set(kept)
        for number, (way, got) in enumerate(zip(given_ways, outcome, strict=True)):
            match way:
                case "note":
                    assert got == str(number)
                case "refuse" | "note and refuse":
                    assert isinstance(got, Problem)
                case "crash":
                    assert isinstance(got, ValueError)
                    assert str(got) == str(number)

    with TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))
