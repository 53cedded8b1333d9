"""Times as logs write them: found near the start of a line, kept with what they leave unsaid.

A time without a zone is taken as UTC and says so; a time without a year gets `NO_YEAR`, which no log ever bears, so
that nobody downstream can mistake it for a stated one. A date that may name its month first or its day gets
`UNSURE_YEAR`, in which both readings are days: other dates of the evidence decide (`years`), or it stays unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# A leap year, so that 29 February without a year is still a day.
NO_YEAR = 4
UNSURE_YEAR = 2
# A time further right than this is something the message talks about, not when the line was written.
_HEAD = 110
_NAMES = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split("|"), 1)}
_LONG_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_MONTH = f"(?:{_NAMES})"
_PAST_HOUR = r":(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
_CLOCK = rf"(\d\d){_PAST_HOUR}"
_LONG_MONTH = r"([JFMASOND][a-z]{2,8})"
# Names that mean one offset wherever they are used; `CST` and `IST` do not.
_OFFSETS = {
    "PST": -8,
    "PDT": -7,
    "MST": -7,
    "MDT": -6,
    "CDT": -5,
    "EST": -5,
    "EDT": -4,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "SGT": 8,
    "HKT": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
}
_ZONE_NAMES = "|".join(sorted(_OFFSETS, key=len, reverse=True))
_ISO = re.compile(
    rf"(?<!\d)(\d{{4}})[-/](\d\d)[-/](\d\d)(?:[T _]|, ?){_CLOCK}"
    rf"(?:\s?(Z\b|UTC|GMT|(?:{_ZONE_NAMES})\b|[+-]\d\d(?::?\d\d)?(?!\d))| ([AP]M)\b)?"
)
_BASIC = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)[T-](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?!\d)")
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)[/ -]({_MONTH})[/ -](\d{{4}})[: ]{_CLOCK}(?: (GMT|UTC|[+-]\d{{4}}))?")
_YEAR_LAST = re.compile(rf"({_MONTH}) +(\d\d?) {_CLOCK}(?: ([A-Z]{{3,4}}))? (\d{{4}})\b")
_NO_YEAR = re.compile(rf"({_MONTH}) +(\d\d?),? {_CLOCK}(?!\d)")
_KLOG = re.compile(rf"(?:^|[\s|\]])[IWEF](20\d\d)?(\d\d)(\d\d) {_CLOCK}")
_EPOCH = re.compile(r"^\W{0,2}(1\d{9})(?:\.(\d{1,9})|(\d{3}))?(?!\w)")
# Tried only where none of the above is found.
_NUMBERS = re.compile(
    rf"(?<![\d/.])(\d\d?)([/.-])(\d\d?)\2(\d{{4}}),? +(\d\d?){_PAST_HOUR}(?: ?([AP]M)\b| ?(Z\b|UTC|GMT|[+-]\d{{4}}\b))?"
)
_DOTTED = re.compile(rf"(?<!\d)(\d{{4}})\.(\d\d)\.(\d\d) {_CLOCK}()")
_SPACED = re.compile(rf"(?<!\d)(20\d\d)(\d\d)(\d\d) {_CLOCK}()")
_SHORT = re.compile(rf"^\W?(\d\d)(?:/(\d\d)/(\d\d)|(\d\d)(\d\d)) +{_CLOCK}")
_SPELT = re.compile(rf"\b{_LONG_MONTH} +(\d\d?),? +(\d{{4}}),?(?: at)? +(\d\d?){_PAST_HOUR}(?: ?([AP]M)\b)?")
_SPELT_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?) {_LONG_MONTH},? (\d{{4}}) {_CLOCK}")
_DAY_FIRST_NO_YEAR = re.compile(rf"(?<!\d)(\d\d?) ({_MONTH}) {_CLOCK}")
_ANDROID = re.compile(rf"^()(\d\d)-(\d\d) {_CLOCK}(?= )")
_MINUTES = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(Z\b|[+-]\d\d:?\d\d)?(?![:\d])")
_FINE_EPOCH = re.compile(r"^\W{0,2}(1\d{15}|1\d{18})(?!\w)")
_FLOAT_EPOCH = re.compile(r"^(1\.\d{3,20}e\+?09)(?!\w)")
# Any clock, compact date or epoch at all: most lines without one are turned away by this alone.
_MAYBE = re.compile(r"\d:\d\d:\d\d|\d{8}[T-]\d{6}|^\W{0,2}1\d{9}|-\d\d[T ]\d\d:\d\d|^1\.\d+e")


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
    return first or next(_rare(head), None)


def _rare(head: str) -> Iterator[Stamp]:
    for pattern, read in _RARE_FORMS:
        if (match := pattern.search(head)) and (stamp := read(match)):
            yield stamp


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
        return read_value(value.get("$date") or value.get("epochSecond"))
    if not isinstance(value, str):
        return None
    return find_stamp(value) or (read_value(float(value)) if _EPOCH.fullmatch(value) else None)


def _read_iso(match: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, second, fraction, zone, *half = match.groups()
    return _stamp(match, int(year), int(month), int(day), (_in_day(hour, *half), minute, second, fraction), zone)


def _read_day_first(match: re.Match[str]) -> Stamp | None:
    day, month, year, hour, minute, second, fraction, zone = match.groups()
    return _stamp(match, int(year), _MONTHS[month], int(day), (hour, minute, second, fraction), zone)


def _read_year_last(match: re.Match[str]) -> Stamp | None:
    month, day, hour, minute, second, fraction, zone, year = match.groups()
    named = zone if zone in ("UTC", "GMT") or zone in _OFFSETS else None
    return _stamp(match, int(year), _MONTHS[month], int(day), (hour, minute, second, fraction), named)


def _read_no_year(match: re.Match[str]) -> Stamp | None:
    month, day, hour, minute, second, fraction = match.groups()
    return _stamp(match, NO_YEAR, _MONTHS[month], int(day), (hour, minute, second, fraction), None)


def _read_klog(match: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, second, fraction = match.groups()
    return _stamp(match, int(year or NO_YEAR), int(month), int(day), (hour, minute, second, fraction), None)


def _read_epoch(match: re.Match[str]) -> Stamp | None:
    seconds, fraction, millis = match.groups()
    at = from_epoch(float(f"{seconds}.{fraction or millis or 0}"))
    return Stamp(at, match.start(), match.end()) if at else None


def _read_numbers(match: re.Match[str]) -> Stamp | None:
    """Dots put the day first and `PM` the month; of numbers alone one above twelve tells."""
    one, mark, other, year, hour, minute, second, fraction, half, zone = match.groups()
    clock = (_in_day(hour, half), minute, second, fraction)
    first, last = int(one), int(other)
    is_unsure = first <= 12 and last <= 12 and first != last and mark != "." and not half
    month_first = last > 12 or (bool(half) and first <= 12)
    day, month = (last, first) if month_first else (first, last)
    return _stamp(match, UNSURE_YEAR if is_unsure else int(year), month, day, clock, zone)


def _read_short(match: re.Match[str]) -> Stamp | None:
    """Two digits for the year, which comes first: Spark's `26/03/12` and the `260312` of old MySQL."""
    year, month, day, joined_month, joined_day, *clock = match.groups()
    when = int(month or joined_month), int(day or joined_day)
    return _stamp(match, 2000 + int(year), *when, (clock[0], clock[1], clock[2], clock[3]), None)


