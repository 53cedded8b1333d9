"""Waking readers: who listens is woken, who listens before reading misses nothing."""

from __future__ import annotations

import asyncio

import pytest

from faultmaven.bus import Bus

pytestmark = pytest.mark.anyio

LONG = 30.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_who_waits_is_woken() -> None:
    bus = Bus()
    with bus.listen("a") as listener:
        waiting = asyncio.create_task(listener.wait(LONG))
        await asyncio.sleep(0)
        bus.wake({"a"})
        assert await waiting is True


async def test_a_wake_up_between_reading_and_waiting_is_not_missed() -> None:
    bus = Bus()
    with bus.listen("a") as listener:
        bus.wake({"a"})
        assert await listener.wait(LONG) is True


async def test_a_wake_up_counts_once() -> None:
    bus = Bus()
    with bus.listen("a") as listener:
        bus.wake({"a"})
        bus.wake({"a"})
        assert await listener.wait(LONG) is True
        assert await listener.wait(0.001) is False


async def test_every_listener_of_a_topic_is_woken_and_no_other() -> None:
    bus = Bus()
    with bus.listen("a") as one, bus.listen("a", "b") as two, bus.listen("b") as other:
        bus.wake({"a"})
        assert await one.wait(LONG) is True
        assert await two.wait(LONG) is True
        assert await other.wait(0.001) is False


async def test_a_listener_of_two_topics_is_woken_by_either() -> None:
    bus = Bus()
    with bus.listen("a", "b") as listener:
        for topic in ("a", "b"):
            bus.wake({topic})
            assert await listener.wait(LONG) is True


async def test_a_listener_may_leave_while_others_stay() -> None:
    bus = Bus()
    with bus.listen("a") as staying:
        with bus.listen("a"):
            pass
        bus.wake({"a"})
        assert await staying.wait(LONG) is True
    bus.wake({"a"})


async def test_closing_wakes_everyone_for_good() -> None:
    bus = Bus()
    with bus.listen("a") as one, bus.listen("b") as two:
        waiting = asyncio.create_task(one.wait(LONG))
        await asyncio.sleep(0)
        bus.close()
        assert await waiting is True
        for _ in range(2):
            assert await two.wait(LONG) is True
        assert one.closed
        assert two.closed
