"""Deleting cases: at once for the reader, undone for a while, and then for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from tests.following import follow, log_up_to
from tests.integration.conftest import StartTimed, add_evidence, ask, make_case, open_session
from tests.integration.problems import SESSIONS, code_of

CASES = "/api/v1/cases"
DAY = 24 * 60
SECRET = b"2026-03-01T10:00:00Z ERROR disk full: /srv/very-private-name\n"


def investigate(api: httpx.Client) -> tuple[str, str, dict[str, Any]]:
    """A case with evidence and an answer: their ids, and the answer."""
    case_id = make_case(api, "Private matters")
    evidence_id = add_evidence(api, case_id, SECRET, "very-private-name.log")
    return case_id, evidence_id, ask(api, open_session(api)["session_id"], "What is wrong?", case_id=case_id)


def kept_bytes(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(data_dir.rglob("*")) if path.is_file())


def test_a_deleted_case_is_gone_with_all_that_belongs_to_it(api: httpx.Client) -> None:
    case_id, evidence_id, answer = investigate(api)
    deleted = api.delete(f"{CASES}/{case_id}")
    assert deleted.status_code == 200
    assert deleted.json()["case_id"] == case_id
    session_id = open_session(api)["session_id"]
    for gone in (
        api.get(f"{CASES}/{case_id}"),
        api.patch(f"{CASES}/{case_id}", json={"title": "x"}),
        api.delete(f"{CASES}/{case_id}"),
        api.get(f"{CASES}/{case_id}/events"),
        api.get(f"{CASES}/{case_id}/export"),
        api.get(f"{CASES}/{case_id}/evidence"),
        api.post(f"{CASES}/{case_id}/evidence", content=b"x"),
        api.get(f"/api/v1/evidence/{evidence_id}"),
        api.get(f"/api/v1/evidence/{evidence_id}/lines"),
        api.get(f"/api/v1/evidence/{evidence_id}/raw"),
        api.get(f"/api/v1/queries/{answer['query_id']}"),
        api.post("/api/v1/query", json={"session_id": session_id, "query": "x", "case_id": case_id}),
    ):
        assert code_of(gone, 410) == "case_deleted"
    assert case_id not in [case["case_id"] for case in api.get(CASES, params={"limit": 200}).json()["cases"]]


def test_a_restored_case_is_as_it_was(api: httpx.Client) -> None:
    case_id, evidence_id, answer = investigate(api)
    api.delete(f"{CASES}/{case_id}")
    assert api.post(f"{CASES}/{case_id}/restore").json()["title"] == "Private matters"
    assert api.get(f"/api/v1/evidence/{evidence_id}/raw").content == SECRET
    assert api.get(f"/api/v1/queries/{answer['query_id']}").json() == answer
    *_, deleted, restored = api.get(f"{CASES}/{case_id}/events").json()["events"]
    assert (deleted["type"], restored["type"]) == ("case.deleted", "case.restored")
    assert deleted["restorable_until"] > deleted["at"]
    assert (restored["title"], restored["status"]) == ("Private matters", "open")


def test_restoring_what_was_not_deleted_changes_nothing(api: httpx.Client) -> None:
    case_id = make_case(api)
    assert api.post(f"{CASES}/{case_id}/restore").json()["last_seq"] == 1


def test_what_can_no_longer_be_restored_leaves_only_its_numbers(start_timed: StartTimed) -> None:
    with start_timed(undo_hours=24) as server, server.client() as api:
        case_id, evidence_id, answer = investigate(api)
        kept = make_case(api, "Kept")
        api.delete(f"{CASES}/{case_id}")
    with start_timed(undo_hours=24, ahead_minutes=DAY - 5) as server, server.client() as api:
        assert code_of(api.get(f"{CASES}/{case_id}"), 410) == "case_deleted"
        assert SECRET in kept_bytes(server.data_dir)
    with start_timed(undo_hours=24, ahead_minutes=DAY + 5) as server, server.client() as api:
        removed_cursors = wait_for_removal(api, case_id)
        assert code_of(api.get(f"{CASES}/{case_id}"), 404) == "case_not_found"
        assert code_of(api.post(f"{CASES}/{case_id}/restore"), 404) == "case_not_found"
        assert code_of(api.get(f"/api/v1/evidence/{evidence_id}"), 404) == "evidence_not_found"
        assert code_of(api.get(f"/api/v1/queries/{answer['query_id']}"), 404) == "query_not_found"
        assert [case["case_id"] for case in api.get(CASES).json()["cases"]] == [kept]
        frames = log_up_to(api, open_session(api))
        assert [frame.id for frame in frames] == list(range(1, len(frames) + 1))
        *ours, last = [frame for frame in frames if frame.data.get("case_id") == case_id]
        assert {frame.event for frame in ours} == {"removed"}
        assert [frame.data["seq"] for frame in [*ours, last]] == list(range(1, len(ours) + 2))
        assert removed_cursors <= {frame.id for frame in ours}
        assert last.event == "case.deleted"
        assert set(last.data) == {"type", "cursor", "case_id", "seq", "at"}
    for told in (b"very-private-name", b"Private matters"):
        assert told not in kept_bytes(server.data_dir)


def test_what_other_answers_quote_of_a_case_goes_with_it(start_timed: StartTimed) -> None:
    with start_timed(undo_hours=24) as server, server.client() as api:
        case_id, _, _ = investigate(api)
        resolution = {"cause": "very-private-cause", "fix": "very-private-fix"}
        api.patch(f"{CASES}/{case_id}", json={"resolution": resolution})
        kept, _, answer = investigate(api)
        assert [one["case_id"] for one in answer["seen_before"]] == [case_id]
        assert b"very-private-cause" in json.dumps(answer).encode()
        api.delete(f"{CASES}/{case_id}")
    with start_timed(undo_hours=24, ahead_minutes=DAY + 5) as server, server.client() as api:
        wait_for_removal(api, case_id)
        path = f"/api/v1/queries/{answer['query_id']}"
        assert api.get(path).json() == answer | {"seen_before": []}
        told = [one for one in api.get(f"{CASES}/{kept}/events").json()["events"] if one["type"] == "answer.completed"]
        assert [one["answer"]["seen_before"] for one in told] == [[]]
        assert told[0]["answer"]["headline"] == answer["headline"]
    for quoted in (b"very-private-cause", b"very-private-fix"):
        assert quoted not in kept_bytes(server.data_dir)


def wait_for_removal(api: httpx.Client, case_id: str) -> set[int | None]:
    """A starting server removes what is due; a new session's stream tells the numbers that were emptied."""
    while api.get(f"{CASES}/{case_id}").status_code == 410:
        pass
    opened = open_session(api, client_id="reader", timeout_minutes=1440)
    with follow(api, f"{SESSIONS}/{opened['session_id']}/events") as stream:
        return {stream.until("removed")[-1].id}


