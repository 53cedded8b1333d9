"""A disk that fills up: refused in words, nothing acknowledged is lost, and on it goes once there is space."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests import databases
from tests.integration.conftest import add_evidence, ask, make_case, open_session
from tests.integration.logs import DISK_FULL
from tests.integration.problems import SESSIONS, code_of
from tests.servers import running

# More than the server wants free to call itself ready.
MEGABYTES = 80


@contextmanager
def mounted(folder: Path, mode: str) -> Iterator[None]:
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount command here")
    folder.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode={mode}", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "700"):
        yield tmp_path / "disk"


@pytest.fixture
def small_tablespace() -> Iterator[databases.Postgres]:
    """With a disk on which it keeps the tables of one database, and nothing else."""
    postgres = databases.Postgres()
    disk = postgres.folder / "disk"
    try:
        with mounted(disk, "700"):
            owner = postgres.folder.stat()
            os.chown(disk, owner.st_uid, owner.st_gid)
            postgres.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
            yield postgres
            postgres.stop("immediate")
    finally:
        postgres.remove()


def fill(disk: Path) -> Path:
    """Takes the last byte; the file to delete for space."""
    filler = disk / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (1 << 20, 4096, 1):
            try:
                while os.write(descriptor, b"\0" * size):
                    pass
            except OSError:
                continue
    finally:
        os.close(descriptor)
    return filler


def write_until_refused(api: httpx.Client, session_id: str) -> list[str]:
    """What was still acknowledged: the log that is written has room for a few more."""
    acknowledged: list[str] = []
    for number in range(2000):
        answer = api.patch(f"{SESSIONS}/{session_id}", json={"metadata": {"n": f"{number} {'x' * 3000}"}})
        if answer.status_code == 507:
            assert code_of(answer, 507) == "storage_full"
            assert answer.json()["recovery"] == "retry"
            return acknowledged
        assert answer.status_code == 200, answer.text
        acknowledged.append(answer.json()["metadata"]["n"])
    raise AssertionError("the disk was never full")


@pytest.mark.only_on("sqlite", "the database is on the disk of the data folder")
def test_a_full_disk_is_told_and_survived(small_disk: Path) -> None:
    with running(small_disk / "data") as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api, "Before")
        kept = add_evidence(api, case_id, DISK_FULL)
        filler = fill(small_disk)

        acknowledged = write_until_refused(api, session_id)
        assert code_of(api.post(f"/api/v1/cases/{case_id}/evidence", content=b"x" * 100_000), 507) == "storage_full"
        asking = {"session_id": session_id, "query": "What is wrong?", "context": {"text_data": "x" * 100_000}}
        assert code_of(api.post("/api/v1/query", json=asking), 507) == "storage_full"
        assert code_of(api.post(SESSIONS, json={"client_id": "x" * 200}), 507) == "storage_full"

        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "Before"
        assert api.get(f"/api/v1/evidence/{kept}/raw").content == DISK_FULL
        assert api.get("/readyz").status_code == 503
        if acknowledged:
            assert api.get(f"{SESSIONS}/{session_id}").json()["metadata"]["n"] == acknowledged[-1]

        filler.unlink()
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "After"}).status_code == 200
        add_evidence(api, case_id, b"x" * 100_000)
        assert ask(api, session_id, "What is wrong?", case_id=case_id)["status"] == "completed"
        assert api.get("/readyz").status_code == 200
        server.stop()
    with running(small_disk / "data") as server, server.client() as api:
        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "After"
        assert len(api.get(f"/api/v1/cases/{case_id}/evidence").json()["evidence"]) == 2
        assert not any((server.data_dir / "evidence" / "incoming").iterdir())


@pytest.mark.only_on("sqlite", "the database is on the disk of the data folder")
def test_a_question_that_cannot_be_answered_for_want_of_space_is_answered_later(small_disk: Path) -> None:
    with running(small_disk / "data") as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api)
        add_evidence(api, case_id, DISK_FULL)
        filler = fill(small_disk)
        write_until_refused(api, session_id)
        filler.unlink()
        assert ask(api, session_id, "What is wrong?", case_id=case_id)["verdict"] in ("cause_found", "likely_cause")


@pytest.mark.only_on("postgresql", "its disk is another than that of the data folder")
def test_a_full_disk_of_the_database_is_told_and_survived(small_tablespace: databases.Postgres, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    url = small_tablespace.url_for(data_dir, "TABLESPACE small")
    with running(data_dir, database_url=url) as server, server.client() as api:
        session_id, case_id = open_session(api)["session_id"], make_case(api, "Before")
        filler = fill(small_tablespace.folder / "disk")
        acknowledged = write_until_refused(api, session_id)

        assert api.get(f"/api/v1/cases/{case_id}").json()["title"] == "Before"
        assert acknowledged
        assert api.get(f"{SESSIONS}/{session_id}").json()["metadata"]["n"] == acknowledged[-1]

        filler.unlink()
        assert api.patch(f"/api/v1/cases/{case_id}", json={"title": "After"}).status_code == 200
        write = {"metadata": {"n": "x" * 3000}}
        for _ in range(100):
            assert api.patch(f"{SESSIONS}/{session_id}", json=write).status_code == 200
        assert api.get("/readyz").status_code == 200
