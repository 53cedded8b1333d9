"""The outermost layer of a backup: compressed as it is written, and closed with a seal over every byte of it.

A backup is a `.tar.gz` that any tar can unpack: gzip members one after the other, a piece of the tar in each. The last
member is the seal; it stands behind the end of the tar, where tar no longer looks, and holds the SHA-256 of all bytes
before it. So no byte of a backup can be altered, added or lost unnoticed, be it one that gzip or tar do not care about.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zlib
from typing import BinaryIO, Protocol

from typing_extensions import Buffer

PIECE = 1 << 20
_SAMPLE = 1 << 16
# zlib's quickest: on logs it is faster than most disks and leaves a tenth; higher levels cost far more than they save.
_QUICK, _STORED = 1, 0
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_CUT = "it was cut short, or altered after it was written"


class Altered(Exception):
    """Why what was read is not what was written."""


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class Sealing:
    """Takes the bytes of the tar, writes those of the backup."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self._piece = bytearray()

    def write(self, data: bytes) -> None:
        self._piece += data
        while len(self._piece) >= PIECE:
            self._pack(bytes(self._piece[:PIECE]))
            del self._piece[:PIECE]

    def close(self) -> None:
        """Nothing is whole before this."""
        self._pack(bytes(self._piece))
        self._sink.write(_seal(self._hash.hexdigest()))

    def _pack(self, piece: bytes) -> None:
        packed = gzip.compress(piece, _level(piece), mtime=0)
        self._hash.update(packed)
        self._sink.write(packed)


class Unsealing:
    """Gives back the bytes of the tar. Raises Altered once something is seen to be wrong, at the latest in `close`."""

    def __init__(self, source: BinaryIO) -> None:
        self._packed = _WithoutSeal(source)
        self._tar = gzip.GzipFile(fileobj=io.BufferedReader(self._packed, _SAMPLE), mode="rb")

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = self._read(size)
        if len(data) < size:
            raise Altered("it ends too early")
        return data

    def close(self) -> None:
        """There must be nothing left but the seal, and the seal must be right."""
        if self._read(1):
            raise Altered("there is more in it than its manifest lists")
        if not self._packed.sealed():
            raise Altered(_CUT)

    def _read(self, size: int) -> bytes:
        try:
            return self._tar.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Altered(_CUT) from error


class _WithoutSeal(io.RawIOBase):
    """Reads all but the last bytes of a source that may be a pipe, and remembers the hash of what it gave."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self._held = b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer)
        given = self._next(len(room))
        room[: len(given)] = given
        return len(given)

    def _next(self, size: int) -> bytes:
        while len(self._held) - self._at <= _SEAL_SIZE:
            more = self._source.read(_SAMPLE)
            if not more:
                return b""
            self._held, self._at = self._held[self._at :] + more, 0
        end = min(self._at + size, len(self._held) - _SEAL_SIZE)
        given, self._at = self._held[self._at : end], end
        self._hash.update(given)
        return given

    def sealed(self) -> bool:
        return self._next(1) == b"" and self._held[self._at :] == _seal(self._hash.hexdigest())


def _level(piece: bytes) -> int:
    """What does not get smaller is only stored: trying cost twenty times as much."""
    sample = piece[:_SAMPLE]
    return _QUICK if len(zlib.compress(sample, _QUICK)) < 0.9 * len(sample) else _STORED


def _seal(digest: str) -> bytes:
    """A gzip member (RFC 1952) spelled out byte by byte, so that it is the same whatever zlib wrote the rest."""
    text = f"sha256 {digest}\n".encode()
    stored = b"\x01" + struct.pack("<HH", len(text), len(text) ^ 0xFFFF)
    return _HEADER + stored + text + struct.pack("<II", zlib.crc32(text), len(text))


_SEAL_SIZE = len(_seal("0" * 64))
