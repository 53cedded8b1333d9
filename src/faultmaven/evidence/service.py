"""Evidence: what the user showed, kept unchanged until the user takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import EvidenceAdded, EvidenceDeleted
from faultmaven.database import Row, Transaction, rfc3339
from faultmaven.errors import EvidenceNotFound, QuotaReached
from faultmaven.evidence.model import Evidence
from faultmaven.evidence.store import Store, Stored
from faultmaven.evidence.tables import evidence
from faultmaven.evidence.upload import Upload
from faultmaven.identity.service import User

Forget = Callable[[Transaction, User, str, str], None]

_insert = sa.insert(evidence)
_by_id = sa.select(evidence).where(evidence.c.id == sa.bindparam("of_evidence"))
_of_case = sa.select(evidence).where(evidence.c.case_id == sa.bindparam("of_case")).order_by(evidence.c.seq)
_used = sa.select(sa.func.coalesce(sa.func.sum(evidence.c.size), 0)).where(
    evidence.c.user_id == sa.bindparam("of_user")
)
_with_content = sa.select(evidence.c.id).where(evidence.c.sha256 == sa.bindparam("content")).limit(1)
_delete = sa.delete(evidence).where(evidence.c.id == sa.bindparam("of_evidence"))
_delete_of_case = sa.delete(evidence).where(evidence.c.case_id == sa.bindparam("of_case"))


@dataclass(frozen=True, slots=True)
class Deleted:
    """`content_unused`: no other evidence has this content, so what was derived from it can go too."""

    evidence: Evidence
    content_unused: bool


def add(
    transaction: Transaction,
    user: User,
    case_id: str,
    stored: Stored,
    name: str,
    media_type: str,
    answers_check: str | None,
    quota: int,
) -> Evidence:
    """Raises CaseNotFound, CaseDeleted or QuotaReached; the caller then discards the file."""
    if stored.size > room(transaction, user, case_id, quota):
        raise QuotaReached()
    event = EvidenceAdded(
        case_id=case_id,
        evidence_id=stored.evidence_id,
        name=name,
        size=stored.size,
        lines=stored.lines,
        sha256=stored.sha256,
        media_type=media_type,
        answers_check=answers_check,
        decoded_from=stored.decoded_from,
    )
    recorded = log.record(transaction, user.id, event)
    transaction.execute(
        _insert,
        id=stored.evidence_id,
        user_id=user.id,
        case_id=case_id,
        seq=recorded.seq,
        name=name,
        size=stored.size,
        sha256=stored.sha256,
        lines=stored.lines,
        media_type=media_type,
        answers_check=answers_check,
        decoded_from=stored.decoded_from,
        created_at=transaction.now,
    )
    cases.touch(transaction, case_id)
    return get(transaction, user, stored.evidence_id)


def add_all(transaction: Transaction, user: User, case_id: str, upload: Upload, quota: int) -> list[Evidence]:
    """All of an upload, or with the same problems as `add` none of it."""
    check = upload.answers_check
    return [add(transaction, user, case_id, one.stored, one.name, one.media_type, check, quota) for one in upload.files]


def room(transaction: Transaction, user: User, case_id: str, quota: int) -> int:
    """Bytes the user may still add, to a case that must be live. Deleted cases count until they are gone for good."""
    cases.live_row(transaction, user, case_id)
    row = transaction.first(_used, of_user=user.id)
    assert row is not None
    return max(0, quota - int(row[0]))


def of_case(transaction: Transaction, user: User, case_id: str) -> list[Evidence]:
    """Oldest first. Raises CaseNotFound or CaseDeleted."""
    cases.live_row(transaction, user, case_id)
    return in_case(transaction, case_id)


def in_case(transaction: Transaction, case_id: str) -> list[Evidence]:
    """Oldest first, for callers that have the case from its owner."""
    return [_evidence(row) for row in transaction.all(_of_case, of_case=case_id)]


def get(transaction: Transaction, user: User, evidence_id: str) -> Evidence:
    """Raises EvidenceNotFound, also for another user's, or CaseDeleted."""
    row = transaction.first(_by_id, of_evidence=evidence_id)
    if row is None or row.user_id != user.id:
        raise EvidenceNotFound()
    cases.live_row(transaction, user, row.case_id)
    return _evidence(row)


def delete(transaction: Transaction, user: User, evidence_id: str, forget: Forget) -> Deleted:
    """The row and the name in the log are gone, and with `forget` what quotes it; the caller discards the file."""
    gone = get(transaction, user, evidence_id)
    forget(transaction, user, gone.case_id, evidence_id)
    transaction.execute(_delete, of_evidence=evidence_id)
    cases.touch(transaction, gone.case_id)
    log.forget_evidence(transaction, user.id, gone.case_id, evidence_id)
    log.record(transaction, user.id, EvidenceDeleted(case_id=gone.case_id, evidence_id=evidence_id))
    return Deleted(gone, not content_is_used(transaction, gone.sha256))


def forget_case(transaction: Transaction, case_id: str) -> list[Evidence]:
    """What the case had; the caller discards the files after the commit, and sees to the log."""
    gone = in_case(transaction, case_id)
    transaction.execute(_delete_of_case, of_case=case_id)
    return gone


def content_is_used(transaction: Transaction, sha256: str) -> bool:
    return transaction.first(_with_content, content=sha256) is not None


def remove_orphans(transaction: Transaction, store: Store, older_than: float = 0.0) -> int:
    """Removes files that a crash left without a row, and analyses without content; how many. For `database.scan`.

    And what a killed backup left behind, which may be a link to evidence that was deleted since.

    At start, nothing else is on disk. While the server runs, leave alone what is younger than some minutes: it may be
    an upload whose row is about to be written.
    """
    files = [one for one in store.orphans(older_than) if transaction.first(_by_id, of_evidence=one) is None]
    contents = [one for one in store.analysed(older_than) if not content_is_used(transaction, one)]
    store.clear_outgoing()
    for evidence_id in files:
        store.discard(evidence_id)
    for sha256 in contents:
        store.forget_analysis(sha256)
    return len(files) + len(contents)


def _evidence(row: Row) -> Evidence:
    return Evidence(
        evidence_id=row.id,
        case_id=row.case_id,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        lines=row.lines,
        media_type=row.media_type,
        created_at=rfc3339(row.created_at),
        answers_check=row.answers_check,
        decoded_from=row.decoded_from,
    )
