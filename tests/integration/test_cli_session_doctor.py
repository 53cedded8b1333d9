"""`faultmaven doctor --session`: what happened to a session, for a person and for a program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.commands import faultmaven, on_a_terminal
from tests.integration.conftest import Start, open_session
from tests.integration.problems import SESSIONS
from tests.servers import Process
from tests.users import token_for

UNKNOWN = "session_" + "0" * 32


def pointing_at(server: Process) -> dict[str, str]:
    return server.settings | {"FAULTMAVEN_PORT": str(server.port)}


def ask_doctor(server: Process, session_id: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return faultmaven("doctor", "--session", session_id, *arguments, settings=pointing_at(server))


def test_a_session_that_is_well_is_told_with_exit_code_0(server: Process, api: httpx.Client) -> None:
    opened = open_session(api)
    open_session(api, client_id=opened["client_id"])
    done = ask_doctor(server, opened["session_id"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("This session is alive: ")
    for told in (opened["session_id"], opened["client_id"], opened["created_at"], "1 ×, last at ", "none lately"):
        assert told in done.stdout


def test_a_session_that_is_over_is_told_with_exit_code_1_and_what_failed(server: Process, api: httpx.Client) -> None:
    opened = open_session(api)
    api.delete(f"{SESSIONS}/{opened['session_id']}")
    refused = api.get(f"{SESSIONS}/{opened['session_id']}")
    new = open_session(api, client_id=opened["client_id"])
    done = ask_doctor(server, opened["session_id"], "--server")
    assert (done.returncode, done.stderr) == (1, "")
    assert "was ended on request" in done.stdout
    assert "session_ended, GET /api/v1/sessions/{session_id}" in done.stdout
    assert refused.headers["x-correlation-id"] in done.stdout
    assert f"current           {new['session_id']}\n" in done.stdout


def test_json_is_what_the_server_says(server: Process, api: httpx.Client) -> None:
    session_id = open_session(api)["session_id"]
    done = ask_doctor(server, session_id, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == api.get(f"{SESSIONS}/{session_id}/diagnosis").json()
    unknown = ask_doctor(server, UNKNOWN, "--json")
    assert (unknown.returncode, unknown.stderr) == (1, "")
    assert json.loads(unknown.stdout)["code"] == "session_not_found"


@pytest.mark.parametrize(("session_id", "why"), [(UNKNOWN, "another server"), ("my-own-id", "never gave out that id")])
def test_a_session_the_server_does_not_know_is_told_with_what_that_may_mean(
    server: Process, session_id: str, why: str
) -> None:
    done = ask_doctor(server, session_id)
    assert (done.returncode, done.stderr) == (1, "")
    assert why in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("typed", ["", "a/b", "..", "a b", "ä", "x" * 201, "\x1b[2J"])
def test_what_is_no_id_is_refused(server: Process, typed: str) -> None:
    done = ask_doctor(server, typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not the id of a session" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_server_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    nowhere = {"FAULTMAVEN_DATA_DIR": str(tmp_path / "none")}
    done = faultmaven("doctor", "--session", UNKNOWN, "--server", "http://127.0.0.1:1", settings=nowhere)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("faultmaven: No server answers on http://127.0.0.1:1")
    assert "faultmaven serve" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("alone", [["--json"], ["--server", "http://127.0.0.1:1"]])
def test_what_goes_with_a_session_is_refused_without_one(alone: list[str]) -> None:
    done = faultmaven("doctor", *alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--session" in done.stderr


def test_on_a_terminal_it_fits(server: Process, api: httpx.Client) -> None:
    opened = open_session(api)
    api.get(f"{SESSIONS}/{opened['session_id']}/events", params={"after": "x"})
    seen = on_a_terminal("doctor", "--session", opened["session_id"], settings=pointing_at(server))
    assert "This session is alive" in seen
    assert max(map(len, seen.splitlines())) <= 80


def test_each_user_asks_with_an_own_token(start: Start) -> None:
    with start(auth="token") as server:
        alice, bob = token_for(server, "alice"), token_for(server, "bob")
        headers = {"Authorization": f"Bearer {alice}"}
        session_id = httpx.post(f"{server.url}{SESSIONS}", headers=headers).json()["session_id"]
        for token, code in ((alice, 0), (bob, 1)):
            settings = pointing_at(server) | {"FAULTMAVEN_AUTH": "token", "FAULTMAVEN_TOKEN": token}
            done = faultmaven("doctor", "--session", session_id, settings=settings)
            assert (done.returncode, done.stderr) == (code, ""), done.stdout
