"""Users. In local mode there is exactly one, made at the first start."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from faultmaven.database import Transaction, new_id
from faultmaven.identity.tables import users

LOCAL = "local"

_by_name = sa.select(users.c.id, users.c.name).where(users.c.name == sa.bindparam("name"))
_by_id = sa.select(users.c.id, users.c.name).where(users.c.id == sa.bindparam("id"))
_insert = sa.insert(users).values(
    id=sa.bindparam("id"), name=sa.bindparam("name"), created_at=sa.bindparam("now"), next_cursor=1
)


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str


def get_user(transaction: Transaction, user_id: str) -> User:
    """Of an id that the server itself has stored."""
    row = transaction.first(_by_id, id=user_id)
    assert row is not None, user_id
    return User(row.id, row.name)


def local_user(transaction: Transaction) -> User:
    """The one user of local mode."""
    row = transaction.first(_by_name, name=LOCAL)
    if row is not None:
        return User(row.id, row.name)
    user = User(new_id("user"), LOCAL)
    transaction.execute(_insert, id=user.id, name=user.name, now=transaction.now)
    return user
