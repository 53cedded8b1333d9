"""Counting lines by signature: how many, where first, where last, and the text of both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import re2

from faultmaven.diagnosis.lines import QUOTE_LIMIT, as_text
from faultmaven.diagnosis.readers.line import read_line
from faultmaven.diagnosis.readers.record import Record
from faultmaven.diagnosis.signatures import first_met
from faultmaven.diagnosis.timestamps import Stamp
from faultmaven.diagnosis.tracefinder import INSIDE, NAMING
from faultmaven.diagnosis.words import TROUBLE

# Beyond this many signatures, new ones are told apart only roughly. Real logs stay below.
_MOST = 8_000
_MOST_ROUGH = 2_000
# From here on only those with a word that tells of trouble or change are worth the time.
_MOST_ROUTINE = 1_000
# The same once their texts take this many bytes.
_MOST_HELD = 32 << 20
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
    """All lines of one signature. `record` is the reading of the first; `last_text` is the last as it stands."""

    record: Record
    text: str
    first: int
    last: int
    last_text: bytes
    count: int = 0

    @property
    def is_blank(self) -> bool:
        """Nothing is said, whatever prefix says it."""
        return not self.record.said.strip() and self.record.level == "unknown"

    @property
    def last_stamp(self) -> Stamp | None:
        if self.last == self.first or not self.record.stamp:
            return self.record.stamp
        return read_line(as_text(self.last_text)).stamp


class Tally:
    """Feed it lines with their signatures, in order; how they are cut into portions makes no difference."""

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        self.troubled: set[bytes] = set()
        self._rough = 0
        self._held = 0

    def add(self, first: int, lines: Sequence[bytes], signatures: list[bytes]) -> list[bytes]:
        """Returns the key under which each line was counted."""
        keys = self._admitted(first, lines, signatures)
        last = dict(zip(keys, range(len(keys)), strict=True))
        for key, count in Counter(keys).items():
            entry, index = self.entries[key], last[key]
            entry.count += count
            entry.last, entry.last_text = first + index, lines[index]
        return keys

    def _admitted(self, first: int, lines: Sequence[bytes], keys: list[bytes]) -> list[bytes]:
        """Keys as they are, those that came too late replaced by rough ones."""
        new = first_met(keys, self.entries.keys())
        for key, index in new:
            if self._is_worth_it(lines[index]):
                self._open(key, first + index, lines[index])
        if all(key in self.entries for key, _ in new):
            return keys
        return [
            key if key in self.entries else self._roughly(number, line)
            for number, (key, line) in enumerate(zip(keys, lines, strict=True), first)
        ]

    def _is_worth_it(self, line: bytes) -> bool:
        exact = len(self.entries) - self._rough
        if exact >= _MOST or self._held >= _MOST_HELD:
            return False
        return exact < _MOST_ROUTINE or _TELLING.search(line[:_SEARCHED]) is not None

    def _roughly(self, number: int, line: bytes) -> bytes:
        hint = _HINT.search(line[:1000])
        coarsest = b"\0" + (hint[0].lower() if hint else b"")
        key = coarsest + b"\0" + line[:1000].translate(None, _NOT_PUNCTUATION)[:16]
        if key in self.entries:
            return key
        if self._rough >= _MOST_ROUGH:
            key = coarsest
        if key not in self.entries:
            self._rough += 1
            self._open(key, number, line)
        return key

    def _open(self, key: bytes, number: int, line: bytes) -> None:
        text = as_text(line)
        self._held += len(line)
        record = _record(key, text)
        self.entries[key] = Entry(record, text[:QUOTE_LIMIT], number, number, line)
        if record.level in ("error", "fatal"):
            self.troubled.add(key)


def _record(key: bytes, text: str) -> Record:
    if key == INSIDE:
        return Record("trace", "")
    record = read_line(text)
    if not key.endswith(NAMING):
        return record
    level = "error" if record.level == "unknown" else record.level
    return replace(record, level=level, kind="trace" if record.kind == "text" else record.kind)
