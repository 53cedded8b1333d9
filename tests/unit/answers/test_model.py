"""When two questions are the same question."""

from __future__ import annotations

from typing import Any

import pytest

from faultmaven.answers.model import Ask

QUESTION: dict[str, Any] = {
    "session_id": "session_1",
    "query": "What is wrong?",
    "case_id": "case_1",
    "evidence_ids": ["evidence_1", "evidence_2"],
    "context": {"page_url": "https://a.example/", "text_data": "x"},
}


def fingerprint(**change: Any) -> str:
    return Ask.model_validate(QUESTION | change).fingerprint()


@pytest.mark.parametrize(
    "change",
    [{"session_id": "session_2"}, {"query": "  What is wrong?\n"}, {"unknown": 1}],
    ids=lambda one: next(iter(one)),
)
def test_a_repetition_is_recognised(change: dict[str, Any]) -> None:
    assert fingerprint(**change) == fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"query": "What is wrong"},
        {"case_id": None},
        {"case_id": "case_2"},
        {"evidence_ids": None},
        {"evidence_ids": []},
        {"evidence_ids": ["evidence_2", "evidence_1"]},
        {"context": None},
        {"context": {"page_url": "https://a.example/", "text_data": "y"}},
        {"context": {"page_content": "x"}},
    ],
)
def test_another_question_is_another(change: dict[str, Any]) -> None:
    assert fingerprint(**change) != fingerprint()


def test_half_of_a_surrogate_pair_in_a_page_is_replaced() -> None:
    asked = Ask.model_validate(QUESTION | {"context": {"page_content": "a \ud800 b"}})
    assert asked.context is not None
    assert asked.context.page_content == "a ? b"
    assert asked.fingerprint()
