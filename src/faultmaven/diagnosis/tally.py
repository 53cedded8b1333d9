"""Counting lines by signature: how many, where first, where last, and what the first says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import re2

from faultmaven.diagnosis.lines import QUOTE_LIMIT, as_text
from faultmaven.diagnosis.readers.line import read_line
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.timestamps import Stamp
from faultmaven.diagnosis.tracefinder import INSIDE, NAMING
from faultmaven.diagnosis.words import TROUBLE

# Beyond this many signatures, new ones are told apart only roughly. Real logs stay below.
_MOST = 8_000
MOST_ROUGH = 2_000
# From here on only those with a word that tells of trouble or change are worth the time.
_MOST_ROUTINE = 1_000
# The same once their texts take this many bytes.
MOST_HELD = 32 << 20
_SEARCHED = 2000
_NOT_PUNCTUATION = bytes(set(range(256)) - set(b"[]{}()<>|:;=,\"'/\t"))
_HINT = re.compile(rb"fatal|panic|error|exception|fail|warn|info|debug|denied|refused|timed out", re.IGNORECASE)
_TELLING: Any = re2.compile(
    (
        TROUBLE[:-1]
        + "|warn|deploy|releas|rollout|rollback|upgrad|migrat|restart|started|config|recover|restored|reconnect"
        "|resumed|retry|throttl|degraded|slow|kill|timeout|many|limit|full|expired|invalid|missing|unhealthy"
        r"|status\"? ?[:=] ?\"?[45]\d\d| [45]\d\d )"
    ).encode()
)


@dataclass(slots=True)
class Entry:
    """All lines of one signature. `record` and `text` are those of the first; `last_stamp` is the time of the last."""

    record: Record
    text: str
    first: int
    last: int
    last_stamp: Stamp | None
    count: int = 0

    @property
    def is_blank(self) -> bool:
        """Nothing is said, whatever prefix says it."""
        return not self.record.said.strip() and self.record.level == "unknown"


class Tally:
    """Feed it lines with their signatures, in order; how they are cut into portions makes no difference.

    `most_held` bounds the bytes of the lines it keeps. `rough` are the keys of those that came too late.
    """

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._last_lines: dict[bytes, bytes] = {}
        self.troubled: set[bytes] = set()
        self.rough: set[bytes] = set()
        self._held = 0
        self._most_held = most_held

    def add(self, first: int, lines: Sequence[bytes], signatures: list[bytes]) -> list[bytes]:
        """Returns the key under which each line was counted."""
        keys = signatures
        last = dict(zip(keys, count(), strict=False))
        if not last.keys() <= self._entries.keys():
            keys = self._admitted(first, lines, keys, last.keys() - self._entries.keys())
            last = dict(zip(keys, count(), strict=False))
        for key, number in Counter(keys).items():
            entry, index = self._entries[key], last[key]
            entry.count += number
            entry.last, self._last_lines[key] = first + index, lines[index]
        return keys

    def entries(self) -> dict[bytes, Entry]:
        """In the order of their first lines. Call it when all has been added."""
        for key, entry in self._entries.items():
            if entry.last != entry.first:
                entry.last_stamp = read_line(as_text(self._last_lines[key])).stamp
        return self._entries

    def _admitted(self, first: int, lines: Sequence[bytes], keys: list[bytes], new: set[bytes]) -> list[bytes]:
        """Keys as they are, those that came too late replaced by rough ones."""
        for key, index in _first_met(keys, new):
            if key == INSIDE or self._has_room_for(lines[index]):
                self._open(key, first + index, lines[index])
        if new <= self._entries.keys():
            return keys
        return [
            key if key in self._entries else self._roughly(number, line)
            for number, (key, line) in enumerate(zip(keys, lines, strict=True), first)
        ]

    def _has_room_for(self, line: bytes) -> bool:
        return self._held < self._most_held and is_worth_it(line, len(self._entries) - len(self.rough))

    def _roughly(self, number: int, line: bytes) -> bytes:
        key, coarsest = rough_keys(line)
        if key not in self._entries:
            if len(self.rough) >= MOST_ROUGH:
                key = coarsest
            if key not in self._entries:
                self.rough.add(key)
                self._open(key, number, line)
        return key

    def _open(self, key: bytes, number: int, line: bytes) -> None:
        text = as_text(line)
        self._held += len(line)
        record = _record(key, text)
        self._entries[key] = Entry(record, text[:QUOTE_LIMIT], number, number, record.stamp)
        if record.level in ("error", "fatal"):
            self.troubled.add(key)


def is_worth_it(line: bytes, exact: int) -> bool:
    """Whether beside so many signatures there is room for another, which this line has."""
    return exact < _MOST_ROUTINE or (exact < _MOST and _TELLING.search(line[:_SEARCHED]) is not None)


def rough_keys(line: bytes) -> tuple[bytes, bytes]:
    """What a line is counted under that came too late, and what once there are too many of those as well."""
    hint = _HINT.search(line[:1000])
    coarsest = b"\0" + (hint[0].lower() if hint else b"")
    return coarsest + b"\0" + line[:1000].translate(None, _NOT_PUNCTUATION)[:16], coarsest


def _first_met(keys: Sequence[bytes], new: set[bytes]) -> list[tuple[bytes, int]]:
    """The new ones among the keys, each with the index where it first stands, in that order."""
    backwards = zip(range(len(keys) - 1, -1, -1), reversed(keys), strict=True)
    first = {key: index for index, key in backwards if key in new}
    return sorted(first.items(), key=lambda item: item[1])


def _record(key: bytes, text: str) -> Record:
    if key == INSIDE:
        return Record("trace", "")
    record = read_line(text)
    if not key.endswith(NAMING):
        return record
    level = "error" if record.level == "unknown" else record.level
    return replace(record, level=level, kind="trace" if record.kind == "text" else record.kind)
