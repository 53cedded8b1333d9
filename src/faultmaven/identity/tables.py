"""Who owns things, and what they sign in with. `next_cursor` numbers the events of a user's log without gaps."""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("next_cursor", sa.BigInteger, nullable=False),
)

# `hash` is the SHA-256 of the whole bearer in hex; the bearer itself is nowhere. A row is never removed.
access_tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Index("tokens_of_user", "user_id", "created_at"),
    sa.Index("tokens_revoked", "revoked_at"),
)
