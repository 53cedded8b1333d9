"""The life of a session: opened, resumed, kept alive, expired or ended, never overwritten.

A session that is past `expires_at` is expired from that instant, whether or not the sweep has come by. Closing one,
by whichever way, is done in `_close`, and nowhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import EndReason, Event, SessionEnded, SessionExpired, SessionOpened, SessionUpdated
from faultmaven.database import Row, Transaction, new_id, rfc3339
from faultmaven.errors import SessionEnded as SessionEndedProblem
from faultmaven.errors import SessionExpired as SessionExpiredProblem
from faultmaven.errors import SessionNotFound, Stale, invalid
from faultmaven.identity.service import User
from faultmaven.sessions.model import (
    DEFAULT_TIMEOUT,
    OpenedSession,
    OpenSession,
    PatchSession,
    Session,
    merge,
    small_json,
)
from faultmaven.sessions.tables import sessions

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
SWEEP = 500

_by_id = sa.select(sessions).where(sessions.c.id == sa.bindparam("of_session"))
_live_of_client = sa.select(sessions).where(
    sessions.c.user_id == sa.bindparam("of_user"),
    sessions.c.client_id == sa.bindparam("of_client"),
    sessions.c.status == sa.literal_column("'active'"),  # spelled out, as the partial index asks for it
)
_last_of_client = (
    sa.select(sessions)
    .where(sessions.c.user_id == sa.bindparam("of_user"), sessions.c.client_id == sa.bindparam("of_client"))
    .order_by(sessions.c.created_at.desc(), sessions.c.closed_at.desc())
    .limit(1)
)
_active_of_user = (
    sa.select(sessions)
    .where(sessions.c.user_id == sa.bindparam("of_user"), sessions.c.status == "active")
    .order_by(sessions.c.last_activity_at.desc(), sessions.c.id.desc())
)
_overdue_of_user = sa.select(sessions).where(
    sessions.c.user_id == sa.bindparam("of_user"),
    sessions.c.status == "active",
    sessions.c.expires_at <= sa.bindparam("at"),
)
_beyond = _active_of_user.offset(sa.bindparam("places"))
_insert = sa.insert(sessions)
_touch = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"))
    .values(last_activity_at=sa.bindparam("seen_at"), expires_at=sa.bindparam("until"))
)
_change = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"))
    .values(
        timeout_minutes=sa.bindparam("minutes"), metadata=sa.bindparam("details"), case_id=sa.bindparam("open_case")
    )
)
_set_case = (
    sa.update(sessions).where(sessions.c.id == sa.bindparam("of_session")).values(case_id=sa.bindparam("open_case"))
)
_close_row = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"), sessions.c.status == "active")
    .values(status=sa.bindparam("as_status"), closed_at=sa.bindparam("at"), end_reason=sa.bindparam("why"))
)
_overdue = (
    sa.select(sessions)
    .where(sessions.c.status == "active", sessions.c.expires_at <= sa.bindparam("at"))
    .order_by(sessions.c.expires_at)
    .limit(SWEEP)
)
_purge = sa.delete(sessions).where(
    sessions.c.id.in_(sa.select(sessions.c.id).where(sessions.c.closed_at < sa.bindparam("before")).limit(SWEEP))
)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Limits from the settings."""

    absolute_days: int
    closed_days: int
    most_per_user: int


def open_session(transaction: Transaction, user: User, body: OpenSession, limits: Lifetimes) -> OpenedSession:
    """The same client gets its live session back; otherwise a new one, with the case it had open before."""
    if body.client_id is None:
        return _open_new(transaction, user, body, None, limits)
    client = {"of_user": user.id, "of_client": body.client_id}
    # Not simply the newest: where the clock was set back, a closed session may seem newer than the live one.
    live = transaction.first(_live_of_client, **client)
    if live is None:
        return _open_new(transaction, user, body, transaction.first(_last_of_client, **client), limits)
    if live.expires_at > transaction.now:
        return _resume(transaction, live, body)
    _expire(transaction, live)
    return _open_new(transaction, user, body, live, limits)


def _resume(transaction: Transaction, row: Row, body: OpenSession) -> OpenedSession:
    minutes = body.timeout_minutes or row.timeout_minutes
    details = row.metadata if body.metadata is None else _encode(body.metadata)
    case_id = _still_there(transaction, row.user_id, row.case_id)
    if (minutes, details, case_id) != (row.timeout_minutes, row.metadata, row.case_id):
        transaction.execute(_change, of_session=row.id, minutes=minutes, details=details, open_case=case_id)
    changes = {"timeout_minutes": minutes, "metadata": details, "case_id": case_id}
    fields = _fields(row) | changes | _slide(transaction, row, minutes)
    if (details, case_id) != (row.metadata, row.case_id):
        _announce_change(transaction, row, case_id, details)
    cursor = log.newest_cursor(transaction, row.user_id)
    return OpenedSession(**_told(fields), session_resumed=True, cursor=cursor, message="Session resumed.")


