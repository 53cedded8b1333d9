"""A backup is made while everybody goes on working, and what is restored from it is all that had been promised."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.commands import command, faultmaven, started
from tests.following import Frame, log_up_to
from tests.integration.busy import Caller, Told, callers
from tests.integration.conftest import add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL, long_log
from tests.integration.test_lifecycle import descendants, files_mapped, held_up
from tests.integration.test_queries import ask_async, poll, quoted
from tests.servers import Process, running

from faultmaven.backup import source, taking
from faultmaven.backup.archive import Newer
from faultmaven.backup.making import to_file
from faultmaven.backup.restoring import restore, verify
from faultmaven.backup.seal import Altered
from faultmaven.backup.source import Source

pytestmark = pytest.mark.only_on("sqlite", "elsewhere the database's own tools make backups")


def back_up(data_dir: Path, file: Path, *more: str) -> None:
    ended = faultmaven("backup", file, "--data-dir", data_dir, *more)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert str(file) in ended.stdout


def bring_back(file: Path, data_dir: Path) -> None:
    ended = faultmaven("restore", file, "--data-dir", data_dir)
    assert (ended.returncode, ended.stderr) == (0, "")


def tree(folder: Path) -> dict[str, str]:
    """Every file below it and the hash of its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def unwatched(_total: int) -> Any:
    return lambda _: None


