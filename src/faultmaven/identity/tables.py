"""Who owns things. `next_cursor` numbers the events of a user's log without gaps."""

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