def _open_new(
    transaction: Transaction, user: User, body: OpenSession, previous: Row | None, limits: Lifetimes
) -> OpenedSession:
    _make_room(transaction, user, limits.most_per_user)
    minutes = body.timeout_minutes or DEFAULT_TIMEOUT
    absolute = transaction.now + limits.absolute_days * DAY
    fields = {
        "id": new_id("session"),
        "user_id": user.id,
        "client_id": body.client_id or new_id("anonymous"),
        "session_type": body.session_type or "troubleshooting",
        "status": "active",
        "previous_session_id": previous.id if previous else None,
        "created_at": transaction.now,
        "last_activity_at": transaction.now,
        "expires_at": min(transaction.now + minutes * MINUTE, absolute),
        "absolute_expires_at": absolute,
        "timeout_minutes": minutes,
        "metadata": _encode(body.metadata or {}),
        "case_id": _still_there(transaction, user.id, previous.case_id) if previous else None,
        "closed_at": None,
        "end_reason": None,
    }
    transaction.execute(_insert, **fields)
    opened = SessionOpened(
        session_id=fields["id"], client_id=fields["client_id"], previous_session_id=fields["previous_session_id"]
    )
    cursor = log.record(transaction, user.id, opened).cursor
    return OpenedSession(**_told(fields), session_resumed=False, cursor=cursor, message="Session opened.")


def _still_there(transaction: Transaction, user_id: str, case_id: str | None) -> str | None:
    return case_id if case_id and cases.is_live(transaction, user_id, case_id) else None


def _make_room(transaction: Transaction, user: User, most: int) -> None:
    """Ends the least recently used sessions until one more fits; expired ones go first and count as expired."""
    beyond = transaction.all(_beyond, of_user=user.id, places=most - 1)
    overdue = transaction.all(_overdue_of_user, of_user=user.id, at=transaction.now) if beyond else []
    for row in overdue:
        _expire(transaction, row)
    for row in transaction.all(_beyond, of_user=user.id, places=most - 1) if overdue else beyond:
        _end(transaction, row, "cap")


def list_sessions(transaction: Transaction, user: User) -> list[Session]:
    rows = transaction.all(_active_of_user, of_user=user.id)
    return [_session(row) for row in rows if row.expires_at > transaction.now]


