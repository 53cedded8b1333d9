"""Trouble further right in a line than its beginning, which is all that is read as a line.

    long line ─one search for words─▶ places ─told apart by what is near─▶ read as a record, or by words ─▶ templates

An export of a whole day may be one line of JSON. Time is linear in its length; what is kept of it is bounded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import re2

from faultmaven.diagnosis.digest import Template
from faultmaven.diagnosis.lines import QUOTE_LIMIT, as_text
from faultmaven.diagnosis.masking import mask
from faultmaven.diagnosis.readers.line import read_line
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.readers.structured import from_fields, is_record
from faultmaven.diagnosis.timestamps import Stamp
from faultmaven.diagnosis.words import TROUBLE, worded_level

# Up to here signatures tell lines apart, so that each kind is read once.
HEAD = 2000
_CHUNK = 1 << 20
# What is looked at around a place, before and behind: the words it stands among, and the object it may be part of.
_WORDS = (80, 200)
_AROUND = 1500
# Of a place in text without records, what is shown.
_SHOWN = (100, 300)
# Equal text this near means an equal statement.
_NEAR = (16, 48)
# Places cost time: so many are looked up for each byte, and so many of one word judged.
_BYTES_EACH, _FREE_PLACES = 128, 100_000
_MOST_JUDGED = 1500
_MOST_KEPT, _MOST_IN_LINE, _MOST_OF_WORD = 60, 30, 8
_DIGITS = b"0123456789"
_TROUBLED = ("error", "fatal")
_LIST = (b"[{", b"[ {")

_PLACE: Any = re2.compile(TROUBLE.encode())
_JSON = json.JSONDecoder()


@dataclass(slots=True)
class Found:
    """Everywhere the same is said. `record` and the place are those of the first, whose words end `reach` bytes on."""

    record: Record
    sample: str
    line: int
    column: int
    last: int
    reach: int
    word: bytes
    count: int = 1


class _Stretch(NamedTuple):
    """Consecutive bytes of a line, and how many characters of it come before them."""

    content: bytes
    before: int


def asks_for(line: bytes) -> bool:
    """Whether what is read of the line's beginning may not be all that it says: it is long, or a list of records."""
    return len(line) > HEAD or line.startswith(_LIST)


def any_asks_for(text: bytes, lines: Sequence[bytes]) -> bool:
    """Whether one of them does; `text` is the lines joined."""
    return max(map(len, lines)) > HEAD or text.startswith(_LIST) or any(b"\n" + begin in text for begin in _LIST)


class LongLines:
    """Feed it every line that `asks_for` it, in order."""

    def __init__(self) -> None:
        self.found: dict[bytes, Found] = {}
        self._passed: set[bytes] = set()
        self._judged: Counter[bytes] = Counter()
        self._of_word: Counter[tuple[bytes, bool]] = Counter()
        self._of_line: Counter[int] = Counter()
        self._places_left = _FREE_PLACES
        self.is_incomplete = False

    def add(self, number: int, line: bytes | memoryview) -> None:
        # Only a log's own line speaks for all its parts; a document's many records each speak for themselves.
        head: Record | None = None
        self._places_left += len(line) // _BYTES_EACH
        for stretch, first, last in _stretches(line):
            until = first
            for match in _PLACE.finditer(stretch.content, first, last):
                at = match.start()
                if at < until:
                    continue
                if self._places_left <= 0:
                    self.is_incomplete = True
                    return
                self._places_left -= 1
                key = _nearness(stretch.content, at)
                if key in self._passed:
                    continue
                if found := self.found.get(key):
                    found.count += found.last != number
                    found.last = number
                    until = at + found.reach
                    continue
                head = head or read_line(as_text(bytes(line[: 4 * QUOTE_LIMIT])))
                until = at + self._judge(number, stretch, at, match.group().lower(), head)

    def _judge(self, number: int, stretch: _Stretch, at: int, word: bytes, head: Record) -> int:
        """Keeps what speaks of trouble; returns how many bytes further on all of that is told."""
        if self._judged[word] >= _MOST_JUDGED:
            self.is_incomplete = True
            return 0
        self._judged[word] += 1
        key = _nearness(stretch.content, at)
        if (seen := _look(stretch, at, head)) and self._has_room(number, word, seen[0]):
            record, sample, column, reach = seen
            self.found[key] = Found(record, sample, number, column, number, reach, word)
            return reach
        self._passed.add(key)
        return 0

    def _has_room(self, number: int, word: bytes, record: Record) -> bool:
        """So that neither one line nor one word, nor what is no error, crowds out the rest."""
        kind = (word, record.level in ("info", "debug"))
        if (
            len(self.found) >= _MOST_KEPT
            or self._of_line[number] >= _MOST_IN_LINE
            or self._of_word[kind] >= _MOST_OF_WORD
        ):
            return False
        self._of_line[number] += 1
        self._of_word[kind] += 1
        return True

    def join(self, others: Mapping[bytes, Found], before: int) -> None:
        """What was found in lines that come after these and were numbered anew, `before` of them."""
        for key, found in others.items():
            line, last = found.line + before, found.last + before
            if mine := self.found.get(key):
                mine.count += found.count
                mine.last = last
            elif self._has_room(line, found.word, found.record):
                self.found[key] = replace(found, line=line, last=last)

    def templates(self, first_lines: set[int], placed: Callable[[Stamp], datetime]) -> list[Template]:
        """In the order of the lines; without what the sample of a template that begins with its line shows anyway."""
        return [
            _template(found, placed)
            for found in self.found.values()
            if found.record.kind != "text"
            or found.line not in first_lines
            or found.column + len(found.sample) > QUOTE_LIMIT
        ]


