"""Stopping and being killed: quickly, in order, and without losing what was acknowledged."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.following import follow, log_up_to
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL, long_log
from tests.integration.test_queries import ask_async, poll
from tests.servers import PATIENCE, Process

GONE_SECONDS = 3.0


def stopped(server: Process, number: int) -> int:
    """The exit code. Raises TimeoutExpired if the server takes longer to go than it may."""
    server.process.send_signal(number)
    return server.process.wait(GONE_SECONDS)


def start_running(api: httpx.Client, log: bytes) -> tuple[str, str]:
    """A case and its query, which a worker is busy with."""
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    add_evidence(api, case_id, log)
    query_id = ask_async(api, session_id, "What is wrong?", case_id=case_id)["query_id"]
    with follow(api, f"/api/v1/cases/{case_id}/events") as stream:
        stream.until("answer.progress")
    return case_id, query_id


def descendants(pid: int) -> set[int]:
    """Processes started by this one, directly or not."""
    children = [
        int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
    ]
    return set(children).union(*(descendants(child) for child in children))


def at_work(server: Process) -> set[int]:
    """The workers of this server that have evidence before them, as soon as there are any."""
    evidence = f"{server.data_dir}/evidence/evidence_"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if busy := {worker for worker in descendants(server.process.pid) if evidence in files_mapped(worker)}:
            return busy
    raise AssertionError("no worker took the evidence up")


@contextlib.contextmanager
def held_up(workers: set[int]) -> Iterator[None]:
    """They cannot come to the end of their work by themselves: whoever is gone later was ended."""
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in filter(alive, workers):
            os.kill(worker, signal.SIGKILL)


def files_mapped(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid: int) -> bool:
    """A process that nobody has waited for yet has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_end(pids: set[int], seconds: float) -> set[int]:
    """Those of these processes that are still there after so long."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in pids if alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_open_streams_goes_when_told(start: Start, number: int) -> None:
    with start() as server, server.client() as api:
        opened = open_session(api)
        case_id = make_case(api)
        events = f"/api/v1/cases/{case_id}/events"
        with follow(api, events) as one, follow(api, f"/api/v1/sessions/{opened['session_id']}/events") as two:
            next(one)
            next(two)
            assert stopped(server, number) == 0
            assert [frame.event for frame in one] == []
        assert "Traceback" not in server.logged()


def test_a_server_with_a_running_question_goes_when_told_and_the_next_one_answers_it(start: Start) -> None:
    with start() as server, server.client() as api:
        case_id, query_id = start_running(api, long_log() + DISK_FULL)
        busy, workers = at_work(server), descendants(server.process.pid)
        with held_up(busy):
            assert stopped(server, signal.SIGTERM) == 0
            assert wait_for_end(busy | workers, GONE_SECONDS) == set()
        assert "Traceback" not in server.logged()
    with start() as server, server.client() as api:
        assert poll(api, query_id)["status"] == "completed"
        check_taken_over(api, case_id)


def test_a_killed_server_loses_nothing_it_acknowledged(start: Start) -> None:
    log = long_log() + DISK_FULL
    with start() as server, server.client() as api:
        case_id, query_id = start_running(api, log)
        title = api.patch(f"/api/v1/cases/{case_id}", json={"title": "Written at the last moment"}).json()["title"]
        busy, workers = at_work(server), descendants(server.process.pid)
        with held_up(busy):
            assert stopped(server, signal.SIGKILL) == -signal.SIGKILL
            assert wait_for_end(busy | workers, GONE_SECONDS) == set()
    with start() as server, server.client() as api:
        answer = poll(api, query_id)
        assert answer["status"] == "completed"
        assert {citation["line_start"] for citation in answer["citations"]} <= {log.count(b"\n") - 1, log.count(b"\n")}
        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == title
        assert api.get(f"/api/v1/evidence/{answer['evidence_ids'][0]}").json()["size"] == len(log)
        check_taken_over(api, case_id)


def test_every_write_that_was_acknowledged_survives_a_kill_among_many(start: Start) -> None:
    acknowledged: list[str] = []

    def write_until_the_end(server: Process) -> None:
        with server.client() as api, contextlib.suppress(httpx.TransportError):
            while True:
                acknowledged.append(make_case(api))

    with start() as server, ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(write_until_the_end, server) for _ in range(8)]
        while len(acknowledged) < 200:
            assert not any(one.done() for one in writing)
        server.process.kill()
        for one in writing:
            one.result()
    with start() as server, server.client() as api:
        opened = open_session(api)
        frames = log_up_to(api, opened)
    assert [frame.id for frame in frames] == list(range(1, opened["cursor"] + 1))
    assert set(acknowledged) <= {frame.data.get("case_id") for frame in frames}


def check_taken_over(api: httpx.Client, case_id: str) -> None:
    """The second attempt finished what the first began, and no number is missing."""
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["attempt"] for event in events if event["type"] == "answer.started"] == [1, 2]
    assert [event["attempt"] for event in events if event["type"] == "answer.completed"] == [2]
    opened = open_session(api)
    assert [frame.id for frame in log_up_to(api, opened)] == list(range(1, opened["cursor"] + 1))


def test_an_upload_that_was_cut_by_a_kill_leaves_nothing(start: Start) -> None:
    with start() as server, server.client() as api:
        case_id = make_case(api)

        def endless() -> Iterator[bytes]:
            incoming = server.data_dir / "evidence" / "incoming"
            yield b"x" * 1_000_000
            while not any(path.stat().st_size for path in incoming.iterdir()):
                yield b"x" * 1000
            server.process.kill()
            server.process.wait(PATIENCE)
            yield b"x"

        with pytest.raises(httpx.TransportError):
            api.post(f"/api/v1/cases/{case_id}/evidence", content=endless())
    with start() as server, server.client() as api:
        assert api.get(f"/api/v1/cases/{case_id}/evidence").json() == {"evidence": []}
        assert [path for path in (server.data_dir / "evidence").rglob("*") if path.is_file()] == []


def test_a_server_does_not_wait_for_a_client_that_never_ends(start: Start) -> None:
    with start() as server, server.client() as api:
        path = f"/api/v1/cases/{make_case(api)}/evidence"
        incoming = server.data_dir / "evidence" / "incoming"
        host, _, port = server.bound.partition(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: {server.bound}\r\nAuthorization: Bearer {server.token}\r\n"
            connection.sendall(f"{head}Content-Length: 1000000\r\n\r\nonly the beginning".encode())
            while not any(incoming.iterdir()):
                pass
            assert stopped(server, signal.SIGTERM) == 0
        assert not any(incoming.iterdir())


def test_a_second_ctrl_c_does_not_wait(start: Start) -> None:
    with start() as server, server.client() as api:
        start_running(api, long_log())
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(GONE_SECONDS) == 0


def test_a_worker_that_is_killed_is_told_as_a_failed_analysis_and_replaced(start: Start) -> None:
    with start() as server, server.client() as api:
        case_id, query_id = start_running(api, long_log())
        for worker in at_work(server):
            os.kill(worker, signal.SIGKILL)
        failed = poll(api, query_id)
        assert (failed["status"], failed["error"]["code"]) == ("failed", "analysis_failed")
        again = ask(api, open_session(api)["session_id"], "what does ENOSPC mean?", case_id=case_id, evidence_ids=[])
        assert again["status"] == "completed"
