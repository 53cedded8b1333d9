"""The append-only log: numbering, writing and reading of events.

Numbers are assigned in the transaction that stores the event, from a counter in the owning row, so they have no gaps
and no duplicates whatever runs at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from faultmaven.cases.events import Event, Removed
from faultmaven.cases.tables import cases, events
from faultmaven.database import Row, Transaction, rfc3339
from faultmaven.identity.tables import users

PAGE = 200
# Some milliseconds of the one writer, for which requests wait.
FORGOTTEN_AT_ONCE = 50

_take_cursors = (
    sa.update(users)
    .where(users.c.id == sa.bindparam("of_user"))
    .values(next_cursor=users.c.next_cursor + sa.bindparam("count"))
    .returning(users.c.next_cursor - sa.bindparam("count"))
)
_next_seq = (
    sa.update(cases)
    .where(cases.c.id == sa.bindparam("of_case"))
    .values(next_seq=cases.c.next_seq + 1)
    .returning(cases.c.next_seq - 1)
)
_insert = sa.insert(events)
_columns = (events.c.cursor, events.c.seq, events.c.type, events.c.body)
_of_case = (
    sa.select(*_columns)
    .where(events.c.case_id == sa.bindparam("of_case"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("most"))
)
_of_user = (
    sa.select(*_columns)
    .where(events.c.user_id == sa.bindparam("of_user"), events.c.cursor > sa.bindparam("after"))
    .order_by(events.c.cursor)
    .limit(sa.bindparam("most"))
)
_of_query = (
    sa.select(*_columns)
    .where(events.c.query_id == sa.bindparam("of_query"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.cursor)
    .limit(sa.bindparam("most"))
)
_newest = sa.select(users.c.next_cursor - 1).where(users.c.id == sa.bindparam("of_user"))
_numbers_of_case = (
    sa.select(events.c.cursor, events.c.seq, events.c.at)
    .where(events.c.case_id == sa.bindparam("of_case"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("most"))
)
_numbers_of_query = sa.select(events.c.cursor, events.c.seq, events.c.at).where(
    events.c.query_id == sa.bindparam("of_query"), events.c.type.like("answer.%")
)
_numbers_of_evidence = sa.select(events.c.cursor, events.c.seq, events.c.at).where(
    events.c.case_id == sa.bindparam("of_case"),
    events.c.type == "evidence.added",
    events.c.body.like(sa.bindparam("names_it")),
)
_told_of_query = sa.select(events.c.cursor, events.c.body).where(
    events.c.query_id == sa.bindparam("of_query"), events.c.type == "answer.completed"
)
_rewrite = (
    sa.update(events)
    .where(events.c.user_id == sa.bindparam("of_user"), events.c.cursor == sa.bindparam("number"))
    .values(body=sa.bindparam("rewritten"))
)
_forget = (
    sa.update(events)
    .where(events.c.user_id == sa.bindparam("of_user"), events.c.cursor == sa.bindparam("number"))
    .values(type="removed", query_id=None, body=sa.bindparam("tombstone"))
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as stored: its numbers, and its JSON encoded once for every reader."""

    cursor: int
    seq: int | None
    type: str
    body: str


def topic_of_user(user_id: str) -> str:
    return f"user:{user_id}"


def topic_of_case(case_id: str) -> str:
    return f"case:{case_id}"


def record(transaction: Transaction, user_id: str, event: Event) -> Recorded:
    """Appends `event` to the user's log, and to its case's if it names one; numbers and time are filled in here."""
    cursor = _number(transaction, _take_cursors, of_user=user_id, count=1)
    seq = _number(transaction, _next_seq, of_case=event.case_id) if event.case_id else None
    row = _store(transaction, user_id, event, cursor, seq)
    transaction.wake(topic_of_user(user_id))
    if event.case_id:
        transaction.wake(topic_of_case(event.case_id))
    return row


