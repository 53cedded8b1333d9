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
    ],
)
def test_common_forms(text: str, zoned: bool, micros: int) -> None:
    stamp = find_stamp(text)
    assert stamp is not None
    assert (stamp.at, stamp.zoned, stamp.has_year) == (AT.replace(microsecond=micros), zoned, True)


@pytest.mark.parametrize(
    "text",
    ["Jan  2 15:04:05 web sshd[9]: hello", "<34>Jan  2 15:04:05 web su: hello", "E0102 15:04:05.000000  1 a.go:1] no"],
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
