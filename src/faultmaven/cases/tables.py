"""Cases and the one log of everything that happens.

An event's row has the finished JSON in `body`; `case_id` and `seq` are null for events that belong to no case.
"""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("resolution", sa.Text),
    sa.Column("search_text", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("deleted_at", sa.BigInteger),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    sa.Index("cases_of_user", "user_id", "updated_at", "id"),
    sa.Index("cases_deleted", "deleted_at"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("cursor", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("case_id", sa.Text),
    sa.Column("seq", sa.BigInteger),
    sa.Column("query_id", sa.Text),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("events_of_case", "case_id", "seq", unique=True),
    sa.Index("events_of_query", "query_id", "cursor"),
)
