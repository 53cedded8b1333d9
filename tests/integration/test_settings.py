"""What can be set, and that it has an effect a caller can see."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from tests.integration.conftest import Start
from tests.servers import COMMAND, PATIENCE

from faultmaven.settings import Settings


def test_limits_are_told_to_clients(start: Start) -> None:
    chosen = {
        "max_evidence_bytes": 5000,
        "max_body_bytes": 6000,
        "max_queued_queries": 3,
        "max_sessions_per_user": 4,
    }
    with start(**{name: str(value) for name, value in chosen.items()}) as server:
        told = httpx.get(f"{server.url}/api/v1/capabilities").json()
    assert told["bound"] == server.bound
    assert told["auth"] == "bearer"
    assert told["mode"] == "local"
    limits = told["limits"]
    assert limits["evidence_bytes"] == 5000
    assert limits["body_bytes"] == 6000
    assert limits["queued_queries"] == 3
    assert limits["sessions"] == 4
    assert limits["query_characters"] == 20_000


def test_local_auth_off_lets_everyone_in_and_says_so(start: Start) -> None:
    with start(local_auth="off") as server:
        assert server.token is None
        assert httpx.get(f"{server.url}/api/v1/capabilities").json()["auth"] == "none"
        assert httpx.post(f"{server.url}/api/v1/sessions").status_code == 201
        warnings = [json.loads(line) for line in server.logged().splitlines() if '"warning"' in line]
        assert [warning["event"] for warning in warnings] == ["server.without_authentication"]


def test_the_log_can_be_for_people_or_for_programs(start: Start) -> None:
    with start(log_format="console") as server:
        assert not any(line.startswith("{") for line in server.logged().splitlines())
        assert "server.started" in server.logged()
    with start(log_format="json") as server:
        events = [json.loads(line)["event"] for line in server.logged().rpartition("\n")[0].splitlines()]
        assert "server.started" in events


def test_what_is_less_severe_than_wanted_is_not_logged(start: Start) -> None:
    with start(log_level="error") as server, server.client() as api:
        api.get("/api/v1/sessions")
        assert server.stop() == 0
        assert server.logged() == ""


def test_what_is_typed_outranks_the_environment(tmp_path: Path) -> None:
    environment = os.environ | {"FAULTMAVEN_PORT": "80000", "FAULTMAVEN_DATA_DIR": "/nowhere/at/all"}
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    ended = subprocess.run(
        [COMMAND, "serve", "--port", "0", "--data-dir", folder],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert f"chmod 700 {folder}" in ended.stderr


def test_data_goes_where_the_desktop_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("FAULTMAVEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / "faultmaven"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / ".local" / "share" / "faultmaven"


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTMAVEN_ALLOWED_HOSTS", " Fault.Example:8000 ,[::1]:9, ")
    monkeypatch.setenv("FAULTMAVEN_ALLOWED_ORIGINS", "chrome-extension://abc,moz-extension://def")
    settings = Settings()
    assert settings.allowed_hosts == ("fault.example:8000", "[::1]:9")
    assert settings.allowed_origins == ("chrome-extension://abc", "moz-extension://def")


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # the type says so too
