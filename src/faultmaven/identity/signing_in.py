"""How a bearer becomes a user, in each mode.

Both modes answer `await sign_in(bearer)` for the guard, and `proof` for a client that wants to know who it talks to.
"""

from __future__ import annotations

import asyncio

import structlog

from faultmaven.bus import Bus
from faultmaven.database import Database, rfc3339
from faultmaven.errors import Unauthenticated
from faultmaven.identity import service
from faultmaven.identity.service import Standing, User
from faultmaven.identity.tokens import bearer_in, proof, same

log = structlog.get_logger()

CHALLENGED = {"WWW-Authenticate": "Bearer"}
WATCH_SECONDS = 0.5
# As far as the clocks of machines that revoke tokens in one database may differ.
SKEW = 60_000_000


class LocalSignIn:
    """One user with one token; `token` None lets everyone in."""

    def __init__(self, database: Database, token: str | None) -> None:
        self._database = database
        self._token = token
        self._user: User

    async def start(self) -> None:
        self._user = await self._database.write(service.local_user)

    async def watch(self) -> None:
        """The token is good for as long as the server runs."""

    async def __call__(self, bearer: str) -> User:
        if self._token is not None and not same(bearer, self._token):
            raise Unauthenticated(headers=CHALLENGED)
        return self._user

    async def proof(self, bound: str, challenge: str, _token_id: str | None) -> str | None:
        return proof(self._token, bound, challenge) if self._token else None


class TokenSignIn:
    """Every bearer is looked up on every request: what is revoked opens nothing from then on."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self.standing: Standing

    async def start(self) -> None:
        self.standing = await self._database.scan(service.standing)

    async def __call__(self, text: str) -> User:
        bearer = bearer_in(text)
        found = await self._database.read(service.sign_in, bearer) if bearer else None
        if found is None:
            raise Unauthenticated(headers=CHALLENGED)
        if found.revoked_at is not None:
            raise Unauthenticated(
                f"This access token was revoked at {rfc3339(found.revoked_at)}; "
                "ask whoever runs this server for a new one.",
                headers=CHALLENGED,
            )
        return found.user

    async def proof(self, bound: str, challenge: str, token_id: str | None) -> str | None:
        """None for an unknown token and a revoked one."""
        key = await self._database.read(service.hash_of, token_id) if token_id else None
        return proof(key, bound, challenge) if key else None

    async def watch(self) -> None:
        """Wakes what is open under a token that was revoked, by whichever process. Until it is cancelled."""
        newest, failing = 0, False
        while True:
            try:
                newest = await self._look(newest)
                failing = False
            except Exception as error:  # a database that is away for a moment must not end the watch for good
                if not failing:
                    log.error("revocations.not_read", exc_info=error)
                failing = True
            await asyncio.sleep(WATCH_SECONDS)

    async def _look(self, newest: int) -> int:
        revoked = await self._database.scan(service.revoked_since, newest - SKEW)
        self._bus.wake({service.topic_of_token(token_id) for token_id, _ in revoked})
        return max((at for _, at in revoked), default=newest)