def test_a_case_nobody_touched_for_too_long_is_removed_and_told(start_timed: StartTimed) -> None:
    with start_timed(retention_days=2) as server, server.client() as api:
        old, touched = make_case(api, "Old and private"), make_case(api, "Touched")
    with start_timed(retention_days=2, ahead_minutes=DAY) as server, server.client() as api:
        api.patch(f"{CASES}/{touched}", json={"title": "Touched again"})
    with start_timed(retention_days=2, ahead_minutes=2 * DAY + 1) as server, server.client() as api:
        reader = open_session(api)
        with follow(api, f"{SESSIONS}/{reader['session_id']}/events") as stream:
            told = stream.until("case.deleted")[-1].data
        assert (told["case_id"], told.get("restorable_until")) == (old, None)
        assert code_of(api.get(f"{CASES}/{old}"), 404) == "case_not_found"
        assert code_of(api.post(f"{CASES}/{old}/restore"), 404) == "case_not_found"
        assert [case["case_id"] for case in api.get(CASES).json()["cases"]] == [touched]
        frames = log_up_to(api, open_session(api))
        assert [frame.id for frame in frames] == list(range(1, len(frames) + 1))
        assert "Old and private" not in str([frame.data for frame in frames])


def test_cases_are_kept_for_ever_unless_told_otherwise(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        case_id = make_case(api)
    with start_timed(ahead_minutes=1000 * DAY) as server, server.client() as api:
        assert api.get(f"{CASES}/{case_id}").status_code == 200
