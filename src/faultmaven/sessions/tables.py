"""Sessions. At most one live session per user and client: the database itself refuses a second."""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

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
    sa.Index(
        "one_live_session_per_client",
        "user_id",
        "client_id",
        unique=True,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    ),
    sa.Index("sessions_of_user", "user_id", "status", "last_activity_at", "id"),
    sa.Index("sessions_of_client", "user_id", "client_id", "created_at"),
    sa.Index("sessions_by_expiry", "status", "expires_at"),
    sa.Index("sessions_closed", "closed_at"),
)
