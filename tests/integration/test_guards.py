"""Who may speak to the server, and who is turned away before anything of the request is looked at."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import databases
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.problems import code_of
from tests.servers import Process, Server

SESSIONS = "/api/v1/sessions"
CAPABILITIES = "/api/v1/capabilities"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
OTHER_EXTENSION = "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba"
EXPOSED = {"Location", "ETag", "Retry-After", "X-Correlation-ID"}


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        problem: dict[str, Any] = json.loads(self.body)
        assert problem["status"] == self.status
        return str(problem["code"])


def port_of(server: Server) -> int:
    return int(server.bound.rpartition(":")[2])


def told(server: Server, *headers: tuple[str, str], method: str = "GET", path: str = SESSIONS) -> Told:
    """Exactly these headers, and no Host but one given here."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Told(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def signed_in(server: Server) -> tuple[str, str]:
    return ("Authorization", f"Bearer {server.token}")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "LocalHost", "[::1]"])
def test_the_server_answers_to_its_own_names(server: Process, name: str) -> None:
    assert told(server, ("Host", f"{name}:{port_of(server)}"), signed_in(server)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "127.0.0.1.evil.example:{port}",
        "user@127.0.0.1:{port}",
        "127.0.0.1:{port}@evil.example",
        "127.0.0.1:0{port}",
        "localhost.:{port}",
        "0.0.0.0:{port}",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/livez", CAPABILITIES, SESSIONS])
def test_any_other_name_is_foreign(server: Process, host: str, path: str) -> None:
    answer = told(server, ("Host", host.format(port=port_of(server))), signed_in(server), path=path)
    assert (answer.status, answer.code) == (403, "foreign_host")


def test_a_request_names_its_host_exactly_once(server: Process) -> None:
    own = ("Host", server.bound)
    assert told(server, own, signed_in(server)).status == 200
    # Without one, HTTP/1.1 itself is broken, and whoever reads it first may say so.
    assert told(server, signed_in(server)).status in (400, 403)
    assert told(server, own, own, signed_in(server)).status in (400, 403)
    assert told(server, own, ("Host", "evil.example"), signed_in(server)).status in (400, 403)


def test_further_names_can_be_allowed(start: Start) -> None:
    with start(allowed_hosts="fault.test:8000, Other.Test:80") as server:
        for host, status in (("fault.test:8000", 200), ("other.test:80", 200), ("fault.test:8001", 403)):
            assert told(server, ("Host", host), signed_in(server)).status == status


def own_origins(server: Server) -> Sequence[str]:
    return [f"http://{server.bound}", f"http://localhost:{port_of(server)}"]


@pytest.mark.parametrize(
    "origin", [EXTENSION, "moz-extension://2b1f6a3c-0000-4000-8000-000000000000", "safari-web-extension://x", "own"]
)
def test_allowed_origins_may_read_every_answer(server: Process, origin: str) -> None:
    for named in own_origins(server) if origin == "own" else [origin]:
        answer = httpx.get(server.url + SESSIONS, headers=dict([signed_in(server)]) | {"Origin": named})
        assert answer.status_code == 200
        assert_readable(answer, named)


def assert_readable(answer: httpx.Response, origin: str) -> None:
    assert answer.headers.get_list("access-control-allow-origin") == [origin]
    assert set(answer.headers["access-control-expose-headers"].split(", ")) == EXPOSED
    assert "origin" in answer.headers["vary"].lower()
    # There are no cookies to be sent along.
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://127.0.0.1:1",
        "http://localhost:3000",
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "http://{bound}.evil.example",
        "http://evil.example#{bound}",
        "http://user@{bound}",
        "http://{bound}/",
        "HTTP://{bound}",
        "file://",
        "chrome-extensions://abcdefghijklmnopabcdefghijklmnop",
        "https://chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ],
)
@pytest.mark.parametrize("path", ["/", CAPABILITIES, SESSIONS])
def test_foreign_origins_get_nothing_to_read(server: Process, origin: str, path: str) -> None:
    headers = dict([signed_in(server)]) | {"Origin": origin.format(bound=server.bound)}
    answer = httpx.get(server.url + path, headers=headers)
    assert code_of(answer, 403) == "foreign_origin"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_extensions_can_be_narrowed_to_some(start: Start) -> None:
    with start(allowed_origins=EXTENSION) as server:
        for origin, status in ((EXTENSION, 200), (OTHER_EXTENSION, 403), (f"{EXTENSION}a", 403)):
            headers = dict([signed_in(server)]) | {"Origin": origin}
            assert httpx.get(server.url + SESSIONS, headers=headers).status_code == status
        assert told(server, ("Host", server.bound), ("Origin", f"http://{server.bound}"), path="/livez").status == 200


