"""A failing disk under the server: refused in a sentence, nothing by half, nothing acknowledged lost, and on it goes.

On PostgreSQL the database has a disk of its own, and only the evidence is ours to lose.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import databases
from tests.faults.failing_disk import Call, FailingDisk
from tests.faults.power_cut import cut_power
from tests.faults.record import files_of, files_there
from tests.integration.conftest import Start, add_evidence, ask, make_case, open_session
from tests.integration.problems import SESSIONS, code_of
from tests.servers import Process

ON_SQLITE = pytest.mark.only_on("sqlite", "another database has its own disk")
CODES = {507: "storage_full", 503: "unavailable"}
WAL = "faultmaven.db-wal"
EVIDENCE = "/data/evidence"


@pytest.fixture
def disk(tmp_path: Path) -> FailingDisk:
    return FailingDisk(tmp_path / "disk", tmp_path / "data")


@pytest.fixture
def server(disk: FailingDisk, start: Start) -> Iterator[Process]:
    databases.settings_for(disk.under)  # a database of its own has a disk of its own
    with disk.in_use(), start() as process:
        yield process


@pytest.fixture
def api(server: Process) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def refused(answer: httpx.Response) -> int:
    """The status of a refusal that says in a sentence what is the matter, and that it may be tried again."""
    assert answer.status_code in CODES, answer.text
    assert code_of(answer, answer.status_code) == CODES[answer.status_code]
    assert answer.json()["recovery"] == "retry"
    assert answer.json()["detail"].endswith(".")
    return answer.status_code


def every_write(api: httpx.Client, session: str, case: str) -> list[httpx.Response]:
    asking = {"session_id": session, "query": "What is wrong?", "case_id": case}
    return [
        api.post(SESSIONS, json={"client_id": "refused"}),
        api.patch(f"{SESSIONS}/{session}", json={"metadata": {"refused": True}}),
        api.post(f"{SESSIONS}/{session}/heartbeat"),
        api.delete(f"{SESSIONS}/{session}"),
        api.post("/api/v1/cases", json={"title": "refused"}),
        api.patch(f"/api/v1/cases/{case}", json={"title": "refused"}),
        api.delete(f"/api/v1/cases/{case}"),
        api.post(f"/api/v1/cases/{case}/evidence", params={"name": "refused"}, content=b"refused"),
        api.post("/api/v1/query", json=asking),
        api.post("/api/v1/query", json=asking | {"context": {"text_data": "refused"}}),
    ]


def told(api: httpx.Client, session: str, case: str) -> list[Any]:
    """All that the refused writes would have changed, but for the times of it."""
    paths = (
        f"{SESSIONS}/{session}",
        SESSIONS,
        f"/api/v1/cases/{case}",
        "/api/v1/cases",
        f"/api/v1/cases/{case}/evidence",
    )
    return [api.get(path).raise_for_status().json() for path in (*paths, f"/api/v1/cases/{case}/events")]


@ON_SQLITE
@pytest.mark.parametrize(
    ("error", "call", "status"),
    [(errno.ENOSPC, "write", 507), (errno.EIO, "write", 503), (errno.EIO, "sync", 503), (errno.ENOSPC, "sync", 503)],
)
def test_a_database_that_cannot_be_written_refuses_every_write_and_serves_every_read(
    api: httpx.Client, disk: FailingDisk, error: int, call: Call, status: int
) -> None:
    session, case = open_session(api)["session_id"], make_case(api, "Before")
    before = told(api, session, case)
    with disk.failing(error, call, named=WAL):
        assert [refused(answer) for answer in every_write(api, session, case)] == [status] * 10
        assert disk.failed >= 10
        assert told(api, session, case) == before
        assert api.get("/readyz").status_code == 503
    assert told(api, session, case) == before
    assert api.get("/readyz").status_code == 200
    assert all(answer.is_success for answer in every_write(api, session, case)[1:6])


@ON_SQLITE
def test_of_commits_that_could_not_be_synced_a_kill_brings_back_at_most_the_last_and_that_one_whole(
    disk: FailingDisk, start: Start
) -> None:
    with disk.in_use(), start() as server, server.client() as api:
        session, case = open_session(api)["session_id"], make_case(api)
        asking = {"session_id": session, "case_id": case}
        for number in range(5):
            title = {"title": f"acknowledged {number}"}
            assert api.patch(f"/api/v1/cases/{case}", json=title).status_code == 200
            with disk.failing(errno.EIO, "sync", named=WAL):
                context = {"page_content": f"page {number}", "text_data": f"text {number}"}
                answer = api.post("/api/v1/query", json=asking | {"query": f"refused {number}", "context": context})
                assert refused(answer) == 503
                assert "not known" in answer.json()["detail"]
        server.process.kill()
    with start() as server, server.client() as api:
        events = api.get(f"/api/v1/cases/{case}/events").json()["events"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert events[5]["title"] == "acknowledged 4"
        assert {event["query"] for event in events if event["type"] == "question.asked"} <= {"refused 4"}
        there = api.get(f"/api/v1/cases/{case}/evidence").json()["evidence"]
        contents = [api.get(f"/api/v1/evidence/{one['evidence_id']}/raw").text for one in there]
        assert contents in ([], ["page 4", "text 4"])
        assert files_there(server.data_dir) == files_of(one["evidence_id"] for one in there)


def test_the_access_token_survives_a_power_cut(disk: FailingDisk, start: Start) -> None:
    databases.settings_for(disk.under)  # as above
    disk.keep_journal()
    with disk.in_use(), start() as server:
        before = server.token
        server.process.kill()
    cut_power(disk.journal, disk.under, random.Random(0), likely=1.0)
    with start() as server:
        assert server.token == before


# The content, its index and, of syncs, the folder they are in.
@pytest.mark.parametrize(("call", "after"), [("write", 0), ("write", 1), ("sync", 0), ("sync", 1), ("sync", 2)])
def test_evidence_that_cannot_be_stored_is_refused_and_leaves_nothing(
    server: Process, api: httpx.Client, disk: FailingDisk, call: Call, after: int
) -> None:
    session, case = open_session(api)["session_id"], make_case(api)
    kept = add_evidence(api, case, b"kept")
    before, files = told(api, session, case), files_there(server.data_dir)
    path = f"/api/v1/cases/{case}/evidence"
    form = [("file", (f"{number}.log", b"x" * 100_000)) for number in range(3)]
    context = {"text_data": "x", "page_content": "<p>x"}
    asking = {"session_id": session, "query": "What is wrong?", "context": context}
    for error, status in ((errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EIO, 503)):
        for sent in ({"content": b"x" * 100_000}, {"files": form}, {"json": asking}):
            with disk.failing(error, call, named=EVIDENCE, after=after):
                answer = api.post("/api/v1/query" if "json" in sent else path, **sent)
                assert disk.failed > 0
            assert refused(answer) == status
            assert told(api, session, case) == before
            assert files_there(server.data_dir) == files
            assert not any((server.data_dir / "evidence" / "incoming").iterdir())
    assert api.get(f"/api/v1/evidence/{kept}/raw").content == b"kept"
    add_evidence(api, case, b"x" * 100_000)
    assert ask(api, session, "what does ENOSPC mean?", case_id=case)["status"] == "completed"
    assert "Traceback" not in server.logged()
