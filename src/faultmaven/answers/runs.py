"""Runs of queries: claimed under a lease, renewed, and ended exactly once.

    queued ──claim──▶ running ──▶ completed | failed

When a worker dies its lease runs out and the next claim takes over with a higher `attempt`, the fencing token. Every
write of a run checks that its attempt still stands, so a worker that was given up for dead changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from faultmaven.answers import told
from faultmaven.answers.model import Status
from faultmaven.answers.service import WAITING
from faultmaven.answers.tables import queries
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import AnswerCompleted, AnswerFailed, AnswerStarted, Event
from faultmaven.cases.tables import cases as case_table
from faultmaven.database import Row, Transaction, rfc3339
from faultmaven.diagnosis.report import Report, SeenBefore
from faultmaven.diagnosis.sources import QUESTION
from faultmaven.evidence import service as evidence
from faultmaven.evidence.model import Evidence
from faultmaven.evidence.store import Stored
from faultmaven.identity import service as identity
from faultmaven.identity.service import User
from faultmaven.sessions import failures

# Renewed every 3 s: a server that was suspended or starved for less than the rest does not take over from itself. One
# that starts waits for no lease (`release_all`).
LEASE = 30_000_000
ATTEMPTS = 3
HISTORY = 5
SEEN_BEFORE = 5
# A question was let in already; its text does not have to fit into what is left for evidence.
UNLIMITED = 1 << 62

_other = queries.alias("other")
_claimable = (
    sa.select(queries)
    .join(case_table, case_table.c.id == queries.c.case_id)
    .where(
        case_table.c.deleted_at.is_(None),
        sa.or_(
            queries.c.status == "queued",
            sa.and_(queries.c.status == "running", queries.c.lease_until < sa.bindparam("at")),
        ),
        ~sa.exists().where(
            _other.c.case_id == queries.c.case_id,
            _other.c.status.in_(("queued", "running")),
            sa.or_(
                _other.c.created_at < queries.c.created_at,
                sa.and_(_other.c.created_at == queries.c.created_at, _other.c.id < queries.c.id),
            ),
        ),
    )
    .order_by(queries.c.created_at)
    .limit(1)
)
_newest_answers = (
    sa.select(queries.c.query, queries.c.answer)
    .where(queries.c.case_id == sa.bindparam("of_case"), queries.c.answer.is_not(None))
    .order_by(queries.c.created_at.desc(), queries.c.id.desc())
    .limit(HISTORY)
)
_start = (
    sa.update(queries)
    .where(queries.c.id == sa.bindparam("of_query"))
    .values(
        status="running",
        attempt=queries.c.attempt + 1,
        started_at=sa.bindparam("at"),
        lease_until=sa.bindparam("until"),
    )
)
_renew = (
    sa.update(queries)
    .where(
        queries.c.id == sa.bindparam("of_query"),
        queries.c.status == "running",
        queries.c.attempt == sa.bindparam("as_attempt"),
    )
    .values(lease_until=sa.bindparam("until"))
)
_finish = (
    sa.update(queries)
    .where(
        queries.c.id == sa.bindparam("of_query"),
        queries.c.status == "running",
        queries.c.attempt == sa.bindparam("as_attempt"),
    )
    .values(
        status=sa.bindparam("as_status"),
        finished_at=sa.bindparam("at"),
        answer=sa.bindparam("report"),
        fingerprint=sa.bindparam("alike"),
        error_code=sa.bindparam("code"),
        error_detail=sa.bindparam("detail"),
    )
)
_alike = (
    sa.select(queries.c.case_id, queries.c.finished_at, case_table.c.resolution)
    .join(case_table, case_table.c.id == queries.c.case_id)
    .where(
        queries.c.user_id == sa.bindparam("of_user"),
        queries.c.fingerprint == sa.bindparam("alike"),
        queries.c.case_id != sa.bindparam("but_case"),
        case_table.c.deleted_at.is_(None),
    )
    .order_by(queries.c.finished_at.desc())
    .limit(50)
)
_shown = sa.select(queries.c.evidence).where(queries.c.id == sa.bindparam("of_query"))
_show = sa.update(queries).where(queries.c.id == sa.bindparam("of_query")).values(evidence=sa.bindparam("shown"))
_release_all = sa.update(queries).where(queries.c.status == "running").values(lease_until=0)


@dataclass(frozen=True, slots=True)
class Run:
    """A query given to this worker, and the attempt it may write as.

    `questions_kept` are questions of the case that are evidence already, by the hash of their text.
    """

    query_id: str
    case_id: str
    user: User
    session_id: str
    correlation_id: str
    attempt: int
    question: str
    asked_at: int
    exhibits: tuple[tuple[Evidence, bool], ...]
    history: tuple[tuple[str, str], ...]
    questions_kept: dict[str, str]

    def questions(self) -> list[str]:
        """This one and those before it."""
        return [self.question, *(question for question, _ in self.history)]


def is_waiting(transaction: Transaction) -> bool:
    """Whether a claim would find something; cheaper to ask than to claim in vain."""
    return transaction.first(_claimable, at=transaction.now) is not None


def claim(transaction: Transaction) -> Run | None:
    """The oldest query that may run: one at a time per case, or one whose worker's lease has run out."""
    row = transaction.first(_claimable, at=transaction.now)
    if row is None:
        return None
    if row.attempt >= ATTEMPTS:
        _give_up(transaction, row)
        return claim(transaction)
    transaction.execute(_start, of_query=row.id, at=transaction.now, until=transaction.now + LEASE)
    attempt = row.attempt + 1
    log.record(transaction, row.user_id, AnswerStarted(case_id=row.case_id, query_id=row.id, attempt=attempt))
    present = {one.evidence_id: one for one in evidence.in_case(transaction, row.case_id)}
    shown = orjson.loads(row.evidence)
    exhibits = [(present[one], True) for one in shown["first"] if one in present]
    exhibits += [(present[one], False) for one in shown["others"] if one in present]
    history = transaction.all(_newest_answers, of_case=row.case_id)
    return Run(
        row.id,
        row.case_id,
        identity.get_user(transaction, row.user_id),
        row.session_id,
        row.correlation_id,
        attempt,
        row.query,
        row.created_at,
        tuple(exhibits),
        tuple((one.query, one.answer) for one in reversed(history)),
        {one.sha256: one.evidence_id for one in present.values() if one.name == QUESTION},
    )


