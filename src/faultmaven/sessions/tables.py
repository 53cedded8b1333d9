"""Sessions, and their requests that failed.

At most one live session per user and client: the database itself refuses a second. `active` is what the row says; a
session past `expires_at` is expired all the same, and its row is closed when somebody comes by.
"""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

# Spelled out in statements too, or the database would not see that its indexes of active sessions apply.
ACTIVE = sa.text("status = 'active'")
CLOSED = sa.text("closed_at IS NOT NULL")

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("session_type", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("previous_session_id", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("last_activity_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("absolute_expires_at", sa.BigInteger, nullable=False),
    sa.Column("timeout_minutes", sa.BigInteger, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text),
    sa.Column("closed_at", sa.BigInteger),
    sa.Column("end_reason", sa.Text),
    sa.Column("closed_by", sa.Text),
    sa.Column("resumed_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("resumed_at", sa.BigInteger),
    sa.Index(
        "one_live_session_per_client", "user_id", "client_id", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE
    ),
    # With the status, which is always the same, SQLite counts in the index alone.
    sa.Index(
        "active_sessions_of_user", "user_id", "expires_at", "status", sqlite_where=ACTIVE, postgresql_where=ACTIVE
    ),
    sa.Index("active_sessions_by_expiry", "expires_at", sqlite_where=ACTIVE, postgresql_where=ACTIVE),
    sa.Index("sessions_of_client", "user_id", "client_id", "created_at"),
    sa.Index("sessions_closed", "closed_at", sqlite_where=CLOSED, postgresql_where=CLOSED),
)

failures = sa.Table(
    "failures",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("session_id", sa.Text, sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("status", sa.BigInteger, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Index("failures_of_session", "session_id", "at", "id"),
)
