"""A TCP proxy that breaks connections, the same way again from the same seed.

What happens to the n-th connection depends on the seed and on n alone. Where it happens is counted in bytes from the
start of a place: the head or the body of the first request of the connection, or of its response. What follows on a
connection that is kept alive counts as more of the body.

    pass       nothing happens
    delay      what comes that way waits for up to half a second at that byte, then goes on
    reset      both sides see the connection reset (RST), and what was on its way is gone
    finish     both sides see an orderly end (FIN) in the middle
    half_open  nothing is forwarded from there on, in either direction, and nobody is told
    refuse     reset at once, before anything reaches the server
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Fault = Literal["pass", "delay", "reset", "finish", "half_open", "refuse"]
Place = Literal["request head", "request body", "response head", "response body"]
PLACES: tuple[Place, ...] = get_args(Place)
CUTS: tuple[Fault, ...] = ("reset", "finish", "half_open")

CHUNK = 1 << 16
LONGEST_DELAY = 0.5
# So long a half-open connection is kept, even if its client has gone: that is what half-open means to a server.
KEPT_HALF_OPEN = 20.0
HEAD_END = b"\r\n\r\n"
NO_LINGER = struct.pack("ii", 1, 0)

# Weights, not percentages.
USUAL: Mapping[Fault, int] = {"pass": 30, "delay": 10, "reset": 28, "finish": 24, "half_open": 2, "refuse": 6}
Reach = Sequence[tuple[Place, int]]
# Where a fault may strike, and how many bytes into that place; each as likely as the other.
REACH: Reach = (("request head", 300), ("request body", 200), ("response head", 350), ("response body", 3000))


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to happen to one connection once `after` bytes of `place` have been forwarded."""

    fault: Fault
    place: Place
    after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Happened:
    """What did happen. A connection that ended before its fate came is not told of."""

    connection: int
    fault: Fault
    place: Place
    after: int


def fate(seed: int, connection: int, weights: Mapping[Fault, int], reach: Reach) -> Fate:
    chance = random.Random(f"{seed}:{connection}")
    fault = chance.choices(list(weights), list(weights.values()))[0]
    place, most = chance.choice(reach)
    return Fate(fault, place, chance.randrange(most), chance.uniform(0.01, LONGEST_DELAY))


class FaultProxy:
    """Listens on 127.0.0.1, in a thread of its own from `with` to its end.

    `upstream` is the port of the server; set it before the first connection, and again when the server has moved.
    """

    def __init__(self, seed: int, weights: Mapping[Fault, int] = USUAL, reach: Reach = REACH) -> None:
        self.upstream = 0
        self.connections = 0
        self.happened: list[Happened] = []
        self._seed = seed
        self._weights = weights
        self._reach = reach
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="fault proxy", daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        """As clients dial it, and as FAULTMAVEN_ALLOWED_HOSTS must name it."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def cuts(self) -> Counter[Place]:
        """How often a connection was broken in each place."""
        return Counter(one.place for one in list(self.happened) if one.fault in CUTS)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._accept())

    async def _accept(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._socket, backlog=512)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        task.add_done_callback(self._links.discard)
        number, self.connections = self.connections, self.connections + 1
        destined = fate(self._seed, number, self._weights, self._reach)
        # The proxy's end cancels it.
        with contextlib.suppress(asyncio.CancelledError):
            await _Link(number, destined, self.happened, writer).run(reader, self.upstream)


class _Progress:
    """Which place one direction of a connection is in, and how many bytes of it have been forwarded."""

    def __init__(self, head: Place, body: Place) -> None:
        self.place = head
        self.done = 0
        self._body = body
        self._tail = b""

    def in_place(self, data: bytes) -> bytes:
        """As much of `data` as lies in the present place."""
        if self.place == self._body:
            return data
        end = (self._tail + data).find(HEAD_END)
        return data if end < 0 else data[: end + len(HEAD_END) - len(self._tail)]

    def passed(self, data: bytes) -> None:
        self.done += len(data)
        if self.place != self._body:
            seen = self._tail + data
            self._tail = seen[1 - len(HEAD_END) :]
            if seen.endswith(HEAD_END):
                self.place, self.done = self._body, 0


class _Link:
    """One connection through the proxy."""

    def __init__(self, number: int, destined: Fate, happened: list[Happened], writer: asyncio.StreamWriter) -> None:
        self._number = number
        self._fate = destined
        self._happened = happened
        self._struck = destined.fault == "pass"
        self._halted = asyncio.Event()
        self._writers = [writer]

    async def run(self, reader: asyncio.StreamReader, upstream: int) -> None:
        try:
            if self._fate.fault == "refuse":
                self._note("request head", 0)
                self._reset()
                return
            try:
                there, back = await asyncio.open_connection("127.0.0.1", upstream)
            except OSError:  # the server is down, and so would its port be
                self._reset()
                return
            self._writers.append(back)
            await self._forward_both(reader, there)
        finally:
            for writer in self._writers:
                writer.close()

    async def _forward_both(self, reader: asyncio.StreamReader, there: asyncio.StreamReader) -> None:
        to_client, to_server = self._writers
        asking = asyncio.create_task(self._forward(reader, to_server, _Progress("request head", "request body")))
        answering = asyncio.create_task(self._forward(there, to_client, _Progress("response head", "response body")))
        halting = asyncio.create_task(self._halted.wait())
        try:
            # A client that has no more to ask still listens; a server that has ended has said everything.
            await asyncio.wait([answering, halting], return_when=asyncio.FIRST_COMPLETED)
            if self._halted.is_set() and self._fate.fault == "half_open":
                await asyncio.sleep(KEPT_HALF_OPEN)
        finally:
            for task in (asking, answering, halting):
                task.cancel()
            await asyncio.gather(asking, answering, halting, return_exceptions=True)

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, progress: _Progress) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                while data and not self._halted.is_set():
                    piece = progress.in_place(data)
                    data = data[len(piece) :]
                    await self._pass_on(piece, target, progress)
            if not self._halted.is_set():
                target.write_eof()

    async def _pass_on(self, piece: bytes, target: asyncio.StreamWriter, progress: _Progress) -> None:
        left = self._fate.after - progress.done
        if not self._struck and progress.place == self._fate.place and 0 <= left < len(piece):
            self._struck = True
            await _write(target, piece[:left])
            progress.passed(piece[:left])
            piece = piece[left:]
            self._note(self._fate.place, self._fate.after)
            await self._strike()
        if not self._halted.is_set():
            await _write(target, piece)
            progress.passed(piece)

    async def _strike(self) -> None:
        if self._fate.fault == "delay":
            await asyncio.sleep(self._fate.seconds)
            return
        self._halted.set()
        if self._fate.fault == "reset":
            self._reset()

    def _reset(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()

    def _note(self, place: Place, after: int) -> None:
        self._happened.append(Happened(self._number, self._fate.fault, place, after))


async def _write(target: asyncio.StreamWriter, data: bytes) -> None:
    if data:
        target.write(data)
        await target.drain()
