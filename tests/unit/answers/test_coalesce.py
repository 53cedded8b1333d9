"""Steps gathered by time: none lost, none out of order, and slow ones not held back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultmaven.answers.coalesce import coalesced

pytestmark = pytest.mark.anyio

LONG = 30.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def steps_of(*steps: int) -> AsyncIterator[int]:
    for step in steps:
        yield step


async def test_what_comes_at_once_is_one_group() -> None:
    assert [group async for group in coalesced(steps_of(1, 2, 3), LONG)] == [[1, 2, 3]]


async def test_nothing_makes_no_group() -> None:
    assert [group async for group in coalesced(steps_of(), LONG)] == []


async def test_a_step_is_given_on_before_the_next_one_comes() -> None:
    taken = asyncio.Event()

    async def waiting_for_the_reader() -> AsyncIterator[int]:
        for step in (1, 2, 3):
            yield step
            await taken.wait()
            taken.clear()

    groups = []
    async for group in coalesced(waiting_for_the_reader(), 0.001):
        groups.append(group)
        taken.set()
    assert groups == [[1], [2], [3]]


async def test_a_group_is_closed_by_time_even_if_steps_keep_coming() -> None:
    async def without_end() -> AsyncIterator[int]:
        number = 0
        while True:
            yield number
            number += 1
            await asyncio.sleep(0.0005)

    steps = coalesced(without_end(), 0.005)
    first, second = await anext(steps), await anext(steps)
    await steps.aclose()
    assert first + second == list(range(len(first) + len(second)))


async def test_an_error_reaches_the_reader() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        async for _ in coalesced(failing(), LONG):
            pass


async def test_a_reader_that_leaves_stops_the_steps() -> None:
    stopped = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            stopped.set()

    steps = coalesced(endless(), 0.001)
    assert await anext(steps) == [1]
    await steps.aclose()
    assert stopped.is_set()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from((0.0, 0.0, 0.0005, 0.003)), max_size=25))
def test_all_steps_arrive_once_and_in_order(pauses: list[float]) -> None:
    async def paced() -> AsyncIterator[int]:
        for number, pause in enumerate(pauses):
            if pause:
                await asyncio.sleep(pause)
            yield number

    async def gathered() -> list[list[int]]:
        return [group async for group in coalesced(paced(), 0.002)]

    groups = asyncio.run(gathered())
    assert [step for group in groups for step in group] == list(range(len(pauses)))
    assert [] not in groups
