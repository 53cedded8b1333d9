"""Many at once: nothing that was acknowledged is lost, and every limit holds exactly."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from tests.following import log_up_to
from tests.integration.conftest import Start, open_session
from tests.integration.problems import SESSIONS
from tests.servers import Server


def counted_up(server: Server, path: str, times: int) -> None:
    """One more edit of what was read, again and again until nobody else was quicker."""
    with server.client() as api:
        for _ in range(times):
            while True:
                read = api.get(path)
                edited = {"metadata": {"count": read.json()["metadata"]["count"] + 1}}
                answer = api.patch(path, json=edited, headers={"If-Match": read.headers["etag"]})
                if answer.status_code != 412:
                    break
            assert answer.status_code == 200, answer.text


def test_of_200_edits_at_once_none_is_lost(server: Server) -> None:
    with server.client() as api:
        path = f"{SESSIONS}/{open_session(api, metadata={'count': 0})['session_id']}"
        with ThreadPoolExecutor(20) as threads:
            list(threads.map(lambda _: counted_up(server, path, 10), range(20)))
        assert api.get(path).json()["metadata"] == {"count": 200}


def test_edits_of_different_keys_at_once_all_stay(api: httpx.Client) -> None:
    path = f"{SESSIONS}/{open_session(api, metadata={'first': 0})['session_id']}"
    keys = [f"key-{number}" for number in range(200)]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda key: api.patch(path, json={"metadata": {key: 1}}), keys))
    assert {answer.status_code for answer in answers} == {200}
    assert api.get(path).json()["metadata"] == {"first": 0} | dict.fromkeys(keys, 1)


def test_the_limit_is_exact_however_many_are_opened_at_once(start: Start) -> None:
    with start(max_sessions_per_user="50") as server, server.client() as api:
        with ThreadPoolExecutor(50) as threads:
            opened = list(threads.map(lambda _: open_session(api), range(200)))
        assert len({one["session_id"] for one in opened}) == 200
        live = {one["session_id"] for one in api.get(SESSIONS).json()["sessions"]}
        victims = {one["session_id"] for one in opened} - live
        diagnoses = {victim: api.get(f"{SESSIONS}/{victim}/diagnosis").json() for victim in victims}
        events = [one.data for one in log_up_to(api, open_session(api, client_id=opened_last(api)))]
    assert (len(live), len(victims)) == (50, 150)
    assert {(one["status"], one["close_reason"]) for one in diagnoses.values()} == {("ended", "cap")}
    assert_each_made_room_for_another(events, diagnoses)


def opened_last(api: httpx.Client) -> str:
    """A live client: resuming it ends nobody."""
    client_id: str = api.get(SESSIONS).json()["sessions"][0]["client_id"]
    return client_id


def assert_each_made_room_for_another(events: list[dict[str, Any]], diagnoses: dict[str, dict[str, Any]]) -> None:
    """At no moment of the log are there more than 50, and nobody was ended in vain."""
    live: set[str] = set()
    for event in events:
        match event["type"]:
            case "session.opened":
                live.add(event["session_id"])
                assert len(live) <= 50
            case "session.ended":
                live.remove(event["session_id"])
                assert event["reason"] == "cap"
                assert diagnoses[event["session_id"]]["closed_by_session_id"] == event["closed_by_session_id"]
                assert len(live) == 49
    made_room_for = Counter(one["closed_by_session_id"] for one in diagnoses.values())
    assert set(made_room_for.values()) == {1}


def test_opens_and_ends_of_one_client_at_once_leave_at_most_one_session(api: httpx.Client) -> None:
    client = f"client-{uuid.uuid4()}"

    def open_and_end(number: int) -> None:
        session_id = open_session(api, client_id=client)["session_id"]
        if number % 3 == 0:
            assert api.delete(f"{SESSIONS}/{session_id}").status_code in (204, 410)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(open_and_end, range(200)))
    listed = [one for one in api.get(SESSIONS).json()["sessions"] if one["client_id"] == client]
    assert len(listed) <= 1
