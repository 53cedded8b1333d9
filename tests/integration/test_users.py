"""Two users of one server, each with a real token: neither can tell that the other is there.

What is asked is read from the OpenAPI document, so that a path that is added is tested from its first day.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.following import follow, log_up_to
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.servers import Process, running
from tests.users import client_with, token_for, two_users

Json = dict[str, Any]

DOCUMENT: Json = json.loads((Path(__file__).parents[2] / "contract" / "openapi.json").read_text())
NAMES = ("session_id", "case_id", "query_id", "evidence_id")
LOG = b"2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already\n"
QUESTION = "Why does it fail?"
# Of a request and its answer alone; all else must be the same.
OWN_HEADERS = {"x-correlation-id", "date"}


@dataclass(frozen=True)
class Naming:
    """An operation, and the place in its requests where the id of something stands."""

    method: str
    path: str
    field: str
    where: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} by {self.where} {self.field}"

    @property
    def name(self) -> str:
        return self.field.removesuffix("s")

    def send(self, api: httpx.Client, ids: Json, named: str, accept: str) -> httpx.Response:
        """`named` stands in the place, and `ids` wherever else an id has to be. Endless streams are not read."""
        ids = ids | {self.name: named} if self.where == "path" else ids
        operation = DOCUMENT["paths"][self.path][self.method.lower()]
        sent: Json = {"headers": {"Accept": accept}, "params": smallest_parameters(operation)}
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            body = filled(smallest(content["application/json"]["schema"]), ids)
            sent["json"] = body | {self.field: [named] if self.field != self.name else named} if self.in_body else body
        elif content:
            sent["content"] = LOG
        if self.where == "query":
            sent["params"] |= {self.field: named}
        with api.stream(self.method, self.path.format_map(ids), **sent) as response:
            if "event-stream" not in response.headers["content-type"]:
                response.read()
            return response

    @property
    def in_body(self) -> bool:
        return self.where == "body"


def namings() -> Iterator[Naming]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for field in re.findall(r"{(\w+)}", path):
                yield Naming(method.upper(), path, field, "path")
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and is_name(parameter["name"]):
                    yield Naming(method.upper(), path, parameter["name"], "query")
            content = operation.get("requestBody", {}).get("content", {})
            for field in resolved(content.get("application/json", {}).get("schema", {})).get("properties", ()):
                if is_name(field):
                    yield Naming(method.upper(), path, field, "body")


def is_name(field: str) -> bool:
    return field.removesuffix("s") in NAMES


def resolved(schema: Json) -> Json:
    """Without references, and without the null that a field may also be."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    given = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return resolved(given[0]) if given else schema


def smallest(schema: Json) -> Any:
    """The least that a schema takes; an id is left to be filled in."""
    schema = resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            known = schema.get("properties", {})
            needed = schema.get("required", ())
            return {name: f"{{{name}}}" if is_name(name) else smallest(known[name]) for name in needed}
        case "string":
            return "w" * max(1, schema.get("minLength", 0))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "array":
            return []
        case "boolean":
            return False
    raise AssertionError(f"no value for {schema}")


def smallest_parameters(operation: Json) -> Json:
    return {
        one["name"]: smallest(one["schema"])
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }


def filled(body: Json, ids: Json) -> Json:
    return {key: value.format_map(ids) if isinstance(value, str) else value for key, value in body.items()}


NAMINGS = sorted(namings(), key=str)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("users") / "data"
    with running(folder, auth="token", max_sessions_per_user="10000") as process:
        yield process


@pytest.fixture(scope="module")
def both(server: Process) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with two_users(server) as users:
        yield users


@pytest.fixture(scope="module")
def alice(both: tuple[httpx.Client, httpx.Client]) -> httpx.Client:
    return both[0]


@pytest.fixture(scope="module")
def bob(both: tuple[httpx.Client, httpx.Client]) -> httpx.Client:
    return both[1]


def things(api: httpx.Client) -> Json:
    """One of each, live and finished."""
    session_id = open_session(api)["session_id"]
    case_id = make_case(api)
    evidence_id = add_evidence(api, case_id, LOG)
    query_id = ask(api, session_id, QUESTION, case_id=case_id)["query_id"]
    return {"session_id": session_id, "case_id": case_id, "evidence_id": evidence_id, "query_id": query_id}


def gone(api: httpx.Client) -> Json:
    """One of each, ended or deleted."""
    ids = things(api)
    assert api.delete(f"/api/v1/cases/{ids['case_id']}").status_code == 200
    assert api.delete(f"/api/v1/sessions/{ids['session_id']}").status_code == 204
    return ids


@pytest.fixture(scope="module")
def of_alice(alice: httpx.Client) -> dict[str, Json]:
    return {"live": things(alice), "gone": gone(alice)}


