"""Access tokens, and the proof that a server knows one.

The proof lets a client find out who is on a port before it sends anything worth having: it sends a random challenge,
and only a server that knows the token, bound to that very address, can answer it. A program that merely relays to the
real server answers with the proof for the real server's address, which does not match the one that was dialled.

    local mode   one token, kept in a file; it is itself the key of the proof
    token mode   a bearer of each user; the server keeps its SHA-256 alone, so that is the key of the proof
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from faultmaven.files import sync_folder

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,128}")
TOKEN_ID = re.compile(r"[0-9a-f]{16}")
_BEARER = re.compile(rf"fm_({TOKEN_ID.pattern})_[A-Za-z0-9_-]{{43}}")
_NAMING = re.compile(rf"({TOKEN_ID.pattern})|fm_({TOKEN_ID.pattern})(?:_.*)?", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43,128}")


class UnusableToken(Exception):
    """The token file is there but holds no token; says what to do."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a user of token mode signs in with. Only `token_id` and `hash` may be kept or shown."""

    text: str
    token_id: str

    @property
    def hash(self) -> str:
        """Hex SHA-256 of the whole text. With 256 random bits in the text, there is nothing to guess from it."""
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()


def new_bearer() -> Bearer:
    token_id = secrets.token_hex(8)
    return Bearer(f"fm_{token_id}_{secrets.token_urlsafe(32)}", token_id)


def bearer_in(text: str) -> Bearer | None:
    """The text as a bearer of token mode; None if it does not have that form."""
    found = _BEARER.fullmatch(text)
    return Bearer(text, found[1]) if found else None


def token_named(text: str) -> str | None:
    """The id of the token that is meant: as it is listed, or as it stands in a bearer, be that whole or broken off."""
    found = _NAMING.fullmatch(text)
    return found[1] or found[2] if found else None


def read_token(path: Path) -> str:
    """The token kept at `path`. Raises FileNotFoundError or UnusableToken."""
    token = path.read_text(encoding="ascii", errors="replace").strip()
    if not _TOKEN.fullmatch(token):
        raise UnusableToken(f"{path} holds no access token; delete it and start the server again to get a new one")
    return token


def keep_token(path: Path) -> str:
    """The token kept at `path`, made (256 bits, mode 0600) if there is none."""
    try:
        return read_token(path)
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Whole or not at all: half a token, for want of space, would be in the way of every later start.
        unfinished.replace(path)
        sync_folder(path.parent)
        return token


def proof(key: str, bound: str, challenge: str) -> str:
    """Hex HMAC-SHA256 of `faultmaven|<bound host:port>|<challenge>`, keyed with the ASCII bytes of `key`."""
    message = f"faultmaven|{bound}|{challenge}".encode()
    return hmac.new(key.encode("ascii"), message, hashlib.sha256).hexdigest()


def proof_key(token: str) -> str:
    """What a client that holds this token checks a proof with, in either mode."""
    bearer = bearer_in(token)
    return bearer.hash if bearer else token


def same(one: str, other: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
