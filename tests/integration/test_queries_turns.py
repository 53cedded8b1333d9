"""One question at a time in a case: waiting for one's turn, a full queue, and taking questions back."""

from __future__ import annotations

import uuid

import httpx
from tests.following import follow
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL, long_log
from tests.integration.problems import SESSIONS, code_of
from tests.integration.test_queries import ask_async, poll

QUERY = "/api/v1/query"


def busy_case(api: httpx.Client, session_id: str) -> tuple[str, str]:
    """A case whose first question is running and takes its time: the ids of case and query."""
    case_id = make_case(api)
    add_evidence(api, case_id, long_log())
    query_id = ask_async(api, session_id, "What is wrong?", case_id=case_id)["query_id"]
    with follow(api, f"/api/v1/cases/{case_id}/events") as stream:
        stream.until("answer.progress")
    return case_id, query_id


def test_questions_of_a_case_are_answered_one_at_a_time_in_order(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    add_evidence(api, case_id, DISK_FULL)
    asked = [ask_async(api, session_id, f"What is wrong, part {n}?", case_id=case_id)["query_id"] for n in range(5)]
    assert {poll(api, query_id)["status"] for query_id in asked} == {"completed"}
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    runs = [
        (event["type"], event["query_id"])
        for event in events
        if event["type"] in ("answer.started", "answer.completed")
    ]
    assert runs == [(kind, query_id) for query_id in asked for kind in ("answer.started", "answer.completed")]


def test_who_waits_is_told_how_many_are_ahead(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    case_id, running = busy_case(api, session_id)
    waiting = [ask_async(api, session_id, f"Question {n}?", case_id=case_id) for n in range(2)]
    assert [query["status"] for query in waiting] == ["queued", "queued"]
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    assert [event["ahead"] for event in events if event["type"] == "question.asked"] == [0, 1, 2]
    api.post(f"/api/v1/queries/{running}/cancel")
    for query in waiting:
        api.post(f"/api/v1/queries/{query['query_id']}/cancel")


def test_other_cases_do_not_wait(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    _, running = busy_case(api, session_id)
    other = ask(api, session_id, "what does ENOSPC mean?", case_id=make_case(api))
    assert other["status"] == "completed"
    assert api.post(f"/api/v1/queries/{running}/cancel").status_code == 200


def test_a_full_queue_says_when_to_come_back(start: Start) -> None:
    with start(max_queued_queries="2") as server, server.client() as api:
        session_id = open_session(api)["session_id"]
        case_id, running = busy_case(api, session_id)
        ask_async(api, session_id, "Second?", case_id=case_id)
        refused = api.post(QUERY, json={"session_id": session_id, "query": "Third?", "case_id": case_id})
        assert code_of(refused, 429) == "queue_full"
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json()["recovery"] == "retry"
        api.post(f"/api/v1/queries/{running}/cancel")
        assert api.post(QUERY, json={"session_id": session_id, "query": "Third?"}).status_code == 200


def test_a_running_question_is_stopped_and_the_next_one_runs(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    case_id, running = busy_case(api, session_id)
    next_one = ask_async(api, session_id, "what does ENOSPC mean?", case_id=case_id, evidence_ids=[])
    cancelled = api.post(f"/api/v1/queries/{running}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert "verdict" not in cancelled
    assert poll(api, next_one["query_id"])["status"] == "completed"
    assert api.get(f"/api/v1/queries/{running}").json() == cancelled
    assert code_of(api.post(f"/api/v1/queries/{running}/cancel"), 409) == "query_finished"


def test_a_waiting_question_is_stopped_before_it_runs(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    case_id, running = busy_case(api, session_id)
    waiting = ask_async(api, session_id, "And now?", case_id=case_id)["query_id"]
    assert api.post(f"/api/v1/queries/{waiting}/cancel").json()["status"] == "cancelled"
    api.post(f"/api/v1/queries/{running}/cancel")
    ask(api, session_id, "what does ENOSPC mean?", case_id=case_id, evidence_ids=[])
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    assert [event["type"] for event in events if event.get("query_id") == waiting] == [
        "question.asked",
        "answer.cancelled",
    ]


def test_leaving_is_not_cancelling(api: httpx.Client) -> None:
    body = {"session_id": open_session(api)["session_id"], "query": "What is wrong?", "case_id": make_case(api)}
    add_evidence(api, body["case_id"], long_log(20) + DISK_FULL)
    with follow(api, QUERY, method="POST", json=body) as stream:
        query_id = stream.until("answer.started")[-1].data["query_id"]
    assert poll(api, query_id)["status"] == "completed"


def test_ending_the_session_does_not_end_its_question(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    add_evidence(api, case_id, long_log(20) + DISK_FULL)
    query_id = ask_async(api, session_id, "What is wrong?", case_id=case_id)["query_id"]
    api.delete(f"{SESSIONS}/{session_id}")
    assert poll(api, query_id)["status"] == "completed"


def test_deleting_the_case_stops_its_questions(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    case_id, running = busy_case(api, session_id)
    api.delete(f"/api/v1/cases/{case_id}")
    api.post(f"/api/v1/cases/{case_id}/restore")
    assert api.get(f"/api/v1/queries/{running}").json()["status"] == "cancelled"


def test_deleting_the_evidence_takes_the_answers_that_quote_it_along(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, DISK_FULL, "private.log")
    answer = ask(api, session_id, "What is wrong?", case_id=case_id)
    assert api.delete(f"/api/v1/evidence/{evidence_id}").status_code == 204
    left = api.get(f"/api/v1/queries/{answer['query_id']}").json()
    assert left["error"]["code"] == "evidence_deleted"
    assert "citations" not in left
    told = api.get(f"/api/v1/cases/{case_id}/events").text
    assert "private.log" not in told
    assert "No space left" not in told
    seqs = [event["seq"] for event in api.get(f"/api/v1/cases/{case_id}/events").json()["events"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert case_id not in api.get("/api/v1/cases", params={"q": answer["headline"]}).text
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    assert [one["query_id"] for one in events if one["type"] == "answer.removed"] == [answer["query_id"]]
    assert case_id in api.get("/api/v1/cases", params={"q": "What is wrong?"}).text


def test_who_follows_a_question_is_told_when_its_evidence_is_deleted(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, long_log())
    body = {"session_id": session_id, "query": "What is wrong?", "case_id": case_id}
    with follow(api, QUERY, method="POST", json=body) as stream:
        stream.until("answer.progress")
        api.delete(f"/api/v1/evidence/{evidence_id}")
        assert [frame.event for frame in stream][-1] == "answer.cancelled"


def test_the_stream_of_an_answer_that_is_gone_says_so_and_ends(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, DISK_FULL)
    body = {"session_id": session_id, "query": "What is wrong?", "case_id": case_id}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    assert api.post(QUERY, json=body, headers=key).json()["status"] == "completed"
    api.delete(f"/api/v1/evidence/{evidence_id}")
    with follow(api, QUERY, method="POST", json=body, headers=key) as stream:
        frames = list(stream)
    assert [frame.event for frame in frames] == ["question.asked", "answer.removed"]
