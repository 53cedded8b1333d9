"""Access tokens of several users: whom the server lets in, and whom no longer."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.commands import faultmaven
from tests.contract.places import children
from tests.following import Frame, Stream, follow
from tests.integration.conftest import Start, StartTimed, make_case, open_session
from tests.integration.problems import SESSIONS, code_of
from tests.integration.test_cli_server import listening
from tests.servers import Process, Server, running
from tests.tampering import take_tables_away
from tests.users import client_with, revoke, token_for, token_id, two_users

CAPABILITIES = "/api/v1/capabilities"
BEARER = re.compile(r"fm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
CLOSED = {"type": "stream.closed", "code": "unauthenticated"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("tokens") / "data", auth="token") as process:
        yield process


def status(server: Server, token: str) -> int:
    with client_with(server, token) as api:
        return api.get(SESSIONS).status_code


def test_a_server_greets_without_a_token_and_says_how_to_make_one(start: Start) -> None:
    for said in (True, False):
        with start(auth="token") as server:
            assert server.token is None
            assert not (server.data_dir / "access-token").exists()
            assert httpx.get(server.url + SESSIONS).status_code == 401
            # Made beside the server, believed at once.
            assert status(server, token_for(server, "alice")) == 200
            assert server.stop() == 0
            assert server.process.stdout is not None
            assert ("faultmaven token create" in server.process.stdout.read()) == said


def test_what_the_local_user_had_is_there_for_who_gets_a_token_for_it(start: Start) -> None:
    with start() as server, server.client() as api:
        old = str(server.token)
        case = make_case(api, "From before")
        session = open_session(api)["session_id"]
    bearer = token_for(server, "local")
    with start(auth="token") as server:
        with client_with(server, bearer) as api:
            assert api.get(f"/api/v1/cases/{case}").json()["title"] == "From before"
            assert api.get(f"{SESSIONS}/{session}").status_code == 200
        assert status(server, old) == 401
        with client_with(server, token_for(server, "alice")) as api:
            assert api.get("/api/v1/cases").json()["cases"] == []
    with start() as server, server.client() as api:
        assert (server.token, api.get(f"/api/v1/cases/{case}").status_code) == (old, 200)
        assert status(server, bearer) == 401


def test_a_server_under_another_clock_has_users_too(start_timed: StartTimed) -> None:
    with start_timed(auth="token") as server, two_users(server) as (alice, bob):
        opened = open_session(alice, timeout_minutes=1)
        assert bob.get(f"{SESSIONS}/{opened['session_id']}").status_code == 404
        server.advance(minutes=2)
        assert alice.get(f"{SESSIONS}/{opened['session_id']}").status_code == 410


def wrong(bearer: str, other: str) -> dict[str, str]:
    prefix, name, secret = bearer.split("_", 2)
    _, other_name, other_secret = other.split("_", 2)
    return {
        "nothing": "",
        "its id": name,
        "its secret": secret,
        "without its secret": f"{prefix}_{name}_",
        "cut off": bearer[:-1],
        "longer": f"{bearer}A",
        "in small letters": bearer.lower(),
        "in capital letters": bearer.upper(),
        "with a capital id": f"{prefix}_{name.upper()}_{secret}",
        "with another prefix": f"FM_{name}_{secret}",
        "with somebody else's secret": f"{prefix}_{name}_{other_secret}",
        "with somebody else's id": f"{prefix}_{other_name}_{secret}",
        "with another last letter": bearer[:-1] + ("A" if bearer[-1] != "A" else "B"),
        "what is stored of it": hashlib.sha256(bearer.encode()).hexdigest(),
        "twice": f"{bearer} {bearer}",
        "among quotes": f'"{bearer}"',
        "never made": f"fm_{'0' * 16}_{'A' * 43}",
    }


@pytest.fixture(scope="module")
def bearers(server: Process) -> tuple[str, str]:
    """Of two users whose tokens no test revokes. In the first id there are letters, which come in two cases."""
    made = (token_for(server, "erin") for _ in range(99))
    return next(bearer for bearer in made if not token_id(bearer).isdigit()), token_for(server, "frank")


@pytest.mark.parametrize("kind", wrong("fm_a_b", "fm_c_d"))
def test_nothing_but_the_very_token_is_let_in(server: Process, bearers: tuple[str, str], kind: str) -> None:
    bearer = bearers[0]
    said = wrong(*bearers)[kind]
    assert said != bearer
    for path in (SESSIONS, "/metrics", "/api/v1/nothing"):
        answer = httpx.get(server.url + path, headers={"Authorization": f"Bearer {said}".strip()})
        assert code_of(answer, 401) == "unauthenticated"
        assert answer.json()["recovery"] == "sign_in"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert status(server, bearer) == 200


@pytest.mark.parametrize("header", ["{0}", "Basic {0}", "Token {0}", "Bearer: {0}", "Bearer{0}"])
def test_a_token_is_a_bearer(server: Process, bearers: tuple[str, str], header: str) -> None:
    bearer = bearers[0]
    answer = httpx.get(server.url + SESSIONS, headers={"Authorization": header.format(bearer)})
    assert code_of(answer, 401) == "unauthenticated"
    for scheme in ("Bearer ", "bearer ", "BEARER  "):
        assert httpx.get(server.url + SESSIONS, headers={"Authorization": scheme + bearer}).status_code == 200


def test_a_revoked_token_opens_nothing_any_more(server: Process) -> None:
    revoked, kept, other = token_for(server, "alice"), token_for(server, "alice"), token_for(server, "bob")
    assert [status(server, token) for token in (revoked, kept, other)] == [200, 200, 200]
    revoke(server, token_id(revoked))
    with client_with(server, revoked) as api:
        answer = api.get(SESSIONS)
        assert code_of(answer, 401) == "unauthenticated"
        assert answer.json()["recovery"] == "sign_in"
        assert "revoked" in answer.json()["detail"]
    assert [status(server, token) for token in (kept, other)] == [200, 200]
    revoke(server, "alice")
    assert [status(server, token) for token in (kept, other)] == [401, 200]


@contextmanager
def stalled(server: Process) -> Iterator[None]:
    """No question gets an answer."""
    workers = list(children(server.process.pid))
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def warm(api: httpx.Client) -> None:
    """Workers are started by the first question at the latest."""
    body = {"session_id": open_session(api)["session_id"], "query": "What does ENOSPC mean?"}
    assert api.post("/api/v1/query", json=body).status_code == 200


@contextmanager
def every_stream(api: httpx.Client) -> Iterator[list[Stream]]:
    session, case = open_session(api), make_case(api)
    asked = {"session_id": session["session_id"], "query": "Why does it fail?", "case_id": make_case(api)}
    user_path = f"{SESSIONS}/{session['session_id']}/events"
    with (
        follow(api, user_path) as of_user,
        follow(api, f"/api/v1/cases/{case}/events") as of_case,
        follow(api, "/api/v1/query", method="POST", json=asked) as of_query,
    ):
        streams = [of_user, of_case, of_query]
        for stream in streams:
            next(stream)
        yield streams


def last(stream: Stream) -> Frame:
    return list(stream)[-1]


def test_revoking_closes_what_is_open_under_the_token_and_nothing_else(start: Start) -> None:
    with start(auth="token", workers="1") as server:
        revoked, kept, of_bob = token_for(server, "alice"), token_for(server, "alice"), token_for(server, "bob")
        with (
            client_with(server, revoked) as one,
            client_with(server, kept) as two,
            client_with(server, of_bob) as bob,
        ):
            warm(one)
            with (
                stalled(server),
                every_stream(one) as closing,
                every_stream(two) as staying,
                every_stream(bob) as others,
            ):
                revoke(server, token_id(revoked))
                # Well before the next keep-alive, at which every stream is asked anew.
                assert [last(stream).data for stream in closing] == [CLOSED] * 3
                for api, streams in ((two, staying), (bob, others)):
                    opened = open_session(api)["session_id"]
                    assert next(frame for frame in streams[0] if frame.data.get("session_id") == opened)


def test_who_waits_for_an_answer_is_told_that_the_token_was_revoked(start: Start) -> None:
    with start(auth="token", workers="1") as server:
        bearer = token_for(server, "alice")
        with client_with(server, bearer) as api:
            warm(api)
            session, case = open_session(api)["session_id"], make_case(api)
            with stalled(server), follow(api, f"/api/v1/cases/{case}/events") as stream:
                answers: list[httpx.Response] = []
                body = {"session_id": session, "case_id": case, "query": "Why does it fail?"}
                waiting = threading.Thread(target=lambda: answers.append(api.post("/api/v1/query", json=body)))
                waiting.start()
                stream.until("question.asked")
                revoke(server, "alice")
                waiting.join(6)
                assert code_of(answers[0], 401) == "unauthenticated"


def test_a_database_that_fails_is_told_so_that_a_page_can_read_it(start: Start) -> None:
    with start(auth="token") as server, client_with(server, token_for(server, "alice"), Origin=EXTENSION) as api:
        assert api.get(SESSIONS).status_code == 200
        take_tables_away(server.data_dir)
        answer = api.get(SESSIONS)
        assert code_of(answer, 500) == "internal_error"
        assert answer.headers["access-control-allow-origin"] == EXTENSION
        server.stop()
        assert answer.json()["correlation_id"] in server.logged()


def proof_of(bearer: str, bound: str, challenge: str) -> str:
    key = hashlib.sha256(bearer.encode()).hexdigest().encode()
    return hmac.new(key, f"faultmaven|{bound}|{challenge}".encode(), hashlib.sha256).hexdigest()


def test_the_proof_is_keyed_with_what_is_stored_of_the_token(server: Process) -> None:
    bearer = token_for(server, "alice")

    def told(**params: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(server.url + CAPABILITIES, params=params).json()
        return answer

    assert (told()["mode"], told()["auth"]) == ("token", "bearer")
    assert told(challenge="c", token_id=token_id(bearer))["proof"] == proof_of(bearer, server.bound, "c")
    revoke(server, token_id(bearer))
    for params in (
        {"challenge": "c", "token_id": token_id(bearer)},
        {"challenge": "c", "token_id": "0" * 16},
        {"challenge": "c"},
        {"token_id": token_id(token_for(server, "alice"))},
    ):
        assert "proof" not in told(**params), params


@pytest.mark.parametrize("named", ["", "0" * 15, "0" * 17, "A" * 16, "' OR 1=1 --", "fm_0000000000000000"])
def test_the_id_of_a_token_has_one_form(server: Process, named: str) -> None:
    answer = httpx.get(server.url + CAPABILITIES, params={"challenge": "c", "token_id": named})
    assert code_of(answer, 422) == "invalid_request"
    assert answer.json()["errors"][0]["field"] == "token_id"


def test_a_local_server_proves_itself_as_ever_whatever_id_is_named(start: Start) -> None:
    with start() as server:
        named = httpx.get(server.url + CAPABILITIES, params={"challenge": "c", "token_id": "0" * 16}).json()
        assert named == httpx.get(server.url + CAPABILITIES, params={"challenge": "c"}).json()


def test_no_token_is_anywhere_but_where_it_was_printed(start: Start) -> None:
    with start(auth="token", log_level="debug") as server:
        bearer = token_for(server, "alice")
        told = []
        with client_with(server, bearer) as api:
            session = open_session(api)["session_id"]
            told += [api.get(f"{SESSIONS}/{session}"), api.post("/api/v1/query", json={"session_id": session})]
        for header in (bearer, f"Basic {bearer}", f"Bearer {bearer}x"):
            told.append(httpx.get(server.url + SESSIONS, headers={"Authorization": header}))
        with_it = server.settings | {
            "FAULTMAVEN_TOKEN": bearer,
            "FAULTMAVEN_AUTH": "token",
            "FAULTMAVEN_PORT": str(server.port),
        }
        said = [
            faultmaven(*command, settings=with_it)
            for command in (("doctor",), ("token", "list"), ("ask", "--server", "why?"), ("token", "revoke", bearer))
        ]
        revoked = faultmaven("ask", "--server", "why?", settings=with_it)
        assert server.stop() == 0
        secret = bearer.rpartition("_")[2]
        assert secret not in "".join(done.stdout + done.stderr for done in [*said, revoked])
        assert secret not in "".join(f"{answer.headers}{answer.text}" for answer in told)
        assert secret not in server.logged()
        kept = [path for path in server.data_dir.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert kept == []


def pointing_at(server: Process, **more: str) -> dict[str, str]:
    return server.settings | {"FAULTMAVEN_PORT": str(server.port)} | more


def test_the_command_line_signs_in_from_the_environment_or_a_file(server: Process, tmp_path: Path) -> None:
    bearer = token_for(server, "carol")
    file = tmp_path / "token"
    file.write_text(f"{bearer}\n")
    named = faultmaven("ask", "--server", "--json", "--token-file", file, "why?", settings=pointing_at(server))
    told = faultmaven("ask", "--server", "--json", "why?", settings=pointing_at(server, FAULTMAVEN_TOKEN=bearer))
    with client_with(server, bearer) as api:
        cases = {one["case_id"] for one in api.get("/api/v1/cases").json()["cases"]}
    assert {json.loads(done.stdout)["case_id"] for done in (named, told)} == cases


def test_a_server_that_does_not_know_the_token_gets_no_question(server: Process) -> None:
    revoked, local = token_for(server, "alice"), "A" * 43
    revoke(server, token_id(revoked))
    for token, said in (
        (revoked, "the token is unknown there or was revoked"),
        (f"fm_{'0' * 16}_{'A' * 43}", "the token is unknown there or was revoked"),
        (local, "has several users"),
        ("", "has several users"),
    ):
        done = faultmaven("ask", "--server", "why?", settings=pointing_at(server, FAULTMAVEN_TOKEN=token))
        assert (done.returncode, done.stdout) == (4, "")
        assert said in done.stderr


def test_a_relay_to_the_real_server_gets_no_token(server: Process, bearers: tuple[str, str]) -> None:
    def relayed(path: str) -> bytes:
        return httpx.get(server.url + path).content

    with listening(relayed) as stranger:
        settings = pointing_at(server, FAULTMAVEN_TOKEN=bearers[0])
        done = faultmaven("ask", "--server", stranger.url, "secret question", settings=settings)
        assert (done.returncode, done.stdout) == (4, "")
        assert "Something else is listening" in done.stderr
        assert token_id(bearers[0]).encode() in stranger.heard
        assert bearers[0].rpartition("_")[2].encode() not in stranger.heard
        assert b"secret question" not in stranger.heard
