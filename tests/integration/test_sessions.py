"""Opening, resuming, changing and ending sessions."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from tests.following import log_up_to
from tests.integration.conftest import StartTimed, make_case, open_session
from tests.integration.problems import SESSIONS, code_of, every_use, refused_field


def new_client() -> str:
    return f"client-{uuid.uuid4()}"


def read(api: httpx.Client, session_id: str) -> dict[str, Any]:
    answer = api.get(f"{SESSIONS}/{session_id}")
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session


@pytest.mark.parametrize("body", [{}, {"json": {}}], ids=["no body", "an empty object"])
def test_a_client_without_a_name_gets_one_and_a_session(api: httpx.Client, body: dict[str, Any]) -> None:
    answer = api.post(SESSIONS, **body)
    opened = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{SESSIONS}/{opened['session_id']}"
    assert opened["client_id"]
    assert opened["status"] == "active"
    assert opened["session_type"] == "troubleshooting"
    assert opened["timeout_minutes"] == 60
    assert opened["metadata"] == {}
    assert opened["case_id"] is None
    assert opened["previous_session_id"] is None
    assert opened["session_resumed"] is False
    assert opened["message"]


def test_two_clients_without_a_name_are_two_clients(api: httpx.Client) -> None:
    one, other = api.post(SESSIONS).json(), api.post(SESSIONS).json()
    assert one["client_id"] != other["client_id"]
    assert one["session_id"] != other["session_id"]


def test_an_anonymous_client_is_recognised_by_the_name_it_was_given(api: httpx.Client) -> None:
    opened = api.post(SESSIONS).json()
    again = open_session(api, client_id=opened["client_id"])
    assert again["session_id"] == opened["session_id"]
    assert again["session_resumed"] is True


def test_what_is_given_at_opening_is_kept(api: httpx.Client) -> None:
    given = {"client_id": new_client(), "timeout_minutes": 5, "session_type": "drill", "metadata": {"host": "a"}}
    opened = open_session(api, **given)
    assert {name: opened[name] for name in given} == given
    assert {name: read(api, opened["session_id"])[name] for name in given} == given


def test_the_same_client_gets_the_same_session_back_and_what_it_leaves_out_stays(api: httpx.Client) -> None:
    client = new_client()
    first = open_session(api, client_id=client, timeout_minutes=30, metadata={"tab": 1})
    answer = api.post(SESSIONS, json={"client_id": client})
    again = answer.json()
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert again["session_id"] == first["session_id"]
    assert again["session_resumed"] is True
    assert again["timeout_minutes"] == 30
    assert again["metadata"] == {"tab": 1}
    assert again["created_at"] == first["created_at"]


def test_what_a_resuming_client_gives_applies(api: httpx.Client) -> None:
    client = new_client()
    first = open_session(api, client_id=client, timeout_minutes=30, metadata={"tab": 1})
    again = open_session(api, client_id=client, timeout_minutes=90, metadata={"tab": 2})
    assert again["session_id"] == first["session_id"]
    assert again["timeout_minutes"] == 90
    assert again["metadata"] == {"tab": 2}
    assert again["expires_at"] > first["expires_at"]


def test_sessions_of_two_clients_are_independent(api: httpx.Client) -> None:
    one, other = open_session(api), open_session(api)
    api.patch(f"{SESSIONS}/{one['session_id']}", json={"metadata": {"only": "here"}})
    assert api.delete(f"{SESSIONS}/{one['session_id']}").status_code == 204
    assert read(api, other["session_id"])["metadata"] == {}


def test_the_list_has_each_live_session_once(api: httpx.Client) -> None:
    kept, ended = open_session(api), open_session(api)
    open_session(api, client_id=kept["client_id"])
    api.delete(f"{SESSIONS}/{ended['session_id']}")
    listed = [session["session_id"] for session in api.get(SESSIONS).json()["sessions"]]
    assert listed.count(kept["session_id"]) == 1
    assert ended["session_id"] not in listed


def test_paths_answer_with_a_trailing_slash_too(api: httpx.Client) -> None:
    opened = api.post(f"{SESSIONS}/", json={"client_id": new_client()})
    assert opened.status_code == 201
    assert api.get(f"{SESSIONS}/{opened.json()['session_id']}/").status_code == 200


def test_a_patch_merges_metadata_and_null_removes_a_key(api: httpx.Client) -> None:
    path = f"{SESSIONS}/{open_session(api, metadata={'a': 1, 'b': {'c': 2, 'd': 3}})['session_id']}"
    patched = api.patch(path, json={"metadata": {"a": None, "b": {"d": 4}, "e": [1]}}).json()
    assert patched["metadata"] == {"b": {"c": 2, "d": 4}, "e": [1]}
    assert api.patch(path, json={"metadata": None}).json()["metadata"] == {}


def test_merged_metadata_must_stay_small(api: httpx.Client) -> None:
    path = f"{SESSIONS}/{open_session(api, metadata={'a': 'x' * 3000})['session_id']}"
    assert refused_field(api.patch(path, json={"metadata": {"b": "x" * 3000}})) == "metadata"
    assert api.get(path).json()["metadata"] == {"a": "x" * 3000}


def test_the_etag_covers_metadata_and_open_case_and_nothing_else(api: httpx.Client) -> None:
    opened = api.post(SESSIONS, json={"client_id": new_client()})
    path = f"{SESSIONS}/{opened.json()['session_id']}"
    tags = [opened.headers["etag"]]
    api.post(f"{path}/heartbeat")
    assert api.get(path).headers["etag"] == tags[0]
    for change in ({"metadata": {"a": 1}}, {"case_id": make_case(api)}):
        tags.append(api.patch(path, json=change).headers["etag"])
        assert api.get(path).headers["etag"] == tags[-1]
    assert len(set(tags)) == 3


def test_a_stale_change_is_refused_and_changes_nothing(api: httpx.Client) -> None:
    path = f"{SESSIONS}/{open_session(api)['session_id']}"
    seen = api.get(path).headers["etag"]
    first = api.patch(path, json={"metadata": {"by": "first"}}, headers={"If-Match": seen})
    second = api.patch(path, json={"metadata": {"by": "second"}}, headers={"If-Match": seen})
    assert first.status_code == 200
    assert code_of(second, 412) == "precondition_failed"
    assert second.json()["recovery"] == "retry"
    assert api.get(path).json()["metadata"] == {"by": "first"}
    newest = f'"other", {first.headers["etag"]}'
    assert api.patch(path, json={"metadata": {"by": "third"}}, headers={"If-Match": newest}).status_code == 200


def test_a_session_remembers_its_open_case_until_it_is_cleared(api: httpx.Client) -> None:
    opened = open_session(api)
    path, case_id = f"{SESSIONS}/{opened['session_id']}", make_case(api)
    assert api.patch(path, json={"case_id": case_id}).json()["case_id"] == case_id
    assert api.patch(path, json={"metadata": {"a": 1}}).json()["case_id"] == case_id
    assert open_session(api, client_id=opened["client_id"])["case_id"] == case_id
    assert api.patch(path, json={"case_id": None}).json()["case_id"] is None


def test_only_a_case_that_is_there_can_be_open(api: httpx.Client) -> None:
    path, case_id = f"{SESSIONS}/{open_session(api)['session_id']}", make_case(api)
    assert code_of(api.patch(path, json={"case_id": "case_unknown"}), 404) == "case_not_found"
    api.delete(f"/api/v1/cases/{case_id}")
    assert code_of(api.patch(path, json={"case_id": case_id}), 410) == "case_deleted"


def test_a_case_that_was_deleted_is_not_open_in_the_resumed_session(api: httpx.Client) -> None:
    opened, case_id = open_session(api), make_case(api)
    api.patch(f"{SESSIONS}/{opened['session_id']}", json={"case_id": case_id})
    api.delete(f"/api/v1/cases/{case_id}")
    assert open_session(api, client_id=opened["client_id"])["case_id"] is None


def test_an_ended_session_is_gone_and_its_client_starts_anew_where_it_stopped(api: httpx.Client) -> None:
    ended, case_id = open_session(api), make_case(api)
    path = f"{SESSIONS}/{ended['session_id']}"
    api.patch(path, json={"case_id": case_id})
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = api.get(path)
    assert code_of(gone, 410) == "session_ended"
    assert gone.json()["recovery"] == "create_session"
    assert code_of(api.delete(path), 410) == "session_ended"
    new = open_session(api, client_id=ended["client_id"])
    assert new["session_id"] != ended["session_id"]
    assert new["session_resumed"] is False
    assert new["previous_session_id"] == ended["session_id"]
    assert new["case_id"] == case_id


def test_one_session_ends_all_others(start_timed: StartTimed) -> None:
    with start_timed() as server, server.client() as api:
        this, *others = [open_session(api)["session_id"] for _ in range(4)]
        ended = api.post(f"{SESSIONS}/{this}/end-others").json()["ended_session_ids"]
        assert sorted(ended) == sorted(others)
        assert [session["session_id"] for session in api.get(SESSIONS).json()["sessions"]] == [this]
        gone = api.get(f"{SESSIONS}/{others[0]}")
        assert code_of(gone, 410) == "session_ended"
        assert "another device" in gone.json()["detail"]


def test_what_other_panels_show_of_a_session_is_in_its_events(start_timed: StartTimed) -> None:
    panel = {"client_name": "FaultMaven panel", "browser": "Chromium 142", "platform": "Linux"}
    with start_timed() as server, server.client() as api:
        case_id = make_case(api)
        first = open_session(api, client_id="laptop", metadata=panel)
        api.patch(f"{SESSIONS}/{first['session_id']}", json={"case_id": case_id})
        api.delete(f"{SESSIONS}/{first['session_id']}")
        again = open_session(api, client_id="laptop", metadata=panel)
        ending = open_session(api)
        api.post(f"{SESSIONS}/{ending['session_id']}/end-others")
        told = [one.data for one in log_up_to(api, open_session(api)) if one.event.startswith("session.")]
    fields = ("type", "client_id", "previous_session_id", "open_case_id", "metadata", "reason", "closed_by_session_id")
    of_laptop = [{name: one[name] for name in fields if name in one} for one in told if one["client_id"] == "laptop"]
    laptop = {"client_id": "laptop"}
    new = laptop | {"type": "session.opened", "metadata": panel}
    assert of_laptop == [
        new | {"previous_session_id": None},
        laptop | {"type": "session.updated", "open_case_id": case_id, "metadata": panel},
        laptop | {"type": "session.ended", "reason": "ended"},
        new | {"previous_session_id": first["session_id"], "open_case_id": case_id},
        laptop | {"type": "session.ended", "reason": "ended_by_other", "closed_by_session_id": ending["session_id"]},
    ]
    assert again["case_id"] == case_id


def test_one_session_too_many_ends_the_least_recently_used(start_timed: StartTimed) -> None:
    with start_timed(max_sessions_per_user=3) as server, server.client() as api:
        oldest, second, third = [open_session(api)["session_id"] for _ in range(3)]
        server.advance(minutes=1)
        api.post(f"{SESSIONS}/{oldest}/heartbeat")
        fourth = open_session(api)
        listed = {session["session_id"] for session in api.get(SESSIONS).json()["sessions"]}
        assert listed == {oldest, third, fourth["session_id"]}
        gone = api.get(f"{SESSIONS}/{second}")
        assert code_of(gone, 410) == "session_ended"
        assert "make room" in gone.json()["detail"]
        told = [one.data for one in log_up_to(api, fourth) if one.event == "session.ended"]
        assert [(one["session_id"], one["reason"], one["closed_by_session_id"]) for one in told] == [
            (second, "cap", fourth["session_id"])
        ]


@pytest.mark.parametrize("unknown", ["session_unknown", "x" * 3000, "%00", "%ff", "..%2Fx"])
def test_an_unknown_session_says_so_and_how_to_go_on(api: httpx.Client, unknown: str) -> None:
    answer = api.get(f"{SESSIONS}/{unknown}")
    assert answer.status_code == 404
    assert answer.json()["code"] in ("session_not_found", "not_found")


def test_session_not_found_is_told_by_every_endpoint(api: httpx.Client) -> None:
    for answer in every_use(api, "session_unknown"):
        assert code_of(answer, 404) == "session_not_found"
        assert answer.json()["recovery"] == "create_session"