def record_all(transaction: Transaction, user_id: str, happened: Sequence[Event]) -> None:
    """Appends events that belong to no case to the user's log, in this order, numbered at one go."""
    first = _number(transaction, _take_cursors, of_user=user_id, count=len(happened))
    for cursor, event in enumerate(happened, first):
        assert event.case_id is None
        _store(transaction, user_id, event, cursor, None)
    transaction.wake(topic_of_user(user_id))


def _store(transaction: Transaction, user_id: str, event: Event, cursor: int, seq: int | None) -> Recorded:
    stored = event.model_copy(update={"cursor": cursor, "seq": seq, "at": rfc3339(transaction.now)})
    row = Recorded(cursor, seq, getattr(event, "type"), stored.model_dump_json())  # noqa: B009
    transaction.execute(
        _insert,
        user_id=user_id,
        cursor=cursor,
        case_id=event.case_id,
        seq=seq,
        query_id=getattr(event, "query_id", None),
        type=row.type,
        at=transaction.now,
        body=row.body,
    )
    return row


def _number(transaction: Transaction, statement: sa.Executable, **values: str | int) -> int:
    row = transaction.first(statement, **values)
    assert row is not None, f"no counter for {values}"
    number: int = row[0]
    return number


def newest_cursor(transaction: Transaction, user_id: str) -> int:
    return _number(transaction, _newest, of_user=user_id)


def of_case(transaction: Transaction, case_id: str, after: int, most: int = PAGE) -> list[Recorded]:
    return [Recorded(*row) for row in transaction.all(_of_case, of_case=case_id, after=after, most=most)]


def of_user(transaction: Transaction, user_id: str, after: int, most: int = PAGE) -> list[Recorded]:
    return [Recorded(*row) for row in transaction.all(_of_user, of_user=user_id, after=after, most=most)]


def of_query(transaction: Transaction, query_id: str, after: int, most: int = PAGE) -> list[Recorded]:
    """In order of `seq`, which is what `after` counts."""
    return [Recorded(*row) for row in transaction.all(_of_query, of_query=query_id, after=after, most=most)]


def forget_some_of_case(transaction: Transaction, user_id: str, case_id: str, after: int) -> int:
    """Some of what happened in the case after that `seq` is gone; its numbers stay, so that no reader sees a gap.

    Up to which `seq` it is gone now: `after` if there was nothing left.
    """
    rows = transaction.all(_numbers_of_case, of_case=case_id, after=after, most=FORGOTTEN_AT_ONCE)
    _replace(transaction, user_id, case_id, rows)
    return rows[-1].seq if rows else after


def forget_answer(transaction: Transaction, user_id: str, case_id: str, query_id: str) -> None:
    """What was written in answer to one query is gone from the log."""
    _replace(transaction, user_id, case_id, transaction.all(_numbers_of_query, of_query=query_id))


def rewrite_answer(transaction: Transaction, user_id: str, query_id: str, rewritten: Callable[[str], str]) -> None:
    """What was told as the answer to one query is told otherwise from now on, to whoever has not read it yet."""
    for cursor, body in transaction.all(_told_of_query, of_query=query_id):
        transaction.execute(_rewrite, of_user=user_id, number=cursor, rewritten=rewritten(body))


def forget_evidence(transaction: Transaction, user_id: str, case_id: str, evidence_id: str) -> None:
    """What was said when this evidence came is gone from the log: its name may be nobody's business any more."""
    rows = transaction.all(_numbers_of_evidence, of_case=case_id, names_it=f'%"evidence_id":"{evidence_id}"%')
    _replace(transaction, user_id, case_id, rows)


def _replace(transaction: Transaction, user_id: str, case_id: str, rows: Sequence[Row]) -> None:
    for cursor, seq, at in rows:
        event = Removed(cursor=cursor, case_id=case_id, seq=seq, at=rfc3339(at))
        body = orjson.dumps(event.model_dump()).decode()
        transaction.execute(_forget, of_user=user_id, number=cursor, tombstone=body)
