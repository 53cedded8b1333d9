"""Times as logs write them: found near the start of a line, kept with what they leave unsaid.

A time without a zone is taken as UTC and says so; a time without a year gets `NO_YEAR`, which no log ever bears, so
that nobody downstream can mistake it for a stated one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# A leap year, so that 29 February without a year is still a day.
NO_YEAR = 4
# A time further right than this is something the message talks about, not when the line was written.
_HEAD = 110
_NAMES = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split("|"), 1)}

_MONTH = f"(?:{_NAMES})"
_CLOCK = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
_ISO = re.compile(rf"(?<!\d)(\d{{4}})[-/](\d\d)[-/](\d\d)[T _]{_CLOCK}\s?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?(?!\d))?")
_BASIC = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)[T-](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?!\d)")
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)[/ -]({_MONTH})[/ -](\d{{4}})[: ]{_CLOCK}(?: (GMT|UTC|[+-]\d{{4}}))?")
_YEAR_LAST = re.compile(rf"({_MONTH}) +(\d\d?) {_CLOCK}(?: ([A-Z]{{3,4}}))? (\d{{4}})\b")
_NO_YEAR = re.compile(rf"({_MONTH}) +(\d\d?),? {_CLOCK}(?!\d)")
_KLOG = re.compile(rf"(?:^|[\s|\]])[IWEF](\d\d)(\d\d) {_CLOCK}")
_EPOCH = re.compile(r"^\W{0,2}(1\d{9})(?:\.(\d{1,9})|(\d{3}))?(?!\w)")
# Any clock, compact date or epoch at all: most lines without one are turned away by this alone.
_MAYBE = re.compile(r"\d\d:\d\d:\d\d|\d{8}[T-]\d{6}|^\W{0,2}1\d{9}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time in UTC, and where in the text it stood. `zoned` is false where UTC is an assumption."""

    at: datetime
    start: int
    end: int
    zoned: bool = True

    @property
    def has_year(self) -> bool:
        return self.at.year > NO_YEAR + 1


def find_stamp(text: str) -> Stamp | None:
    """The time a line was written at, as far as its first columns tell."""
    return _find(text[:_HEAD])


# One line after the other is read, each by several readers.
@lru_cache(maxsize=8)
def _find(head: str) -> Stamp | None:
    if not _MAYBE.search(head):
        return None
    first: Stamp | None = None
    for pattern, read in _FORMS:
        match = pattern.search(head)
        if match and (not first or match.start() < first.start) and (stamp := read(match)):
            first = stamp
            if not match.start():
                break
    return first


def from_epoch(number: float) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size; None outside 2001..2100."""
    for divisor in (1, 1e3, 1e6, 1e9):
        seconds = number / divisor
        if 1e9 <= seconds < 4.1e9:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1e6))
    return None


def read_value(value: object) -> Stamp | None:
    """The time in a field that is said to hold one, such as JSON `ts`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        at = from_epoch(value)
        return Stamp(at, 0, 0) if at else None
    if isinstance(value, dict):
        return read_value(value.get("$date"))
    if not isinstance(value, str):
        return None
    return find_stamp(value) or (read_value(float(value)) if _EPOCH.fullmatch(value) else None)


def _read_iso(match: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    return _stamp(match, int(year), int(month), int(day), (hour, minute, second, fraction), zone)


def _read_day_first(match: re.Match[str]) -> Stamp | None:
    day, month, year, hour, minute, second, fraction, zone = match.groups()
    return _stamp(match, int(year), _MONTHS[month], int(day), (hour, minute, second, fraction), zone)


def _read_year_last(match: re.Match[str]) -> Stamp | None:
    month, day, hour, minute, second, fraction, zone, year = match.groups()
    named = zone if zone in ("UTC", "GMT") else None
    return _stamp(match, int(year), _MONTHS[month], int(day), (hour, minute, second, fraction), named)


def _read_no_year(match: re.Match[str]) -> Stamp | None:
    month, day, hour, minute, second, fraction = match.groups()
    return _stamp(match, NO_YEAR, _MONTHS[month], int(day), (hour, minute, second, fraction), None)


def _read_klog(match: re.Match[str]) -> Stamp | None:
    month, day, hour, minute, second, fraction = match.groups()
    return _stamp(match, NO_YEAR, int(month), int(day), (hour, minute, second, fraction), None)


def _read_epoch(match: re.Match[str]) -> Stamp | None:
    seconds, fraction, millis = match.groups()
    at = from_epoch(float(f"{seconds}.{fraction or millis or 0}"))
    return Stamp(at, match.start(), match.end()) if at else None


_FORMS = (
    (_ISO, _read_iso),
    (_DAY_FIRST, _read_day_first),
    (_YEAR_LAST, _read_year_last),
    (_NO_YEAR, _read_no_year),
    (_KLOG, _read_klog),
    (_BASIC, _read_iso),
    (_EPOCH, _read_epoch),
)


def _stamp(
    match: re.Match[str], year: int, month: int, day: int, clock: tuple[str, str, str, str | None], zone: str | None
) -> Stamp | None:
    hour, minute, second, fraction = clock
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    # A leap second is written as 60 and is the last second of its minute here.
    moment = (year, month, day, int(hour), int(minute), min(int(second), 59) if second == "60" else int(second), micros)
    if year != NO_YEAR and not 1970 <= year <= 2199:
        return None
    try:
        at = datetime(*moment, tzinfo=_zone(zone)).astimezone(UTC)
    except ValueError:
        return None
    return Stamp(at, match.start(), match.end(), zoned=zone is not None)


@lru_cache(maxsize=256)
def _zone(text: str | None) -> timezone:
    """Raises ValueError for an offset no clock can have."""
    if text is None or text in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
