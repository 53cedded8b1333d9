"""Removing what is due must not remove what was taken back a moment ago."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from faultmaven.answers.retention import Ages, remove_due_cases
from faultmaven.bus import Bus
from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.events import EvidenceDeleted
from faultmaven.cases.model import OpenCase
from faultmaven.database import Transaction
from faultmaven.errors import CaseDeleted, CaseNotFound
from faultmaven.evidence.store import Store
from faultmaven.identity.service import User, local_user
from faultmaven.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio

AT_ONCE = Ages(undo_hours=0, retention_days=0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class InterruptedDatabase(SqliteDatabase):
    """Between finding and removing, somebody else is quicker."""

    meanwhile: Callable[[], Any] | None = None

    async def scan(self, *work: Any, **more: Any) -> Any:
        found = await super().scan(*work, **more)
        if self.meanwhile is not None:
            await self.meanwhile()
        return found


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[InterruptedDatabase]:
    database = InterruptedDatabase(tmp_path / "test.db", Bus())
    await database.start()
    yield database
    await database.stop()


async def deleted_case(database: SqliteDatabase, user: User) -> str:
    case = await database.write(cases.open_case, user, OpenCase(title="A case"))
    await database.write(cases.delete_case, user, case.case_id, 0)
    return case.case_id


async def test_what_is_due_is_removed(database: InterruptedDatabase, tmp_path: Path) -> None:
    user = await database.write(local_user)
    case_id = await deleted_case(database, user)
    assert await remove_due_cases(database, Store(tmp_path), AT_ONCE) == 1
    assert not await database.read(cases.is_live, user.id, case_id)
    assert await remove_due_cases(database, Store(tmp_path), AT_ONCE) == 0


async def test_a_case_that_is_restored_meanwhile_stays(database: InterruptedDatabase, tmp_path: Path) -> None:
    user = await database.write(local_user)
    case_id = await deleted_case(database, user)
    database.meanwhile = lambda: database.write(cases.restore_case, user, case_id, 24)
    await remove_due_cases(database, Store(tmp_path), AT_ONCE)
    assert await database.read(cases.is_live, user.id, case_id)


async def test_a_long_case_goes_bit_by_bit_and_nobody_can_have_it_meanwhile(
    database: InterruptedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FORGOTTEN_AT_ONCE", 3)
    user = await database.write(local_user)
    case_id = await deleted_case(database, user)
    for _ in range(10):
        await database.write(log.record, user.id, EvidenceDeleted(case_id=case_id, evidence_id="private"))
    seen: list[list[str]] = []

    async def look() -> None:
        """Before the last step."""
        with pytest.raises(CaseNotFound):
            await database.write(cases.restore_case, user, case_id, 24)
        with pytest.raises(CaseDeleted, match="for good"):
            await database.read(cases.get_case, user, case_id)
        seen.append([event.type for event in await database.read(log.of_user, user.id, 0)])

    forget, steps = log.forget_some_of_case, []

    def interrupted(transaction: Transaction, *of_case: Any) -> int:
        steps.append(of_case)
        if len(steps) == 3:
            raise OSError("killed")
        return forget(transaction, *of_case)

    monkeypatch.setattr(log, "forget_some_of_case", interrupted)
    with pytest.raises(OSError, match="killed"):
        await remove_due_cases(database, Store(tmp_path), AT_ONCE)
    await look()
    assert await remove_due_cases(database, Store(tmp_path), Ages(undo_hours=24, retention_days=0)) == 1
    assert seen[0].count("removed") == 6
    told = [event.type for event in await database.read(log.of_user, user.id, 0)]
    assert told == ["removed"] * 12 + ["case.deleted"]
