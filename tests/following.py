"""Reads server-sent events as a client does: over a real socket, frame by frame, as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

# Shorter than a stream's keep-alive: who is told something only by the next keep-alive is told too late.
SOON = 6.0


@dataclass(frozen=True)
class Frame:
    event: str
    id: int | None
    data: dict[str, Any]


class Stream:
    """Iterates over the frames; ends when the server ends the stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._frames = _frames(response.iter_raw())

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __next__(self) -> Frame:
        return next(self._frames)

    def until(self, event: str) -> list[Frame]:
        """Up to and with the first frame of this event."""
        seen = []
        for frame in self._frames:
            seen.append(frame)
            if frame.event == event:
                return seen
        raise AssertionError(f"the stream ended without {event}: {[frame.event for frame in seen]}")


@contextmanager
def follow(
    api: httpx.Client,
    path: str,
    *,
    method: str = "GET",
    params: dict[str, Any] | None = None,
    json: dict[str, Any] | None = None,
    timeout: float = SOON,
    headers: dict[str, str] | None = None,
) -> Iterator[Stream]:
    """`timeout` is how long the server may stay silent, keep-alives included."""
    accepting = {"Accept": "text/event-stream"} | (headers or {})
    with api.stream(method, path, params=params, json=json, headers=accepting, timeout=timeout) as response:
        if response.status_code != 200:
            response.read()
            raise AssertionError(response.text)
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


def _frames(chunks: Iterator[bytes]) -> Iterator[Frame]:
    pending = b""
    for chunk in chunks:
        pending += chunk
        while b"\n\n" in pending:
            block, _, pending = pending.partition(b"\n\n")
            # What starts with a colon only keeps the connection alive.
            if not block.startswith(b":"):
                yield _frame(block)


def _frame(block: bytes) -> Frame:
    fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
    return Frame(fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"]))


def log_up_to(api: httpx.Client, opened: dict[str, Any]) -> list[Frame]:
    """The user's log from its beginning to the opening of this session."""
    with follow(api, f"/api/v1/sessions/{opened['session_id']}/events") as stream:
        frames = [next(stream)]
        while frames[-1].id != opened["cursor"]:
            frames.append(next(stream))
    return frames
