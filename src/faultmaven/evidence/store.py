"""Evidence on disk: one file each, its index beside it, and a folder of what was derived from it.

    <root>/evidence_…          the text of what was shown
    <root>/evidence_….index    where its lines and characters are
    <root>/incoming/…          what is arriving now; emptied at start
    <root>/.outgoing.…/…       links to what a backup is taking along; gone with it
    <root>/analysis/…          digests, by content

A file is whole and fsynced, and its name too, before anything speaks of it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import anyio
import anyio.to_thread

from faultmaven.database import new_id
from faultmaven.decoding.decode import Decoding
from faultmaven.errors import EvidenceNotFound
from faultmaven.evidence.draft import Draft, Stored
from faultmaven.scratch import clear

__all__ = ["Store", "Stored", "pump", "shielded"]

# So much is gathered before a thread is asked to write it: a hop costs about as much as writing 64 KiB.
BATCH = 512 << 10
OUTGOING = "outgoing"
_ID = re.compile(r"evidence_[0-9a-f]{32}")
_ANALYSIS = re.compile(r"([0-9a-f]{64})\.[A-Za-z0-9._-]{1,64}")


class Store:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._analysis = root / "analysis"

    def prepare(self) -> None:
        """Makes the folders and removes what was arriving when the server was killed. Raises OSError."""
        for folder in (self._root, self._incoming, self._analysis):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in self._incoming.iterdir():
            left_over.unlink()
        self.clear_outgoing()

    async def receive(self, chunks: AsyncIterator[bytes], limit: int) -> Stored:
        """Decoded. Raises TooLarge above `limit` bytes, StorageFull, InvalidRequest where packed data is damaged, or
        what `chunks` raises; nothing is kept then."""
        draft = await anyio.to_thread.run_sync(self.arriving, limit)
        try:
            await pump(chunks, draft.write)
            return await anyio.to_thread.run_sync(draft.keep)
        except BaseException:  # a cancelled upload, too, leaves nothing
            await shielded(draft.drop)
            raise

    def keep(self, content: bytes, *, decode: bool = False) -> Stored:
        """For small content that is in memory already, as it is or decoded. Raises StorageFull."""
        # No text of a page takes twice the bytes of its source.
        draft = self.arriving(2 * len(content)) if decode else self.draft(len(content))
        try:
            draft.write(content)
            return draft.keep()
        except BaseException:
            draft.drop()
            raise

    def draft(self, limit: int, evidence_id: str | None = None) -> Draft:
        """Of new evidence, or of evidence that is to have this id again; what is written stays as it is."""
        return Draft(evidence_id or new_id("evidence"), self._incoming, self._root, limit, None)

    def arriving(self, limit: int) -> Draft:
        """Of new evidence, which is decoded while it is written."""
        return Draft(new_id("evidence"), self._incoming, self._root, limit, Decoding())

    def path(self, evidence_id: str) -> Path:
        """Raises EvidenceNotFound for what is not an id, so that no name leads out of the folder."""
        if not _ID.fullmatch(evidence_id):
            raise EvidenceNotFound()
        return self._root / evidence_id

    def index_path(self, evidence_id: str) -> Path:
        return self.path(evidence_id).with_suffix(".index")

    def analysis_path(self, sha256: str, version: str) -> Path:
        """Where the digest of this content, as this version makes it, may be kept."""
        name = f"{sha256}.{version}"
        if not _ANALYSIS.fullmatch(name):
            raise ValueError(f"{name!r} is not a hash and a version")
        return self._analysis / name

    def discard(self, evidence_id: str) -> None:
        """The file goes before its index: what is left after a crash is never a file that cannot be read.

        Not fsynced: a name that comes back after a power cut has no row, and goes at the next start.
        """
        self.path(evidence_id).unlink(missing_ok=True)
        self.index_path(evidence_id).unlink(missing_ok=True)

    def clear_outgoing(self) -> None:
        """What a backup was taking along when it was killed: deleted evidence must not live on there."""
        clear(self._root, OUTGOING)

    def forget_analysis(self, sha256: str) -> None:
        """All versions of it."""
        for path in self._analysis.glob(f"{sha256}.*"):
            path.unlink(missing_ok=True)

    def orphans(self, older_than: float = 0.0) -> list[str]:
        """Ids of evidence with anything on disk that is so many seconds old; which have no row, the database knows."""
        names = {path.name.removesuffix(".index") for path in _old_files(self._root, older_than)}
        return sorted(name for name in names if _ID.fullmatch(name))

    def analysed(self, older_than: float = 0.0) -> list[str]:
        """Hashes of contents that something was derived from."""
        names = (_ANALYSIS.fullmatch(path.name) for path in _old_files(self._analysis, older_than))
        return sorted({name[1] for name in names if name})


async def pump(chunks: AsyncIterator[bytes], write: Callable[[bytes], None]) -> None:
    """Hands what arrives to `write`, in a thread and a batch at a time: never more than a batch is in memory."""
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= BATCH:
            await anyio.to_thread.run_sync(write, bytes(batch))
            batch.clear()
    if batch:
        await anyio.to_thread.run_sync(write, bytes(batch))


async def shielded(work: Callable[[], None]) -> None:
    """Runs `work` in a thread even when the caller is being cancelled: for taking back what was half done."""
    with anyio.CancelScope(shield=True):
        await anyio.to_thread.run_sync(work)


def _old_files(folder: Path, older_than: float) -> Iterator[Path]:
    newest = time.time() - older_than
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime <= newest:
                yield Path(entry.path)
