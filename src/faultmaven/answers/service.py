"""From question to answer: asked once, run one at a time per case, finished exactly once.

    queued ──claim──▶ running ──▶ completed | failed
       └──────cancel─────┴──────▶ cancelled

Here a question is asked, looked at, cancelled and forgotten; what runs it is in runs.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from faultmaven.answers.model import FINISHED, Ask, Feedback, QueryState, RunError, Status, flat
from faultmaven.answers.tables import queries
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import (
    AnswerCancelled,
    AnswerRemoved,
    FeedbackGiven,
    QuestionAsked,
)
from faultmaven.cases.model import OpenCase
from faultmaven.cases.tables import events
from faultmaven.database import Row, Transaction, new_id, rfc3339
from faultmaven.diagnosis.report import Report
from faultmaven.errors import IdempotencyMismatch, NotFinished, NotRunning, QueryNotFound, QueueFull, invalid
from faultmaven.evidence import service as evidence
from faultmaven.evidence.store import Stored
from faultmaven.identity.service import User
from faultmaven.sessions import service as sessions
from faultmaven.sessions.closing import Lifetimes

WAITING = "queries"
KEY_HOURS = 48
EVIDENCE_DELETED = "evidence_deleted"

_by_id = sa.select(queries).where(queries.c.id == sa.bindparam("of_query"))
_by_key = sa.select(queries).where(
    queries.c.user_id == sa.bindparam("of_user"), queries.c.idempotency_key == sa.bindparam("key")
)
_insert = sa.insert(queries)
_of_case = (
    sa.select(queries).where(queries.c.case_id == sa.bindparam("of_case")).order_by(queries.c.created_at, queries.c.id)
)
_shown_in_case = sa.select(queries.c.evidence).where(queries.c.case_id == sa.bindparam("of_case"))
_present = sa.select(queries.c.id).where(queries.c.id == sa.bindparam("of_query"))
_unfinished = (
    sa.select(queries)
    .where(queries.c.case_id == sa.bindparam("of_case"), queries.c.status.in_(("queued", "running")))
    .order_by(queries.c.created_at, queries.c.id)
)
_cancel = (
    sa.update(queries)
    .where(queries.c.id == sa.bindparam("of_query"), queries.c.status.in_(("queued", "running")))
    .values(status="cancelled", finished_at=sa.bindparam("at"))
)
_rate = (
    sa.update(queries)
    .where(queries.c.id == sa.bindparam("of_query"))
    .values(rating=sa.bindparam("as_rating"), comment=sa.bindparam("words"))
)
_deltas = (
    sa.select(events.c.body)
    .where(events.c.query_id == sa.bindparam("of_query"), events.c.type == "answer.delta")
    .order_by(events.c.cursor)
)
_forget_answer = (
    sa.update(queries)
    .where(queries.c.id == sa.bindparam("of_query"))
    .values(answer=None, fingerprint=None, error_code=sa.bindparam("code"), error_detail=sa.bindparam("detail"))
)
_forget_case = sa.delete(queries).where(queries.c.case_id == sa.bindparam("of_case"))
_forget_key = sa.update(queries).where(queries.c.id == sa.bindparam("of_query")).values(idempotency_key=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """From the settings. `quota` is the evidence in bytes that a user may keep."""

    sessions: Lifetimes
    queued: int
    quota: int


@dataclass(frozen=True, slots=True)
class Attached:
    """Context that came with a question, already on disk, not yet part of a case."""

    stored: Stored
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a question beside its body."""

    key: str | None
    correlation_id: str
    attached: list[Attached]


@dataclass(frozen=True, slots=True)
class Asked:
    """`repeated`: the question was asked before under the same key, and nothing new was stored."""

    query_id: str
    case_id: str
    repeated: bool