def test_a_backup_of_a_busy_server_has_all_that_was_promised_before_it_began(tmp_path: Path) -> None:
    files = [tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"]
    promised: list[list[tuple[Caller, Told]]] = []
    with running(tmp_path / "data") as server, callers(server) as busy:
        busy.wait_for(3)
        with running_question(server) as unfinished:
            for file in files:
                promised.append(busy.told())
                back_up(server.data_dir, file)
                busy.wait_for(1)
            busy.stop()
    for number, file in enumerate(files):
        restored = tmp_path / f"restored-{number}"
        bring_back(file, restored)
        with running(restored) as server, server.client() as api:
            for caller, told in promised[number]:
                check_promises(api, caller, told)
            assert poll(api, unfinished)["status"] == "completed"
            assert attempts(api, unfinished) == [1, 2]
            check_all(api)


@contextmanager
def running_question(server: Process) -> Iterator[str]:
    """A worker is at it, and comes to no end, as long as the context lasts. The id of its query."""
    with server.client() as api:
        session_id, case_id = open_session(api, client_id="patient")["session_id"], make_case(api)
        evidence_id = add_evidence(api, case_id, long_log() + DISK_FULL)
        query_id = ask_async(api, session_id, "What is wrong?", case_id=case_id)["query_id"]
    while not (at_it := {one for one in descendants(server.process.pid) if evidence_id in files_mapped(one)}):
        time.sleep(0.01)
    with held_up(at_it):
        yield query_id


def attempts(api: httpx.Client, query_id: str) -> list[int]:
    case_id = api.get(f"/api/v1/queries/{query_id}").json()["case_id"]
    events = api.get(f"/api/v1/cases/{case_id}/events").json()["events"]
    return [event["attempt"] for event in events if event["type"] == "answer.started"]


def check_promises(api: httpx.Client, caller: Caller, told: Told) -> None:
    gone_since = caller.told.deleted - told.deleted
    for evidence_id, sha256 in told.evidence.items():
        answer = api.get(f"/api/v1/evidence/{evidence_id}")
        if answer.status_code == 404:
            assert evidence_id in gone_since or evidence_id not in caller.told.evidence
        else:
            assert answer.json()["sha256"] == sha256
    for evidence_id in told.deleted:
        assert api.get(f"/api/v1/evidence/{evidence_id}").status_code == 404
    for query_id in told.queries:
        # An answer goes with the evidence it quotes, and a run with what it would have quoted.
        assert poll(api, query_id)["status"] in ("completed", "cancelled")
    for session_id, note in told.notes.items():
        resumed = open_session(api, client_id=caller.client_id)
        assert (resumed["session_id"], resumed["session_resumed"]) == (session_id, True)
        assert resumed["metadata"]["note"] >= note


def check_all(api: httpx.Client) -> None:
    """No number is missing, every file is what its row says, and every citation opens."""
    frames = check_numbers(api)
    for case in api.get("/api/v1/cases", params={"limit": 100}).json()["cases"]:
        path = f"/api/v1/cases/{case['case_id']}"
        numbers = sorted(frame.data["seq"] for frame in frames if frame.data.get("case_id") == case["case_id"])
        assert numbers == list(range(1, len(numbers) + 1))
        for evidence in api.get(f"{path}/evidence").json()["evidence"]:
            check_evidence(api, evidence)
    asked = {frame.data["query_id"] for frame in frames if frame.event == "question.asked"}
    citations = [one for query_id in asked for one in poll(api, query_id).get("citations", [])]
    assert citations
    for citation in citations:
        assert quoted(api, citation) == citation["quote"]


def check_numbers(api: httpx.Client) -> list[Frame]:
    """The user's log, which has no gap."""
    opened = open_session(api)
    frames = log_up_to(api, opened)
    assert [frame.id for frame in frames] == list(range(1, opened["cursor"] + 1))
    return frames


def check_evidence(api: httpx.Client, evidence: dict[str, Any]) -> None:
    path = f"/api/v1/evidence/{evidence['evidence_id']}"
    content = api.get(f"{path}/raw").content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (evidence["size"], evidence["sha256"])
    page = api.get(f"{path}/lines", params={"from": max(1, evidence["lines"])}).json()
    assert page["total"] == evidence["lines"]
    if content.endswith(b"\n") and content.isascii():
        assert page["lines"][-1]["text"] == content.splitlines()[-1].decode()[:4000]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has stopped, with a case, evidence and an answer. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("backup") / "data"
    with running(folder) as server, server.client() as api:
        case_id = make_case(api, "Kept")
        noise = random.Random(1).randbytes(3_000_000)
        for content in (DISK_FULL, b"", b"no end of line", noise, long_log(20)):
            add_evidence(api, case_id, content)
        ask(api, open_session(api, client_id="laptop")["session_id"], "What is wrong?", case_id=case_id)
        server.stop()
    return folder


@pytest.fixture(scope="module")
def backup(data: Path) -> Path:
    file = data.parent / "backup.tar.gz"
    back_up(data, file)
    return file


def test_what_is_restored_is_for_its_owner_only_and_lacks_the_access_token(
    data: Path, backup: Path, tmp_path: Path
) -> None:
    subprocess.run(["tar", "xzf", backup], cwd=tmp_path, check=True)
    token = (data / "access-token").read_text().strip().encode()
    assert not any(token in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    ended = subprocess.run(
        command(["restore", backup, "--data-dir", tmp_path / "restored"]), preexec_fn=open_umask, check=True
    )
    assert ended.returncode == 0
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for path in [tmp_path / "restored", *(tmp_path / "restored").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    # All but what a server makes for itself; the indexes of lines, made anew, are the same to the byte.
    made = {"lock", "access-token", "open.html"}
    wanted = {
        name: content for name, content in tree(data).items() if name not in made and "evidence/analysis/" not in name
    }
    assert tree(tmp_path / "restored").keys() == wanted.keys()
    for name, content in tree(tmp_path / "restored").items():
        if name != "faultmaven.db":
            assert content == wanted[name]


def open_umask() -> None:
    import os

    os.umask(0)


def test_a_backup_through_a_pipe_is_as_good(data: Path, tmp_path: Path) -> None:
    with (tmp_path / "piped").open("wb") as file:
        subprocess.run(command(["backup", "-", "--data-dir", data]), stdout=file, check=True)
    checked = faultmaven("backup", "--verify", "-", piped=(tmp_path / "piped").read_bytes())
    assert (checked.returncode, checked.stderr) == (0, "")
    bring_back(tmp_path / "piped", tmp_path / "restored")
    with running(tmp_path / "restored") as server, server.client() as api:
        check_all(api)


def test_a_restored_server_goes_on_where_the_other_stopped(backup: Path, tmp_path: Path) -> None:
    bring_back(backup, tmp_path / "restored")
    with running(tmp_path / "restored") as server, server.client() as api:
        resumed = open_session(api, client_id="laptop")
        assert resumed["session_resumed"]
        answer = ask(api, resumed["session_id"], "And what is wrong now?", case_id=resumed["case_id"])
        assert answer["status"] == "completed"
        check_all(api)


def test_evidence_that_came_and_went_between_links_and_snapshot_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is real; it only happens to work at the worst moments."""
    with running(tmp_path / "data") as server, server.client() as api:
        case_id = make_case(api)
        kept = add_evidence(api, case_id, b"kept")
        fleeting: list[str] = []
        held = 0

        def hold_at_the_worst_moment(self: Source) -> None:
            nonlocal held
            held += 1
            came = add_evidence(api, case_id, b"came %d" % held)
            hold(self)
            if held <= 3:
                api.delete(f"/api/v1/evidence/{came}").raise_for_status()
                fleeting.append(came)

        hold = Source.hold
        monkeypatch.setattr(Source, "hold", hold_at_the_worst_moment)
        manifest = to_file(server.data_dir, tmp_path / "file", False, unwatched)
    names = {member.name.removeprefix("evidence/") for member in manifest.evidence}
    assert held == 4
    assert kept in names
    assert len(names) == 2
    assert not names & set(fleeting)


def test_what_happens_while_the_database_is_being_copied_is_not_in_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "data") as server, server.client() as api:
        case_id = make_case(api)
        kept = add_evidence(api, case_id, b"kept")

        def copy_while_others_write(self: Source, target: Path, tell: Any) -> None:
            def step(done: int) -> None:
                tell(done)
                steps.append(make_case(api))

            add_evidence(api, case_id, b"too late")
            copy(self, target, step)

        steps: list[str] = []
        copy = Source.copy
        monkeypatch.setattr(source, "_PAGES_A_STEP", 5)
        monkeypatch.setattr(Source, "copy", copy_while_others_write)
        manifest = to_file(server.data_dir, tmp_path / "file", False, unwatched)
    assert len(steps) > 5
    assert [member.name for member in manifest.evidence] == [f"evidence/{kept}"]
    bring_back(tmp_path / "file", tmp_path / "restored")
    with running(tmp_path / "restored") as server, server.client() as api:
        assert [case["case_id"] for case in api.get("/api/v1/cases").json()["cases"]] == [case_id]
        check_numbers(api)


def test_where_there_are_no_links_evidence_is_copied(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(taking._NO_LINKS[0], "this file system has none")

    monkeypatch.setattr("os.link", no_links)
    manifest = to_file(data, tmp_path / "file", False, unwatched)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    restore((tmp_path / "file").open("rb"), tmp_path / "restored", unwatched)
    assert len(manifest.evidence) == 5


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_a_backup_with_an_altered_byte_is_refused_and_nothing_is_restored(
    small: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(small) - 1))
    value = data.draw(st.integers(1, 255))
    altered = small[:place] + bytes([small[place] ^ value]) + small[place + 1 :]
    with pytest.raises((Altered, Newer)):
        restore(io.BytesIO(altered), tmp_path / "restored", unwatched)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of next to nothing."""
    folder = tmp_path_factory.mktemp("small")
    with running(folder / "data") as server, server.client() as api:
        add_evidence(api, make_case(api), DISK_FULL)
        back_up(server.data_dir, folder / "file")
    return (folder / "file").read_bytes()


def killed_somewhere(arguments: list[str | Path], usual: float, chance: random.Random) -> None:
    """`kill -9` at a moment of a life that usually takes so many seconds."""
    with started(*arguments) as process:
        time.sleep(chance.uniform(0, usual))
        process.kill()
        process.communicate()


def killed_while_writing(arguments: list[str | Path], beside: Path) -> None:
    """`kill -9` as soon as there is something unfinished, or after its end where that came first."""
    with started(*arguments) as process:
        while process.poll() is None and not list(beside.glob(".*")):
            time.sleep(0)
        process.kill()
        process.communicate()


def usual(arguments: list[str | Path]) -> float:
    began = time.monotonic()
    assert faultmaven(*arguments).returncode == 0
    return time.monotonic() - began


@pytest.mark.parametrize("replacing", [False, True])
def test_a_killed_backup_leaves_a_whole_file_or_none(data: Path, tmp_path: Path, replacing: bool) -> None:
    file, chance = tmp_path / "file", random.Random(replacing)
    making: list[str | Path] = ["backup", "--force", file, "--data-dir", data]
    seconds = usual(making)
    seen = set()
    for _ in range(12):
        if not replacing:
            file.unlink(missing_ok=True)
        killed_somewhere(making, seconds, chance)
        seen.add(file.exists())
        if file.exists():
            with file.open("rb") as opened:
                verify(opened, unwatched)
    assert False in seen or replacing
    back_up(data, file, "--force")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert list((data / "evidence").glob(".*")) == []


def test_a_killed_restore_leaves_a_whole_folder_or_none(backup: Path, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    seconds = usual(["restore", backup, "--data-dir", whole])
    wanted, chance = tree(whole), random.Random(3)
    restoring: list[str | Path] = ["restore", backup, "--data-dir", folder]
    while not list(tmp_path.glob(".*")):
        shutil.rmtree(folder, ignore_errors=True)
        killed_while_writing(restoring, tmp_path)
    assert not folder.exists()
    for _ in range(12):
        killed_somewhere(restoring, seconds, chance)
        if folder.exists():
            assert tree(folder) == wanted
            folder.rename(tmp_path / "out of the way")
            break
    bring_back(backup, folder)
    assert tree(folder) == wanted
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_backup_leaves_nothing_at_all(data: Path, tmp_path: Path, number: signal.Signals) -> None:
    with started("backup", tmp_path / "file", "--data-dir", data) as process:
        while not list(tmp_path.iterdir()):
            assert process.poll() is None
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []
    assert list((data / "evidence").glob(".*")) == []


def test_deleted_evidence_does_not_live_on_in_a_backup_that_was_killed(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server, server.client() as api:
        evidence_id = add_evidence(api, make_case(api), os.urandom(1 << 20))  # more than a pipe holds
        hold_links(server.data_dir)
        assert list((server.data_dir / "evidence").glob(f".*/{evidence_id}"))
        api.delete(f"/api/v1/evidence/{evidence_id}").raise_for_status()
        server.stop()
    with running(tmp_path / "data") as server:
        assert [path for path in server.data_dir.rglob("*") if path.name == evidence_id] == []


def hold_links(data_dir: Path) -> None:
    """A backup that is killed while it is writing: its reader does not take any of it."""
    with subprocess.Popen(command(["backup", "-", "--data-dir", data_dir]), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.kill()
