"""Text in UTF-16, and text whose lines end in carriage returns alone."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Literal

Utf16Name = Literal["utf-16-le", "utf-16-be"]

# Fewer characters tell too little to take bytes for UTF-16 that do not say so.
_FEWEST = 8
_MOSTLY = 0.7
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"
_SHOWN = frozenset("\t\n\r\f\x1b")


def utf16_of(beginning: bytes) -> Utf16Name | None:
    """By its byte order mark, or by every other byte being zero as in text of Latin letters."""
    if beginning.startswith(codecs.BOM_UTF32_LE) or _is_ascii(beginning[2:]):
        return None
    if beginning.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le" if _is_text(beginning[2:], "utf-16-le") else None
    if beginning.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be" if _is_text(beginning[2:], "utf-16-be") else None
    even, odd = beginning[::2], beginning[1::2]
    if len(odd) < _FEWEST:
        return None
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        is_likely = zeros.count(0) >= _MOSTLY * len(zeros) and others.count(0) <= 0.01 * len(others)
        if is_likely and _is_text(beginning, name):
            return "utf-16-le" if name == "utf-16-le" else "utf-16-be"
    return None


def _is_ascii(content: bytes) -> bool:
    """Mostly: two such bytes read as one character give a text that nobody wrote."""
    shown = len(content) - len(content.translate(None, _PRINTABLE))
    return b"\0" not in content and shown >= _MOSTLY * len(content) > 0


def _is_text(content: bytes, name: str) -> bool:
    text = codecs.getincrementaldecoder(name)("replace").decode(content[: len(content) // 2 * 2])
    odd = sum(one == "\ufffd" or (one < " " and one not in _SHOWN) for one in text)
    return odd <= 0.02 * len(text)


class Utf16:
    """To UTF-8, without the byte order mark."""

    name = "UTF-16"

    def __init__(self, name: Utf16Name) -> None:
        self._decoder = codecs.getincrementaldecoder(name)("replace")
        self._begins = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._encoded(self._decoder.decode(data))

    def finish(self) -> Iterator[bytes]:
        yield self._encoded(self._decoder.decode(b"", final=True))

    def _encoded(self, text: str) -> bytes:
        if self._begins and text:
            text, self._begins = text.removeprefix("\ufeff"), False
        return text.encode("utf-8", "replace")


def has_only_carriage_returns(beginning: bytes) -> bool:
    """At least one, and no line feed; of what holds zeros it is not certain that they end lines."""
    return b"\r" in beginning[:-1] and b"\n" not in beginning and b"\0" not in beginning


class CarriageReturns:
    """A carriage return ends a line; one before a line feed belongs to it and stays."""

    name = "carriage returns"

    def __init__(self) -> None:
        self._open = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._open:
            data = b"\r" + data
        self._open = data.endswith(b"\r")
        whole = data[:-1] if self._open else data
        yield whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def finish(self) -> Iterator[bytes]:
        if self._open:
            yield b"\n"
