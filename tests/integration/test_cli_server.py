"""The command line with a server: the real one, and programs that only pretend."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from tests.commands import faultmaven
from tests.integration.conftest import Start
from tests.servers import Process

from faultmaven.diagnosis.report import Report

LOG = b"""\
2026-01-02T10:00:00Z INFO api started
2026-01-02T10:03:05Z ERROR api FATAL: sorry, too many clients already
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "api.log"
    path.write_bytes(LOG)
    return path


def pointing_at(server: Process) -> dict[str, str]:
    return {"FAULTMAVEN_DATA_DIR": str(server.data_dir), "FAULTMAVEN_PORT": server.bound.rpartition(":")[2]}


class Stranger(ThreadingHTTPServer):
    """Another program on a port. It answers whatever `says` makes of a path, and remembers all it was sent."""

    def __init__(self, says: Callable[[str], bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Overhearing)
        self.says = says
        self.heard = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Overhearing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Stranger)
        length = int(self.headers.get("Content-Length", "0"))
        self.server.heard += f"{self.requestline}\n{self.headers}".encode() + self.rfile.read(length)
        body = self.server.says(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening(says: Callable[[str], bytes]) -> Iterator[Stranger]:
    with Stranger(says) as stranger:
        thread = threading.Thread(target=stranger.serve_forever)
        thread.start()
        yield stranger
        stranger.shutdown()
        thread.join()


def test_people_read_the_same_answer_as_without_a_server(server: Process, log: Path) -> None:
    alone = faultmaven("ask", "-f", log, "Why does it fail?")
    served = faultmaven("ask", "--server", "-f", log, "Why does it fail?", settings=pointing_at(server))
    assert (served.returncode, served.stderr) == (0, "")
    assert served.stdout == alone.stdout


def test_json_is_the_answer_of_the_server_which_keeps_the_case(server: Process, api: httpx.Client, log: Path) -> None:
    done = faultmaven("ask", "--server", server.url, "--json", "-f", log, "why?", settings=pointing_at(server))
    answer = json.loads(done.stdout)
    assert (answer["status"], Report.model_validate(answer).verdict) == ("completed", "cause_found")
    kept = api.get(f"/api/v1/cases/{answer['case_id']}/evidence").json()["evidence"]
    assert [(one["evidence_id"], one["name"], one["size"]) for one in kept] == [
        (answer["evidence_ids"][0], "api.log", len(LOG))
    ]
    session = api.get(f"/api/v1/sessions/{answer['session_id']}").json()
    assert session["client_id"].startswith("cli@")


def test_each_question_is_a_case_of_its_own_in_one_session(server: Process) -> None:
    answers = [
        json.loads(faultmaven("ask", "--server", "--json", "why?", piped=LOG, settings=pointing_at(server)).stdout)
        for _ in range(2)
    ]
    assert answers[0]["session_id"] == answers[1]["session_id"]
    assert answers[0]["case_id"] != answers[1]["case_id"]
    assert answers[0]["citations"][0]["name"] == "stdin"


def test_large_evidence_is_streamed(server: Process, tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    path.write_bytes(LOG * 50_000)
    done = faultmaven("ask", "--server", "--json", "-f", path, "why?", settings=pointing_at(server))
    assert json.loads(done.stdout)["coverage"]["lines"] == 100_000


def test_the_token_comes_from_a_file_or_the_environment_too(server: Process, tmp_path: Path) -> None:
    elsewhere = {"FAULTMAVEN_DATA_DIR": str(tmp_path / "none")}
    file = server.data_dir / "access-token"
    named = faultmaven("ask", "--server", server.url, "--token-file", file, "why?", settings=elsewhere)
    told = faultmaven(
        "ask", "--server", server.url, "why?", settings=elsewhere | {"FAULTMAVEN_TOKEN": str(server.token)}
    )
    neither = faultmaven("ask", "--server", server.url, "why?", settings=elsewhere)
    assert (named.returncode, told.returncode, neither.returncode) == (0, 0, 4)
    assert "asks for its access token" in neither.stderr


def test_localhost_leads_to_where_the_server_is_bound(server: Process) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    assert faultmaven("ask", "--server", url, "why?", settings=pointing_at(server)).returncode == 0


def _says(body: bytes, _path: str) -> bytes:
    return body


def assert_learned_nothing(stranger: Stranger, server: Process) -> None:
    assert str(server.token).encode() not in stranger.heard
    assert b"too many clients" not in stranger.heard
    assert b"secret question" not in stranger.heard
    assert b"POST" not in stranger.heard


def test_another_program_on_the_port_gets_nothing(server: Process, log: Path) -> None:
    impostor = b'{"auth": "bearer", "bound": "127.0.0.1:1", "version": "9", "proof": "%s"}' % (b"0" * 64)
    for said in (b"hello", b"", b"[1]", b"{}", b"x" * 200_000, impostor):
        with listening(partial(_says, said)) as stranger:
            done = faultmaven(
                "ask", "--server", stranger.url, "-f", log, "secret question", settings=pointing_at(server)
            )
            assert (done.returncode, done.stdout) == (4, "")
            where = f"127.0.0.1:{stranger.server_port}"
            expected = f"Something else is listening on {where}, or the token is not its own; nothing was sent to it."
            assert done.stderr == f"faultmaven: {expected}\n"
            assert_learned_nothing(stranger, server)


def test_a_relay_to_the_real_server_gets_nothing(server: Process, log: Path) -> None:
    def relayed(path: str) -> bytes:
        with urlopen(server.url + path) as answer:
            body: bytes = answer.read()
        return body

    with listening(relayed) as stranger:
        done = faultmaven("ask", "--server", stranger.url, "-f", log, "secret question", settings=pointing_at(server))
        assert done.returncode == 4
        assert "Something else is listening" in done.stderr
        assert_learned_nothing(stranger, server)


def test_who_claims_to_need_no_token_is_not_believed_unless_told_so(server: Process, log: Path) -> None:
    with listening(lambda _: b'{"auth": "none", "version": "9"}') as stranger:
        done = faultmaven("ask", "--server", stranger.url, "-f", log, "secret question", settings=pointing_at(server))
        assert done.returncode == 4
        assert "FAULTMAVEN_LOCAL_AUTH=off" in done.stderr
        assert_learned_nothing(stranger, server)


def test_a_server_without_authentication_is_used_when_that_is_set_here_too(start: Start, log: Path) -> None:
    with start("--no-auth") as server:
        done = faultmaven(
            "ask", "--server", "-f", log, "why?", settings=pointing_at(server) | {"FAULTMAVEN_LOCAL_AUTH": "off"}
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_proxy_of_the_environment_is_not_used(server: Process, log: Path) -> None:
    with listening(lambda _: b"hello") as proxy:
        proxied = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), proxy.url)
        done = faultmaven("ask", "--server", "-f", log, "why?", settings=pointing_at(server) | proxied)
        assert done.returncode == 0
        assert proxy.heard == b""


def test_nobody_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    done = faultmaven(
        "ask", "--server", "http://127.0.0.1:1", "why?", settings={"FAULTMAVEN_DATA_DIR": str(tmp_path / "none")}
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert "faultmaven serve" in done.stderr


def test_a_refusal_is_one_sentence_with_its_correlation_id(start: Start, log: Path) -> None:
    with start(max_evidence_bytes="10") as server:
        done = faultmaven("ask", "--server", "-f", log, "why?", settings=pointing_at(server))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert "correlation id " in done.stderr


def test_bad_input_is_told_before_a_case_is_opened(server: Process, api: httpx.Client) -> None:
    before = len(api.get("/api/v1/cases").json()["cases"])
    done = faultmaven("ask", "--server", "-f", "/no/such/file", "why?", settings=pointing_at(server))
    assert (done.returncode, done.stderr) == (3, "faultmaven: /no/such/file: there is no such file.\n")
    assert len(api.get("/api/v1/cases").json()["cases"]) == before


def test_doctor_tells_a_proven_server_from_a_stranger(server: Process) -> None:
    well = faultmaven("doctor", settings=pointing_at(server))
    assert well.returncode == 0
    assert f"is running on {server.url}, proven" in well.stdout
    assert str(server.token) not in well.stdout
    with listening(lambda _: b"hello") as stranger:
        ill = faultmaven("doctor", "--port", str(stranger.server_port), settings=pointing_at(server))
        assert ill.returncode == 1
        assert "something else is listening" in ill.stdout
        assert_learned_nothing(stranger, server)


def test_open_shows_the_token_to_the_browser_alone(server: Process, tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\nprintf %s "$*" > {seen}\n')
    browser.chmod(0o755)
    done = faultmaven("open", settings=pointing_at(server) | {"BROWSER": f"{browser} %s"})
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{server.url}/" in done.stdout
    page = Path(seen.read_text().removeprefix("file://"))
    assert f"{server.url}/#token={server.token}" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert str(server.token) not in seen.read_text() + done.stdout


def test_open_prints_the_link_where_there_is_no_browser(server: Process) -> None:
    done = faultmaven("open", settings=pointing_at(server) | {"PATH": "/nowhere"})
    assert done.returncode == 0
    assert f"{server.url}/#token={server.token}" in done.stdout
    assert not (server.data_dir / "open.html").exists()


def test_open_gives_nothing_to_a_stranger(server: Process, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {tmp_path}/opened\n")
    browser.chmod(0o755)
    with listening(lambda _: b"hello") as stranger:
        told = pointing_at(server) | {"FAULTMAVEN_PORT": str(stranger.server_port), "BROWSER": str(browser)}
        assert faultmaven("open", settings=told).returncode == 4
        assert_learned_nothing(stranger, server)
    assert not (tmp_path / "opened").exists()