def _read_spelt(match: re.Match[str]) -> Stamp | None:
    name, day, year, hour, minute, second, fraction, half = match.groups()
    month = _month(name)
    clock = (_in_day(hour, half), minute, second, fraction)
    return _stamp(match, int(year), month, int(day), clock, None) if month else None


def _read_spelt_day_first(match: re.Match[str]) -> Stamp | None:
    day, name, year, hour, minute, second, fraction = match.groups()
    month = _month(name)
    return _stamp(match, int(year), month, int(day), (hour, minute, second, fraction), None) if month else None


def _read_day_first_no_year(match: re.Match[str]) -> Stamp | None:
    day, month, hour, minute, second, fraction = match.groups()
    return _stamp(match, NO_YEAR, _MONTHS[month], int(day), (hour, minute, second, fraction), None)


def _read_minutes(match: re.Match[str]) -> Stamp | None:
    year, month, day, hour, minute, zone = match.groups()
    return _stamp(match, int(year), int(month), int(day), (hour, minute, "0", None), zone)


def _read_number(match: re.Match[str]) -> Stamp | None:
    at = from_epoch(float(match[1]))
    return Stamp(at, match.start(), match.end()) if at else None


def _in_day(hour: str, half: str | None = None) -> str:
    """An hour of twelve as one of twenty-four; no such hour stays as it is and fails later."""
    if not half or not 1 <= int(hour) <= 12:
        return hour
    return str(int(hour) % 12 + (12 if half == "PM" else 0))


def _month(name: str) -> int | None:
    number = _MONTHS.get(name[:3])
    return number if number and _LONG_NAMES[number - 1].startswith(name) else None


_FORMS = (
    (_ISO, _read_iso),
    (_DAY_FIRST, _read_day_first),
    (_YEAR_LAST, _read_year_last),
    (_NO_YEAR, _read_no_year),
    (_KLOG, _read_klog),
    (_BASIC, _read_iso),
    (_EPOCH, _read_epoch),
)
_RARE_FORMS = (
    (_NUMBERS, _read_numbers),
    (_DOTTED, _read_iso),
    (_SPACED, _read_iso),
    (_SHORT, _read_short),
    (_SPELT, _read_spelt),
    (_SPELT_DAY_FIRST, _read_spelt_day_first),
    (_DAY_FIRST_NO_YEAR, _read_day_first_no_year),
    (_ANDROID, _read_klog),
    (_MINUTES, _read_minutes),
    (_FINE_EPOCH, _read_number),
    (_FLOAT_EPOCH, _read_number),
)


def _stamp(
    match: re.Match[str], year: int, month: int, day: int, clock: tuple[str, str, str, str | None], zone: str | None
) -> Stamp | None:
    hour, minute, second, fraction = clock
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    # A leap second is written as 60 and is the last second of its minute here.
    moment = (year, month, day, int(hour), int(minute), min(int(second), 59) if second == "60" else int(second), micros)
    if year not in (NO_YEAR, UNSURE_YEAR) and not 1970 <= year <= 2199:
        return None
    try:
        at = datetime(*moment, tzinfo=_zone(zone)).astimezone(UTC)
    except ValueError:
        return None
    return Stamp(at, match.start(), match.end(), zoned=bool(zone))


@lru_cache(maxsize=256)
def _zone(text: str | None) -> timezone:
    """Raises ValueError for an offset no clock can have."""
    if not text or text in ("Z", "UTC", "GMT"):
        return UTC
    if text in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[text]))
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
