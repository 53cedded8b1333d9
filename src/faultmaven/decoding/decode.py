"""Makes what was shown readable while it arrives: unpacked, in UTF-8, with line ends that are line ends, without tags.

    bytes as they came ─▶ gzip, zstd ─▶ UTF-16 ─▶ HTML ─▶ carriage returns ─▶ text

What each step does is decided by the beginning of what reaches it; bytes that need none of it pass unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from faultmaven.decoding.characters import CarriageReturns, Utf16, has_only_carriage_returns, utf16_of
from faultmaven.decoding.packed import Gzip, Unreadable, Zstandard, is_gzip, is_zstandard
from faultmaven.decoding.page import Page, is_page
from faultmaven.decoding.step import Step

__all__ = ["BEGINNING", "Decoding", "Unreadable", "is_readable"]

# What a step looks at before it decides.
BEGINNING = 1 << 16


class Decoding:
    """Feed it all bytes in chunks of any size, then finish it. Pieces that come out are small whatever went in."""

    def __init__(self) -> None:
        self._steps = [_Undecided(choose) for choose in _STEPS]

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises Unreadable where packed data is damaged."""
        return self._through(self._steps, [data])

    def finish(self) -> Iterator[bytes]:
        """What was held back. Raises Unreadable where packed data ends too early."""
        for number, step in enumerate(self._steps, 1):
            yield from self._through(self._steps[number:], step.finish())

    @property
    def decoded_from(self) -> str | None:
        """What it was, such as `gzip, UTF-16`; None for what was readable as it came."""
        return ", ".join(step.name for step in self._steps if step.name) or None

    @staticmethod
    def _through(steps: Sequence[_Undecided], pieces: Iterable[bytes]) -> Iterator[bytes]:
        for step in steps:
            pieces = chain.from_iterable(map(step.feed, pieces))
        return (piece for piece in pieces if piece)


def is_readable(beginning: bytes) -> bool:
    """Whether all would pass unchanged, by the first BEGINNING bytes of it."""
    return not any(choose(beginning) for choose in _STEPS)


_Choose = Callable[[bytes], Step | None]


class _Undecided:
    """Holds the beginning back until it is known what to do with it."""

    def __init__(self, choose: _Choose) -> None:
        self._choose = choose
        self._beginning: bytearray | None = bytearray()
        self._step: Step | None = None

    @property
    def name(self) -> str:
        return self._step.name if self._step else ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._beginning is None:
            yield from self._step.feed(data) if self._step else (data,)
            return
        self._beginning += data
        if len(self._beginning) >= BEGINNING:
            yield from self._decided()

    def finish(self) -> Iterator[bytes]:
        if self._beginning is not None:
            yield from self._decided()
        if self._step:
            yield from self._step.finish()

    def _decided(self) -> Iterator[bytes]:
        assert self._beginning is not None
        beginning, self._beginning = bytes(self._beginning), None
        self._step = self._choose(beginning)
        return self.feed(beginning)


def _unpacking(beginning: bytes) -> Step | None:
    if is_gzip(beginning):
        return Gzip()
    return Zstandard() if is_zstandard(beginning) else None


def _utf16(beginning: bytes) -> Step | None:
    name = utf16_of(beginning)
    return Utf16(name) if name else None


def _page(beginning: bytes) -> Step | None:
    return Page() if is_page(beginning) else None


def _line_ends(beginning: bytes) -> Step | None:
    return CarriageReturns() if has_only_carriage_returns(beginning) else None


_STEPS: tuple[_Choose, ...] = (_unpacking, _utf16, _page, _line_ends)
