"""What goes over a connection, byte by byte, and what becomes of a reader that does not read."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import httpx
import pytest
from tests import databases
from tests.following import follow
from tests.integration.conftest import Start, StartTimed, make_case, open_session
from tests.integration.problems import SESSIONS
from tests.servers import PATIENCE, Process, Server

from faultmaven.bus import Bus
from faultmaven.cases import log
from faultmaven.cases.events import EvidenceDeleted
from faultmaven.cli import protocol
from faultmaven.databases import open_database
from faultmaven.identity.service import local_user
from faultmaven.settings import Settings

LONG_LOG, LARGE = 20_000_000, 20_000
SLOW_READERS = 32


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        yield connection


def request(server: Server, line: str, *headers: str, body: bytes = b"") -> bytes:
    fields = [f"Host: {server.bound}", f"Authorization: Bearer {server.token}", f"Content-Length: {len(body)}"]
    return "\r\n".join([f"{line} HTTP/1.1", *fields, *headers, "", ""]).encode() + body


def read_until(connection: socket.socket, end: bytes) -> bytes:
    got = b""
    while not got.endswith(end):
        piece = connection.recv(65536)
        assert piece, f"closed after {got!r}"
        got += piece
    return got


@pytest.fixture
def long_log(tmp_path: Path) -> int:
    """How many events the user's log has before the server starts; more than the buffers of one connection hold."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    asyncio.run(fill(Settings(data_dir=data_dir, **databases.settings_for(data_dir))))  # type: ignore[arg-type]
    return LONG_LOG // LARGE


async def fill(settings: Settings) -> None:
    database = open_database(settings, Bus())
    await database.start()
    user = await database.write(local_user)
    event = EvidenceDeleted(evidence_id="x" * LARGE)
    await database.write(log.record_all, user.id, [event] * (LONG_LOG // LARGE))
    await database.stop()


def memory(server: Process) -> int:
    """Resident bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def open_streams(api: httpx.Client) -> int:
    found = re.search(r"^faultmaven_streams_open (\S+)$", api.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def test_head_and_body_of_an_answer_come_in_one_piece(server: Process) -> None:
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(request(server, "GET /api/v1/sessions/nobody"))
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 404")
            assert b"content-length: %d" % len(body) in head
            assert body


def test_an_answer_without_a_body_comes_at_once(server: Process) -> None:
    with connected(server) as connection:
        connection.sendall(request(server, "HEAD /livez"))
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 ")
        connection.sendall(request(server, "GET /livez"))
        assert b" 200 " in connection.recv(65536)


def test_requests_sent_together_are_answered_one_after_another(server: Process) -> None:
    with connected(server) as connection:
        paths = ("/livez", "/api/v1/sessions/nobody", "/livez", "/api/v1/nothing")
        last = request(server, "GET /livez", "Connection: close")
        connection.sendall(b"".join(request(server, f"GET {path}") for path in paths) + last)
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200", b"404", b"200", b"404", b"200"]


def test_who_asks_before_sending_a_body_is_told_to_go_on(server: Process) -> None:
    body = b'{"client_id": "careful"}'
    asking = request(server, f"POST {SESSIONS}", "Content-Type: application/json", "Expect: 100-continue", body=body)
    with connected(server) as connection:
        connection.sendall(asking.removesuffix(body))
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert b'"client_id":"careful"' in connection.recv(65536)


def test_the_server_takes_as_many_connections_as_the_system_lets_it(start: Start) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with start() as server:
            given, _ = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert given == min(hard, 65_536)


def test_few_possible_connections_are_told(start: Start) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def told(most: int) -> bool:
        with start() as server:
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (most, most))
            return "server.few_connections" in server.logged()

    assert told(hard) is (hard < 8192)


def test_readers_that_do_not_read_cost_little_and_delay_nobody(start: Start, long_log: int) -> None:
    with start() as server, server.client() as api, ExitStack() as slow:
        events = f"{SESSIONS}/{open_session(api)['session_id']}/events"

        def read_all(_: int) -> int:
            with server.client() as one, follow(one, events) as stream:
                return len(list(islice(stream, long_log)))

        # What threads and drivers keep for the next who reads is not what a reader costs.
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(read_all, range(8))) == {long_log}
        before = memory(server)
        idle = [slow.enter_context(follow(api, events)) for _ in range(SLOW_READERS)]
        assert read_all(0) == long_log
        case_id = make_case(api)
        with follow(api, events, params={"after": long_log}) as quick:
            assert quick.until("case.opened")[-1].data["case_id"] == case_id
        # Where none of them keeps even a page of its own.
        assert memory(server) - before < SLOW_READERS * log.PAGE * LARGE / 2
        frames = idle[0].until("case.opened")
    assert [frame.id for frame in frames] == list(range(1, long_log + 3))


def test_a_reader_that_never_reads_again_is_cut_and_can_come_back(
    start_timed: StartTimed, long_log: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SLOW_SECONDS", 0.2)
    with start_timed() as server, server.client() as api:
        events = f"{SESSIONS}/{open_session(api)['session_id']}/events"
        with follow(api, events) as stream:
            deadline = time.monotonic() + PATIENCE
            while open_streams(api):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            with pytest.raises(httpx.TransportError):
                list(stream)
        with follow(api, events) as stream:
            again = list(islice(stream, long_log))
    assert [frame.id for frame in again] == list(range(1, long_log + 1))
