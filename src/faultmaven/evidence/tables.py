"""Evidence. The row is written after its file is safe on disk, and removed before its file is.

`seq` is that of the event that told of it, and so its place in the case.
"""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("case_id", sa.Text, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("answers_check", sa.Text),
    sa.Column("decoded_from", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("evidence_of_case", "case_id", "seq"),
    sa.Index("evidence_of_user", "user_id", "size"),
    sa.Index("evidence_by_content", "sha256"),
)
