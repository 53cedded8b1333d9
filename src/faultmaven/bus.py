"""Wakes readers. It only ever says "look again": losing a wake-up costs latency, never an event."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

SHARED_SECONDS = 1.0
SHARED_READINGS = 64


class Look:
    """What the readers of one topic find between two wake-ups; each thing is read once for all of them.

    No look lasts longer than a second, since a wake-up may be lost.
    """

    __slots__ = ("_found", "until")

    def __init__(self, now: float) -> None:
        self.until = now + SHARED_SECONDS
        self._found: dict[Hashable, asyncio.Task[Any]] = {}

    def holds_until(self, moment: float) -> None:
        """Something found here is only true until then, by the clock of the loop."""
        self.until = min(self.until, moment)

    async def find(self, what: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` gives, which another reader may have called. `what` says everything that it depends on."""
        reading: asyncio.Task[T] | None = self._found.get(what)
        if reading is None:
            if len(self._found) == SHARED_READINGS:
                self._found.clear()
            reading = self._found[what] = asyncio.create_task(read())
        try:
            # Shielded: a reader that goes away must not take the reading from the others.
            return reading.result() if reading.done() else await asyncio.shield(reading)
        except Exception:
            self._found.pop(what, None)
            raise


class Listener:
    """One reader's ear. Listen first, then look, then wait: what happens in between is not missed."""

    __slots__ = ("_bus", "_event", "_topic")

    def __init__(self, bus: Bus, topic: str) -> None:
        self._bus = bus
        self._topic = topic
        self._event = asyncio.Event()

    @property
    def closed(self) -> bool:
        """The server is stopping; finish what you are sending."""
        return self._bus.closed

    def look(self) -> Look:
        """Shared with all that listen to the same topic first; younger than the last wake-up of any of them."""
        return self._bus.look(self._topic)

    def wake(self) -> None:
        self._bus.forget_look(self._topic)
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Until woken, at most so long. True if woken."""
        if self._bus.closed:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Bus:
    """Within one process. Not thread-safe: call it on the loop."""

    def __init__(self) -> None:
        self.closed = False
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._looks: dict[str, Look] = {}

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Listener]:
        listener = Listener(self, topics[0])
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._leave(topic, listener)

    def _leave(self, topic: str, listener: Listener) -> None:
        self._listeners[topic].discard(listener)
        if not self._listeners[topic]:
            del self._listeners[topic]
            self.forget_look(topic)  # nobody is left who would be woken, and so nobody who would forget it

    def look(self, topic: str) -> Look:
        now = asyncio.get_running_loop().time()
        found = self._looks.get(topic)
        if found is None or found.until <= now:
            found = self._looks[topic] = Look(now)
        return found

    def forget_look(self, topic: str) -> None:
        self._looks.pop(topic, None)

    def wake(self, topics: set[str]) -> None:
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.wake()

    def close(self) -> None:
        """Wakes everyone for the last time."""
        self.closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake()
