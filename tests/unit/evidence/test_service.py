from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from faultmaven.cases import log
from faultmaven.cases import service as cases
from faultmaven.cases.model import OpenCase
from faultmaven.database import Transaction, metadata
from faultmaven.errors import CaseDeleted, EvidenceNotFound, QuotaReached
from faultmaven.evidence import service
from faultmaven.evidence.model import Evidence
from faultmaven.evidence.store import Store
from faultmaven.evidence.tables import evidence
from faultmaven.identity import service as identity
from faultmaven.identity.service import User
from faultmaven.statements import Statements

QUOTA = 100


@pytest.fixture
def transaction() -> Iterator[Transaction]:
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        yield Transaction(driver, Statements(engine.dialect), 1_000_000)


@pytest.fixture
def user(transaction: Transaction) -> User:
    return identity.local_user(transaction)


@pytest.fixture
def case_id(transaction: Transaction, user: User) -> str:
    return cases.open_case(transaction, user, OpenCase(title="Outage")).case_id


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.prepare()
    return store


def add(
    transaction: Transaction, user: User, case_id: str, store: Store, content: bytes = b"x\n", name: str = "a.log"
) -> Evidence:
    stored = store.keep(content)
    return service.add(transaction, user, case_id, stored, name, "text/plain", None, QUOTA)


def nothing(_transaction: Transaction, _user: User, _case_id: str, _evidence_id: str) -> None:
    """Nobody quoted it."""


def events_of(transaction: Transaction, case_id: str) -> list[str]:
    return [event.type for event in log.of_case(transaction, case_id, 0)]


def test_evidence_is_listed_in_the_order_it_came(
    transaction: Transaction, user: User, case_id: str, store: Store
) -> None:
    added = [add(transaction, user, case_id, store, name=f"{n}.log") for n in range(5)]
    assert service.of_case(transaction, user, case_id) == added
    assert service.get(transaction, user, added[2].evidence_id) == added[2]
    assert "answers_check" not in added[0].model_dump()
    assert events_of(transaction, case_id) == ["case.opened", *["evidence.added"] * 5]


def test_the_quota_is_exact(transaction: Transaction, user: User, case_id: str, store: Store) -> None:
    add(transaction, user, case_id, store, b"x" * (QUOTA - 1))
    add(transaction, user, case_id, store, b"x")
    with pytest.raises(QuotaReached):
        add(transaction, user, case_id, store, b"x")
    assert service.room(transaction, user, case_id, QUOTA) == 0


def test_deleting_leaves_no_name_anywhere(transaction: Transaction, user: User, case_id: str, store: Store) -> None:
    kept = add(transaction, user, case_id, store, name="kept.log")
    gone = add(transaction, user, case_id, store, name="private-name.log")
    quoted: list[tuple[str, str]] = []
    deleted = service.delete(transaction, user, gone.evidence_id, lambda _t, _u, case, one: quoted.append((case, one)))
    assert quoted == [(case_id, gone.evidence_id)]
    assert not deleted.content_unused
    assert events_of(transaction, case_id) == ["case.opened", "evidence.added", "removed", "evidence.deleted"]
    assert not any("private-name" in event.body for event in log.of_user(transaction, user.id, 0))
    with pytest.raises(EvidenceNotFound):
        service.get(transaction, user, gone.evidence_id)
    assert service.delete(transaction, user, kept.evidence_id, nothing).content_unused


def test_a_deleted_case_says_so(transaction: Transaction, user: User, case_id: str, store: Store) -> None:
    mine = add(transaction, user, case_id, store)
    cases.delete_case(transaction, user, case_id, 24)
    with pytest.raises(CaseDeleted):
        service.get(transaction, user, mine.evidence_id)
    with pytest.raises(CaseDeleted):
        add(transaction, user, case_id, store)
    assert service.forget_case(transaction, case_id) == [mine]
    cases.remove(transaction, case_id, user.id)
    assert transaction.all(sa.select(evidence)) == []


def test_files_without_a_row_are_removed_and_others_stay(
    transaction: Transaction, user: User, case_id: str, store: Store
) -> None:
    kept = add(transaction, user, case_id, store)
    orphan = store.keep(b"never told of")
    store.analysis_path(kept.sha256, "1").touch()
    store.analysis_path(orphan.sha256, "1").touch()
    assert service.remove_orphans(transaction, store, older_than=60) == 0
    assert service.remove_orphans(transaction, store) == 2
    assert store.orphans() == [kept.evidence_id]
    assert store.analysed() == [kept.sha256]