def test_the_document_names_things_in_many_places() -> None:
    """Were it read wrongly, there would be nothing to test below."""
    found = {str(naming) for naming in NAMINGS}
    assert found >= {
        "GET /api/v1/sessions/{session_id}/events by path session_id",
        "PATCH /api/v1/sessions/{session_id} by body case_id",
        "POST /api/v1/query by body session_id",
        "POST /api/v1/query by body case_id",
        "POST /api/v1/query by body evidence_ids",
        "DELETE /api/v1/cases/{case_id} by path case_id",
        "POST /api/v1/queries/{query_id}/cancel by path query_id",
        "GET /api/v1/evidence/{evidence_id}/raw by path evidence_id",
    }


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("state", ["live", "gone"])
@pytest.mark.parametrize("naming", NAMINGS, ids=str)
def test_what_is_somebody_elses_is_as_what_never_was(
    naming: Naming, state: str, accept: str, alice: httpx.Client, bob: httpx.Client, of_alice: dict[str, Json]
) -> None:
    foreign = of_alice[state][naming.name]
    unknown = re.sub(r"[0-9a-f]{32}$", secrets.token_hex(16), foreign)
    assert unknown != foreign
    own = {"session_id": open_session(bob)["session_id"]}
    before = all_of(alice, of_alice["live"])
    asked = naming.send(bob, own, foreign, accept)
    assert asked.status_code == 404, asked.status_code
    assert told(asked, foreign) == told(naming.send(bob, own, unknown, accept), unknown)
    assert all_of(alice, of_alice["live"]) == before


def told(answer: httpx.Response, named: str) -> tuple[int, Json, Json]:
    """All of an answer that does not belong to the request alone."""
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    body = json.loads(answer.text.replace(named, "NAMED"))
    assert body.pop("correlation_id") == answer.headers["x-correlation-id"]
    return answer.status_code, headers, body


def all_of(api: httpx.Client, ids: Json) -> list[Any]:
    """What its owner sees; being seen by somebody else would be activity, too."""
    case = f"/api/v1/cases/{ids['case_id']}"
    paths = [f"/api/v1/sessions/{ids['session_id']}", case, f"{case}/events", f"/api/v1/queries/{ids['query_id']}"]
    return [api.get(path).json() for path in paths]


@pytest.mark.parametrize("naming", NAMINGS, ids=str)
def test_the_same_requests_find_what_is_ones_own(naming: Naming, bob: httpx.Client) -> None:
    """Or the test above would have asked for nothing that there is."""
    ids = things(bob)
    assert naming.send(bob, ids, ids[naming.name], "application/json").status_code != 404


def test_one_client_id_under_two_users_is_two_sessions(alice: httpx.Client, bob: httpx.Client) -> None:
    of_alice, of_bob = (open_session(api, client_id="the same") for api in (alice, bob))
    assert not of_bob["session_resumed"]
    assert of_alice["session_id"] != of_bob["session_id"]
    assert of_alice["user_id"] != of_bob["user_id"]
    bob.delete(f"/api/v1/sessions/{of_bob['session_id']}")
    again = open_session(alice, client_id="the same")
    assert (again["session_resumed"], again["session_id"]) == (True, of_alice["session_id"])
    assert open_session(bob, client_id="the same")["previous_session_id"] == of_bob["session_id"]


def test_one_user_with_two_tokens_is_one_user(server: Process, alice: httpx.Client) -> None:
    session = open_session(alice)
    with client_with(server, token_for(server, "alice")) as other:
        assert other.get(f"/api/v1/sessions/{session['session_id']}").json()["user_id"] == session["user_id"]


def test_lists_and_searches_have_only_ones_own(alice: httpx.Client, bob: httpx.Client) -> None:
    word = f"word{secrets.token_hex(8)}"
    cases = {api: [make_case(api, f"{word} {number}") for number in range(3)] for api in (alice, bob)}
    sessions = {api: open_session(api)["session_id"] for api in (alice, bob)}
    for api, other in ((alice, bob), (bob, alice)):
        listed = {one["session_id"] for one in api.get("/api/v1/sessions").json()["sessions"]}
        assert sessions[api] in listed
        assert sessions[other] not in listed
        found = api.get("/api/v1/cases", params={"q": word}).json()["cases"]
        assert {one["case_id"] for one in found} == set(cases[api])


def test_a_place_in_somebody_elses_list_leads_on_in_ones_own(alice: httpx.Client, bob: httpx.Client) -> None:
    word = f"word{secrets.token_hex(8)}"
    cases = {api: [make_case(api, f"{word} {number}") for number in range(3)] for api in (bob, alice)}
    place = alice.get("/api/v1/cases", params={"q": word, "limit": 1}).json()["next_cursor"]
    found = bob.get("/api/v1/cases", params={"q": word, "cursor": place}).json()["cases"]
    assert {one["case_id"] for one in found} == set(cases[bob])


def test_a_stream_tells_of_nothing_that_others_do(alice: httpx.Client, bob: httpx.Client) -> None:
    opened = open_session(bob)
    with follow(bob, f"/api/v1/sessions/{opened['session_id']}/events", params={"after": opened["cursor"]}) as stream:
        things(alice)
        renamed = make_case(bob, "Before")
        gone(alice)
        bob.patch(f"/api/v1/cases/{renamed}", json={"title": "After"})
        frames = [next(stream), next(stream)]
    assert [frame.id for frame in frames] == [opened["cursor"] + 1, opened["cursor"] + 2]
    assert {frame.data["case_id"] for frame in frames} == {renamed}


