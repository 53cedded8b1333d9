"""An upload may take longer than what is in doubt is kept: the clean-up leaves it alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.conftest import make_case
from tests.servers import PATIENCE, timed

from faultmaven import app

BOUNDARY = "between-the-parts"
# The server gathers half a MiB before it writes.
GATHERED = 512 << 10
LONG = "x" * 2 * GATHERED


def part(name: str, content: str) -> bytes:
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n{content}\r\n".encode()


def make_old(folder: Path) -> None:
    """As if all of it had been written hours ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def wait_for_sweep(folder: Path) -> None:
    """Until something that was left behind has been cleaned up."""
    left_behind = folder / f"evidence_{'0' * 32}"
    left_behind.touch()
    os.utime(left_behind, (0, 0))
    deadline = time.monotonic() + PATIENCE
    while left_behind.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_files_of_a_form_that_arrives_for_hours_are_there_when_it_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SWEEP_SECONDS", 0.05)
    folder = tmp_path / "data" / "evidence"
    with timed(tmp_path / "data") as server, server.client() as api:
        case = make_case(api)

        def form() -> Iterator[bytes]:
            yield part("first.log", "first") + part("second.log", LONG) + part("third.log", "the beginning")[:-2]
            while sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < GATHERED:
                time.sleep(0.01)
            make_old(folder)
            wait_for_sweep(folder)
            yield f" and the end\r\n--{BOUNDARY}--\r\n".encode()

        sent = api.post(
            f"/api/v1/cases/{case}/evidence",
            content=form(),
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        )
        assert sent.status_code == 201, sent.text
        contents = [api.get(f"/api/v1/evidence/{one['evidence_id']}/raw").text for one in sent.json()["evidence"]]
        assert contents == ["first", LONG, "the beginning and the end"]
