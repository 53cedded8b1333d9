"""How long sessions live, and what is left of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.following import follow, log_up_to
from tests.integration.conftest import StartTimed, make_case, open_session
from tests.integration.problems import SESSIONS, code_of, every_use
from tests.servers import Timed, timed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timed]:
    """Its clock only runs ahead; each test opens sessions of its own."""
    with timed(tmp_path_factory.mktemp("times") / "data", max_sessions_per_user=10_000) as server:
        yield server


@pytest.fixture
def api(server: Timed) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def at(session: dict[str, Any], field: str = "expires_at") -> datetime:
    return datetime.fromisoformat(session[field])


def test_a_session_expires_its_timeout_after_the_last_activity(api: httpx.Client) -> None:
    opened = open_session(api, timeout_minutes=17)
    assert at(opened) - at(opened, "last_activity_at") == timedelta(minutes=17)


@pytest.mark.parametrize("activity", ["resume", "heartbeat", "patch", "ask"])
def test_activity_moves_the_expiry(server: Timed, api: httpx.Client, activity: str) -> None:
    opened = open_session(api, timeout_minutes=10)
    path = f"{SESSIONS}/{opened['session_id']}"
    server.advance(minutes=8)
    match activity:
        case "resume":
            open_session(api, client_id=opened["client_id"])
        case "heartbeat":
            assert api.post(f"{path}/heartbeat").json()["expires_at"] > opened["expires_at"]
        case "patch":
            api.patch(path, json={})
        case "ask":
            api.post("/api/v1/query", json={"session_id": opened["session_id"], "query": "what does ENOSPC mean?"})
    server.advance(minutes=8)
    session = api.get(path).json()
    assert session["status"] == "active"
    assert at(session) - at(opened) >= timedelta(minutes=8)


def test_reading_and_listening_do_not_move_the_expiry(server: Timed, api: httpx.Client) -> None:
    opened = open_session(api, timeout_minutes=10)
    path = f"{SESSIONS}/{opened['session_id']}"
    server.advance(minutes=5)
    assert api.get(path).json()["expires_at"] == opened["expires_at"]
    assert api.get(SESSIONS).status_code == 200
    with follow(api, f"{path}/events", params={"after": opened["cursor"] - 1}) as stream:
        assert next(stream).event == "session.opened"
    assert api.get(path).json()["expires_at"] == opened["expires_at"]


def test_an_expired_session_is_told_by_every_endpoint(server: Timed, api: httpx.Client) -> None:
    opened = open_session(api, timeout_minutes=10)
    server.advance(minutes=10)
    for answer in every_use(api, opened["session_id"]):
        assert code_of(answer, 410) == "session_expired"
        assert answer.json()["recovery"] == "create_session"
    assert opened["session_id"] not in [one["session_id"] for one in api.get(SESSIONS).json()["sessions"]]


def test_an_ended_session_is_told_by_every_endpoint(api: httpx.Client) -> None:
    opened = open_session(api)
    api.delete(f"{SESSIONS}/{opened['session_id']}")
    for answer in every_use(api, opened["session_id"]):
        assert code_of(answer, 410) == "session_ended"


def test_the_client_of_an_expired_session_gets_a_new_one_with_its_case(server: Timed, api: httpx.Client) -> None:
    expired = open_session(api, timeout_minutes=1)
    case_id = make_case(api)
    api.patch(f"{SESSIONS}/{expired['session_id']}", json={"case_id": case_id, "metadata": {"a": 1}})
    server.advance(minutes=2)
    new = open_session(api, client_id=expired["client_id"])
    assert new["session_id"] != expired["session_id"]
    assert new["session_resumed"] is False
    assert new["previous_session_id"] == expired["session_id"]
    assert new["case_id"] == case_id
    assert new["metadata"] == {}
    assert code_of(api.get(f"{SESSIONS}/{expired['session_id']}"), 410) == "session_expired"


def test_no_activity_carries_a_session_beyond_its_absolute_lifetime(start_timed: StartTimed) -> None:
    with start_timed(session_absolute_days=1) as server, server.client() as api:
        opened = open_session(api, timeout_minutes=1440)
        path = f"{SESSIONS}/{opened['session_id']}"
        server.advance(minutes=1430)
        session = api.post(f"{path}/heartbeat").json()
        assert at(session) - at(opened, "created_at") == timedelta(days=1)
        server.advance(minutes=10)
        for answer in every_use(api, opened["session_id"]):
            assert code_of(answer, 410) == "session_expired"
        new = open_session(api, client_id=opened["client_id"])
        reasons = [one.data["reason"] for one in log_up_to(api, new) if one.event == "session.expired"]
        assert reasons == ["absolute"]


def test_a_closed_session_is_forgotten_after_thirty_days(server: Timed, api: httpx.Client) -> None:
    ended, expired = open_session(api)["session_id"], open_session(api, timeout_minutes=1440)["session_id"]
    api.delete(f"{SESSIONS}/{ended}")
    server.advance(days=29.9)
    assert code_of(api.get(f"{SESSIONS}/{ended}"), 410) == "session_ended"
    server.advance(days=0.2)
    assert code_of(api.get(f"{SESSIONS}/{ended}"), 404) == "session_not_found"
    assert code_of(api.get(f"{SESSIONS}/{expired}"), 410) == "session_expired"
    server.advance(days=1)
    assert code_of(api.get(f"{SESSIONS}/{expired}"), 404) == "session_not_found"


@pytest.mark.parametrize("end", ["ended", "expired"])
def test_what_is_forgotten_is_nobodys_previous_session_even_before_it_is_swept(
    server: Timed, api: httpx.Client, end: str
) -> None:
    old = open_session(api, timeout_minutes=1)
    api.patch(f"{SESSIONS}/{old['session_id']}", json={"case_id": make_case(api)})
    if end == "ended":
        api.delete(f"{SESSIONS}/{old['session_id']}")
    server.advance(days=30, minutes=2)
    new = open_session(api, client_id=old["client_id"])
    assert (new["previous_session_id"], new["case_id"]) == (None, None)


def test_the_sweep_closes_what_is_over_and_tells_it_once(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        expired = open_session(api, timeout_minutes=1)["session_id"]
    for _ in range(2):  # a starting server sweeps
        with start_timed(ahead_minutes=2) as server, server.client() as api:
            reader = open_session(api, client_id="reader", timeout_minutes=1440)
            with follow(api, f"{SESSIONS}/{reader['session_id']}/events") as stream:
                stream.until("session.expired")
            assert code_of(api.get(f"{SESSIONS}/{expired}"), 410) == "session_expired"
            told = [one.data for one in log_up_to(api, open_session(api)) if one.event == "session.expired"]
            assert [(one["session_id"], one["reason"]) for one in told] == [(expired, "idle")]


def test_what_was_swept_away_is_not_found(start_timed: StartTimed) -> None:
    with start_timed(closed_session_days=1) as server, server.client() as api:
        ended = open_session(api)
        api.delete(f"{SESSIONS}/{ended['session_id']}")
    with start_timed(closed_session_days=1, ahead_minutes=3000) as server, server.client() as api:
        assert code_of(api.get(f"{SESSIONS}/{ended['session_id']}"), 404) == "session_not_found"
        assert open_session(api, client_id=ended["client_id"])["previous_session_id"] is None


def test_a_clock_that_was_set_back_does_not_hide_the_live_session(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        before = open_session(api, client_id="laptop")["session_id"]
        api.delete(f"{SESSIONS}/{before}")
        server.advance(minutes=-10)
        opened = open_session(api, client_id="laptop")
        again = open_session(api, client_id="laptop")
    assert opened["previous_session_id"] == before
    assert (again["session_id"], again["session_resumed"]) == (opened["session_id"], True)
