"""Users, and the access tokens they sign in with.

In local mode there is one user, made at the first start, and no row of a token. In token mode a user is made with the
first token. The user of local mode is one like any other there: a token for `local` opens all that was kept before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from faultmaven.database import Transaction, new_id
from faultmaven.errors import invalid
from faultmaven.identity.tables import access_tokens, users
from faultmaven.identity.tokens import Bearer, new_bearer, same, token_named

LOCAL = "local"
NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")

_user_by_name = sa.select(users.c.id, users.c.name).where(users.c.name == sa.bindparam("name"))
_user_by_id = sa.select(users.c.id, users.c.name).where(users.c.id == sa.bindparam("id"))
_insert_user = sa.insert(users).values(
    id=sa.bindparam("id"), name=sa.bindparam("name"), created_at=sa.bindparam("now"), next_cursor=1
)
_insert_token = sa.insert(access_tokens)
_token_with_user = (
    sa.select(access_tokens.c.hash, access_tokens.c.revoked_at, users.c.id, users.c.name)
    .join(users, users.c.id == access_tokens.c.user_id)
    .where(access_tokens.c.id == sa.bindparam("token_id"))
)
_token = sa.select(access_tokens.c.hash, access_tokens.c.revoked_at).where(
    access_tokens.c.id == sa.bindparam("token_id")
)
_all_tokens = (
    sa.select(users.c.name, access_tokens.c.id, access_tokens.c.created_at, access_tokens.c.revoked_at)
    .join(users, users.c.id == access_tokens.c.user_id)
    .order_by(users.c.name, access_tokens.c.created_at, access_tokens.c.id)
)
_revoke = (
    sa.update(access_tokens)
    .where(access_tokens.c.id == sa.bindparam("token_id"), access_tokens.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("at"))
)
_revoke_all = (
    sa.update(access_tokens)
    .where(access_tokens.c.user_id == sa.bindparam("of_user"), access_tokens.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("at"))
)
_revoked_since = sa.select(access_tokens.c.id, access_tokens.c.revoked_at).where(
    access_tokens.c.revoked_at >= sa.bindparam("since")
)
_standing = sa.select(
    sa.func.count(access_tokens.c.id).label("tokens"), sa.func.count(access_tokens.c.user_id.distinct()).label("users")
).where(access_tokens.c.revoked_at.is_(None))


@dataclass(frozen=True, slots=True)
class User:
    """Who is asking. `token_id` names the access token of the request in token mode; local mode has none."""

    id: str
    name: str
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class TokenMade:
    bearer: Bearer
    new_user: bool


@dataclass(frozen=True, slots=True)
class TokenTold:
    user: str
    token_id: str
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose bearer it is, and since when it is no longer good, if so."""

    user: User
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many users hold how many access tokens that are good."""

    users: int
    tokens: int


def get_user(transaction: Transaction, user_id: str) -> User:
    """Of an id that the server itself has stored."""
    row = transaction.first(_user_by_id, id=user_id)
    assert row is not None, user_id
    return User(row.id, row.name)


def local_user(transaction: Transaction) -> User:
    """The one user of local mode."""
    return _named(transaction, LOCAL)[0]


def create_token(transaction: Transaction, name: str) -> TokenMade:
    """A new token for the user of that name, who is made at first use. Raises InvalidRequest naming `user`."""
    if not NAME.fullmatch(name):
        raise invalid("user", "a name is 1 to 64 letters, digits, dots, underscores, @ or hyphens")
    if token_named(name):
        raise invalid("user", "this would be taken for an access token or its id")
    user, new = _named(transaction, name)
    bearer = new_bearer()
    transaction.execute(
        _insert_token,
        id=bearer.token_id,
        user_id=user.id,
        hash=bearer.hash,
        created_at=transaction.now,
        revoked_at=None,
    )
    return TokenMade(bearer, new)


def list_tokens(transaction: Transaction) -> list[TokenTold]:
    """Of all users, by name."""
    return [TokenTold(*row) for row in transaction.all(_all_tokens)]


def revoke_token(transaction: Transaction, token_id: str) -> int | None:
    """How many it revoked, 0 if it was revoked before; None if there is no such token."""
    if transaction.first(_token, token_id=token_id) is None:
        return None
    return transaction.execute(_revoke, token_id=token_id, at=transaction.now)


def revoke_all(transaction: Transaction, name: str) -> int | None:
    """How many of the user's tokens it revoked; None if there is no such user."""
    row = transaction.first(_user_by_name, name=name)
    return None if row is None else transaction.execute(_revoke_all, of_user=row.id, at=transaction.now)


def standing(transaction: Transaction) -> Standing:
    row = transaction.first(_standing)
    assert row is not None
    return Standing(row.users, row.tokens)


def sign_in(transaction: Transaction, bearer: Bearer) -> SignedIn | None:
    """None if it is not the bearer of any token here."""
    row = transaction.first(_token_with_user, token_id=bearer.token_id)
    if row is None or not same(row.hash, bearer.hash):
        return None
    return SignedIn(User(row.id, row.name, bearer.token_id), row.revoked_at)


def signed_in(transaction: Transaction, user: User) -> bool:
    """Whether the token that a request came with is still good, for work that outlasts its beginning."""
    return user.token_id is None or hash_of(transaction, user.token_id) is not None


def hash_of(transaction: Transaction, token_id: str) -> str | None:
    """The key of its proof; None for an unknown token and a revoked one."""
    row = transaction.first(_token, token_id=token_id)
    return None if row is None or row.revoked_at is not None else str(row.hash)


def revoked_since(transaction: Transaction, since: int) -> list[tuple[str, int]]:
    """Token ids, and when they were revoked."""
    return [(row.id, row.revoked_at) for row in transaction.all(_revoked_since, since=since)]


def topics_of_token(user: User) -> tuple[str, ...]:
    """What a long-lived reader listens to besides, so as to hear of the end of its token; nothing in local mode."""
    return () if user.token_id is None else (topic_of_token(user.token_id),)


def topic_of_token(token_id: str) -> str:
    return f"token:{token_id}"


def _named(transaction: Transaction, name: str) -> tuple[User, bool]:
    """The user of that name, and whether it was made just now."""
    row = transaction.first(_user_by_name, name=name)
    if row is not None:
        return User(row.id, row.name), False
    user = User(new_id("user"), name)
    transaction.execute(_insert_user, id=user.id, name=user.name, now=transaction.now)
    return user, True
