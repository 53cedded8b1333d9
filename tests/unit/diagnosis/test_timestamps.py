"""Times are read as they are written, and what they leave unsaid stays unsaid."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.timestamps import NO_YEAR, find_stamp, read_value
from faultmaven.diagnosis.years import place_years

AT = datetime(2031, 1, 2, 15, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zoned", "micros"),
    [
        ("2031-01-02T15:04:05Z started", True, 0),
        ("2031-01-02T15:04:05.123456789Z started", True, 123456),
        ("2031-01-02 17:04:05,250+02:00 started", True, 250000),
        ("2031-01-02T10:04:05-0500 started", True, 0),
        ("2031-01-02 15:04:05.5 started", False, 500000),
        ("[2031-01-02 15:04:05,001] INFO started", False, 1000),
        ("2031-01-02 15:04:05.120 UTC [17] LOG:  started", True, 120000),
        ("2031/01/02 15:04:05 [notice] 1#1: started", False, 0),
        ('10.0.0.7 - - [02/Jan/2031:16:04:05 +0100] "GET / HTTP/1.1" 200 5', True, 0),
        ("[Thu Jan 02 15:04:05.123456 2031] [core:notice] started", False, 123456),
        ("1:M 02 Jan 2031 15:04:05.007 * started", False, 7000),
        ("Thu, 02 Jan 2031 15:04:05 GMT started", True, 0),
        ("20310102T150405Z started", True, 0),
        ("1925132645.5 started", True, 500000),
        ("1925132645123 started", True, 123000),
        ("web-1  | 2031-01-02T15:04:05Z started", True, 0),
        ("INFO  [main] 2031-01-02 15:04:05 started", False, 0),
        ("2031-01-02 16:04:05.120 CET [17] LOG:  started", True, 120000),
        ("Thu 2031-01-02 10:04:05 EST host app[7]: started", True, 0),
        ("Thu Jan 02 16:04:05 CET 2031 started", True, 0),
        ("[2031-01-02, 15:04:05 UTC] {tasks.py:7} INFO - started", True, 0),
        ("2031-01-02 03:04:05 PM started", False, 0),
        ("1/2/2031, 3:04:05 PM started", False, 0),
        ("[App] 7  - 01/02/2031, 3:04:05 PM     LOG started", False, 0),
        ("02.01.2031 15:04:05.250 started", False, 250000),
        ("Jan 02, 2031 3:04:05 PM org.depot.Shelf take", False, 0),
        ("January 2, 2031 15:04:05 started", False, 0),
        ("Thursday, January 2, 2031 3:04:05 PM started", False, 0),
        ("2 January 2031 15:04:05 started", False, 0),
        ("Jan 02 2031 15:04:05.007 started", False, 7000),
        ("Thu, 2 Jan 2031 16:04:05 +0100 started", True, 0),
        ("02-Jan-2031 15:04:05.007 INFO [main] started", False, 7000),
        ("2031.01.02 15:04:05.123456 [ 17 ] {} <Error> started", False, 123456),
        ("20310102 15:04:05.250 started", False, 250000),
        ("31/01/02 15:04:05 ERROR Executor: started", False, 0),
        ("310102 15:04:05 [ERROR] started", False, 0),
        ("2031-01-02T15:04:05.123456+00:00 started", True, 123456),
        ("W20310102 15:04:05.250000 7 a.cc:1] no", False, 250000),
        ("1925132645123456 started", True, 123456),
        ("1925132645123456000 started", True, 123456),
        ("1.925132645250000e+09\tinfo\tstarted", True, 250000),
    ],
)
def test_common_forms(text: str, zoned: bool, micros: int) -> None:
    stamp = find_stamp(text)
    assert stamp is not None
    assert (stamp.at, stamp.zoned, stamp.has_year) == (AT.replace(microsecond=micros), zoned, True)


@pytest.mark.parametrize(
    ("text", "day", "month"),
    [("23/01/2031 15:04:05 started", 23, 1), ("01/23/2031 15:04:05 started", 23, 1), ("7/7/2031 15:04:05 on", 7, 7)],
)
def test_numbers_that_can_be_no_month_tell_the_order(text: str, day: int, month: int) -> None:
    stamp = find_stamp(text)
    assert stamp is not None
    assert stamp.at == AT.replace(day=day, month=month)


def test_numbers_that_leave_the_order_open_are_decided_by_other_dates_or_not_at_all() -> None:
    stamp = find_stamp("01/02/2031 15:04:05 started")
    assert stamp is not None
    assert not stamp.has_year
    assert place_years([stamp.at], AT.replace(month=2, day=13))(stamp.at) == AT.replace(month=2, day=1)
    assert place_years([stamp.at], AT.replace(month=1, day=13))(stamp.at) == AT
    assert place_years([stamp.at], None)(stamp.at).year < 1970


def test_minutes_are_enough() -> None:
    stamp = find_stamp("2031-01-02T15:04Z started")
    assert stamp is not None
    assert (stamp.at, stamp.zoned) == (AT.replace(second=0), True)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "02 Jan 15:04:05.000 started",
            "01-02 15:04:05.000  1234  1250 E Shelf: no",
        ),
        "Jan  2 15:04:05 web sshd[9]: hello",
        "<34>Jan  2 15:04:05 web su: hello",
        "E0102 15:04:05.000000  1 a.go:1] no",
    ],
)
def test_a_year_is_never_invented(text: str) -> None:
    stamp = find_stamp(text)
    assert stamp is not None
    assert not stamp.has_year
    assert stamp.at.replace(year=2031) == AT


@pytest.mark.parametrize(
    "text",
    [
        "no time at all",
        "2031-13-41 25:61:61 is no time",
        "2031-01-02T15:04:05+99:99 has no such zone",
        "ratio 12:34:56:78:9a:bc",
        "x" * 200 + " 2031-01-02T15:04:05Z",
        "12345678901234567890",
        "²³¹²-¹¹-¹¹ ¹¹:¹¹:¹¹",
    ],
)
def test_what_is_no_time_of_the_line(text: str) -> None:
    assert find_stamp(text) is None


@pytest.mark.parametrize(
    "value", [1925132645, 1925132645.0, 1925132645000, 1925132645000000, "1925132645", "2031-01-02T15:04:05Z"]
)
def test_fields_hold_epochs_of_any_unit(value: object) -> None:
    stamp = read_value(value)
    assert stamp is not None
    assert stamp.at == AT


@pytest.mark.parametrize("value", [True, None, 12, -1, float("nan"), float("inf"), 10**30, [], {}, "soon"])
def test_other_fields_hold_no_time(value: object) -> None:
    assert read_value(value) is None


@given(st.text(max_size=150))
def test_no_text_makes_it_fail(text: str) -> None:
    find_stamp(text)


def undated(month: int, day: int = 1) -> datetime:
    return datetime(NO_YEAR, month, day, tzinfo=UTC)


def test_the_year_comes_from_dated_lines_nearby() -> None:
    placed = place_years([undated(12), undated(1)], datetime(2031, 1, 1, tzinfo=UTC))
    assert placed(undated(12)).year == 2030
    assert placed(undated(1)).year == 2031


def test_new_year_keeps_its_order_without_any_year() -> None:
    placed = place_years([undated(12, 31), undated(1, 1)], None)
    assert placed(undated(12, 31)) < placed(undated(1, 1))
    assert placed(undated(1, 1)).year < 1970


def test_29_february_survives_a_year_without_one() -> None:
    assert place_years([], datetime(2031, 3, 1, tzinfo=UTC))(undated(2, 29)) == datetime(2031, 3, 1, tzinfo=UTC)
