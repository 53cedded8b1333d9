"""Access tokens: that of local mode is made once, whole, for its owner alone; those of users have one form."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from faultmaven.identity.tokens import Bearer, bearer_in, keep_token, new_bearer, proof, proof_key, read_token

BEARER = "fm_0123456789abcdef_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"


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


def test_a_bearer_is_read_as_it_was_made(tmp_path: Path) -> None:
    made = [new_bearer() for _ in range(50)]
    assert [bearer_in(bearer.text) for bearer in made] == made
    assert len({bearer.text for bearer in made}) == len({bearer.token_id for bearer in made}) == 50
    # A file may hold it, and it is never taken for the token of local mode.
    (tmp_path / "token").write_text(f"{made[0].text}\n")
    assert read_token(tmp_path / "token") == made[0].text
    assert bearer_in(keep_token(tmp_path / "access-token")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        BEARER[:-1],
        f"{BEARER}x",
        f"{BEARER}\n",
        BEARER.replace("abcdef", "ABCDEF", 1),
        BEARER.replace("fm_", "FM_"),
        BEARER.replace("fm_", ""),
        BEARER.replace("-", "ä"),
        BEARER.replace("-", "+"),
    ],
)
def test_what_has_another_form_is_no_bearer(text: str) -> None:
    assert bearer_in(text) is None


def test_the_proof_is_the_one_that_other_clients_compute() -> None:
    """Fixed, so that a client in another language can be held to the same figures."""
    assert bearer_in(BEARER) == Bearer(BEARER, "0123456789abcdef")
    key = proof_key(BEARER)
    assert key == "e6ca97ed481de899a61e20073b83f77f0b7366433d79a9abeee6412171fbb112"
    assert (
        proof(key, "127.0.0.1:8000", "A-z0.9_~") == "72485fb3a1dde58abe8bf0a6640c407e93d0370a653efe17753d807fb0407114"
    )
    local = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcde"
    assert proof_key(local) == local
    assert (
        proof(local, "127.0.0.1:8000", "A-z0.9_~") == "c54e6708fdc4ecaab1d14ff2988ccdc296f7f761c9d91f0fe5b3ad98b54d4f69"
    )
