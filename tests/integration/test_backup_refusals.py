"""What is no backup is not made, not trusted and not restored; each time in a sentence, and nothing has changed."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.commands import command, faultmaven, on_a_terminal
from tests.integration.conftest import add_evidence, make_case
from tests.integration.logs import DISK_FULL
from tests.integration.test_backup import back_up, bring_back, tree, unwatched
from tests.integration.test_database_full import fill, small_disk
from tests.servers import running

from faultmaven.backup import archive
from faultmaven.backup.archive import Manifest, Member
from faultmaven.backup.restoring import verify

pytestmark = pytest.mark.only_on("sqlite", "elsewhere the database's own tools make backups")

__all__ = ["small_disk"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has stopped. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("backup") / "data"
    with running(folder) as server, server.client() as api:
        add_evidence(api, make_case(api), DISK_FULL)
        server.stop()
    return folder


@pytest.fixture(scope="module")
def backup(data: Path) -> Path:
    file = data.parent / "backup.tar.gz"
    back_up(data, file)
    return file


def refused(*arguments: str | Path, code: int = 3, **settings: str) -> str:
    """What is said about it: one sentence or two on one line, and nothing else."""
    ended = faultmaven(*arguments, settings={f"FAULTMAVEN_{name}": value for name, value in settings.items()})
    assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
    assert ended.stderr.startswith("faultmaven: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_file_is_not_replaced_unless_it_is_said(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("something else")
    assert "--force" in refused("backup", file, "--data-dir", data)
    assert file.read_text() == "something else"
    back_up(data, file, "--force")
    assert faultmaven("backup", "--verify", file).returncode == 0


def test_a_file_that_appears_meanwhile_is_not_replaced_either(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faultmaven.backup import making
    from faultmaven.backup.source import Refused

    def write(*given: Any) -> None:
        written(*given)
        (tmp_path / "file").write_text("somebody else's")

    written = archive.write
    monkeypatch.setattr(archive, "write", write)
    with pytest.raises(Refused, match="exists already"):
        making.to_file(data, tmp_path / "file", False, unwatched)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["somebody else's"]


def test_a_backup_does_not_go_where_it_would_be_lost_or_do_harm(data: Path, tmp_path: Path) -> None:
    before = tree(data)
    for file in (data / "backup", data / "evidence" / "backup", data / "faultmaven.db"):
        assert "is in the data folder" in refused("backup", "--force", file, "--data-dir", data)
    (tmp_path / "link").symlink_to(data)
    assert "is in the data folder" in refused("backup", tmp_path / "link" / "backup", "--data-dir", data)
    assert "not a plain file" in refused("backup", "--force", "/dev/null", "--data-dir", data)
    assert "not a plain file" in refused("backup", "--force", tmp_path, "--data-dir", data)
    assert "There is no folder" in refused("backup", tmp_path / "nowhere" / "file", "--data-dir", data)
    assert tree(data) == before


def test_where_there_is_nothing_to_back_up_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o700)
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        assert "--data-dir" in refused("backup", tmp_path / "file", "--data-dir", folder)
        assert "--data-dir" in refused("backup", "-", "--data-dir", folder)
    (tmp_path / "empty" / "faultmaven.db").write_bytes(b"no database" * 1000)
    (tmp_path / "empty" / "evidence").mkdir()
    assert "file is not a database" in refused("backup", tmp_path / "file", "--data-dir", tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty"]


def test_a_backup_is_nothing_for_a_terminal(data: Path) -> None:
    assert "nothing for a terminal" in on_a_terminal("backup", "-", "--data-dir", data)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_with_a_database_of_its_own_the_way_to_save_it_is_told(tmp_path: Path, data: Path, command: str) -> None:
    url = "postgresql://user:password@127.0.0.1:1/name"
    told = refused(command, tmp_path / "file", "--data-dir", data, code=2, DATABASE_URL=url)
    assert "pg_dump" in told
    assert "password" not in told
    assert list(tmp_path.iterdir()) == []


def lose(file: Path) -> None:
    file.unlink()


def shorten(file: Path) -> None:
    os.truncate(file, 3)


def alter(file: Path) -> None:
    file.write_bytes(b"!" + file.read_bytes()[1:])


@pytest.mark.parametrize("harm", [lose, shorten, alter])
def test_a_data_folder_that_is_not_whole_makes_no_backup(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    with running(tmp_path / "data") as server, server.client() as api:
        case_id = make_case(api)
        add_evidence(api, case_id, b"sound")
        evidence_id = add_evidence(api, case_id, b"harmed")
        file = server.data_dir / "evidence" / evidence_id
        harm(file)
        told = refused("backup", tmp_path / "file", "--data-dir", server.data_dir)
        assert evidence_id in told
        assert not (tmp_path / "file").exists()
        # As it was advised.
        api.delete(f"/api/v1/evidence/{evidence_id}").raise_for_status()
        back_up(server.data_dir, tmp_path / "file")


def test_a_damaged_database_makes_no_backup(data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    subprocess.run(["cp", "-a", data, broken], check=True)
    content = bytearray((broken / "faultmaven.db").read_bytes())
    content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
    (broken / "faultmaven.db").write_bytes(content)
    refused("backup", tmp_path / "file", "--data-dir", broken)
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


def test_what_is_altered_or_cut_short_is_not_trusted(backup: Path, tmp_path: Path) -> None:
    whole, file = backup.read_bytes(), tmp_path / "file"
    middle = len(whole) // 2
    for content in (whole[:middle] + b"!" + whole[middle + 1 :], whole[:middle], whole[:-1], whole + b"\0", b""):
        file.write_bytes(content)
        assert "Use another copy" in refused("backup", "--verify", file)
        assert "Use another copy" in refused("restore", file, "--data-dir", tmp_path / "restored")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def made_again(backup: Path, folder: Path, **other: Any) -> bytes:
    """The same with another manifest, as sound as any."""
    subprocess.run(["tar", "xzf", backup], cwd=folder, check=True)
    with backup.open("rb") as file:
        manifest = verify(file, unwatched)
    sink = io.BytesIO()
    changed = Manifest.model_validate(manifest.model_dump() | other)
    archive.write(sink, changed, 0, lambda member: folder / member.name, lambda _: None)
    return sink.getvalue()


@pytest.mark.parametrize("other", [{"format": archive.FORMAT + 1}, {"schema_version": "9999"}])
def test_what_a_newer_version_made_is_left_to_it(backup: Path, tmp_path: Path, other: dict[str, Any]) -> None:
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "file").write_bytes(made_again(backup, tmp_path / "unpacked", version="9.8.7", **other))
    told = refused("restore", tmp_path / "file", "--data-dir", tmp_path / "restored")
    assert "9.8.7" in told
    assert not (tmp_path / "restored").exists()


def test_evidence_that_the_database_does_not_name_is_not_restored(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()
    with backup.open("rb") as file:
        database, *evidence = verify(file, unwatched).members
    assert evidence
    (tmp_path / "file").write_bytes(made_again(backup, tmp_path / "unpacked", members=[database]))
    assert "database names" in refused("restore", tmp_path / "file", "--data-dir", tmp_path / "restored")
    stranger = Member(name="evidence/evidence_" + "0" * 32, size=0, sha256=evidence[0].sha256)
    assert stranger not in evidence
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "unpacked"]


def test_a_folder_that_is_not_empty_is_never_touched(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    (folder / "mine").write_text("mine")
    assert "is not empty" in refused("restore", backup, "--data-dir", folder)
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]
    assert "is not a folder" in refused("restore", backup, "--data-dir", folder / "mine")
    (folder / "mine").unlink()
    bring_back(backup, folder)


def test_a_folder_that_a_server_uses_is_never_touched(backup: Path, tmp_path: Path) -> None:
    with running(tmp_path / "data") as server, server.client() as api:
        case_id = make_case(api)
        assert "A server is using" in refused("restore", backup, "--data-dir", server.data_dir)
        assert api.get(f"/api/v1/cases/{case_id}").status_code == 200
        server.stop()
    assert "is not empty" in refused("restore", backup, "--data-dir", tmp_path / "data")


def test_a_folder_that_comes_into_use_meanwhile_is_never_touched(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faultmaven.backup import restoring
    from faultmaven.backup.source import Refused

    def check_rows(*given: Any) -> None:
        checked(*given)
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "lock").touch()

    checked = restoring._check_rows
    monkeypatch.setattr(restoring, "_check_rows", check_rows)
    with backup.open("rb") as file, pytest.raises(Refused, match="not empty any more"):
        restoring.restore(file, tmp_path / "data", unwatched)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["data", "data/lock"]


def test_a_pipe_cannot_be_restored_from(backup: Path, tmp_path: Path) -> None:
    ended = faultmaven("restore", "-", "--data-dir", tmp_path / "data", piped=backup.read_bytes())
    assert ended.returncode == 2
    assert "through a pipe" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_left_as_it_was(data: Path, small_disk: Path) -> None:
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - 150_000)  # room for the folder, not for all that goes into it
    assert "No space" in refused("backup", small_disk / "file", "--data-dir", data)
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    filler.unlink()
    back_up(data, small_disk / "file")


def test_a_full_disk_behind_a_pipe_is_told(data: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command(["backup", "-", "--data-dir", data]), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 3
    assert "No space" in ended.stderr


def test_what_does_not_fit_is_not_begun(backup: Path, small_disk: Path) -> None:
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - 10_000_000)
    told = refused("restore", backup, "--data-dir", small_disk / "data")
    assert "bytes" in told
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def test_a_mount_point_cannot_be_replaced_and_the_way_out_is_told(backup: Path, small_disk: Path) -> None:
    assert str(small_disk / "faultmaven") in refused("restore", backup, "--data-dir", small_disk)
    bring_back(backup, small_disk / "faultmaven")
