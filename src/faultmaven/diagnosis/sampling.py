"""A look at places spread over the evidence, always the same ones, before all of it is read."""

from __future__ import annotations

from faultmaven.diagnosis.lines import blocks
from faultmaven.diagnosis.readers.wrappers import without_colours

_WHOLE = 256 << 10
_SPOTS, _SPOT = 48, 8 << 10
_MOST_LINES = 2000
# All that text has no use for; NUL is among them.
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\x1b\b\f\v\a"))


def looks_binary(content: memoryview) -> bool:
    """Most places hold control characters in number, or bytes that are not UTF-8 for the most part."""
    spots = _spots(content)
    return sum(map(_is_binary, spots)) > len(spots) / 2


def sample_lines(content: memoryview) -> list[bytes]:
    """Lines that stand for the rest, at most two thousand, without empty ones and colours."""
    lines = [line for spot in _spots(content) for line in _lines(spot)]
    step = len(lines) // _MOST_LINES + 1
    return lines[::step]


def _spots(content: memoryview) -> list[bytes]:
    size = len(content)
    if size <= _WHOLE:
        return [bytes(content)]
    return [bytes(content[at : at + _SPOT]) for at in range(0, size - _SPOT, (size - _SPOT) // (_SPOTS - 1))]


def _is_binary(spot: bytes) -> bool:
    control = len(spot) - len(spot.translate(None, _CONTROL))
    return control > 0.05 * len(spot) or spot.decode("utf-8", "replace").count("\ufffd") > 0.5 * len(spot)


def _lines(spot: bytes) -> list[bytes]:
    """The first and the last of a spot may be parts of lines: they are left out where others remain."""
    lines = [without_colours(line) for block in blocks(spot) for line in block.lines if line]
    return lines[1:-1] if len(lines) > 2 and len(spot) == _SPOT else lines
