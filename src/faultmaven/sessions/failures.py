"""What went wrong lately in a session, for the person who asks what happened to it.

A request that names a session and is refused is noted in memory, which costs next to nothing, and stored a moment later
in the background. However many are refused, a session keeps its newest 20.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
import structlog

from faultmaven.database import Clock, Database, Row, Transaction, new_id
from faultmaven.observability import Refusal
from faultmaven.sessions.tables import failures, sessions

log = structlog.get_logger()

KEPT = 20
# Sessions of one user whose failures are not stored yet; beyond that, those of further ones are not noted.
SESSIONS_WAITING = 200
SESSIONS_AT_ONCE = 4
PAUSE_SECONDS = 1.0
PAUSE_AFTER_ERROR_SECONDS = 15.0

SESSION_ID = re.compile(r"session_[0-9a-f]{32}")
_PATH = re.compile(rf"(/api/v1/sessions)/({SESSION_ID.pattern})((?:/[a-z-]{{1,40}})?)/?")

_owner = sa.select(sessions.c.user_id).where(sessions.c.id == sa.bindparam("of_session"))
_insert = sa.insert(failures)
_newest = (
    sa.select(failures)
    .where(failures.c.session_id == sa.bindparam("of_session"))
    .order_by(failures.c.at.desc(), failures.c.id.desc())
    .limit(KEPT)
)
_forget_older = sa.delete(failures).where(
    failures.c.session_id == sa.bindparam("of_session"),
    failures.c.id.not_in(_newest.with_only_columns(failures.c.id)),
)


@dataclass(frozen=True, slots=True)
class Failed:
    """One row. `status` is 500 for a query that failed while it ran, whatever its request was answered."""

    id: str
    session_id: str
    user_id: str
    at: int
    status: int
    code: str
    method: str
    path: str
    correlation_id: str


def record(transaction: Transaction, failed: Sequence[Failed]) -> None:
    """Stores failures of sessions that exist and belong to the user who asked; of each session the newest are kept.

    What is stored already is left alone: whoever could not be told that it was stored tries again.
    """
    of_session: dict[str, list[Failed]] = {}
    for one in failed:
        of_session.setdefault(one.session_id, []).append(one)
    for session_id, theirs in of_session.items():
        owner = transaction.first(_owner, of_session=session_id)
        if owner is not None:
            _record(transaction, session_id, [one for one in theirs if one.user_id == owner.user_id])


def _record(transaction: Transaction, session_id: str, failed: Sequence[Failed]) -> None:
    stored = {row.id for row in transaction.all(_newest, of_session=session_id)}
    for one in failed:
        if one.id not in stored:
            transaction.execute(_insert, **asdict(one))
    transaction.execute(_forget_older, of_session=session_id)


def record_run(transaction: Transaction, user_id: str, session_id: str, code: str, correlation_id: str) -> None:
    """A query that was let in and then failed; the correlation id is that of the request that asked it."""
    at = transaction.now
    failed = Failed(new_id("failure"), session_id, user_id, at, 500, code, "POST", "/api/v1/query", correlation_id)
    record(transaction, [failed])


def newest(transaction: Transaction, session_id: str) -> list[Failed]:
    """Those that are stored, newest first."""
    return [_failed(row) for row in transaction.all(_newest, of_session=session_id)]


def _failed(row: Row) -> Failed:
    return Failed(**row._asdict())


class Failures:
    """Those that are not stored yet. Call it on the loop; `run` it in the application's lifespan, `stop` it last."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # By user as well: what somebody else is refused on an id must not push out what its owner was.
        self._waiting: dict[str, dict[str, deque[Failed]]] = {}
        self._noted = asyncio.Event()
        self._last_at = 0

    def note(self, refusal: Refusal) -> None:
        """Remembers a refusal that names a session in its path or its body; any other is nobody's."""
        session_id, path = _named(refusal)
        if not SESSION_ID.fullmatch(session_id):
            return
        theirs = self._waiting.setdefault(refusal.user_id, {})
        if session_id not in theirs and len(theirs) >= SESSIONS_WAITING:
            return
        theirs.setdefault(session_id, deque(maxlen=KEPT)).append(
            Failed(
                id=new_id("failure"),
                session_id=session_id,
                user_id=refusal.user_id,
                at=self._at(),
                status=refusal.status,
                code=refusal.code,
                method=refusal.method,
                path=path,
                correlation_id=refusal.correlation_id,
            )
        )
        self._noted.set()

    def _at(self) -> int:
        """Two of the same microsecond keep their order."""
        self._last_at = max(self._last_at + 1, self._clock())
        return self._last_at

    def waiting(self, user_id: str, session_id: str) -> list[Failed]:
        return list(self._waiting.get(user_id, {}).get(session_id, ()))

    async def run(self) -> None:
        """Stores what was noted, a moment later: a flood of refusals is one small write a second."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(PAUSE_SECONDS)
            self._noted.clear()
            try:
                await self.flush()
            except Exception as error:  # a full disk now: they wait, within bounds, and are tried again
                log.warning("failures.not_stored", exc_info=error)
                self._noted.set()
                await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)

    async def stop(self) -> None:
        """Stores the last of them, if that is possible."""
        try:
            await self.flush()
        except Exception as error:  # a full disk must not be in the way of an orderly stop
            log.warning("failures.not_stored", exc_info=error)

    async def flush(self) -> None:
        """Stores all that waits now, a few sessions at a time."""
        waiting = [(user_id, session_id) for user_id, theirs in self._waiting.items() for session_id in theirs]
        for start in range(0, len(waiting), SESSIONS_AT_ONCE):
            some = waiting[start : start + SESSIONS_AT_ONCE]
            failed = [one for user_id, session_id in some for one in self._waiting[user_id][session_id]]
            await self._database.write(record, failed)
            self._forget(some, {one.id for one in failed})

    def _forget(self, some: Sequence[tuple[str, str]], stored: set[str]) -> None:
        """Only now, so that who asks meanwhile finds each of them in one place at least."""
        for user_id, session_id in some:
            theirs = self._waiting[user_id]
            left = deque((one for one in theirs.pop(session_id) if one.id not in stored), KEPT)
            if left:
                theirs[session_id] = left
            elif not theirs:
                del self._waiting[user_id]


def _named(refusal: Refusal) -> tuple[str, str]:
    """The session that a request names, and its path with a blank in its place."""
    in_path = _PATH.fullmatch(refusal.path)
    if in_path is None:
        return refusal.session_id, refusal.path
    return in_path[2], f"{in_path[1]}/{{session_id}}{in_path[3]}"
