"""What docs/sessions.md promises of one user's sessions, questions and log, as a program without server, disk or clock.

`Account.do` takes an operation, the moment it happens and what the server named or chose, and says what the answer has
to be. Where the server may choose (was the answer finished before it was cancelled?) the model follows what was told;
everything else it knows beforehand. Times are microseconds; a broken promise is an AssertionError.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.faults.state_operations import (
    ABSENT,
    Ask,
    Cancel,
    Diagnose,
    End,
    EndOthers,
    Event,
    Expected,
    Heartbeat,
    Json,
    ListAll,
    Open,
    OpenCase,
    Operation,
    Patch,
    Read,
    ReadCase,
    ReadQuery,
    Refused,
    Told,
    canonical,
    event,
    new_id,
)
from tests.faults.state_questions import DAY, Questions

MINUTE = 60_000_000
DEFAULT_MINUTES = 60


@dataclass(frozen=True)
class Limits:
    absolute_days: int
    closed_days: int
    cap: int


@dataclass
class Session:
    """`ended_at`, `reason` and `by` of a session that was ended; one that merely expired has none of them."""

    id: str
    client: str
    previous: str | None
    opened_at: int
    seen_at: int
    minutes: int
    metadata: Json
    case_id: str | None
    absolute_at: int
    resumed: int = 0
    resumed_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    by: str | None = None

    @property
    def expires_at(self) -> int:
        return min(self.seen_at + self.minutes * MINUTE, self.absolute_at)

    @property
    def closed_at(self) -> int:
        """When it was closed, or will be if nothing more happens."""
        return self.expires_at if self.ended_at is None else self.ended_at

    def live(self, now: int) -> bool:
        return self.ended_at is None and now < self.expires_at

    def why_closed(self, now: int) -> str | None:
        if self.live(now) or self.reason is not None:
            return self.reason
        return "absolute" if self.expires_at == self.absolute_at else "idle"

    def content(self) -> str:
        """What its tag covers."""
        return canonical([self.metadata, self.case_id])

    def told(self) -> Json:
        return {
            "session_id": self.id,
            "client_id": self.client,
            "session_type": "troubleshooting",
            "status": "active",
            "previous_session_id": self.previous,
            "created_at": self.opened_at,
            "last_activity_at": self.seen_at,
            "expires_at": self.expires_at,
            "timeout_minutes": self.minutes,
            "metadata": self.metadata,
            "case_id": self.case_id,
        }

    def diagnosed(self, now: int, current: str | None) -> Json:
        live = self.live(now)
        return {
            "session_id": self.id,
            "client_id": self.client,
            "status": "active" if live else "ended" if self.reason else "expired",
            "opened_at": self.opened_at,
            "resumed_count": self.resumed,
            "resumed_at": self.resumed_at,
            "last_activity_at": self.seen_at,
            "expires_at": self.expires_at,
            "absolute_expires_at": self.absolute_at,
            "timeout_minutes": self.minutes,
            "closed_at": None if live else self.closed_at,
            "close_reason": self.why_closed(now),
            "closed_by_session_id": self.by,
            "previous_session_id": self.previous,
            "current_session_id": current if current != self.id else None,
            "recovery": "none" if live else "create_session",
        }


class Account:
    """All of one user. `log` is what their log must tell: groups in order, each of one transaction in any order."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sessions: dict[str, Session] = {}
        self.questions = Questions()
        self.log: list[list[Event]] = []

    def do(self, operation: Operation, now: int, told: Told) -> Expected:
        """What must be answered; afterwards the account is as it must be. A refusal changes nothing."""
        try:
            return self._do(operation, now, told)
        except Refused as refused:
            return refused.expected

    def _do(self, operation: Operation, now: int, told: Told) -> Expected:
        match operation:
            case Open():
                return self._open(operation, now, told)
            case ListAll():
                return Expected(200, {"sessions": [session.told() for session in self.live(now)]})
            case Read(session_id):
                return Expected(200, self._live(session_id, now).told())
            case Diagnose(session_id):
                session = self._known(session_id, now)
                current = [one.id for one in self.live(now) if one.client == session.client]
                return Expected(200, session.diagnosed(now, current[0] if current else None))
            case Heartbeat(session_id):
                return Expected(200, self._touch(self._live(session_id, now), now))
            case Patch():
                return self._patch(operation, now)
            case End(session_id):
                self._happened(self._end(self._live(session_id, now), now, "ended"))
                return Expected(204)
            case EndOthers(session_id):
                return self._end_others(session_id, now)
            case OpenCase(title):
                case_id, opened = self.questions.open_case(title, told)
                self._happened(opened)
                return Expected(201, {"case_id": case_id, "title": title, "status": "open"})
            case ReadCase(case_id):
                return Expected(200, {"case_id": self.questions.case(case_id)})
            case Ask():
                return self._ask(operation, now, told)
            case ReadQuery(query_id):
                return Expected(200, self.questions.query(query_id).told())
            case Cancel(query_id):
                self._happened(self.questions.cancel(query_id, told))
                return Expected(200, self.questions.query(query_id).told() | {"status": "cancelled"})

    def live(self, now: int) -> list[Session]:
        """Most recently used first."""
        return sorted((one for one in self.sessions.values() if one.live(now)), key=lambda one: -one.seen_at)

    def forgotten_at(self, session: Session) -> int:
        """When a closed session stops answering 410."""
        return session.closed_at + self.limits.closed_days * DAY

    def _known(self, session_id: str, now: int) -> Session:
        session = self.sessions.get(session_id)
        if session is None or self._forgotten(session, now):
            raise Refused(404, "session_not_found", "create_session")
        return session

    def _forgotten(self, session: Session, now: int) -> bool:
        return not session.live(now) and now >= self.forgotten_at(session)

    def _live(self, session_id: str, now: int) -> Session:
        session = self._known(session_id, now)
        if not session.live(now):
            raise Refused(410, "session_ended" if session.reason else "session_expired", "create_session")
        return session

    def _open(self, body: Open, now: int, told: Told) -> Expected:
        for session in self.live(now):
            if session.client == body.client:
                return self._resume(session, body, now)
        session_id = new_id(told.session_id, self.sessions)
        # The least recently used make room.
        ended = [self._end(one, now, "cap", session_id) for one in self.live(now)[self.limits.cap - 1 :]]
        previous = self._previous(body.client, now)
        session = Session(
            id=session_id,
            client=body.client,
            previous=previous.id if previous else None,
            opened_at=now,
            seen_at=now,
            minutes=body.minutes or DEFAULT_MINUTES,
            metadata=body.metadata or {},
            case_id=previous.case_id if previous else None,
            absolute_at=now + self.limits.absolute_days * DAY,
        )
        self.sessions[session.id] = session
        opened = event(
            "session.opened", session.id, session.client, session.previous, session.case_id, session.metadata
        )
        self._happened(*ended, opened)
        return Expected(201, session.told() | {"session_resumed": False})

    def _resume(self, session: Session, body: Open, now: int) -> Expected:
        before = session.content()
        session.minutes = body.minutes or session.minutes
        session.metadata = session.metadata if body.metadata is None else body.metadata
        session.resumed, session.resumed_at = session.resumed + 1, now
        self._happened(*self._update(session, before))
        return Expected(200, self._touch(session, now) | {"session_resumed": True})

    def _previous(self, client: str, now: int) -> Session | None:
        known = [one for one in self.sessions.values() if one.client == client and not self._forgotten(one, now)]
        return known[-1] if known else None

    def _touch(self, session: Session, now: int) -> Json:
        session.seen_at = now
        return session.told()

    def _patch(self, body: Patch, now: int) -> Expected:
        session = self._live(body.session, now)
        if body.if_match == "stale":
            raise Refused(412, "precondition_failed", "retry")
        case_id = session.case_id if body.case == ABSENT else body.case
        if case_id is not None:
            self.questions.case(case_id)
        before = session.content()
        session.metadata = merged(session.metadata, body.metadata or {})
        session.case_id = case_id
        self._happened(*self._update(session, before))
        return Expected(200, self._touch(session, now))

    def _end(self, session: Session, now: int, reason: str, by: str | None = None) -> Event:
        session.ended_at, session.reason, session.by = now, reason, by
        return event("session.ended", session.id, reason, by)

    def _end_others(self, session_id: str, now: int) -> Expected:
        this = self._live(session_id, now)
        self._touch(this, now)
        others = [session for session in self.live(now) if session is not this]
        self._happened(*(self._end(session, now, "ended_by_other", this.id) for session in others))
        return Expected(200, {"ended_session_ids": [session.id for session in others]})

    def _ask(self, body: Ask, now: int, told: Told) -> Expected:
        session = self._live(body.session, now)
        query = self.questions.repeated(body, now)
        if query is None:
            query, happened = self.questions.ask(body, session.case_id, now, told)
            before = session.content()
            session.case_id = query.case_id
            self._happened(*self._update(session, before), *happened)
        self._touch(session, now)
        return Expected(200 if body.wait else 202, query.told())

    def _update(self, session: Session, before: str) -> list[Event]:
        if session.content() == before:
            return []
        return [event("session.updated", session.id, session.case_id, session.metadata)]

    def _happened(self, *events: Event) -> None:
        if events:
            self.log.append(list(events))


def merged(target: Json, patch: Json) -> Json:
    """RFC 7396, for objects."""
    result = {key: value for key, value in target.items() if patch.get(key, ABSENT) is not None}
    for key, value in patch.items():
        if isinstance(value, dict):
            inner = result.get(key)
            result[key] = merged(inner if isinstance(inner, dict) else {}, value)
        elif value is not None:
            result[key] = value
    return result


def same_log(expected: list[list[Event]], told: list[Event]) -> bool:
    """The groups in their order; what one transaction told has no order."""
    at = 0
    for group in expected:
        if Counter(told[at : at + len(group)]) != Counter(group):
            return False
        at += len(group)
    return at == len(told)
