"""The life of a session: opened, resumed, kept alive, changed. How it ends is in closing.py."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from faultmaven import etags
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import SessionOpened, SessionUpdated
from faultmaven.database import Row, Transaction, new_id, rfc3339
from faultmaven.errors import SessionEnded as SessionEndedProblem
from faultmaven.errors import SessionExpired as SessionExpiredProblem
from faultmaven.errors import SessionNotFound, invalid
from faultmaven.identity.service import User
from faultmaven.sessions import closing
from faultmaven.sessions.closing import ACTIVE, DAY, LIVE_OF_USER, Lifetimes
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

_by_id = sa.select(sessions).where(sessions.c.id == sa.bindparam("of_session"))
_active_of_client = sa.select(sessions).where(
    sessions.c.user_id == sa.bindparam("of_user"), sessions.c.client_id == sa.bindparam("of_client"), ACTIVE
)
_last_of_client = (
    sa.select(sessions)
    .where(sessions.c.user_id == sa.bindparam("of_user"), sessions.c.client_id == sa.bindparam("of_client"))
    .order_by(sessions.c.created_at.desc(), sessions.c.closed_at.desc())
    .limit(1)
)
_live_of_user = (
    sa.select(sessions)
    .where(LIVE_OF_USER)
    .order_by(sessions.c.last_activity_at.desc(), sessions.c.created_at.desc(), sessions.c.id.desc())
)
_insert = sa.insert(sessions)
_touch = (
    sa.update(sessions)
    .where(sessions.c.id == sa.bindparam("of_session"))
    .values(last_activity_at=sa.bindparam("seen_at"), expires_at=sa.bindparam("until"))
)
_touch_resumed = _touch.values(resumed_at=sa.bindparam("seen_at"), resumed_count=sessions.c.resumed_count + 1)
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


def open_session(transaction: Transaction, user: User, body: OpenSession, limits: Lifetimes) -> OpenedSession:
    """The same client gets its live session back; otherwise a new one, with the case it had open before."""
    if body.client_id is None:
        return _open_new(transaction, user, body, None, limits)
    client = {"of_user": user.id, "of_client": body.client_id}
    # Not simply the newest: where the clock was set back, a closed session may seem newer than the live one.
    active = transaction.first(_active_of_client, **client)
    if active is not None and active.expires_at > transaction.now:
        return _resume(transaction, active, body)
    if active is not None:
        closing.expire(transaction, active)
    previous = active or transaction.first(_last_of_client, **client)
    # What is forgotten is nobody's previous session, whether or not the sweep has come by.
    known = previous is not None and not _forgotten(transaction, previous, limits)
    return _open_new(transaction, user, body, previous if known else None, limits)


def _resume(transaction: Transaction, row: Row, body: OpenSession) -> OpenedSession:
    minutes = body.timeout_minutes or row.timeout_minutes
    details = row.metadata if body.metadata is None else _encode(body.metadata)
    case_id = _still_there(transaction, row.user_id, row.case_id)
    if (minutes, details, case_id) != (row.timeout_minutes, row.metadata, row.case_id):
        transaction.execute(_change, of_session=row.id, minutes=minutes, details=details, open_case=case_id)
    changes = {"timeout_minutes": minutes, "metadata": details, "case_id": case_id}
    fields = _fields(row) | changes | _slide(transaction, row, minutes, _touch_resumed)
    if (details, case_id) != (row.metadata, row.case_id):
        _announce_change(transaction, row, case_id, details)
    cursor = log.newest_cursor(transaction, row.user_id)
    return OpenedSession(**_told(fields), session_resumed=True, cursor=cursor, message="Session resumed.")


def _open_new(
    transaction: Transaction, user: User, body: OpenSession, previous: Row | None, limits: Lifetimes
) -> OpenedSession:
    session_id = new_id("session")
    closing.make_room(transaction, user.id, limits.most_per_user, session_id)
    minutes = body.timeout_minutes or DEFAULT_TIMEOUT
    absolute = transaction.now + limits.absolute_days * DAY
    fields = {
        "id": session_id,
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
    }
    transaction.execute(_insert, **fields)
    opened = SessionOpened(
        session_id=session_id,
        client_id=fields["client_id"],
        previous_session_id=fields["previous_session_id"],
        open_case_id=fields["case_id"],
        metadata=body.metadata or {},
    )
    cursor = log.record(transaction, user.id, opened).cursor
    return OpenedSession(**_told(fields), session_resumed=False, cursor=cursor, message="Session opened.")


def _still_there(transaction: Transaction, user_id: str, case_id: str | None) -> str | None:
    return case_id if case_id and cases.is_live(transaction, user_id, case_id) else None


def list_sessions(transaction: Transaction, user: User) -> list[Session]:
    """Most recently used first."""
    return [_session(row) for row in transaction.all(_live_of_user, of_user=user.id, at=transaction.now)]


def live_of_client(transaction: Transaction, user: User, client_id: str) -> Row | None:
    row = transaction.first(_active_of_client, of_user=user.id, of_client=client_id)
    return row if row is not None and row.expires_at > transaction.now else None


def get_session(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Session:
    return _session(live_row(transaction, user, session_id, limits))


def live_row(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Row:
    """The row of a live session. Raises SessionNotFound, SessionExpired or SessionEnded, for reads and writes alike."""
    row = own_row(transaction, user, session_id, limits)
    if row is None:
        raise SessionNotFound()
    if row.status == "ended":
        raise SessionEndedProblem(_ended_words(row))
    if row.status == "expired" or row.expires_at <= transaction.now:
        raise SessionExpiredProblem(
            f"This session expired at {rfc3339(min(row.expires_at, row.absolute_expires_at))}; "
            "open a new one with the same client_id to carry on where it stopped."
        )
    return row


def own_row(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> Row | None:
    """The row of a session of this user, live or closed. None: no such session, or closed too long ago."""
    row = transaction.first(_by_id, of_session=session_id)
    if row is None or row.user_id != user.id or _forgotten(transaction, row, limits):
        return None
    return row


def _forgotten(transaction: Transaction, row: Row, limits: Lifetimes) -> bool:
    closed_at: int = row.expires_at if row.closed_at is None else row.closed_at
    return closed_at + limits.closed_days * DAY <= transaction.now


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
    transaction: Transaction, user: User, session_id: str, body: PatchSession, if_match: str, limits: Lifetimes
) -> Session:
    row = live_row(transaction, user, session_id, limits)
    before = _session(row)
    etags.check(if_match, etag(before))
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
    closing.end(transaction, live_row(transaction, user, session_id, limits), "ended")


def end_others(transaction: Transaction, user: User, session_id: str, limits: Lifetimes) -> list[str]:
    """Ends every live session of the user but this one; the ids of those it ended."""
    this = live_row(transaction, user, session_id, limits)
    touch(transaction, this)
    others = [row for row in transaction.all(_live_of_user, of_user=user.id, at=transaction.now) if row.id != this.id]
    for row in others:
        closing.end(transaction, row, "ended_by_other", this.id)
    return [row.id for row in others]


def etag(session: Session) -> str:
    """Changes exactly when the metadata or the open case change."""
    return etags.etag(session.metadata, session.case_id)


def _slide(transaction: Transaction, row: Row, minutes: int, how: sa.Executable = _touch) -> dict[str, Any]:
    """Stores the activity; the columns it has changed."""
    until = min(transaction.now + minutes * MINUTE, row.absolute_expires_at)
    transaction.execute(how, of_session=row.id, seen_at=transaction.now, until=until)
    return {"last_activity_at": transaction.now, "expires_at": until}


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
