"""How sessions come to their end: ended, made room for, expired; and forgotten when that is long ago.

A session that is past `expires_at` is expired from that instant, whether or not the sweep has come by. A row is closed
here and nowhere else, once, with one event.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from faultmaven.cases import log
from faultmaven.cases.events import EndReason, Event, SessionEnded, SessionExpired
from faultmaven.database import Row, Transaction
from faultmaven.sessions.tables import failures, sessions

DAY = 24 * 60 * 60_000_000
# Requests wait for the one writer: a sweep is made of transactions so short that nobody notices them.
SWEEP_SECONDS = 0.001
BATCH = 8

ACTIVE = sessions.c.status == sa.literal_column("'active'")
LIVE_OF_USER = sa.and_(
    sessions.c.user_id == sa.bindparam("of_user"), ACTIVE, sessions.c.expires_at > sa.bindparam("at")
)
_live_count = sa.select(sa.func.count()).select_from(sessions).where(LIVE_OF_USER)
_least_recently_used = (
    sa.select(sessions)
    .where(LIVE_OF_USER)
    .order_by(sessions.c.last_activity_at, sessions.c.created_at, sessions.c.id)
    .limit(sa.bindparam("most"))
)
_close_row = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"), ACTIVE)
    .values(
        status=sa.bindparam("as_status"),
        closed_at=sa.bindparam("closed"),
        end_reason=sa.bindparam("why"),
        closed_by=sa.bindparam("by"),
    )
)
_overdue = (
    sa.select(sessions.c.id)
    .where(ACTIVE, sessions.c.expires_at <= sa.bindparam("at"))
    .order_by(sessions.c.expires_at)
    .limit(BATCH)
)
_expire_overdue = (
    sa.update(sessions)
    .where(sessions.c.id.in_(_overdue))
    .values(
        status="expired",
        closed_at=sessions.c.expires_at,
        end_reason=sa.case((sessions.c.expires_at >= sessions.c.absolute_expires_at, "absolute"), else_="idle"),
    )
    .returning(sessions.c.id, sessions.c.user_id, sessions.c.client_id, sessions.c.expires_at, sessions.c.end_reason)
)
_long_closed = (
    sa.select(sessions.c.id)
    .where(sessions.c.closed_at < sa.bindparam("before"))
    .order_by(sessions.c.closed_at, sessions.c.id)
    .limit(BATCH)
)
_forget_failures = sa.delete(failures).where(failures.c.session_id.in_(_long_closed))
_forget = sa.delete(sessions).where(sessions.c.id.in_(_long_closed))


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Limits from the settings."""

    absolute_days: int
    closed_days: int
    most_per_user: int


def reason_of_expiry(row: Row) -> EndReason:
    return "absolute" if row.expires_at >= row.absolute_expires_at else "idle"


def expire(transaction: Transaction, row: Row) -> None:
    """A session whose time is over: closed at the instant at which it was."""
    _close(transaction, row, "expired", reason_of_expiry(row), row.expires_at, None)


def end(transaction: Transaction, row: Row, reason: EndReason, by: str | None = None) -> None:
    """A live session, now; `by` is the session on whose behalf."""
    _close(transaction, row, "ended", reason, transaction.now, by)


def make_room(transaction: Transaction, user_id: str, most: int, newcomer: str) -> None:
    """Ends live sessions until one more fits: the least recently used, of those the one opened first, then by id."""
    live = transaction.all(_live_count, of_user=user_id, at=transaction.now)[0][0]
    if live < most:
        return
    for row in transaction.all(_least_recently_used, of_user=user_id, at=transaction.now, most=live - most + 1):
        end(transaction, row, "cap", newcomer)


def sweep(transaction: Transaction, limits: Lifetimes) -> bool:
    """Closes sessions whose time is over and forgets those closed long ago, for some 1 ms. True: there may be more."""
    enough = time.perf_counter() + SWEEP_SECONDS
    while _expire_some(transaction) or _forget_some(transaction, limits):
        if time.perf_counter() >= enough:
            return True
    return False


def _expire_some(transaction: Transaction) -> int:
    closed = sorted(transaction.all(_expire_overdue, at=transaction.now), key=lambda row: (row.expires_at, row.id))
    of_user: dict[str, list[Event]] = defaultdict(list)
    for row in closed:
        told = SessionExpired(session_id=row.id, client_id=row.client_id, reason=row.end_reason)
        of_user[row.user_id].append(told)
    for user_id, happened in of_user.items():
        log.record_all(transaction, user_id, happened)
    return len(closed)


def _forget_some(transaction: Transaction, limits: Lifetimes) -> int:
    before = transaction.now - limits.closed_days * DAY
    transaction.execute(_forget_failures, before=before)
    return transaction.execute(_forget, before=before)


def _close(transaction: Transaction, row: Row, status: str, reason: EndReason, at: int, by: str | None) -> None:
    if not transaction.execute(_close_row, of_session=row.id, as_status=status, closed=at, why=reason, by=by):
        return
    event: Event = (
        SessionEnded(session_id=row.id, client_id=row.client_id, reason=reason, closed_by_session_id=by)
        if status == "ended"
        else SessionExpired(session_id=row.id, client_id=row.client_id, reason=reason)
    )
    log.record(transaction, row.user_id, event)
