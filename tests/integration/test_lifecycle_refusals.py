"""What stops a server from starting: one sentence that says what is in the way, an exit code, no traceback."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests import databases
from tests.integration.conftest import Start
from tests.servers import COMMAND, PATIENCE
from tests.tampering import execute

from faultmaven.cli import main
from faultmaven.cli.serve import CannotStart, listen

CANNOT_START = 3


def refused(data_dir: Path, *arguments: str, **settings: str) -> str:
    """The one sentence a server that does not start leaves behind."""
    return one_sentence(told(data_dir, *arguments, **settings))


def told(data_dir: Path, *arguments: str, **settings: str) -> str:
    """All that a server that does not start leaves behind."""
    environment = os.environ | {f"FAULTMAVEN_{name.upper()}": value for name, value in settings.items()}
    ended = subprocess.run(
        [COMMAND, "serve", "--data-dir", data_dir, "--port", "0", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == CANNOT_START, ended.stderr
    assert ended.stdout == ""
    return ended.stderr


def one_sentence(said: str) -> str:
    assert said.startswith("faultmaven: "), said
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    return said


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_port_that_is_in_use(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(data_dir, "--port", str(port))
    assert f"port {port} is in use" in said
    assert "--port" in said


def test_a_port_that_another_server_is_about_to_use() -> None:
    with listen("127.0.0.1", 0) as starting, pytest.raises(CannotStart, match="is in use"):
        listen("127.0.0.1", starting.getsockname()[1])


def test_a_data_folder_that_is_in_use(start: Start) -> None:
    with start() as server:
        said = refused(server.data_dir)
        assert str(server.data_dir) in said
        assert "another server" in said
        with server.client() as api:
            assert api.get("/api/v1/sessions").status_code == 200


def test_a_data_folder_that_others_can_read(data_dir: Path) -> None:
    data_dir.chmod(0o750)
    assert f"chmod 700 {data_dir}" in refused(data_dir)
    assert list(data_dir.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_data_folder_of_another_user(data_dir: Path) -> None:
    os.chown(data_dir, 12345, 12345)
    assert "another user" in refused(data_dir)
    assert list(data_dir.iterdir()) == []


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert str(folder) in refused(folder)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 50, b"a" * 42 + b"\n"])
def test_an_unusable_token_file(data_dir: Path, content: bytes) -> None:
    (data_dir / "access-token").write_bytes(content)
    said = refused(data_dir)
    assert str(data_dir / "access-token") in said
    assert "delete it" in said
    assert (data_dir / "access-token").read_bytes() == content


def test_a_token_file_that_is_a_folder(data_dir: Path) -> None:
    (data_dir / "access-token").mkdir()
    assert str(data_dir / "access-token") in refused(data_dir)


@pytest.mark.only_on("sqlite", "the file is not a database")
def test_a_file_that_is_no_database(data_dir: Path) -> None:
    content = b"this is not a database, and long enough to be looked at" * 100
    (data_dir / "faultmaven.db").write_bytes(content)
    said = told(data_dir)
    assert said.startswith("faultmaven: ")
    assert str(data_dir) in said
    assert "not a database" in said
    assert "Traceback" not in said
    assert (data_dir / "faultmaven.db").read_bytes() == content


def test_a_database_of_a_newer_version(start: Start) -> None:
    with start() as server:
        server.stop()
    execute(server.data_dir, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in refused(server.data_dir, **databases.settings_for(server.data_dir))


@pytest.mark.only_on("sqlite", "the file is locked as a whole")
def test_a_database_that_another_program_holds(data_dir: Path) -> None:
    with sqlite3.connect(data_dir / "faultmaven.db", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        assert "Another program holds the database file" in refused(data_dir)


WRONG = {
    "DATA_DIR": ["~nobody-of-this-name/data"],
    "HOST": ["0.0.0.0", "192.168.1.1", "example.org", ""],
    "PORT": ["-1", "65536", "http", ""],
    "AUTH": ["", "both", "TOKEN"],
    "LOCAL_AUTH": ["maybe", "", "true"],
    "TLS_CERTIFICATE": ["certificate.pem"],
    "TLS_KEY": ["key.pem"],
    "BEHIND_TLS_PROXY": ["", "yes"],
    "ALLOWED_HOSTS": ["example.org", "example.org:http", "http://example.org:80"],
    "ALLOWED_ORIGINS": ["abcdef", "*", "https://example.org/path"],
    "MAX_SESSIONS_PER_USER": ["0", "10001", "many"],
    "MAX_EVIDENCE_BYTES": ["0", "-1", "1GB"],
    "MAX_BODY_BYTES": ["1023", "16MB"],
    "MAX_TOTAL_BYTES": ["0", "all"],
    "MAX_QUEUED_QUERIES": ["0", "1001"],
    "SESSION_ABSOLUTE_DAYS": ["0", "3651"],
    "CLOSED_SESSION_DAYS": ["-1", "3651"],
    "UNDO_HOURS": ["-1", "8761"],
    "RETENTION_DAYS": ["-1", "36501"],
    "QUERY_WAIT_SECONDS": ["0", "601", "nan", "inf"],
    "WORKERS": ["0", "65", "two"],
    "DATABASE_URL": ["faultmaven", "postgresql://localhost", "postgres://localhost/faultmaven", "sqlite:///other.db"],
    "BUS_URL": ["redis://localhost"],
    "MODELS": ["openai:gpt"],
    "LOG_FORMAT": ["xml"],
    "LOG_LEVEL": ["loud", "INFO!"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_setting_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv("FAULTMAVEN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(f"FAULTMAVEN_{name}", value)
    before = os.umask(0o022)
    try:
        assert main(["serve"]) == CANNOT_START
    finally:
        os.umask(before)
    said = one_sentence(capsys.readouterr().err)
    assert f"FAULTMAVEN_{name}" in said
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_stops_the_installed_command(data_dir: Path) -> None:
    said = refused(data_dir, max_sessions_per_user="0", workers="two")
    assert "FAULTMAVEN_MAX_SESSIONS_PER_USER" in said
    assert "FAULTMAVEN_WORKERS" in said
    assert list(data_dir.iterdir()) == []
