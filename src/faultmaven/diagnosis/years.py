"""Which year a time without one belongs to, as far as the evidence itself can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from faultmaven.diagnosis.timestamps import NO_YEAR, UNSURE_YEAR

Placing = Callable[[datetime], datetime]


def place_years(undated: Iterable[datetime], known: datetime | None) -> Placing:
    """Times that name no year, or leave open which number is the month, are put as near as can be to `known`, a time
    that does name its date.

    Without any such time they stay in NO_YEAR, but a log that runs from December into January goes on in the next, so
    that order and distances are right.
    """
    if known:
        return lambda at: _nearest(at, known)
    months = {at.month for at in undated}
    over_new_year = 12 in months and 1 in months and not months & {5, 6, 7, 8}
    return lambda at: _in_year(at, NO_YEAR + 1) if over_new_year and at.month < 7 else at


def _nearest(at: datetime, known: datetime) -> datetime:
    is_unsure = at.year == UNSURE_YEAR and at.day <= 12
    readings = (at, at.replace(month=at.day, day=at.month)) if is_unsure else (at,)
    moved = (_in_year(reading, known.year + step) for reading in readings for step in (0, -1, 1))
    return min(moved, key=lambda candidate: abs(candidate - known))


def _in_year(at: datetime, year: int) -> datetime:
    try:
        return at.replace(year=year)
    except ValueError:  # 29 February of a year without one
        return at.replace(year=year, month=3, day=1)