def test_each_log_is_numbered_by_itself(start: Start) -> None:
    with start(auth="token") as server, two_users(server) as (alice, bob):
        things(alice)
        assert open_session(bob)["cursor"] == 1
        assert [frame.id for frame in log_up_to(bob, open_session(bob))] == [1, 2]


def test_a_key_is_known_only_to_who_used_it(alice: httpx.Client, bob: httpx.Client) -> None:
    key = {"Idempotency-Key": secrets.token_hex(16)}
    asked = []
    for api, query in ((alice, "What does ENOSPC mean?"), (bob, "What does EPIPE mean?")):
        body = {"session_id": open_session(api)["session_id"], "query": query}
        asked.append([api.post("/api/v1/query", json=body, headers=key).json() for _ in range(2)])
    of_alice, of_bob = asked
    assert of_alice[0] == of_alice[1]
    assert of_bob[0] == of_bob[1]
    assert of_alice[0]["query_id"] != of_bob[0]["query_id"]


def test_what_one_has_seen_before_others_have_not(start: Start) -> None:
    with start(auth="token") as server, two_users(server) as (alice, bob):

        def investigated(api: httpx.Client) -> Json:
            case_id = make_case(api)
            add_evidence(api, case_id, LOG)
            return ask(api, open_session(api)["session_id"], QUESTION, case_id=case_id)

        first = investigated(alice)
        resolution = {"cause": "the pool of alice", "fix": "smaller"}
        alice.patch(f"/api/v1/cases/{first['case_id']}", json={"status": "resolved", "resolution": resolution})
        assert [one["case_id"] for one in investigated(alice)["seen_before"]] == [first["case_id"]]
        answer = investigated(bob)
        assert answer["seen_before"] == []
        assert "the pool of alice" not in json.dumps(answer)


def test_what_others_fail_at_is_in_nobodys_diagnosis(alice: httpx.Client, bob: httpx.Client) -> None:
    path = f"/api/v1/sessions/{open_session(alice)['session_id']}"
    assert alice.patch(path, json={"metadata": []}).status_code == 422
    # More than are kept of a session.
    assert {bob.get(path).status_code for _ in range(30)} == {404}
    for _ in range(2):
        assert [one["code"] for one in alice.get(f"{path}/diagnosis").json()["failures"]] == ["invalid_request"]
        time.sleep(1.5)  # they are stored a moment later, and told the same then


def test_the_most_sessions_are_counted_for_each(start: Start) -> None:
    with start(auth="token", max_sessions_per_user="2") as server, two_users(server) as (alice, bob):
        kept = [open_session(bob)["session_id"] for _ in range(2)]
        opened = [open_session(alice)["session_id"] for _ in range(5)]
        assert [alice.get(f"/api/v1/sessions/{one}").status_code for one in opened] == [410, 410, 410, 200, 200]
        assert [bob.get(f"/api/v1/sessions/{one}").status_code for one in kept] == [200, 200]


def test_ending_the_others_ends_only_ones_own(alice: httpx.Client, bob: httpx.Client) -> None:
    kept, other, this = open_session(bob)["session_id"], open_session(alice), open_session(alice)
    ended = alice.post(f"/api/v1/sessions/{this['session_id']}/end-others").json()["ended_session_ids"]
    assert other["session_id"] in ended
    assert kept not in ended
    assert bob.get(f"/api/v1/sessions/{kept}").status_code == 200


def test_the_space_for_evidence_is_counted_for_each(start: Start) -> None:
    with start(auth="token", max_total_bytes="3000") as server, two_users(server) as (alice, bob):
        full, empty = make_case(alice), make_case(bob)
        add_evidence(alice, full, b"x" * 2999)
        refused = alice.post(f"/api/v1/cases/{full}/evidence", content=b"x" * 100)
        assert (refused.status_code, refused.json()["code"]) == (507, "quota_reached")
        add_evidence(bob, empty, b"y" * 2999)


def test_what_both_have_goes_only_for_who_deletes_it(alice: httpx.Client, bob: httpx.Client) -> None:
    content = LOG + secrets.token_hex(8).encode()
    of_alice, of_bob = (
        {"case_id": make_case(api), "session_id": open_session(api)["session_id"]} for api in (alice, bob)
    )
    for api, ids in ((alice, of_alice), (bob, of_bob)):
        ids["evidence_id"] = add_evidence(api, ids["case_id"], content)
        ask(api, ids["session_id"], QUESTION, case_id=ids["case_id"])
    alice.delete(f"/api/v1/evidence/{of_alice['evidence_id']}")
    assert bob.get(f"/api/v1/evidence/{of_bob['evidence_id']}/raw").content == content
    again = ask(bob, of_bob["session_id"], QUESTION, case_id=of_bob["case_id"])
    assert {one["evidence_id"] for one in again["citations"]} == {of_bob["evidence_id"]}
