"""Idempotency-Key: whoever is not sure whether a question arrived may ask it again."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from tests.integration.conftest import Start, StartTimed, make_case, open_session
from tests.integration.problems import SESSIONS, code_of

QUERY = "/api/v1/query"


def new_key() -> str:
    return uuid.uuid4().hex


def ask_under(key: str, api: httpx.Client, session_id: str, query: str = "what does ENOSPC mean?", **more: Any) -> Any:
    body = {"session_id": session_id, "query": query} | more
    return api.post(QUERY, json=body, headers={"Idempotency-Key": key})


def questions(api: httpx.Client, case_id: str) -> list[str]:
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    return [event["type"] for event in events if event["type"] in ("question.asked", "answer.started")]


def test_the_same_question_under_the_same_key_is_asked_once(api: httpx.Client) -> None:
    session_id, key = open_session(api)["session_id"], new_key()
    first, second = ask_under(key, api, session_id), ask_under(key, api, session_id)
    assert second.status_code == 200
    assert second.json() == first.json()
    assert questions(api, first.json()["case_id"]) == ["question.asked", "answer.started"]


def test_without_a_key_every_question_is_asked(api: httpx.Client) -> None:
    body = {"session_id": open_session(api)["session_id"], "query": "what does ENOSPC mean?"}
    assert api.post(QUERY, json=body).json()["query_id"] != api.post(QUERY, json=body).json()["query_id"]


def test_another_question_under_the_same_key_is_refused(api: httpx.Client) -> None:
    session_id, key, case_id = open_session(api)["session_id"], new_key(), make_case(api)
    ask_under(key, api, session_id, case_id=case_id)
    for other in (
        ask_under(key, api, session_id, "what does ECONNREFUSED mean?", case_id=case_id),
        ask_under(key, api, session_id, case_id=make_case(api)),
        ask_under(key, api, session_id, case_id=case_id, evidence_ids=[]),
        ask_under(key, api, session_id, case_id=case_id, context={"text_data": "x"}),
    ):
        assert code_of(other, 422) == "idempotency_mismatch"
    assert questions(api, case_id) == ["question.asked", "answer.started"]


def test_a_repetition_may_come_from_another_session(api: httpx.Client) -> None:
    first, key = open_session(api), new_key()
    asked = ask_under(key, api, first["session_id"]).json()
    api.delete(f"{SESSIONS}/{first['session_id']}")
    renewed = open_session(api, client_id=first["client_id"])
    assert ask_under(key, api, renewed["session_id"]).json()["query_id"] == asked["query_id"]


def test_the_session_is_checked_before_the_key(api: httpx.Client) -> None:
    session_id, key = open_session(api)["session_id"], new_key()
    ask_under(key, api, session_id)
    api.delete(f"{SESSIONS}/{session_id}")
    assert code_of(ask_under(key, api, session_id), 410) == "session_ended"


def test_a_refused_question_leaves_its_key_free(api: httpx.Client) -> None:
    session_id, key = open_session(api)["session_id"], new_key()
    assert code_of(ask_under(key, api, session_id, case_id="case_unknown"), 404) == "case_not_found"
    assert ask_under(key, api, session_id).status_code == 200


def test_a_key_is_known_after_a_restart(start: Start) -> None:
    key = new_key()
    with start() as server, server.client() as api:
        session_id = open_session(api)["session_id"]
        asked = ask_under(key, api, session_id).json()
        server.stop()
    with start() as server, server.client() as api:
        assert ask_under(key, api, session_id).json() == asked


def test_a_key_is_forgotten_after_two_days(start_timed: StartTimed) -> None:
    key = new_key()
    with start_timed() as server, server.client() as api:
        asked = ask_under(key, api, open_session(api)["session_id"]).json()
    for minutes, known in ((47 * 60, True), (49 * 60, False)):
        with start_timed(ahead_minutes=minutes) as server, server.client() as api:
            again = ask_under(key, api, open_session(api)["session_id"]).json()
            assert (again["query_id"] == asked["query_id"]) is known
