"""What happened to a session, for the person who is told that it is no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from faultmaven.cases.events import EndReason
from faultmaven.database import Row, Transaction, rfc3339
from faultmaven.errors import SessionNotFound
from faultmaven.identity.service import User
from faultmaven.sessions import failures, service
from faultmaven.sessions.closing import DAY, Lifetimes, reason_of_expiry
from faultmaven.sessions.failures import KEPT, SESSION_ID, Failed
from faultmaven.sessions.model import SessionDiagnosis, SessionFailure, Status, one_line

NAME_LIMIT = 80
ANEW = "Open a new session from the same client; the case that was open comes back with it."
GONE_ON = "Its client has gone on in another session since; opening one from it again leads there."


def diagnose(
    transaction: Transaction, user: User, session_id: str, waiting: Sequence[Failed], limits: Lifetimes
) -> SessionDiagnosis:
    """`waiting` are failures that are not stored yet. Raises SessionNotFound, which says what that may mean."""
    row = service.own_row(transaction, user, session_id, limits)
    if row is None:
        raise SessionNotFound(_unknown(session_id, limits))
    status, closed_at, reason = _end_of(row, transaction.now)
    current = service.live_of_client(transaction, user, row.client_id)
    way_out = GONE_ON if current is not None else ANEW
    return SessionDiagnosis(
        session_id=row.id,
        client_id=row.client_id,
        status=status,
        opened_at=rfc3339(row.created_at),
        resumed_count=row.resumed_count,
        resumed_at=_maybe(row.resumed_at),
        last_activity_at=rfc3339(row.last_activity_at),
        expires_at=rfc3339(row.expires_at),
        absolute_expires_at=rfc3339(row.absolute_expires_at),
        timeout_minutes=row.timeout_minutes,
        closed_at=_maybe(closed_at),
        close_reason=reason,
        closed_by_session_id=row.closed_by,
        previous_session_id=row.previous_session_id,
        current_session_id=current.id if current is not None and current.id != row.id else None,
        failures=[_told(one) for one in _newest(failures.newest(transaction, row.id), waiting)],
        explanation=_alive(row) if reason is None else f"{_over(transaction, user, row, reason, limits)} {way_out}",
        recovery="none" if status == "active" else "create_session",
    )


def _end_of(row: Row, now: int) -> tuple[Status, int | None, EndReason | None]:
    """How it stands: the sweep may not have come by yet."""
    if row.status == "active" and row.expires_at > now:
        return "active", None, None
    if row.status == "active":
        return "expired", row.expires_at, reason_of_expiry(row)
    return row.status, row.closed_at, row.end_reason


def _newest(stored: Sequence[Failed], waiting: Sequence[Failed]) -> list[Failed]:
    """What was being stored meanwhile may be in both."""
    each = {one.id: one for one in [*stored, *waiting]}
    return sorted(each.values(), key=lambda one: (one.at, one.id), reverse=True)[:KEPT]


def _told(failed: Failed) -> SessionFailure:
    return SessionFailure(
        at=rfc3339(failed.at),
        status=failed.status,
        code=failed.code,
        method=failed.method,
        path=failed.path,
        correlation_id=failed.correlation_id,
    )


def _over(transaction: Transaction, user: User, row: Row, reason: EndReason, limits: Lifetimes) -> str:
    last_used = _when(row.last_activity_at)
    match reason:
        case "idle":
            unused = _minutes(row.timeout_minutes)
            return f"This session expired at {_when(row.expires_at)}: it was last used at {last_used}, {unused} before."
        case "absolute":
            days = _days((row.absolute_expires_at - row.created_at) // DAY)
            return (
                f"This session expired at {_when(row.expires_at)}: it was opened {days} before, and none lives longer."
            )
        case "ended":
            return f"This session was ended on request at {_when(row.closed_at)}."
        case "ended_by_other":
            by = _called(transaction, user, row.closed_by, limits)
            return f"This session was ended at {_when(row.closed_at)} from {by}, which ended all others."
        case "cap":
            by = _called(transaction, user, row.closed_by, limits)
            return (
                f"This session was ended at {_when(row.closed_at)} to make room for {by}: of all that were open it was "
                f"the least recently used, at {last_used}, and no more than {limits.most_per_user} may be open at once."
            )


def _alive(row: Row) -> str:
    resumed = f", resumed {_times(row.resumed_count)}" if row.resumed_count else ""
    return (
        f"This session is alive: it was opened at {_when(row.created_at)}{resumed}, was last used at "
        f"{_when(row.last_activity_at)} and expires at {_when(row.expires_at)} unless it is used before; "
        f"at {_when(row.absolute_expires_at)} it is over however much it is used."
    )


def _unknown(session_id: str, limits: Lifetimes) -> str:
    if not SESSION_ID.fullmatch(session_id):
        return (
            "This server never gave out that id: it has not the form of one. Only the server makes ids of sessions; "
            "open one with POST /api/v1/sessions and keep the id it answers with."
        )
    return (
        "This server knows no such session of yours. It was opened at another server or by another user, or it was "
        f"closed more than {_days(limits.closed_days)} ago. Open a new one from the same client."
    )


def _called(transaction: Transaction, user: User, session_id: str | None, limits: Lifetimes) -> str:
    """A session in words: what its client calls itself, if that is known and fit to be shown."""
    row = service.own_row(transaction, user, session_id, limits) if session_id else None
    if row is None:
        return "another session"
    said: dict[str, Any] = orjson.loads(row.metadata)
    parts = [said.get(name) for name in ("client_name", "browser", "platform")]
    name = ", ".join(part for part in parts if isinstance(part, str) and part) or row.client_id
    try:
        return f"another session ({one_line(name[:NAME_LIMIT])})"
    except ValueError:
        return "another session"


def _when(micros: int) -> str:
    return rfc3339(micros - micros % 1_000_000).replace("T", " ").replace("Z", " UTC")


def _maybe(micros: int | None) -> str | None:
    return None if micros is None else rfc3339(micros)


def _minutes(count: int) -> str:
    return "a minute" if count == 1 else f"{count} minutes"


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
