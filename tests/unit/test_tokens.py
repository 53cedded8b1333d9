"""The access token: made once, whole, for its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

from faultmaven.identity.tokens import keep_token, read_token


def test_a_token_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "access-token"
    token = keep_token(path)
    assert keep_token(path) == read_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_half_a_token_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "access-token.new").write_text("half")
    token = keep_token(tmp_path / "access-token")
    assert read_token(tmp_path / "access-token") == token
    assert [path.name for path in tmp_path.iterdir()] == ["access-token"]
