"""What happened to my session? Told for every way in which one can have ended, and with what failed lately."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Start, StartTimed, add_evidence, make_case, open_session
from tests.integration.problems import SESSIONS, code_of
from tests.servers import Timed, timed
from tests.users import two_users

PANEL = {"client_name": "FaultMaven panel", "browser": "Chromium 142", "platform": "Linux"}
ALWAYS = {
    "session_id",
    "client_id",
    "status",
    "opened_at",
    "resumed_count",
    "last_activity_at",
    "expires_at",
    "absolute_expires_at",
    "timeout_minutes",
    "failures",
    "explanation",
    "recovery",
}
UNKNOWN = "session_" + "0" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timed]:
    """Its clock only runs ahead; each test opens sessions of its own."""
    with timed(tmp_path_factory.mktemp("diagnosis") / "data", max_sessions_per_user=10_000) as server:
        yield server


@pytest.fixture
def api(server: Timed) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def diagnose(api: httpx.Client, session_id: str) -> dict[str, Any]:
    answer = api.get(f"{SESSIONS}/{session_id}/diagnosis")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert None not in told.values()
    return told


def codes(told: dict[str, Any]) -> list[str]:
    return [one["code"] for one in told["failures"]]


def test_a_session_that_is_well_says_so(api: httpx.Client) -> None:
    opened = open_session(api, timeout_minutes=17)
    told = diagnose(api, opened["session_id"])
    assert set(told) == ALWAYS
    assert (told["status"], told["recovery"], told["resumed_count"]) == ("active", "none", 0)
    assert (told["opened_at"], told["last_activity_at"]) == (opened["created_at"], opened["last_activity_at"])
    assert (told["expires_at"], told["timeout_minutes"]) == (opened["expires_at"], 17)
    assert told["client_id"] == opened["client_id"]
    assert told["failures"] == []
    assert "alive" in told["explanation"]


def test_resuming_is_counted_and_other_activity_is_not(server: Timed, api: httpx.Client) -> None:
    opened = open_session(api)
    path = f"{SESSIONS}/{opened['session_id']}"
    for _ in range(3):
        server.advance(minutes=1)
        resumed = open_session(api, client_id=opened["client_id"], metadata={"a": 1})
    server.advance(minutes=1)
    api.post(f"{path}/heartbeat")
    api.patch(path, json={"metadata": {"b": 1}})
    told = diagnose(api, opened["session_id"])
    assert told["resumed_count"] == 3
    assert told["resumed_at"] == resumed["last_activity_at"] < told["last_activity_at"]


def test_asking_what_happened_is_no_activity(server: Timed, api: httpx.Client) -> None:
    opened = open_session(api, timeout_minutes=10)
    server.advance(minutes=5)
    assert diagnose(api, opened["session_id"])["expires_at"] == opened["expires_at"]


def test_an_expired_session_tells_when_and_why_before_and_after_its_row_is_closed(
    server: Timed, api: httpx.Client
) -> None:
    opened = open_session(api, timeout_minutes=10)
    server.advance(minutes=12)
    before = diagnose(api, opened["session_id"])
    assert (before["status"], before["close_reason"], before["recovery"]) == ("expired", "idle", "create_session")
    assert before["closed_at"] == opened["expires_at"]
    assert "10 minutes" in before["explanation"]
    assert "current_session_id" not in before
    new = open_session(api, client_id=opened["client_id"])  # which closes it
    after = diagnose(api, opened["session_id"])
    assert after["current_session_id"] == new["session_id"]
    assert after == before | {name: after[name] for name in ("current_session_id", "explanation")}
    assert diagnose(api, new["session_id"])["previous_session_id"] == opened["session_id"]


def test_a_session_at_the_end_of_its_longest_life_tells_so(start_timed: StartTimed) -> None:
    with start_timed(session_absolute_days=1) as server, server.client() as api:
        opened = open_session(api, timeout_minutes=1440)
        server.advance(minutes=1430)
        api.post(f"{SESSIONS}/{opened['session_id']}/heartbeat")
        server.advance(minutes=11)
        told = diagnose(api, opened["session_id"])
    assert (told["status"], told["close_reason"]) == ("expired", "absolute")
    assert told["closed_at"] == told["absolute_expires_at"]
    assert "a day" in told["explanation"]


def test_a_session_that_was_ended_tells_so(api: httpx.Client) -> None:
    opened = open_session(api)
    api.delete(f"{SESSIONS}/{opened['session_id']}")
    told = diagnose(api, opened["session_id"])
    assert (told["status"], told["close_reason"], told["recovery"]) == ("ended", "ended", "create_session")
    assert "closed_by_session_id" not in told
    assert "on request" in told["explanation"]


def test_a_session_ended_from_another_device_tells_from_which(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        ended, other = open_session(api), open_session(api, metadata=PANEL)
        api.post(f"{SESSIONS}/{other['session_id']}/end-others")
        told = diagnose(api, ended["session_id"])
    assert (told["status"], told["close_reason"]) == ("ended", "ended_by_other")
    assert told["closed_by_session_id"] == other["session_id"]
    assert "FaultMaven panel, Chromium 142, Linux" in told["explanation"]


def test_a_session_that_made_room_tells_for_which(start_timed: StartTimed) -> None:
    with start_timed(max_sessions_per_user=2) as server, server.client() as api:
        first, _, third = open_session(api), open_session(api), open_session(api, metadata=PANEL)
        told = diagnose(api, first["session_id"])
    assert (told["status"], told["close_reason"]) == ("ended", "cap")
    assert told["closed_by_session_id"] == third["session_id"]
    assert "to make room" in told["explanation"]
    assert "FaultMaven panel" in told["explanation"]


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", {"not": "text"}, "", 7])
def test_what_a_client_calls_itself_does_no_harm(start_timed: StartTimed, name: object) -> None:
    with start_timed() as server, server.client() as api:
        ended = open_session(api)["session_id"]
        other = open_session(api, metadata={"client_name": name})["session_id"]
        api.post(f"{SESSIONS}/{other}/end-others")
        explanation = diagnose(api, ended)["explanation"]
    assert explanation.isprintable()
    assert "another session" in explanation


@pytest.mark.parametrize("made_up", ["my-own-id", "session_unknown", UNKNOWN.upper(), f"{UNKNOWN}0"])
def test_an_id_this_server_never_made_is_told_from_one_it_does_not_know(api: httpx.Client, made_up: str) -> None:
    answer = api.get(f"{SESSIONS}/{made_up}/diagnosis")
    assert code_of(answer, 404) == "session_not_found"
    assert answer.json()["recovery"] == "create_session"
    assert "never gave out that id" in answer.json()["detail"]
    unknown = api.get(f"{SESSIONS}/{UNKNOWN}/diagnosis")
    assert code_of(unknown, 404) == "session_not_found"
    assert "another server" in unknown.json()["detail"]
    assert "30 days" in unknown.json()["detail"]


def test_a_session_closed_too_long_ago_is_not_told_of(server: Timed, api: httpx.Client) -> None:
    ended = open_session(api)["session_id"]
    api.delete(f"{SESSIONS}/{ended}")
    server.advance(days=29.9)
    assert diagnose(api, ended)["status"] == "ended"
    server.advance(days=0.2)
    assert code_of(api.get(f"{SESSIONS}/{ended}/diagnosis"), 404) == "session_not_found"


def test_what_failed_is_told_newest_first_with_its_correlation_id(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    path, deleted = f"{SESSIONS}/{session_id}", make_case(api)
    api.delete(f"/api/v1/cases/{deleted}")
    refused = [
        api.patch(path, json={"metadata": {"a": 1}}, headers={"If-Match": '"other"'}),
        api.patch(path, json={"metadata": "no object"}),
        api.patch(path, content=b"{", headers={"Content-Type": "application/json"}),
        api.patch(path, content=b"x", headers={"Content-Type": "text/plain"}),
        api.patch(path, json={"case_id": deleted}),
        api.patch(path, json={"case_id": "case_unknown"}),
        api.put(path),
        api.post("/api/v1/query", json={"session_id": session_id, "query": ""}),
        api.post("/api/v1/query", json={"session_id": session_id, "query": "Why?", "case_id": deleted}),
        api.patch(f"{path}/", content=b"x" * ((16 << 20) + 1)),
    ]
    api.delete(path)
    refused += [api.get(path), api.post(f"{path}/heartbeat"), api.get(f"{path}/events")]
    told = diagnose(api, session_id)["failures"]
    assert [(one["status"], one["code"], one["correlation_id"]) for one in told] == [
        (answer.status_code, answer.json()["code"], answer.headers["x-correlation-id"]) for answer in reversed(refused)
    ]
    assert {one["status"] for one in told} == {412, 422, 400, 415, 410, 404, 405, 413}
    assert {(one["method"], one["path"]) for one in told} == {
        ("PATCH", "/api/v1/sessions/{session_id}"),
        ("PUT", "/api/v1/sessions/{session_id}"),
        ("GET", "/api/v1/sessions/{session_id}"),
        ("POST", "/api/v1/sessions/{session_id}/heartbeat"),
        ("GET", "/api/v1/sessions/{session_id}/events"),
        ("POST", "/api/v1/query"),
    }
    assert told == sorted(told, key=lambda one: str(one["at"]), reverse=True)


def test_what_went_well_or_named_no_session_is_no_failure(api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    api.get(f"{SESSIONS}/{session_id}")
    api.get("/api/v1/cases/case_unknown")
    api.post(SESSIONS, json={"session_id": session_id, "timeout_minutes": 0})
    assert diagnose(api, session_id)["failures"] == []


def test_a_flood_of_refusals_leaves_the_newest_twenty(server: Timed, api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    api.delete(f"{SESSIONS}/{session_id}")

    def ask_in_vain(_: int) -> None:
        with server.client() as one:
            for _ in range(60):
                assert one.get(f"{SESSIONS}/{session_id}").status_code == 410

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask_in_vain, range(8)))
    last = [api.get(f"{SESSIONS}/{session_id}").headers["x-correlation-id"] for _ in range(3)]
    told = diagnose(api, session_id)["failures"]
    assert len(told) == 20
    assert [one["correlation_id"] for one in told[:3]] == last[::-1]


def test_failures_survive_a_restart(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        session_id = open_session(api)["session_id"]
        for _ in range(25):
            api.patch(f"{SESSIONS}/{session_id}", json={"case_id": "case_unknown"})
        before = diagnose(api, session_id)["failures"]
    with start_timed() as server, server.client() as api:
        assert len(before) == 20
        assert diagnose(api, session_id)["failures"] == before


def test_a_query_that_failed_while_it_ran_is_told_with_the_id_of_its_request(server: Timed, api: httpx.Client) -> None:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    evidence_id = add_evidence(api, case_id, b"2026-03-01T10:00:00Z ERROR disk full\n")
    (server.data_dir / "evidence" / evidence_id).unlink()
    asking = {"session_id": session_id, "query": "What is wrong?", "case_id": case_id}
    answer = api.post("/api/v1/query", json=asking)
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    (failure,) = diagnose(api, session_id)["failures"]
    assert failure.pop("at")
    assert failure == {
        "status": 500,
        "code": "analysis_failed",
        "method": "POST",
        "path": "/api/v1/query",
        "correlation_id": answer.headers["x-correlation-id"],
    }


def test_nobody_learns_of_anothers_session_or_adds_to_its_failures(start: Start) -> None:
    with start(auth="token") as server, two_users(server) as (alice, bob):
        session_id = open_session(alice)["session_id"]
        alice.patch(f"{SESSIONS}/{session_id}", json={"case_id": "case_unknown"})
        foreign = bob.get(f"{SESSIONS}/{session_id}/diagnosis")
        unknown = bob.get(f"{SESSIONS}/{UNKNOWN}/diagnosis")
        own_ids = {"correlation_id"}
        assert code_of(foreign, 404) == "session_not_found"
        assert {name: foreign.json()[name] for name in foreign.json().keys() - own_ids} == {
            name: unknown.json()[name] for name in unknown.json().keys() - own_ids
        }
        bob.delete(f"{SESSIONS}/{session_id}")
        told = diagnose(alice, session_id)
        server.stop()
    assert codes(told) == ["case_not_found"]
    with start(auth="token") as server, two_users(server) as (alice, _):
        assert codes(diagnose(alice, session_id)) == ["case_not_found"]
