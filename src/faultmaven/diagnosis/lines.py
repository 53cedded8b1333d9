"""Lines, as the whole product counts them.

A line ends at byte 0x0A only. One trailing carriage return and a leading byte order mark are not part of it. Lines are
numbered from 1 and decoded as UTF-8 with U+FFFD for invalid bytes. `str.splitlines` follows other rules and is never used.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

BOM = b"\xef\xbb\xbf"
QUOTE_LIMIT = 4000
_STRIDE = 1 << 16


def decode(raw: bytes) -> str:
    """One line's bytes, without its 0x0A, as text."""
    return raw.removesuffix(b"\r").decode("utf-8", "replace")


class Document:
    """Random access by line over bytes held elsewhere (an mmap of a large file, or plain bytes).

    Content that ends in 0x0A has a last, empty line after it only for `text()`, which then answers ""; `count` leaves it
    out. Empty content has no lines.
    """

    def __init__(self, content: bytes | memoryview) -> None:
        view = memoryview(content)
        self._view = view[len(BOM) :] if bytes(view[: len(BOM)]) == BOM else view
        blocks = range(0, len(self._view), _STRIDE)
        # Newlines before each block: a line is found by bisecting these and then reading one block, whatever the size.
        self._before = [0, *accumulate(bytes(self._view[at : at + _STRIDE]).count(b"\n") for at in blocks)]
        ends_open = len(self._view) > 0 and self._view[-1] != 0x0A
        self.count = self._before[-1] + ends_open

    def raw(self, number: int) -> bytes:
        """The bytes of a line without its 0x0A. Raises IndexError outside 1..count."""
        if not 1 <= number <= self.count:
            raise IndexError(f"line {number} of {self.count}")
        start = 0 if number == 1 else self._after_newline(number - 1)
        return bytes(self._view[start : self._end(start)])

    def text(self, number: int) -> str:
        return decode(self.raw(number))

    def texts(self, first: int, last: int) -> Iterator[str]:
        return (self.text(number) for number in range(first, last + 1))

    def _after_newline(self, nth: int) -> int:
        """Offset just behind the nth newline, counted from 1."""
        block = bisect_left(self._before, nth) - 1
        at = block * _STRIDE
        chunk = bytes(self._view[at : at + _STRIDE])
        found = -1
        for _ in range(nth - self._before[block]):
            found = chunk.index(b"\n", found + 1)
        return at + found + 1

    def _end(self, start: int) -> int:
        at = start
        while at < len(self._view):
            found = bytes(self._view[at : at + _STRIDE]).find(b"\n")
            if found >= 0:
                return at + found
            at += _STRIDE
        return len(self._view)
