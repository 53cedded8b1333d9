"""When things were written: lines and errors by time, whatever order they come in.

Times are read to the second, at C speed where the evidence writes them in one place: the sample tells where, the text
found there is counted, and only its distinct values are read. Lines that keep their time elsewhere are read one by one.
A zone written behind the seconds is taken from the sample for all lines of that place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from faultmaven.diagnosis.digest import Bucket
from faultmaven.diagnosis.places import Place, time_in

MOST_BUCKETS = 120
_MOST_TICKS = 20_000
# Each divides the next, so that ticks can be made coarser without being read again.
_GRAINS = (1, 10, 60, 600, 3600, 86_400, 864_000)
_WIDTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_DAYS = tuple(86_400 * days for days in (2, 5, 10, 30, 100, 300, 1000, 3000))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = -719_162 * 86_400


def seconds_of(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def at_second(second: int) -> datetime:
    """The start of a slice may lie before the first of all dates; then it is that."""
    return _EPOCH + timedelta(seconds=max(second, _EARLIEST))


class Ticks:
    """Counts by second, by coarser grains once there are too many of them."""

    def __init__(self) -> None:
        self.lines: Counter[int] = Counter()
        self.errors: Counter[int] = Counter()
        self.grain = 1

    def add(self, second: int, lines: int, errors: int) -> None:
        tick = second - second % self.grain
        self.lines[tick] += lines
        if errors:
            self.errors[tick] += errors
        while len(self.lines) > _MOST_TICKS and self.grain != _GRAINS[-1]:
            self._coarsen()

    def join(self, other: Ticks) -> None:
        while self.grain < other.grain:
            self._coarsen()
        for tick, lines in other.lines.items():
            self.add(tick, lines, other.errors.get(tick, 0))

    def _coarsen(self) -> None:
        self.grain = _GRAINS[_GRAINS.index(self.grain) + 1]
        lines, errors = self.lines, self.errors
        self.lines, self.errors = Counter(), Counter()
        for tick, count in lines.items():
            self.lines[tick - tick % self.grain] += count
        for tick, count in errors.items():
            self.errors[tick - tick % self.grain] += count


class Histogram:
    """Feed it lines in any portions; `place` is where they write their time. A time without a year is placed later."""

    def __init__(self, place: Place | None) -> None:
        self._place = place
        self.dated, self.undated = Ticks(), Ticks()
        self._minutes: dict[bytes, tuple[int, bool] | None] = {}

    def add(self, lines: Sequence[bytes], keys: Sequence[bytes], troubled: set[bytes]) -> None:
        is_troubled = troubled and not troubled.isdisjoint(keys)
        if not self._place:
            self._read_each(lines, keys, troubled)
            return
        found = self._place.cut(lines)
        errors = (
            Counter([text for text, key in zip(found, keys, strict=True) if key in troubled]) if is_troubled else {}
        )
        unread = set()
        for text, count in Counter(found).items():
            if not self._count(self._place, text, count, errors.get(text, 0)):
                unread.add(text)
        if unread:
            # Where time has its place, indented lines continue a record and have none of their own.
            left = [
                index
                for index, text in enumerate(found)
                if text in unread and lines[index][:1] not in (b" ", b"\t", b"")
            ]
            self._read_each([lines[index] for index in left], [keys[index] for index in left], troubled)

    def _count(self, place: Place, text: bytes, lines: int, errors: int) -> bool:
        minute = place.minute(text)
        if minute not in self._minutes:
            if len(self._minutes) > _MOST_TICKS:
                self._minutes.clear()
            self._minutes[minute] = place.read_minute(minute)
        start = self._minutes[minute]
        seconds = place.seconds(text)
        if start is None or seconds is None:
            return False
        (self.dated if start[1] else self.undated).add(start[0] + seconds, lines, errors)
        return True

    def _read_each(self, lines: Iterable[bytes], keys: Iterable[bytes], troubled: set[bytes]) -> None:
        for line, key in zip(lines, keys, strict=True):
            if stamp := time_in(line):
                ticks = self.dated if stamp.has_year else self.undated
                ticks.add(seconds_of(stamp.at), 1, key in troubled)


def buckets_of(dated: Ticks, undated: Ticks, placed: Callable[[datetime], datetime]) -> tuple[Bucket, ...]:
    """At most MOST_BUCKETS equal slices from the first time to the last; `placed` adds the year where none is."""
    ticks = Ticks()
    for source, move in ((dated, False), (undated, True)):
        for tick, lines in source.lines.items():
            second = seconds_of(placed(at_second(tick))) if move else tick
            ticks.add(second, lines, source.errors.get(tick, 0))
    if not ticks.lines:
        return ()
    return _slices(ticks, max(ticks.grain, dated.grain, undated.grain))


def _slices(ticks: Ticks, grain: int) -> tuple[Bucket, ...]:
    first, last = min(ticks.lines), max(ticks.lines)
    fitting = (
        width for width in (*_WIDTHS, *_DAYS) if width % grain == 0 and last // width - first // width < MOST_BUCKETS
    )
    width = next(fitting, last - first + 1)
    lines: Counter[int] = Counter()
    errors: Counter[int] = Counter()
    for tick, count in ticks.lines.items():
        lines[tick // width] += count
        errors[tick // width] += ticks.errors[tick]
    return tuple(
        Bucket(at_second(slot * width), lines[slot], errors[slot]) for slot in range(first // width, last // width + 1)
    )
