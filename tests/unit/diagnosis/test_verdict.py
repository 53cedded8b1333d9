"""How much is claimed."""

import pytest
from tests.corpus.regenerate import source

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.report import Verdict

TICK = "2026-03-17 09:{:02}:00 INFO shop order {} stored"


def verdict(lines: list[str], question: str = "is it well?") -> Verdict:
    return diagnose(question, [source("shop.log", "\n".join(lines).encode())]).verdict


def test_one_stray_error_in_a_long_log_is_a_hiccup() -> None:
    lines = [TICK.format(n % 60, n) for n in range(60)]
    assert (
        verdict([*lines[:20], "2026-03-17 09:20:00 ERROR shop odd answer from printer", *lines[20:]])
        == "no_fault_found"
    )


def test_many_different_errors_are_no_hiccup() -> None:
    words = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heath", "iris", "jade"]
    errors = [f"2026-03-17 09:10:{n:02} ERROR shop {word} {word} {word}" for n, word in enumerate(words)]
    assert verdict([*(TICK.format(n % 60, n) for n in range(60)), *errors]) == "symptom_only"


def test_an_error_the_log_ends_with_is_no_hiccup() -> None:
    lines = [TICK.format(n % 60, n) for n in range(60)]
    assert verdict([*lines, "2026-03-17 09:59:59 ERROR shop odd answer from printer"]) == "symptom_only"


def test_text_that_is_no_log_cannot_be_called_healthy() -> None:
    assert verdict(["once upon a time", "there was a server"]) == "not_enough_evidence"


REFUSED = "2026-03-17 09:20:{:02} ERROR shop connect to db-1:5432 failed: connection refused"
PASSED = [
    *(TICK.format(n, n) for n in range(20)),
    *(REFUSED.format(n) for n in range(30)),
    "2026-03-17 09:21:00 INFO shop connection to db-1 re-established",
    *(TICK.format(n, n) for n in range(22, 60)),
]


@pytest.mark.parametrize("question", ["What is wrong?", "is everything ok?", "any problems now?"])
def test_trouble_that_is_over_is_told_in_passing(question: str) -> None:
    report = diagnose(question, [source("shop.log", "\n".join(PASSED).encode())])
    assert report.verdict == "no_fault_found"
    assert "db-1:5432" in report.summary
    assert "re-established" in report.summary


@pytest.mark.parametrize("question", ["why did checkout fail?", "what happened at 09:20?", "when was the outage"])
def test_trouble_that_is_over_is_diagnosed_where_it_is_asked_about(question: str) -> None:
    assert verdict(PASSED, question) == "symptom_only"


def test_trouble_that_came_back_is_not_over() -> None:
    again = "2026-03-17 09:59:30 ERROR shop odd answer from printer"
    assert verdict([*PASSED, again], "What is wrong?") == "symptom_only"


def test_a_document_cannot_be_called_healthy() -> None:
    document = '{\n  "severity": "info",\n  "state": "normal",\n  "level": "info"\n}'
    assert verdict(document.split("\n")) == "not_enough_evidence"
