"""Large evidence is read by all workers together; whoever waits sees how far they are, and may stop them."""

from __future__ import annotations

from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from tests.integration.conftest import Start, ask, make_case, open_session

from faultmaven.diagnosis.stripes import STRIPE_BYTES

LINE = b"2031-01-02T15:04:%02dZ INFO  quay.gate ship %d passed in %d ms, nothing else to tell about it\n"
FAULT = b"2031-01-02T15:09:00Z ERROR quay.store write failed: No space left on device\n"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    block = b"".join(LINE % (number % 60, number, number % 700) for number in range(20_000))
    path: Path = tmp_path_factory.mktemp("large") / "quay.log"
    with path.open("wb") as file:
        while file.tell() < 5 * STRIPE_BYTES:
            file.write(block)
        file.write(FAULT)
        file.write(block)
    return path


def asked(api: httpx.Client, log: Path, prefer: str) -> tuple[str, httpx.Response]:
    session_id, case_id = open_session(api)["session_id"], make_case(api)
    with log.open("rb") as file:
        api.post(f"/api/v1/cases/{case_id}/evidence", params={"name": "quay.log"}, content=file).raise_for_status()
    body = {"session_id": session_id, "case_id": case_id, "query": "What is wrong?"}
    return case_id, api.post("/api/v1/query", json=body, headers={"Prefer": prefer}, timeout=120)


def progress_of(api: httpx.Client, case_id: str) -> list[str]:
    events = api.get(f"/api/v1/cases/{case_id}/events", headers={"Accept": "application/json"}).json()["events"]
    return [event["text"] for event in events if event["type"] == "answer.progress"]


def test_the_answer_is_found_and_progress_is_told(start: Start, log: Path) -> None:
    with start() as server, server.client() as api:
        case_id, answered = asked(api, log, "wait=100")
        answer = answered.json()
        query_id = answer["query_id"]
        while answer["status"] in ("queued", "running"):
            answer = api.get(f"/api/v1/queries/{query_id}").json()
        assert answer["status"] == "completed"
        assert "No space left on device" in answer["citations"][0]["quote"]
        assert answer["coverage"]["bytes"] == log.stat().st_size
        told = progress_of(api, case_id)
        size = f"{log.stat().st_size / 1e6:,.0f}"
        read = [float(text.split()[2].replace(",", "")) for text in told if text.endswith(f" of {size} MB")]
        assert read == sorted(read)
        assert any(0 < done < float(size) for done in read)
        assert [path.name for path in (server.data_dir / "evidence" / "analysis").iterdir()] == [kept(server.data_dir)]


def kept(data_dir: Path) -> str:
    """One digest, and nothing of how it was made."""
    (path,) = (data_dir / "evidence" / "analysis").iterdir()
    return path.name


def test_whoever_cancels_ends_the_workers(start: Start, log: Path) -> None:
    with start() as server, server.client() as api:
        _, accepted = asked(api, log, "respond-async")
        path = f"/api/v1/queries/{accepted.json()['query_id']}"
        main = psutil.Process(server.process.pid)
        while not (reading := [one for one in main.children() if reads(one, server.data_dir)]):
            assert api.get(path).json()["status"] in ("queued", "running")
        assert api.post(f"{path}/cancel").is_success
        _, alive = psutil.wait_procs(reading, timeout=30)
        assert alive == []
        assert api.get(path).json()["status"] == "cancelled"
        # The workers go first, then what they noted their progress in.
        while list((server.data_dir / "evidence" / "analysis").iterdir()):
            assert server.process.poll() is None


def reads(process: psutil.Process, data_dir: Path) -> bool:
    """Whether it has a piece of evidence mapped."""
    folder = f"{data_dir / 'evidence'}/evidence_"
    try:
        return any(one.path.startswith(folder) for one in process.memory_maps())
    except psutil.Error:
        return False


def test_other_questions_are_answered_meanwhile(start: Start, log: Path) -> None:
    with start() as server, server.client() as api:
        _, accepted = asked(api, log, "respond-async")
        context = {"text_data": FAULT.decode()}
        ask(api, open_session(api)["session_id"], "Is this bad?", context=context)
        # Five of six stripes wait behind it.
        path = f"/api/v1/queries/{accepted.json()['query_id']}"
        assert api.get(path).json()["status"] in ("queued", "running")
        api.post(f"{path}/cancel")
