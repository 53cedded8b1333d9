"""What changed before, when it was worst, when it ended."""

from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Moment


def timeline(lines: list[str]) -> list[Moment]:
    return diagnose("why?", [source("x.log", "\n".join(lines).encode())]).timeline


def at(minute: int, text: str) -> str:
    return f"2026-03-17T09:{minute:02}:00Z {text}"


FAILS = "ERROR could not write to file: No space left on device"


def test_a_change_just_before_stands_before_the_first_error() -> None:
    found = timeline([at(1, "INFO deployed shop v2.1.0"), at(2, FAILS), at(3, FAILS)])
    assert [(moment.role, moment.at) for moment in found] == [
        ("change", "2026-03-17T09:01:00Z"),
        ("first_error", "2026-03-17T09:02:00Z"),
    ]
    assert all(moment.cites for moment in found)


def test_a_change_after_the_trouble_began_is_not_blamed() -> None:
    report = timeline([at(1, FAILS), at(2, FAILS), at(5, "INFO deployed shop v2.1.0")])
    assert [moment.role for moment in report] == ["first_error"]


def test_a_warning_before_the_first_error_is_noted() -> None:
    found = timeline([at(1, "WARN disk /var is 97% full"), at(9, FAILS)])
    assert [moment.role for moment in found] == ["note", "first_error"]


def test_recovery_closes_the_story() -> None:
    found = timeline([at(1, FAILS), at(2, FAILS), at(7, "INFO writing resumed, back to normal")])
    assert found[-1].role == "recovery"


def test_the_slice_with_by_far_the_most_errors_is_a_burst() -> None:
    lines = [at(n, "INFO tick") for n in range(60)]
    lines[30:30] = [at(30, FAILS)] * 40
    lines[10:10] = [at(10, FAILS)]
    assert "burst" in [moment.role for moment in timeline(lines)]


def test_a_line_about_deployments_that_comes_all_the_time_is_no_change() -> None:
    lines = [at(n, f"INFO deployment check {n} done, config applied") for n in range(40)] + [at(41, FAILS)]
    assert [moment.role for moment in timeline(lines)] == ["first_error"]
