"""Lines, as the whole product counts them.

A line ends at byte 0x0A only. One trailing carriage return and a leading byte order mark are not part of it. Lines are
numbered from 1 and decoded as UTF-8 with U+FFFD for invalid bytes. `str.splitlines` follows other rules and is never
used.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
QUOTE_LIMIT = 4000
# No character takes more than four bytes, so this much of a line always holds its first QUOTE_LIMIT characters.
HEAD_BYTES = 4 * QUOTE_LIMIT
# Documents are indexed by blocks of so many bytes.
STRIDE = 1 << 16
BLOCK_BYTES = 1 << 20
LET_GO_BYTES = 16 << 20


def decode(raw: bytes) -> str:
    """One line's bytes, without its 0x0A, as text."""
    return as_text(raw.removesuffix(b"\r"))


def as_text(line: bytes) -> str:
    """A line whose end is already taken off, or several."""
    return line.decode("utf-8", "replace")


class Document:
    """Random access by line over bytes held elsewhere (an mmap of a large file, or plain bytes).

    Content that ends in 0x0A has no further, empty line after it. Empty content has no lines. `newlines`, if the caller
    has it already, is what `newlines_before` would find; without it the whole content is read once. `let_go` is called
    whenever about LET_GO_BYTES were looked at: mapped content can leave memory then.
    """

    def __init__(
        self,
        content: bytes | memoryview,
        newlines: Sequence[int] | None = None,
        let_go: Callable[[], None] | None = None,
    ) -> None:
        self._let_go, self._looked_at = let_go, 0
        self._view = view = memoryview(content)
        self._begin = len(BOM) if bytes(view[: len(BOM)]) == BOM else 0
        # A line is found by bisecting these and then reading one block, whatever the size.
        self._before = newlines_before(view) if newlines is None else newlines
        ends_open = len(view) > self._begin and view[-1] != 0x0A
        self.count = self._before[-1] + ends_open

    def raw(self, number: int) -> bytes:
        """The bytes of a line without its 0x0A. Raises IndexError outside 1..count."""
        start, end = self.span(number)
        return bytes(self._view[start:end])

    def text(self, number: int) -> str:
        return decode(self.raw(number))

    def texts(self, first: int, last: int) -> Iterator[str]:
        return (decode(bytes(self._view[start:end])) for start, end in self.spans(first, last))

    def heads(self, first: int, last: int, characters: int) -> Iterator[str]:
        """The beginnings of lines, at a cost that does not depend on how long they are."""
        most = 4 * characters
        for start, end in self.spans(first, last):
            yield decode(bytes(self._view[start : min(end, start + most)]))[:characters]

    def span(self, number: int) -> tuple[int, int]:
        """Offsets in the content of a line's first byte and of its 0x0A, or the end of the content."""
        return next(self.spans(number, number))

    def spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The spans of consecutive lines. Raises IndexError outside 1..count."""
        if first > last:
            return
        if first < 1 or last > self.count:
            raise IndexError(f"lines {first} to {last} of {self.count}")
        self._look()
        start = self._begin if first == 1 else self._after_newline(first - 1)
        for number in range(first, last + 1):
            end = self._end(start, number)
            yield start, end
            start = end + 1

    def _look(self) -> None:
        self._looked_at += STRIDE
        if self._let_go and self._looked_at > LET_GO_BYTES:
            self._looked_at = 0
            self._let_go()

    def line_at(self, offset: int) -> int:
        """The number of the line that the byte at `offset` belongs to; a 0x0A belongs to the line it ends."""
        block = offset // STRIDE
        return self._before[block] + bytes(self._view[block * STRIDE : offset]).count(b"\n") + 1

    def _after_newline(self, nth: int) -> int:
        """Offset just behind the nth newline, counted from 1."""
        block = bisect_left(self._before, nth) - 1
        at = block * STRIDE
        chunk = bytes(self._view[at : at + STRIDE])
        return at + _place_of_newline(chunk, nth - self._before[block]) + 1

    def _end(self, start: int, number: int) -> int:
        """Where the line that starts at `start` ends: in the same block, or where the count of newlines says."""
        block_end = (start // STRIDE + 1) * STRIDE
        found = bytes(self._view[start:block_end]).find(b"\n")
        if found >= 0:
            return start + found
        return self._after_newline(number) - 1 if number <= self._before[-1] else len(self._view)


def newlines_before(content: memoryview) -> list[int]:
    """How many 0x0A come before each block of STRIDE bytes, and at last how many there are in all."""
    starts = range(0, len(content), STRIDE)
    return [0, *accumulate(bytes(content[at : at + STRIDE]).count(b"\n") for at in starts)]


def _place_of_newline(chunk: bytes, nth: int) -> int:
    """By halving and counting: a block may be nothing but newlines, too many to step over one by one."""
    low, high = 0, len(chunk)
    while high - low > 1:
        middle = (low + high) // 2
        there = chunk.count(b"\n", low, middle)
        if there >= nth:
            high = middle
        else:
            low, nth = middle, nth - there
    return low


class Long(NamedTuple):
    """A line longer than HEAD_BYTES: its number, and the offsets in the content of its first byte and of its end."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive whole lines without their ends, each cut at HEAD_BYTES; `long` tells which were. `text` is the lines
    joined by 0x0A, `read` how many bytes were read so far."""

    first: int
    lines: list[bytes]
    text: bytes
    read: int
    long: list[Long]


def blocks(content: bytes | memoryview, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """All lines in order, about a megabyte at a time, whatever the length of a line."""
    at = len(BOM) if bytes(content[: len(BOM)]) == BOM else 0
    number, open_line, begun = 1, b"", at
    while at < len(content):
        chunk = bytes(content[at : at + size])
        body, newline, tail = chunk.rpartition(b"\n")
        if newline:
            text = open_line + body
            lines = text.split(b"\n")
            yield _block(number, lines, text, min(at + size, len(content)), _long(number, lines, begun, at, open_line))
            number, open_line, begun = number + len(lines), b"", at + len(body) + 1
        # One byte more than a head, so that a carriage return inside a long line is not taken for its end.
        open_line = (open_line + tail)[: HEAD_BYTES + 1]
        at = min(at + size, len(content))
    if open_line:
        is_long = len(open_line) > HEAD_BYTES
        yield _block(number, [open_line], open_line, at, [Long(number, begun, at)] if is_long else [])


def _block(first: int, lines: list[bytes], text: bytes, read: int, long: list[Long]) -> Block:
    if long:
        lines = [line[:HEAD_BYTES] if len(line) > HEAD_BYTES else line for line in lines]
    if b"\r" in text:
        lines = [line.removesuffix(b"\r") for line in lines]
    elif not long:
        return Block(first, lines, text, read, long)
    return Block(first, lines, b"\n".join(lines), read, long)


def _long(first: int, lines: Sequence[bytes], begun: int, at: int, open_line: bytes) -> list[Long]:
    """`begun` is where the first of the lines begins, whose start `open_line` came before the chunk at `at`."""
    if max(map(len, lines)) <= HEAD_BYTES:
        return []
    found, start, end = [], begun, at - len(open_line) - 1
    for number, line in enumerate(lines, first):
        end += len(line) + 1
        if len(line) > HEAD_BYTES:
            found.append(Long(number, start, end))
        start = end + 1
    return found
