from pathlib import Path

from faultmaven.cli.checkup import data_folder, token_file
from faultmaven.cli.doctor import described
from faultmaven.cli.terminal import Page
from faultmaven.identity.tokens import keep_token


def test_a_folder_of_ones_own_is_well(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert data_folder(tmp_path).state in ("ok", "warn")
    assert data_folder(tmp_path / "not yet").state == "ok"


def test_a_folder_open_to_others_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = data_folder(tmp_path)
    assert (found.state, found.advice) == ("FAIL", f"chmod 700 {tmp_path}")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o600)
    assert "is not a folder" in data_folder(tmp_path / "file").told
    assert data_folder(tmp_path / "file" / "below").state == "FAIL"


def test_a_token_that_others_can_read_or_that_is_none_is_not_well(tmp_path: Path) -> None:
    path = tmp_path / "access-token"
    assert token_file(path).state == "ok"
    token = keep_token(path)
    assert token_file(path).state == "ok"
    assert token not in token_file(path).told
    path.chmod(0o644)
    assert token_file(path).state == "FAIL"
    path.write_text("hello")
    assert "holds no access token" in token_file(path).told


def test_what_to_do_stands_below(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    lines = described(data_folder(tmp_path), Page())
    assert lines[0].startswith("FAIL  data folder   ")
    assert lines[1].strip() == f"→ chmod 700 {tmp_path}"
