"""Opening, finding, changing and resolving cases."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from tests.integration.conftest import StartTimed, make_case, open_session
from tests.integration.problems import code_of

CASES = "/api/v1/cases"


def found(api: httpx.Client, text: str) -> list[str]:
    answer = api.get(CASES, params={"q": text})
    assert answer.status_code == 200, answer.text
    return [case["case_id"] for case in answer.json()["cases"]]


def unique() -> str:
    """A word that no other test writes."""
    return uuid.uuid4().hex


def test_a_case_is_opened_under_its_title(api: httpx.Client) -> None:
    answer = api.post(CASES, json={"title": "  Checkout \n is slow "})
    case = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{CASES}/{case['case_id']}"
    assert case["title"] == "Checkout is slow"
    assert case["status"] == "open"
    assert "resolution" not in case
    assert case["last_seq"] == 1
    assert api.get(f"{CASES}/{case['case_id']}").json() == case


@pytest.mark.parametrize("body", [{}, {"json": {}}], ids=["no body", "an empty object"])
def test_a_case_without_a_title_is_named_after_its_first_question(api: httpx.Client, body: dict[str, Any]) -> None:
    case = api.post(CASES, **body).json()
    session_id = open_session(api)["session_id"]
    for question in ("what does ENOSPC mean?\nIt came up twice.", "what does ECONNREFUSED mean?"):
        asking = {"session_id": session_id, "query": question, "case_id": case["case_id"]}
        assert api.post("/api/v1/query", json=asking).status_code == 200
    assert api.get(f"{CASES}/{case['case_id']}").json()["title"] == "what does ENOSPC mean?"


def test_the_list_is_newest_first_and_a_change_makes_a_case_newest(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        first, second, third = (make_case(api) for _ in range(3))
        assert found(api, "") == [third, second, first]
        api.patch(f"{CASES}/{first}", json={"title": "Now newest"})
        assert found(api, "") == [first, third, second]


def test_pages_have_every_case_once_while_others_are_opened(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        opened = [make_case(api) for _ in range(23)]
        seen, cursor = [], None
        while True:
            page = api.get(CASES, params={"limit": 5} | ({"cursor": cursor} if cursor else {})).json()
            seen += [case["case_id"] for case in page["cases"]]
            cursor = page.get("next_cursor")
            if cursor is None:
                break
            make_case(api, "Opened meanwhile")
        assert seen == opened[::-1]


def test_the_list_can_be_narrowed_to_a_status(api: httpx.Client) -> None:
    word = unique()
    still_open, resolved = make_case(api, word), make_case(api, word)
    api.patch(f"{CASES}/{resolved}", json={"status": "resolved"})
    for status, case_id in (("open", still_open), ("resolved", resolved)):
        listed = api.get(CASES, params={"q": word, "status": status}).json()["cases"]
        assert [case["case_id"] for case in listed] == [case_id]
    assert api.get(CASES, params={"q": word, "status": "mitigated"}).json()["cases"] == []


def test_a_case_is_found_by_title_question_answer_and_resolution(api: httpx.Client) -> None:
    word = unique()
    case_id = make_case(api, f"Title {word}-Ä")
    asking = {"session_id": open_session(api)["session_id"], "query": f"{word}-B ECONNREFUSED?", "case_id": case_id}
    headline = api.post("/api/v1/query", json=asking).json()["headline"]
    api.patch(f"{CASES}/{case_id}", json={"resolution": {"cause": f"{word}-C", "fix": f"{word}-D"}})
    for text in (f"{word}-ä", f"{word}-b", f"{word}-c", f"{word}-d", f"title {word.upper()}"):
        assert found(api, text) == [case_id]
    assert case_id in found(api, headline)
    assert found(api, f"{word}-e") == []


@pytest.mark.parametrize("special", ["%", "_", "\\", "\\%"])
def test_characters_with_a_meaning_in_patterns_are_literal(api: httpx.Client, special: str) -> None:
    word = unique()
    with_it = make_case(api, f"{word} 5{special}0 used")
    make_case(api, f"{word} 5xx0 used")
    assert found(api, f"{word} 5{special}0") == [with_it]


def test_a_patch_changes_what_it_names(api: httpx.Client) -> None:
    path = f"{CASES}/{make_case(api, 'Before')}"
    assert api.patch(path, json={"title": "After"}).json()["title"] == "After"
    patched = api.patch(path, json={"status": "mitigated"}).json()
    assert (patched["title"], patched["status"]) == ("After", "mitigated")
    assert api.get(path).json() == patched


def test_a_resolution_is_kept_and_can_be_taken_back(api: httpx.Client) -> None:
    path = f"{CASES}/{make_case(api)}"
    resolution = {"hypothesis_id": "h-disk_full", "cause": "Logs were never rotated", "fix": "Rotate them"}
    patched = api.patch(path, json={"status": "resolved", "resolution": resolution}).json()
    assert patched["resolution"] == resolution
    assert api.patch(path, json={"title": "Other"}).json()["resolution"] == resolution
    assert "resolution" not in api.patch(path, json={"resolution": None}).json()


def test_what_happens_to_a_case_stands_in_its_events(api: httpx.Client) -> None:
    case_id = make_case(api, "One")
    api.patch(f"{CASES}/{case_id}", json={"title": "Two"})
    api.patch(f"{CASES}/{case_id}", json={"title": "Two"})
    events = api.get(f"{CASES}/{case_id}/events").json()["events"]
    assert [(event["seq"], event["type"], event["title"]) for event in events] == [
        (1, "case.opened", "One"),
        (2, "case.updated", "Two"),
    ]


def test_events_come_in_pages(api: httpx.Client) -> None:
    case_id = make_case(api, "0")
    for number in range(1, 8):
        api.patch(f"{CASES}/{case_id}", json={"title": str(number)})
    titles, after = [], 0
    while True:
        page = api.get(f"{CASES}/{case_id}/events", params={"after": after, "limit": 3}).json()
        titles += [event["title"] for event in page["events"]]
        if "next_cursor" not in page:
            break
        after = page["next_cursor"]
    assert titles == [str(number) for number in range(8)]


def test_an_unknown_case_is_not_found_anywhere(api: httpx.Client) -> None:
    path = f"{CASES}/case_unknown"
    session_id = open_session(api)["session_id"]
    for answer in (
        api.get(path),
        api.patch(path, json={"title": "x"}),
        api.delete(path),
        api.post(f"{path}/restore"),
        api.get(f"{path}/events"),
        api.get(f"{path}/export"),
        api.get(f"{path}/evidence"),
        api.post(f"{path}/evidence", content=b"x"),
        api.post("/api/v1/query", json={"session_id": session_id, "query": "x", "case_id": "case_unknown"}),
    ):
        assert code_of(answer, 404) == "case_not_found"
