"""The servers that other tests kill and start again: real, at the same address, and gone with all that is theirs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.faults.forked import Forked, Forks, SharedClock
from tests.integration.conftest import add_evidence, ask, make_case, open_session
from tests.integration.logs import long_log
from tests.integration.test_lifecycle import alive, descendants, files_mapped, wait_for_end
from tests.integration.test_queries import ask_async
from tests.servers import PATIENCE

GONE_SECONDS = 3.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Forked]:
    with Forks() as helper, helper.server(tmp_path / "data", workers="1") as server:
        yield server


def test_a_killed_server_starts_again_at_the_same_address_with_what_it_had(server: Forked) -> None:
    with server.client() as api:
        opened = open_session(api)
        workers = descendants(server.pid)
        server.kill()
        assert wait_for_end(workers, GONE_SECONDS) == set()
        with pytest.raises(httpx.ConnectError):
            api.get("/livez")
        server.start()
        assert api.get(f"/api/v1/sessions/{opened['session_id']}").json()["session_id"] == opened["session_id"]
        assert ask(api, opened["session_id"], "what does ENOSPC mean?")["status"] == "completed"


def test_it_goes_when_it_is_told(server: Forked) -> None:
    assert server.stop(signal.SIGTERM) == 0


def test_its_clock_is_what_the_test_says_across_restarts(server: Forked) -> None:
    with server.client() as api:
        held = server.clock() + 60_000_000
        server.clock.hold(held)
        opened = open_session(api, timeout_minutes=1)
        server.kill()
        server.start()
        assert open_session(api, client_id=opened["client_id"])["expires_at"] == opened["expires_at"]
        server.clock.advance(minutes=1)
        assert api.get(f"/api/v1/sessions/{opened['session_id']}").status_code == 410


def test_a_clock_that_is_not_held_runs_on(tmp_path: Path) -> None:
    clock, same = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
    before = clock()
    clock.advance(days=1)
    assert before + 24 * 3_600_000_000 <= clock() <= same() <= clock()


def test_nothing_is_left_of_a_server_whose_helper_was_killed(tmp_path: Path) -> None:
    with Forks() as helper, helper.server(tmp_path / "data") as server:
        with server.client() as api:
            open_session(api)
        family = {server.pid, *descendants(server.pid)}
        helper.process.kill()
        assert wait_for_end(family, GONE_SECONDS) == set()
        server.pid = 0


def test_a_worker_whose_server_was_killed_while_it_loads_does_not_begin_its_work(server: Forked) -> None:
    with server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        ask(api, session_id, "what does ENOSPC mean?")
        add_evidence(api, case_id, long_log(200))
        while workers := descendants(server.pid):
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            time.sleep(0.05)
        ask_async(api, session_id, "What is wrong?", case_id=case_id)
        loading = loading_worker(server)
        server.kill()
        evidence = f"{server.data_dir}/evidence/evidence_"
        while alive(loading):
            assert evidence not in files_mapped(loading), "it reads the evidence, for nobody"


def loading_worker(server: Forked) -> int:
    """One that was given its work and still loads what it needs for it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for worker in descendants(server.pid):
            if "pydantic_core" in files_mapped(worker):
                return worker
    raise AssertionError("no worker was started")
