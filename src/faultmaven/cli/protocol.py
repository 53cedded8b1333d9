"""HTTP/1.1 as uvicorn speaks it, with bounds on what a client can make the server keep, and answers in one piece."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from faultmaven.cases.stream import STREAM

HEAD_BYTES = 64 << 10
SLOW_SECONDS = 30.0

_SAID = b"The headers of this request are longer than 64 KiB.\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: text/plain\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_SAID), _SAID)
)
_GO_ON = b"HTTP/1.1 100 "


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request head is longer than 64 KiB, with 431: httptools would collect it whole before
    anyone can ask who sent it. Cuts a stream whose reader takes next to nothing for 30 seconds: it can come back and
    go on where it was, and until then nothing more is kept for it.
    """

    _head = 0
    _in_head = True
    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.transport: Any = _Joining(transport)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head, self._in_head = 0, False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.transport.begin()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if STREAM in self.scope:
            self._cut = self.loop.call_later(SLOW_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._keep()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep()
        super().connection_lost(exc)

    def _keep(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


class _Joining:
    """A transport that sends the head of a response together with the beginning of its body.

    uvicorn writes them one by one: two system calls, two packets, and a client that is woken for nothing.
    """

    __slots__ = ("_at_head", "_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._at_head = True
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def begin(self) -> None:
        """The next that is written is the head of a response; one without a body goes out now."""
        self._send_held()
        self._at_head = True

    def write(self, data: bytes) -> None:
        if self._at_head and not data.startswith(_GO_ON):
            self._at_head, self._held = False, data
            return
        held, self._held = self._held, b""
        if held or data:
            self._transport.write(held + data)

    def close(self) -> None:
        self._send_held()
        self._transport.close()

    def _send_held(self) -> None:
        if self._held:
            self.write(b"")