def test_errors_can_be_read_by_the_page_that_caused_them(start: Start) -> None:
    with start(max_body_bytes="1024", max_queued_queries="1") as server, server.client(Origin=EXTENSION) as api:
        session = open_session(api)
        api.delete(f"{SESSIONS}/{session['session_id']}")
        answers = [
            (401, httpx.get(server.url + SESSIONS, headers={"Origin": EXTENSION})),
            (404, api.get(f"{SESSIONS}/unknown")),
            (404, api.get("/api/v1/nothing")),
            (405, api.put(SESSIONS)),
            (410, api.get(f"{SESSIONS}/{session['session_id']}")),
            (413, api.post(SESSIONS, content=b" " * 1025)),
            (413, api.post(SESSIONS, content=iter([b" " * 1025]))),
            (422, api.post(SESSIONS, json={"timeout_minutes": 0})),
            (400, api.post(SESSIONS, content=b"{", headers={"Content-Type": "application/json"})),
            (403, api.get(SESSIONS, headers={"Sec-Fetch-Mode": "navigate"})),
        ]
        for status, answer in answers:
            assert code_of(answer, status)
            if status != 403:
                assert_readable(answer, EXTENSION)


def test_an_error_inside_the_server_can_be_read_too(start: Start) -> None:
    with start() as server, server.client(Origin=EXTENSION) as api:
        opened = open_session(api)
        evidence = add_evidence(api, make_case(api), b"x\n")
        kept = next(server.data_dir.glob(f"evidence/**/{evidence}.index"))
        kept.unlink()
        kept.mkdir()
        answer = api.get(f"/api/v1/evidence/{evidence}/lines")
        assert code_of(answer, 500) == "internal_error"
        assert_readable(answer, EXTENSION)
        assert api.get(f"{SESSIONS}/{opened['session_id']}").status_code == 200


@pytest.mark.parametrize("mode", ["navigate", "no-cors"])
@pytest.mark.parametrize("path", [CAPABILITIES, SESSIONS, "/api/v1/nothing"])
def test_the_api_is_no_page_and_no_picture(server: Process, mode: str, path: str) -> None:
    headers = dict([signed_in(server)]) | {"Sec-Fetch-Mode": mode}
    assert code_of(httpx.get(server.url + path, headers=headers), 403) == "forbidden_fetch"


