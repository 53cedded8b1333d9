"""What every step of decoding can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Step(Protocol):
    """`name` says what the bytes were before it."""

    name: str

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def finish(self) -> Iterator[bytes]: ...
