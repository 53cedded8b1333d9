"""Times as they are stored (RFC 3339) and as they are said, and which of two things came first."""

from __future__ import annotations

from datetime import datetime, timedelta

from faultmaven.diagnosis.digest import Zone


def stamp(at: datetime | None) -> str | None:
    """RFC 3339 in UTC. None when there is no time or its year is not known: a year is never invented."""
    if at is None or not has_year(at):
        return None
    text = at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def has_year(at: datetime) -> bool:
    return at.year >= 1970


def comparable(one: datetime, other: datetime) -> bool:
    """A time without a year has no place among those with one."""
    return has_year(one) == has_year(other)


def said(at: datetime, zone: Zone = "explicit") -> str:
    """`2026-11-22 10:02:03 UTC`; the day alone without its year when the evidence names none."""
    day = at.strftime("%Y-%m-%d") if has_year(at) else at.strftime("%b %d")
    return f"{day} {at:%H:%M:%S}" + (" UTC" if zone == "explicit" else "")


def stretch(at: datetime, last_at: datetime | None, over: bool, zone: Zone) -> str:
    """`since …`, or where it is over `from … to …`, the day said once."""
    if not over or last_at is None:
        return f"since {said(at, zone)}"
    if last_at == at:
        return f"at {said(at, zone)}"
    until = said(last_at, zone)
    return f"from {said(at, 'none')} to {until[len(until.split(' ')[0]) + 1 :] if _same_day(at, last_at) else until}"


def _same_day(one: datetime, other: datetime) -> bool:
    return has_year(one) and one.date() == other.date()


def lasting(span: timedelta) -> str:
    """A duration in its one or two largest units."""
    seconds = int(span.total_seconds())
    if seconds < 1:
        return "under a second"
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next(index for index, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def lines(count: int) -> str:
    """What is counted is lines, not events: one failure may be told by several."""
    return "1 line" if count == 1 else f"{count:,} lines"