def ask(transaction: Transaction, user: User, body: Ask, sent: Sent, limits: Limits) -> Asked:
    """Stores the question, its context as evidence, and its key, all or nothing."""
    session = sessions.live_row(transaction, user, body.session_id, limits.sessions)
    repeated = _repetition(transaction, user, body, sent.key)
    if repeated is not None:
        sessions.touch(transaction, session)
        return repeated
    case_id = _case_for(transaction, user, body, session.case_id)
    ahead = len(transaction.all(_unfinished, of_case=case_id))
    if ahead >= limits.queued:
        raise QueueFull(headers={"Retry-After": "5"})
    named = _named_evidence(transaction, user, case_id, body.evidence_ids)
    added = [
        evidence.add(transaction, user, case_id, one.stored, one.name, one.media_type, None, limits.quota).evidence_id
        for one in sent.attached
    ]
    first = list(dict.fromkeys([*(named or []), *added]))
    if named is None:
        first, others = _fresh_and_others(transaction, user, case_id, added)
    else:
        others = []
    query_id = _store(transaction, user, body, sent, case_id, {"first": first, "others": others})
    sessions.open_case(transaction, session, case_id)
    sessions.touch(transaction, session)
    cases.note_question(transaction, cases.live_row(transaction, user, case_id), body.query)
    asked = QuestionAsked(
        case_id=case_id,
        query_id=query_id,
        session_id=body.session_id,
        query=body.query,
        evidence_ids=first,
        ahead=ahead,
    )
    log.record(transaction, user.id, asked)
    transaction.wake(WAITING)
    return Asked(query_id, case_id, repeated=False)


def _repetition(transaction: Transaction, user: User, body: Ask, key: str | None) -> Asked | None:
    before = transaction.first(_by_key, of_user=user.id, key=key) if key else None
    if before is None:
        return None
    if before.created_at < transaction.now - KEY_HOURS * cases.HOUR:
        transaction.execute(_forget_key, of_query=before.id)
        return None
    if before.request_fingerprint != body.fingerprint():
        raise IdempotencyMismatch()
    return Asked(before.id, before.case_id, repeated=True)


def _case_for(transaction: Transaction, user: User, body: Ask, open_case: str | None) -> str:
    if body.case_id is not None:
        row_id: str = cases.live_row(transaction, user, body.case_id).id
        return row_id
    if open_case is not None and cases.is_live(transaction, user.id, open_case):
        return open_case
    return cases.open_case(transaction, user, OpenCase()).case_id


def _named_evidence(transaction: Transaction, user: User, case_id: str, ids: list[str] | None) -> list[str] | None:
    if ids is None:
        return None
    for evidence_id in ids:
        if evidence.get(transaction, user, evidence_id).case_id != case_id:
            raise invalid("evidence_ids", f"{evidence_id} belongs to another case; name that case in case_id")
    return ids


def _fresh_and_others(
    transaction: Transaction, user: User, case_id: str, added: list[str]
) -> tuple[list[str], list[str]]:
    """What was added to the case since its last question came with this one; it is looked at first."""
    earlier = transaction.all(_shown_in_case, of_case=case_id)
    asked = {one for (shown,) in earlier for part in orjson.loads(shown).values() for one in part}
    all_ids = [one.evidence_id for one in evidence.of_case(transaction, user, case_id)]
    fresh = [one for one in all_ids if one in added or one not in asked]
    return fresh, [one for one in all_ids if one not in fresh]


def _store(
    transaction: Transaction, user: User, body: Ask, sent: Sent, case_id: str, shown: dict[str, list[str]]
) -> str:
    query_id = new_id("query")
    transaction.execute(
        _insert,
        id=query_id,
        user_id=user.id,
        case_id=case_id,
        session_id=body.session_id,
        status="queued",
        query=body.query,
        evidence=orjson.dumps(shown).decode(),
        created_at=transaction.now,
        attempt=0,
        lease_until=0,
        idempotency_key=sent.key,
        correlation_id=sent.correlation_id,
        request_fingerprint=body.fingerprint(),
    )
    return query_id


def get_query(transaction: Transaction, user: User, query_id: str) -> bytes:
    """The JSON of a QueryAnswer, as far as it has come."""
    row = _own_row(transaction, user, query_id)
    written = ""
    if row.answer is None:
        written = "".join(_written(transaction, row))
    return flat(_state(row), row.answer, written)


def _written(transaction: Transaction, row: Row) -> list[str]:
    """The text of the newest attempt; what an earlier one wrote was taken back when the next began."""
    deltas = [orjson.loads(body) for (body,) in transaction.all(_deltas, of_query=row.id)]
    return [delta["text"] for delta in deltas if delta["attempt"] == row.attempt]


def status_of(transaction: Transaction, user: User, query_id: str) -> Status:
    status: Status = _own_row(transaction, user, query_id).status
    return status


