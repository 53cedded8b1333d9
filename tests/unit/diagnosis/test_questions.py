import pytest
from tests.corpus.regenerate import answer

from faultmaven.diagnosis.diagnose import diagnose
from faultmaven.diagnosis.questions import Wanted, focus_of, told, wanted
from faultmaven.diagnosis.sources import EARLIER_QUESTION, QUESTION, Earlier


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Since when is checkout failing?", "when"),
        ("when did it start", "when"),
        ("how many requests failed", "how_many"),
        ("how often does it happen", "how_many"),
        ("why is it broken", "diagnosis"),
    ],
)
def test_what_sort_of_answer_is_wanted(question: str, kind: Wanted) -> None:
    assert wanted(question) == kind


def test_names_quotes_and_times_are_what_a_question_points_at() -> None:
    focus = focus_of("why did checkout-7f9c fail with 'Peer down' at 14:32 in /etc/app.conf")
    assert focus.identifiers == ("checkout-7f9c", "etc/app.conf")
    assert focus.quoted == ("peer down",)
    assert focus.clocks == ((14, 32),)


def test_the_question_is_evidence_named_question() -> None:
    (source,) = told("psycopg.OperationalError: gone", [])
    assert (source.name, source.document.text(1)) == (QUESTION, "psycopg.OperationalError: gone")
    assert source.is_told


def test_earlier_questions_follow_and_an_empty_question_is_no_evidence() -> None:
    earlier = Earlier("it said ENOSPC", answer("empty_file"))
    assert [source.name for source in told("and now?", [earlier])] == [QUESTION, EARLIER_QUESTION]
    assert told("", []) == []


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", "likely_cause"),
        ("no space left on device", "likely_cause"),
        ("FATAL: sorry, too many clients already", "likely_cause"),
        ("Error: listen EADDRINUSE: address already in use :::3000", "likely_cause"),
        ("Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\nKeyError: 'x'", "likely_cause"),
        ("dial tcp 10.0.0.5:5432: connect: connection refused", "symptom_only"),
    ],
)
def test_a_question_that_is_an_error_is_diagnosed(question: str, verdict: str) -> None:
    report = diagnose(question, [])
    assert report.verdict == verdict
    assert {citation.name for citation in report.citations} == {QUESTION}
    assert report.next_checks
    assert report.actions or "KeyError" in question


def test_an_error_nobody_knows_is_still_what_the_question_reports() -> None:
    report = diagnose("com.acme.FooException: bar went", [])
    assert report.verdict == "symptom_only"
    assert "FooException" in report.headline


@pytest.mark.parametrize("term", ["ECONNREFUSED", "OOMKilled", "exit code 137", "CrashLoopBackOff"])
def test_a_bare_term_is_answered_with_its_meaning(term: str) -> None:
    assert diagnose(term, []).verdict == "answered"
