"""Followers of the log share their readings, and yet each sees every event once, in order, and closes when it must.

Real bus, real log, real database; only the clock of the loop stands still until a test turns it, and readings take as
many turns of the loop as a test says.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from faultmaven.bus import SHARED_SECONDS, Bus
from faultmaven.cases import log
from faultmaven.cases.events import SessionOpened
from faultmaven.cases.stream import KEEPALIVE, KEEPALIVE_SECONDS, Closing, Followed, Follower, by_cursor
from faultmaven.database import Transaction
from faultmaven.identity.service import local_user
from faultmaven.sqlite import SqliteDatabase

HOURS = 3600.0
# As long as an event may take to reach a follower whose wake-up was lost.
AT_THE_LATEST = KEEPALIVE_SECONDS + SHARED_SECONDS


class StillLoop(asyncio.SelectorEventLoop):
    """Its clock stands still until it is turned."""

    ahead = 0.0

    def time(self) -> float:
        return self.ahead


class LossyBus(Bus):
    losing = False

    def wake(self, topics: set[str]) -> None:
        if not self.losing:
            super().wake(topics)


class SlowDatabase(SqliteDatabase):
    """Counts readings, each of which begins and ends some turns of the loop after it was asked for."""

    def __init__(self, path: Path, bus: Bus, delays: Iterator[int]) -> None:
        super().__init__(path, bus)
        self.delays = delays
        self.readings = 0

    async def read(self, work: Any, *args: Any, **more: Any) -> Any:
        self.readings += 1
        await turns(next(self.delays))
        found = await super().read(work, *args, **more)
        await turns(next(self.delays))
        return found


class Alive:
    """Until when each session lives, by the clock of the loop; None: until it is ended."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.until: dict[str, float] = {}

    def __call__(self, _transaction: Transaction, session: str) -> float | Closing:
        left = self.until.get(session, HOURS) - asyncio.get_running_loop().time()
        return Closing("session_ended") if session in self.ended or left <= 0 else left


@dataclass
class Reader:
    after: int
    task: asyncio.Task[None]
    sent: list[bytes] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [int(number) for number in re.findall(rb"^id: (\d+)$", b"".join(self.sent), re.MULTILINE)]

    @property
    def closed(self) -> bool:
        return self.task.done() and b"stream.closed" in self.sent[-1]


class Ground:
    """One user's log and all that follow it."""

    def __init__(self, loop: StillLoop, bus: LossyBus, database: SlowDatabase) -> None:
        self._loop = loop
        self.bus = bus
        self.database = database
        self.alive = Alive()
        self.readers: list[Reader] = []
        self.written = 0
        self.told = 0

    async def start(self) -> None:
        await self.database.start()
        self.user = await self.database.write(local_user)

    def join(self, after: int, session: str = "one") -> Reader:
        topics = (log.topic_of_user(self.user.id), f"session:{session}")
        followed = Followed(topics, log.of_user, self.user.id, by_cursor, self.alive, (session,))
        sent: list[bytes] = []

        async def send(chunk: bytes) -> None:
            sent.append(chunk)

        following = Follower(self.database, self.bus, followed, after).follow(send)
        reader = Reader(after, asyncio.create_task(following), sent)
        self.readers.append(reader)
        return reader

    async def write(self, count: int = 1, *, lost: bool = False) -> None:
        self.bus.losing = lost
        happened = SessionOpened(session_id="s", client_id="c", previous_session_id=None)
        await self.database.write(log.record_all, self.user.id, [happened] * count)
        self.bus.losing = False
        self.written += count
        self.told = self.told if lost else self.written

    async def turn(self, seconds: float) -> None:
        """Step by step, so that what falls due in between is done in between."""
        until = self._loop.ahead + seconds
        while self._loop.ahead < until:
            self._loop.ahead = min(self._loop.ahead + 0.5, until)
            await turns(ENOUGH)

    def leave(self, reader: Reader) -> None:
        self.readers.remove(reader)
        reader.task.cancel()


# Of the loop, for all that can happen before the clock is turned again.
ENOUGH = 20


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@cache
def new_database() -> bytes:
    """With its tables, which take longer to make than most of what is tested here."""

    async def make(path: Path) -> None:
        database = SqliteDatabase(path, Bus())
        await database.start()
        await database.stop()

    with TemporaryDirectory() as folder:
        asyncio.run(make(Path(folder) / "new.db"))
        return (Path(folder) / "new.db").read_bytes()


def on_ground(test: Callable[[Ground], Coroutine[Any, Any, None]], delays: list[int]) -> None:
    async def run(loop: StillLoop, path: Path) -> None:
        bus = LossyBus()
        ground = Ground(loop, bus, SlowDatabase(path, bus, itertools.cycle(delays)))
        await ground.start()
        try:
            await test(ground)
        finally:
            for reader in ground.readers:
                reader.task.cancel()
            await asyncio.gather(*(reader.task for reader in ground.readers), return_exceptions=True)
            await ground.database.stop()

    with TemporaryDirectory() as folder:
        path = Path(folder) / "test.db"
        path.write_bytes(new_database())
        loop = StillLoop()
        try:
            loop.run_until_complete(run(loop, path))
        finally:
            loop.close()


Steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 5), st.booleans()),
        st.tuples(st.just("join"), st.integers(0, 300)),
        st.tuples(st.just("leave"), st.integers(0, 300)),
        st.tuples(st.just("turns"), st.integers(1, 8)),
        st.tuples(st.just("seconds"), st.sampled_from([0.3, 1.0, 16.0])),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=Steps, before=st.sampled_from([0, 3, 199, 201, 400]), delays=st.lists(st.integers(0, 3), min_size=1))
def test_whatever_the_interleaving_each_follower_sees_every_event_once_and_in_order(
    steps: list[tuple[Any, ...]], before: int, delays: list[int]
) -> None:
    async def test(ground: Ground) -> None:
        await ground.write(before)
        gone = []
        for name, *values in steps:
            match name:
                case "write":
                    await ground.write(values[0], lost=values[1])
                case "join":
                    ground.join(min(values[0], ground.written))
                case "leave" if ground.readers:
                    gone.append(ground.readers[values[0] % len(ground.readers)])
                    ground.leave(gone[-1])
                case "turns":
                    await turns(values[0])
                case "seconds":
                    await ground.turn(values[0])
        await turns(2 * ENOUGH)
        assert all(reader.numbers[-1:] >= [ground.told] for reader in ground.readers if reader.after < ground.told)
        await ground.turn(AT_THE_LATEST)
        for reader in ground.readers:
            assert reader.numbers == list(range(reader.after + 1, ground.written + 1))
        for reader in gone:
            assert reader.numbers == list(range(reader.after + 1, reader.after + 1 + len(reader.numbers)))

    on_ground(test, delays)


def test_one_reading_serves_all_that_stand_at_the_same_number() -> None:
    async def test(ground: Ground) -> None:
        await ground.write(3)
        readers = [ground.join(3) for _ in range(100)]
        await turns(ENOUGH)
        before = ground.database.readings
        await ground.write()
        await turns(ENOUGH)
        assert [reader.numbers for reader in readers] == [[4]] * 100
        assert ground.database.readings - before == 2, "one page, one look whether the session lives"

    on_ground(test, [2])


def test_a_reader_that_goes_away_takes_nothing_from_those_it_shared_with() -> None:
    async def test(ground: Ground) -> None:
        for when in range(8):
            first, second = ground.join(ground.written), ground.join(ground.written)
            await turns(ENOUGH)
            await ground.write()
            await turns(when)
            ground.leave(first)
            await turns(ENOUGH)
            assert second.numbers == [ground.written]
            ground.leave(second)

    on_ground(test, [3])


def test_what_was_written_while_nobody_listened_is_seen_at_once_by_who_comes_then() -> None:
    async def test(ground: Ground) -> None:
        first = ground.join(0)
        await turns(ENOUGH)
        ground.leave(first)
        await turns(ENOUGH)
        await ground.write()
        second = ground.join(0)
        await turns(ENOUGH)
        assert second.numbers == [1]

    on_ground(test, [0])


def test_an_ended_session_closes_its_streams_at_the_next_wake_up_and_no_others() -> None:
    async def test(ground: Ground) -> None:
        one = [ground.join(0, "one") for _ in range(3)]
        other = ground.join(0, "other")
        await turns(ENOUGH)
        ground.alive.ended.add("one")
        ground.bus.wake({"session:one"})
        await turns(ENOUGH)
        assert all(reader.closed for reader in one)
        assert not other.task.done()

    on_ground(test, [1])


def test_an_answer_from_before_the_end_of_a_session_is_not_taken_for_one_from_after_it() -> None:
    """The reading is under way when the session ends, and comes back when its stream has been woken."""

    async def test(ground: Ground) -> None:
        readers = [ground.join(0) for _ in range(3)]
        await turns(ENOUGH)
        await ground.write()
        await turns(7)
        ground.alive.ended.add("one")
        ground.bus.wake({"session:one"})
        await turns(60)
        assert all(reader.closed for reader in readers)

    for delay in range(6):
        on_ground(test, [delay])


def test_a_session_whose_time_is_over_closes_its_streams_though_nobody_wakes_them() -> None:
    async def test(ground: Ground) -> None:
        ground.alive.until["one"] = 5.0
        early = [ground.join(0) for _ in range(3)]
        await ground.turn(4.8)
        late = ground.join(0)
        other = ground.join(0, "other")
        await ground.turn(0.1)
        assert not any(reader.task.done() for reader in early)
        await ground.turn(0.4)
        assert all(reader.closed for reader in [*early, late])
        assert not other.task.done()

    on_ground(test, [1])


def test_a_silent_stream_shows_that_it_lives() -> None:
    async def test(ground: Ground) -> None:
        reader = ground.join(0)
        await ground.turn(KEEPALIVE_SECONDS * 2)
        assert set(reader.sent) == {KEEPALIVE}
        assert len(reader.sent) in (2, 3)

    on_ground(test, [0])


def test_a_failed_reading_is_not_shared_with_those_who_ask_later() -> None:
    async def test(ground: Ground) -> None:
        ground.join(0)
        await ground.turn(2 * SHARED_SECONDS)
        reading, ground.database._reading = ground.database._reading, None
        broken = ground.join(0)
        await turns(ENOUGH)
        assert broken.task.exception() is not None
        ground.database._reading = reading
        whole = ground.join(0)
        await turns(ENOUGH)
        assert not whole.task.done()

    on_ground(test, [1])
