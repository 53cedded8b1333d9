import pytest
from tests.corpus.regenerate import answer

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