def cancel(transaction: Transaction, user: User, query_id: str) -> None:
    """Stops it now; what was written so far stays. Raises NotRunning if it has already come to its end."""
    row = _own_row(transaction, user, query_id)
    if row.status in FINISHED:
        raise NotRunning(f"This query is already {row.status}.")
    _cancel_row(transaction, row)


def cancel_case(transaction: Transaction, _user: User, case_id: str) -> None:
    """Stops all that is running or waiting in a case."""
    for row in transaction.all(_unfinished, of_case=case_id):
        _cancel_row(transaction, row)


def _cancel_row(transaction: Transaction, row: Row) -> None:
    transaction.execute(_cancel, of_query=row.id, at=transaction.now)
    log.record(transaction, row.user_id, AnswerCancelled(case_id=row.case_id, query_id=row.id))
    transaction.wake(topic(row.id))
    transaction.wake(WAITING)


def give_feedback(transaction: Transaction, user: User, query_id: str, body: Feedback) -> Feedback:
    """The last word counts."""
    row = _own_row(transaction, user, query_id)
    if row.status not in FINISHED:
        raise NotFinished()
    transaction.execute(_rate, of_query=row.id, as_rating=body.rating, words=body.comment)
    given = FeedbackGiven(case_id=row.case_id, query_id=row.id, rating=body.rating, comment=body.comment)
    log.record(transaction, user.id, given)
    return body


def topic(query_id: str) -> str:
    return f"query:{query_id}"


def forget_evidence(transaction: Transaction, user: User, case_id: str, evidence_id: str) -> None:
    """An answer quotes the evidence it looked at, so it goes with it; the question stays."""
    found_by = []
    for row in queries_of_case(transaction, case_id):
        found_by.append(row.query)
        shown = orjson.loads(row.evidence)
        if evidence_id in shown["first"] + shown["others"]:
            _forget(transaction, user, row)
        elif row.answer:
            found_by.append(orjson.loads(row.answer)["headline"])
    cases.find_only_by(transaction, cases.live_row(transaction, user, case_id), found_by)


def _forget(transaction: Transaction, user: User, row: Row) -> None:
    if row.error_code == EVIDENCE_DELETED:
        return
    log.forget_answer(transaction, user.id, row.case_id, row.id)
    # Only now: who follows this query must still be told that it has come to its end.
    if row.status not in FINISHED:
        _cancel_row(transaction, row)
    detail = "The answer was removed together with the evidence it quoted."
    transaction.execute(_forget_answer, of_query=row.id, code=EVIDENCE_DELETED, detail=detail)
    log.record(transaction, user.id, AnswerRemoved(case_id=row.case_id, query_id=row.id))


def exists(transaction: Transaction, query_id: str) -> bool:
    """False once it is gone for good with its case, so that nobody need wait for its last event."""
    return transaction.first(_present, of_query=query_id) is not None


def forget_case(transaction: Transaction, case_id: str) -> None:
    transaction.execute(_forget_case, of_case=case_id)


def of_case(transaction: Transaction, user: User, case_id: str) -> list[tuple[QueryState, Report | None]]:
    """All questions of a case in order, with their answers."""
    cases.live_row(transaction, user, case_id)
    return [
        (_state(row), Report.model_validate_json(row.answer) if row.answer else None)
        for row in queries_of_case(transaction, case_id)
    ]


def queries_of_case(transaction: Transaction, case_id: str) -> list[Row]:
    """In the order in which they were asked."""
    return transaction.all(_of_case, of_case=case_id)


def _own_row(transaction: Transaction, user: User, query_id: str) -> Row:
    """Raises QueryNotFound, also for another user's, and CaseDeleted with its case."""
    row = transaction.first(_by_id, of_query=query_id)
    if row is None or row.user_id != user.id:
        raise QueryNotFound()
    cases.live_row(transaction, user, row.case_id)
    return row


def _state(row: Row) -> QueryState:
    shown = orjson.loads(row.evidence)
    return QueryState(
        query_id=row.id,
        session_id=row.session_id,
        case_id=row.case_id,
        status=row.status,
        query=row.query,
        evidence_ids=[*shown["first"], *shown["others"]],
        created_at=rfc3339(row.created_at),
        started_at=rfc3339(row.started_at) if row.started_at else None,
        finished_at=rfc3339(row.finished_at) if row.finished_at else None,
        error=RunError(code=row.error_code, detail=row.error_detail) if row.error_code else None,
        feedback=Feedback(rating=row.rating, comment=row.comment or "") if row.rating else None,
    )