def _give_up(transaction: Transaction, row: Row) -> None:
    """A question that took its worker down so often would take down every next one."""
    detail = (
        f"The analysis ended without an answer {ATTEMPTS} times, each time with the server or a worker. Ask with less."
    )
    _end(transaction, row.id, row.attempt, "failed", code="gave_up", detail=detail)
    failed = AnswerFailed(case_id=row.case_id, query_id=row.id, attempt=row.attempt, code="gave_up", detail=detail)
    log.record(transaction, row.user_id, failed)
    failures.record_run(transaction, row.user_id, row.session_id, "gave_up", row.correlation_id)


def release_all(transaction: Transaction) -> int:
    """At start, when no other process can be at work on this database: every run is up for taking over."""
    return transaction.execute(_release_all)


def renew(transaction: Transaction, run: Run) -> bool:
    """Keeps the lease. False: the run is no longer this worker's."""
    until = transaction.now + LEASE
    return transaction.execute(_renew, of_query=run.query_id, as_attempt=run.attempt, until=until) == 1


def write_events(transaction: Transaction, run: Run, happened: list[Event]) -> bool:
    """Records what a run has produced, and renews its lease. False: the run is no longer this worker's."""
    if not renew(transaction, run):
        return False
    for event in happened:
        log.record(transaction, run.user.id, event)
    return True


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to. `kept` is questions that the report quotes by their hash, on disk to become evidence."""

    report: Report
    fingerprint: str | None
    kept: dict[str, Stored]


def complete(transaction: Transaction, run: Run, happened: list[Event], finished: Finished) -> bool:
    """The end of a run, stored once together with the last of its text. False: it is no longer this worker's."""
    if not write_events(transaction, run, happened):
        return False
    alike = finished.fingerprint
    report = _with_questions(transaction, run, finished)
    report = report.model_copy(update={"seen_before": _seen_before(transaction, run, alike)})
    _end(transaction, run.query_id, run.attempt, "completed", report=report.model_dump_json(), alike=alike)
    cases.note_answer(transaction, run.case_id, report.headline)
    done = AnswerCompleted(case_id=run.case_id, query_id=run.query_id, attempt=run.attempt, answer=report)
    log.record(transaction, run.user.id, done)
    return True


def _with_questions(transaction: Transaction, run: Run, finished: Finished) -> Report:
    """The report with the questions it quotes cited as evidence; those that were none yet become so."""
    known = dict(run.questions_kept)
    for sha256, stored in finished.kept.items():
        added = evidence.add(transaction, run.user, run.case_id, stored, QUESTION, told.MEDIA_TYPE, None, UNLIMITED)
        known[sha256] = added.evidence_id
    if finished.kept:
        _looked_at(transaction, run, [known[sha256] for sha256 in finished.kept])
    return told.renamed(finished.report, known)


def _looked_at(transaction: Transaction, run: Run, evidence_ids: list[str]) -> None:
    """What this query brought does not count as new when the next one is asked."""
    row = transaction.first(_shown, of_query=run.query_id)
    assert row is not None
    shown = orjson.loads(row.evidence)
    shown["first"] += evidence_ids
    transaction.execute(_show, of_query=run.query_id, shown=orjson.dumps(shown).decode())


def fail(transaction: Transaction, run: Run, code: str, detail: str) -> bool:
    if not renew(transaction, run):
        return False
    _end(transaction, run.query_id, run.attempt, "failed", code=code, detail=detail)
    failed = AnswerFailed(case_id=run.case_id, query_id=run.query_id, attempt=run.attempt, code=code, detail=detail)
    log.record(transaction, run.user.id, failed)
    failures.record_run(transaction, run.user.id, run.session_id, code, run.correlation_id)
    return True


def _end(
    transaction: Transaction,
    query_id: str,
    attempt: int,
    status: Status,
    *,
    report: str | None = None,
    alike: str | None = None,
    code: str | None = None,
    detail: str | None = None,
) -> None:
    transaction.execute(
        _finish,
        of_query=query_id,
        as_attempt=attempt,
        as_status=status,
        at=transaction.now,
        report=report,
        alike=alike,
        code=code,
        detail=detail,
    )
    transaction.wake(WAITING)


def _seen_before(transaction: Transaction, run: Run, alike: str | None) -> list[SeenBefore]:
    """Earlier cases of the same user with the same trouble, newest first, each once."""
    if alike is None:
        return []
    rows = transaction.all(_alike, of_user=run.user.id, alike=alike, but_case=run.case_id)
    newest: dict[str, SeenBefore] = {}
    for case_id, at, resolution in rows:
        words = orjson.loads(resolution) if resolution else {}
        said = " ".join(filter(None, [words.get("cause"), words.get("fix")])) or None
        newest.setdefault(case_id, SeenBefore(case_id=case_id, at=rfc3339(at), resolution=said))
    return list(newest.values())[:SEEN_BEFORE]
