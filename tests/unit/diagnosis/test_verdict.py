"""How much is claimed."""

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
