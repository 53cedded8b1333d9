"""Wakes readers. It only ever says "look again": losing a wake-up costs latency, never an event."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Listener:
    """One reader's ear. Listen first, then read, then wait: what happens in between is not missed."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._event = asyncio.Event()

    @property
    def closed(self) -> bool:
        """The server is stopping; finish what you are sending."""
        return self._bus.closed

    def wake(self) -> None:
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

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Listener]:
        listener = Listener(self)
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._forget(topic, listener)

    def _forget(self, topic: str, listener: Listener) -> None:
        self._listeners[topic].discard(listener)
        if not self._listeners[topic]:
            del self._listeners[topic]

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
