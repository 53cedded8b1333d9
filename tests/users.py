"""Several users of one server in token mode: `with start(auth="token") as server, two_users(server) as (alice, bob):`

Each is real: made by the installed `faultmaven token create`, signed in with the bearer it printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from tests.commands import faultmaven
from tests.servers import Server


def token_for(server: Server, name: str) -> str:
    """A new bearer of that user, who is made at first use."""
    made = faultmaven("token", "create", name, settings=server.settings)
    assert made.returncode == 0, made.stderr
    return made.stdout.removesuffix("\n")


def token_id(token: str) -> str:
    return token.split("_")[1]


def revoke(server: Server, whose: str) -> None:
    """All of a user's tokens, or one by its id; by another process than the server's."""
    revoked = faultmaven("token", "revoke", whose, settings=server.settings)
    assert revoked.returncode == 0, revoked.stderr


def client_with(server: Server, token: str, **headers: str) -> httpx.Client:
    return server.client(Authorization=f"Bearer {token}", **headers)


@contextmanager
def two_users(server: Server, **headers: str) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Alice and Bob, each with a token of their own."""
    with (
        client_with(server, token_for(server, "alice"), **headers) as alice,
        client_with(server, token_for(server, "bob"), **headers) as bob,
    ):
        yield alice, bob