def get_session(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Session:
    return _session(live_row(transaction, user, session_id, limits))


def live_row(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Row:
    """The row of a live session. Raises SessionNotFound, SessionExpired or SessionEnded, for reads and writes alike."""
    row = transaction.first(_by_id, of_session=session_id)
    if row is None or row.user_id != user.id or _forgotten(row, transaction.now, limits):
        raise SessionNotFound()
    if row.status == "ended":
        raise SessionEndedProblem(_ended_words(row))
    if row.status == "expired" or row.expires_at <= transaction.now:
        raise SessionExpiredProblem(
            f"This session expired at {rfc3339(min(row.expires_at, row.absolute_expires_at))}; "
            "open a new one with the same client_id to carry on where it stopped."
        )
    return row


def _forgotten(row: Row, now: int, limits: Lifetimes) -> bool:
    closed_at: int = row.expires_at if row.closed_at is None else row.closed_at
    return closed_at + limits.closed_days * DAY <= now


def _ended_words(row: Row) -> str:
    by_whom = {
        "cap": "to make room for a newer one",
        "ended_by_other": "from another device",
    }.get(row.end_reason, "on request")
    when = rfc3339(row.closed_at)
    return f"This session was ended {by_whom} at {when}; open a new one with the same client_id to carry on."


def heartbeat(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Session:
    return touch(transaction, live_row(transaction, user, session_id, limits))


def touch(transaction: Transaction, row: Row) -> Session:
    """Activity: slides the idle expiry of a live row, never beyond the absolute one."""
    return Session(**_told(_fields(row) | _slide(transaction, row, row.timeout_minutes)))


def patch_session(
    transaction: Transaction, user: User, session_id: str, body: PatchSession, if_match: str | None, limits: Lifetimes
) -> Session:
    row = live_row(transaction, user, session_id, limits)
    before = _session(row)
    if if_match is not None and not matches(if_match, etag(before)):
        raise Stale()
    metadata = _patched(before.metadata, body)
    case_id = body.case_id if "case_id" in body.model_fields_set else row.case_id
    if body.case_id is not None:
        cases.live_row(transaction, user, body.case_id)
    details = _encode(metadata)
    if (details, case_id) != (row.metadata, row.case_id):
        transaction.execute(_change, of_session=row.id, minutes=row.timeout_minutes, details=details, open_case=case_id)
        _announce_change(transaction, row, case_id, details)
    changes = {"metadata": details, "case_id": case_id}
    return Session(**_told(_fields(row) | changes | _slide(transaction, row, row.timeout_minutes)))


def _patched(metadata: dict[str, Any], body: PatchSession) -> dict[str, Any]:
    merged = (
        {} if body.metadata is None and "metadata" in body.model_fields_set else merge(metadata, body.metadata or {})
    )
    try:
        return small_json(merged)
    except ValueError as error:
        raise invalid("metadata", str(error)) from error


def open_case(transaction: Transaction, row: Row, case_id: str) -> None:
    """Makes `case_id` the case that is open in a live session."""
    if row.case_id != case_id:
        transaction.execute(_set_case, of_session=row.id, open_case=case_id)
        _announce_change(transaction, row, case_id, row.metadata)


def end_session(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> None:
    _end(transaction, live_row(transaction, user, session_id, limits), "ended")


def end_others(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> list[str]:
    """Ends every live session of the user but this one; the ids of those it ended."""
    this = live_row(transaction, user, session_id, limits)
    touch(transaction, this)
    others = [
        row
        for row in transaction.all(_active_of_user, of_user=user.id)
        if row.id != this.id and row.expires_at > transaction.now
    ]
    for row in others:
        _end(transaction, row, "ended_by_other")
    return [row.id for row in others]


def sweep(transaction: Transaction, limits: Lifetimes) -> int:
    """Closes up to 500 sessions whose time is over, forgets as many that were closed long ago; how many it touched."""
    overdue = transaction.all(_overdue, at=transaction.now)
    for row in overdue:
        _expire(transaction, row)
    return len(overdue) + transaction.execute(_purge, before=transaction.now - limits.closed_days * DAY)


def etag(session: Session) -> str:
    """Changes exactly when the metadata or the open case change."""
    told = orjson.dumps([session.metadata, session.case_id], option=orjson.OPT_SORT_KEYS)
    return f'"{hashlib.sha256(told).hexdigest()[:32]}"'


def matches(if_match: str, tag: str) -> bool:
    return if_match.strip() == "*" or tag in (part.strip() for part in if_match.split(","))


def _slide(transaction: Transaction, row: Row, minutes: int) -> dict[str, Any]:
    """Stores the activity; the columns it has changed."""
    until = min(transaction.now + minutes * MINUTE, row.absolute_expires_at)
    transaction.execute(_touch, of_session=row.id, seen_at=transaction.now, until=until)
    return {"last_activity_at": transaction.now, "expires_at": until}


def _expire(transaction: Transaction, row: Row) -> None:
    reason: EndReason = "absolute" if row.expires_at >= row.absolute_expires_at else "idle"
    _close(transaction, row, "expired", reason, row.expires_at)


def _end(transaction: Transaction, row: Row, reason: EndReason) -> None:
    _close(transaction, row, "ended", reason, transaction.now)


def _close(transaction: Transaction, row: Row, status: str, reason: EndReason, at: int) -> None:
    if not transaction.execute(_close_row, of_session=row.id, as_status=status, at=at, why=reason):
        return
    event: Event = (
        SessionEnded(session_id=row.id, client_id=row.client_id, reason=reason)
        if status == "ended"
        else SessionExpired(session_id=row.id, client_id=row.client_id, reason=reason)
    )
    log.record(transaction, row.user_id, event)


def _announce_change(transaction: Transaction, row: Row, case_id: str | None, details: str) -> None:
    event = SessionUpdated(
        session_id=row.id, client_id=row.client_id, open_case_id=case_id, metadata=orjson.loads(details)
    )
    log.record(transaction, row.user_id, event)


def _encode(details: dict[str, Any]) -> str:
    return orjson.dumps(details).decode()


def _session(row: Row) -> Session:
    return Session(**_told(_fields(row)))


def _fields(row: Row) -> dict[str, Any]:
    return row._asdict()


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    """Columns as the wire names and writes them."""
    return {
        "session_id": fields["id"],
        "user_id": fields["user_id"],
        "client_id": fields["client_id"],
        "session_type": fields["session_type"],
        "status": fields["status"],
        "previous_session_id": fields["previous_session_id"],
        "created_at": rfc3339(fields["created_at"]),
        "last_activity_at": rfc3339(fields["last_activity_at"]),
        "expires_at": rfc3339(fields["expires_at"]),
        "timeout_minutes": fields["timeout_minutes"],
        "metadata": orjson.loads(fields["metadata"]),
        "case_id": fields["case_id"],
    }
