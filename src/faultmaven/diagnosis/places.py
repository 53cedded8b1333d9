"""Where the lines of one evidence write their time, so that it can be cut out of millions of them cheaply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from faultmaven.diagnosis.lines import as_text
from faultmaven.diagnosis.readers.line import read_line
from faultmaven.diagnosis.timestamps import Stamp, find_stamp

_HEAD = 120
_EPOCH_DIGITS = 10
_KEY = re.compile(rb'"(?:timestamp|@timestamp|time|ts|t|@t|datetime|date)":\s?"?')
_CLOCK = re.compile(r"\d\d:\d\d:\d\d(?!:\d)")
_ZONE = re.compile(r"^(?:[.,]\d{1,9})?(\s?(?:Z|UTC|GMT|[A-Z]{1,3}T|[+-]\d\d:?\d\d)?)$")
_MAYBE_TIME = re.compile(rb"\d\d:\d\d:\d\d|\d{8}[T-]\d{6}|1\d{9}")
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """Behind the first `anchor` of a line, or from column `start`: `width` bytes that end in the seconds.

    `zone` is what follows the time. Epoch times have ten digits and no zone.
    """

    anchor: bytes
    start: int
    width: int
    zone: str
    is_epoch: bool = False

    def cut(self, lines: Sequence[bytes]) -> list[bytes]:
        width, anchor = self.width, self.anchor
        if anchor:
            skip = len(anchor)
            return [line[(at := line.find(anchor) + skip) : at + width] for line in lines]
        start, end = self.start, self.start + width
        return [line[start:end] for line in lines]

    def is_in(self, line: bytes) -> bool:
        """Whether this line writes its time there."""
        (text,) = self.cut([line])
        return self.seconds(text) is not None and self.read_minute(self.minute(text)) is not None

    def minute(self, text: bytes) -> bytes:
        return text[:-2] if self.is_epoch else text[:-3]

    def seconds(self, text: bytes) -> int | None:
        digits = text[-2:]
        if len(text) != self.width or not digits.isdigit() or (not self.is_epoch and text[-3:-2] != b":"):
            return None
        return int(digits) if self.is_epoch else min(int(digits), 59)

    def read_minute(self, minute: bytes) -> tuple[int, bool] | None:
        """Seconds since 1970 of a time without its seconds, and whether it names its year."""
        if self.is_epoch:
            return (int(minute) * 100, True) if minute.isdigit() and len(minute) == 8 and minute[:1] == b"1" else None
        stamp = find_stamp(minute.decode("latin-1") + ":00" + self.zone)
        if not stamp or stamp.start:
            return None
        return (stamp.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1), stamp.has_year


def choose_place(sample: Sequence[bytes]) -> Place | None:
    """The place most lines of the sample, indented ones apart, agree on, a fixed column rather than an anchor.

    None where they do not agree.
    """
    at_margin = [line[:2000] for line in sample if line[:1] not in (b" ", b"\t")]
    found = [place for line in at_margin for place in _places(line)]
    candidates = Counter((place.anchor, place.start, place.width) for place in found)
    if not candidates:
        return None
    most = max(candidates.values())
    if most < _ENOUGH * len(at_margin):
        return None
    best = max(candidates, key=lambda key: (candidates[key] >= 0.9 * most, not key[0], candidates[key], key))
    zones = Counter(place for place in found if (place.anchor, place.start, place.width) == best)
    return max(zones, key=lambda place: (zones[place], place.zone))


def _places(line: bytes) -> list[Place]:
    if line[:1] == b"{":
        return _in_json(line)
    text = line[:_HEAD].decode("latin-1")
    stamp = find_stamp(text)
    if not stamp:
        return []
    clock = _CLOCK.search(text, stamp.start, stamp.end)
    zone = _ZONE.match(text[clock.end() : stamp.end]) if clock else None
    if not clock or not zone:
        return []
    width = clock.end() - stamp.start
    anchor = line[max(0, stamp.start - 2) : stamp.start]
    places = [Place(b"", stamp.start, width, zone[1])]
    if anchor and line.find(anchor) + len(anchor) == stamp.start:
        places.append(Place(anchor, 0, width, zone[1]))
    return places


def _in_json(line: bytes) -> list[Place]:
    key = _KEY.search(line)
    if not key:
        return []
    value = line[key.end() : key.end() + 40].partition(b'"')[0].decode("latin-1")
    if re.match(r"1\d{9}(?!\d)|1\d{12}(?!\d)", value):
        return [Place(key[0], 0, _EPOCH_DIGITS, "", is_epoch=True)]
    clock = _CLOCK.search(value)
    zone = _ZONE.match(value[clock.end() :]) if clock else None
    return [Place(key[0], 0, clock.end(), zone[1])] if clock and zone and find_stamp(value) else []


def time_in(line: bytes) -> Stamp | None:
    """The time of one line, the slow and thorough way."""
    if line[:1] == b"{":
        return read_line(as_text(line)).stamp
    return find_stamp(line[:_HEAD].decode("utf-8", "replace")) if _MAYBE_TIME.search(line[:_HEAD]) else None
