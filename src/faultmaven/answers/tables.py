"""Questions, their runs and their answers.

`attempt` is the fencing token of a run: a worker may write only while the row still bears the attempt it was given.
`evidence` is JSON: the ids that came with the question, then the others it may look at. `idempotency_key` is
unique per user while it is kept; `request_fingerprint` tells a repetition from another question under the same key.
"""

from __future__ import annotations

import sqlalchemy as sa

from faultmaven.database import metadata

queries = sa.Table(
    "queries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("attempt", sa.BigInteger, nullable=False),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("fingerprint", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("error_detail", sa.Text),
    sa.Column("rating", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("request_fingerprint", sa.Text, nullable=False),
    sa.Index("one_query_per_key", "user_id", "idempotency_key", unique=True),
    sa.Index("queries_of_case", "case_id", "created_at"),
    sa.Index("queries_waiting", "status", "created_at"),
    sa.Index("queries_like", "user_id", "fingerprint"),
)