def _nearness(content: bytes, at: int) -> bytes:
    return content[max(at - _NEAR[0], 0) : at + _NEAR[1]].translate(None, _DIGITS).lower()


def _stretches(line: bytes | memoryview) -> Iterator[tuple[_Stretch, int, int]]:
    """The line piece by piece with what surrounds each piece, and between which of its bytes places count."""
    before, at = 0, 0
    begin = 1 if bytes(line[:3]).startswith(_LIST) else HEAD
    while begin < len(line):
        end = min(begin + _CHUNK, len(line))
        start = _whole(line, max(begin - _AROUND, 0))
        before += sum(_characters(line[i:j]) for i, j in _spans(line, at, start))
        at = start
        yield _Stretch(bytes(line[start : _whole(line, end + _AROUND)]), before), begin - start, end - start
        begin = end


def _spans(line: bytes | memoryview, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Between two offsets, a megabyte at a time, never through a character."""
    while start < end:
        middle = end if end - start <= _CHUNK else _whole(line, start + _CHUNK)
        yield start, middle
        start = middle


def _whole(line: bytes | memoryview, at: int) -> int:
    """An offset at or just before `at` that no character reaches across, be the bytes UTF-8 or not."""
    at = min(at, len(line))
    for back in range(4):
        if at - back <= 0 or at == len(line) or line[at - back] & 0xC0 != 0x80:
            return at - back if at != len(line) else at
    return at


def _characters(content: bytes | memoryview) -> int:
    return len(bytes(content).decode("utf-8", "replace"))


def _look(stretch: _Stretch, at: int, head: Record) -> tuple[Record, str, int, int] | None:
    """What is said at a place, if it is trouble: how it reads, what to show of it and from which column, its bytes."""
    start = _whole(stretch.content, max(at - _AROUND, 0))
    end = _whole(stretch.content, at + _AROUND)
    text = as_text(stretch.content[start:end])
    place = _characters(stretch.content[start:at])
    enclosed = _object(text, place)
    words = text[max(place - _WORDS[0], 0) : place + _WORDS[1]]
    record = from_fields(enclosed[0], "json_lines") if enclosed else _said_by(head, words)
    if record.level not in _TROUBLED and worded_level(record.said) not in _TROUBLED:
        return None
    shown = (max(place - _SHOWN[0], 0), place + _SHOWN[1])
    if enclosed and enclosed[2] - enclosed[1] <= sum(_SHOWN):
        shown = enclosed[1], enclosed[2]
    sample = text[slice(*shown)].rstrip("\r")
    column = stretch.before + _characters(stretch.content[:start]) + shown[0]
    return record, sample, column, len(text[place : shown[1]].encode("utf-8", "replace"))


def _said_by(head: Record, words: str) -> Record:
    """A log's line that states time and level has stated them of everything in it."""
    if head.stamp and head.kind in ("log", "syslog", "logfmt", "json_lines"):
        return replace(head, kind="text", said=words)
    return Record("text", words)


def _object(text: str, place: int) -> tuple[Mapping[str, object], int, int] | None:
    """The innermost JSON object around a place that is a log record, and where it starts and ends."""
    start = text.rfind("{", 0, place)
    for _ in range(6):
        if start < 0:
            return None
        try:
            fields, end = _JSON.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = 0
        if end > place and is_record(fields):
            return fields, start, end
        start = text.rfind("{", 0, start)
    return None


def _template(found: Found, placed: Callable[[Stamp], datetime]) -> Template:
    record = found.record
    at = placed(record.stamp) if record.stamp else None
    return Template(
        text=mask(record.said.strip()[:QUOTE_LIMIT]),
        count=found.count,
        level=record.level,
        lines=tuple(sorted({found.line, found.last})),
        sample=found.sample,
        component=record.component,
        first_at=at,
        last_at=at if found.count == 1 else None,
        column=found.column,
    )
