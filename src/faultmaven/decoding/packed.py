"""Unpacks gzip and Zstandard, a piece at a time: however much a few bytes unpack to, little of it is held."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 1 << 20
_GZIP, _ZSTANDARD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
# Of the formats' own: gzip with its header and checksum.
_GZIP_WINDOW = 31


class Unreadable(ValueError):
    """The message is whole sentences for a person."""


def is_gzip(beginning: bytes) -> bool:
    return beginning.startswith(_GZIP)


def is_zstandard(beginning: bytes) -> bool:
    return beginning.startswith(_ZSTANDARD)


class Gzip:
    """Several members one behind the other are one content; zeros behind the last are padding."""

    name = "gzip"

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._between = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._between:
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._member, self._between = zlib.decompressobj(_GZIP_WINDOW), False
            try:
                piece = self._member.decompress(data, PIECE)
            except zlib.error:
                raise _damaged(self.name) from None
            yield piece
            data = self._member.unconsumed_tail
            if self._member.eof:
                data, self._between = self._member.unused_data, True

    def finish(self) -> Iterator[bytes]:
        if not self._between:
            raise _cut(self.name)
        return iter(())


class Zstandard:
    """Several frames one behind the other are one content."""

    name = "zstd"

    def __init__(self) -> None:
        self._frame = zstd.ZstdDecompressor()
        self._between = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or not self._frame.needs_input:
            if self._between:
                if not data:
                    return
                self._frame, self._between = zstd.ZstdDecompressor(), False
            try:
                piece = self._frame.decompress(data, PIECE)
            except zstd.ZstdError:
                raise _damaged(self.name) from None
            yield piece
            data = b""
            if self._frame.eof:
                data, self._between = self._frame.unused_data, True

    def finish(self) -> Iterator[bytes]:
        if not self._between:
            raise _cut(self.name)
        return iter(())


def _damaged(name: str) -> Unreadable:
    return Unreadable(
        f"This is {name}, but damaged. Unpack what can be read of it with the {name} command, and show that."
    )


def _cut(name: str) -> Unreadable:
    return Unreadable(
        f"This is {name}, but it ends too early: it is still being written, or was cut off. Unpack what can be read of "
        f"it with the {name} command, and show that."
    )
