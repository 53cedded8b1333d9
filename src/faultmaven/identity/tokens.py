"""The local access token, and the proof that a server knows it.

The proof lets a client find out who is on a port before it sends anything worth having: it sends a random challenge,
and only a holder of the token, bound to that very address, can answer it. A program that merely relays to the real
server answers with the proof for the real server's address, which does not match the one that was dialled.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43,128}")


class UnusableToken(Exception):
    """The token file is there but holds no token; says what to do."""


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
        return token


def proof(token: str, bound: str, challenge: str) -> str:
    """Hex HMAC-SHA256 of `faultmaven|<bound host:port>|<challenge>`, keyed with the token's ASCII bytes."""
    message = f"faultmaven|{bound}|{challenge}".encode()
    return hmac.new(token.encode("ascii"), message, hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
