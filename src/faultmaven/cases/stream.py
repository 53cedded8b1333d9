"""Server-sent events: replay what came after a number, then follow.

A frame's `id` is the number to resume from, `event` the event's type, `data` its JSON, which also holds the number.
Frames are made of JSON that was encoded when the event was stored, so a follower costs no encoding.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header
from starlette.responses import StreamingResponse

from faultmaven.bus import Bus
from faultmaven.cases.events import StreamClosed
from faultmaven.cases.log import PAGE, Recorded

KEEPALIVE_SECONDS = 15.0
KEEPALIVE = b": still here\n\n"
MEDIA_TYPE = "text/event-stream"

# A browser sends back what it was sent last, and nothing at first.
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^[0-9]{0,16}$")]
Fetch = Callable[[int], Awaitable[list[Recorded]]]
Number = Callable[[Recorded], int]


class EventStream(StreamingResponse):
    media_type = MEDIA_TYPE

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        super().__init__(frames, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a stream ends before its reader wants it to: a code of errors.py, or of the error of a query."""

    code: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What to read, by which number, and until when.

    `still` answers how many seconds the stream may live without being asked again, or why it must close now.
    """

    topic: str
    fetch: Fetch
    number: Number
    still: Callable[[], Awaitable[float | Closing]]
    last: Callable[[Recorded], bool] = lambda _: False


def by_seq(event: Recorded) -> int:
    assert event.seq is not None
    return event.seq


def by_cursor(event: Recorded) -> int:
    return event.cursor


async def follow(bus: Bus, followed: Followed, after: int) -> AsyncIterator[bytes]:
    """Yields frames in order, without gap or repetition, until the last event, the closing, or the server's stop."""
    with bus.listen(followed.topic) as listener:
        yield KEEPALIVE
        while True:
            page = await followed.fetch(after)
            for event in page:
                after = followed.number(event)
                yield frame(event, after)
                if followed.last(event):
                    return
            if len(page) == PAGE:
                continue
            lease = await followed.still()
            if isinstance(lease, Closing):
                yield _last_frame(lease)
                return
            if not await listener.wait(min(lease, KEEPALIVE_SECONDS)):
                yield KEEPALIVE
            if listener.closed:
                return


def frame(event: Recorded, number: int) -> bytes:
    return f"id: {number}\nevent: {event.type}\ndata: {event.body}\n\n".encode()


def _last_frame(closing: Closing) -> bytes:
    event = StreamClosed(code=closing.code)
    return f"event: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


def wants_stream(accept: str | None) -> bool:
    return accept is not None and MEDIA_TYPE in accept


def resume_after(after: int | None, last_event_id: str | None) -> int:
    """`?after=` if given, else the browser's Last-Event-ID, else from the beginning."""
    if after is not None:
        return after
    return int(last_event_id) if last_event_id else 0
