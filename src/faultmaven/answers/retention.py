"""What is to be forgotten is forgotten everywhere: rows, events, answers, files and digests."""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread

from faultmaven.answers import quoting, service
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.chores import bit_by_bit
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
            if await database.write(cases.begin_removal, case_id, ages.undo_hours, ages.retention_days):
                await _remove_case(database, store, case_id, user_id)
                gone += 1
        if len(due) < BATCH:
            return gone


async def _remove_case(database: Database, store: Store, case_id: str, user_id: str) -> None:
    """Whatever it is interrupted by, the case stays due until the last step."""
    forgotten = 0

    async def forget_events() -> bool:
        nonlocal forgotten
        before = forgotten
        forgotten = await database.write(log.forget_some_of_case, user_id, case_id, before)
        return forgotten > before

    await bit_by_bit(forget_events)
    quotes = await database.scan(quoting.quoting, user_id, case_id)
    removed, unused = await database.write(_forget_rest, case_id, user_id, forgotten, quotes)
    await anyio.to_thread.run_sync(_discard, store, removed, unused)


def _forget_rest(
    transaction: Transaction, case_id: str, user_id: str, forgotten: int, quotes: list[str]
) -> tuple[list[Evidence], list[str]]:
    """The evidence that went, and the hashes of content that nothing uses any more."""
    while (more := log.forget_some_of_case(transaction, user_id, case_id, forgotten)) > forgotten:
        forgotten = more  # a run that had not noticed yet has written on
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
