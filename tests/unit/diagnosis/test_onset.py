"""Since when, how often, and whether it still goes on."""

import pytest
from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Onset

ERROR = "{} ERROR pg could not write to file: No space left on device"
TICK = "{} INFO pg tick"


def onset(lines: list[str]) -> Onset:
    found = diagnose("why?", [source("pg.log", "\n".join(lines).encode())]).onset
    assert found is not None
    return found


def at(minute: int, zone: str = "Z") -> str:
    return f"2026-03-17T09:{minute:02}:00{zone}"


def test_it_begins_at_the_first_error_not_the_first_warning() -> None:
    warned = f"{at(3)} WARN pg disk usage high"
    found = onset([TICK.format(at(1)), warned, ERROR.format(at(7)), ERROR.format(at(9))])
    assert (found.at, found.last_at, found.count) == ("2026-03-17T09:07:00Z", "2026-03-17T09:09:00Z", 2)


@pytest.mark.parametrize(
    ("minutes_of_errors", "ongoing"), [(range(30, 60), "yes"), (range(5, 20), "no"), (range(5, 52), "unknown")]
)
def test_ongoing_is_judged_by_the_end_of_the_evidence(minutes_of_errors: range, ongoing: str) -> None:
    lines = [
        line for n in range(60) for line in [TICK.format(at(n))] + [ERROR.format(at(n))] * (n in minutes_of_errors)
    ]
    assert onset(lines).ongoing == ongoing


def test_a_recovery_told_after_the_last_error_ends_it() -> None:
    lines = [ERROR.format(at(n)) for n in range(1, 9)] + [f"{at(9)} INFO pg recovered, writing again"]
    assert onset(lines).ongoing == "no"


def test_without_times_nothing_is_said_about_when() -> None:
    found = onset(["ERROR: could not write to file: No space left on device"] * 3)
    assert (found.at, found.ongoing, found.count) == (None, "unknown", 3)


def test_a_time_zone_that_is_not_named_is_marked_as_assumed() -> None:
    assert onset([ERROR.format(at(1, "")), ERROR.format(at(2, ""))]).zone_assumed
    assert not onset([ERROR.format(at(1)), ERROR.format(at(2))]).zone_assumed


def test_onset_and_last_are_cited() -> None:
    assert onset([TICK.format(at(1)), ERROR.format(at(2))]).cites
