"""`faultmaven token`, and what the doctor says of tokens."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from tests.commands import faultmaven
from tests.integration.conftest import Start
from tests.servers import Server
from tests.users import revoke, token_for, token_id

from faultmaven.cli import main

BEARER = re.compile(r"fm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Of an installation where nothing was ever started."""
    return Server("", None, tmp_path / "data").settings


def listed(settings: dict[str, str]) -> list[dict[str, str]]:
    done = faultmaven("token", "list", "--json", settings=settings)
    tokens: list[dict[str, str]] = json.loads(done.stdout)["tokens"]
    return tokens


def test_the_bearer_stands_alone_on_standard_output(settings: dict[str, str]) -> None:
    made = faultmaven("token", "create", "alice", settings=settings)
    bearer = made.stdout.removesuffix("\n")
    assert (made.returncode, made.stdout) == (0, f"{bearer}\n")
    assert BEARER.fullmatch(bearer)
    assert bearer not in made.stderr
    assert "new user alice" in made.stderr
    assert token_id(bearer) in made.stderr
    assert "FAULTMAVEN_AUTH=token" in made.stderr
    again = faultmaven("token", "create", "alice", settings=settings | {"FAULTMAVEN_AUTH": "token"})
    assert again.stdout != made.stdout
    assert "new user" not in again.stderr
    assert "FAULTMAVEN_AUTH" not in again.stderr


def test_a_list_has_everything_but_the_tokens(settings: dict[str, str]) -> None:
    assert listed(settings) == []
    bearers = [
        faultmaven("token", "create", name, settings=settings).stdout.strip() for name in ("bob", "alice", "bob")
    ]
    faultmaven("token", "revoke", token_id(bearers[0]), settings=settings)
    tokens = listed(settings)
    assert [(one["user"], one["token_id"]) for one in tokens] == [
        ("alice", token_id(bearers[1])),
        ("bob", token_id(bearers[0])),
        ("bob", token_id(bearers[2])),
    ]
    assert [set(one) - {"user", "token_id", "created_at"} for one in tokens] == [set(), {"revoked_at"}, set()]
    shown = faultmaven("token", "list", settings=settings).stdout
    assert [re.findall(r"good|revoked", line) for line in shown.splitlines()] == [["good"], ["revoked"], ["good"]]
    for bearer in bearers:
        assert bearer.rpartition("_")[2] not in shown + json.dumps(tokens)


WRONG_NAMES = ["", "a b", "x" * 65, "ä", "a/b", "a\n", "alice;", "0123456789abcdef", "fm_0123456789abcdef_x"]
RIGHT_NAMES = ["a", "x" * 64, "Alice.B_c@example-1", "local", "0123456789abcdef_x", "fm_"]


def test_names_of_users(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o022)
    try:
        for name in WRONG_NAMES:
            assert main(["token", "create", name]) == 2, name
            told = capsys.readouterr()
            assert (told.out, told.err.startswith("faultmaven: user: ")) == ("", True)
        for name in RIGHT_NAMES:
            assert main(["token", "create", name]) == 0, name
    finally:
        os.umask(before)
    assert [one["user"] for one in listed(settings)] == sorted(RIGHT_NAMES)


def test_revoking_says_how_many_it_revoked(settings: dict[str, str]) -> None:
    def revoked(whose: str) -> str:
        done = faultmaven("token", "revoke", whose, settings=settings)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    bearers = [faultmaven("token", "create", "alice", settings=settings).stdout.strip() for _ in range(4)]
    assert "1 access token" in revoked(token_id(bearers[0]))
    assert "0 access tokens" in revoked(token_id(bearers[0]))
    # Who has just found a token where it should not be has all of it at hand.
    said = revoked(bearers[1])
    assert "1 access token" in said
    assert bearers[1] not in said
    assert "2 access tokens" in revoked("alice")
    assert "0 access tokens" in revoked("alice")
    assert all("revoked_at" in one for one in listed(settings))


@pytest.mark.parametrize("whose", ["nobody", "0123456789abcdef", "fm_0123456789abcdef_" + "secret" * 7])
def test_what_is_not_there_cannot_be_revoked(whose: str, settings: dict[str, str]) -> None:
    done = faultmaven("token", "revoke", whose, settings=settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_the_folder_of_tokens_is_for_the_owner_alone(tmp_path: Path, settings: dict[str, str]) -> None:
    assert faultmaven("token", "create", "alice", settings=settings).returncode == 0
    folder = tmp_path / "data"
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))} == {0}
    folder.chmod(0o755)
    done = faultmaven("token", "create", "alice", settings=settings)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"chmod 700 {folder}" in done.stderr


@pytest.mark.only_on("sqlite", "the file is not a database")
def test_a_database_that_cannot_be_used_is_told(tmp_path: Path, settings: dict[str, str]) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "faultmaven.db").write_bytes(b"this is not a database, and long enough to be looked at" * 100)
    done = faultmaven("token", "list", settings=settings)
    assert (done.returncode, done.stdout) == (3, "")
    assert "not a database" in done.stderr


def test_the_doctor_knows_who_can_sign_in(start: Start) -> None:
    with start(auth="token") as server:
        bearers = [token_for(server, name) for name in ("alice", "bob", "alice", "carol")]
        revoke(server, "carol")
        settings = server.settings | {"FAULTMAVEN_AUTH": "token", "FAULTMAVEN_PORT": str(server.port)}
        told = faultmaven("doctor", settings=settings | {"FAULTMAVEN_TOKEN": bearers[0]})
        assert told.returncode == 0
        assert "2 users with 3 good access tokens" in told.stdout
        assert re.search(r"is running on \S+, proven", told.stdout)
        unproven = faultmaven("doctor", settings=settings)
        assert "unproven" in unproven.stdout
        assert "FAULTMAVEN_TOKEN" in unproven.stdout


def test_the_doctor_makes_no_database(tmp_path: Path) -> None:
    settings = {"FAULTMAVEN_AUTH": "token", "FAULTMAVEN_DATA_DIR": str(tmp_path / "none"), "FAULTMAVEN_PORT": "0"}
    told = faultmaven("doctor", settings=settings)
    assert "nobody can sign in yet" in told.stdout
    assert list(tmp_path.iterdir()) == []
