"""What stops a server on PostgreSQL from starting: one sentence, an exit code, no traceback and no password."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests import databases
from tests.integration.conftest import Start, make_case
from tests.integration.test_lifecycle_refusals import refused
from tests.servers import running

pytestmark = pytest.mark.only_on("postgresql", "the other starts with its file")

PASSWORD = "secret-of-the-database"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def url(data_dir: Path) -> str:
    return databases.settings_for(data_dir)["database_url"].replace("postgres@", f"postgres:{PASSWORD}@")


def refusal(data_dir: Path, url: str) -> str:
    said = refused(data_dir, database_url=url)
    assert PASSWORD not in said
    assert "the database cannot be used" in said
    return said


def test_nobody_is_there(data_dir: Path) -> None:
    said = refusal(data_dir, f"postgresql://user:{PASSWORD}@127.0.0.1:1/faultmaven")
    assert "127.0.0.1" in said
    assert "port 1 failed: Connection refused" in said


def test_there_is_no_such_host(data_dir: Path) -> None:
    assert "nowhere.invalid" in refusal(data_dir, f"postgresql://user:{PASSWORD}@nowhere.invalid/faultmaven")


def test_there_is_no_such_database(data_dir: Path, url: str) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    assert 'database "nothing" does not exist' in refusal(data_dir, url.replace(name, "nothing"))


def test_there_is_no_such_user(data_dir: Path, url: str) -> None:
    assert 'role "nobody" does not exist' in refusal(data_dir, url.replace("//postgres:", "//nobody:"))


def test_a_user_who_may_not_make_tables(data_dir: Path, url: str) -> None:
    databases.shared().execute("CREATE ROLE reader LOGIN")
    try:
        said = refusal(data_dir, url.replace("//postgres:", "//reader:"))
    finally:
        databases.shared().execute("DROP ROLE reader")
    assert "permission denied for schema public" in said


def test_a_database_that_cannot_hold_all_text(data_dir: Path) -> None:
    databases.shared().execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        url = databases.settings_for(data_dir)["database_url"]
        name = url.partition("@/")[2].partition("?")[0]
        said = refusal(data_dir, url.replace(f"@/{name}", "@/latin"))
    finally:
        databases.shared().execute("DROP DATABASE latin")
    assert "its encoding is LATIN1" in said
    assert "ENCODING 'UTF8'" in said


def test_another_server_uses_it(start: Start, tmp_path: Path) -> None:
    with start() as server, server.client() as api:
        said = refusal(_other(tmp_path), databases.settings_for(server.data_dir)["database_url"])
        assert "another server is using it" in said
        assert make_case(api)


def test_a_server_that_was_killed_is_not_in_the_way_of_the_next(start: Start, tmp_path: Path) -> None:
    """Not even of one with another data folder, whom no lock of files would have held up."""
    with start() as server, server.client() as api:
        make_case(api, "Before")
        server.stop(signal.SIGKILL)
        url = databases.settings_for(server.data_dir)["database_url"]
    with running(_other(tmp_path), database_url=url) as second, second.client() as api:
        assert [case["title"] for case in api.get("/api/v1/cases").json()["cases"]] == ["Before"]


def _other(folder: Path) -> Path:
    other = folder / "other"
    other.mkdir(mode=0o700)
    return other
