"""Asking: what a question looks at, three ways to wait, and what an answer is made of."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest
from tests.following import follow
from tests.integration.conftest import Start, StartTimed, add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL, HEALTHY, long_log
from tests.integration.problems import SESSIONS, code_of, refused_field

QUERY = "/api/v1/query"
ALWAYS = {
    "query_id": str, "session_id": str, "case_id": str, "status": str, "query": str, "evidence_ids": list,
    "created_at": str, "started_at": str, "finished_at": str, "headline": str, "summary": str, "response": str,
    "verdict": str, "timeline": list, "observations": list, "findings": list, "hypotheses": list, "next_checks": list,
    "actions": list, "recommendations": list, "missing": list, "citations": list, "coverage": dict,
    "seen_before": list, "engine": dict,
}  # fmt: skip


def poll(api: httpx.Client, query_id: str) -> dict[str, Any]:
    """The query once it has come to its end."""
    while True:
        query: dict[str, Any] = api.get(f"/api/v1/queries/{query_id}").json()
        if query["status"] not in ("queued", "running"):
            return query


def ask_async(api: httpx.Client, session_id: str, query: str, **more: Any) -> dict[str, Any]:
    body = {"session_id": session_id, "query": query} | more
    answer = api.post(QUERY, json=body, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def test_an_answer_is_complete_and_every_citation_is_what_the_evidence_says(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, HEALTHY + DISK_FULL, "orders.log")
    answer = ask(api, session_id, "  Why do orders fail?  ", case_id=case_id)
    assert {name: type(answer[name]) for name in ALWAYS} == ALWAYS
    assert None not in answer.values()
    assert answer["status"] == "completed"
    assert (answer["session_id"], answer["case_id"]) == (session_id, case_id)
    assert answer["query"] == "Why do orders fail?"
    assert answer["evidence_ids"] == [evidence_id]
    assert answer["verdict"] in ("cause_found", "likely_cause")
    assert len(answer["headline"]) <= 120
    assert len(answer["summary"]) <= 600
    assert answer["coverage"]["lines"] == 63
    assert answer["onset"]["at"] == "2026-03-01T10:00:05Z"
    assert answer["engine"]["name"] == "embedded"
    assert answer["findings"] == [one["text"] for one in answer["observations"]]
    assert answer["citations"]
    for citation in answer["citations"]:
        assert citation["quote"] == quoted(api, citation)
        assert (citation["evidence_id"], citation["name"]) == (evidence_id, "orders.log")
    assert cited(answer) <= {citation["n"] for citation in answer["citations"]}
    assert [citation["n"] for citation in answer["citations"]] == list(range(1, len(answer["citations"]) + 1))


def quoted(api: httpx.Client, citation: dict[str, Any]) -> str:
    """What stands in the evidence where the citation points."""
    lines = api.get(
        f"/api/v1/evidence/{citation['evidence_id']}/lines",
        params={"from": citation["line_start"], "to": citation["line_end"]},
    )
    assert lines.status_code == 200, lines.text
    text = "\n".join(line["text"] for line in lines.json()["lines"])
    return text[citation["column_start"] : citation["column_end"]] if "column_start" in citation else text


def cited(answer: Any) -> set[int]:
    """Every number under any `cites` of an answer."""
    if isinstance(answer, list):
        return set().union(*(cited(item) for item in answer))
    if isinstance(answer, dict):
        return set(answer.get("cites", ())).union(*(cited(item) for item in answer.values()))
    return set()


def test_the_answer_can_be_read_again(api: httpx.Client) -> None:
    answer = ask(api, open_session(api)["session_id"], "what does ECONNREFUSED mean?")
    assert answer["verdict"] == "answered"
    assert api.get(f"/api/v1/queries/{answer['query_id']}").json() == answer


def test_a_question_may_be_followed_as_a_stream_until_it_ends(api: httpx.Client) -> None:
    case_id = make_case(api)
    add_evidence(api, case_id, DISK_FULL)
    body = {"session_id": open_session(api)["session_id"], "query": "What is wrong?", "case_id": case_id}
    with follow(api, QUERY, method="POST", json=body) as stream:
        location = stream.response.headers["location"]
        frames = list(stream)
    assert frames[0].event == "question.asked"
    assert frames[1].event == "answer.started"
    assert frames[-1].event == "answer.completed"
    assert [frame.id for frame in frames] == sorted(frame.data["seq"] for frame in frames)
    query = api.get(location).json()
    assert "".join(frame.data["text"] for frame in frames if frame.event == "answer.delta") == query["response"]
    assert frames[-1].data["answer"].items() <= query.items()


def test_an_answer_may_be_fetched_later(api: httpx.Client) -> None:
    body = {"session_id": open_session(api)["session_id"], "query": "what does ENOSPC mean?"}
    accepted = api.post(QUERY, json=body, headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/api/v1/queries/{accepted.json()['query_id']}"
    assert accepted.headers["preference-applied"] == "respond-async"
    assert accepted.json()["query"] == "what does ENOSPC mean?"
    finished = poll(api, accepted.json()["query_id"])
    assert (finished["status"], finished["verdict"]) == ("completed", "answered")


def test_who_waited_long_enough_is_told_where_to_look(start: Start) -> None:
    with start(query_wait_seconds="0.2") as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        add_evidence(api, case_id, long_log())
        waited = api.post(QUERY, json={"session_id": session_id, "query": "What is wrong?", "case_id": case_id})
        assert waited.status_code == 202
        assert waited.json()["status"] in ("queued", "running")
        api.post(f"{waited.headers['location']}/cancel")


def test_without_a_case_the_open_one_is_asked_and_else_a_new_one(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    first = ask(api, session_id, "what does ENOSPC mean?")
    assert api.get(f"{SESSIONS}/{session_id}").json()["case_id"] == first["case_id"]
    assert ask(api, session_id, "what does ECONNREFUSED mean?")["case_id"] == first["case_id"]
    other = make_case(api)
    assert ask(api, session_id, "what does ENOSPC mean?", case_id=other)["case_id"] == other
    assert api.get(f"{SESSIONS}/{session_id}").json()["case_id"] == other


def test_only_the_named_evidence_is_looked_at(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    healthy, full = add_evidence(api, case_id, HEALTHY), add_evidence(api, case_id, DISK_FULL)
    assert (
        ask(api, session_id, "What is wrong?", case_id=case_id, evidence_ids=[healthy])["verdict"] == "no_fault_found"
    )
    answer = ask(api, session_id, "What is wrong?", case_id=case_id, evidence_ids=[full])
    assert {citation["evidence_id"] for citation in answer["citations"]} == {full}
    assert answer["coverage"]["lines"] == 3


def test_evidence_must_be_there_and_of_the_case(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    elsewhere = add_evidence(api, make_case(api), HEALTHY)
    asking = {"session_id": session_id, "query": "What is wrong?", "case_id": case_id}
    assert refused_field(api.post(QUERY, json=asking | {"evidence_ids": [elsewhere]})) == "evidence_ids"
    unknown = api.post(QUERY, json=asking | {"evidence_ids": ["evidence_unknown"]})
    assert code_of(unknown, 404) == "evidence_not_found"
    assert api.get(f"/api/v1/cases/{case_id}").json()["last_seq"] == 1


def test_context_becomes_evidence_of_the_case(api: httpx.Client) -> None:
    context = {
        "page_url": "https://shop.example/orders?token=secret#part",
        "page_title": "Orders \u202e failing",
        "page_content": "<p>all is well</p>\n",
        "text_data": DISK_FULL.decode(),
    }
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", context=context)
    page, pasted = api.get(f"/api/v1/cases/{answer['case_id']}/evidence").json()["evidence"]
    assert (page["name"], page["media_type"]) == ("Orders failing", "text/html")
    assert (pasted["name"], pasted["media_type"]) == ("pasted text", "text/plain")
    assert api.get(f"/api/v1/evidence/{pasted['evidence_id']}/raw").content == DISK_FULL
    assert answer["evidence_ids"] == [page["evidence_id"], pasted["evidence_id"]]
    assert {citation["name"] for citation in answer["citations"]} == {"pasted text"}


def test_a_page_without_a_title_is_named_by_its_address_without_what_may_be_secret(api: httpx.Client) -> None:
    context = {"page_url": "https://me:pass@shop.example/orders?token=secret#part", "page_content": "x"}
    answer = ask(api, open_session(api)["session_id"], "What is wrong?", context=context)
    (page,) = api.get(f"/api/v1/cases/{answer['case_id']}/evidence").json()["evidence"]
    assert page["name"] == "shop.example/orders"


def test_a_captured_page_is_taken_whatever_it_holds(api: httpx.Client) -> None:
    body = {"session_id": open_session(api)["session_id"], "query": "What is wrong?"}
    raw = httpx.Request("POST", "http://x", json=body).content[:-1]
    raw += rb', "context": {"page_content": "half \ud800 of a pair, \u0000 and \u202e"}}'
    answer = api.post(QUERY, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    (evidence_id,) = answer.json()["evidence_ids"]
    content = api.get(f"/api/v1/evidence/{evidence_id}/raw").content
    assert content == "half ? of a pair, \x00 and \u202e".encode()


def test_an_error_in_the_question_itself_is_evidence(api: httpx.Client) -> None:
    question = "The worker says:\njava.lang.OutOfMemoryError: Java heap space\nWhat now?"
    answer = ask(api, open_session(api)["session_id"], question)
    assert answer["verdict"] in ("likely_cause", "symptom_only")
    citation = answer["citations"][0]
    assert citation["name"] == "question"
    span = {"from": citation["line_start"], "to": citation["line_end"]}
    shown = api.get(f"/api/v1/evidence/{citation['evidence_id']}/lines", params=span).json()
    assert citation["quote"] == "\n".join(line["text"] for line in shown["lines"])
    assert citation["quote"] in question


def test_a_question_becomes_evidence_once_however_often_it_is_quoted(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    first = ask(api, session_id, "The worker says:\njava.lang.OutOfMemoryError: Java heap space\nWhat now?")
    case_id = first["case_id"]
    second = ask(api, session_id, "And how do I prevent it?", case_id=case_id)
    kept = api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"]
    assert [one["name"] for one in kept] == ["question"]
    assert {one["evidence_id"] for one in second["citations"]} <= {kept[0]["evidence_id"]}


def test_a_later_question_looks_at_what_the_case_has(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, DISK_FULL)
    first = ask(api, session_id, "What is wrong?", case_id=case_id)
    second = ask(api, session_id, "And since when?")
    assert second["evidence_ids"] == [evidence_id]
    assert second["citations"]
    assert [one["id"] for one in second["hypotheses"]] == [one["id"] for one in first["hypotheses"]]


def test_new_evidence_is_looked_at_first(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    old = add_evidence(api, case_id, HEALTHY)
    ask(api, session_id, "What is wrong?", case_id=case_id)
    new = add_evidence(api, case_id, DISK_FULL)
    assert ask(api, session_id, "And now?")["evidence_ids"] == [new, old]


def test_the_same_trouble_in_an_earlier_case_is_named_with_its_resolution(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        session_id, earlier, now = open_session(api)["session_id"], make_case(api), make_case(api)
        add_evidence(api, earlier, DISK_FULL)
        assert ask(api, session_id, "What is wrong?", case_id=earlier)["seen_before"] == []
        api.patch(f"/api/v1/cases/{earlier}", json={"resolution": {"cause": "Old logs.", "fix": "Rotate them."}})
        add_evidence(api, now, HEALTHY + DISK_FULL.replace(b"2026-03-01", b"2026-04-02"))
        (seen,) = ask(api, session_id, "What is wrong?", case_id=now)["seen_before"]
        assert seen["case_id"] == earlier
        assert seen["resolution"] == "Old logs. Rotate them."
        api.delete(f"/api/v1/cases/{earlier}")
        assert ask(api, session_id, "What is wrong now?", case_id=now)["seen_before"] == []


@pytest.mark.parametrize("damage", ["removed", "made unreadable"])
def test_an_analysis_that_fails_is_told_and_the_case_goes_on(start_timed: StartTimed, damage: str) -> None:
    with start_timed() as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        evidence_id = add_evidence(api, case_id, DISK_FULL)
        kept = server.data_dir / "evidence" / evidence_id
        kept.unlink()
        if damage == "made unreadable":
            kept.mkdir()
        failed = ask(api, session_id, "What is wrong?", case_id=case_id)
        assert failed["status"] == "failed"
        assert failed["error"]["code"] == "analysis_failed"
        assert failed["error"]["detail"]
        events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
        assert [event["code"] for event in events if event["type"] == "answer.failed"] == ["analysis_failed"]
        later = ask(api, session_id, "what does ENOSPC mean?", case_id=case_id, evidence_ids=[])
        assert later["status"] == "completed"


def test_a_damaged_analysis_is_made_again(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        add_evidence(api, case_id, DISK_FULL)
        before = ask(api, session_id, "What is wrong?", case_id=case_id)
        [kept] = (server.data_dir / "evidence" / "analysis").iterdir()
        whole = kept.read_bytes()
        kept.write_bytes(whole[: len(whole) // 2])
        assert ask(api, session_id, "What is wrong?", case_id=case_id)["headline"] == before["headline"]
        assert kept.read_bytes() == whole


def test_feedback_is_kept_and_the_last_word_counts(api: httpx.Client) -> None:
    answer = ask(api, open_session(api)["session_id"], "what does ENOSPC mean?")
    path = f"/api/v1/queries/{answer['query_id']}"
    for rating, comment in (("not_helpful", "Too long"), ("helpful", "")):
        given = {"rating": rating, "comment": comment}
        assert api.post(f"{path}/feedback", json=given).json() == given
        assert api.get(path).json()["feedback"] == given
    events = api.get(f"/api/v1/cases/{answer['case_id']}/events").json()["events"]
    assert [event["rating"] for event in events if event["type"] == "feedback.given"] == ["not_helpful", "helpful"]


def test_feedback_to_an_unfinished_answer_and_an_unknown_one_is_refused(api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    add_evidence(api, case_id, long_log())
    running = ask_async(api, session_id, "What is wrong?", case_id=case_id)
    path = f"/api/v1/queries/{running['query_id']}"
    assert code_of(api.post(f"{path}/feedback", json={"rating": "helpful"}), 409) == "query_not_finished"
    api.post(f"{path}/cancel")
    for method, rest in itertools.product(("GET", "POST"), ("", "/cancel", "/feedback")):
        if (method == "GET") == (rest == ""):
            unknown = api.request(method, f"/api/v1/queries/query_unknown{rest}", json={"rating": "helpful"})
            assert code_of(unknown, 404) == "query_not_found"
