"""What a session has been through: resumed when and how often, closed by whom, and its requests that failed.

The indexes of sessions now hold active ones only, by expiry: those that are over are found without a look at the
others, and a session that is closed costs no index an entry of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ACTIVE = sa.text("status = 'active'")
CLOSED = sa.text("closed_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("closed_by", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("resumed_count", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("resumed_at", sa.BigInteger(), nullable=True))
    for index in ("sessions_of_user", "sessions_by_expiry", "sessions_closed"):
        op.drop_index(index, "sessions")
    _index("active_sessions_of_user", ["user_id", "expires_at", "status"], ACTIVE)
    _index("active_sessions_by_expiry", ["expires_at"], ACTIVE)
    _index("sessions_closed", ["closed_at"], CLOSED)
    op.create_table(
        "failures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("failures_of_session", "failures", ["session_id", "at", "id"], unique=False)


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "sessions", columns, unique=False, sqlite_where=where, postgresql_where=where)
