"""What is to be forgotten is forgotten everywhere: rows, events, answers, files and digests."""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread

from faultmaven.answers import quoting, service
from faultmaven.cases import service as cases
from faultmaven.database import Database, Transaction
from faultmaven.evidence import service as evidence
from faultmaven.evidence.model import Evidence
from faultmaven.evidence.store import Store

BATCH = 20


@dataclass(frozen=True, slots=True)
class Ages:
    undo_hours: int
    retention_days: int


async def remove_due_cases(database: Database, store: Store, ages: Ages) -> int:
    """A batch at a time, so that requests are served in between; how many cases went."""
    gone = 0
    while True:
        due = await database.scan(cases.due_for_removal, ages.undo_hours, ages.retention_days, BATCH)
        for case_id, user_id in due:
            quotes = await database.scan(quoting.quoting, user_id, case_id)
            removed, unused = await database.write(_remove_case, case_id, user_id, quotes, ages)
            await anyio.to_thread.run_sync(_discard, store, removed, unused)
        gone += len(due)
        if len(due) < BATCH:
            return gone


def _remove_case(
    transaction: Transaction, case_id: str, user_id: str, quotes: list[str], ages: Ages
) -> tuple[list[Evidence], list[str]]:
    """The evidence that went, and the hashes of content that nothing uses any more."""
    if not cases.is_due_for_removal(transaction, case_id, ages.undo_hours, ages.retention_days):
        return [], []
    quoting.forget_quotes(transaction, user_id, case_id, quotes)
    removed = evidence.forget_case(transaction, case_id)
    service.forget_case(transaction, case_id)
    cases.remove(transaction, case_id, user_id)
    hashes = {one.sha256 for one in removed}
    return removed, [sha256 for sha256 in hashes if not evidence.content_is_used(transaction, sha256)]


def _discard(store: Store, removed: list[Evidence], unused: list[str]) -> None:
    for one in removed:
        store.discard(one.evidence_id)
    for sha256 in unused:
        store.forget_analysis(sha256)
