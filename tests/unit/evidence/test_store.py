from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from faultmaven.errors import EvidenceNotFound, QuotaReached, StorageFull, TooLarge
from faultmaven.evidence.store import BATCH, Store
from faultmaven.evidence.upload import within
from faultmaven.evidence.viewing import opened
from faultmaven.files import storing


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "evidence")
    store.prepare()
    return store


def files_in(store: Store) -> list[Path]:
    root = store.path("evidence_" + "0" * 32).parent
    return [path for path in root.rglob("*") if path.is_file()]


async def arriving(*chunks: bytes, fail: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if fail is not None:
        raise fail


@pytest.mark.anyio
async def test_what_arrives_is_what_is_kept(store: Store) -> None:
    chunks = [b"one\n", b"tw", b"o\nthree", b"x" * BATCH, b"\n"]
    content = b"".join(chunks)
    stored = await store.receive(arriving(*chunks), limit=len(content))
    assert store.path(stored.evidence_id).read_bytes() == content
    assert (stored.size, stored.lines) == (len(content), 3)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert opened(store.path(stored.evidence_id), store.index_path(stored.evidence_id)).total == 3


@pytest.mark.anyio
async def test_only_the_owner_can_read_it(store: Store) -> None:
    before = os.umask(0)
    try:
        stored = store.keep(b"secret")
        store.prepare()
    finally:
        os.umask(before)
    root = store.path(stored.evidence_id).parent
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_in(store)} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root, root / "incoming", root / "analysis")} == {0o700}


@pytest.mark.anyio
async def test_one_byte_too_many_keeps_nothing(store: Store) -> None:
    await store.receive(arriving(b"12345", b"6789"), limit=9)
    before = files_in(store)
    with pytest.raises(TooLarge, match="9 bytes"):
        await store.receive(arriving(b"12345", b"67890"), limit=9)
    assert files_in(store) == before


@pytest.mark.anyio
async def test_a_user_without_room_keeps_nothing(store: Store) -> None:
    with pytest.raises(QuotaReached):
        await store.receive(within(arriving(b"123", b"456"), room=5), limit=100)
    assert files_in(store) == []


@pytest.mark.anyio
async def test_a_broken_connection_keeps_nothing(store: Store) -> None:
    with pytest.raises(ConnectionError):
        await store.receive(arriving(b"x" * BATCH, b"y", fail=ConnectionError()), limit=10 * BATCH)
    assert files_in(store) == []


@pytest.mark.anyio
async def test_a_cancelled_upload_keeps_nothing(store: Store) -> None:
    async def never_ending() -> AsyncIterator[bytes]:
        yield b"x" * BATCH
        await anyio.sleep_forever()

    with anyio.move_on_after(0.2):
        await store.receive(never_ending(), limit=10 * BATCH)
    assert files_in(store) == []


def test_a_full_disk_is_said_in_words() -> None:
    with pytest.raises(StorageFull), storing(), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")


def test_what_was_arriving_at_a_crash_is_gone_after_start(store: Store) -> None:
    store.draft(100).write(b"half of it")
    assert len(files_in(store)) == 1
    store.prepare()
    assert files_in(store) == []


def test_discarding_leaves_nothing(store: Store) -> None:
    stored = store.keep(b"x")
    store.discard(stored.evidence_id)
    store.discard(stored.evidence_id)
    assert files_in(store) == []
    with pytest.raises(EvidenceNotFound):
        opened(store.path(stored.evidence_id), store.index_path(stored.evidence_id))


@pytest.mark.parametrize("name", ["../secret", "incoming", "", "evidence_" + "0" * 31, "evidence_" + "0" * 32 + "/.."])
def test_no_name_leads_out_of_the_folder(store: Store, name: str) -> None:
    with pytest.raises(EvidenceNotFound):
        store.path(name)


def test_derived_files_are_kept_by_content_and_version(store: Store) -> None:
    sha256 = hashlib.sha256(b"x").hexdigest()
    for version in ("1", "2.0"):
        store.analysis_path(sha256, version).write_bytes(b"{}")
    assert store.analysed() == [sha256]
    assert store.analysed(older_than=60) == []
    store.forget_analysis(sha256)
    assert store.analysed() == []
    with pytest.raises(ValueError, match="hash"):
        store.analysis_path("../../x", "1")