def test_the_page_itself_is_navigated_to(server: Process) -> None:
    answer = httpx.get(server.url, headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", [SESSIONS, "/metrics", "/api/v1/openapi.json", "/api/v1/nothing", "/api"])
@pytest.mark.parametrize(
    "scheme", ["", "Bearer", "Bearer wrong", "bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"]
)
def test_without_the_token_nobody_is_let_in(server: Process, path: str, scheme: str) -> None:
    headers = {"Authorization": scheme.format(token=server.token)} if scheme else {}
    answer = httpx.get(server.url + path, headers=headers)
    assert code_of(answer, 401) == "unauthenticated"
    assert answer.json()["recovery"] == "sign_in"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_token_opens_nothing_from_the_address(server: Process) -> None:
    for name in ("token", "access_token", "bearer", "authorization"):
        answer = httpx.get(server.url + SESSIONS, params={name: str(server.token)}, cookies={name: str(server.token)})
        assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", CAPABILITIES])
@pytest.mark.parametrize("ending", ["", "/"])
def test_what_a_client_needs_before_it_starts_is_open(server: Process, path: str, ending: str) -> None:
    assert httpx.get(server.url + path + ending).status_code == 200


def test_metrics_are_for_who_may_read_the_token(api: httpx.Client) -> None:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")


def test_paths_cannot_be_dressed_up_as_open_ones(server: Process) -> None:
    for path in (
        "/livez/../api/v1/sessions",
        "//api/v1/sessions",
        "/api/v1/capabilities/../sessions",
        "/API/v1/sessions",
    ):
        answer = told(server, ("Host", server.bound), path=path)
        assert answer.status in (401, 404), path
        assert b'"sessions"' not in answer.body


def test_a_preflight_needs_no_token_and_allows_what_is_used(server: Process) -> None:
    asked = {
        "Origin": EXTENSION,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,if-match,idempotency-key",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = httpx.options(server.url + SESSIONS, headers=asked)
    assert answer.status_code == 204
    assert not answer.content
    assert answer.headers["access-control-allow-origin"] == EXTENSION
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= set(allowed)
    assert answer.headers["access-control-allow-private-network"] == "true"


def test_a_preflight_of_a_foreign_origin_is_refused(server: Process) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(server.url + SESSIONS, headers=asked)
    assert code_of(answer, 403) == "foreign_origin"
    assert "access-control-allow-methods" not in answer.headers


def test_other_methods_are_told_which_there_are(api: httpx.Client) -> None:
    for method in ("PUT", "OPTIONS", "TRACE"):
        answer = api.request(method, SESSIONS)
        assert code_of(answer, 405) == "method_not_allowed"
        assert answer.headers["allow"] == "GET, POST"


def test_head_has_no_body(api: httpx.Client) -> None:
    for path in ("/", SESSIONS, f"{SESSIONS}/unknown"):
        answer = api.head(path)
        assert answer.content == b""
        assert answer.headers["x-correlation-id"]


def test_the_proof_is_an_hmac_over_the_address_that_was_dialled(server: Process) -> None:
    challenge = "A-z0.9_~"
    answer = httpx.get(server.url + CAPABILITIES, params={"challenge": challenge}).json()
    message = f"faultmaven|{server.bound}|{challenge}".encode()
    assert answer["proof"] == hmac.new(str(server.token).encode(), message, hashlib.sha256).hexdigest()
    assert answer["bound"] == server.bound
    assert "proof" not in httpx.get(server.url + CAPABILITIES).json()


@pytest.mark.parametrize("challenge", ["", "with space", "x" * 129, "ä", "a|b", "line\nbreak"])
def test_a_challenge_is_a_short_plain_word(server: Process, challenge: str) -> None:
    answer = httpx.get(server.url + CAPABILITIES, params={"challenge": challenge})
    assert code_of(answer, 422) == "invalid_request"
    assert answer.json()["errors"][0]["field"] == "challenge"


def test_a_relay_on_another_port_fails_the_proof(server: Process) -> None:
    """It can have the real server answer, but only for the real server's address."""
    with relay(port_of(server)) as port:
        dialled = f"127.0.0.1:{port}"
        headers = {"Host": server.bound}
        answer = httpx.get(f"http://{dialled}{CAPABILITIES}", params={"challenge": "c"}, headers=headers).json()
        proof = hmac.new(str(server.token).encode(), f"faultmaven|{dialled}|c".encode(), hashlib.sha256).hexdigest()
        assert answer["proof"] != proof
        assert code_of(httpx.get(f"http://{dialled}{CAPABILITIES}"), 403) == "foreign_host"


@contextmanager
def relay(to: int) -> Iterator[int]:
    """Passes everything on to a port of this machine, one connection at a time."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve_relay, args=(listening, to), daemon=True).start()
        yield listening.getsockname()[1]


def serve_relay(listening: socket.socket, to: int) -> None:
    while True:
        try:
            here, _ = listening.accept()
        except OSError:  # the test is over
            return
        there = socket.create_connection(("127.0.0.1", to))
        for source, target in ((here, there), (there, here)):
            threading.Thread(target=pump, args=(source, target), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # either end has hung up
        return


def test_without_authentication_there_is_no_proof_and_a_warning(start: Start) -> None:
    with start(local_auth="off") as server:
        answer = httpx.get(server.url + CAPABILITIES, params={"challenge": "c"}).json()
        assert answer["auth"] == "none"
        assert "proof" not in answer
        assert httpx.get(server.url + SESSIONS).status_code == 200
        assert "server.without_authentication" in server.logged()


def test_what_is_kept_is_for_the_owner_alone(start: Start) -> None:
    with start() as server, server.client() as api:
        case = make_case(api)
        add_evidence(api, case, b"ERROR down\n")
        ask(api, open_session(api)["session_id"], "Why?", case_id=case)
        everything = [server.data_dir, *server.data_dir.rglob("*")]
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in everything}
    assert {path.name for path in everything} >= {
        "access-token",
        *databases.FILES[databases.chosen],
        "evidence",
        "lock",
    }
    assert {path: mode for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_the_token_is_in_no_log_and_in_no_list_of_processes(start: Start) -> None:
    with start() as server, server.client() as api:
        open_session(api)
        httpx.get(server.url + SESSIONS, headers={"Authorization": f"Bearer {server.token}x"})
        httpx.get(f"{server.url}{SESSIONS}/{server.token}", headers={"Authorization": "Basic x"})
        api.get(CAPABILITIES, params={"challenge": "c"})
        token = str(server.token)
        running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path)]
        assert running
        assert not [command for command in running if token.encode() in command]
        assert token not in server.logged().replace(f"{SESSIONS}/{token}", "")


def readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:  # the process has ended
        return False
    return True


def test_a_head_without_end_is_not_gathered(server: Process) -> None:
    host, port = server.bound.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"GET /livez HTTP/1.1\r\nHost: {server.bound}\r\nX-Long: ".encode())
        answer = b""
        try:
            for _ in range(64):
                connection.sendall(b"x" * 65536)
            answer = connection.recv(4096)
        except ConnectionError:
            pass  # it hung up while we were still sending, before or after we could read why
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    with server.client() as api:
        assert api.get("/livez", headers={"X-Long": "x" * 30_000}).status_code == 200


def test_a_long_body_is_no_long_head(api: httpx.Client) -> None:
    body = {"metadata": {}, "padding": "x" * 300_000}
    for _ in range(3):
        assert api.post("/api/v1/sessions", json=body).status_code == 201
