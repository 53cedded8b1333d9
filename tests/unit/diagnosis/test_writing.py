"""The words a person reads under stress."""

import pytest
from tests.corpus import regenerate

from faultmaven.diagnosis.diagnose import diagnose


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("python_keyerror_after_release", ["KeyError: 'platinum'", "pricing.py:41"]),
        ("expired_certificate", ["certificate", "expired", "mail.partner.example"]),
        ("port_in_use", ["port", "8443"]),
        ("disk_full_syslog", ["disk is full", "since Mar 17 09:03:15"]),
        ("unknown_error", ["Likely cause", "checksum drift"]),
        ("nginx_upstream_refused", ["10.20.0.14:8080", "the cause is not in sight"]),
        ("healthy_service", ["No fault found in 67 lines"]),
        ("empty_file", ["empty"]),
        ("binary_file", ["binary"]),
    ],
)
def test_the_headline_names_the_thing(name: str, words: list[str]) -> None:
    headline = regenerate.answer(name).headline
    assert all(word in headline for word in words), headline


def test_the_summary_says_what_since_when_and_where() -> None:
    summary = regenerate.answer("postgres_too_many_clients").summary
    for words in (
        "Cause found",
        "max_connections",
        "“sorry, too many clients already”",
        "2026-03-17 09:02:20 UTC",
        "52 lines",
    ):
        assert words in summary


def test_sections_stand_in_the_order_they_are_needed() -> None:
    response = regenerate.answer("redis_disk_full_mixed").response
    titles = ["## Why", "## Do next", "## Other possibilities", "## Timeline", "## What was looked at"]
    assert [line for line in response.split("\n") if line.startswith("## ")] == titles


def test_a_known_cause_is_acted_on_and_a_mere_symptom_looked_into_first() -> None:
    steps = [line for line in regenerate.answer("disk_full_syslog").response.split("\n") if line.startswith("- ")]
    assert steps[0].startswith("- Mitigate")
    steps = [line for line in regenerate.answer("nginx_upstream_refused").response.split("\n") if line.startswith("- ")]
    assert steps[0].startswith("- Check")


def test_a_healthy_log_is_weighed_in_words() -> None:
    report = regenerate.answer("healthy_after_hiccup")
    assert "73 lines" in report.summary
    assert "2 of them are warnings" in report.summary
    assert "reconnected" in report.summary
    assert [citation.quote.partition("redis ")[2] for citation in report.citations] == [
        "cache-1:6379 lost, retrying in 1 s",
        "cache-1:6379 after 2 attempts",
    ]


def test_a_change_that_can_be_taken_back_comes_first_and_a_start_is_none() -> None:
    assert regenerate.answer("missing_column_after_deploy").actions[0].text.startswith("Consider taking back")
    assert not any("taking back" in action.text for action in regenerate.answer("port_in_use").actions)


def test_commands_are_filled_with_names_and_rated() -> None:
    checks = regenerate.answer("nginx_upstream_refused").next_checks
    assert checks[0].command is not None
    assert "10.20.0.14" in checks[0].command
    assert checks[0].risk == "read_only"


def test_a_term_asked_for_heads_its_explanation() -> None:
    assert diagnose("what does ECONNREFUSED mean?", []).headline.startswith("ECONNREFUSED: ")


def test_a_log_that_is_well_again_is_not_said_to_be_without_errors() -> None:
    lines = ["2026-03-17 08:00:00 ERROR shop payment provider timeout", "2026-03-17 08:01:00 INFO shop recovered"]
    lines += [f"2026-03-17 08:{minute:02}:00 INFO shop ok {minute}" for minute in range(2, 60)]
    report = diagnose("is it healthy?", [regenerate.source("shop.log", "\n".join(lines).encode())])
    assert report.verdict == "no_fault_found"
    assert "Errors among them: 1; warnings: 0." in report.summary
