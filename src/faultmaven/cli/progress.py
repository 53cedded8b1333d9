"""How far reading has come, for a person who waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from faultmaven.cli.words import size

WORTH_SHOWING = 8 << 20
_WIDTH = 30


@dataclass(slots=True)
class Progress:
    """A bar on stderr over `total` bytes of several pieces; silent where nobody is watching or it would only flash."""

    total: int
    shown: bool
    _before: int = 0

    def piece(self, length: int) -> Callable[[int], None]:
        """To be told how much of the next piece was read."""
        before = self._before
        self._before += length
        return lambda read: self._draw(before + read)

    def _draw(self, done: int) -> None:
        if self.shown:
            full = _WIDTH * done // self.total
            bar = "█" * full + "░" * (_WIDTH - full)
            print(
                f"\r\x1b[K{bar} {100 * done // self.total:3d} % of {size(self.total)}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def clear(self) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def progress_over(lengths: Sequence[int]) -> Progress:
    total = sum(lengths)
    return Progress(total, total > WORTH_SHOWING and bool(sys.stderr and sys.stderr.isatty()))
