"""Server-sent events: replay what came after a number, then follow.

A frame's `id` is the number to resume from, `event` the event's type, `data` its JSON, which also holds the number.
Frames are made of JSON that was encoded when the event was stored, once for all readers that stand at the same number.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from faultmaven.bus import Bus, Listener
from faultmaven.cases.events import StreamClosed
from faultmaven.cases.log import PAGE, Recorded
from faultmaven.database import Database, Transaction
from faultmaven.observability import ASGIApp, Receive, Scope, Send

KEEPALIVE_SECONDS = 15.0
KEEPALIVE = b": still here\n\n"
MEDIA_TYPE = "text/event-stream"
CHUNK_BYTES = 64 << 10

# A browser sends back what it was sent last, and nothing at first.
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^[0-9]{0,16}$")]
Number = Callable[[Recorded], int]

# Where the scope of a request has the stream that answers it.
STREAM = "faultmaven.stream"


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a stream ends before its reader wants it to: a code of errors.py, or of the error of a query."""

    code: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What to read, on which wake-ups, by which number, and until when.

    `events(transaction, of, after)` reads a page of the log. `still(transaction, *of_whom)` answers how many seconds
    the stream may live without being asked again, or why it must close now. Streams with the same of these share the
    answers, so whatever they depend on must be among their arguments.
    """

    topics: tuple[str, ...]
    events: Callable[[Transaction, str, int], list[Recorded]]
    of: str
    number: Number
    still: Callable[..., float | Closing]
    of_whom: tuple[Hashable, ...]
    last: Callable[[Recorded], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Page:
    """Frames as they are sent, and where their reader then stands."""

    chunks: list[bytes]
    newest: int
    full: bool
    last: bool


def by_seq(event: Recorded) -> int:
    assert event.seq is not None
    return event.seq


def by_cursor(event: Recorded) -> int:
    return event.cursor


class Follower:
    """One reader of one log, and where it stands."""

    __slots__ = ("_after", "_bus", "_database", "_followed")

    def __init__(self, database: Database, bus: Bus, followed: Followed, after: int) -> None:
        self._database = database
        self._bus = bus
        self._followed = followed
        self._after = after

    async def follow(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Sends frames in order, without gap or repetition, until the last event, the closing, or the server's stop."""
        with self._bus.listen(*self._followed.topics) as listener:
            await send(KEEPALIVE)
            while (until := await self._catch_up(listener, send)) is not None:
                # Not all at the same time, where many began to wait at the same event.
                patience = KEEPALIVE_SECONDS * random.uniform(0.8, 1)
                if not await listener.wait(min(until - _now(), patience)):
                    await send(KEEPALIVE)
                if listener.closed:
                    return

    async def _catch_up(self, listener: Listener, send: Callable[[bytes], Awaitable[None]]) -> float | None:
        """Sends what there is; until when the stream may then live unasked, or None if it is over.

        Apart from `follow`, so that an idle stream keeps nothing of what it has sent.
        """
        followed = self._followed
        while True:
            look = listener.look()
            page = await look.find((followed.events, followed.of, self._after), self._read)
            for chunk in page.chunks:
                await send(chunk)
            self._after = page.newest
            if page.last:
                return None
            until = await look.find((followed.still, *followed.of_whom), self._ask)
            if isinstance(until, Closing):
                await send(_last_frame(until))
                return None
            if not page.full:
                look.holds_until(until)
                return until

    async def _read(self) -> Page:
        events = await self._database.read(self._followed.events, self._followed.of, self._after)
        ends = (number for number, event in enumerate(events, 1) if self._followed.last(event))
        end = next(ends, None)
        events, full = events[:end], len(events) == PAGE
        newest = self._followed.number(events[-1]) if events else self._after
        return Page(list(_chunks(self._frames(events))), newest, full, end is not None)

    def _frames(self, events: Iterable[Recorded]) -> Iterator[bytes]:
        for event in events:
            yield f"id: {self._followed.number(event)}\nevent: {event.type}\ndata: {event.body}\n\n".encode()

    async def _ask(self) -> float | Closing:
        """Until when, by the clock of the loop, the stream may live; or why it must close."""
        lease = await self._database.read(self._followed.still, *self._followed.of_whom)
        return lease if isinstance(lease, Closing) else _now() + lease


class EventStream(Response):
    """Only begun by the framework: `Streams` runs it."""

    media_type = MEDIA_TYPE

    def __init__(self, database: Database, bus: Bus, followed: Followed, after: int) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._follower = Follower(database, bus, followed, after)

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        scope[STREAM] = self

    async def run(self, receive: Receive, send: Send) -> None:
        """Until its end, or until the reader goes away."""
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(send))
            while (await receive())["type"] != "http.disconnect":
                pass
            sending.cancel()

    async def _send(self, send: Send) -> None:
        async def send_chunk(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._follower.follow(send_chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Streams:
    """ASGI layer around the framework: runs a stream once the framework has let go of its request.

    What the framework keeps while it answers takes more memory than the stream itself, and a stream lasts for hours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        stream = scope.get(STREAM)
        if stream is not None:
            await stream.run(receive, send)


def _chunks(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Small frames together: what is sent costs by the piece."""
    gathered: list[bytes] = []
    size = 0
    for frame in frames:
        if gathered and size + len(frame) > CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
        gathered.append(frame)
        size += len(frame)
    if gathered:
        yield b"".join(gathered)


def _last_frame(closing: Closing) -> bytes:
    event = StreamClosed(code=closing.code)
    return f"event: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


def _now() -> float:
    return asyncio.get_running_loop().time()


def wants_stream(accept: str | None) -> bool:
    return accept is not None and MEDIA_TYPE in accept


def resume_after(after: int | None, last_event_id: str | None) -> int:
    """`?after=` if given, else the browser's Last-Event-ID, else from the beginning."""
    if after is not None:
        return after
    return int(last_event_id) if last_event_id else 0
